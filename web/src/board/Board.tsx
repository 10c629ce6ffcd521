/** The board as a component: canvas, zoom buttons, tooltip, legend, and the table of the same selection. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import {
  announce,
  machines,
  orders,
  partOf,
  personName,
  pinning,
  pins,
  plant,
  plantNow,
  routingOf,
  rows,
  when,
  zone,
} from "../store";
import type { Signal } from "@preact/signals";
import { duration, shift } from "../time";
import { Controller, type Inputs } from "./controller";
import { GUTTER } from "./draw";
import { closedBetween, type Bar, type Index } from "./layout";
import { linksOf } from "./links";
import { Table } from "./Table";
import { describe, jobName, label, mayRun, pinBar, WORDS } from "./words";

export interface BoardProps {
  name: string; // what it shows, for those who cannot see it
  index: Index;
  ghosts?: Index | undefined;
  editable: boolean;
  selected: Signal<string>;
  legend: readonly (readonly [swatch: string, label: string])[];
  children?: ComponentChildren;
}

const SPANS: readonly (readonly [number | "all", string])[] = [
  [8, "8 h"],
  [24, "24 h"],
  [72, "3 days"],
  ["all", "All"],
];

export function Board(props: BoardProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const controller = useRef<Controller | undefined>(undefined);
  const hover = useSignal<{ bar: Bar; x: number; y: number } | null>(null);
  const span = useSignal(24);
  const asTable = useSignal(false);
  const index = useSignal(props.index);
  const ghosts = useSignal(props.ghosts);
  index.value = props.index;
  ghosts.value = props.ghosts;

  const closed = useComputed(
    () =>
      new Map(
        (plant.value?.machines ?? []).map((machine) => [
          machine.id,
          closedBetween(machine.calendar_open.map(([from, to]) => [Date.parse(from), Date.parse(to)] as const)),
        ]),
      ),
  );
  const inputs = useComputed<Inputs>(() => ({
    rows: rows.value,
    index: index.value,
    ghosts: ghosts.value,
    time: zone.value,
    closed: closed.value,
    states: new Map(
      [...machines.value].map(([id, state]) => [
        id,
        {
          state: state.state,
          since: state.since ? Date.parse(state.since) : NaN,
          until: state.expected_end ? Date.parse(state.expected_end) : 0,
        },
      ]),
    ),
    label,
    describe,
    linksOf: (order) => linksOf(index.value, order, (job) => routingOf(job)?.after),
    dueOf: (order) => Date.parse(orders.value.get(order)?.due ?? ""),
    mayRun,
    pins: pins.value.now,
    selected: props.selected.value,
    editable: props.editable,
  }));

  useEffect(() => {
    const made = new Controller(canvas.current!, props.name, plantNow, {
      select: (key) => (props.selected.value = key),
      hover: (bar, x, y) => (hover.value = bar ? { bar, x, y } : null),
      pin: pinBar,
      unpin: pinning.remove,
      announce,
      zoomed: (hours) => (span.value = hours),
    });
    controller.current = made;
    (canvas.current as HTMLCanvasElement & { board?: Controller }).board = made;
    made.update(inputs.value);
    return () => made.dispose();
  }, []);
  useSignalEffect(() => controller.current?.update(inputs.value));

  const help = useMemo(() => `board-help-${props.name.replace(/\W+/g, "-")}`, [props.name]);
  return (
    <section class="board" aria-label={props.name}>
      <div class="board-bar">
        {props.children}
        <span class="grow" />
        <div class="segments" role="group" aria-label="Time shown">
          {SPANS.map(([hours, text]) => (
            <button
              key={text}
              aria-pressed={hours !== "all" && Math.abs(span.value - hours) < hours * 0.04}
              onClick={() => controller.current?.showHours(hours)}
            >
              {text}
            </button>
          ))}
          <button aria-label="Zoom out" onClick={() => controller.current?.zoomBy(1 / 1.5)}>
            −
          </button>
          <button aria-label="Zoom in" onClick={() => controller.current?.zoomBy(1.5)}>
            +
          </button>
        </div>
        <button
          class="quiet"
          aria-pressed={asTable.value}
          onClick={() => (asTable.value = !asTable.value)}
        >
          Table
        </button>
      </div>
      <div class="board-stage">
        <canvas
          ref={canvas}
          class="board-canvas"
          tabIndex={0}
          role="application"
          aria-roledescription="machine board"
          aria-label={props.name}
          aria-describedby={help}
        />
        <p id={help} class="unseen">
          Arrow keys select operations. {props.editable && "Shift with arrow keys moves one, Enter pins it, Delete unpins it. "}
          Plus, minus and zero zoom, N returns to now. The Table button shows the same operations as a table.
        </p>
        {hover.value && !asTable.value && <Tip {...hover.value} width={canvas.current?.clientWidth ?? 0} />}
        {asTable.value && (
          <Table index={props.index} selected={props.selected} editable={props.editable} close={() => (asTable.value = false)} />
        )}
      </div>
      <footer class="board-foot">
        <ul class="legend" aria-label="Legend">
          {props.legend.map(([swatch, text]) => (
            <li key={text}>
              <i class={`swatch ${swatch}`} aria-hidden="true" />
              {text}
            </li>
          ))}
        </ul>
        <span class="muted" aria-hidden="true">
          wheel scrolls · ⇧ wheel pans · ctrl wheel zooms · drag a bar to pin it
        </span>
      </footer>
    </section>
  );
}

function Tip({ bar, x, y, width }: { bar: Bar; x: number; y: number; width: number }) {
  const now = plantNow();
  const order = orders.value.get(bar.order);
  const due = order ? Date.parse(order.due) : NaN;
  const left = Math.min(Math.max(GUTTER, x + 14), Math.max(GUTTER, width - 280));
  return (
    <div class="tip" style={{ left: `${left}px`, top: `${y + 18}px` }} aria-hidden="true">
      <b>
        {bar.order} · {partOf(bar.order)}
      </b>
      <span class="muted">
        {jobName(bar)} on {bar.machine} {bar.operator && `· ${personName(bar.operator)}`}
      </span>
      <span>
        {when(bar.setup)} – {when(bar.end)}
        {bar.start - bar.setup > 60_000 && <em> setup {duration(bar.start - bar.setup)}</em>}
      </span>
      <span class={bar.kind.endsWith("Late") ? "bad" : "muted"}>{WORDS[bar.kind]}</span>
      {order && (
        <span class="muted">
          {order.quantity} pcs{order.customer && ` for ${order.customer}`} · due {when(due)} (
          {due < now ? `${duration(now - due)} ago` : shift(due - now).replace("+", "in ")})
        </span>
      )}
    </div>
  );
}
