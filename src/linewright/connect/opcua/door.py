"""The door to a plant that speaks OPC UA: keeps connected, delivers its journal, carries out writes."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import msgspec
from asyncua import Client, ua

from linewright.connect.door import Checkpoint, Counts, JobState, OnEvents, Probe, Receipt, Write
from linewright.connect.opcua import jobs
from linewright.connect.opcua.address import Address, survey
from linewright.connect.opcua.security import Security
from linewright.errors import ConnectionFailed, LinewrightError
from linewright.events.vocabulary import (
    AnyBody,
    ConnectorConnected,
    ConnectorLost,
    DataGapDetected,
    Event,
    Instant,
    event,
)

log = logging.getLogger(__name__)
logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # what it reports, this door raises or counts

TIMEOUT_S = 10.0
WATCHDOG_S = 5.0  # a server that does not say within this time how it is counts as lost
PAGE = 500  # journal entries in one answer
CALLS = 64  # methods in one request
POLL_S = 2.0  # the journal is read this often even if nothing announces an entry
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 3.0  # between attempts to connect
WAIT_SHARE = 0.1  # of the time without the plant: how long to wait before the next attempt
PATIENCE_S = 10.0  # without the plant, before that is worth a word
TOLD = ("Clock.PlantTime", "Clock.Rate", "Journal.LastSequence")

_LOST = (OSError, TimeoutError, asyncio.CancelledError, ua.UaError)


class _Entry(msgspec.Struct):
    sequence: int
    time: Instant
    body: msgspec.Raw  # of the vocabulary, if we know all of it


_body: msgspec.json.Decoder[AnyBody] = msgspec.json.Decoder(AnyBody)


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer of the plant's journal: it is whole from `first` on and ends at `last`."""

    journal: str
    first: int
    last: int
    entries: list[str]


