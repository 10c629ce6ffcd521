"""The events of a plant, as typed records.

An `Event` is an envelope (CloudEvents attributes) around one `Body`. The type of an event is the tag
of its body: `equipment.state_changed`, `job_order.started`, … ISA-95 terms are given in brackets.
The simulator emits the same vocabulary as the plant.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec

NAMESPACE = uuid.UUID("6f3c2f0e-5d8e-4a3b-9d59-1f7f6b1c2a10")

# Always with a time zone: a log that crosses zones and daylight saving has no use for a bare clock time.
Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]

EquipmentState: TypeAlias = Literal["idle", "setup", "running", "paused", "down", "maintenance", "offline"]


class Body(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """What an event says. Ids are the plant's; a job order id is "ORDER/OPERATION"."""


class EquipmentStateChanged(Body, frozen=True, kw_only=True, tag="equipment.state_changed"):
    """A machine changed state [OperationsEvent]."""

    machine: str
    state: EquipmentState
    previous: EquipmentState | None = None
    reason: str = ""
    expected_end: Instant | None = None  # of a repair or maintenance
    job_order: str = ""
    family: str = ""  # setup family mounted


class EquipmentAlarmRaised(Body, frozen=True, kw_only=True, tag="equipment.alarm_raised"):
    """A machine reports an alarm [WorkAlert]."""

    machine: str
    alarm: str
    text: str = ""


class EquipmentAlarmCleared(Body, frozen=True, kw_only=True, tag="equipment.alarm_cleared"):
    """An alarm of a machine is over."""

    machine: str
    alarm: str


class EquipmentCapabilityChanged(Body, frozen=True, kw_only=True, tag="equipment.capability_changed"):
    """A machine will not work in a period [OperationsCapability]: planned maintenance, known outage."""

    machine: str
    start: Instant
    end: Instant
    reason: str = ""


class OperationsRequestReceived(Body, frozen=True, kw_only=True, tag="operations_request.received"):
    """An order came in from the ERP [OperationsRequest]."""

    order: str
    part: str
    quantity: int
    due: Instant
    release: Instant | None = None
    priority: float = 1.0
    customer: str = ""
    rush: bool = False


class OperationsRequestChanged(Body, frozen=True, kw_only=True, tag="operations_request.changed"):
    """The ERP changed an order; only the fields given are new [OperationsRequest]."""

    order: str
    quantity: int | None = None
    due: Instant | None = None
    release: Instant | None = None
    priority: float | None = None


class OperationsRequestCancelled(Body, frozen=True, kw_only=True, tag="operations_request.cancelled"):
    """An order is no longer wanted [OperationsRequest]."""

    order: str
    reason: str = ""


class OperationsDefinitionReleased(Body, frozen=True, kw_only=True, tag="operations_definition.released"):
    """A routing or bill of material has a new revision [OperationsDefinition]."""

    part: str
    revision: str


class JobOrderDispatched(Body, frozen=True, kw_only=True, tag="job_order.dispatched"):
    """The shop floor holds this job order in this plan version [JobOrder]."""

    job_order: str
    machine: str
    operator: str = ""
    setup_start: Instant
    start: Instant
    end: Instant
    plan_version: int


class JobOrderStarted(Body, frozen=True, kw_only=True, tag="job_order.started"):
    """Setup of a job order began; `run_start` when the run has begun too."""

    job_order: str
    machine: str
    operator: str = ""
    setup_start: Instant
    run_start: Instant | None = None
    plan_version: int = 0


class JobOrderProgressed(Body, frozen=True, kw_only=True, tag="job_order.progressed"):
    """A job order has got this far [JobResponse]."""

    job_order: str
    remaining_s: int  # work left at the planned rate, setup and run together
    run_start: Instant | None = None
    good: int = 0
    scrap: int = 0


class JobOrderCompleted(Body, frozen=True, kw_only=True, tag="job_order.completed"):
    """An operation of an order is done [JobResponse]."""

    job_order: str
    machine: str
    operator: str = ""
    setup_start: Instant
    run_start: Instant
    end: Instant
    good: int
    scrap: int = 0
    rework: int = 0
    plan_version: int = 0


class JobOrderAborted(Body, frozen=True, kw_only=True, tag="job_order.aborted"):
    """A job order ended without being completed [JobResponse]."""

    job_order: str
    reason: str = ""


class MaterialLotReceived(Body, frozen=True, kw_only=True, tag="material_lot.received"):
    """A lot is here [MaterialLot]."""

    lot: str
    material: str
    quantity: float
    location: str = ""


