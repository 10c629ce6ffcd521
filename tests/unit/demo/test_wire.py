"""Job orders as they come over the wire."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from asyncua import Server, ua

from linewright.demo import wire
from linewright.demo.isa95 import URI, Types

BEGIN, END = datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def types():
    """The structures of job control, which asyncua knows once they are in a server."""

    async def make():
        server = Server()
        await server.init()
        await Types(server, await server.register_namespace(URI)).add()

    asyncio.run(make())


@pytest.fixture
def job_order(types):
    def make(lot="3.5", version=2, setup_start=BEGIN, **parameters):
        listed = {
            "PlanVersion": ua.Variant(version),
            "SetupStart": ua.Variant(setup_start),
            **{name: ua.Variant(value) for name, value in parameters.items()},
        }
        return ua.ISA95JobOrderDataType(
            JobOrderID="A/10",
            StartTime=BEGIN,
            EndTime=END,
            JobOrderParameters=[wire.parameter(name, value) for name, value in listed.items()],
            EquipmentRequirements=[ua.ISA95EquipmentDataType(ID="M01")],
            MaterialRequirements=[
                ua.ISA95MaterialDataType(MaterialLotID="L1", MaterialDefinitionID="RAW", Quantity=lot)
            ],
        )

    return make


def test_a_job_order_is_read_as_it_was_meant(job_order, floor_of):
    floor = floor_of()
    spec = wire.read_job_order(job_order(Sequence=4, NotBefore=END), floor)
    assert (spec.id, spec.machine, spec.operator, spec.plan_version, spec.sequence) == (
        "A/10",
        "M01",
        "",
        2,
        4,
    )
    assert [(lot.lot, lot.material, lot.quantity) for lot in spec.lots] == [("L1", "RAW", 3.5)]
    assert floor.instant(spec.end) == floor.instant(spec.not_before) == END


@pytest.mark.parametrize(
    "wrong",
    [
        {"lot": "nan"},
        {"lot": "inf"},
        {"lot": "-1"},
        {"lot": "some"},
        {"lot": None},
        {"version": "2"},
        {"setup_start": "today"},
        {"Sequence": "first"},
        {"NotBefore": 7},
    ],
)
def test_what_makes_no_sense_is_no_job_order(job_order, floor_of, wrong):
    assert wire.read_job_order(job_order(**wrong), floor_of()) is None
