"""One sentence for each event, for the log a person reads."""

from __future__ import annotations

from linewright.events import vocabulary as v


def sentence(event: v.Event) -> str:
    """What happened, in words; the subject stands beside it."""
    match event.body:
        case v.EquipmentStateChanged() as b:
            job = f" with {b.job_order}" if b.job_order else ""
            return f"{b.machine} is {b.state}{job}" + (f" ({b.reason})" if b.reason else "")
        case v.JobOrderStarted() as b:
            return f"began on {b.machine}" + (f", {b.operator}" if b.operator else "")
        case v.JobOrderProgressed() as b:
            return f"{round(b.remaining_s / 60)} min of work left"
        case v.JobOrderCompleted() as b:
            scrap = f", {b.scrap} scrapped" if b.scrap else ""
            return f"ended on {b.machine}: {b.good} good{scrap}"
        case v.JobOrderAborted() as b:
            return f"aborted: {b.reason}" if b.reason else "aborted"
        case v.OperationsRequestReceived() as b:
            return f"{b.quantity} × {b.part}" + (", wanted at once" if b.rush else "")
        case v.MaterialLotReceived() as b:
            return f"{b.quantity:g} of {b.material} arrived"
        case v.MaterialLotConsumed() as b:
            return f"{b.quantity:g} of {b.material} taken for {b.job_order}"
        case v.MaterialLotProduced() as b:
            return f"{b.quantity:g} of {b.material} made by {b.job_order}"
        case v.MaterialLotDelayed() as b:
            return f"{b.quantity:g} of {b.material} comes later"
        case v.PersonnelAvailabilityChanged() as b:
            return f"{b.person} is away" + (f" ({b.reason})" if b.reason else "")
        case v.WorkCalendarChanged() as b:
            return f"calendar {b.calendar} is closed" + (f" ({b.reason})" if b.reason else "")
        case v.ScheduleProposed() as b:
            return f"{b.scenarios} alternatives after {b.seconds:.1f} s"
        case v.ScheduleApproved() as b:
            return f"{b.by} approved {b.scenario}: plan {b.plan_version}" + (
                f" ({b.comment})" if b.comment else ""
            )
        case v.ScheduleRejected() as b:
            return f"{b.by} kept the plan in force" + (f" ({b.comment})" if b.comment else "")
        case v.ScheduleReleased() as b:
            return f"plan {b.plan_version} with {len(b.order)} operations is in force"
        case v.DispatchAcknowledged() as b:
            return f"the plant took it, plan {b.plan_version}"
        case v.DispatchFailed() as b:
            return f"the plant refused it: {b.reason}"
        case v.MaterialStagingRequested() as b:
            return f"{b.quantity:g} of {b.material} from {b.from_location or b.lot} to {b.to_machine}"
        case v.OutcomeRecorded() as b:
            return f"{b.operations_done} of {b.operations_total} operations done"
        case v.FollowUpFailed() as b:
            return f"nothing followed from it: {b.reason}"
        case v.OperatorAcknowledged() as b:
            return f"{b.operator} has read the notice"
    return str(getattr(event.body, "text", "") or getattr(event.body, "reason", ""))
