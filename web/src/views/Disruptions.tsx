/** The inbox: what happened, what it puts at risk, and where its alternatives are. */

import type { DisruptionListed } from "../api/types";
import { to } from "../route";
import { disruptions, plant, plantNow, progress, proposals, second, when } from "../store";
import { duration } from "../time";
import { Bar, Empty } from "../ui";

const SOURCE: Record<string, string> = {
  machine_down: "Machine",
  rush_order: "Rush order",
  material_late: "Material",
  operator_absent: "Person",
  order_changed: "Order",
  other: "Other",
};

const PHASE: Record<string, string> = {
  searching: "searching for plans",
  screening: "simulating every plan",
  certifying: "proving the best",
  done: "done",
};

export function Disruptions() {
  second.value;
  const sorted = [...disruptions.value].sort((a, b) => b.at.localeCompare(a.at));
  const open = sorted.filter((item) => item.status === "open");
  const past = sorted.filter((item) => item.status !== "open");
  return (
    <div class="page">
      <h1>Disruptions</h1>
      {!sorted.length && (
        <Empty>
          Nothing has happened yet. Disruptions arrive from the plant as they are seen
          {plant.value?.demo && (
            <>
              {" "}
              or are made with <b>Disrupt the plant</b> on the <a href={to.board}>board</a>
            </>
          )}
          ; each comes with some fifty tested ways to carry on.
        </Empty>
      )}
      <div class="cards">
        {open.map((item) => (
          <DisruptionCard key={item.id} item={item} />
        ))}
      </div>
      {past.length > 0 && (
        <>
          <h2>Answered and over</h2>
          <div class="cards">
            {past.map((item) => (
              <DisruptionCard key={item.id} item={item} />
            ))}
          </div>
        </>
      )}
    </div>
  );
}

export function DisruptionCard({ item, compact = false }: { item: DisruptionListed; compact?: boolean }) {
  const now = plantNow();
  const end = item.expected_end ? Date.parse(item.expected_end) : NaN;
  const risk = item.orders_at_risk;
  return (
    <article class={`disruption ${item.status}`} aria-label={item.title}>
      <header class="row spread">
        <span class="chip">{SOURCE[item.kind] ?? item.kind}</span>
        <span class="muted num">{when(item.at)}</span>
      </header>
      <h3>{item.title}</h3>
      <p class="muted">
        {!Number.isNaN(end) && (end > now ? `expected to end in ${duration(end - now)}. ` : "expected to be over. ")}
        {risk.length > 0
          ? `${risk.length} order${risk.length > 1 ? "s" : ""} at risk if nothing is changed${compact ? "" : `: ${risk.slice(0, 8).join(", ")}${risk.length > 8 ? " …" : ""}`}.`
          : item.status === "open" && "No order at risk known yet."}
      </p>
      <Answer id={item.proposal} status={item.status} />
    </article>
  );
}

function Answer({ id, status }: { id: string; status: string }) {
  const listed = proposals.value.find((proposal) => proposal.id === id);
  const made = progress.value.get(id);
  if (!id) return <p class="muted small">No alternatives were made for it.</p>;
  if (listed?.status === "generating" || (!listed && made && made.phase !== "done")) {
    return <Generating id={id} />;
  }
  const count = listed?.scenarios ?? made?.scenarios ?? 0;
  if (!count) return <p class="bad small">{listed?.stale || "Its alternatives are no longer held."}</p>;
  return (
    <a class={`button ${status === "open" ? "primary" : ""}`} href={to.proposal(id)}>
      {status === "open" ? `Compare ${count} alternatives` : `See its ${count} alternatives`}
      {listed && listed.seconds_to_scenarios > 0 && <span class="faint"> in {listed.seconds_to_scenarios.toFixed(1)} s</span>}
    </a>
  );
}

export function Generating({ id }: { id: string }) {
  const made = progress.value.get(id);
  const text = made
    ? `${PHASE[made.phase] ?? made.phase}${made.scenarios ? ` · ${made.scenarios} so far` : ""}`
    : "starting";
  return (
    <div class="generating">
      <Bar fraction={made?.fraction ?? 0.02} label="Generating alternatives" />
      <p class="muted small">Generating alternatives: {text} …</p>
    </div>
  );
}
