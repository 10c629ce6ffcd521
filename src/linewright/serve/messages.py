"""From what happens in the decision loop to what browsers are sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from linewright.events.vocabulary import (
    ConnectorConnected,
    ConnectorLost,
    DispatchAcknowledged,
    DispatchFailed,
    DisruptionDetected,
    EquipmentStateChanged,
    Event,
    FollowUpFailed,
    JobOrderAborted,
    JobOrderCompleted,
    JobOrderProgressed,
    JobOrderStarted,
    MaterialStagingConfirmed,
    MaterialStagingRequested,
    OperatorNotified,
    OutcomeRecorded,
    ScheduleReleased,
)
from linewright.plant.plan import split_job_order
from linewright.serve import views
from linewright.serve.live import Live

if TYPE_CHECKING:
    from linewright.decide.loop import DecisionLoop

PROGRESS_EVERY_S = 0.1


class Messages:
    """Turns loop happenings into live messages; cheap when nobody listens."""

    def __init__(self, loop: DecisionLoop, live: Live) -> None:
        self._loop, self._live = loop, live
        self._last_progress = 0.0
        self._machines = frozenset(machine.id for machine in loop.plant.machines)

    def publish(self, kind: str, payload: dict[str, Any]) -> None:
        """Called by the loop from its threads."""
        if not self._live.listened_to:
            return
        if kind == "event":
            self._event(payload["event"])
        elif kind == "proposal":
            self._proposal(payload)

    def _proposal(self, payload: dict[str, Any]) -> None:
        now = time.monotonic()
        if payload["phase"] != "done" and now - self._last_progress < PROGRESS_EVERY_S:
            return
        self._last_progress = now
        entry = payload["entry"]
        self._live.send(
            "proposal",
            {
                "id": entry.id,
                "status": entry.status,
                "phase": payload["phase"],
                "scenarios": len(entry.found.ids) if entry.found else 0,
                "fraction": round(payload["fraction"], 2),
                "error": entry.error,
            },
        )

    def _event(self, happened: Event) -> None:
        body, send = happened.body, self._live.send
        match body:
            case EquipmentStateChanged(machine=machine) if machine in self._machines:
                send("machine", views.machine_view(self._loop, machine))
            case (
                JobOrderStarted(job_order=job)
                | JobOrderProgressed(job_order=job)
                | JobOrderCompleted(job_order=job)
                | JobOrderAborted(job_order=job)
            ):
                self._operation(job)
            case DisruptionDetected(disruption=disruption):
                found = self._loop.agenda.disruptions.get(disruption)
                if found is not None:
                    send("disruption", views.disruption_view(self._loop, found))
            case ScheduleReleased(plan_version=version):
                send("plan", {"plan_version": version})
            case (
                DispatchAcknowledged(job_order=job, plan_version=version)
                | DispatchFailed(job_order=job, plan_version=version)
            ):
                send("dispatch", views.writes_view(self._loop, version))
                self._operation(job)
            case OperatorNotified(operator=operator, text=text):
                send("notice", {"operator": operator, "text": text, "at": happened.time})
            case MaterialStagingRequested():
                send("staging", {"job_order": body.job_order, "lot": body.lot, "status": "requested"})
            case MaterialStagingConfirmed():
                send("staging", {"job_order": body.job_order, "lot": body.lot, "status": "confirmed"})
            case OutcomeRecorded():
                send(
                    "outcome",
                    {
                        "plan_version": body.plan_version,
                        "predicted": body.predicted,
                        "actual": body.actual,
                        "operations_done": body.operations_done,
                        "operations_total": body.operations_total,
                        "final": body.final,
                    },
                )
            case FollowUpFailed(reason=reason):
                send("anomaly", {"text": f"What was to follow from {happened.subject} did not: {reason}."})
            case ConnectorConnected():
                send("connection", {"connected": True})
            case ConnectorLost():
                send("connection", {"connected": False})

    def _operation(self, job: str) -> None:
        row = views.operation_view(self._loop, split_job_order(job))
        if row is not None:
            self._live.send("operation", row)
