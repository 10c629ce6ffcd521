"""The OPC UA door and the plant process, over a real connection on loopback."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asyncua import Server

from floors import free_port
from linewright.connect.door import Checkpoint
from linewright.connect.opcua import door as door_module
from linewright.connect.opcua.address import survey
from linewright.connect.opcua.demonstration import Demonstration
from linewright.connect.opcua.door import OpcUaDoor, probe
from linewright.connect.opcua.security import Security, make_certificate
from linewright.demo import memory as memory_module
from linewright.demo.memory import Memory
from linewright.demo.opening import open_floor
from linewright.errors import ConnectionFailed, LinewrightError
from linewright.events.vocabulary import Event
from linewright.plant.folder import read_plant
from linewright.plant.plan import job_order_id
from linewright.twin.mirror import Mirror


@dataclass
class Write:
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)


def update(item, version, minutes=10, kind="job_order.update", **more):
    shift = timedelta(minutes=minutes)
    return Write(
        kind,
        {
            "job_order": job_order_id(item.order, item.operation),
            "machine": item.machine,
            "operator": item.operator,
            "setup_start": (item.setup_start + shift).isoformat(),
            "start": (item.start + shift).isoformat(),
            "end": (item.end + shift).isoformat(),
            "plan_version": version,
            **more,
        },
    )


def cancel(item, version):
    payload = {"job_order": job_order_id(item.order, item.operation), "plan_version": version}
    return Write("job_order.cancel", payload)


@pytest.fixture
def plan(folder):
    """The folder's assignments, the last to begin first."""
    _, state = read_plant(folder)
    return sorted(state.plan.assignments, key=lambda item: item.setup_start, reverse=True)


def test_probe_says_what_is_there(paused):
    found = asyncio.run(probe(paused.endpoint, Security.none()))
    assert found.usable
    assert found.server == "Linewright demonstration plant"
    assert ("journal", "yes") in found.facts
    assert "StoreAndStart" in dict(found.facts)["its methods"]


def test_probe_of_a_bare_server_says_what_is_missing():
    async def scenario():
        server = Server()
        await server.init()
        port = free_port()
        server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/bare")
        async with server:
            return await probe(f"opc.tcp://127.0.0.1:{port}/bare", Security.none())

    found = asyncio.run(scenario())
    assert not found.usable
    assert "does not offer ISA-95 Job Control" in str(found.findings[0])


def test_the_server_of_another_plant_is_refused(paused):
    door = OpcUaDoor(paused.endpoint, "harbour-works", Security.none())
    with pytest.raises(ConnectionFailed, match=r"is plant demo, not harbour-works\. Maybe the endpoint is"):
        asyncio.run(door.connect())


def test_a_plant_that_does_not_tell_the_time_is_read_by_the_wall_clock(paused, reader, monkeypatch):
    async def without_clock(client):
        address = await survey(client)
        address.plant = {name: node for name, node in address.plant.items() if not name.startswith("Clock")}
        return address

    monkeypatch.setattr(door_module, "survey", without_clock)

    async def scenario():
        async with reader(paused.endpoint) as client:
            await client.until(client.journal)
            return client.door.clock()

    assert abs(asyncio.run(scenario()) - datetime.now(UTC)) < timedelta(minutes=5)


def test_nobody_there_is_one_clear_message():
    door = OpcUaDoor(f"opc.tcp://127.0.0.1:{free_port()}/x", "demo", Security.none())
    with pytest.raises(ConnectionFailed, match=r"nobody listens there\. Maybe the plant is not running"):
        asyncio.run(door.connect())
    with pytest.raises(ConnectionFailed, match="is not connected"):
        asyncio.run(door.send(Write("job_order.update")))


