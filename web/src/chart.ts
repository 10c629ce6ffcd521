/** Lines over plant time, drawn by uPlot in the page's colours. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { PlantTime } from "./time";

export interface ChartOptions {
  readonly height: number;
  readonly zone: string;
  readonly time: PlantTime;
  readonly series: readonly { label: string; colour: string; fill?: boolean; dash?: number[] }[];
  readonly most?: number;
}

const STEPS = [60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

export interface Chart {
  show(data: readonly (readonly (number | null)[])[]): void;
  dispose(): void;
}

export function lineChart(host: HTMLElement, options: ChartOptions): Chart {
  let data: uPlot.AlignedData = [[], ...options.series.map(() => [])];
  let plot: uPlot | undefined;
  const colour = (name: string): string => {
    const probe = host.appendChild(document.createElement("span"));
    probe.style.color = `var(${name})`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const make = (): void => {
    plot?.destroy();
    const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    plot = new uPlot(
      {
        width: host.clientWidth || 600,
        height: options.height,
        legend: { live: false },
        cursor: { y: false },
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), options.zone),
        padding: [8, 8, 0, 0],
        scales: { x: { time: true }, y: { range: (_, __, high) => [0, Math.max(1, options.most ?? high * 1.08)] } },
        axes: [
          {
            ...axis,
            size: 26,
            space: 72,
            incrs: STEPS,
            values: (_, ticks, __, ___, step) =>
              ticks.map((at) => (step < 86_400 ? options.time.clock(at * 1000) : options.time.day(at * 1000))),
          },
          { ...axis, size: 40, space: 28 },
        ],
        series: [
          {},
          ...options.series.map((series) => {
            const stroke = colour(series.colour);
            return {
              label: series.label,
              stroke,
              width: 1.75,
              points: { show: false },
              ...(series.dash ? { dash: series.dash } : {}),
              ...(series.fill ? { fill: stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)") } : {}),
            };
          }),
        ],
      },
      data,
      host,
    );
  };
  make();
  const resized = new ResizeObserver(() => plot?.setSize({ width: host.clientWidth, height: options.height }));
  resized.observe(host);
  document.addEventListener("themechange", make);
  return {
    show(next) {
      data = next as unknown as uPlot.AlignedData;
      plot?.setData(data);
    },
    dispose() {
      resized.disconnect();
      document.removeEventListener("themechange", make);
      plot?.destroy();
    },
  };
}
