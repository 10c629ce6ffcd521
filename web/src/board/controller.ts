/** The board's hands: pointer, wheel and keys on one canvas, a repaint whenever something changed. */

import type { MachineStateName } from "../api/types";
import { HOUR, MINUTE, shift, type PlantTime } from "../time";
import { AXIS, draw, GUTTER, type Colours, type Scene } from "./draw";
import { firstBar, hit, neighbour, snap, type Direction, type Hit } from "./hit";
import type { Bar, Index, Rows } from "./layout";
import type { Pin } from "./pins";
import { around, clamp, endOf, fit, pan, reveal, toX, zoom, type Bounds, type View } from "./scale";
import { hatchPattern, readColours } from "./theme";

export interface Inputs {
  readonly rows: Rows;
  readonly index: Index;
  readonly ghosts: Index | undefined;
  readonly time: PlantTime;
  readonly closed: ReadonlyMap<string, readonly [number, number][]>;
  readonly states: ReadonlyMap<string, { state: MachineStateName; since: number; until: number }>;
  readonly label: (bar: Bar) => string;
  readonly describe: (bar: Bar) => string;
  readonly linksOf: (order: string) => readonly (readonly [Bar, Bar])[];
  readonly dueOf: (order: string) => number;
  readonly mayRun: (bar: Bar, machine: string) => boolean;
  readonly pins: readonly Pin[];
  readonly selected: string;
  readonly editable: boolean;
}

export interface Outputs {
  select(key: string): void;
  hover(bar: Bar | undefined, x: number, y: number): void;
  /** `setup`: instant it may not start before; null when only the machine is pinned. */
  pin(bar: Bar, machine: string, setup: number | null): void;
  unpin(key: string): void;
  announce(text: string): void;
  zoomed(hours: number): void;
}

interface Draft {
  readonly bar: Bar;
  readonly machine: string;
  readonly setup: number;
}

const GRID = 15 * MINUTE;
const SLOP = 4; // px the pointer may wander before a press becomes a drag
const remembered = new Map<string, { view: View; scroll: number }>();

export class Controller {
  readonly #canvas: HTMLCanvasElement;
  readonly #name: string;
  readonly #now: () => number;
  readonly #outputs: Outputs;
  #view: View = { start: 0, perPixel: 60_000, width: 1 };
  #scroll = 0;
  #height = 1;
  #inputs: Inputs | undefined;
  #colours: Colours | undefined;
  #hatch: CanvasPattern | null = null;
  #traced = "";
  #draft: Draft | undefined;
  #press: { x: number; y: number; hit: Hit; grab: number; moved: boolean; view: View; scroll: number } | undefined;
  #frame = 0;
  #placed = false;
  #paintedNow = 0;
  readonly #context: CanvasRenderingContext2D;
  readonly #stop = new AbortController();

