"""The vocabulary is complete, documented, and says the same thing after a journey through JSON."""

from __future__ import annotations

import typing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from linewright.errors import StoreError
from linewright.events import vocabulary
from linewright.events.codec import from_row, to_row
from linewright.events.schema import from_microseconds, to_microseconds
from linewright.events.vocabulary import (
    AnyBody,
    Body,
    EquipmentStateChanged,
    JobOrderAborted,
    ScheduleReleased,
    event,
)

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "events.md"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODIES: tuple[type[Body], ...] = typing.get_args(AnyBody)
WORDS = {
    inspect.StrType: "",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.DateTimeType: "time",
}


def tag(body: type[Body]) -> str:
    return str(body.__struct_config__.tag)


def kind(type_: inspect.Type) -> str:
    if isinstance(type_, inspect.UnionType):
        return " or ".join(kind(each) for each in type_.types if not isinstance(each, inspect.NoneType))
    if isinstance(type_, inspect.LiteralType):
        return ", ".join(f"`{value}`" for value in sorted(type_.values))
    if isinstance(type_, inspect.ListType):
        return f"list of {kind(type_.item_type) or 'text'}"
    if isinstance(type_, inspect.TupleType):
        return f"{len(type_.item_types)} × {kind(type_.item_types[0]) or 'text'}"
    if isinstance(type_, inspect.DictType):
        return f"{kind(type_.value_type)} by name"
    return WORDS[type(type_)]


def line(body: type[Body]) -> str:
    """The row of the reference for an event type; fields in brackets may be left out."""
    info = inspect.type_info(body)
    assert isinstance(info, inspect.StructType)
    fields = []
    for item in sorted(info.fields, key=lambda item: not item.required):
        says = kind(item.type)
        text = f"`{item.name}`" + (f" ({says})" if says else "")
        fields.append(text if item.required else f"[{text}]")
    meaning = " ".join((body.__doc__ or "").split()).replace("|", "\\|")
    return f"| `{tag(body)}` | {meaning} | {', '.join(fields)} |"


def sample(type_: inspect.Type) -> Any:
    """Some value of a type."""
    match type_:
        case inspect.UnionType():
            return sample(next(each for each in type_.types if not isinstance(each, inspect.NoneType)))
        case inspect.LiteralType():
            return type_.values[0]
        case inspect.ListType():
            return [sample(type_.item_type), sample(type_.item_type)]
        case inspect.TupleType():
            return tuple(sample(each) for each in type_.item_types)
        case inspect.DictType():
            return {"tardiness": sample(type_.value_type)}
        case inspect.StrType():
            return 'Fräse "3"\n|'
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return 7
        case inspect.FloatType():
            return 0.1
        case inspect.DateTimeType():
            return NOON + timedelta(microseconds=1)
    raise AssertionError(type_)


def full(body: type[Body]) -> Body:
    """A body with every field given."""
    info = inspect.type_info(body)
    assert isinstance(info, inspect.StructType)
    return body(**{item.name: sample(item.type) for item in info.fields})


def test_every_body_belongs_to_the_vocabulary() -> None:
    defined = {
        value
        for value in vars(vocabulary).values()
        if isinstance(value, type) and issubclass(value, Body) and value is not Body
    }
    assert defined == set(BODIES)
    assert len({tag(body) for body in BODIES}) == len(BODIES)


@pytest.mark.parametrize("body", BODIES, ids=tag)
def test_the_reference_describes_every_event_as_it_is(body: type[Body]) -> None:
    assert body.__doc__, f"{body.__name__} does not say what it means"
    assert line(body) in REFERENCE.read_text().splitlines(), "docs/reference/events.md needs:\n" + line(body)


def test_the_reference_describes_nothing_else() -> None:
    tables = REFERENCE.read_text().split("The tables list", 1)[1]
    rows = [text for text in tables.splitlines() if text.startswith("| `")]
    assert sorted(text.split("`")[1] for text in rows) == sorted(map(tag, BODIES))


@pytest.mark.parametrize("body", BODIES, ids=tag)
def test_every_event_survives_the_store(body: type[Body]) -> None:
    written = event(full(body), source="test", time=NOON, subject="M1", causation_id="c", correlation_id="k")  # type: ignore[arg-type]
    row = to_row(written) | {"position": 3}
    read = from_row(row)
    assert read.body == written.body
    assert (read.id, read.type, read.time, read.position) == (written.id, tag(body), NOON, 3)


def test_an_instant_keeps_its_moment_to_the_microsecond() -> None:
    for instant in (
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, 0, 1, tzinfo=timezone(timedelta(hours=2))),
        datetime(9999, 12, 31, tzinfo=UTC),
    ):
        assert from_microseconds(to_microseconds(instant)) == instant


def test_a_natural_key_makes_one_id_of_one_happening() -> None:
    body = JobOrderAborted(job_order="A/10")
    first = event(body, source="opcua:demo", time=NOON, key="A/10|3")
    again = event(body, source="opcua:demo", time=NOON + timedelta(seconds=1), key="A/10|3")
    assert first.id == again.id
    assert first.id != event(body, source="opcua:other", time=NOON, key="A/10|3").id
    assert first.id != event(body, source="opcua:demo", time=NOON, key="A/10|4").id
    assert event(body, source="s", time=NOON).id != event(body, source="s", time=NOON).id


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"state": "asleep"}, "asleep"),
        ({"machine": 7}, "Expected `str`"),
        ({"expected_end": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
        ({"expected_end": "soon"}, "soon|RFC3339"),
    ],
)
def test_a_wrong_field_is_refused_before_it_is_recorded(fields: dict[str, Any], complaint: str) -> None:
    body = EquipmentStateChanged(**({"machine": "M1", "state": "down"} | fields))
    with pytest.raises(StoreError, match=f"(?s)equipment.state_changed.*({complaint})"):
        to_row(event(body, source="test", time=NOON))


def test_a_released_plan_has_arrays_of_one_length() -> None:
    full(ScheduleReleased)
    with pytest.raises(ValueError, match="plan version 3 differ in length"):
        ScheduleReleased(
            plan_version=3,
            scenario="s",
            order=["A", "B"],
            operation=["10", "20"],
            machine=["M1"],
            operator=["", ""],
            setup_start=[NOON, NOON],
            start=[NOON, NOON],
            end=[NOON, NOON],
        )


def test_a_reader_skips_fields_it_does_not_know() -> None:
    text = b'{"type":"job_order.aborted","job_order":"A/10","since_version_9":true}'
    assert msgspec.json.decode(text, type=AnyBody) == JobOrderAborted(job_order="A/10")
