/** Two figures against each other, with the alternatives no other beats on both. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { ScenarioSummary } from "../api/types";
import { isReference, paretoFront, standing, valueOf, type Metric } from "./metrics";
import { scenarioName, type Bench } from "./bench";

const WIDTH = 440;
const HEIGHT = 250;
const EDGE = { left: 58, right: 12, top: 10, bottom: 24 };

export function Scatter({ bench }: { bench: Bench }) {
  const pick = (wanted: string, other: number): string =>
    bench.metrics.find((metric) => metric.id === wanted)?.id ?? bench.metrics[other]?.id ?? "";
  const xId = useSignal(pick("operations_moved", 0));
  const yId = useSignal(pick("weighted_tardiness_s", 1));
  const group = useRef<SVGGElement>(null);
  const x = bench.metrics.find((metric) => metric.id === xId.value);
  const y = bench.metrics.find((metric) => metric.id === yId.value);
  if (!x || !y) return null;
  const place = (scenario: ScenarioSummary): [number, number] => [
    EDGE.left +
      (WIDTH - EDGE.left - EDGE.right) * standing(valueOf(scenario, x.id), bench.ranges.get(x.id)!),
    EDGE.top + (HEIGHT - EDGE.top - EDGE.bottom) * (1 - standing(valueOf(scenario, y.id), bench.ranges.get(y.id)!)),
  ];
  const usable = bench.scenarios.filter(
    (item) => !Number.isNaN(valueOf(item, x.id)) && !Number.isNaN(valueOf(item, y.id)),
  );
  const passing = usable.filter((item) => bench.passing.has(item.id));
  const front = paretoFront(passing, x, y);
  const onFront = new Set(front.map((item) => item.id));
  const walk = [...passing].sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1]);
  const steps = front
    .map((item, at) => {
      const [px, py] = place(item);
      return at ? `H${px}V${py}` : `M${px} ${py}`;
    })
    .join("");
  const focus = bench.hovered.value || bench.chosen.value;
  const shown = usable.find((item) => item.id === focus);
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || !walk.length) return;
    event.preventDefault();
    const at = walk.findIndex((item) => item.id === bench.chosen.value);
    bench.chosen.value = walk[Math.min(walk.length - 1, Math.max(0, at + step))]!.id;
  };
  return (
    <section class="card scatter" aria-label="Trade-off of two figures">
      <header class="row spread">
        <h2>Trade-off</h2>
        <span class="row small">
          <Axis label="Across" value={xId} metrics={bench.metrics} />
          <Axis label="Up" value={yId} metrics={bench.metrics} />
        </span>
      </header>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="application"
        aria-roledescription="scatter plot"
        tabindex={0}
        aria-label={
          `${passing.length} alternatives by ${x.label} and ${y.label}, ${front.length} of them on the front. ` +
          `Arrow keys choose one.${shown ? ` Chosen: ${scenarioName(shown.id)}.` : ""}`
        }
        onKeyDown={key}
      >
        <path class="frame" d={`M${EDGE.left} ${EDGE.top}V${HEIGHT - EDGE.bottom}H${WIDTH - EDGE.right}`} />
        <End x={EDGE.left - 6} y={HEIGHT - EDGE.bottom} anchor="end" text={y.show(bench.ranges.get(y.id)!.best)} />
        <End x={EDGE.left - 6} y={EDGE.top + 8} anchor="end" text={y.show(bench.ranges.get(y.id)!.worst)} />
        <End x={EDGE.left} y={HEIGHT - 8} anchor="start" text={x.show(bench.ranges.get(x.id)!.best)} />
        <End x={WIDTH - EDGE.right} y={HEIGHT - 8} anchor="end" text={x.show(bench.ranges.get(x.id)!.worst)} />
        <End x={(WIDTH + EDGE.left) / 2} y={HEIGHT - 8} anchor="middle" text={`${x.label} →`} />
        <End x={EDGE.left + 6} y={EDGE.top + 8} anchor="start" text={`↑ ${y.label}`} />
        <path class="front" d={steps} />
        <g ref={group}>
          {usable.map((scenario) => {
            const [px, py] = place(scenario);
            const reference = isReference(scenario);
            const kind = [
              "point",
              bench.passing.has(scenario.id) ? "" : "out",
              onFront.has(scenario.id) ? "on-front" : "",
              scenario.verdict.advances ? "" : "failed",
              reference ? "reference" : "",
              bench.chosen.value === scenario.id ? "chosen" : "",
            ].join(" ");
            return (
              <g
                key={scenario.id}
                class={kind}
                transform={`translate(${px} ${py})`}
                onMouseEnter={() => (bench.hovered.value = scenario.id)}
                onMouseLeave={() => (bench.hovered.value = "")}
                onClick={() => (bench.chosen.value = scenario.id)}
              >
                <circle class="reach" r="9" />
                {reference ? <rect x="-4.5" y="-4.5" width="9" height="9" /> : <circle r="4.5" />}
                <title>
                  {scenarioName(scenario.id)}: {x.show(valueOf(scenario, x.id))}, {y.show(valueOf(scenario, y.id))}
                </title>
              </g>
            );
          })}
        </g>
        {shown && <PointLabel at={place(shown)} text={scenarioName(shown.id)} />}
      </svg>
    </section>
  );
}

function End({ x, y, anchor, text }: { x: number; y: number; anchor: "start" | "middle" | "end"; text: string }) {
  return (
    <text class="end" x={x} y={y} text-anchor={anchor}>
      {text}
    </text>
  );
}

function PointLabel({ at, text }: { at: [number, number]; text: string }) {
  const right = at[0] > WIDTH - 120;
  return (
    <text class="point-label" x={at[0] + (right ? -9 : 9)} y={Math.max(12, at[1] - 7)} text-anchor={right ? "end" : "start"}>
      {text}
    </text>
  );
}

function Axis(props: { label: string; value: { value: string }; metrics: readonly Metric[] }) {
  return (
    <label>
      {props.label}{" "}
      <select value={props.value.value} onChange={(event) => (props.value.value = event.currentTarget.value)}>
        {props.metrics.map((metric) => (
          <option key={metric.id} value={metric.id}>
            {metric.label}
          </option>
        ))}
      </select>
    </label>
  );
}
