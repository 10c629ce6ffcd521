/** Every alternative as a line across the figures, best at the top. A limit on an axis filters the other views. */

import { useRef } from "preact/hooks";
import { announce } from "../store";
import { brushed, standing, valueOf, type Metric } from "./metrics";
import { scenarioName, type Bench } from "./bench";

const HEIGHT = 190;
const TOP = 30;
const BOTTOM = 20;
const WIDTH = 1200;
const SIDE = 60;
const MOST = 10;

export function Parallel({ bench }: { bench: Bench }) {
  const svg = useRef<SVGSVGElement>(null);
  const axes = bench.metrics
    .filter((metric) => {
      const range = bench.ranges.get(metric.id)!;
      return range.best !== range.worst && Number.isFinite(range.best);
    })
    .slice(0, MOST);
  if (axes.length < 2) return null;
  const x = (place: number): number => SIDE + ((WIDTH - 2 * SIDE) * place) / (axes.length - 1);
  const y = (at: number): number => TOP + (HEIGHT - TOP - BOTTOM) * at;
  const path = (id: string): string => {
    const scenario = bench.scenarios.find((item) => item.id === id);
    if (!scenario) return "";
    return axes
      .map((metric, place) => {
        const at = standing(valueOf(scenario, metric.id), bench.ranges.get(metric.id)!);
        return `${place ? "L" : "M"}${x(place).toFixed(1)} ${y(at).toFixed(1)}`;
      })
      .join("");
  };
  const front = [bench.chosen.value, bench.hovered.value].filter(Boolean);
  const drag = useRef<{ id: string; from: number } | null>(null);
  const level = (event: PointerEvent): number => {
    const box = svg.current!.getBoundingClientRect();
    const at = ((event.clientY - box.top) / box.height) * HEIGHT;
    return Math.min(1, Math.max(0, (at - TOP) / (HEIGHT - TOP - BOTTOM)));
  };
  const limits = Object.keys(bench.brushes.value).length;
  return (
    <section class="card parallel" aria-label="All figures at once">
      <header class="row spread">
        <h2>All figures at once</h2>
        <span class="row muted small">
          {limits ? `${bench.passing.size} of ${bench.scenarios.length} are within the limits` : "Drag along an axis to set limits; the matrix and the trade-off follow"}
          <button class="small" disabled={!limits} onClick={() => (bench.brushes.value = {})}>
            Clear limits
          </button>
        </span>
      </header>
      <svg ref={svg} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label="Parallel coordinates">
        <g class="lines" aria-hidden="true">
          {bench.scenarios.map((scenario) => (
            <path
              key={scenario.id}
              class={`line ${bench.passing.has(scenario.id) ? "" : "out"} ${scenario.verdict.advances ? "" : "failed"}`}
              d={path(scenario.id)}
              onMouseEnter={() => (bench.hovered.value = scenario.id)}
              onMouseLeave={() => (bench.hovered.value = "")}
              onClick={() => (bench.chosen.value = scenario.id)}
            >
              <title>{scenarioName(scenario.id)}</title>
            </path>
          ))}
          {["keep", ...front].map((id) => (
            <path key={id} class={`line ${id === bench.chosen.value ? "chosen" : id === "keep" ? "keep" : "hovered"}`} d={path(id)} />
          ))}
        </g>
        {axes.map((metric, place) => (
          <AxisLine
            key={metric.id}
            metric={metric}
            bench={bench}
            x={x(place)}
            y={y}
            down={(event) => {
              event.currentTarget instanceof Element && event.currentTarget.setPointerCapture(event.pointerId);
              drag.current = { id: metric.id, from: level(event) };
            }}
            move={(event) => {
              const held = drag.current;
              if (held?.id !== metric.id) return;
              const at = level(event);
              if (Math.abs(at - held.from) > 0.02) {
                bench.brushes.value = brushed(bench.brushes.value, metric.id, held.from, at);
              }
            }}
            up={(event) => {
              const held = drag.current;
              drag.current = null;
              if (held && Math.abs(level(event) - held.from) <= 0.02) {
                bench.brushes.value = brushed(bench.brushes.value, metric.id, 0, 1);
              }
            }}
          />
        ))}
      </svg>
    </section>
  );
}

function AxisLine(props: {
  metric: Metric;
  bench: Bench;
  x: number;
  y: (at: number) => number;
  down: (event: PointerEvent) => void;
  move: (event: PointerEvent) => void;
  up: (event: PointerEvent) => void;
}) {
  const { metric, bench, x, y } = props;
  const range = bench.ranges.get(metric.id)!;
  const [from, to] = bench.brushes.value[metric.id] ?? [0, 1];
  const limited = metric.id in bench.brushes.value;
  const limit = range.best + (range.worst - range.best) * to;
  const set = (next: number): void => {
    bench.brushes.value = brushed(bench.brushes.value, metric.id, 0, next);
    announce(`${metric.label}: ${bench.passing.size} alternatives within the limits`);
  };
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowUp: -0.05, ArrowDown: 0.05, PageUp: -0.2, PageDown: 0.2 }[event.key];
    const held = bench.brushes.value[metric.id]?.[1] ?? 1; // keys repeat faster than the page is drawn
    if (step !== undefined) set(Math.min(1, Math.max(0.05, held + step)));
    else if (event.key === "Escape" || event.key === "Delete") set(1);
    else return;
    event.preventDefault();
  };
  return (
    <g
      class={`axis ${limited ? "limited" : ""}`}
      tabindex={0}
      role="slider"
      aria-orientation="vertical"
      aria-label={`Worst ${metric.label} let through`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(to * 100)}
      aria-valuetext={limited ? metric.show(limit) : "no limit"}
      onKeyDown={key}
      onPointerDown={props.down}
      onPointerMove={props.move}
      onPointerUp={props.up}
    >
      <text class="name" x={x} y={11} text-anchor="middle">
        {metric.short}
      </text>
      <text class="end" x={x} y={23} text-anchor="middle">
        {metric.show(range.best)}
      </text>
      <text class="end" x={x} y={HEIGHT - 6} text-anchor="middle">
        {metric.show(range.worst)}
      </text>
      <line x1={x} x2={x} y1={y(0)} y2={y(1)} />
      <rect class="grab" x={x - 14} y={y(0) - 4} width="28" height={y(1) - y(0) + 8} />
      {limited && <rect class="brush" x={x - 6} y={y(from)} width="12" height={Math.max(3, y(to) - y(from))} rx="2" />}
    </g>
  );
}
