"""What every event store promises, over SQLite and PostgreSQL alike."""

from __future__ import annotations

import io
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linewright.errors import NotApproved, NotFound, Stale, StoreError
from linewright.events import audit, watch
from linewright.events.database import Database
from linewright.events.outbox import Intent, State
from linewright.events.store import EventStore
from linewright.events.vocabulary import (
    Correction,
    DispatchAcknowledged,
    DispatchFailed,
    EquipmentStateChanged,
    Event,
    JobOrderProgressed,
    ScheduleApproved,
    ScheduleRejected,
    event,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOOR = "opcua:test"
SLOW_FIXTURE = [HealthCheck.function_scoped_fixture]  # the store is shared by the examples on purpose


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a store that does not exist yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'events.db'}"
        return
    url = request.getfixturevalue("postgres_url")
    schema = f"s{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    engine.dispose()
    yield f"{url}?options=-csearch_path%3D{schema}"


@pytest.fixture
def store(where: str) -> Iterator[EventStore]:
    with EventStore.open(where) as opened:
        yield opened


def sql(where: str, statement: str, **values: object) -> list[Any]:
    """Run a statement behind the store's back."""
    database = Database.connect(where)
    with database.engine.connect() as connection:
        result = connection.execute(sa.text(statement), values)
        rows = list(result) if result.returns_rows else []
        connection.commit()
    database.engine.dispose()
    return rows


def machine(name: str, state: Any = "down", key: str = "") -> Event:
    body = EquipmentStateChanged(machine=name, state=state)
    return event(body, source="test", time=NOON, key=key, subject=name)


def approval(version: int = 1) -> Event:
    body = ScheduleApproved(proposal="p1", scenario="s1", plan_version=version, by="ada")
    return event(body, source="linewright", time=NOON, key=str(version))


def intent(key: str, approved: Event, *, version: int = 1, subject: str = "") -> Intent:
    return Intent(DOOR, "job_order.store", key, {"job_order": key}, version, approved.id, subject)


def approve(store: EventStore, *keys: str, version: int = 1) -> Event:
    approved = approval(version)
    store.append([approved], outbox=[intent(key, approved, version=version) for key in keys])
    return approved


# The log


def test_what_was_appended_is_read_back(store: EventStore) -> None:
    written = Event(
        id="e-1",
        source="test",
        time=NOON.astimezone(tz=datetime.now().astimezone().tzinfo),
        body=EquipmentStateChanged(machine="M1", state="down", expected_end=NOON + timedelta(hours=8)),
        subject="M1",
        causation_id="c",
        correlation_id="k",
        facility="ulm",
        received_at=NOON + timedelta(microseconds=1),
    )
    assert store.append([written]).positions == (1,)
    (read,) = store.read()
    assert read == store.get("e-1")
    assert (read.position, read.received_at) == (1, NOON + timedelta(microseconds=1))
    for name in ("id", "source", "time", "body", "subject", "causation_id", "correlation_id", "facility"):
        assert getattr(read, name) == getattr(written, name), name


def test_when_an_event_came_in_is_noted(store: EventStore) -> None:
    before = datetime.now(UTC)
    store.append([machine("M1")])
    received = next(store.read()).received_at
    assert received is not None and before <= received <= datetime.now(UTC)


def test_positions_start_at_one_and_have_no_gaps(store: EventStore) -> None:
    assert store.last_position() == 0
    assert store.append([machine("M1"), machine("M2")]).positions == (1, 2)
    assert store.append([machine("M3")]).positions == (3,)
    assert store.last_position() == 3
    assert [item.position for item in store.read()] == [1, 2, 3]


def test_a_second_delivery_changes_nothing_and_is_reported(store: EventStore) -> None:
    first, second = machine("M1", key="1"), machine("M2", key="2")
    store.append([first])
    appended = store.append([first, second, second])
    assert appended.positions == (1, 2, 2)
    assert appended.duplicates == (first.id, second.id)
    assert [item.id for item in store.read()] == [first.id, second.id]


def test_reading_goes_on_after_a_position_in_pages_and_by_type(store: EventStore) -> None:
    progress = JobOrderProgressed(job_order="A/10", remaining_s=5)
    store.append([machine(f"M{n}") for n in range(2100)])
    store.append([event(progress, source="test", time=NOON)])
    assert [item.position for item in store.read(2099)] == [2100, 2101]
    assert [item.position for item in store.read(5, limit=2)] == [6, 7]
    assert [item.position for item in store.read(limit=2101)] == list(range(1, 2102))
    assert [item.body for item in store.read(types=["job_order.progressed"])] == [progress]
    assert list(store.read(limit=0)) == []


