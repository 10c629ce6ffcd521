/** The time axis of the board: instants to pixels, zoom, pan and ticks. No DOM. */

import { DAY, HOUR, MINUTE } from "../time";

export interface View {
  readonly start: number; // instant at the left edge, ms
  readonly perPixel: number; // ms
  readonly width: number; // px
}

export interface Bounds {
  readonly start: number;
  readonly end: number;
}

export interface Tick {
  readonly at: number;
  readonly x: number;
  readonly major: boolean; // local midnight
}

const CLOSEST = 2_000; // ms a pixel: about three quarters of an hour on a full screen
const STEPS = [
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
];

export const toX = (view: View, at: number): number => (at - view.start) / view.perPixel;
export const toTime = (view: View, x: number): number => view.start + x * view.perPixel;
export const endOf = (view: View): number => toTime(view, view.width);

export function fit(bounds: Bounds, width: number): View {
  const span = Math.max(HOUR, bounds.end - bounds.start);
  return { start: bounds.start - span * 0.02, perPixel: (span * 1.04) / Math.max(1, width), width };
}

/** A view that shows `span` with `at` a fifth from the left. */
export function around(at: number, span: number, width: number): View {
  return { start: at - span * 0.2, perPixel: span / Math.max(1, width), width };
}

/** Keep the view near the plan: never further out than the plan twice, never off its ends. */
export function clamp(view: View, bounds: Bounds): View {
  const span = Math.max(HOUR, bounds.end - bounds.start);
  const perPixel = Math.min(Math.max(view.perPixel, CLOSEST), (2 * span) / Math.max(1, view.width));
  const shown = perPixel * view.width;
  const least = bounds.start - shown * 0.8;
  const most = bounds.end - shown * 0.2;
  return { ...view, perPixel, start: Math.min(Math.max(view.start, least), Math.max(least, most)) };
}

/** Zoom by `factor` (above 1: closer) so that the instant under `x` stays there. */
export function zoom(view: View, factor: number, x: number, bounds: Bounds): View {
  const bounded = clamp({ ...view, perPixel: view.perPixel / factor }, bounds);
  return clamp({ ...bounded, start: toTime(view, x) - x * bounded.perPixel }, bounds);
}

export function pan(view: View, pixels: number, bounds: Bounds): View {
  return clamp({ ...view, start: view.start + pixels * view.perPixel }, bounds);
}

/** Move the view just enough that [start, end] is visible with some air. */
export function reveal(view: View, start: number, end: number, bounds: Bounds): View {
  const air = 40 * view.perPixel;
  if (start - air < view.start) return clamp({ ...view, start: start - air }, bounds);
  if (end + air > endOf(view)) {
    const wanted = Math.min(end + air - view.width * view.perPixel, start - air);
    return clamp({ ...view, start: wanted }, bounds);
  }
  return view;
}

/** Ticks on round local times, at least `gap` pixels apart. */
export function ticks(view: View, offset: (at: number) => number, gap = 58): Tick[] {
  const step = STEPS.find((size) => size / view.perPixel >= gap) ?? 7 * DAY;
  const found: Tick[] = [];
  const floor = (at: number): number => Math.floor((at + offset(at)) / step) * step;
  const end = endOf(view);
  for (let wall = floor(view.start); ; wall += step) {
    // From wall time back to an instant: the offset of a first guess, corrected once for clock changes.
    const guess = wall - offset(wall);
    const at = wall - offset(guess);
    if (at > end) break;
    found.push({ at, x: toX(view, at), major: wall % DAY === 0 });
    if (found.length > 400) break;
  }
  return found;
}

/** Local midnights in view, the one before its left edge included. */
export function midnights(view: View, offset: (at: number) => number): number[] {
  const found: number[] = [];
  const first = Math.floor((view.start + offset(view.start)) / DAY) * DAY;
  for (let wall = first; found.length < 400; wall += DAY) {
    const at = wall - offset(wall - offset(wall));
    if (at > endOf(view)) break;
    found.push(at);
  }
  return found;
}
