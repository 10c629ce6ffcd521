/** Paints the board on a 2D context: only what is in view, batched by colour. */

import type { MachineStateName } from "../api/types";
import type { Pin } from "./pins";
import { KINDS, type Bar, type Index, type Kind, type Rows } from "./layout";
import { endOf, midnights, ticks, toX, type View } from "./scale";
import type { PlantTime } from "../time";

export const GUTTER = 158;
export const AXIS = 40;
const PAD = 3;
const FONT = "11.5px system-ui, sans-serif";
const SMALL = "11px system-ui, sans-serif";
const BOLD = "600 11.5px system-ui, sans-serif";

/** Every colour the board uses; `theme.ts` reads them from the style sheet. */
export const COLOURS = [
  "paper",
  "gutter",
  "group",
  "line",
  "grid",
  "ink",
  "muted",
  "accent",
  "closed",
  "now",
  "down",
  "ghost",
  "idle",
  "setup",
  "running",
  "paused",
  "maintenance",
  "offline",
  "fault",
  ...KINDS,
  "onLight",
  "onDark",
] as const;
export type Colours = Record<(typeof COLOURS)[number], string>;

/** Kinds whose fill is strong enough to carry the light label. */
const STRONG = new Set<Kind>(["started", "startedLate"]);

export interface Scene {
  readonly view: View;
  readonly height: number;
  readonly scroll: number;
  readonly rows: Rows;
  readonly index: Index;
  readonly colours: Colours;
  readonly time: PlantTime;
  readonly now: number;
  readonly closed: ReadonlyMap<string, readonly [number, number][]>;
  readonly states: ReadonlyMap<string, { state: MachineStateName; since: number; until: number }>;
  readonly label: (bar: Bar) => string;
  readonly selected: Bar | undefined;
  readonly lit: string; // the order that stands out; "" for none
  readonly links: readonly (readonly [Bar, Bar])[];
  readonly due: number; // of the lit order; NaN for none
  readonly pins: readonly Pin[];
  readonly ghosts: Index | undefined;
  readonly drag: { readonly bar: Bar; readonly machine: string; readonly setup: number; readonly ok: boolean } | undefined;
}

type Context = CanvasRenderingContext2D;

export function draw(context: Context, scene: Scene, hatch: CanvasPattern | null): void {
  const { view, colours, height } = scene;
  const width = GUTTER + view.width;
  context.fillStyle = colours.paper;
  context.fillRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(GUTTER, AXIS, view.width, height - AXIS);
  context.clip();
  context.translate(GUTTER, AXIS - scene.scroll);
  paintGround(context, scene, hatch);
  if (scene.ghosts) paintGhosts(context, scene);
  paintBars(context, scene);
  paintLinks(context, scene);
  paintDrag(context, scene);
  context.restore();
  paintAxis(context, scene);
  paintGutter(context, scene);
}

function visible(scene: Scene): { from: number; to: number } {
  return { from: scene.scroll, to: scene.scroll + scene.height - AXIS };
}

function paintGround(context: Context, scene: Scene, hatch: CanvasPattern | null): void {
  const { view, colours, rows, time } = scene;
  const { from, to } = visible(scene);
  context.fillStyle = colours.closed;
  for (const row of rows.all) {
    if (row.y + row.height < from || row.y > to || row.kind !== "machine") continue;
    for (const [start, end] of scene.closed.get(row.id) ?? []) {
      const x = Math.max(0, toX(view, start));
      const right = Math.min(view.width, toX(view, end));
      if (right > x) context.fillRect(x, row.y, right - x, row.height);
    }
  }
  const step = ticks(view, time.offset);
  for (const tick of step) {
    context.fillStyle = tick.major ? colours.line : colours.grid;
    context.fillRect(Math.round(tick.x), from, 1, to - from);
  }
  for (const row of rows.all) {
    if (row.y + row.height < from || row.y > to) continue;
    if (row.kind === "group") {
      context.fillStyle = colours.group;
      context.fillRect(0, row.y, view.width, row.height);
    }
    context.fillStyle = colours.grid;
    context.fillRect(0, row.y + row.height - 1, view.width, 1);
    const state = scene.states.get(row.id);
    if (row.kind === "machine" && state && (state.state === "down" || state.state === "maintenance")) {
      const x = Math.max(0, toX(view, state.since));
      const right = Math.min(view.width, toX(view, Math.max(state.until, scene.now)));
      if (right > x) {
        context.fillStyle = hatch ?? colours.down;
        context.fillRect(x, row.y, right - x, row.height - 1);
        context.fillStyle = colours.fault;
        context.fillRect(right - 1.5, row.y, 1.5, row.height - 1);
      }
    }
  }
}