def test_an_unknown_id_is_not_found(store: EventStore) -> None:
    with pytest.raises(NotFound, match="'nobody'"):
        store.get("nobody")


def test_the_newest_event_of_a_source_is_known(store: EventStore) -> None:
    assert store.latest("test") is None
    store.append([machine("M1"), machine("M2"), approval()])
    latest = store.latest("test")
    assert latest is not None and (latest.subject, latest.position) == ("M2", 2)


def test_the_log_outlasts_the_process_that_wrote_it(where: str) -> None:
    with EventStore.open(where) as store:
        approve(store, "A/10")
        store.append([machine("M1")], offset=("mirror", 2))
    with EventStore.open(where) as store:
        assert [item.type for item in store.read()] == ["schedule.approved", "equipment.state_changed"]
        assert store.offset("mirror") == 2
        assert [item.key for item in store.claim(DOOR)] == ["A/10"]


def test_what_could_not_be_read_back_is_refused(store: EventStore) -> None:
    wrong: Any = {"machine": "M1", "state": "asleep"}
    with pytest.raises(StoreError, match=r"equipment\.state_changed.*asleep"):
        store.append([machine("M2"), event(EquipmentStateChanged(**wrong), source="test", time=NOON)])
    with pytest.raises(StoreError, match="time zone"):
        store.append([event(machine("M2").body, source="test", time=NOON.replace(tzinfo=None))])
    assert store.last_position() == 0


def test_an_event_of_an_unknown_kind_is_named(where: str, store: EventStore) -> None:
    store.append([machine("M1")])
    sql(where, "UPDATE event SET body = '{\"type\":\"robot.danced\"}', type = 'robot.danced'")
    with pytest.raises(StoreError, match=r"position 1 \(robot\.danced.*newer Linewright"):
        list(store.read())


def test_an_expected_position_that_has_passed_is_stale(store: EventStore) -> None:
    store.append([machine("M1")])
    store.append([machine("M7")])
    with pytest.raises(Stale, match=r"equipment\.state_changed of M7.*position 2"):
        store.append([approval()], expect_position=1)
    assert store.append([approval()], expect_position=2).positions == (3,)
    again = store.append([approval()], expect_position=2)  # the answer was lost, not the commit
    assert again.duplicates == (approval().id,)


def test_a_refused_append_takes_no_other_with_it(store: EventStore) -> None:
    """Whatever lands in one transaction, each append stands or falls alone."""

    def write(number: int) -> bool:
        try:
            store.append([machine(f"M{number}")], expect_position=10**6 if number % 3 == 0 else None)
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        kept = list(pool.map(write, range(60)))
    assert kept == [number % 3 != 0 for number in range(60)]
    names = {item.subject for item in store.read()}
    assert names == {f"M{number}" for number in range(60) if number % 3}
    assert store.last_position() == 40


def test_a_store_is_of_one_plant(where: str) -> None:
    with EventStore.open(where, facility="ulm") as store:
        store.append([machine("M1"), approval()])
        assert {item.facility for item in store.read()} == {"ulm"}
    with pytest.raises(StoreError, match=r"holds the log of plant ulm, not of bern\. Maybe give"):
        EventStore.open(where, facility="bern")
    EventStore.open(where, facility="ulm").close()
    EventStore.open(where).close()


def test_a_closed_store_says_so(where: str) -> None:
    store = EventStore.open(where)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.append([machine("M1")])
    with pytest.raises(StoreError, match="closed"):
        store.last_position()


