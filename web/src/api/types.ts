/** The wire contract of the API, as the page reads it. Instants are ISO 8601 strings with an offset. */

export type Iso = string;
export type MachineStateName = "idle" | "setup" | "running" | "paused" | "down" | "maintenance" | "offline";
export type DisruptionKind =
  | "machine_down"
  | "rush_order"
  | "material_late"
  | "operator_absent"
  | "order_changed"
  | "other";

export interface RoutingOperation {
  id: string;
  name: string;
  after: string[];
  machines: string[];
}

export interface Plant {
  id: string;
  name: string;
  timezone: string;
  work_centers: { id: string; name: string }[];
  machines: { id: string; name: string; work_center: string; calendar_open: [Iso, Iso][] }[];
  people: { id: string; name: string; skills: string[] }[];
  orders: PlantOrder[];
  lots: { id: string; material: string; quantity: number; available: Iso | null; location: string }[];
  parts?: { id: string; name: string; operations?: RoutingOperation[] }[];
  demo: boolean;
  planning: { freeze_min: number };
}

export interface PlantOrder {
  id: string;
  part: string;
  quantity: number;
  due: Iso;
  priority: number;
  customer: string;
}

export interface MachineState {
  state: MachineStateName;
  since: Iso | null;
  expected_end: Iso | null;
  job: string;
  operator: string;
  family: string;
  good: number;
  scrap: number;
}

export interface BoardOperation {
  order: string;
  operation: string;
  machine: string;
  operator: string;
  setup_start: Iso;
  start: Iso;
  end: Iso;
  state: "planned" | "dispatched" | "started" | "done";
  late: boolean;
}

export interface Board {
  position: number;
  plan_version: number;
  now: Iso;
  rate: number;
  freshness_s: number;
  connected: boolean;
  machines: Record<string, MachineState>;
  people: Record<string, { absent_until: Iso | null }>;
  operations: BoardOperation[];
}

export interface Kpi {
  median: number;
  p05: number;
  p95: number;
}

export interface Gate {
  name: string;
  passed: boolean;
  estimate: number;
  low: number;
  high: number;
  limit: number;
  n: number;
  text: string;
  decisive: boolean; // false: a warning that stops nothing
}

export interface Verdict {
  advances: boolean;
  level: "screened" | "certified";
  rank: number;
  replications: number;
  gates: Gate[];
  worst_replication: number;
}

/** Every job order that changes is moved, reassigned, shifted or new. */
export interface Difference {
  operations_moved: number;
  operations_reassigned: number;
  operations_shifted: number;
  operations_new: number;
  machine_changes: number;
  operator_changes: number;
  minutes_moved: number;
  jobs: string[];
}

export interface ScenarioSummary {
  id: string;
  origin: string;
  label: string;
  objectives: Record<string, number>;
  kpis: Record<string, Kpi>;
  verdict: Verdict;
  difference: Difference;
  reason: string;
}

export interface ScenarioOperation {
  order: string;
  operation: string;
  machine: string;
  operator: string;
  setup_start: Iso;
  start: Iso;
  end: Iso;
  state: "free" | "frozen" | "started";
}

export type Change = "same" | "new" | "moved" | "reassigned" | "earlier" | "later" | "other lot";

export interface Instruction {
  job_order: string;
  machine: string;
  operator: string;
  text: string;
  change: Change;
}

export interface StagingMove {
  job_order: string;
  material: string;
  lot: string;
  quantity: number;
  from_location: string;
  to_machine: string;
  needed_by: Iso;
  change: Change;
}

export interface Downstream {
  work_center: string;
  operations: number;
  first_start_before: Iso | null;
  first_start_after: Iso | null;
  mean_shift_s: number;
  releases: { order: string; before: Iso | null; after: Iso }[];
  units_per_h_before: number;
  units_per_h_after: number;
}

export interface OrderEffect {
  order: string;
  due: Iso;
  priority: number;
  completion: Iso;
  completion_keep: Iso | null;
  p_late: number;
}

