/** What the page knows, as signals, and how live events change it. */

import { computed, signal } from "@preact/signals";
import { api, ApiError } from "./api/client";
import { listen } from "./api/live";
import type {
  Board,
  BoardOperation,
  DispatchProgress,
  DisruptionListed,
  LiveEvents,
  MachineState,
  Plant,
  ProposalListed,
  ProposalProgress,
} from "./api/types";
import { Index, layRows, type Bar, type Kind } from "./board/layout";
import { clear, NO_PINS, pin, redo, undo, unpin, type Pin, type Pins } from "./board/pins";
import { parse, type Route } from "./route";
import { plantTime } from "./time";

export type Link = "connecting" | "live" | "lost";

export interface Toast {
  readonly id: number;
  readonly kind: string;
  readonly message: string;
  readonly advice: string;
  readonly good: boolean;
}

export const route = signal<Route>(parse(location.hash));
export const plant = signal<Plant | null>(null);
export const operations = signal<ReadonlyMap<string, BoardOperation>>(new Map());
export const machines = signal<ReadonlyMap<string, MachineState>>(new Map());
export const people = signal<Board["people"]>({});
export const planVersion = signal(0);
export const clock = signal({ at: 0, heard: 0, rate: 0 });
export const link = signal<Link>("connecting");
export const plantConnected = signal(true);
export const disruptions = signal<DisruptionListed[]>([]);
export const proposals = signal<ProposalListed[]>([]);
export const progress = signal<ReadonlyMap<string, ProposalProgress>>(new Map());
export const dispatching = signal<ReadonlyMap<number, DispatchProgress>>(new Map());
export const toasts = signal<readonly Toast[]>([]);
export const pins = signal<Pins>(NO_PINS);
export const selected = signal(""); // job order
export const announced = signal(""); // for the live region
/** Grows when something about dispatches, notices, staging, outcomes or the log is new. */
export const floorNews = signal(0);
export const second = signal(0);

export const zone = computed(() => plantTime(plant.value?.timezone ?? "UTC"));
export const orders = computed(() => new Map((plant.value?.orders ?? []).map((order) => [order.id, order])));
export const partNames = computed(
  () => new Map((plant.value?.parts ?? []).map((part) => [part.id, part.name || part.id])),
);
export const personNames = computed(
  () => new Map((plant.value?.people ?? []).map((person) => [person.id, person.name || person.id])),
);
export const rows = computed(() => layRows(plant.value?.work_centers ?? [], plant.value?.machines ?? []));
/** Routing operations by "PART/OPERATION". */
export const routings = computed(
  () =>
    new Map(
      (plant.value?.parts ?? []).flatMap((part) =>
        (part.operations ?? []).map((operation) => [`${part.id}/${operation.id}`, operation] as const),
      ),
    ),
);
export const bars = computed(() => new Index([...operations.value.values()].map(toBar)));
export const openDisruptions = computed(() => disruptions.value.filter((item) => item.status === "open"));
/** The proposal that pins are added to: the newest, whatever became of it. */
export const newestProposal = computed(
  () => [...proposals.value].sort((a, b) => b.created.localeCompare(a.created))[0],
);

export const plantNow = (): number => {
  const { at, heard, rate } = clock.value;
  return at + (link.value === "live" ? (performance.now() - heard) * rate : 0);
};

/** An instant in plant time, as near ones are said. */
export function when(instant: string | number | null): string {
  const at = typeof instant === "string" ? Date.parse(instant) : (instant ?? NaN);
  return Number.isNaN(at) ? "–" : zone.value.moment(at, plantNow());
}

export const personName = (id: string): string => personNames.value.get(id) ?? id;

export function partOf(order: string): string {
  const part = orders.value.get(order)?.part ?? "";
  return partNames.value.get(part) || part;
}

export function routingOf(job: string): { after: string[]; machines: string[]; name: string } | undefined {
  const cut = job.lastIndexOf("/");
  const part = orders.value.get(job.slice(0, cut))?.part;
  return part === undefined ? undefined : routings.value.get(`${part}/${job.slice(cut + 1)}`);
}

function toBar(operation: BoardOperation): Bar {
  const late = operation.late && operation.state !== "done";
  return {
    key: `${operation.order}/${operation.operation}`,
    order: operation.order,
    operation: operation.operation,
    machine: operation.machine,
    operator: operation.operator,
    setup: Date.parse(operation.setup_start),
    start: Date.parse(operation.start),
    end: Date.parse(operation.end),
    kind: (late ? `${operation.state}Late` : operation.state) as Kind,
    movable: operation.state === "planned" || operation.state === "dispatched",
  };
}

// -- saying what went wrong, and what went well -----------------------------------------------------

let toastId = 0;