# Invariant 1: whatever is delivered twice, late or by many threads


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW_FIXTURE)
@given(
    sizes=st.lists(st.lists(st.integers(1, 4), max_size=6), min_size=1, max_size=8),
    shared=st.integers(0, 3),
)
def test_any_interleaving_of_producers_gives_each_event_once_without_gaps(
    store: EventStore, sizes: list[list[int]], shared: int
) -> None:
    example, start = uuid.uuid4().hex, store.last_position()
    common = [machine("M0", key=f"{example}/shared/{n}") for n in range(shared)]
    own = [
        [
            [machine(f"M{p}", key=f"{example}/{p}/{b}/{n}") for n in range(size)]
            for b, size in enumerate(batches)
        ]
        for p, batches in enumerate(sizes)
    ]
    begin = threading.Barrier(len(sizes))

    def produce(batches: list[list[Event]]) -> None:
        begin.wait()
        for batch in batches:
            given = [*common, *batch]
            positions = store.append(given).positions
            assert len(positions) == len(given)

    with ThreadPoolExecutor(len(sizes)) as pool:
        for done in [pool.submit(produce, batches) for batches in own]:
            done.result()

    log = list(store.read(start))
    assert [item.position for item in log] == list(range(start + 1, start + len(log) + 1))
    written = [item.id for batches in own for batch in batches for item in batch]
    expected = set(written) | ({item.id for item in common} if any(sizes) else set())
    assert len(log) == len(expected) and {item.id for item in log} == expected
    for batches in own:  # what one producer wrote stands in the order it wrote it
        ids = [item.id for batch in batches for item in batch]
        assert [item.id for item in log if item.id in set(ids)] == ids


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW_FIXTURE)
@given(data=st.data())
def test_twice_delivered_and_shuffled_batches_leave_the_same_content(
    store: EventStore, data: st.DataObject
) -> None:
    example, start = uuid.uuid4().hex, store.last_position()
    events = [machine(f"M{n}", key=f"{example}/{n}") for n in range(data.draw(st.integers(1, 12)))]
    deliveries = data.draw(st.permutations(events + events))
    cuts = data.draw(st.lists(st.integers(0, len(deliveries)), max_size=4))
    edges = [0, *sorted(cuts), len(deliveries)]
    for first, last in itertools.pairwise(edges):
        store.append(deliveries[first:last])
    log = list(store.read(start))
    assert sorted((item.id, item.subject, item.body) for item in log) == sorted(
        (item.id, item.subject, item.body) for item in events
    )
    assert [item.position for item in log] == list(range(start + 1, start + len(events) + 1))


# Consumers


def test_an_offset_commits_with_its_events_and_never_moves_back(store: EventStore) -> None:
    assert store.offset("mirror") == 0
    store.append([machine("M1"), machine("M2")], offset=("mirror", 1))
    assert store.offset("mirror") == 1
    store.commit_offset("mirror", 2)
    store.commit_offset("mirror", 1)
    assert (store.offset("mirror"), store.offset("kpi")) == (2, 0)


def test_an_offset_beyond_the_log_is_refused_with_its_events(store: EventStore) -> None:
    with pytest.raises(StoreError, match=r"'mirror' lies beyond the log, which ends at 1"):
        store.append([machine("M1")], offset=("mirror", 2))
    assert (store.last_position(), store.offset("mirror")) == (0, 0)


@pytest.fixture
def no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "POLL_S", 3600.0)


@pytest.mark.usefixtures("no_polling")
def test_a_subscription_hands_out_what_is_committed_later(store: EventStore) -> None:
    store.append([machine("old")])
    news, everything = store.subscribe(), store.subscribe(after=0)
    assert news.take(timeout=0) == []
    assert [item.subject for item in everything.take(timeout=0)] == ["old"]
    with ThreadPoolExecutor(1) as waiting:
        for subject in ("new", "newer", "newest"):
            taken = waiting.submit(news.take, 60)
            store.append([machine(subject)])
            assert [item.subject for item in taken.result(30)] == [subject]
    assert news.position == 4


def test_a_subscription_sees_only_the_types_it_asks_for(store: EventStore) -> None:
    approvals = store.subscribe(0, types=["schedule.approved"])
    store.append([machine("M1"), approval(), machine("M2")])
    assert [item.type for item in approvals.take(timeout=0)] == ["schedule.approved"]


def test_a_subscription_sees_what_another_process_wrote(where: str, store: EventStore) -> None:
    follower = store.subscribe()
    with EventStore.open(where) as other:
        other.append([machine("M9")])
    assert [item.subject for item in follower.take(timeout=30)] == ["M9"]


