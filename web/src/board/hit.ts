/** What is under the pointer, where a dragged bar may land, and which bar the arrow keys reach. No DOM. */

import { MINUTE } from "../time";
import { rowAt, type Bar, type Index, type Row, type Rows } from "./layout";
import { toTime, type View } from "./scale";

const GRAB = 3; // px a thin bar is widened by

export interface Hit {
  readonly row: Row | undefined;
  readonly at: number; // instant
  readonly bar: Bar | undefined;
}

/** `x`, `y` in the plane of the bars: right of the row names, below the axis, scrolled. */
export function hit(index: Index, rows: Rows, view: View, x: number, y: number): Hit {
  const row = rowAt(rows, y);
  const at = toTime(view, x);
  if (row?.kind !== "machine") return { row, at, bar: undefined };
  const slack = GRAB * view.perPixel;
  const [from, to] = index.between(row.id, at - slack, at + slack);
  const lane = index.lanes.get(row.id);
  let best: Bar | undefined;
  let nearest = Infinity;
  for (let place = from; lane && place < to; place++) {
    const bar = lane.bars[place]!;
    const away = at < bar.setup ? bar.setup - at : at > bar.end ? at - bar.end : 0;
    if (away <= slack && away <= nearest) {
      best = bar; // the later of two that overlap is painted on top
      nearest = away;
    }
  }
  return { row, at, bar: best };
}

/** Snap a start to the ends of the machine's other bars, to `now`, or to the grid of quarter hours. */
export function snap(index: Index, machine: string, moving: Bar, at: number, now: number, perPixel: number): number {
  const reach = 8 * perPixel;
  const length = moving.end - moving.setup;
  const grid = (reach < 4 * MINUTE ? 5 : 15) * MINUTE;
  let best = Math.round(at / grid) * grid;
  let distance = Infinity;
  const consider = (candidate: number): void => {
    const away = Math.abs(candidate - at);
    if (away <= reach && away < distance) {
      best = candidate;
      distance = away;
    }
  };
  consider(now);
  consider(moving.setup);
  const [from, to] = index.between(machine, at - reach, at + length + reach);
  const lane = index.lanes.get(machine);
  for (let place = from; lane && place < to; place++) {
    const bar = lane.bars[place]!;
    if (bar.key === moving.key) continue;
    consider(bar.end);
    consider(bar.setup - length);
  }
  return Math.max(best, now);
}

export type Direction = "left" | "right" | "up" | "down";

/** The bar an arrow key goes to: before or after on the same machine, or nearest in time on the next one. */
export function neighbour(index: Index, rows: Rows, bar: Bar, direction: Direction): Bar | undefined {
  const lane = index.lanes.get(bar.machine);
  if (direction === "left" || direction === "right") {
    const place = lane?.bars.indexOf(bar) ?? -1;
    return lane?.bars[place + (direction === "left" ? -1 : 1)];
  }
  const machines = rows.all.filter((row) => row.kind === "machine");
  const step = direction === "up" ? -1 : 1;
  const middle = (bar.setup + bar.end) / 2;
  for (
    let place = machines.findIndex((row) => row.id === bar.machine) + step;
    place >= 0 && place < machines.length;
    place += step
  ) {
    const found = nearest(index, machines[place]!.id, middle);
    if (found) return found;
  }
  return undefined;
}

/** The bar of a machine nearest to an instant. */
export function nearest(index: Index, machine: string, at: number): Bar | undefined {
  let best: Bar | undefined;
  let distance = Infinity;
  for (const bar of index.lanes.get(machine)?.bars ?? []) {
    const away = at < bar.setup ? bar.setup - at : Math.max(0, at - bar.end);
    if (away < distance) {
      best = bar;
      distance = away;
    }
  }
  return best;
}

/** The first bar to select: the one nearest to now on the topmost machine in view that has any. */
export function firstBar(index: Index, rows: Rows, now: number, top = 0): Bar | undefined {
  for (const row of rows.all) {
    if (row.kind !== "machine" || row.y < top) continue;
    const found = nearest(index, row.id, now);
    if (found) return found;
  }
  return undefined;
}
