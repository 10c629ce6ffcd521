/** What the disruption form asks, as the record of a disruption the plant has not reported. No DOM. */

import { HOUR } from "../time";
import type { DisruptRequest } from "./types";

export function declared(request: DisruptRequest, now: number): Record<string, unknown> {
  const at = (hours: number): string => new Date(now + hours * HOUR).toISOString();
  switch (request.kind) {
    case "machine_down":
      return { kind: request.kind, machine: request.machine, until: at(request.hours) };
    case "rush_order": {
      const { part, quantity, due, priority } = request;
      const id = `RUSH-${new Date(now).toISOString().slice(5, 16).replace(/\D/g, "")}`;
      return { kind: request.kind, order: { id, part, quantity, due, priority } };
    }
    case "material_late":
      return { kind: request.kind, lot: request.lot, available: at(request.hours) };
    case "operator_absent":
      return { kind: request.kind, person: request.person, start: at(0), end: at(request.hours) };
  }
}