def test_closing_ends_every_iteration(where: str) -> None:
    store = EventStore.open(where)
    store.append([machine("M1")])
    subscriptions = [store.subscribe(0), store.subscribe(0)]
    first_seen = [threading.Event() for _ in subscriptions]

    def follow(number: int) -> int:
        count = 0
        for count, _ in enumerate(subscriptions[number], start=1):  # noqa: B007
            first_seen[number].set()
        return count

    with ThreadPoolExecutor(2) as pool:
        counts = [pool.submit(follow, 0), pool.submit(follow, 1)]
        assert all(seen.wait(30) for seen in first_seen)
        subscriptions[0].close()
        assert counts[0].result(30) == 1
        store.close()
        assert counts[1].result(30) == 1


# The outbox


def test_intents_commit_with_their_events_or_not_at_all(store: EventStore) -> None:
    approved = approval()
    with pytest.raises(StoreError):
        store.append([approved], outbox=[intent("A/10", approved)], offset=("x", 99))
    assert (store.commands(), store.last_position()) == ([], 0)
    store.append([approved], outbox=[intent("A/10", approved)])
    (command,) = store.commands()
    assert (command.state, command.attempts, command.payload) == (State.PENDING, 0, {"job_order": "A/10"})


def test_an_intent_delivered_twice_is_kept_once(store: EventStore) -> None:
    approve(store, "A/10", "A/20")
    approve(store, "A/20", "A/30", "A/30")
    assert [item.key for item in store.claim(DOOR)] == ["A/10", "A/20", "A/30"]


def test_the_same_key_for_another_target_is_another_intent(store: EventStore) -> None:
    approved = approve(store, "A/10")
    store.append([], outbox=[Intent("sap", "order.patch", "A/10", {}, 1, approved.id)])
    assert [item.target for item in store.commands()] == ["sap", DOOR]
    assert [item.kind for item in store.claim("sap")] == ["order.patch"]


def test_a_payload_that_is_not_json_is_refused_by_key(store: EventStore) -> None:
    approved = approval()
    bad = Intent(DOOR, "job_order.store", "A/10", {"x": object()}, 1, approved.id)
    with pytest.raises(StoreError, match="'A/10'"):
        store.append([approved], outbox=[bad])
    assert store.last_position() == 0


def test_a_claimed_command_is_leased_to_one_worker(store: EventStore) -> None:
    approve(store, *(f"A/{n}" for n in range(40)))

    def work(_: int) -> list[int]:
        return [item.id for item in store.claim(DOOR, limit=7)]

    with ThreadPoolExecutor(6) as pool:
        claimed = [id_ for ids in pool.map(work, range(6)) for id_ in ids]
    assert len(claimed) == len(set(claimed)) == 40


def test_the_commands_of_a_killed_worker_come_back_when_the_lease_ends(store: EventStore) -> None:
    approve(store, "A/10")
    (first,) = store.claim(DOOR, now=NOON, lease_s=30)
    assert store.claim(DOOR, now=NOON + timedelta(seconds=29)) == []
    (again,) = store.claim(DOOR, now=NOON + timedelta(seconds=30))
    assert (again.id, first.attempts, again.attempts) == (first.id, 1, 2)


def test_an_acknowledgement_keeps_the_receipt_and_the_event(store: EventStore) -> None:
    approve(store, "A/10")
    (command,) = store.claim(DOOR)
    body = DispatchAcknowledged(command="A/10", target=DOOR)
    store.acknowledge(command.id, {"return": 0}, [event(body, source="linewright", time=NOON)])
    again = store.acknowledge(command.id, {"return": 7}, [event(body, source="linewright", time=NOON)])
    (done,) = store.commands()
    assert (done.state, done.receipt) == (State.DONE, {"return": 0})
    assert (again.positions, store.last_position()) == ((), 2)
    assert store.claim(DOOR, now=NOON + timedelta(days=400)) == []


def test_a_retry_waits_for_its_time(store: EventStore) -> None:
    approve(store, "A/10")
    (command,) = store.claim(DOOR, now=NOON)
    store.retry(command.id, NOON + timedelta(seconds=5), "no answer")
    assert store.claim(DOOR, now=NOON + timedelta(seconds=4)) == []
    (again,) = store.claim(DOOR, now=NOON + timedelta(seconds=5))
    assert (again.attempts, again.error) == (2, "no answer")


def test_a_failure_is_final_and_recorded(store: EventStore) -> None:
    approve(store, "A/10")
    (command,) = store.claim(DOOR)
    body = DispatchFailed(command="A/10", target=DOOR, reason="refused")
    store.fail(command.id, "refused", [event(body, source="linewright", time=NOON)])
    store.retry(command.id, NOON, "late answer of a slow worker")
    (failed,) = store.commands()
    assert (failed.state, failed.error, store.last_position()) == (State.FAILED, "refused", 2)


