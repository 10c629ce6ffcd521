"""Job orders between the floor's records and the structures of OPC 10031-4.

A job order carries its machine in EquipmentRequirements, its operator in PersonnelRequirements, the lots kept
for it in MaterialRequirements, its run in StartTime and EndTime, and in JobOrderParameters PlanVersion,
SetupStart, Sequence and NotBefore.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

from linewright.demo.floor import Floor
from linewright.demo.isa95 import STATES
from linewright.demo.records import Job, JobSpec, LotShare

VERSION_COMMENT = "PlanVersion="
"""How the caller of Cancel says which plan it acts for: a Comment with this text and a number."""


def state_name(job: Job) -> str:
    """The state of OPC 10031-4 that a job is in."""
    if job.state == "running":
        return "Running" if job.working else "Interrupted"
    return {
        "stored": "NotAllowedToStart",
        "released": "AllowedToStart",
        "ended": "Ended",
        "aborted": "Aborted",
        "cancelled": "Aborted",
    }[job.state]


def state(job: Job) -> list[Any]:
    name = state_name(job)
    return [
        ua.ISA95StateDataType(
            BrowsePath=ua.RelativePath(), StateText=ua.LocalizedText(name), StateNumber=STATES[name][2]
        )
    ]


def read_job_order(structure: Any, floor: Floor) -> JobSpec | None:
    """The record of a job order; None where it lacks what the floor needs, or says what makes no sense."""
    if not isinstance(structure, ua.ISA95JobOrderDataType):
        return None
    parameters = {item.ID: _value(item.Value) for item in structure.JobOrderParameters or ()}
    version, setup_start = parameters.get("PlanVersion"), parameters.get("SetupStart")
    sequence = parameters.get("Sequence", 0)
    equipment = list(structure.EquipmentRequirements or ())
    personnel = list(structure.PersonnelRequirements or ())
    times = (setup_start, structure.StartTime, structure.EndTime, parameters.get("NotBefore", setup_start))
    lots = [_share(item) for item in structure.MaterialRequirements or () if item.MaterialLotID]
    if (
        not structure.JobOrderID
        or not isinstance(version, int)
        or not isinstance(sequence, int)
        or len(equipment) != 1
        or len(personnel) > 1
        or not all(isinstance(time, datetime) for time in times)
        or not all(0 < lot.quantity < math.inf for lot in lots)
    ):
        return None

    def second(instant: Any) -> int:
        return floor.facts.second(instant.replace(tzinfo=instant.tzinfo or UTC))

    return JobSpec(
        id=structure.JobOrderID,
        machine=equipment[0].ID or "",
        operator=(personnel[0].ID or "") if personnel else "",
        setup_start=second(setup_start),
        start=second(structure.StartTime),
        end=second(structure.EndTime),
        priority=structure.Priority or 0,
        plan_version=version,
        sequence=sequence,
        not_before=second(parameters["NotBefore"]) if "NotBefore" in parameters else None,
        lots=tuple(lots),
    )


def job_order(job: Job, floor: Floor) -> Any:
    """The structure of a job order as it is held."""
    spec = job.spec
    return ua.ISA95JobOrderDataType(
        JobOrderID=job.id,
        StartTime=_utc(floor, spec.start),
        EndTime=_utc(floor, spec.end),
        Priority=spec.priority,
        JobOrderParameters=_parameters(job, floor),
        EquipmentRequirements=[ua.ISA95EquipmentDataType(ID=spec.machine)],
        PersonnelRequirements=[ua.ISA95PersonnelDataType(ID=spec.operator)] if spec.operator else [],
        MaterialRequirements=[
            ua.ISA95MaterialDataType(
                MaterialLotID=share.lot,
                MaterialDefinitionID=share.material,
                MaterialUse="Consumed",
                Quantity=repr(share.quantity),
            )
            for share in spec.lots
        ],
    )


def job_response(job: Job, floor: Floor) -> Any:
    """How far a job order is."""
    spec = job.spec
    done = [("Good", job.good), ("Scrap", job.scrap), ("Rework", job.rework)] if job.state == "ended" else []
    return ua.ISA95JobResponseDataType(
        JobResponseID=job.id,
        JobOrderID=job.id,
        StartTime=_utc(floor, job.begun) if job.phase or job.ended is not None else None,
        EndTime=_utc(floor, job.ended) if job.ended is not None else None,
        JobState=state(job),
        JobResponseData=[
            *_parameters(job, floor),
            *(parameter(name, ua.Variant(count, ua.VariantType.UInt32)) for name, count in done),
        ],
        PersonnelActuals=[ua.ISA95PersonnelDataType(ID=spec.operator)] if spec.operator else [],
        EquipmentActuals=[ua.ISA95EquipmentDataType(ID=spec.machine)],
    )


def no_response(job_order_id: str) -> Any:
    return ua.ISA95JobResponseDataType(JobOrderID=job_order_id)


def parameter(name: str, value: ua.Variant) -> Any:
    return ua.ISA95ParameterDataType(ID=name, Value=value)


def comment_version(comment: Any) -> int | None:
    """The plan version a caller's comment names."""
    for text in comment or ():
        if text is not None and text.Text and text.Text.startswith(VERSION_COMMENT):
            number = text.Text.removeprefix(VERSION_COMMENT)
            return int(number) if number.isdecimal() else None
    return None


def comment_text(comment: Any) -> str:
    texts = (text.Text for text in comment or () if text is not None and text.Text)
    return " ".join(text for text in texts if not text.startswith(VERSION_COMMENT))


def _parameters(job: Job, floor: Floor) -> list[Any]:
    spec = job.spec
    listed = [
        parameter("PlanVersion", ua.Variant(spec.plan_version, ua.VariantType.Int64)),
        parameter("SetupStart", ua.Variant(_utc(floor, spec.setup_start), ua.VariantType.DateTime)),
        parameter("Sequence", ua.Variant(spec.sequence, ua.VariantType.Int64)),
    ]
    if spec.not_before is not None:
        not_before = ua.Variant(_utc(floor, spec.not_before), ua.VariantType.DateTime)
        listed.append(parameter("NotBefore", not_before))
    return listed


def _share(structure: Any) -> LotShare:
    try:
        quantity = float(structure.Quantity)
    except (TypeError, ValueError):
        quantity = math.nan
    return LotShare(structure.MaterialLotID, structure.MaterialDefinitionID or "", quantity)


def _utc(floor: Floor, second: int) -> datetime:
    return floor.instant(second).astimezone(UTC)


def _value(value: Any) -> Any:
    return value.Value if isinstance(value, ua.Variant) else value
