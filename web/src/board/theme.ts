/** The board's colours as the style sheet gives them, in the theme now in use. */

import { COLOURS, type Colours } from "./draw";

/** Custom properties hold `light-dark(…)` unresolved; a probe's computed `color` is what is painted. */
export function readColours(host: HTMLElement): Colours {
  const probe = document.createElement("span");
  host.append(probe);
  const found = {} as Colours;
  for (const name of COLOURS) {
    probe.style.color = `var(--b-${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

/** A diagonal hatch for machines that are down. */
export function hatchPattern(context: CanvasRenderingContext2D, colours: Colours, ratio: number): CanvasPattern | null {
  const size = 7;
  const tile = new OffscreenCanvas(size * ratio, size * ratio);
  const ink = tile.getContext("2d");
  if (!ink) return null;
  ink.scale(ratio, ratio);
  ink.fillStyle = colours.down;
  ink.fillRect(0, 0, size, size);
  ink.strokeStyle = colours.fault;
  ink.globalAlpha = 0.6;
  ink.lineWidth = 1.1;
  for (const shift of [-size, 0, size]) {
    ink.moveTo(shift - 1, size + 1);
    ink.lineTo(shift + size + 1, -1);
  }
  ink.stroke();
  const pattern = context.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}