class MaterialLotDelayed(Body, frozen=True, kw_only=True, tag="material_lot.delayed"):
    """An expected lot comes later than known (or is announced for the first time)."""

    lot: str
    material: str
    quantity: float
    available: Instant
    location: str = ""


class MaterialLotConsumed(Body, frozen=True, kw_only=True, tag="material_lot.consumed"):
    """A job order took material from a lot [MaterialActual]."""

    lot: str
    material: str
    quantity: float
    job_order: str


class MaterialLotProduced(Body, frozen=True, kw_only=True, tag="material_lot.produced"):
    """The last operation of an order made a lot; once it is in the stores it is received [MaterialActual]."""

    lot: str
    material: str
    quantity: float
    job_order: str


class MaterialShortagePredicted(Body, frozen=True, kw_only=True, tag="material.shortage_predicted"):
    """A job order will lack material as planned."""

    material: str
    job_order: str
    missing: float


class PersonnelAvailabilityChanged(Body, frozen=True, kw_only=True, tag="personnel.availability_changed"):
    """A person is absent in a period although the calendar says otherwise [PersonnelCapability]."""

    person: str
    start: Instant
    end: Instant
    reason: str = ""


class WorkCalendarChanged(Body, frozen=True, kw_only=True, tag="work_calendar.changed"):
    """A calendar has no working time in a period although it says otherwise [WorkCalendar]."""

    calendar: str
    start: Instant
    end: Instant
    reason: str = ""


class TestResultRecorded(Body, frozen=True, kw_only=True, tag="test_result.recorded"):
    """A test of what a job order made [OperationsTest]."""

    job_order: str
    test: str
    passed: bool
    value: float | None = None


class QualityDriftDetected(Body, frozen=True, kw_only=True, tag="quality.drift_detected"):
    """A characteristic made on a machine moves away from its target [WorkAlert]."""

    machine: str
    characteristic: str
    text: str = ""


class MaintenanceRequestRaised(Body, frozen=True, kw_only=True, tag="maintenance_request.raised"):
    """A machine needs maintenance [MaintenanceRequest]."""

    machine: str
    text: str = ""
    needed_by: Instant | None = None
    duration_s: int = 0


class DisruptionDetected(Body, frozen=True, kw_only=True, tag="disruption.detected"):
    """Something makes the plan in force worth reconsidering; `cause` is the id of the event behind it."""

    disruption: str
    kind: Literal["machine_down", "rush_order", "material_late", "operator_absent", "order_changed", "other"]
    subject: str
    text: str
    cause: str = ""
    expected_end: Instant | None = None


class ScheduleProposed(Body, frozen=True, kw_only=True, tag="schedule.proposed"):
    """Scenarios were generated and tested [OperationsSchedule]; `watermark`: last event they know of."""

    proposal: str
    disruption: str
    scenarios: int
    watermark: int
    seconds: float


class ScheduleApproved(Body, frozen=True, kw_only=True, tag="schedule.approved"):
    """A person approved a scenario: the approval record every write to the plant refers to."""

    proposal: str
    scenario: str
    plan_version: int
    by: str
    comment: str = ""


class ScheduleRejected(Body, frozen=True, kw_only=True, tag="schedule.rejected"):
    """A person rejected every scenario of a proposal."""

    proposal: str
    by: str
    comment: str = ""


class ScheduleReleased(Body, frozen=True, kw_only=True, tag="schedule.released"):
    """An approved plan is in force: the full set of assignments, in arrays of equal length."""

    plan_version: int
    scenario: str
    order: list[str]
    operation: list[str]
    machine: list[str]
    operator: list[str]
    setup_start: list[Instant]
    start: list[Instant]
    end: list[Instant]
    predicted: dict[str, tuple[float, float, float]] = {}  # simulated KPI: median, 5 %, 95 %

    def __post_init__(self) -> None:
        columns = (self.operation, self.machine, self.operator, self.setup_start, self.start, self.end)
        if any(len(column) != len(self.order) for column in columns):
            raise ValueError(f"the arrays of plan version {self.plan_version} differ in length")


class DispatchAcknowledged(Body, frozen=True, kw_only=True, tag="dispatch_command.acknowledged"):
    """A target took a command of the outbox."""

    command: str
    target: str
    job_order: str = ""
    plan_version: int = 0


class DispatchFailed(Body, frozen=True, kw_only=True, tag="dispatch_command.failed"):
    """A command of the outbox was given up."""

    command: str
    target: str
    reason: str
    job_order: str = ""
    plan_version: int = 0


class WorkInstructionPublished(Body, frozen=True, kw_only=True, tag="work_instruction.published"):
    """What an operator must know to do a changed job order [WorkDirective]."""

    job_order: str
    machine: str
    operator: str
    text: str
    plan_version: int


