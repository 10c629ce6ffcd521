"""What follows from an event is committed or put on record, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from linewright.errors import StoreError
from linewright.events.store import EventStore
from linewright.events.vocabulary import EquipmentStateChanged, FollowUpFailed, event

from .conftest import Shop
from .running import Running


@pytest.fixture
def running(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr("linewright.decide.loop.FOLLOW_AGAIN_S", 0.01)
    with EventStore.open(tmp_path / "events.sqlite") as store:
        room = Running(shop, store)
        yield room
        room.loop.stop()


def stops(running: Running, machine: str) -> EquipmentStateChanged:
    return EquipmentStateChanged(
        machine=machine, state="down", expected_end=running.clock.at + timedelta(hours=6)
    )


def test_a_store_that_is_away_for_long_costs_no_disruption(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, refused = running.store.append, []

    def away_for_long(*args: Any, **options: Any) -> Any:
        if options.get("offset") and len(refused) < 25:
            refused.append(args)
            raise StoreError("the disk is full")
        return append(*args, **options)

    monkeypatch.setattr(running.store, "append", away_for_long)
    assert running.break_machine().title.startswith(running.shop.machine)
    assert len(refused) == 25
    assert not list(running.store.read(types=["follow_up.failed"]))


def test_what_cannot_be_done_is_put_on_record_and_passed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_up, attempts = running.loop._take_up, []

    def fails_on_the_first() -> None:
        if len(running.loop.agenda.disruptions) == 1:
            attempts.append(running.loop.position)
            raise ValueError("it has no proposal in it")
        take_up()

    monkeypatch.setattr(running.loop, "_take_up", fails_on_the_first)
    running.happen(stops(running, running.shop.machine))
    (failed,) = running.wait(lambda: list(running.store.read(types=["follow_up.failed"])))
    assert 1 < len(attempts) < 10
    assert isinstance(failed.body, FollowUpFailed)
    assert running.store.get(failed.body.of).type == "disruption.detected"
    assert "it has no proposal in it" in failed.body.reason
    running.wait(lambda: running.loop.mirror.anomalies)
    assert "it has no proposal in it" in str(running.loop.mirror.anomalies[-1])
    other = next(m.id for m in running.shop.plant.machines if m.id != running.shop.machine)
    running.happen(stops(running, other))
    assert running.wait(running.open_proposal).title.startswith(other)


def test_what_was_not_followed_up_is_after_a_restart(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linewright.decide.loop.FOLLOW_AGAIN_S", 0.01)
    with EventStore.open(tmp_path / "events.sqlite") as store:
        first, append = Running(shop, store), store.append
        with monkeypatch.context() as patch:

            def away(*args: Any, **options: Any) -> Any:
                if options.get("offset"):
                    raise StoreError("the disk is full")
                return append(*args, **options)

            patch.setattr(store, "append", away)
            happened = event(stops(first, shop.machine), source="opcua:test", time=first.clock.at)
            store.append([happened])
            first.wait(lambda: first.loop.position >= 1)
            first.loop.stop()
        assert store.offset("decide") == 0
    with EventStore.open(tmp_path / "events.sqlite") as store:
        second = Running(shop, store)
        assert second.wait(second.open_proposal).title.startswith(shop.machine)
        second.loop.stop()


def test_a_listener_that_fails_costs_neither_disruption_nor_proposal(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(kind: str, payload: dict[str, Any]) -> None:
        raise RuntimeError(f"nobody can be told of {kind}")

    monkeypatch.setattr(running.loop, "publish", fails)
    assert running.break_machine().scenarios
