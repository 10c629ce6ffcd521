"""The hash chain, link by link, without a store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from linewright.events.audit import START, Link, chain, verify

texts = st.text(st.characters(codec="utf-8"), max_size=20)
times = st.datetimes(timezones=st.just(UTC))
records = st.lists(st.tuples(texts, texts, times), max_size=8)


def links(entries: list[tuple[str, str, datetime]]) -> list[Link]:
    made, last = [], START
    for position, (subject, body, time) in enumerate(entries, start=1):
        record: dict[str, Any] = {
            "position": position,
            "id": f"e{position}",
            "subject": subject,
            "body": body,
            "time": time,
        }
        made.append(Link(record, last, chain(last, record)))
        last = made[-1].hash
    return made


def test_a_hash_is_what_anyone_can_recompute() -> None:
    record = {"position": 1, "id": "e1", "body": 'ä"', "time": datetime(2026, 3, 2, 12, tzinfo=UTC)}
    plain = json.dumps(
        record | {"time": "2026-03-02T12:00:00Z"}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert chain(START, record) == hashlib.sha256(f"{START}\n{plain}".encode()).hexdigest()


@given(records)
def test_an_untouched_chain_holds_also_as_exported(entries: list[tuple[str, str, datetime]]) -> None:
    made = links(entries)
    report = verify(made)
    assert report.ok and report.links == len(made)
    assert verify(Link.from_json(link.to_json()) for link in made) == report
    assert all(verify(made, link.hash).ok for link in made)


@given(records.filter(len), st.data())
def test_a_changed_or_removed_link_is_found(
    entries: list[tuple[str, str, datetime]], data: st.DataObject
) -> None:
    made = links(entries)
    place = data.draw(st.integers(0, len(made) - 1))
    changed = list(made)
    changed[place] = replace(
        made[place], record=made[place].record | {"body": made[place].record["body"] + "x"}
    )
    broken = verify(changed).broken
    assert broken is not None and broken.position == place + 1

    broken = verify(made[:place] + made[place + 1 :], made[-1].hash).broken
    assert broken is not None
