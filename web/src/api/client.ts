/** Calls to the API. What goes wrong becomes an `ApiError` that says what to do about it. */

import type * as T from "./types";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly advice: string,
  ) {
    super(message);
  }
}

async function call<R>(method: "GET" | "POST", path: string, body?: unknown): Promise<R> {
  let response: Response;
  try {
    response = await fetch(`api/${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(
      0,
      "Unreachable",
      "Linewright does not answer.",
      "Maybe it was stopped. Start it again; this page reconnects by itself.",
    );
  }
  const text = await response.text();
  if (response.ok) return (text ? JSON.parse(text) : undefined) as R;
  let said: { kind?: string; message?: string; advice?: string } | undefined;
  try {
    said = (JSON.parse(text) as { error?: typeof said }).error;
  } catch {
    said = undefined;
  }
  throw new ApiError(
    response.status,
    said?.kind ?? `HTTP ${response.status}`,
    said?.message ?? `${method} api/${path} was answered with status ${response.status}.`,
    said?.advice ?? "",
  );
}

const of = encodeURIComponent;

export const api = {
  plant: () => call<T.Plant>("GET", "plant"),
  board: () => call<T.Board>("GET", "board"),
  disruptions: () => call<T.DisruptionListed[]>("GET", "disruptions"),
  proposals: () => call<T.ProposalListed[]>("GET", "proposals"),
  proposal: (id: string) => call<T.Proposal>("GET", `proposals/${of(id)}`),
  scenario: (id: string, scenario: string) =>
    call<T.Scenario>("GET", `proposals/${of(id)}/scenarios/${of(scenario)}`),
  dispatches: () => call<T.Dispatch[]>("GET", "dispatches"),
  outcomes: () => call<T.Outcome[]>("GET", "outcomes"),
  notices: (operator = "") => call<T.NoticeSent[]>("GET", `notices?operator=${of(operator)}`),
  staging: () => call<T.StagingStatus[]>("GET", "staging"),
  station: (machine: string) => call<T.Station>("GET", `station/${of(machine)}`),
  log: (after: number, limit: number) => call<T.LogEntry[]>("GET", `log?after=${after}&limit=${limit}`),
  health: () => call<Record<string, unknown>>("GET", "health"),
  disrupt: (what: T.DisruptRequest) => call<unknown>("POST", "demo/disrupt", what),
  declare: (what: Record<string, unknown>) => call<{ disruption: string }>("POST", "whatif", what),
  rate: (rate: number) => call<unknown>("POST", "demo/rate", { rate }),
  regenerate: (id: string, controls: T.Regeneration) =>
    call<{ proposal: string }>("POST", `proposals/${of(id)}/regenerate`, controls),
  approve: (id: string, scenario: string, by: string, comment: string) =>
    call<{ plan_version: number; jobs: number }>("POST", `proposals/${of(id)}/approve`, { scenario, by, comment }),
  reject: (id: string, by: string, comment: string) =>
    call<unknown>("POST", `proposals/${of(id)}/reject`, { by, comment }),
  acknowledge: (operator: string) => call<unknown>("POST", "notices/acknowledge", { operator }),
};
