/** The board's operations as a table: the selected order, or what runs next on every machine. */

import type { Signal } from "@preact/signals";
import { partOf, personName, pins, plantNow, when } from "../store";
import { HOUR } from "../time";
import { Grid, Link } from "../ui";
import { describe, jobName, pinBar, WORDS } from "./words";
import type { Bar, Index } from "./layout";

const HOURS = 24;

export function Table(props: { index: Index; selected: Signal<string>; editable: boolean; close: () => void }) {
  const now = plantNow();
  const chosen = props.index.byKey.get(props.selected.value);
  const shown: Bar[] = chosen
    ? (props.index.byOrder.get(chosen.order) ?? [])
    : [...props.index.byKey.values()]
        .filter((bar) => bar.end > now && bar.setup < now + HOURS * HOUR)
        .sort((a, b) => a.machine.localeCompare(b.machine) || a.setup - b.setup);
  const pinned = new Set(pins.value.now.map((pin) => pin.job));
  return (
    <div class="board-table">
      <div class="row spread">
        <h2>{chosen ? `Order ${chosen.order} · ${partOf(chosen.order)}` : `The next ${HOURS} hours`}</h2>
        <span class="row">
          {chosen && (
            <button onClick={() => (props.selected.value = "")}>
              All machines
            </button>
          )}
          <button onClick={props.close}>
            Back to the board
          </button>
        </span>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Operations">
        <Grid
          rows={shown}
          id={(bar) => bar.key}
          chosen={props.selected.value}
          columns={[
            ["Machine", (bar) => bar.machine],
            ["Order", (bar) => <Link text={bar.order} go={() => (props.selected.value = bar.key)} />],
            ["Part", (bar) => partOf(bar.order)],
            ["Operation", jobName],
            ["Operator", (bar) => personName(bar.operator)],
            ["Setup", (bar) => when(bar.setup), "when"],
            ["Start", (bar) => when(bar.start), "when"],
            ["End", (bar) => when(bar.end), "when"],
            ["State", (bar) => WORDS[bar.kind], (bar) => (bar.kind.endsWith("Late") ? "bad" : "")],
            props.editable && [
              "Pin",
              (bar) =>
                bar.movable && (
                  <button
                    class="small"
                    disabled={pinned.has(bar.key)}
                    aria-label={`Pin: ${describe(bar)}`}
                    onClick={() => pinBar(bar, bar.machine, null)}
                  >
                    {pinned.has(bar.key) ? "Pinned" : "Pin"}
                  </button>
                ),
            ],
          ]}
        />
        {!shown.length && <p class="empty">Nothing is planned in these hours.</p>}
      </div>
    </div>
  );
}
