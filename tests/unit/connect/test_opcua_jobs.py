"""Writes as calls and answers as receipts, without a connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from asyncua import ua

from linewright.connect.opcua import jobs
from linewright.connect.opcua.address import ISA95_URI, Address
from linewright.demo.records import Answer
from linewright.errors import ConnectionFailed, LinewrightError


@dataclass
class Write:
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def address():
    def record(**values):
        return SimpleNamespace(**values)

    return Address(
        namespaces=["", ISA95_URI],
        receiver=ua.NodeId("receiver", 2),
        provider=ua.NodeId("provider", 2),
        methods={name: ua.NodeId(name, 2) for name in (*jobs.METHODS.values(), jobs.READ_BACK)},
        types=dict.fromkeys(("JobOrder", "Parameter", "Equipment", "Personnel", "Material"), record),
    )


PAYLOAD = {
    "job_order": "A/10",
    "machine": "M01",
    "operator": "P01",
    "setup_start": "2026-03-02T07:00:00+01:00",
    "start": "2026-03-02T07:10:00+01:00",
    "end": "2026-03-02T08:00:00+01:00",
    "plan_version": 7,
    "priority": 2.0,
    "lots": [{"lot": "L1", "material": "RAW", "quantity": 3}],
}


def answer(*bits, before=()):
    outputs = [*before, ua.Variant(sum(bits), ua.VariantType.UInt64)]
    return ua.CallMethodResult(OutputArguments=outputs)


def test_a_job_order_carries_its_plan(address):
    call = jobs.request(Write("job_order.update", PAYLOAD), address)
    assert (call.ObjectId, call.MethodId) == (address.receiver, address.methods["Update"])
    order = call.InputArguments[0].Value
    values = {item.ID: item.Value.Value for item in order.JobOrderParameters}
    assert order.JobOrderID == "A/10"
    assert order.StartTime.isoformat() == "2026-03-02T06:10:00+00:00"
    assert values["PlanVersion"] == 7
    assert values["SetupStart"].isoformat() == "2026-03-02T06:00:00+00:00"
    assert "NotBefore" not in values
    assert [item.ID for item in order.EquipmentRequirements] == ["M01"]
    assert [item.ID for item in order.PersonnelRequirements] == ["P01"]
    [lot] = order.MaterialRequirements
    assert (lot.MaterialLotID, lot.MaterialDefinitionID, float(lot.Quantity)) == ("L1", "RAW", 3.0)


def test_an_unattended_job_has_no_person(address):
    call = jobs.request(Write("job_order.store", PAYLOAD | {"operator": ""}), address)
    assert call.InputArguments[0].Value.PersonnelRequirements == []


def test_a_cancellation_says_for_which_plan(address):
    call = jobs.request(Write("job_order.cancel", {"job_order": "A/10", "plan_version": 7}), address)
    assert [argument.Value for argument in call.InputArguments[:1]] == ["A/10"]
    assert call.InputArguments[1].Value[0].Text == "PlanVersion=7"


@pytest.mark.parametrize("missing", ["job_order", "machine", "setup_start", "start", "end", "plan_version"])
def test_what_is_missing_is_named(address, missing):
    payload = {key: value for key, value in PAYLOAD.items() if key != missing}
    with pytest.raises(LinewrightError, match=missing):
        jobs.request(Write("job_order.update", payload), address)


def test_what_it_cannot_send_it_says(address):
    with pytest.raises(LinewrightError, match=r"order\.pay cannot be sent by OPC UA\. Maybe one"):
        jobs.request(Write("order.pay", PAYLOAD), address)


def test_answers_become_receipts():
    update, cancel = Write("job_order.update"), Write("job_order.cancel")
    assert jobs.receipt(update, answer(Answer.DONE)).outcome == "done"
    assert jobs.receipt(update, answer(Answer.UNKNOWN_JOB_ORDER)).outcome == "refused"
    assert jobs.receipt(cancel, answer(Answer.UNKNOWN_JOB_ORDER)).outcome == "done"
    assert jobs.receipt(cancel, answer(Answer.STALE_PLAN_VERSION)).outcome == "refused"
    broken = ua.CallMethodResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadSessionIdInvalid))
    assert jobs.receipt(update, broken).outcome == "retry"


@pytest.mark.parametrize("bit", [bit for bit in Answer if bit is not Answer.DONE])
def test_every_refusal_of_the_plant_has_words(bit):
    refused = jobs.receipt(Write("job_order.update"), answer(bit))
    assert refused.outcome == "refused"
    assert "status" not in refused.detail
    assert jobs.in_words(1 << 50) == f"the plant refused with status {1 << 50:#x}"


def test_a_job_that_is_not_held_reads_back_as_none():
    nothing = answer(Answer.UNKNOWN_JOB_ORDER, before=(ua.Variant(None),))
    assert jobs.job_state(nothing) is None


@pytest.mark.parametrize(
    "unsure",
    [
        ua.CallMethodResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadTooManyOperations)),
        answer(Answer.NOT_ACCEPTED, before=(ua.Variant(None),)),
    ],
)
def test_an_answer_that_does_not_say_whether_a_job_is_held_is_no_answer(unsure):
    with pytest.raises(ConnectionFailed, match="could not be read back"):
        jobs.job_state(unsure)


def test_findings_name_each_missing_thing(address):
    assert [str(f) for f in Address(namespaces=[]).findings("opc.tcp://x")] == [
        f"opc.tcp://x: does not offer ISA-95 Job Control: it has no namespace {ISA95_URI}. "
        "Maybe the companion specification OPC 10031-4 has to be switched on in the server."
    ]
    bare = Address(namespaces=[ISA95_URI])
    words = " ".join(str(finding) for finding in bare.findings("e"))
    for thing in ("ISA95JobOrderReceiverObjectType", "response provider", "DataTypeDefinition", "journal"):
        assert thing in words
    address.methods.pop("Cancel")
    assert "lacks Cancel" in " ".join(str(finding) for finding in address.findings("e"))