class OperatorNotified(Body, frozen=True, kw_only=True, tag="operator.notified"):
    """An operator was told what changes for them."""

    operator: str
    text: str
    plan_version: int


class OperatorAcknowledged(Body, frozen=True, kw_only=True, tag="operator.acknowledged"):
    """An operator has seen the notice of a plan version."""

    operator: str
    plan_version: int


class MaterialStagingRequested(Body, frozen=True, kw_only=True, tag="material_staging.requested"):
    """Material is to be brought to a machine [MaterialRequirement]."""

    job_order: str
    material: str
    lot: str
    quantity: float
    from_location: str
    to_machine: str
    needed_by: Instant
    plan_version: int


class MaterialStagingConfirmed(Body, frozen=True, kw_only=True, tag="material_staging.confirmed"):
    """Material stands at its machine."""

    job_order: str
    lot: str
    plan_version: int


class OutcomeRecorded(Body, frozen=True, kw_only=True, tag="outcome.recorded"):
    """What an approved plan predicted against what happened, so far or at its end."""

    plan_version: int
    predicted: dict[str, float]
    actual: dict[str, float]
    operations_done: int
    operations_total: int
    final: bool


class DataGapDetected(Body, frozen=True, kw_only=True, tag="data.gap_detected"):
    """A source lost data in a period: what happened in it is unknown."""

    source_id: str
    start: Instant
    end: Instant
    reason: str = ""


class ConnectorConnected(Body, frozen=True, kw_only=True, tag="connector.connected"):
    """A door to the outside is open."""

    connector: str
    endpoint: str


class ConnectorLost(Body, frozen=True, kw_only=True, tag="connector.lost"):
    """A door to the outside no longer answers."""

    connector: str
    endpoint: str
    reason: str = ""


class FollowUpFailed(Body, frozen=True, kw_only=True, tag="follow_up.failed"):
    """What was to follow from an event did not, however often it was tried; `of` is the id of the event."""

    of: str
    reason: str


class Correction(Body, frozen=True, kw_only=True, tag="correction"):
    """An earlier event was wrong and counts no more."""

    of: str
    reason: str = ""


AnyBody: TypeAlias = (
    EquipmentStateChanged
    | EquipmentAlarmRaised
    | EquipmentAlarmCleared
    | EquipmentCapabilityChanged
    | OperationsRequestReceived
    | OperationsRequestChanged
    | OperationsRequestCancelled
    | OperationsDefinitionReleased
    | JobOrderDispatched
    | JobOrderStarted
    | JobOrderProgressed
    | JobOrderCompleted
    | JobOrderAborted
    | MaterialLotReceived
    | MaterialLotDelayed
    | MaterialLotConsumed
    | MaterialLotProduced
    | MaterialShortagePredicted
    | PersonnelAvailabilityChanged
    | WorkCalendarChanged
    | TestResultRecorded
    | QualityDriftDetected
    | MaintenanceRequestRaised
    | DisruptionDetected
    | ScheduleProposed
    | ScheduleApproved
    | ScheduleRejected
    | ScheduleReleased
    | DispatchAcknowledged
    | DispatchFailed
    | WorkInstructionPublished
    | OperatorNotified
    | OperatorAcknowledged
    | MaterialStagingRequested
    | MaterialStagingConfirmed
    | OutcomeRecorded
    | DataGapDetected
    | ConnectorConnected
    | ConnectorLost
    | FollowUpFailed
    | Correction
)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The envelope. `position` is given by the log; 0 before it is appended."""

    id: str
    source: str  # "opcua:demo", "erp", "linewright", "simulator"
    time: Instant  # when it happened, by the source's clock
    body: AnyBody
    subject: str = ""  # equipment, order or job order id
    causation_id: str = ""
    correlation_id: str = ""
    facility: str = ""
    position: int = 0
    received_at: Instant | None = None

    @property
    def type(self) -> str:
        """The vocabulary's name of what happened."""
        return str(self.body.__struct_config__.tag)


def event(
    body: AnyBody,
    *,
    source: str,
    time: datetime,
    key: str = "",
    subject: str = "",
    causation_id: str = "",
    correlation_id: str = "",
    facility: str = "",
) -> Event:
    """Make an event. With a natural `key` its id is derived from (source, type, key), so that the same
    happening reported twice is one event; without, the id is random."""
    tag = str(body.__struct_config__.tag)
    identifier = uuid.uuid5(NAMESPACE, f"{source}|{tag}|{key}") if key else uuid.uuid4()
    return Event(
        id=str(identifier),
        source=source,
        time=time,
        body=body,
        subject=subject,
        causation_id=causation_id,
        correlation_id=correlation_id,
        facility=facility,
    )