export interface Scenario extends ScenarioSummary {
  operations: ScenarioOperation[];
  instructions: Instruction[];
  notices: { operator: string; text: string }[];
  staging: StagingMove[];
  changes: Downstream[];
  orders: OrderEffect[];
  provenance: Record<string, unknown>;
}

export interface Controls {
  pin_machine: Record<string, string>;
  pin_operator: Record<string, string>;
  not_before: Record<string, Iso>;
  forbid_machines: string[];
  forbid: [string, string][];
  priority: Record<string, number>;
  freeze_until: Iso | null;
}

export interface Regeneration extends Controls {
  prefer?: Record<string, number>;
}

export type ProposalStatus = "generating" | "open" | "approved" | "rejected" | "superseded";

export interface ProposalListed {
  id: string;
  title: string;
  created: Iso;
  status: ProposalStatus;
  stale: string;
  scenarios: number;
  seconds_to_scenarios: number;
  disruption: string;
  parent?: string;
}

export interface Proposal {
  id: string;
  disruption: string;
  title: string;
  created: Iso;
  at: Iso;
  watermark: number;
  plan_version: number;
  seconds_to_scenarios: number;
  status: ProposalStatus;
  stale: string;
  controls: Controls;
  objectives: string[];
  unplannable: { order: string; operation: string; why: string; remedy: string }[];
  scenarios: ScenarioSummary[];
  parent: string;
  approved_scenario: string;
}

export interface DisruptionListed {
  id: string;
  kind: DisruptionKind;
  title: string;
  subject: string;
  at: Iso;
  expected_end: Iso | null;
  orders_at_risk: string[];
  proposal: string;
  status: "open" | "answered" | "over";
}

export interface DispatchProgress {
  plan_version: number;
  total: number;
  written: number;
  acknowledged: number;
  failed: number;
  waiting: number;
}

export interface Dispatch extends DispatchProgress {
  waiting_for: string;
  approved_by: string;
  at: Iso;
  scenario: string;
  jobs: { job_order: string; kind?: string; state: string; detail: string }[];
}

export interface Outcome {
  plan_version: number;
  scenario?: string;
  predicted: Record<string, Kpi | number>;
  simulated?: Record<string, Kpi>;
  actual: Record<string, number>;
  operations_done: number;
  operations_total: number;
  final: boolean;
}

export interface NoticeSent {
  operator: string;
  text: string;
  at: Iso;
  acknowledged: boolean;
}

export interface StagingStatus extends StagingMove {
  status: "requested" | "confirmed";
}

export interface QueuedJob {
  job_order: string;
  part: string;
  quantity: number;
  setup_start: Iso;
  start: Iso;
  end: Iso;
  operator: string;
  instructions: string;
  state?: string;
  materials: { material: string; lot?: string; quantity: number }[];
}

export interface Station {
  machine: string;
  state: MachineState;
  now: Iso;
  queue: QueuedJob[];
}

export interface LogEntry {
  position: number;
  time: Iso;
  type: string;
  subject: string;
  text: string;
}

export interface ProposalProgress {
  id: string;
  status: ProposalStatus;
  phase: "searching" | "screening" | "certifying" | "done";
  scenarios: number;
  fraction: number;
}

export interface LiveEvents {
  clock: { now: Iso; rate: number; connected?: boolean };
  machine: MachineState & { id: string };
  operation: BoardOperation;
  plan: { plan_version: number };
  disruption: { id: string; kind: DisruptionKind; title: string; at: Iso };
  proposal: ProposalProgress;
  dispatch: DispatchProgress;
  notice: { operator: string; text: string; at: Iso };
  staging: StagingStatus;
  outcome: Outcome;
  anomaly: { text: string };
  connection: { connected: boolean };
  reload: Record<string, never>;
}

export type DisruptRequest =
  | { kind: "machine_down"; machine: string; hours: number }
  | { kind: "rush_order"; part: string; quantity: number; due: Iso; priority: number }
  | { kind: "material_late"; lot: string; hours: number }
  | { kind: "operator_absent"; person: string; hours: number };
