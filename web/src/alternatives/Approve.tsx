/** Approval: exactly what goes to whom, then one signature. */

import { useSignal } from "@preact/signals";
import { api, ApiError } from "../api/client";
import type { Proposal, Scenario } from "../api/types";
import { to } from "../route";
import { attempt, complain, floorNews, loadDecisions, personName, say, when } from "../store";
import { Dialog, Grid, Pending, Tabs, useLoad } from "../ui";
import { NoticeList, StagingList } from "../views/lists";
import { AdjustDialog } from "./Adjust";
import { planner, scenarioName, signAs } from "./bench";

export function ApproveDialog(props: { proposal: Proposal; scenario: string; close: () => void }) {
  const { proposal, scenario } = props;
  const loaded = useLoad(() => api.scenario(proposal.id, scenario), [proposal.id, scenario]);
  return (
    <Dialog title={`Approve ${scenarioName(scenario)}`} close={props.close} wide>
      {loaded.data ? (
        <Form proposal={proposal} scenario={loaded.data} close={props.close} />
      ) : (
        <Pending loaded={loaded} />
      )}
    </Dialog>
  );
}

function Form({ proposal, scenario, close }: { proposal: Proposal; scenario: Scenario; close: () => void }) {
  const comment = useSignal("");
  const name = useSignal(planner.value);
  const sending = useSignal(false);
  const stale = useSignal<ApiError | null>(null);
  const adjusting = useSignal(false);
  const tab = useSignal("jobs");
  const moves = scenario.staging.filter((move) => move.change !== "same");
  const approve = async (event: Event): Promise<void> => {
    event.preventDefault();
    sending.value = true;
    signAs(name.value.trim());
    try {
      const done = await api.approve(proposal.id, scenario.id, name.value.trim(), comment.value.trim());
      say(`Plan ${done.plan_version} is approved.`, `${done.jobs} job orders are on their way to the plant.`);
      floorNews.value++;
      await attempt(loadDecisions);
      location.hash = to.outcomes;
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) stale.value = error;
      else complain(error);
    } finally {
      sending.value = false;
    }
  };
  if (adjusting.value) return <AdjustDialog id={proposal.id} close={close} />;
  return (
    <form onSubmit={(event) => void approve(event)}>
      {stale.value && (
        <div class="failure row spread" role="alert">
          <span>
            <b>Not approved: something has happened since.</b> {stale.value.message} {stale.value.advice}
          </span>
          <button type="button" onClick={() => (adjusting.value = true)}>
            Regenerate from now
          </button>
        </div>
      )}
      <p>{scenario.reason}</p>
      {!scenario.verdict.advances && (
        <div class="failure caution">
          <b>It did not pass every gate.</b>{" "}
          {scenario.verdict.gates
            .filter((gate) => !gate.passed)
            .map((gate) => gate.text)
            .join("; ")}
          .
        </div>
      )}
      <Tabs
        label="What goes to whom"
        chosen={tab.value}
        choose={(id) => (tab.value = id)}
        tabs={[
          { id: "jobs", label: "Job orders to the plant", count: scenario.difference.jobs.length },
          { id: "notices", label: "Notices to people", count: scenario.notices.length },
          { id: "staging", label: "Staging moves", count: moves.length },
        ]}
      >
        {tab.value === "jobs" && <Jobs scenario={scenario} />}
        {tab.value === "notices" && <NoticeList notices={scenario.notices} />}
        {tab.value === "staging" && <StagingList moves={moves} />}
      </Tabs>
      <footer class="row sign">
        <label>
          Approved by{" "}
          <input
            required
            autocomplete="name"
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        </label>
        <label class="grow">
          Comment{" "}
          <input
            class="stretch"
            placeholder="optional, kept in the record"
            value={comment.value}
            onInput={(event) => (comment.value = event.currentTarget.value)}
          />
        </label>
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button class="primary" disabled={sending.value || !name.value.trim()}>
          {sending.value ? "Approving …" : "Approve and send"}
        </button>
      </footer>
    </form>
  );
}

function Jobs({ scenario }: { scenario: Scenario }) {
  const text = new Map(scenario.instructions.map((item) => [item.job_order, item]));
  const placed = new Map(scenario.operations.map((item) => [`${item.order}/${item.operation}`, item]));
  return (
    <Grid
      rows={scenario.difference.jobs}
      id={(job) => job}
      columns={[
        ["Job order", (job) => job],
        ["Change", (job) => text.get(job)?.change ?? "changed"],
        ["Machine", (job) => placed.get(job)?.machine],
        ["Operator", (job) => personName(placed.get(job)?.operator ?? "")],
        ["Begins", (job) => when(placed.get(job)?.setup_start ?? null), "when"],
        ["Ends", (job) => when(placed.get(job)?.end ?? null), "when"],
      ]}
    />
  );
}
