"""Writes as calls of OPC 10031-4, and their answers in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from asyncua import ua

from linewright.connect.door import JobState, Receipt, Write
from linewright.connect.opcua.address import READ_BACK, Address
from linewright.errors import ConnectionFailed, LinewrightError

METHODS = {
    "job_order.store": "Store",
    "job_order.store_and_start": "StoreAndStart",
    "job_order.update": "Update",
    "job_order.cancel": "Cancel",
}

DONE, UNKNOWN, INVALID_STATUS, NOT_ACCEPTED = 1 << 0, 1 << 1, 1 << 3, 1 << 4

# bits of ReturnStatus: OPC 10031-4 B.2, from 33 on those of the demonstration plant
WORDS = {
    UNKNOWN: "the plant does not know this job order",
    INVALID_STATUS: "the job has already begun or ended",
    NOT_ACCEPTED: "the plant does not accept the job order: it holds another of this name",
    1 << 32: "the request is incomplete or for an unknown order",
    1 << 33: "the plant holds this job order in a newer plan version",
    1 << 34: "the plant holds other content for the same plan version",
    1 << 35: "the machine is unknown there or cannot do this operation",
    1 << 36: "the operator is unknown there or lacks the skill",
}

_NOT_BEGUN = ("NotAllowedToStart", "AllowedToStart")


def request(write: Write, address: Address) -> ua.CallMethodRequest:
    """The call that carries out a write.

    Raises:
        LinewrightError: it is of a kind, or lacks a field, that this door cannot send.
    """
    method = METHODS.get(write.kind)
    if method is None:
        raise LinewrightError(f"{write.kind} cannot be sent by OPC UA. Maybe one of {', '.join(METHODS)}.")
    payload = write.payload
    try:
        if method == "Cancel":
            job = ua.Variant(str(payload["job_order"]), ua.VariantType.String)
            said = [ua.LocalizedText(f"PlanVersion={int(payload['plan_version'])}")]
        else:
            job = ua.Variant(_job_order(payload, address), ua.VariantType.ExtensionObject)
            said = [ua.LocalizedText(payload["description"])] if payload.get("description") else []
    except (KeyError, ValueError, TypeError) as error:
        raise LinewrightError(f"{write.kind} cannot be sent: {error!r} in its payload.") from error
    comment = ua.Variant(said, ua.VariantType.LocalizedText, is_array=True)
    return _call(address.receiver, address.methods[method], job, comment)


def receipt(write: Write, result: ua.CallMethodResult) -> Receipt:
    """What the answer to a write means."""
    status = _return_status(result)
    if status is None:
        return Receipt("retry", f"the server answered {result.StatusCode.name}")
    if status & DONE:
        return Receipt("done")
    if status & UNKNOWN and write.kind == "job_order.cancel":
        return Receipt("done", "the plant does not hold this job order")
    return Receipt("refused", in_words(status))


def in_words(status: int) -> str:
    """A ReturnStatus as a sentence."""
    known = [words for bit, words in WORDS.items() if status & bit]
    return "; ".join(known) or f"the plant refused with status {status:#x}"


def read_back_request(job_order: str, address: Address) -> ua.CallMethodRequest:
    return _call(address.provider, address.methods[READ_BACK], ua.Variant(job_order, ua.VariantType.String))


def job_state(result: ua.CallMethodResult) -> JobState | None:
    """The job order that an answer to the read-back describes; None where the plant does not hold it.

    Raises:
        ConnectionFailed: the answer does not say whether it does.
    """
    status = _return_status(result)
    if status is not None and status & UNKNOWN:
        return None
    if status is None or not status & DONE:
        said = result.StatusCode.name if status is None else in_words(status)
        raise ConnectionFailed(f"a job order could not be read back: {said}. It is tried again by itself.")
    response = result.OutputArguments[0].Value
    data = {item.ID: _plain(item.Value) for item in response.JobResponseData or ()}
    setup_start = data.get("SetupStart")
    return JobState(
        job_order=response.JobOrderID,
        state=response.JobState[0].StateText.Text if response.JobState else "",
        plan_version=int(data.get("PlanVersion", 0)),
        machine=response.EquipmentActuals[0].ID if response.EquipmentActuals else "",
        operator=response.PersonnelActuals[0].ID if response.PersonnelActuals else "",
        setup_start=aware(setup_start) if isinstance(setup_start, datetime) else None,
    )


def aware(instant: datetime) -> datetime:
    """An instant as OPC UA gives it: UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def _job_order(payload: Mapping[str, Any], address: Address) -> Any:
    types = address.types
    parameters = [
        ("PlanVersion", ua.Variant(int(payload["plan_version"]), ua.VariantType.Int64)),
        ("SetupStart", ua.Variant(_utc(payload["setup_start"]), ua.VariantType.DateTime)),
        ("Sequence", ua.Variant(int(payload.get("sequence", 0)), ua.VariantType.Int64)),
    ]
    if payload.get("not_before"):
        not_before = ua.Variant(_utc(payload["not_before"]), ua.VariantType.DateTime)
        parameters.append(("NotBefore", not_before))
    return types["JobOrder"](
        JobOrderID=str(payload["job_order"]),
        StartTime=_utc(payload["start"]),
        EndTime=_utc(payload["end"]),
        Priority=max(-32768, min(32767, round(payload.get("priority", 0)))),
        JobOrderParameters=[types["Parameter"](ID=name, Value=value) for name, value in parameters],
        EquipmentRequirements=[types["Equipment"](ID=str(payload["machine"]))],
        PersonnelRequirements=[types["Personnel"](ID=payload["operator"])] if payload.get("operator") else [],
        MaterialRequirements=[
            types["Material"](
                MaterialLotID=item["lot"],
                MaterialDefinitionID=item["material"],
                MaterialUse="Consumed",
                Quantity=repr(float(item["quantity"])),
            )
            for item in payload.get("lots", ())
        ],
    )


def _utc(instant: str | datetime) -> datetime:
    return (datetime.fromisoformat(instant) if isinstance(instant, str) else instant).astimezone(UTC)


def _call(owner: ua.NodeId, method: ua.NodeId, *arguments: ua.Variant) -> ua.CallMethodRequest:
    return ua.CallMethodRequest(ObjectId=owner, MethodId=method, InputArguments=list(arguments))


def _return_status(result: ua.CallMethodResult) -> int | None:
    """The last output of a job control method; None where the call did not get so far."""
    outputs = result.OutputArguments or ()
    return int(outputs[-1].Value) if outputs and isinstance(outputs[-1].Value, int) else None


def _plain(value: Any) -> Any:
    return value.Value if isinstance(value, ua.Variant) else value
