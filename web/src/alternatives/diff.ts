/** What a scenario changes against the plan in force, told operation by operation and order by order. No DOM. */

import type { BoardOperation, OrderEffect, ScenarioOperation } from "../api/types";
import type { Bar } from "../board/layout";
import { MINUTE } from "../time";

export interface Moved {
  readonly job: string;
  readonly order: string;
  readonly fromMachine: string;
  readonly toMachine: string;
  readonly fromOperator: string;
  readonly toOperator: string;
  readonly before: number; // setup start, ms; NaN when the operation is new
  readonly after: number;
  readonly kind: "earlier" | "later" | "moved" | "new";
}

type Placed = Pick<BoardOperation | ScenarioOperation, "order" | "operation" | "machine" | "operator" | "setup_start">;

const keyOf = (operation: Pick<Placed, "order" | "operation">): string => `${operation.order}/${operation.operation}`;

/** Operations whose machine, operator or start (by a minute or more) differ, in the order they now begin. */
export function movedOperations(inForce: readonly Placed[], chosen: readonly ScenarioOperation[]): Moved[] {
  const before = new Map(inForce.map((operation) => [keyOf(operation), operation]));
  const moved: Moved[] = [];
  for (const operation of chosen) {
    if (operation.state === "started") continue;
    const old = before.get(keyOf(operation));
    const start = Date.parse(operation.setup_start);
    const was = old ? Date.parse(old.setup_start) : NaN;
    const elsewhere = old !== undefined && old.machine !== operation.machine;
    const reassigned = old !== undefined && old.operator !== operation.operator;
    if (old && !elsewhere && !reassigned && Math.abs(start - was) < MINUTE) continue;
    moved.push({
      job: keyOf(operation),
      order: operation.order,
      fromMachine: old?.machine ?? "",
      toMachine: operation.machine,
      fromOperator: old?.operator ?? "",
      toOperator: operation.operator,
      before: was,
      after: start,
      kind: !old ? "new" : elsewhere ? "moved" : start < was ? "earlier" : "later",
    });
  }
  return moved.sort((a, b) => a.after - b.after || a.job.localeCompare(b.job));
}

/** The chosen plan as bars coloured by how each differs. */
export function diffBars(chosen: readonly ScenarioOperation[], moved: readonly Moved[]): Bar[] {
  const kinds = new Map(moved.map((item) => [item.job, item.kind]));
  return chosen.map((operation) => {
    const key = keyOf(operation);
    const kind = kinds.get(key);
    return {
      key,
      order: operation.order,
      operation: operation.operation,
      machine: operation.machine,
      operator: operation.operator,
      setup: Date.parse(operation.setup_start),
      start: Date.parse(operation.start),
      end: Date.parse(operation.end),
      kind: operation.state === "started" ? "started" : kind === "new" ? "moved" : (kind ?? "same"),
      movable: operation.state === "free",
    };
  });
}

export interface OrderChange {
  readonly effect: OrderEffect;
  readonly gain: number; // ms earlier than if the plan were kept; negative: later
  readonly becomes: "on time" | "late" | "";
}

/** Orders whose completion changes by a minute or more, the greatest gain first. */
export function orderChanges(effects: readonly OrderEffect[]): OrderChange[] {
  const changes: OrderChange[] = [];
  for (const effect of effects) {
    if (effect.completion_keep === null) continue;
    const due = Date.parse(effect.due);
    const now = Date.parse(effect.completion);
    const kept = Date.parse(effect.completion_keep);
    if (Math.abs(kept - now) < MINUTE) continue;
    const becomes = kept > due && now <= due ? "on time" : kept <= due && now > due ? "late" : "";
    changes.push({ effect, gain: kept - now, becomes });
  }
  return changes.sort((a, b) => b.gain - a.gain);
}

export interface PersonChange {
  readonly operator: string;
  readonly gained: string[];
  readonly lost: string[];
  readonly retimed: string[];
}

/** For each person: jobs that come, jobs that go, jobs at another time. */
export function peopleChanges(moved: readonly Moved[]): PersonChange[] {
  const people = new Map<string, PersonChange>();
  const of = (operator: string): PersonChange => {
    let found = people.get(operator);
    if (!found) people.set(operator, (found = { operator, gained: [], lost: [], retimed: [] }));
    return found;
  };
  for (const item of moved) {
    if (item.fromOperator !== item.toOperator) {
      if (item.toOperator) of(item.toOperator).gained.push(item.job);
      if (item.fromOperator) of(item.fromOperator).lost.push(item.job);
    } else if (item.toOperator) of(item.toOperator).retimed.push(item.job);
  }
  const weight = (person: PersonChange): number =>
    10 * (person.gained.length + person.lost.length) + person.retimed.length;
  return [...people.values()].sort((a, b) => weight(b) - weight(a) || a.operator.localeCompare(b.operator));
}