// Reused between frames: x, y, width triples by colour, so that a frame allocates next to nothing.
const batches = new Map<string, number[]>();
const batch = (key: string): number[] => {
  let found = batches.get(key);
  if (!found) batches.set(key, (found = []));
  return found;
};

function paintBars(context: Context, scene: Scene): void {
  const { view, colours, index, rows, lit } = scene;
  const { from, to } = visible(scene);
  const end = endOf(view);
  for (const list of batches.values()) list.length = 0;
  const labelled: Bar[] = [];
  const places: number[] = [];
  for (const row of rows.all) {
    if (row.kind !== "machine" || row.y + row.height < from || row.y > to) continue;
    const lane = index.lanes.get(row.id);
    if (!lane) continue;
    const [first, last] = index.between(row.id, view.start, end);
    for (let place = first; place < last; place++) {
      const bar = lane.bars[place]!;
      const x = Math.max(-4, toX(view, bar.setup));
      const run = Math.max(x, toX(view, bar.start));
      const right = Math.min(view.width + 4, toX(view, bar.end));
      const faded = lit !== "" && bar.order !== lit;
      const mark = faded ? "-" : "+";
      if (run > x + 0.5) batch(`${mark}s${bar.kind}`).push(x, row.y, Math.max(0.8, run - x));
      batch(`${mark}r${bar.kind}`).push(run, row.y, Math.max(1, right - run - 0.75));
      if (right - run > 34) {
        labelled.push(bar);
        places.push(run, right, row.y);
      }
    }
  }
  const tall = rows.all.find((row) => row.kind === "machine")?.height ?? 24;
  const depth = tall - 2 * PAD - 1;
  for (const [key, list] of batches) {
    if (!list.length) continue;
    const isSetup = key[1] === "s";
    context.globalAlpha = (key[0] === "-" ? 0.28 : 1) * (isSetup ? 0.5 : 1);
    context.fillStyle = colours[key.slice(2) as Kind];
    for (let i = 0; i < list.length; i += 3) {
      // Setup is the thinner, paler run-up to a bar.
      if (isSetup) context.fillRect(list[i]!, list[i + 1]! + PAD + 4, list[i + 2]!, depth - 8);
      else context.fillRect(list[i]!, list[i + 1]! + PAD, list[i + 2]!, depth);
    }
  }
  context.globalAlpha = 1;
  paintLabels(context, scene, labelled, places);
  context.strokeStyle = context.fillStyle = colours.accent;
  context.lineWidth = 1.5;
  for (const pin of scene.pins) {
    const bar = index.byKey.get(pin.job);
    const row = rows.machines.get(pin.machine);
    if (!bar || !row) continue;
    const x = toX(view, pin.notBefore ?? bar.setup);
    const y = row.y + PAD;
    context.setLineDash([4, 2]);
    context.strokeRect(x, y, Math.max(4, (bar.end - bar.setup) / view.perPixel - 1), depth);
    context.setLineDash([]);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 10, y);
    context.lineTo(x, y + 10);
    context.fill();
  }
  const chosen = scene.selected;
  const row = chosen && rows.machines.get(chosen.machine);
  if (chosen && row) {
    const x = toX(view, chosen.setup);
    context.strokeStyle = colours.accent;
    context.lineWidth = 2;
    context.strokeRect(x - 1, row.y + PAD - 1, Math.max(4, toX(view, chosen.end) - x + 1), depth + 2);
  }
}