  constructor(
    canvas: HTMLCanvasElement,
    name: string,
    now: () => number,
    outputs: Outputs,
  ) {
    this.#canvas = canvas;
    this.#name = name;
    this.#now = now;
    this.#outputs = outputs;
    this.#context = canvas.getContext("2d", { alpha: false })!;
    const on = { signal: this.#stop.signal };
    canvas.addEventListener("pointerdown", (event) => this.#down(event), on);
    canvas.addEventListener("pointermove", (event) => this.#move(event), on);
    canvas.addEventListener("pointerup", (event) => this.#up(event), on);
    canvas.addEventListener("pointercancel", () => this.#cancel(), on);
    canvas.addEventListener("pointerleave", () => this.#hovered(undefined, 0, 0), on);
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { ...on, passive: false });
    canvas.addEventListener("keydown", (event) => this.#key(event), on);
    canvas.addEventListener("blur", () => this.#setDraft(undefined), on);
    const resized = new ResizeObserver(() => this.#resize());
    resized.observe(canvas);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.#recolour(), on);
    document.addEventListener("themechange", () => this.#recolour(), on);
    const clock = setInterval(() => {
      if (Math.abs(this.#now() - this.#paintedNow) / this.#view.perPixel >= 0.5) this.repaint();
    }, 200);
    this.#stop.signal.addEventListener("abort", () => {
      resized.disconnect();
      clearInterval(clock);
      cancelAnimationFrame(this.#frame);
      remembered.set(this.#name, { view: this.#view, scroll: this.#scroll });
    });
    this.#resize();
  }

  dispose(): void {
    this.#stop.abort();
  }

  update(inputs: Inputs): void {
    const before = this.#inputs?.selected;
    this.#inputs = inputs;
    if (!this.#placed && inputs.index.byKey.size && this.#view.width > 1) this.#place();
    this.#scrollTo(this.#scroll);
    if (this.#draft && !inputs.index.byKey.has(this.#draft.bar.key)) this.#draft = undefined;
    if (inputs.selected !== before) {
      if (this.#draft && this.#draft.bar.key !== inputs.selected) this.#draft = undefined;
      const bar = inputs.index.byKey.get(inputs.selected);
      if (bar && !this.#press) this.#show(bar);
    }
    this.repaint();
  }

  // -- view ------------------------------------------------------------------------------------

  /** Show a span around now, or everything. */
  showHours(hours: number | "all"): void {
    const bounds = this.#bounds();
    this.#setView(
      hours === "all"
        ? fit(bounds, this.#view.width)
        : clamp(around(this.#now(), hours * HOUR, this.#view.width), bounds),
    );
  }

  zoomBy(factor: number): void {
    const middle = toX(this.#view, this.#now());
    const x = middle > 0 && middle < this.#view.width ? middle : this.#view.width / 2;
    this.#setView(zoom(this.#view, factor, x, this.#bounds()));
  }

  #bounds(): Bounds {
    const index = this.#inputs?.index;
    const now = this.#now();
    if (!index?.byKey.size) return { start: now - 4 * HOUR, end: now + 20 * HOUR };
    return { start: Math.min(index.start, now), end: Math.max(index.end, now) };
  }

  #place(): void {
    this.#placed = true;
    const kept = remembered.get(this.#name);
    if (kept) {
      this.#view = clamp({ ...kept.view, width: this.#view.width }, this.#bounds());
      this.#scroll = kept.scroll;
    } else this.#view = clamp(around(this.#now(), 24 * HOUR, this.#view.width), this.#bounds());
    this.#outputs.zoomed((this.#view.perPixel * this.#view.width) / HOUR);
  }

  #setView(view: View): void {
    this.#view = view;
    this.#outputs.zoomed((view.perPixel * view.width) / HOUR);
    this.#outputs.hover(undefined, 0, 0);
    this.repaint();
  }

  #scrollTo(wanted: number): void {
    const most = Math.max(0, (this.#inputs?.rows.height ?? 0) - (this.#height - AXIS));
    this.#scroll = Math.min(Math.max(0, wanted), most);
  }

  #show(bar: Pick<Bar, "machine" | "setup" | "end">): void {
    const row = this.#inputs?.rows.machines.get(bar.machine);
    if (row) {
      const room = this.#height - AXIS;
      if (row.y < this.#scroll) this.#scrollTo(row.y - 24);
      else if (row.y + row.height > this.#scroll + room) this.#scrollTo(row.y + row.height - room + 24);
    }
    this.#view = reveal(this.#view, bar.setup, Math.min(bar.end, bar.setup + 12 * HOUR), this.#bounds());
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = devicePixelRatio || 1;
    this.#canvas.width = Math.max(1, Math.round(clientWidth * ratio));
    this.#canvas.height = Math.max(1, Math.round(clientHeight * ratio));
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#height = clientHeight;
    const width = Math.max(1, clientWidth - GUTTER);
    this.#view = { ...this.#view, width };
    if (!this.#placed && this.#inputs?.index.byKey.size && clientWidth > GUTTER) this.#place();
    this.#scrollTo(this.#scroll);
    this.#recolour();
  }

  #recolour(): void {
    this.#colours = readColours(this.#canvas.parentElement ?? document.body);
    this.#hatch = hatchPattern(this.#context, this.#colours, devicePixelRatio || 1);
    this.repaint();
  }

  repaint(): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const scene = this.#scene();
      if (!scene) return;
      const begun = performance.now();
      draw(this.#context, scene, this.#hatch);
      measure(begun);
      this.#paintedNow = scene.now;
    });
  }

  #scene(): Scene | undefined {
    const inputs = this.#inputs;
    const colours = this.#colours;
    if (!inputs || !colours) return undefined;
    const selected = inputs.index.byKey.get(inputs.selected);
    const lit = selected?.order ?? "";
    const traced = this.#traced || lit;
    return {
      view: this.#view,
      height: this.#height,
      scroll: this.#scroll,
      rows: inputs.rows,
      index: inputs.index,
      colours,
      time: inputs.time,
      now: this.#now(),
      closed: inputs.closed,
      states: inputs.states,
      label: inputs.label,
      selected,
      lit,
      links: traced ? inputs.linksOf(traced) : [],
      due: traced ? inputs.dueOf(traced) : NaN,
      pins: inputs.pins,
      ghosts: inputs.ghosts,
      drag: this.#draft && { ...this.#draft, ok: inputs.mayRun(this.#draft.bar, this.#draft.machine) },
    };
  }

  // -- pointer ---------------------------------------------------------------------------------

  #locate(event: MouseEvent): { x: number; y: number; hit: Hit | undefined } {
    const box = this.#canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const inside = x >= GUTTER && y >= AXIS && this.#inputs;
    const found = inside
      ? hit(this.#inputs!.index, this.#inputs!.rows, this.#view, x - GUTTER, y - AXIS + this.#scroll)
      : undefined;
    return { x, y, hit: found };
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0 || !this.#inputs) return;
    const { x, y, hit: found } = this.#locate(event);
    if (!found) return;
    this.#canvas.setPointerCapture(event.pointerId);
    const grab = found.bar ? found.at - found.bar.setup : 0;
    this.#press = { x, y, hit: found, grab, moved: false, view: this.#view, scroll: this.#scroll };
  }

  #move(event: PointerEvent): void {
    const { x, y, hit: found } = this.#locate(event);
    const press = this.#press;
    const inputs = this.#inputs;
    if (!press || !inputs) {
      this.#hovered(found?.bar, x, y);
      return;
    }
    if (!press.moved && Math.hypot(x - press.x, y - press.y) < SLOP) return;
    if (!press.moved) {
      press.moved = true;
      this.#outputs.hover(undefined, 0, 0);
    }
    const bar = press.hit.bar;
    if (bar && inputs.editable && bar.movable) {
      const row = found?.row?.kind === "machine" ? found.row.id : (this.#draft?.machine ?? bar.machine);
      const at = (found?.at ?? press.hit.at) - press.grab;
      this.#setDraft({
        bar,
        machine: row,
        setup: snap(inputs.index, row, bar, at, this.#now(), this.#view.perPixel),
      });
      this.#canvas.style.cursor = "grabbing";
    } else {
      this.#view = pan(press.view, press.x - x, this.#bounds());
      this.#scrollTo(press.scroll + press.y - y);
      this.#canvas.style.cursor = "grabbing";
      this.repaint();
    }
  }

  #up(event: PointerEvent): void {
    const press = this.#press;
    this.#press = undefined;
    this.#canvas.style.cursor = "";
    if (!press) return;
    if (!press.moved) this.#outputs.select(press.hit.bar?.key ?? "");
    else if (this.#draft) {
      const { hit: found } = this.#locate(event);
      if (found) this.#commit();
      else this.#setDraft(undefined);
    }
  }

  #cancel(): void {
    this.#press = undefined;
    this.#canvas.style.cursor = "";
    this.#setDraft(undefined);
  }

  #hovered(bar: Bar | undefined, x: number, y: number): void {
    this.#outputs.hover(bar, x, y);
    if (!this.#press) this.#canvas.style.cursor = bar ? (bar.movable && this.#inputs?.editable ? "grab" : "pointer") : "";
    const order = bar?.order ?? "";
    if (order === this.#traced) return;
    this.#traced = order;
    this.repaint();
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    const turn = (event.deltaY || event.deltaX) * unit;
    if (event.ctrlKey || event.metaKey) {
      const x = Math.max(0, this.#locate(event).x - GUTTER);
      this.#setView(zoom(this.#view, Math.exp(-turn * 0.0022), x, this.#bounds()));
    } else if (event.shiftKey) this.#setView(pan(this.#view, turn, this.#bounds()));
    else {
      if (event.deltaX) this.#view = pan(this.#view, event.deltaX * unit, this.#bounds());
      this.#scrollTo(this.#scroll + event.deltaY * unit);
      this.#outputs.hover(undefined, 0, 0);
      this.repaint();
    }
  }

  // -- keys ------------------------------------------------------------------------------------

  #key(event: KeyboardEvent): void {
    if (!this.#inputs) return;
    const direction = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" }[event.key];
    const chosen = this.#inputs.index.byKey.get(this.#inputs.selected);
    if (direction) {
      if (event.shiftKey && chosen) this.#nudge(chosen, direction as Direction, event.ctrlKey || event.metaKey);
      else if (!event.altKey && !event.ctrlKey && !event.metaKey) this.#step(chosen, direction as Direction);
      else return;
    } else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "Enter" && chosen) this.#pinChosen(chosen);
    else if ((event.key === "Delete" || event.key === "Backspace") && chosen) this.#outputs.unpin(chosen.key);
    else if (event.key === "Escape") {
      if (this.#draft) {
        this.#setDraft(undefined);
        this.#outputs.announce("Move cancelled.");
      } else this.#outputs.select("");
    } else if (event.key === "+" || event.key === "=") this.zoomBy(1.5);
    else if (event.key === "-") this.zoomBy(1 / 1.5);
    else if (event.key === "0") this.showHours("all");
    else if (event.key === "n") this.showHours(24);
    else return;
    event.preventDefault();
  }

  #step(chosen: Bar | undefined, direction: Direction): void {
    const { index, rows } = this.#inputs!;
    const next = chosen ? neighbour(index, rows, chosen, direction) : firstBar(index, rows, this.#now(), this.#scroll);
    if (!next) {
      this.#outputs.announce("Nothing further that way.");
      return;
    }
    this.#setDraft(undefined);
    this.#outputs.select(next.key);
    this.#outputs.announce(this.#inputs!.describe(next));
  }

  #nudge(chosen: Bar, direction: Direction, far: boolean): void {
    const inputs = this.#inputs!;
    if (!inputs.editable || !chosen.movable) {
      this.#outputs.announce(`${chosen.key} has begun or is done: it cannot be moved.`);
      return;
    }
    let { machine, setup } = this.#draft ?? { machine: chosen.machine, setup: chosen.setup };
    if (direction === "left" || direction === "right") {
      const step = (far ? 2 * HOUR : GRID) * (direction === "left" ? -1 : 1);
      setup = Math.max(this.#now(), Math.round((setup + step) / GRID) * GRID);
    } else {
      const able = inputs.rows.all.filter((row) => row.kind === "machine" && inputs.mayRun(chosen, row.id));
      const here = inputs.rows.machines.get(machine)?.y ?? 0;
      const next =
        direction === "down"
          ? able.find((row) => row.y > here)
          : able.filter((row) => row.y < here).at(-1);
      if (!next) {
        this.#outputs.announce("No other machine that way can run it.");
        return;
      }
      machine = next.id;
    }
    this.#show({ machine, setup, end: setup + chosen.end - chosen.setup });
    this.#setDraft({ bar: chosen, machine, setup });
    this.#outputs.announce(
      `${machine}, ${inputs.time.moment(setup, this.#now())}, ${shift(setup - chosen.setup)}. Enter pins it.`,
    );
  }

  #pinChosen(chosen: Bar): void {
    if (!this.#inputs!.editable || !chosen.movable) {
      this.#outputs.announce(`${chosen.key} has begun or is done: it cannot be pinned.`);
      return;
    }
    this.#draft ??= { bar: chosen, machine: chosen.machine, setup: chosen.setup };
    this.#commit();
  }

  #commit(): void {
    const draft = this.#draft;
    this.#setDraft(undefined);
    if (!draft) return;
    this.#outputs.select(draft.bar.key);
    const moved = Math.abs(draft.setup - draft.bar.setup) >= MINUTE;
    this.#outputs.pin(draft.bar, draft.machine, moved ? draft.setup : null);
  }

  #setDraft(draft: Draft | undefined): void {
    this.#draft = draft;
    this.repaint();
  }

  /** Where a bar is on the canvas, in CSS pixels: the tests point at it. */
  placeOf(key: string): { x: number; y: number; width: number } | undefined {
    const bar = this.#inputs?.index.byKey.get(key);
    if (!bar || bar.end < this.#view.start || bar.setup > endOf(this.#view)) return undefined;
    const x = toX(this.#view, bar.setup);
    return { x: GUTTER + x, y: this.rowOf(bar.machine), width: toX(this.#view, bar.end) - x };
  }

  rowOf(machine: string): number {
    const row = this.#inputs?.rows.machines.get(machine);
    return row ? AXIS + row.y - this.#scroll + row.height / 2 : NaN;
  }
}

let painted = 0;

/** User timing of the last paints: `performance.getEntriesByName("board.draw")`. */
function measure(begun: number): void {
  if (++painted % 256 === 0) performance.clearMeasures("board.draw");
  performance.measure("board.draw", { start: begun, end: performance.now() });
}