class OpcUaDoor:
    """A door to plant `name` at the OPC UA server `endpoint`; its events come from source "opcua:NAME"."""

    def __init__(self, endpoint: str, name: str, security: Security) -> None:
        self.endpoint = endpoint
        self.name = name
        self.source = f"opcua:{name}"
        self.counts = Counts()
        self.rate = 1.0  # plant seconds a second
        self._security = security
        self._client: Client | None = None
        self._address = Address()
        self._wake = asyncio.Event()
        self._heard = -math.inf
        self._pages = 0  # of the journal that were read
        self._lost = asyncio.Event()
        self._read_at: tuple[datetime, float] | None = None  # the plant's clock when last told, monotonic
        self._waiting: list[tuple[Callable[[Address], Any], asyncio.Future[Any]]] = []
        self._sender: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._client is not None and not self._lost.is_set()

    @property
    def plant_id(self) -> str:
        """The plant's own id; "" before the first connection."""
        return self._address.plant_id

    def offers(self, method: str) -> bool:
        """Whether the plant has a method beside job control, like "Clock.SetRate"."""
        return method in self._address.plant

    @property
    def freshness_s(self) -> float:
        """Seconds since the plant was last heard; infinite before it ever was."""
        return monotonic() - self._heard

    def clock(self) -> datetime:
        """The plant's time now: as last told, carried on at its rate while connected. The wall clock for a
        plant that has told none."""
        if self._read_at is None:
            return datetime.now(UTC)
        told, at = self._read_at
        return told + timedelta(seconds=(monotonic() - at) * self.rate) if self.connected else told

    # -- connection ---------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect once, to a server that offers what is needed.

        Raises:
            ConnectionFailed: nobody answers, security does not fit, or something is missing there.
        """
        client, address = await _reach(self.endpoint, self._security)
        findings = address.findings(self.endpoint, self.name)
        if findings:
            await _leave(client)
            raise ConnectionFailed("\n".join(str(finding) for finding in findings))
        self._lost.clear()
        try:
            await self._subscribe(client, address)
        except _LOST as error:
            await _leave(client)
            if _cancelled(error):
                raise
            raise _failed(self.endpoint, error) from error
        self._client, self._address = client, address
        client.connection_lost_callback = self._connection_lost

    async def _connection_lost(self, _reason: Exception) -> None:
        self.lose()

    async def close(self) -> None:
        """Disconnect, if connected."""
        if self._read_at is not None:
            self._read_at = self.clock(), monotonic()
        client, self._client = self._client, None
        if client is not None:
            if self._lost.is_set():
                client.disconnect_socket()  # no more waiting for answers that will not come
            await _leave(client)

    async def _subscribe(self, client: Client, address: Address) -> None:
        """Be told of new journal entries and of the plant's time, as far as the server tells."""
        told = {name: client.get_node(address.plant[name]) for name in TOLD if name in address.plant}
        if "Clock.PlantTime" in told and "Clock.Rate" in told:
            time, rate = await client.read_values([told["Clock.PlantTime"], told["Clock.Rate"]])
            self.rate, self._read_at = float(rate), (jobs.aware(time), monotonic())
        if told:
            names = {node.nodeid: name for name, node in told.items()}
            subscription = await client.create_subscription(100, _Told(self, names))
            await subscription.subscribe_data_change(list(told.values()))

    def told(self, what: str, value: Any) -> None:
        """A subscribed value has changed."""
        self._heard = monotonic()
        if what == "Clock.PlantTime":
            self._read_at = jobs.aware(value), monotonic()
        elif what == "Clock.Rate":
            self._read_at, self.rate = (self.clock(), monotonic()), float(value)
        else:
            self._wake.set()

    def lose(self) -> None:
        """Note that the connection no longer works."""
        if self._client is not None and not self._lost.is_set():
            if self._read_at is not None:
                self._read_at = self.clock(), monotonic()
            self._lost.set()
            self._wake.set()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[Client, Address]]:
        """The connection, for one exchange. Raises ConnectionFailed where there is none or it breaks."""
        client = self._client
        if client is None or self._lost.is_set():
            raise ConnectionFailed(f"{self.endpoint} is not connected. It is tried again by itself.")
        try:
            yield client, self._address
        except _LOST as error:
            if _cancelled(error):
                raise
            self.lose()
            raise _failed(self.endpoint, error) from error

    # -- events -------------------------------------------------------------------------------------

    async def run(self, on_events: OnEvents, checkpoint: Checkpoint) -> None:
        """Keep connected and deliver the journal after a checkpoint until cancelled."""
        alone_since, said = monotonic(), ""
        try:
            while True:
                _heed_cancellation()
                pages = self._pages
                try:
                    if not self.connected:
                        await self.close()
                        await self.connect()
                        self.counts.connected += 1
                    checkpoint = await self._follow(on_events, checkpoint)
                except ConnectionFailed as error:
                    if str(error) != said and monotonic() - alone_since > PATIENCE_S:
                        said = str(error)
                        log.warning("%s", error)
                if self._pages > pages:
                    alone_since, said = monotonic(), ""
                wait = WAIT_SHARE * (monotonic() - alone_since)
                await asyncio.sleep(min(LONGEST_WAIT_S, max(FIRST_WAIT_S, wait)))
        finally:
            await self.close()

    async def _follow(self, on_events: OnEvents, checkpoint: Checkpoint) -> Checkpoint:
        """Deliver entries while the connection lasts; returns the checkpoint reached.

        Raises:
            ConnectionFailed: the journal could not be read even once.
        """
        here = ConnectorConnected(connector=self.source, endpoint=self.endpoint)
        events, behind, more = await self._read(checkpoint)
        events.insert(0, self._own(here))
        try:
            while True:
                _heed_cancellation()
                if events:
                    await on_events(events, behind)
                    self.counts.delivered += sum(Checkpoint.after(item.id) is not None for item in events)
                checkpoint = behind
                if not more:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_S):
                            await self._wake.wait()
                self._wake.clear()
                events, behind, more = await self._read(checkpoint)
        except ConnectionFailed as error:
            gone = ConnectorLost(connector=self.source, endpoint=self.endpoint, reason=str(error))
            await on_events([self._own(gone)], checkpoint)
        return checkpoint

    async def _read(self, checkpoint: Checkpoint) -> tuple[list[Event], Checkpoint, bool]:
        """Entries after a checkpoint, the checkpoint behind them, and whether there are more."""
        page = await self._page(checkpoint.sequence)
        at = Checkpoint(checkpoint.journal or page.journal, checkpoint.sequence, checkpoint.time)
        events: list[Event] = []
        if at.written_by != page.journal or page.last < at.sequence:
            reason = "the plant keeps another journal than before"
            next_ = Checkpoint(page.journal)
            if at.written_by == page.journal:
                reason = f"the plant's journal ends at {page.last}, {at.sequence} was received"
                next_ = at.rewound(page.last)
            events.append(self._gap(next_, reason, at.time))
            at, page = next_, await self._page(next_.sequence)
        if page.first > at.sequence + 1:
            reason = f"the plant's journal is whole from {page.first} on, {at.sequence + 1} was next"
            events.append(self._gap(replace(at, sequence=page.first - 1), reason, at.time))
        for line in page.entries:
            entry = self._entry(line, at)
            at = replace(at, sequence=entry.sequence, time=entry.time)
            events.append(self._event(entry, at))
        self.counts.read += len(page.entries)
        if not page.entries:
            at = replace(at, sequence=page.last)
        return events, at, at.sequence < page.last

    def _entry(self, line: str, after: Checkpoint) -> _Entry:
        try:
            return msgspec.json.decode(line, type=_Entry)
        except msgspec.MsgspecError as error:
            raise ConnectionFailed(
                f"{self.endpoint}: what follows entry {after.sequence} of the journal is no entry: {error}. "
                "Maybe the server is not one Linewright can read: see docs/reference/opcua-address-space.md."
            ) from error

    def _event(self, entry: _Entry, at: Checkpoint) -> Event:
        """The event of an entry. One that says what we do not know is a gap, and the next is read."""
        try:
            body = _body.decode(entry.body)
        except msgspec.MsgspecError as error:
            reason = (
                f"entry {entry.sequence} of the plant's journal cannot be read: {error}. "
                "Maybe the plant is newer: upgrade with pip install -U linewright."
            )
            return self._gap(at, reason, entry.time)
        return Event(
            id=at.event_id,
            source=self.source,
            time=entry.time,
            body=body,
            subject=_subject(body),
            facility=self._address.plant_id,
        )

    async def _page(self, after: int) -> _Page:
        async with self._connection() as (client, address):
            call = ua.CallMethodRequest(
                ObjectId=address.plant["Journal"],
                MethodId=address.plant["Journal.ReadJournal"],
                InputArguments=[
                    ua.Variant(after, ua.VariantType.UInt64),
                    ua.Variant(PAGE, ua.VariantType.UInt32),
                ],
            )
            [result] = await client.uaclient.session.call([call])
            result.StatusCode.check()
            self._heard = monotonic()
            self._pages += 1
            journal, first, last, entries = (item.Value for item in result.OutputArguments)
            return _Page(journal, first, last, entries or [])

    def _gap(self, behind: Checkpoint, reason: str, since: datetime | None) -> Event:
        """What happened from `since` until now is not wholly known; `behind`: from where on it is again."""
        now = self.clock()
        body = DataGapDetected(source_id=self.source, start=since or now, end=now, reason=reason)
        facility = self._address.plant_id
        return event(body, source=self.source, time=now, key=behind.event_id, facility=facility)

    def _own(self, body: AnyBody) -> Event:
        return event(body, source=self.source, time=self.clock(), facility=self._address.plant_id)

    # -- writes -------------------------------------------------------------------------------------

    async def send(self, write: Write) -> Receipt:
        """Carry out a write; those handed in together travel in one request.

        Raises:
            ConnectionFailed: it is not known whether the write took effect. Read back before trying again.
        """
        try:
            result = await self._call(lambda address: jobs.request(write, address))
        except ConnectionFailed:
            raise
        except LinewrightError as error:
            self.counts.refused += 1
            return Receipt("refused", str(error))
        answer = jobs.receipt(write, result)
        if answer.outcome == "done":
            self.counts.written += 1
        elif answer.outcome == "refused":
            self.counts.refused += 1
        return answer

    async def read_back(self, job_order: str) -> JobState | None:
        """A job order as the plant holds it; None where it does not. Raises ConnectionFailed."""
        return jobs.job_state(await self._call(lambda address: jobs.read_back_request(job_order, address)))

    async def act(self, where: str, method: str, *arguments: tuple[Any, ua.VariantType]) -> str:
        """Call a method of the demonstration plant that is not job control; what it says.

        Raises:
            ConnectionFailed: the plant does not answer, or has no such method.
            LinewrightError: the plant refused; the message is its.
        """

        def make(address: Address) -> ua.CallMethodRequest:
            if f"{where}.{method}" not in address.plant:
                raise ConnectionFailed(f"{self.endpoint} has no method {where}.{method}.")
            return ua.CallMethodRequest(
                ObjectId=address.plant[where],
                MethodId=address.plant[f"{where}.{method}"],
                InputArguments=[ua.Variant(value, kind) for value, kind in arguments],
            )

        result = await self._call(make)
        outputs = [item.Value for item in result.OutputArguments or ()]
        if len(outputs) != 2:
            raise ConnectionFailed(f"{self.endpoint} answered {method} with {result.StatusCode.name}.")
        done, detail = outputs
        if not done:
            raise LinewrightError(detail)
        return str(detail)

    async def _call(self, make: Callable[[Address], Any]) -> Any:
        """The result of one method call, sent together with others that wait."""
        if not self.connected:
            raise ConnectionFailed(f"{self.endpoint} is not connected. It is tried again by itself.")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((make, answer))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_waiting())
        return await answer

    async def _send_waiting(self) -> None:
        await asyncio.sleep(0)  # let all who are about to call do so
        while self._waiting:
            size = min(CALLS, self._address.methods_a_call)
            batch, self._waiting = self._waiting[:size], self._waiting[size:]
            calls, answers = [], []
            for make, answer in batch:
                try:
                    calls.append(make(self._address))
                    answers.append(answer)
                except LinewrightError as error:
                    _settle(answer, error)
            if not calls:
                continue
            try:
                async with self._connection() as (client, _):
                    results = await client.uaclient.session.call(calls)
            except BaseException as error:
                failure = error if isinstance(error, ConnectionFailed) else _failed(self.endpoint, error)
                for answer in answers:
                    _settle(answer, failure)
                if not isinstance(error, Exception):
                    raise
            else:
                for answer, result in zip(answers, results, strict=True):
                    if not answer.done():
                        answer.set_result(result)