function paintLabels(context: Context, scene: Scene, bars: readonly Bar[], places: readonly number[]): void {
  context.font = FONT;
  context.textBaseline = "middle";
  context.textAlign = "left";
  bars.forEach((bar, at) => {
    const x = Math.max(0, places[3 * at]!);
    const right = Math.min(scene.view.width, places[3 * at + 1]!);
    const room = right - x - 9;
    if (room < 26) return;
    const text = shorten(context, scene.label(bar), room);
    if (!text) return;
    const faded = scene.lit !== "" && bar.order !== scene.lit;
    context.globalAlpha = faded ? 0.45 : 1;
    context.fillStyle = STRONG.has(bar.kind) && !faded ? scene.colours.onDark : scene.colours.onLight;
    context.fillText(text, x + 5, places[3 * at + 2]! + 12);
  });
  context.globalAlpha = 1;
}

const widths = new Map<string, number>();

/** The longest of the label's leading words that fits; "" when not even the order does. */
function shorten(context: Context, label: string, room: number): string {
  for (let text = label; text; text = text.slice(0, Math.max(0, text.lastIndexOf(" ")))) {
    let width = widths.get(text);
    if (width === undefined) {
      if (widths.size > 20_000) widths.clear();
      widths.set(text, (width = context.measureText(text).width));
    }
    if (width <= room) return text.replace(/[ ·,]+$/, "");
  }
  return "";
}

function paintGhosts(context: Context, scene: Scene): void {
  const { view, rows, ghosts, colours, lit } = scene;
  const { from, to } = visible(scene);
  context.strokeStyle = colours.ghost;
  context.lineWidth = 1;
  context.setLineDash([3, 2]);
  for (const row of rows.all) {
    if (row.kind !== "machine" || row.y + row.height < from || row.y > to) continue;
    const lane = ghosts!.lanes.get(row.id);
    const [first, last] = ghosts!.between(row.id, view.start, endOf(view));
    for (let place = first; lane && place < last; place++) {
      const bar = lane.bars[place]!;
      if (lit && bar.order !== lit) continue;
      const x = toX(view, bar.setup);
      context.strokeRect(x + 0.5, row.y + 1.5, Math.max(2, toX(view, bar.end) - x - 1), row.height - 4);
    }
  }
  context.setLineDash([]);
}

function paintLinks(context: Context, scene: Scene): void {
  const { view, rows, colours, now } = scene;
  context.strokeStyle = colours.accent;
  context.fillStyle = colours.accent;
  context.lineWidth = 1.5;
  for (const [before, after] of scene.links) {
    const a = rows.machines.get(before.machine);
    const b = rows.machines.get(after.machine);
    if (!a || !b) continue;
    const x0 = toX(view, before.end);
    const y0 = a.y + a.height / 2;
    const x1 = toX(view, after.setup);
    const y1 = b.y + b.height / 2;
    const bend = Math.max(12, Math.min(60, Math.abs(x1 - x0) / 2));
    context.beginPath();
    context.moveTo(x0, y0);
    context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1 - 2, y1);
    context.stroke();
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x1 - 6, y1 - 3.5);
    context.lineTo(x1 - 6, y1 + 3.5);
    context.fill();
  }
  const { from, to } = visible(scene);
  if (!Number.isNaN(scene.due)) {
    const x = Math.round(toX(view, scene.due));
    context.fillStyle = colours.fault;
    context.globalAlpha = 0.8;
    context.fillRect(x, from, 1.5, to - from);
    context.globalAlpha = 1;
  }
  context.fillStyle = colours.now;
  context.fillRect(Math.round(toX(view, now)) - 0.75, from, 1.5, to - from);
}

function paintDrag(context: Context, scene: Scene): void {
  const { drag, view, rows, colours } = scene;
  const row = drag && rows.machines.get(drag.machine);
  if (!drag || !row) return;
  const x = toX(view, drag.setup);
  const width = Math.max(4, (drag.bar.end - drag.bar.setup) / view.perPixel);
  context.globalAlpha = 0.8;
  context.fillStyle = drag.ok ? colours.accent : colours.fault;
  context.fillRect(x, row.y + PAD, width, row.height - 2 * PAD - 1);
  context.globalAlpha = 1;
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 1.5;
  context.strokeRect(x, row.y + PAD, width, row.height - 2 * PAD - 1);
}