def test_the_journal_arrives_whole_and_in_order(start_plant, reader):
    plant = start_plant("--rate", "3600")

    async def scenario():
        async with reader(plant.endpoint) as client:
            await client.until(lambda: len(client.of("job_order.completed")) >= 3)
            assert client.door.connected
            assert client.door.rate == 3600
            return client

    client = asyncio.run(scenario())
    journal = client.journal()
    assert [Checkpoint.after(event.id).sequence for event in journal] == list(range(1, len(journal) + 1))
    assert client.checkpoint.event_id == journal[-1].id
    assert client.of("connector.connected")[0].connector == "opcua:demo"
    assert {event.source for event in client.events} == {"opcua:demo"}
    assert all(event.facility for event in client.events)
    started = {body.job_order: body for body in client.of("job_order.started")}
    for body in client.of("job_order.completed"):
        assert started[body.job_order].setup_start == body.setup_start
    assert client.door.counts.read == client.door.counts.delivered == len(journal)
    assert plant.stop() == ""


def test_a_plan_is_carried_out_by_updates_which_are_fenced_and_done_once(start_plant, reader, plan):
    plant = start_plant("--rate", "0")
    first, second = plan[:2]

    async def scenario():
        async with reader(plant.endpoint) as client:
            door = client.door
            await client.until(lambda: door.connected)
            answers = await asyncio.gather(*(door.send(update(item, 2)) for item in plan[:20]))
            assert {answer.outcome for answer in answers} == {"done"}
            again = await asyncio.gather(*(door.send(update(item, 2)) for item in plan[:20]))
            assert {answer.outcome for answer in again} == {"done"}

            stale = await door.send(update(first, 1))
            assert (stale.outcome, stale.detail) == (
                "refused",
                "the plant holds this job order in a newer plan version",
            )
            assert (await door.send(cancel(first, 1))).outcome == "refused"
            conflict = await door.send(update(first, 2, minutes=99))
            assert "other content for the same plan version" in conflict.detail
            assert "machine is unknown" in (await door.send(update(first, 3, machine="M99"))).detail
            odd = await door.send(Write("job_order.teleport"))
            assert (odd.outcome, "cannot be sent" in odd.detail) == ("refused", True)
            assert (await door.send(Write("job_order.update", {"job_order": "x"}))).outcome == "refused"

            state = await door.read_back(job_order_id(first.order, first.operation))
            assert (state.plan_version, state.machine, state.operator, state.state) == (
                2,
                first.machine,
                first.operator,
                "AllowedToStart",
            )
            assert state.setup_start == first.setup_start + timedelta(minutes=10)
            assert await door.read_back("NO/1") is None

            assert (await door.send(cancel(second, 3))).outcome == "done"
            assert (await door.send(cancel(second, 3))).outcome == "done"
            assert await door.read_back(job_order_id(second.order, second.operation)) is None
            back = update(second, 4, kind="job_order.store_and_start", priority=3.0)
            assert (await door.send(back)).outcome == "done"
            assert (await door.send(back)).outcome == "done"
            await client.until(lambda: len(client.of("job_order.dispatched")) == 21)
            await asyncio.sleep(0.3)
            return client

    client = asyncio.run(scenario())
    dispatched = client.of("job_order.dispatched")
    assert len(dispatched) == 21  # each once
    assert {body.plan_version for body in dispatched} == {2, 4}
    assert client.door.counts.written == 20 + 20 + 4
    assert client.door.counts.refused == 6


def test_a_started_job_is_not_updated(start_plant, reader, plan):
    plant = start_plant("--rate", "3600")

    async def scenario():
        async with reader(plant.endpoint) as client:
            started = await client.until(lambda: client.of("job_order.started"))
            await Demonstration(client.door).set_rate(0)
            item = next(i for i in plan if job_order_id(i.order, i.operation) == started[0].job_order)
            answer = await client.door.send(update(item, 2))
            assert (answer.outcome, answer.detail) == ("refused", "the job has already begun or ended")
            state = await client.door.read_back(started[0].job_order)
            assert state.state in ("Running", "Interrupted", "Ended")

    asyncio.run(scenario())