export function say(message: string, advice = "", good = true, kind = ""): void {
  const toast = { id: ++toastId, kind, message, advice, good };
  toasts.value = [...toasts.value.filter((other) => other.message !== message).slice(-3), toast];
  if (good) setTimeout(() => dismiss(toast.id), 7000);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function complain(error: unknown): void {
  if (error instanceof ApiError) say(error.message, error.advice, false, error.kind);
  else say(error instanceof Error ? error.message : String(error), "Maybe reload the page.", false, "Page");
}

/** Run something that calls the API; what goes wrong is shown, and `undefined` comes back. */
export async function attempt<R>(work: () => Promise<R>): Promise<R | undefined> {
  try {
    return await work();
  } catch (error) {
    complain(error);
    return undefined;
  }
}

export const announce = (text: string): void => {
  announced.value = text;
};

// -- pins -------------------------------------------------------------------------------------------

export const pinning = {
  add(wanted: Pin): void {
    pins.value = pin(pins.value, wanted);
    announce(`${wanted.job} pinned to ${wanted.machine}. ${pins.value.now.length} pinned.`);
  },
  remove(job: string): void {
    pins.value = unpin(pins.value, job);
    announce(`${job} is no longer pinned.`);
  },
  clear(): void {
    pins.value = clear(pins.value);
  },
  undo(): void {
    pins.value = undo(pins.value);
    announce(`Undone. ${pins.value.now.length} pinned.`);
  },
  redo(): void {
    pins.value = redo(pins.value);
    announce(`Redone. ${pins.value.now.length} pinned.`);
  },
};

// -- loading and following ----------------------------------------------------------------------------

// News that comes while the board is being read may be newer than the answer: it is told once more after it.
let reading = 0;
let toldMeanwhile: (() => void)[] = [];

export async function loadBoard(): Promise<void> {
  reading++;
  try {
    const board = await api.board();
    operations.value = new Map(board.operations.map((item) => [`${item.order}/${item.operation}`, item]));
    machines.value = new Map(Object.entries(board.machines));
    people.value = board.people;
    planVersion.value = board.plan_version;
    plantConnected.value = board.connected;
    setClock(board.now, board.rate);
    for (const tell of toldMeanwhile) tell();
  } finally {
    if (--reading === 0) toldMeanwhile = [];
  }
}

export async function loadDecisions(): Promise<void> {
  const [open, made] = await Promise.all([api.disruptions(), api.proposals()]);
  disruptions.value = open;
  proposals.value = made;
}

async function loadAll(): Promise<void> {
  plant.value = await api.plant();
  await Promise.all([loadBoard(), loadDecisions()]);
  floorNews.value++;
}

function setClock(now: string, rate: number): void {
  clock.value = { at: Date.parse(now), heard: performance.now(), rate };
}

/** At most one run at a time, and one more after it if asked meanwhile. */
function coalesced(work: () => Promise<void>, pause: number): () => void {
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    running = true;
    await attempt(work);
    await new Promise((done) => setTimeout(done, pause));
    running = false;
    if (again) {
      again = false;
      void run();
    }
  };
  return () => {
    if (running) again = true;
    else void run();
  };
}

const decisionsChanged = coalesced(loadDecisions, 150);
const boardChanged = coalesced(loadBoard, 300);
const plantChanged = coalesced(async () => {
  plant.value = await api.plant();
}, 500);
const floorChanged = coalesced(async () => {
  floorNews.value++;
}, 400);

// A burst of operation events becomes one new map, not one a piece.
const waiting = new Map<string, BoardOperation>();
function takeOperation(operation: BoardOperation): void {
  if (!waiting.size) {
    requestAnimationFrame(() => {
      operations.value = new Map([...operations.value, ...waiting]);
      waiting.clear();
    });
  }
  waiting.set(`${operation.order}/${operation.operation}`, operation);
}

const handlers: { [K in keyof LiveEvents]: (data: LiveEvents[K]) => void } = {
  clock: (data) => setClock(data.now, data.rate),
  machine: ({ id, ...state }) => {
    machines.value = new Map(machines.value).set(id, state);
  },
  operation: takeOperation,
  plan: (data) => {
    planVersion.value = data.plan_version;
    boardChanged();
    decisionsChanged();
    floorChanged();
  },
  disruption: (data) => {
    announce(`Disruption: ${data.title}`);
    decisionsChanged();
    if (data.kind === "rush_order" || data.kind === "order_changed" || data.kind === "material_late") plantChanged();
    boardChanged();
  },
  proposal: (data) => {
    const before = progress.value.get(data.id);
    progress.value = new Map(progress.value).set(data.id, data);
    if (before?.phase !== data.phase) {
      if (data.phase === "done") announce(`${data.scenarios} alternatives are ready.`);
      decisionsChanged();
    }
  },
  dispatch: (data) => {
    dispatching.value = new Map(dispatching.value).set(data.plan_version, data);
    floorChanged();
  },
  notice: floorChanged,
  staging: floorChanged,
  outcome: floorChanged,
  anomaly: (data) => say(data.text, "", false, "Unexpected"),
  connection: (data) => {
    plantConnected.value = data.connected;
    floorChanged();
    announce(data.connected ? "The plant answers again." : "The plant does not answer.");
  },
  reload: () => {
    boardChanged();
    decisionsChanged();
    floorChanged();
  },
};

export function start(): void {
  addEventListener("hashchange", () => {
    route.value = parse(location.hash);
  });
  setInterval(() => {
    second.value++;
  }, 1000);
  let loaded = false;
  listen({
    event: (name, data) => {
      const tell = (): void => handlers[name](data as never);
      if (reading && (name === "operation" || name === "machine")) toldMeanwhile.push(tell);
      tell();
    },
    opened: () => {
      link.value = "live";
      void attempt(loadAll).then(() => {
        loaded = true;
      });
    },
    lost: () => {
      if (link.value === "live") announce("Connection lost. Reconnecting.");
      clock.value = { ...clock.value, at: plantNow(), heard: performance.now() };
      link.value = "lost";
      if (!loaded) void attempt(loadAll).then(() => void (loaded = plant.value !== null));
    },
  });
}