def test_a_done_command_cannot_fail_any_more(store: EventStore) -> None:
    approve(store, "A/10")
    (command,) = store.claim(DOOR)
    store.acknowledge(command.id)
    body = DispatchFailed(command="A/10", target=DOOR, reason="late")
    store.fail(command.id, "late", [event(body, source="linewright", time=NOON)])
    assert (store.commands()[0].state, store.last_position()) == (State.DONE, 1)


def test_a_newer_plan_supersedes_what_was_not_delivered(store: EventStore) -> None:
    approve(store, "A/10", "A/20", "A/30")
    done, under_way = store.claim(DOOR, limit=2)
    store.acknowledge(done.id)
    approved = approval(2)
    store.append([approved], outbox=[intent("B/10", approved, version=2)], supersede=(2, DOOR))
    states = {item.key: item.state for item in store.commands()}
    assert states == {
        "A/10": State.DONE,
        "A/20": State.SUPERSEDED,
        "A/30": State.SUPERSEDED,
        "B/10": State.PENDING,
    }
    store.retry(under_way.id, NOON, "no answer")
    assert [item.key for item in store.claim(DOOR)] == ["B/10"]
    store.acknowledge(under_way.id, {"late": True})  # it was done after all: the record says so
    assert {item.state for item in store.commands(plan_version=1)} == {State.DONE, State.SUPERSEDED}
    assert [item.key for item in store.commands(states=[State.SUPERSEDED])] == ["A/30"]
    assert store.command_counts(1) == {State.DONE: 2, State.SUPERSEDED: 1}
    assert store.command_counts(3) == {}
    assert sum(store.command_counts().values()) >= 3


def test_commands_about_one_subject_are_delivered_in_order(store: EventStore) -> None:
    approved = approval()
    keys = [("1", "M1"), ("2", "M1"), ("3", "M2"), ("4", "M1")]
    store.append([approved], outbox=[intent(key, approved, subject=subject) for key, subject in keys])
    first, other = store.claim(DOOR)
    assert (first.key, other.key) == ("1", "3")
    store.retry(first.id, NOON + timedelta(days=365 * 100), "busy")
    assert store.claim(DOOR) == []
    store.acknowledge(first.id)
    assert [item.key for item in store.claim(DOOR)] == ["2"]


def test_an_unknown_command_is_not_found(store: EventStore) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.acknowledge(7),
        lambda: store.fail(7, "x"),
        lambda: store.retry(7, NOON, "x"),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="no command 7"):
            call()


# Invariant 3: nothing is written to the plant without an approval record


def test_a_command_without_an_approval_is_never_handed_out(store: EventStore) -> None:
    approved = approval()
    store.append([approved], outbox=[intent("good", approved)])
    store.append([], outbox=[Intent(DOOR, "job_order.store", "forged", {}, 1, "no-such-event")])
    with pytest.raises(NotApproved, match=r"command forged .*'no-such-event'"):
        store.claim(DOOR)
    assert [item.key for item in store.claim(DOOR)] == ["good"]
    forged, _ = store.commands()
    assert (forged.state, forged.attempts) == (State.FAILED, 0)
    (refusal,) = store.read(types=["dispatch_command.failed"])
    assert isinstance(refusal.body, DispatchFailed) and refusal.body.command == "forged"
    assert store.verify_audit().links == 2


@pytest.mark.parametrize("kind", ["other type", "other version", "corrected"])
def test_only_a_valid_approval_of_this_version_counts(store: EventStore, kind: str) -> None:
    record = approval(version=1)
    version = 1
    if kind == "other type":
        record = event(ScheduleRejected(proposal="p1", by="ada"), source="linewright", time=NOON)
    if kind == "other version":
        version = 2
    store.append([record], outbox=[intent("A/10", record, version=version)])
    if kind == "corrected":
        store.append([event(Correction(of=record.id, reason="wrong plant"), source="ada", time=NOON)])
    with pytest.raises(NotApproved, match="A/10"):
        store.claim(DOOR)
    assert store.claim(DOOR) == []


# The audit chain


def decisions(store: EventStore) -> None:
    for version in range(1, 5):
        approve(store, f"A/{version}", version=version)
        store.append([machine("M1")])


