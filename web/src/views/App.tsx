/** The frame around every view: name, routes, clock, connection, messages. */

import type { ComponentChildren } from "preact";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import { to, type Route } from "../route";
import {
  announced,
  attempt,
  clock,
  link,
  openDisruptions,
  plant,
  plantConnected,
  plantNow,
  planVersion,
  route,
  second,
  zone,
} from "../store";
import { dialogs, Empty, Toasts } from "../ui";
import { BoardView } from "./BoardView";
import { Compare } from "../alternatives/Compare";
import { Disruptions } from "./Disruptions";
import { Log } from "./Log";
import { Machines } from "./Machines";
import { Outcomes } from "./Outcomes";
import { ProposalView } from "../alternatives/ProposalView";
import { Station, Stations } from "./Station";

type Theme = "auto" | "light" | "dark";

const remembered = localStorage.getItem("theme");
const theme = signal<Theme>(remembered === "light" || remembered === "dark" ? remembered : "auto");

function setTheme(wanted: Theme): void {
  theme.value = wanted;
  localStorage.setItem("theme", wanted);
  showTheme();
}

export function showTheme(): void {
  document.documentElement.style.colorScheme = theme.value === "auto" ? "light dark" : theme.value;
  document.dispatchEvent(new Event("themechange"));
}

const NAV: readonly (readonly [string, string, readonly Route["view"][]])[] = [
  [to.board, "Board", ["board"]],
  [to.machines, "Machines", ["machines"]],
  [to.disruptions, "Disruptions", ["disruptions", "proposal", "compare"]],
  [to.outcomes, "Carried out", ["outcomes"]],
  [to.stations, "Stations", ["stations", "station"]],
  [to.log, "Log", ["log"]],
];

const RATES = [0, 1, 5, 15, 30, 60, 120, 300, 600];

export function App() {
  const here = route.value;
  useEffect(() => {
    const shown = NAV.find(([, , views]) => views.includes(here.view))?.[1];
    document.title = `${shown ?? "Linewright"} · ${plant.value?.name ?? "Linewright"}`;
  }, [here.view, plant.value?.name]);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event)}>
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href={to.board} aria-label="Linewright, to the board">
          <svg viewBox="0 0 22 16" width="22" height="16" aria-hidden="true">
            <rect x="0" y="0" width="12" height="4" rx="1" fill="currentColor" />
            <rect x="6" y="6" width="16" height="4" rx="1" fill="var(--warn)" />
            <rect x="2" y="12" width="10" height="4" rx="1" fill="currentColor" />
          </svg>
          Linewright
        </a>
        <span class="plant-name">{plant.value?.name}</span>
        <nav aria-label="Views">
          {NAV.map(([href, text, views]) => (
            <a key={href} href={href} aria-current={views.includes(here.view) ? "page" : undefined}>
              {text}
              {text === "Disruptions" && openDisruptions.value.length > 0 && (
                <span class="badge" aria-label={`${openDisruptions.value.length} open`}>
                  {openDisruptions.value.length}
                </span>
              )}
            </a>
          ))}
        </nav>
        <span class="grow" />
        <Clock />
        <Connection />
        <button
          class="quiet icon"
          aria-label={`Colours: ${theme.value}. Change`}
          title={`Colours: ${theme.value}`}
          onClick={() => setTheme(theme.value === "auto" ? "dark" : theme.value === "dark" ? "light" : "auto")}
        >
          <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
            <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" />
            <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" />
          </svg>
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {plant.value ? <View route={here} /> : <Waiting />}
      </main>
      {dialogs.value === 0 && <Toasts />}
      <div class="unseen" role="status" aria-live="polite">
        {announced.value}
      </div>
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function View({ route: here }: { route: Route }): ComponentChildren {
  switch (here.view) {
    case "board":
      return <BoardView />;
    case "machines":
      return <Machines />;
    case "disruptions":
      return <Disruptions />;
    case "proposal":
      return <ProposalView key={here.id} id={here.id} />;
    case "compare":
      return <Compare key={here.id + here.scenario} id={here.id} scenario={here.scenario} />;
    case "outcomes":
      return <Outcomes />;
    case "stations":
      return <Stations />;
    case "station":
      return <Station key={here.machine} machine={here.machine} />;
    case "log":
      return <Log />;
    default:
      return (
        <Empty>
          There is no view <code>{here.hash}</code>. <a href={to.board}>To the board</a>
        </Empty>
      );
  }
}

function Waiting() {
  return (
    <Empty>
      {link.value === "lost"
        ? "Linewright does not answer. Maybe it was stopped: start it again, this page reconnects by itself."
        : "Connecting to Linewright …"}
    </Empty>
  );
}

function Clock() {
  second.value;
  const { rate, at } = clock.value;
  if (!at) return null;
  return (
    <span class="clock">
      {planVersion.value > 0 && <span class="muted">Plan {planVersion.value}</span>}
      <time class="num" aria-label="Plant time">
        {zone.value.day(plantNow())} <b>{zone.value.clock(plantNow())}</b>
      </time>
      {plant.value?.demo ? (
        <select
          aria-label="Speed of the demonstration plant"
          title="Speed of the demonstration plant"
          value={String(rate)}
          onChange={(event) => {
            const wanted = Number(event.currentTarget.value);
            void attempt(() => api.rate(wanted));
          }}
        >
          {[...new Set([...RATES, rate])]
            .sort((a, b) => a - b)
            .map((value) => (
              <option key={value} value={String(value)}>
                {value === 0 ? "paused" : `× ${value}`}
              </option>
            ))}
        </select>
      ) : null}
    </span>
  );
}

function Connection() {
  const state = link.value;
  const [tone, text, title] =
    state === "lost"
      ? ["bad", "reconnecting", "Linewright does not answer; trying again"]
      : state === "connecting"
        ? ["", "connecting", "Connecting to Linewright"]
        : plantConnected.value
          ? ["good", "live", "The plant answers"]
          : ["warn", "plant lost", "Linewright answers, the plant does not"];
  return (
    <span class={`pill ${tone}`} title={title}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

