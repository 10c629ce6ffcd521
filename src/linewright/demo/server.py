"""The plant's OPC UA server: its address space, its methods, and what it tells when something happens.

Whatever a call changes is committed before the call is answered, all methods of one request at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from asyncua import Node, Server, ua

from linewright.demo import wire
from linewright.demo.clock import LARGEST_RATE, PlantClock
from linewright.demo.floor import Floor
from linewright.demo.isa95 import (
    METHODS,
    PROVIDER,
    RECEIVER,
    STATUS_EVENT,
    STRING,
    URI,
    VARIABLES,
    Argument,
    Types,
    add_object,
)
from linewright.demo.jobs import JobDesk
from linewright.demo.records import Answer, Entry, Job, Machine
from linewright.errors import LinewrightError
from linewright.events.vocabulary import EquipmentStateChanged

PLANT_URI = "urn:linewright:plant"
"""Namespace of what OPC UA has no standard for: machines, people, lots, the journal, disruptions."""

LONGEST_PAGE = 1000  # entries of the journal in one answer

_DOUBLE, _UINT64, _UINT32, _BOOLEAN, _TIME = 11, 9, 7, 1, 13
_DONE_DETAIL: tuple[Argument, ...] = (("Done", _BOOLEAN, False), ("Detail", STRING, False))

Handler = Callable[..., Awaitable[ua.CallMethodResult]]


class PlantServer:
    """An OPC UA server around a floor. `commit` makes what has changed durable and published."""

    def __init__(
        self, server: Server, floor: Floor, clock: PlantClock, commit: Callable[[], Awaitable[None]]
    ) -> None:
        self._server = server
        self._floor = floor
        self._memory = floor.memory
        self._clock = clock
        self._commit = commit
        self._desk = JobDesk(floor)
        self._written: dict[str, Any] = {}  # path of a variable -> value last written
        self._types: Types
        self._namespace = 0

    # -- address space ------------------------------------------------------------------------------

    async def build(self) -> None:
        """Make the address space."""
        server = self._server
        self._types = Types(server, await server.register_namespace(URI))
        self._namespace = await server.register_namespace(PLANT_URI)
        await self._types.add()
        plant = await self._object(server.nodes.objects, "Plant")
        facts = self._floor.facts
        await self._variable(plant, "PlantID", facts.plant.id)
        await self._variable(plant, "Name", facts.plant.name)
        clock = await self._object(plant, "Clock")
        await self._variable(clock, "PlantTime", datetime.now(UTC))
        await self._variable(clock, "Rate", 0.0)
        await self._method(clock, "SetRate", self._set_rate, [("Rate", _DOUBLE, False)], _DONE_DETAIL)
        await self._job_control(plant)
        await self._journal(plant)
        await self._disruptions(plant)
        folder = await self._folder(plant, "Machines")
        for machine in facts.machines.values():
            await self._machine(folder, machine.id, machine.name)
        folder = await self._folder(plant, "People")
        for person in facts.people.values():
            node = await self._object(folder, person.id, f"People.{person.id}")
            await self._variable(node, "Available", False)
            await self._variable(node, "JobOrder", "")
        folder = await self._folder(plant, "Lots")
        for lot in self._memory.lots.values():
            if lot.id in {known.id for known in facts.plant.lots}:
                node = await self._object(folder, lot.id, f"Lots.{lot.id}")
                await self._variable(node, "Material", lot.material)
                await self._variable(node, "Quantity", lot.quantity)
                await self._variable(node, "Available", datetime.now(UTC))
                await self._variable(node, "Here", False)
        self._make_requests_transactions()

    def _make_requests_transactions(self) -> None:
        service = self._server.iserver.method_service
        carry_out = service.call

        async def call(methods: list[ua.CallMethodRequest]) -> Any:
            results = await carry_out(methods)
            self._desk.settle()
            await self._commit()
            return results

        service.call = call

    async def _machine(self, folder: Node, machine: str, name: str) -> None:
        node = await self._object(folder, machine, f"Machines.{machine}")
        await self._variable(node, "Name", name)
        await self._variable(node, "State", "")
        await self._variable(node, "JobOrder", "")
        await self._variable(node, "Operator", "")
        await self._variable(node, "SetupFamily", "")
        await self._variable(node, "Reason", "")
        await self._variable(node, "ExpectedEnd", datetime(1601, 1, 1, tzinfo=UTC))
        await self._variable(node, "Good", 0)
        await self._variable(node, "Scrap", 0)

    async def _job_control(self, plant: Node) -> None:
        types = self._types
        owners = {
            kind: await add_object(plant, self._id(name), self._name(name), types.node(kind).nodeid)
            for kind, name in ((RECEIVER, "JobOrderControl"), (PROVIDER, "JobResponses"))
        }
        variables = {
            name: await types.add_variable(owners[kind], self._id(name), name, data_type, array)
            for name, (kind, _, data_type, array) in VARIABLES.items()
        }
        facts = self._floor.facts
        for name, known in (("EquipmentID", facts.machines), ("PersonnelID", facts.people)):
            await variables[name].write_value(ua.Variant(list(known), ua.VariantType.String, is_array=True))
        self._computed(variables["JobOrderList"], self._job_order_list)
        self._computed(variables["JobOrderResponseList"], self._job_response_list)
        handlers: dict[str, Handler] = {
            "Store": self._store,
            "StoreAndStart": self._store_and_start,
            "Start": self._start,
            "Update": self._update,
            "Cancel": self._cancel,
            "Abort": self._abort,
            "RequestJobResponseByJobOrderID": self._job_response,
        }
        for name, (kind, identifier, _, inputs, outputs) in METHODS.items():
            handler = handlers[name]
            node = await self._method(owners[kind], name, handler, inputs, outputs, namespace=types.namespace)
            session = self._server.iserver.isession
            session.add_method_callback(node.nodeid, handler)
            session.add_method_callback(types.node(identifier).nodeid, handler)
        event = types.node(STATUS_EVENT)
        self._status_event = await self._server.get_event_generator(event, owners[PROVIDER])

    async def _journal(self, plant: Node) -> None:
        journal = await self._object(plant, "Journal")
        await self._variable(journal, "JournalID", self._memory.journal_id)
        for name in ("FirstSequence", "LastSequence"):
            await self._variable(journal, name, ua.Variant(0, ua.VariantType.UInt64))
        await self._method(
            journal,
            "ReadJournal",
            self._read_journal,
            [("After", _UINT64, False), ("Limit", _UINT32, False)],
            [
                ("JournalID", STRING, False),
                ("FirstSequence", _UINT64, False),
                ("LastSequence", _UINT64, False),
                ("Entries", STRING, True),
            ],
        )
        event = await self._server.nodes.base_event_type.add_object_type(
            self._id("JournalEventType"), self._name("JournalEventType")
        )
        for name, value in (("Sequence", ua.Variant(0, ua.VariantType.UInt64)), ("Type", ""), ("Body", "")):
            await event.add_property(self._id(f"JournalEventType.{name}"), self._name(name), value)
        self._journal_event = await self._server.get_event_generator(event, journal)

    async def _disruptions(self, plant: Node) -> None:
        node = await self._object(plant, "Disruptions")
        hours: Argument = ("Hours", _DOUBLE, False)
        methods: dict[str, tuple[Handler, list[Argument]]] = {
            "BreakMachine": (self._break_machine, [("Machine", STRING, False), hours]),
            "RushOrder": (
                self._rush_order,
                [
                    ("Part", STRING, False),
                    ("Quantity", _UINT32, False),
                    ("Due", _TIME, False),
                    ("Priority", _DOUBLE, False),
                ],
            ),
            "DelayMaterial": (self._delay_material, [("Lot", STRING, False), hours]),
            "OperatorAbsent": (self._operator_absent, [("Person", STRING, False), hours]),
        }
        for name, (handler, inputs) in methods.items():
            await self._method(node, name, handler, inputs, _DONE_DETAIL)

    def _id(self, path: str) -> ua.NodeId:
        return ua.NodeId(path, self._namespace)

    def _name(self, name: str) -> ua.QualifiedName:
        return ua.QualifiedName(name, self._namespace)

    async def _object(self, parent: Node, name: str, path: str = "") -> Node:
        return await parent.add_object(self._id(path or name), self._name(name))

    async def _folder(self, parent: Node, name: str) -> Node:
        return await parent.add_folder(self._id(name), self._name(name))

    async def _variable(self, parent: Node, name: str, value: Any) -> None:
        path = f"{parent.nodeid.Identifier}.{name}"
        await parent.add_variable(self._id(path), self._name(name), value)

    async def _method(
        self,
        parent: Node,
        name: str,
        handler: Handler,
        inputs: Sequence[Argument],
        outputs: Sequence[Argument],
        namespace: int | None = None,
    ) -> Node:
        return await parent.add_method(
            self._id(f"{parent.nodeid.Identifier}.{name}"),
            ua.QualifiedName(name, self._namespace if namespace is None else namespace),
            handler,
            [self._types.argument(argument) for argument in inputs],
            [self._types.argument(argument) for argument in outputs],
        )

    def _computed(self, node: Node, compute: Callable[[], list[Any]]) -> None:
        """Let a variable's value be made when it is read."""

        def read(_node: ua.NodeId, _attribute: ua.AttributeIds) -> ua.DataValue:
            value = ua.Variant(compute(), ua.VariantType.ExtensionObject, is_array=True)
            return ua.DataValue(value, SourceTimestamp=datetime.now(UTC))

        self._server.iserver.set_attribute_value_callback(node.nodeid, ua.AttributeIds.Value, read)

    # -- what is told -------------------------------------------------------------------------------

    async def publish(self, entries: Sequence[Entry]) -> None:
        """Bring the variables up to date and send events for what was committed."""
        for machine in self._memory.machines.values():
            await self._publish_machine(machine)
        for person in self._floor.facts.people:
            await self._write(f"People.{person}.Available", self._floor.is_there(person))
            await self._write(f"People.{person}.JobOrder", self._floor.job_of(person))
        for lot in self._memory.lots.values():
            if not lot.id.startswith("order:"):
                await self._write(f"Lots.{lot.id}.Quantity", lot.quantity)
                await self._write(f"Lots.{lot.id}.Available", self._utc(lot.available))
                await self._write(f"Lots.{lot.id}.Here", lot.arrived)
        for entry in entries:
            await self._send_event(entry)
        await self._write("Journal.FirstSequence", self._memory.first_sequence, ua.VariantType.UInt64)
        await self._write("Journal.LastSequence", self._memory.committed, ua.VariantType.UInt64)

    async def publish_clock(self) -> None:
        """Tell the plant's time and its rate."""
        self._written.pop("Clock.PlantTime", None)
        await self._write("Clock.Rate", self._clock.rate)
        await self._write("Clock.PlantTime", self._clock.instant())

    async def _publish_machine(self, machine: Machine) -> None:
        path = f"Machines.{machine.id}"
        state, end = self._floor.state(machine)
        job = self._memory.jobs.get(machine.job)
        await self._write(f"{path}.State", state)
        await self._write(f"{path}.JobOrder", machine.job)
        await self._write(f"{path}.Operator", job.spec.operator if job else "")
        await self._write(f"{path}.SetupFamily", machine.family)
        await self._write(f"{path}.Reason", machine.down_reason if state == "down" else "")
        await self._write(
            f"{path}.ExpectedEnd", datetime(1601, 1, 1, tzinfo=UTC) if end is None else self._utc(end)
        )
        await self._write(f"{path}.Good", machine.good)
        await self._write(f"{path}.Scrap", machine.scrap)

    async def _write(self, path: str, value: Any, kind: ua.VariantType | None = None) -> None:
        if self._written.get(path) == value:
            return
        self._written[path] = value
        now = datetime.now(UTC)
        written = ua.DataValue(ua.Variant(value, kind), SourceTimestamp=now, ServerTimestamp=now)
        await self._server.write_attribute_value(self._id(path), written)

    async def _send_event(self, entry: Entry) -> None:
        body = entry.body
        kind = str(body.__struct_config__.tag)
        event = self._journal_event.event
        event.Sequence, event.Type = entry.sequence, kind
        event.Body = msgspec.json.encode(body).decode()
        event.Severity = 700 if isinstance(body, EquipmentStateChanged) and body.state == "down" else 100
        await self._journal_event.trigger(time_attr=entry.time.astimezone(UTC), message=kind)
        job = self._memory.jobs.get(getattr(body, "job_order", ""))
        if job is not None and kind.startswith("job_order."):
            event = self._status_event.event
            event.JobOrder, event.JobState = wire.job_order(job, self._floor), wire.state(job)
            event.JobResponse = wire.job_response(job, self._floor)
            await self._status_event.trigger(time_attr=entry.time.astimezone(UTC), message=kind)

    def _utc(self, second: int) -> datetime:
        return self._floor.instant(second).astimezone(UTC)

    # -- job control --------------------------------------------------------------------------------

    async def _store(self, _parent: ua.NodeId, order: ua.Variant, *_comment: ua.Variant) -> Any:
        spec = wire.read_job_order(order.Value, self._floor)
        return _status(self._desk.store(spec, start=False) if spec else Answer.INVALID_REQUEST)

    async def _store_and_start(self, _parent: ua.NodeId, order: ua.Variant, *_comment: ua.Variant) -> Any:
        spec = wire.read_job_order(order.Value, self._floor)
        return _status(self._desk.store(spec, start=True) if spec else Answer.INVALID_REQUEST)

    async def _update(self, _parent: ua.NodeId, order: ua.Variant, *_comment: ua.Variant) -> Any:
        spec = wire.read_job_order(order.Value, self._floor)
        return _status(self._desk.update(spec) if spec else Answer.INVALID_REQUEST)

    async def _start(self, _parent: ua.NodeId, job: ua.Variant, *_comment: ua.Variant) -> Any:
        return _status(self._desk.start(job.Value or ""))

    async def _cancel(self, _parent: ua.NodeId, job: ua.Variant, *comment: ua.Variant) -> Any:
        said = comment[0].Value if comment else None
        version = wire.comment_version(said)
        if version is None:
            return _status(Answer.INVALID_REQUEST)
        return _status(self._desk.cancel(job.Value or "", version, wire.comment_text(said)))

    async def _abort(self, _parent: ua.NodeId, job: ua.Variant, *comment: ua.Variant) -> Any:
        said = comment[0].Value if comment else None
        return _status(self._desk.abort(job.Value or "", wire.comment_text(said)))

    async def _job_response(self, _parent: ua.NodeId, job_id: ua.Variant) -> Any:
        job = self._memory.jobs.get(job_id.Value or "")
        if job is None or job.state == "cancelled":
            return _status(Answer.UNKNOWN_JOB_ORDER, wire.no_response(job_id.Value or ""))
        return _status(Answer.DONE, wire.job_response(job, self._floor))

    def _held(self) -> list[Job]:
        return [job for job in self._memory.jobs.values() if job.state != "cancelled"]

    def _job_order_list(self) -> list[Any]:
        return [
            ua.ISA95JobOrderAndStateDataType(JobOrder=wire.job_order(job, self._floor), State=wire.state(job))
            for job in self._held()
        ]

    def _job_response_list(self) -> list[Any]:
        return [wire.job_response(job, self._floor) for job in self._held()]

    # -- journal, clock, disruptions ----------------------------------------------------------------

    async def _read_journal(self, _parent: ua.NodeId, after: ua.Variant, limit: ua.Variant) -> Any:
        memory = self._memory
        rows = memory.read(after.Value or 0, max(1, min(limit.Value or LONGEST_PAGE, LONGEST_PAGE)))
        entries = [
            f'{{"sequence":{sequence},"time":"{time}","body":{body.decode()}}}'
            for sequence, time, body in rows
        ]
        return _outputs(
            memory.journal_id,
            ua.Variant(memory.first_sequence, ua.VariantType.UInt64),
            ua.Variant(memory.committed, ua.VariantType.UInt64),
            ua.Variant(entries, ua.VariantType.String, is_array=True),
        )

    async def _set_rate(self, _parent: ua.NodeId, rate: ua.Variant) -> Any:
        value = rate.Value
        if not isinstance(value, float) or not 0 <= value <= LARGEST_RATE:
            return _outputs(False, f"The rate is {value}: it must lie between 0 and {LARGEST_RATE:g}.")
        self._clock.set_rate(value)
        await self.publish_clock()
        return _outputs(True, f"{value:g} plant seconds a second")

    async def _break_machine(self, _parent: ua.NodeId, machine: ua.Variant, hours: ua.Variant) -> Any:
        return _tried(lambda: self._floor.break_machine(machine.Value, hours.Value).isoformat())

    async def _rush_order(
        self,
        _parent: ua.NodeId,
        part: ua.Variant,
        quantity: ua.Variant,
        due: ua.Variant,
        priority: ua.Variant,
    ) -> Any:
        def order() -> str:
            when = due.Value.replace(tzinfo=due.Value.tzinfo or UTC)
            return self._floor.rush_order(part.Value, quantity.Value, when, priority.Value)

        return _tried(order)

    async def _delay_material(self, _parent: ua.NodeId, lot: ua.Variant, hours: ua.Variant) -> Any:
        return _tried(lambda: self._floor.delay_material(lot.Value, hours.Value).isoformat())

    async def _operator_absent(self, _parent: ua.NodeId, person: ua.Variant, hours: ua.Variant) -> Any:
        return _tried(lambda: self._floor.operator_absent(person.Value, hours.Value).isoformat())


def _tried(what: Callable[[], str]) -> ua.CallMethodResult:
    try:
        return _outputs(True, what())
    except LinewrightError as error:
        return _outputs(False, str(error))
    except (TypeError, AttributeError, ValueError, OverflowError):
        return _outputs(False, "An argument is missing or of another type than the method says.")


def _outputs(*values: Any) -> ua.CallMethodResult:
    return ua.CallMethodResult(
        OutputArguments=[value if isinstance(value, ua.Variant) else ua.Variant(value) for value in values]
    )


def _status(answer: Answer, *before: Any) -> ua.CallMethodResult:
    """A ReturnStatus. Where the call did not succeed the status code is Uncertain, because with a Bad one
    no output arrives (OPC 10031-4 B.2)."""
    result = _outputs(*before, ua.Variant(int(answer), ua.VariantType.UInt64))
    if answer is not Answer.DONE:
        result.StatusCode = ua.StatusCode(ua.StatusCodes.Uncertain)
    return result