def test_the_audit_chain_holds_and_covers_decisions_only(store: EventStore) -> None:
    assert store.verify_audit() == audit.AuditReport(0, audit.START)
    decisions(store)
    report = store.verify_audit()
    assert report.ok and report.links == 4
    approve(store, "late", version=9)
    assert store.verify_audit(must_contain=report.last_hash).ok


@pytest.mark.parametrize(
    ("tampering", "position", "reason"),
    [
        ("UPDATE event SET body = replace(body, 'ada', 'eve') WHERE position = 3", 3, "changed"),
        ("UPDATE event SET time = time + 1 WHERE position = 5", 5, "changed"),
        ("UPDATE event SET type = 'connector.lost' WHERE position = 5", 5, "changed"),
        ("DELETE FROM audit WHERE position = 3", 3, "no link"),
        ("DELETE FROM audit WHERE position = 3; DELETE FROM event WHERE position = 3", 5, "does not follow"),
        ("UPDATE audit SET prev_hash = hash WHERE position = 1", 1, "does not follow"),
        ("UPDATE audit SET hash = prev_hash WHERE position = 7", 7, "changed"),
    ],
)
def test_tampering_is_found_at_its_place(
    where: str, store: EventStore, tampering: str, position: int, reason: str
) -> None:
    decisions(store)
    for statement in tampering.split(";"):
        sql(where, statement)
    broken = store.verify_audit().broken
    assert broken is not None
    assert broken.position == position and reason in broken.reason
    assert f"position {position}" in str(broken)


def test_a_link_whose_event_is_gone_is_named(where: str, store: EventStore) -> None:
    decisions(store)
    if where.startswith(
        "sqlite"
    ):  # PostgreSQL keeps the reference for everyone; in SQLite anyone may drop it
        database = Database.connect(where)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("DELETE FROM event WHERE position = 3")
        database.engine.dispose()
    else:
        sql(where, "ALTER TABLE audit DROP CONSTRAINT audit_position_fkey")
        sql(where, "DELETE FROM event WHERE position = 3")
    broken = store.verify_audit().broken
    assert broken is not None and broken.position == 3 and "missing" in broken.reason


def test_a_chain_cut_at_its_end_lacks_the_hash_noted_before(where: str, store: EventStore) -> None:
    decisions(store)
    noted = store.verify_audit().last_hash
    sql(where, "DELETE FROM audit WHERE position = 7")
    sql(where, "DELETE FROM event WHERE position >= 7")
    assert store.verify_audit().ok
    broken = store.verify_audit(must_contain=noted).broken
    assert broken is not None and noted in broken.reason


def test_the_export_can_be_checked_without_the_store(store: EventStore) -> None:
    decisions(store)
    file = io.StringIO()
    assert store.export_audit(file) == 4
    lines = file.getvalue().splitlines()
    assert audit.verify(map(audit.Link.from_json, lines)) == store.verify_audit()
    lines[2] = lines[2].replace("ada", "eve")
    broken = audit.verify(map(audit.Link.from_json, lines)).broken
    assert broken is not None and broken.position == 5


# Opening


def test_many_may_open_a_new_store_at_once(where: str) -> None:
    def write(number: int) -> None:
        with EventStore.open(where) as store:
            store.append([machine(f"M{number}")])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    with EventStore.open(where) as store:
        assert {item.subject for item in store.read()} == {f"M{n}" for n in range(6)}


def test_different_stores_may_be_created_at_once(tmp_path: Path) -> None:
    def create(number: int) -> int:
        with EventStore.open(tmp_path / f"{number}.db") as store:
            return store.append([machine(f"M{number}")]).positions[0]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(create, range(12))) == [1] * 12


def test_a_store_of_a_newer_version_is_refused(where: str) -> None:
    EventStore.open(where).close()
    sql(where, "UPDATE linewright_version SET version_num = '0407'")
    with pytest.raises(StoreError, match=r"newer Linewright \(store version 0407.*upgrade"):
        EventStore.open(where)


def test_a_database_of_another_program_is_refused(where: str) -> None:
    sql(where, "CREATE TABLE event (visitor TEXT)")
    with pytest.raises(StoreError, match=r"belongs to something else.*'event'"):
        EventStore.open(where)
    assert sql(where, "SELECT count(*) FROM event") == [(0,)]
