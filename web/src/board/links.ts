/** Precedence links between the bars of one order. No DOM. */

import type { Bar, Index } from "./layout";

/** `after` says which operations precede a job; unknown routings are read as a chain in time. */
export function linksOf(
  index: Index,
  order: string,
  after: (job: string) => readonly string[] | undefined,
): [Bar, Bar][] {
  const own = index.byOrder.get(order) ?? [];
  const links: [Bar, Bar][] = [];
  own.forEach((bar, place) => {
    const before = after(bar.key);
    if (before) {
      for (const operation of before) {
        const other = index.byKey.get(`${order}/${operation}`);
        if (other) links.push([other, bar]);
      }
    } else if (place > 0) links.push([own[place - 1]!, bar]);
  });
  return links;
}