class _Told:
    """What asyncua calls when a subscription has something to say."""

    def __init__(self, door: OpcUaDoor, names: Mapping[ua.NodeId, str]) -> None:
        self._door, self._names = door, names

    def datachange_notification(self, node: Any, value: Any, _data: Any) -> None:
        self._door.told(self._names[node.nodeid], value)

    def status_change_notification(self, _status: Any) -> None:
        self._door.lose()


async def probe(endpoint: str, security: Security) -> Probe:
    """Ask a live server what it can do. Raises ConnectionFailed where nobody answers."""
    client, address = await _reach(endpoint, security)
    await _leave(client)
    return address.probe(endpoint)


async def _reach(endpoint: str, security: Security) -> tuple[Client, Address]:
    client = Client(endpoint, timeout=TIMEOUT_S, watchdog_intervall=WATCHDOG_S)
    try:
        await security.apply(client)
        await client.connect()
    except _LOST as error:
        if _cancelled(error):
            raise
        raise _failed(endpoint, error) from error
    try:
        return client, await survey(client)
    except _LOST as error:
        await _leave(client)
        if _cancelled(error):
            raise
        raise _failed(endpoint, error) from error


async def _leave(client: Client) -> None:
    with suppress(OSError, TimeoutError, ua.UaError):
        await asyncio.wait_for(client.disconnect(), 2.0)