function paintAxis(context: Context, scene: Scene): void {
  const { view, colours, time } = scene;
  context.fillStyle = colours.gutter;
  context.fillRect(0, 0, GUTTER + view.width, AXIS);
  context.fillStyle = colours.line;
  context.fillRect(0, AXIS - 1, GUTTER + view.width, 1);
  context.save();
  context.beginPath();
  context.rect(GUTTER, 0, view.width, AXIS);
  context.clip();
  context.translate(GUTTER, 0);
  context.textBaseline = "middle";
  context.textAlign = "left";
  const days = midnights(view, time.offset);
  context.font = BOLD;
  days.forEach((at, place) => {
    const x = toX(view, at);
    const next = days[place + 1] === undefined ? view.width : toX(view, days[place + 1]!);
    context.fillStyle = colours.line;
    context.fillRect(Math.round(x), 0, 1, AXIS);
    const text = time.day(at + 12 * 3_600_000);
    const left = Math.max(x, 0) + 6;
    if (next - left < context.measureText(text).width + 6) return;
    context.fillStyle = colours.ink;
    context.fillText(text, left, 11);
  });
  context.font = SMALL;
  context.fillStyle = colours.muted;
  for (const tick of ticks(view, time.offset)) {
    if (tick.major && view.perPixel > 700_000) continue;
    context.fillText(time.clock(tick.at), tick.x + 4, 29);
    context.fillRect(Math.round(tick.x), AXIS - 6, 1, 6);
  }
  const x = toX(view, scene.now);
  if (x > -40 && x < view.width + 40) {
    const text = time.clock(scene.now);
    context.font = BOLD;
    const wide = context.measureText(text).width + 12;
    context.fillStyle = colours.now;
    context.beginPath();
    context.roundRect(x - wide / 2, 20, wide, 17, 4);
    context.fill();
    context.fillStyle = colours.paper;
    context.textAlign = "center";
    context.fillText(text, x, 29);
  }
  if (!Number.isNaN(scene.due)) {
    const at = toX(view, scene.due);
    context.font = BOLD;
    context.fillStyle = colours.fault;
    context.textAlign = "center";
    context.fillText("due", at, 11);
  }
  context.restore();
}

function paintGutter(context: Context, scene: Scene): void {
  const { colours, rows, scroll, height } = scene;
  context.save();
  context.beginPath();
  context.rect(0, AXIS, GUTTER, height - AXIS);
  context.clip();
  context.fillStyle = colours.gutter;
  context.fillRect(0, AXIS, GUTTER, height - AXIS);
  context.translate(0, AXIS - scroll);
  context.textBaseline = "middle";
  context.textAlign = "left";
  const { from, to } = visible(scene);
  for (const row of rows.all) {
    if (row.y + row.height < from || row.y > to) continue;
    const middle = row.y + row.height / 2;
    if (row.kind === "group") {
      context.fillStyle = colours.group;
      context.fillRect(0, row.y, GUTTER, row.height);
      context.font = BOLD;
      context.fillStyle = colours.muted;
      context.fillText(row.label, 10, middle);
      continue;
    }
    const state = scene.states.get(row.id)?.state;
    context.fillStyle = state === "down" ? colours.fault : state ? colours[state] : colours.idle;
    context.beginPath();
    if (state === "down") context.rect(11, middle - 4, 8, 8);
    else context.arc(15, middle, 4, 0, 7);
    context.fill();
    context.font = BOLD;
    context.fillStyle = state === "down" ? colours.fault : colours.ink;
    context.fillText(row.id, 26, middle);
    const used = 26 + context.measureText(row.id).width + 7;
    context.font = SMALL;
    context.fillStyle = colours.muted;
    context.fillText(row.label, used, middle);
    context.fillStyle = colours.grid;
    context.fillRect(0, row.y + row.height - 1, GUTTER, 1);
  }
  context.restore();
  context.fillStyle = colours.line;
  context.fillRect(GUTTER - 1, 0, 1, height);
}
