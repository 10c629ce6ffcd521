"""Which entries of the journal say how things are now, and which only how they came to be so.

Old entries of the second kind are let go. What is left of them is enough for a reader that was away to know
the present: it reads on from where it was, and misses the history in between but nothing that still holds.
"""

from __future__ import annotations

from linewright.events.vocabulary import (
    AnyBody,
    EquipmentStateChanged,
    JobOrderAborted,
    JobOrderCompleted,
    JobOrderDispatched,
    JobOrderProgressed,
    JobOrderStarted,
    MaterialLotConsumed,
    MaterialLotDelayed,
    MaterialLotProduced,
    MaterialLotReceived,
    OperationsRequestReceived,
    PersonnelAvailabilityChanged,
)


def topic(body: AnyBody) -> tuple[str, ...]:
    """What an entry has the last word on, until another with the same topic is entered."""
    match body:
        case EquipmentStateChanged(machine=machine):
            return "machine", machine
        case JobOrderDispatched(job_order=job):
            return "dispatched", job
        case JobOrderStarted(job_order=job):
            return "started", job
        case (
            JobOrderProgressed(job_order=job)
            | JobOrderCompleted(job_order=job)
            | JobOrderAborted(job_order=job)
        ):
            return "progress", job
        case MaterialLotReceived(lot=lot) | MaterialLotDelayed(lot=lot):
            return "lot", lot
        case MaterialLotConsumed(lot=lot, job_order=job):
            return "consumed", lot, job
        case MaterialLotProduced(lot=lot):
            return "produced", lot
        case OperationsRequestReceived(order=order):
            return "order", order
        case PersonnelAvailabilityChanged(person=person, start=start):
            return "away", person, start.isoformat()
    raise AssertionError(f"{type(body).__name__} is entered in the journal and has no topic")