def _cancelled(error: BaseException) -> bool:
    """Whether the task itself is to end; asyncua cancels its own waits too, when a connection breaks."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


def _heed_cancellation() -> None:
    """End a task that was cancelled: `asyncio.wait_for` of 3.11, which asyncua uses, may swallow that."""
    task = asyncio.current_task()
    if task is not None and task.cancelling() > 0:
        raise asyncio.CancelledError


def _failed(endpoint: str, error: BaseException) -> ConnectionFailed:
    """What to say about an endpoint that cannot be used, and what to do."""
    if isinstance(error, ConnectionRefusedError):
        why, advice = "nobody listens there", "Maybe the plant is not running, or on another port."
    elif isinstance(error, TimeoutError | asyncio.CancelledError):
        why, advice = "no answer in time", "Maybe the plant is busy, stopped, or behind a firewall."
    elif isinstance(error, ua.UaError) and "No matching endpoints" in str(error):
        why = "it does not offer this kind of security"
        advice = "Maybe it is to be connected with another one: see docs/how-to/connect-opcua.md."
    elif isinstance(error, ua.UaStatusCodeError) and "Certificate" in str(error):
        why = str(error)
        advice = "Maybe this Linewright's certificate is not among those the server trusts."
    else:
        why, advice = str(error) or type(error).__name__, "Maybe it is not an OPC UA server."
        if isinstance(error, OSError):
            advice = "Maybe the plant was stopped, or the address is wrong."
    return ConnectionFailed(f"{endpoint}: {why}. {advice}")


def _settle(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)


def _subject(body: AnyBody) -> str:
    """What an event is about."""
    for name in ("machine", "job_order", "order", "lot", "person"):
        if value := getattr(body, name, ""):
            return str(value)
    return ""
