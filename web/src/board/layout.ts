/** Rows of the board and the bars on them, indexed so that only what is in view is looked at. No DOM. */

export const ROW = 24;
export const GROUP = 20;

export interface Row {
  readonly kind: "group" | "machine";
  readonly id: string;
  readonly label: string;
  readonly y: number;
  readonly height: number;
}

export interface Rows {
  readonly all: readonly Row[];
  readonly machines: ReadonlyMap<string, Row>;
  readonly height: number;
}

/** What a bar is, for its colour. The first seven are a plan's, the rest a comparison's. */
export const KINDS = [
  "done",
  "planned",
  "dispatched",
  "started",
  "plannedLate",
  "dispatchedLate",
  "startedLate",
  "same",
  "earlier",
  "later",
  "moved",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Bar {
  readonly key: string; // job order: ORDER/OPERATION
  readonly order: string;
  readonly operation: string;
  readonly machine: string;
  readonly operator: string;
  readonly setup: number; // ms
  readonly start: number;
  readonly end: number;
  readonly kind: Kind;
  readonly movable: boolean;
}

interface Group {
  readonly id: string;
  readonly name: string;
}

interface Machine {
  readonly id: string;
  readonly name: string;
  readonly work_center: string;
}

/** A machine's name without the id it may begin with. */
export function bareName({ id, name }: { id: string; name: string }): string {
  return name.startsWith(id) ? name.slice(id.length).trim() : name;
}

/** Machines under the work center they belong to, in the plant's order; strays come last. */
export function layRows(groups: readonly Group[], machines: readonly Machine[]): Rows {
  const all: Row[] = [];
  const byId = new Map<string, Row>();
  let y = 0;
  const known = new Set(groups.map((group) => group.id));
  const strays = machines.some((machine) => !known.has(machine.work_center));
  for (const group of strays ? [...groups, { id: "", name: "Other" }] : groups) {
    const members = machines.filter((machine) =>
      group.id ? machine.work_center === group.id : !known.has(machine.work_center),
    );
    if (!members.length) continue;
    all.push({ kind: "group", id: group.id, label: group.name || group.id, y, height: GROUP });
    y += GROUP;
    for (const machine of members) {
      const row: Row = { kind: "machine", id: machine.id, label: bareName(machine), y, height: ROW };
      all.push(row);
      byId.set(machine.id, row);
      y += ROW;
    }
  }
  return { all, machines: byId, height: y };
}

/** The row at `y`, by halving. */
export function rowAt(rows: Rows, y: number): Row | undefined {
  let low = 0;
  let high = rows.all.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const row = rows.all[middle]!;
    if (y < row.y) high = middle - 1;
    else if (y >= row.y + row.height) low = middle + 1;
    else return row;
  }
  return undefined;
}

export interface Lane {
  readonly bars: readonly Bar[]; // by setup start
  readonly reach: Float64Array; // latest end of bars 0…i: grows, so it can be halved
}

/** Bars by machine and by order. */
export class Index {
  readonly lanes = new Map<string, Lane>();
  readonly byKey = new Map<string, Bar>();
  readonly byOrder = new Map<string, Bar[]>();
  readonly start: number;
  readonly end: number;

  constructor(bars: readonly Bar[]) {
    const grouped = new Map<string, Bar[]>();
    let start = Infinity;
    let end = -Infinity;
    for (const bar of bars) {
      this.byKey.set(bar.key, bar);
      push(grouped, bar.machine, bar);
      push(this.byOrder, bar.order, bar);
      start = Math.min(start, bar.setup);
      end = Math.max(end, bar.end);
    }
    for (const [machine, lane] of grouped) {
      lane.sort((a, b) => a.setup - b.setup || a.end - b.end);
      const reach = new Float64Array(lane.length);
      let latest = -Infinity;
      lane.forEach((bar, at) => {
        latest = Math.max(latest, bar.end);
        reach[at] = latest;
      });
      this.lanes.set(machine, { bars: lane, reach });
    }
    for (const list of this.byOrder.values()) list.sort((a, b) => a.setup - b.setup);
    this.start = start;
    this.end = end;
  }

  /** Positions [from, to) in a machine's lane that may touch [start, end]. */
  between(machine: string, start: number, end: number): [number, number] {
    const lane = this.lanes.get(machine);
    if (!lane) return [0, 0];
    return [
      firstWhere(lane.bars.length, (at) => lane.reach[at]! >= start),
      firstWhere(lane.bars.length, (at) => lane.bars[at]!.setup > end),
    ];
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** The first position for which `holds` is true, given that it is false and then true. */
export function firstWhere(count: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Closed time: what the open intervals leave out between the first opening and the last closing. */
export function closedBetween(open: readonly (readonly [number, number])[]): [number, number][] {
  const sorted = [...open].sort((a, b) => a[0] - b[0]);
  const closed: [number, number][] = [];
  let reach = -Infinity;
  for (const [from, to] of sorted) {
    if (reach > -Infinity && from > reach) closed.push([reach, from]);
    reach = Math.max(reach, to);
  }
  return closed;
}
