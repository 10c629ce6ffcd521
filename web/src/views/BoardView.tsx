/** The first screen: the board, and beside it what is wrong, what can be broken, what is pinned. */

import { useSignal } from "@preact/signals";
import { Board } from "../board/Board";
import { describe, jobName } from "../board/words";
import { NO_PINS } from "../board/pins";
import { to } from "../route";
import {
  bars,
  machines,
  openDisruptions,
  newestProposal,
  orders,
  partOf,
  personName,
  pinning,
  pins,
  plantNow,
  planVersion,
  second,
  selected,
  when,
} from "../store";
import { shift } from "../time";
import { Empty, Link } from "../ui";
import { AdjustDialog } from "../alternatives/Adjust";
import { Disrupt } from "./Disrupt";
import { DisruptionCard } from "./Disruptions";

const LEGEND = [
  ["done", "done"],
  ["started", "running"],
  ["dispatched", "on the floor"],
  ["planned", "planned"],
  ["plannedLate", "order late"],
  ["setup", "setup"],
  ["closed", "closed"],
  ["down", "down"],
] as const;

export function BoardView() {
  return (
    <div class="board-view">
      <Board name="Plan in force" index={bars.value} editable selected={selected} legend={LEGEND}>
        <h1>Board</h1>
        <FindOrder />
        <Counts />
      </Board>
      <aside class="rail" aria-label="What needs attention">
        {openDisruptions.value.length > 0 && <Inbox />}
        {selected.value && <Selected />}
        {pins.value !== NO_PINS && <PinList />}
        <Disrupt />
        {!openDisruptions.value.length && <Inbox />}
      </aside>
    </div>
  );
}

function FindOrder() {
  const text = useSignal("");
  const find = (): void => {
    const wanted = text.value.trim().toLowerCase();
    if (!wanted) return;
    const order = [...bars.value.byOrder.keys()].find(
      (id) => id.toLowerCase() === wanted || id.toLowerCase().includes(wanted),
    );
    const list = order ? (bars.value.byOrder.get(order) ?? []) : [];
    const bar = list.find((item) => item.end > plantNow()) ?? list.at(-1);
    if (bar) selected.value = bar.key;
  };
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        find();
      }}
    >
      <input
        type="search"
        list="orders"
        placeholder="Find an order"
        aria-label="Find an order"
        disabled={!planVersion.value} // until the board has come
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          if (bars.value.byOrder.has(text.value)) find();
        }}
      />
      <datalist id="orders">
        {[...bars.value.byOrder.keys()].map((id) => (
          <option key={id} value={id}>
            {partOf(id)}
          </option>
        ))}
      </datalist>
    </form>
  );
}

function Counts() {
  const late = new Set([...bars.value.byKey.values()].filter((bar) => bar.kind.endsWith("Late")).map((bar) => bar.order));
  const down = [...machines.value.values()].filter((machine) => machine.state === "down").length;
  const running = [...machines.value.values()].filter((machine) => machine.state === "running").length;
  return (
    <p class="counts">
      <span>
        <b>{running}</b> running
      </span>
      <span class={down ? "bad" : ""}>
        <b>{down}</b> down
      </span>
      <span class={late.size ? "bad" : ""}>
        <b>{late.size}</b> orders late
      </span>
    </p>
  );
}

function Selected() {
  const bar = bars.value.byKey.get(selected.value);
  if (!bar) return null;
  const order = orders.value.get(bar.order);
  const chain = bars.value.byOrder.get(bar.order) ?? [];
  const end = Math.max(...chain.map((item) => item.end));
  const due = order ? Date.parse(order.due) : NaN;
  const isPinned = pins.value.now.some((pin) => pin.job === bar.key);
  return (
    <section class="card" aria-label={describe(bar)}>
      <header class="row spread">
        <h2>
          {bar.order} · {partOf(bar.order)}
        </h2>
        <button class="quiet" aria-label="Clear the selection" onClick={() => (selected.value = "")}>
          ✕
        </button>
      </header>
      {order && (
        <p class="muted">
          {order.quantity} pcs{order.customer && ` for ${order.customer}`} · priority {order.priority}
          <br />
          done {when(end)}, due {when(due)}{" "}
          <b class={end > due ? "bad" : "good"}>{end > due ? `${shift(end - due)} late` : "in time"}</b>
        </p>
      )}
      <ol class="steps">
        {chain.map((item) => (
          <li key={item.key} class={item.kind}>
            <Link text={jobName(item)} here={item.key === bar.key} go={() => (selected.value = item.key)} />
            <span>
              <a href={to.station(item.machine)}>{item.machine}</a> {personName(item.operator)}
            </span>
            <span class="num muted">{when(item.setup)}</span>
          </li>
        ))}
      </ol>
      {bar.movable && (
        <p class="row">
          {isPinned ? (
            <button onClick={() => pinning.remove(bar.key)}>
              Unpin
            </button>
          ) : (
            <button
              onClick={() => pinning.add({ job: bar.key, machine: bar.machine, from: bar.machine, notBefore: null })}
            >
              Pin to {bar.machine}
            </button>
          )}
          <span class="muted small">or drag the bar to where it should go</span>
        </p>
      )}
    </section>
  );
}

function PinList() {
  const adjusting = useSignal(false);
  const list = pins.value.now;
  const base = newestProposal.value;
  return (
    <section class="card" aria-labelledby="pins-title">
      <header class="row spread">
        <h2 id="pins-title">
          Pins <span class="count">{list.length}</span>
        </h2>
        <span class="row">
          <button class="small" disabled={!pins.value.past.length} onClick={pinning.undo}>
            Undo
          </button>
          <button class="small" disabled={!pins.value.future.length} onClick={pinning.redo}>
            Redo
          </button>
        </span>
      </header>
      <ul class="plain">
        {list.map((pin) => (
          <li key={pin.job} class="row spread">
            <Link text={pin.job} go={() => (selected.value = pin.job)} />
            <span>
              {pin.from === pin.machine ? pin.machine : `${pin.from} → ${pin.machine}`}
              {pin.notBefore !== null && <span class="muted"> from {when(pin.notBefore)}</span>}
            </span>
            <button
              class="quiet"
              aria-label={`Unpin ${pin.job}`}
              onClick={() => pinning.remove(pin.job)}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      {list.length > 0 && base && (
        <button class="primary" onClick={() => (adjusting.value = true)}>
          Generate with these pins
        </button>
      )}
      {list.length > 0 && !base && (
        <p class="muted small">They hold in the alternatives you generate when something happens in the plant.</p>
      )}
      {adjusting.value && base && <AdjustDialog id={base.id} close={() => (adjusting.value = false)} />}
    </section>
  );
}

function Inbox() {
  second.value;
  const open = openDisruptions.value;
  return (
    <section class="card" aria-labelledby="inbox-title">
      <header class="row spread">
        <h2 id="inbox-title">
          Disruptions {open.length > 0 && <span class="count">{open.length}</span>}
        </h2>
        <a href={to.disruptions}>All</a>
      </header>
      {open.length ? (
        [...open]
          .sort((a, b) => b.at.localeCompare(a.at))
          .slice(0, 4)
          .map((item) => <DisruptionCard key={item.id} item={item} compact />)
      ) : (
        <Empty>
          Nothing waits for an answer. When a machine fails, a rush order comes in, material is late or somebody is absent, it
          appears here with ways to carry on.
        </Empty>
      )}
    </section>
  );
}
