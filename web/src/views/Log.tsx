/** The log: everything that was recorded, newest first, followed live. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import type { LogEntry } from "../api/types";
import { complain, second, zone } from "../store";
import { Empty, Grid } from "../ui";

const KEPT = 1000;
const EVERY = 2; // seconds between two looks

export function Log() {
  const entries = useSignal<readonly LogEntry[]>([]);
  const filter = useSignal("");
  const loaded = useSignal(false);
  const busy = useSignal(false);
  useEffect(() => {
    if (busy.value || (loaded.value && second.value % EVERY)) return;
    busy.value = true;
    const last = entries.value[0]?.position ?? 0;
    api
      .log(last, 300)
      .then((fresh) => {
        const news = fresh.filter((entry) => entry.position > last).sort((a, b) => b.position - a.position);
        if (news.length) entries.value = [...news, ...entries.value].slice(0, KEPT);
        loaded.value = true;
      })
      .catch((error: unknown) => {
        if (!loaded.value) complain(error);
        loaded.value = true;
      })
      .finally(() => (busy.value = false));
  }, [second.value]);
  const wanted = filter.value.trim().toLowerCase();
  const shown = wanted
    ? entries.value.filter((entry) => `${entry.type} ${entry.subject} ${entry.text}`.toLowerCase().includes(wanted))
    : entries.value;
  return (
    <div class="page">
      <div class="row spread">
        <h1>Log</h1>
        <input
          type="search"
          placeholder="Filter by type, machine, order, words"
          aria-label="Filter the log"
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
      </div>
      {shown.length ? (
        <div class="scroll" tabIndex={0} role="region" aria-label="Log entries">
          <Grid
            rows={shown}
            id={(entry) => String(entry.position)}
            columns={[
              ["№", (entry) => entry.position, "num muted"],
              ["Plant time", (entry) => zone.value.moment(Date.parse(entry.time)), "when"],
              ["What", (entry) => <code>{entry.type}</code>],
              ["Where", (entry) => entry.subject],
              ["In words", (entry) => entry.text],
            ]}
          />
        </div>
      ) : (
        <Empty>
          {!loaded.value
            ? "Loading …"
            : wanted
              ? "Nothing in the last thousand entries has these words."
              : "Nothing has been recorded yet. Every event of the plant and every decision appears here."}
        </Empty>
      )}
    </div>
  );
}