class Wire:
    """A connection in between, that can lose what the plant answers, and break."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []
        self.deaf = False

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: Any) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plant_reader, plant_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, plant_writer]
        await asyncio.gather(
            self._pass_on(reader, plant_writer, False), self._pass_on(plant_reader, writer, True)
        )

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if not (answers and self.deaf):
                    writer.write(data)
                    await writer.drain()
        writer.close()


def test_after_a_lost_answer_reading_back_tells_that_the_write_took_effect(start_plant, reader, plan):
    plant = start_plant("--rate", "0")
    item = plan[0]
    wire = Wire(plant.port)

    async def scenario():
        job = job_order_id(item.order, item.operation)
        direct = OpcUaDoor(plant.endpoint, "demo", Security.none())
        await direct.connect()
        async with wire as port, reader(f"opc.tcp://127.0.0.1:{port}/linewright") as client:
            door = client.door
            await client.until(lambda: door.connected and client.events)
            wire.deaf = True
            sending = asyncio.create_task(door.send(update(item, 2)))
            while (await direct.read_back(job)).plan_version != 2:
                await asyncio.sleep(0.02)
            wire.cut()
            with pytest.raises(ConnectionFailed):
                await sending
            wire.deaf = False
            await direct.close()
            await client.until(lambda: client.door.counts.connected == 2 and door.connected)
            assert (await door.read_back(job)).plan_version == 2
            assert (await door.send(update(item, 2))).outcome == "done"
            await client.until(lambda: client.of("job_order.dispatched"))
            await asyncio.sleep(0.3)
            return client

    client = asyncio.run(scenario())
    assert len(client.of("job_order.dispatched")) == 1
    assert [event.type for event in client.events if event.type.startswith("connector.")] == [
        "connector.connected",
        "connector.lost",
        "connector.connected",
    ]


def test_clients_come_and_go_and_nothing_is_lost_or_doubled(start_plant, reader):
    plant = start_plant("--rate", "3600")

    async def scenario():
        got, checkpoint = [], Checkpoint()
        for _ in range(3):
            async with reader(plant.endpoint, checkpoint) as client:
                await client.until(lambda client=client: len(client.journal()) >= 5)
            got += client.journal()
            checkpoint = client.checkpoint
            await asyncio.sleep(0.5)
        return got

    got = asyncio.run(scenario())
    assert [Checkpoint.after(event.id).sequence for event in got] == list(range(1, len(got) + 1))


def test_a_plant_killed_in_the_middle_goes_on_and_the_client_misses_nothing(start_plant, reader, folder):
    plant = start_plant("--rate", "3600")

    async def scenario():
        async with reader(plant.endpoint) as client:
            for count in (15, 25, 35):
                await client.until(lambda count=count: len(client.journal()) >= count)
                await asyncio.to_thread(plant.kill)
                await asyncio.to_thread(plant.start)
            await client.until(lambda: len(client.journal()) >= 45)
            return client

    client = asyncio.run(scenario())
    undisturbed = open_floor(*read_plant(folder), Memory(), 1)
    undisturbed.advance(5 * 86400)
    told = undisturbed.memory.commit()
    journal = client.journal()
    assert [Checkpoint.after(event.id).sequence for event in journal] == list(range(1, len(journal) + 1))
    for event, entry in zip(journal, told[: len(journal)], strict=True):
        assert (event.time, event.body) == (entry.time, entry.body)
    assert len(client.of("connector.lost")) == 3
    assert not client.of("data.gap_detected")


def test_a_plant_with_another_memory_is_a_gap(start_plant, reader):
    plant = start_plant("--rate", "0")

    async def scenario():
        async with reader(plant.endpoint, Checkpoint("an older journal", 7)) as client:
            await client.until(client.journal)
            return client

    client = asyncio.run(scenario())
    [gap] = client.of("data.gap_detected")
    assert "another journal" in gap.reason
    assert client.checkpoint.journal != "an older journal"
    assert Checkpoint.after(client.journal()[0].id).sequence == 1


def test_who_was_away_for_longer_than_the_journal_reaches_knows_the_present(
    start_plant, reader, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(memory_module, "JOURNAL_KEPT", 50)
    monkeypatch.setattr(memory_module, "_PRUNE_EVERY", 25)
    (tmp_path / "data").mkdir()
    memory = Memory(tmp_path / "data" / "plant.sqlite")
    floor = open_floor(*read_plant(folder), memory, 1)
    said = []
    for hour in range(60):
        floor.advance(hour * 3600)
        said += memory.commit()
    known, journal = 20, memory.journal_id
    assert memory.first_sequence > known + 1
    memory.close()
    plant = start_plant("--rate", "0")

    async def scenario():
        async with reader(plant.endpoint, Checkpoint(journal, known)) as client:
            await client.until(lambda: client.journal() and client.checkpoint.sequence == said[-1].sequence)
            return client

    client = asyncio.run(scenario())
    assert len({event.id for event in client.events if event.type == "data.gap_detected"}) == 1
    assert len(client.journal()) < len(said) - known
    whole, resumed = Mirror(*read_plant(folder)), Mirror(*read_plant(folder))
    for entry in said:
        event = Event(
            id=f"{journal}:{entry.sequence}",
            source="opcua:demo",
            time=entry.time,
            body=entry.body,
            position=1,
        )
        whole.apply(event)
        if entry.sequence <= known:
            resumed.apply(event)
    for event in client.journal():
        resumed.apply(event)
    assert resumed.anomalies == ()
    assert set(resumed.state().progress) >= {i for i in whole.state().progress if i.remaining_s is None}
    assert {m: s.state for m, s in resumed.machines.items()} == {
        m: s.state for m, s in whole.machines.items()
    }


def test_a_plant_whose_parent_ended_while_it_was_starting_ends_too(start_plant):
    plant = start_plant("--rate", "0", "--parent", "1")
    plant.process.communicate(timeout=30)
    assert plant.process.returncode == 0


def test_disruptions_are_seen_as_events_and_refusals_as_words(start_plant, reader, folder):
    plant = start_plant("--rate", "0")
    made, _ = read_plant(folder)

    async def scenario():
        async with reader(plant.endpoint) as client:
            await client.until(lambda: client.door.connected)
            demo = Demonstration(client.door)
            end = await demo.break_machine("M01", 8)
            assert end == client.door.clock() + timedelta(hours=8)
            order = await demo.rush_order(made.parts[0].id, 3, end, 4.0)
            await demo.operator_absent(made.people[0].id, 2)
            with pytest.raises(LinewrightError, match="no machine 'M99'"):
                await demo.break_machine("M99", 8)
            await client.until(lambda: client.of("personnel.availability_changed"))
            [down] = [b for b in client.of("equipment.state_changed") if b.state == "down"]
            assert (down.machine, down.expected_end) == ("M01", end)
            assert [body.order for body in client.of("operations_request.received")] == [order]
            lot = next((lot for lot in made.lots if lot.available is not None), None)
            if lot is not None:
                assert await demo.delay_material(lot.id, 3) == lot.available + timedelta(hours=3)

    asyncio.run(scenario())


def test_the_clock_runs_at_the_plants_rate(start_plant, reader):
    plant = start_plant("--rate", "0")

    async def scenario():
        async with reader(plant.endpoint) as client:
            await client.until(lambda: client.door.connected)
            before = client.door.clock()
            await asyncio.sleep(0.3)
            assert client.door.clock() == before
            await Demonstration(client.door).set_rate(600)
            await client.until(lambda: client.door.clock() > before + timedelta(minutes=2))
            with pytest.raises(LinewrightError, match="between 0 and 3600"):
                await Demonstration(client.door).set_rate(-1)

    asyncio.run(scenario())


def test_secured_only_those_who_are_trusted_may_connect(start_plant, tmp_path):
    pki = tmp_path / "data" / "pki"
    plant = start_plant("--rate", "0", "--security", "sign-and-encrypt")

    async def connect(security):
        door = OpcUaDoor(plant.endpoint, "demo", security)
        await door.connect()
        await door.close()

    async def scenario():
        certificate, key = await make_certificate(tmp_path / "mine")
        mine = Security(certificate, key, pki / "plant.der")
        with pytest.raises(ConnectionFailed, match="among those the server trusts"):
            await connect(mine)
        (pki / "trusted" / "linewright.der").write_bytes(certificate.read_bytes())
        await connect(mine)
        with pytest.raises(ConnectionFailed, match="kind of security"):
            await connect(Security.none())
        other, _ = await make_certificate(tmp_path / "other")
        with pytest.raises(ConnectionFailed):
            await connect(Security(certificate, key, other))  # the server is not who it should be
        with pytest.raises(ConnectionFailed, match="does not exist"):
            await connect(Security(tmp_path / "none.der", key))

    asyncio.run(scenario())
