"""The folder a person edits: its documented example, spreadsheet habits, damage, every finding at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from linewright.errors import PlantError
from linewright.plant import folder_csv
from linewright.plant.folder import check_text, read_history, read_plant, write_plant
from linewright.plant.folder_tables import SETTINGS, TABLES
from linewright.plant.plan import OperationStatus
from linewright.plant.records import CalendarException, Consumption, Shift

DOCUMENT = (Path(__file__).parents[3] / "docs/reference/plant-folder.md").read_text(encoding="utf-8")
EXAMPLE = dict(re.findall(r"^`([\w.]+)`\n\n```\w+\n(.*?)```", DOCUMENT, re.DOTALL | re.MULTILINE))

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """The documented example, with files replaced (text), added, or left out (None)."""

    def make(**changed: str | bytes | None) -> Path:
        directory = tmp_path / "shafts"
        directory.mkdir(exist_ok=True)
        files = EXAMPLE | {name.replace("__", "."): text for name, text in changed.items()}
        for name, text in files.items():
            if text is not None:
                (directory / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return directory

    return make


def edited(name: str, old: str, new: str) -> dict[str, str]:
    assert old in EXAMPLE[name], f"{old!r} is not in the example's {name}"
    return {name.replace(".", "__"): EXAMPLE[name].replace(old, new, 1)}


def findings(directory: Path) -> list[str]:
    with pytest.raises(PlantError) as raised:
        read_plant(directory)
    assert all(finding.advice for finding in raised.value.findings), "a finding says what to do"
    return [str(finding) for finding in raised.value.findings]


def test_the_documented_example_is_a_plant(folder: Folder) -> None:
    plant, state = read_plant(folder())
    assert (plant.id, plant.name, plant.timezone) == ("shafts", "Shaft shop", "Europe/Berlin")
    assert [machine.id for machine in plant.machines] == ["L1", "L2", "G1"]
    assert plant.people[0].skills == {"turning"}
    assert plant.calendars[0].shifts[1] == Shift(frozenset(range(5)), time(9, 30), time(10), is_break=True)
    assert plant.calendars[0].exceptions[0] == CalendarException(date(2026, 3, 6))
    turn, grind = plant.parts[0].operations
    assert (turn.after, grind.after) == ((), ("10",))
    assert [(item.machine, item.run_s(40)) for item in turn.alternatives] == [("L1", 6600), ("L2", 7800)]
    assert turn.consumes == (Consumption("BAR", 0.4),)
    assert (turn.pausable, grind.pausable) == (True, False)
    assert plant.orders[0].due == datetime(2026, 3, 4, 13, tzinfo=UTC)
    assert plant.assumptions == (("due dates", "two weeks after release"),)
    assert state.at == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert state.plan.version == 1
    assert len(state.plan.assignments) == 3
    assert state.progress[0].status is OperationStatus.STARTED
    assert state.machine_family == {"L1": "thin"}
    assert state.machine_down_until == {"L2": datetime(2026, 3, 2, 11, tzinfo=UTC)}


def test_the_command_prints_what_it_found(folder: Folder) -> None:
    text, sound = check_text(folder())
    assert sound
    assert text == (
        "Shaft shop: 3 machines, 1 person, 1 part, 2 routing operations, 2 orders, 3 planned operations,"
        " 0 recorded operations.\nNo findings."
    )
    text, sound = check_text(folder(**edited("orders.csv", "2026-03-04T14:00", "2026-03-04")))
    assert not sound
    assert text == (
        'orders.csv:2 column due: "2026-03-04" has no time of day.'
        " Maybe 2026-03-04T00:00 or 2026-03-04T23:59.\n1 finding."
    )


def test_every_file_column_and_key_is_documented() -> None:
    for table in TABLES:
        section = DOCUMENT.split(f"\n## {table.file}")[1].split("\n## ")[0]
        for column in table.columns:
            assert f"`{column.name}`" in section, f"{table.file} {column.name}"
        assert ("(optional)" not in section.splitlines()[0]) == table.required, table.file
        if table.file != "history.csv":
            listed = set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))
            assert listed == {column.name for column in table.columns}, table.file
            required = set(re.findall(r"^\| `(\w+)` \| required", section, re.MULTILINE))
            assert required == {column.name for column in table.columns if column.required}, table.file
    section = DOCUMENT.split("\n## plant.toml")[1].split("\n## ")[0]
    assert all(f"| `{key}` |" in section for keys in SETTINGS.values() for key in keys)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_spreadsheet_habits_survive(folder: Folder, separator: str) -> None:
    plain = read_plant(folder())

    def as_saved(text: str) -> bytes:
        # the example quotes nothing, so that its commas are all separators
        lines = [line.replace(",", separator) + separator * 2 for line in text.splitlines()]
        return ("\ufeff" + "\r\n".join(["", *lines, "", separator * 4, "   "])).encode()

    saved = {
        name.replace(".", "__"): as_saved(text) for name, text in EXAMPLE.items() if name.endswith(".csv")
    }
    assert read_plant(folder(**saved)) == plain


def test_columns_in_any_order_and_case_quotes_blanks_and_decimal_commas(folder: Folder) -> None:
    directory = folder(
        orders__csv="Quantity;PART; id ;due\n"
        '"40.0"; SHAFT;"O1";"2026-03-04 14:00"\n'
        "60;SHAFT;O2;2026-03-06T14:00:00+01:00\n",
        alternatives__csv="part;operation;machine;min_per_unit;skill\n"
        "SHAFT;10;L1;2,5;turning\n"
        "SHAFT;20;G1;1;\n",
        routings__csv="part,operation,after,instructions\n"
        'SHAFT,10,,"Chuck, then\nsay ""go"""\n'
        "SHAFT,20,10,\n",
        equipment__csv="id,level,calendar\nL1,work_unit,early\nL2,WORK_UNIT,early\nG1,work_unit,early\n",
        setups__csv=None,
        machine_state__csv=None,
        notes__txt="not Linewright's",
    )
    plant, _ = read_plant(directory)
    assert [order.quantity for order in plant.orders] == [40, 60]
    assert plant.orders[1].due == datetime(2026, 3, 6, 13, tzinfo=UTC)
    assert plant.parts[0].operations[0].alternatives[0].min_per_unit == 2.5
    assert plant.parts[0].operations[0].instructions == 'Chuck, then\nsay "go"'
    assert plant.parts[0].operations[0].pausable


def test_an_hour_that_comes_twice_means_the_first_and_a_skipped_one_is_a_finding(folder: Folder) -> None:
    twice = edited("orders.csv", "2026-03-04T14:00", "2026-10-25T02:30")
    assert read_plant(folder(**twice))[0].orders[0].due == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = edited("orders.csv", "2026-03-04T14:00", "2026-10-25T02:30+01:00")
    assert read_plant(folder(**second))[0].orders[0].due == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    skipped = edited("orders.csv", "2026-03-04T14:00", "2026-03-29T02:30")
    assert findings(folder(**skipped)) == [
        'orders.csv:2 column due: "2026-03-29T02:30" does not exist in Europe/Berlin:'
        " clocks go forward over it. Maybe 2026-03-29T03:30."
    ]


BAD_CELLS = [
    ("orders.csv", "40", "forty", "orders.csv:2 column quantity", "not a whole number"),
    ("orders.csv", "40", "0", "orders.csv:2", "must be positive"),
    ("orders.csv", "O1", "", "orders.csv:2 column id", "is empty"),
    ("orders.csv", "2026-03-04T14:00", "04.03.2026 14:00", "orders.csv:2 column due", "not a date and time"),
    ("orders.csv", "2026-03-04T14:00", "0026-03-04T14:00", "orders.csv:2 column due", "outside the years"),
    ("orders.csv", "2026-03-04T14:00", "0001-01-01T00:00", "orders.csv:2 column due", "outside the years"),
    ("orders.csv", ",1,Meyer", ",nan,Meyer", "orders.csv:2 column priority", "not a number"),
    ("orders.csv", ",1,Meyer", ",1e400,Meyer", "orders.csv:2 column priority", "too large"),
    ("orders.csv", "40", "9" * 30, "orders.csv:2 column quantity", "too large"),
    ("orders.csv", "customer", "custmer", "orders.csv:1", "Maybe customer"),
    ("orders.csv", "customer", "due", "orders.csv:1", "comes twice"),
    ("orders.csv", ",due", ",duedate", "orders.csv:1", 'unknown column "duedate". Maybe due'),
    ("orders.csv", "Braun", "Braun, son", "orders.csv:3", "8 cells where the header has 7"),
    ("alternatives.csv", "2.5", "-2.5", "alternatives.csv:2", "cannot be negative"),
    ("alternatives.csv", "2.5", "2 min", "alternatives.csv:2 column min_per_unit", "not a number"),
    ("equipment.csv", "work_unit", "machine", "equipment.csv:3 column level", "not one of enterprise"),
    ("calendars.csv", "mon-fri", "mo-fr", "calendars.csv:2 column days", "not a day"),
    ("calendars.csv", "06:00", "6 am", "calendars.csv:2 column start", "not a time of day"),
    ("calendars.csv", "break", "pause", "calendars.csv:3 column kind", "not one of work, break"),
    (
        "calendar_exceptions.csv",
        "2026-03-06",
        "6.3.2026",
        "calendar_exceptions.csv:2 column date",
        "not a date",
    ),
    ("routings.csv", "yes", "maybe", "routings.csv:2 column pausable", "not one of yes"),
    ("downtimes.csv", "2026-03-03T08:00", "2026-03-03T05:00", "downtimes.csv:2", "is not after start"),
    ("plant.toml", "Europe/Berlin", "Europe/Berlim", "plant.toml key timezone", "Maybe Europe/Berlin"),
    ("plant.toml", "Europe/Berlin", "Europe", "plant.toml key timezone", "not a known time zone"),
    ("plant.toml", "Europe/Berlin", "../etc/passwd", "plant.toml key timezone", "not a known time zone"),
    ("plant.toml", "Europe/Berlin", "localtime", "plant.toml key timezone", "not a known time zone"),
    ("plant.toml", "Europe/Berlin", "right/Europe/Berlin", "plant.toml key timezone", "Maybe Europe/Berlin"),
    ("plant.toml", "format = 1", "format = 2", "plant.toml key format", "this Linewright reads 1"),
    ("plant.toml", "format = 1\n", "", "plant.toml key format", "is missing"),
    (
        "plant.toml",
        "freeze_min = 60",
        "freez_min = 60",
        "plant.toml [planning] key freez_min",
        "Maybe freeze_min",
    ),
    ("plant.toml", "freeze_min = 60", "freeze_min = -1", "plant.toml [planning] key freeze_min", "negative"),
    (
        "plant.toml",
        "freeze_min = 60",
        "freeze_min = nan",
        "plant.toml [planning] key freeze_min",
        "too large",
    ),
    (
        "plant.toml",
        "freeze_min = 60",
        "freeze_min = true",
        "plant.toml [planning] key freeze_min",
        "not a number",
    ),
    ("plant.toml", '"2026-03-02T08:00"', "2026-03-02", "plant.toml [state] key at", "not text"),
    ("plant.toml", '"2026-03-02T08:00"', '"tomorrow"', "plant.toml [state] key at", "not a date and time"),
    ("plant.toml", "[state]", "[state", "plant.toml", "not valid TOML"),
    ("plant.toml", "[state]", "[stat]", "plant.toml key stat", "Maybe state"),
]


@pytest.mark.parametrize(("file", "old", "new", "where", "what"), BAD_CELLS)
def test_a_bad_cell_is_one_finding_and_brings_no_others(
    folder: Folder, file: str, old: str, new: str, where: str, what: str
) -> None:
    found = findings(folder(**edited(file, old, new)))
    if new not in ("[stat]", ",duedate"):  # which also leave something missing
        assert len(found) == 1, found
    assert found[0].startswith(f"{where}: "), found
    assert what in found[0]


def test_toml_dates_count_as_times(folder: Folder) -> None:
    changed = edited("plant.toml", '"2026-03-02T08:00"', "2026-03-02T08:00:00+01:00")
    assert read_plant(folder(**changed))[1].at == datetime(2026, 3, 2, 7, tzinfo=UTC)


def test_everything_wrong_is_found_at_once(folder: Folder) -> None:
    changed = (
        edited("orders.csv", "40", "forty")
        | edited("people.csv", "early", "erly")
        | edited("equipment.csv", "G1,work_unit,WORKS,Grinder,early", "G1,work_unit,WORKS,Grinder,")
        | edited("plan.csv", "O1,20,G1", "O1,20,G7")
    )
    changed["routings__csv"] = EXAMPLE["routings.csv"].replace("SHAFT,10,,", "SHAFT,10,20,")
    found = findings(folder(**changed))
    assert [line.split(": ")[0] for line in found] == [
        "equipment.csv:5",
        "people.csv:2",
        "routings.csv:2",
        "orders.csv:2 column quantity",
        "plan.csv:3",
    ]
    assert "machine G1 has no calendar" in found[0]
    assert 'unknown calendar "erly". Maybe early.' in found[1]
    assert "the routing of part SHAFT is cyclic: 10 → 20 → 10" in found[2]
    assert 'unknown machine "G7". Maybe G1.' in found[4]


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("alternatives.csv", "SHAFT,10,L1", "SHAFTS,10,L1", 'unknown part "SHAFTS". Maybe SHAFT.'),
        (
            "alternatives.csv",
            "SHAFT,10,L2",
            "SHAFT,100,L2",
            'unknown operation of part SHAFT "100". Maybe 10.',
        ),
        ("consumption.csv", "SHAFT", "SHAF", 'unknown part "SHAF". Maybe SHAFT.'),
        ("calendar_exceptions.csv", "early", "late", 'unknown calendar "late". Add it to calendars.csv'),
        ("orders.csv", "SHAFT", "SHAT", 'unknown part "SHAT". Maybe SHAFT.'),
        ("machine_state.csv", "L2", "L1", "machine L1 comes twice"),
        ("machine_state.csv", "L2", "L3", 'unknown machine "L3". Maybe L2 or L1.'),
    ],
)
def test_rows_about_what_is_not_there(folder: Folder, file: str, old: str, new: str, what: str) -> None:
    found = findings(folder(**edited(file, old, new)))
    assert any(line.startswith(f"{file}:") and what in line for line in found), found


def test_the_end_of_a_file_that_is_cut_off_is_found(folder: Folder) -> None:
    text = EXAMPLE["orders.csv"]
    found = findings(folder(orders__csv=text[: text.rindex(",2026-03-02T06:00")]))
    assert found == [
        "orders.csv:3: has 4 cells where the header has 7."
        " Maybe the file is cut off here, or a separator is missing."
    ]
    found = findings(folder(routings__csv='part,operation,after,instructions\nSHAFT,10,,"Chuck at'))
    assert len(found) == 1
    assert found[0].startswith("routings.csv: cannot be split into cells")
    found = findings(folder(routings__csv='part,operation,after,instructions\nSHAFT,10,,"' + "x" * 200_000))
    assert len(found) == 1


def test_a_huge_file_is_refused_unread(folder: Folder) -> None:
    directory = folder()
    with (directory / "orders.csv").open("wb") as stream:
        stream.truncate(2 * 2**30)  # sparse: takes no room on disk
    assert findings(directory) == [
        "orders.csv: has 2,048 MiB; at most 64 MiB are read. Maybe it is another file by mistake."
    ]
    with (directory / "plant.toml").open("wb") as stream:
        stream.truncate(2 * 2**30)
    assert findings(directory)[0].startswith("plant.toml: has 2,048 MiB")


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "orders.csv: is empty."),
        (b"\n \n", "orders.csv: is empty."),
        (b"PK\x03\x04\x14\x00\x00", "orders.csv:1: holds NUL bytes"),
        (b"id,part\nO1,\x00", "orders.csv:2: holds NUL bytes"),
        ("id,part\nO1,Gehäuse\n".encode("latin-1"), "orders.csv:2: byte 0xe4 is not UTF-8"),
        ("id,part,quantity,due\n".encode("utf-16"), "orders.csv: is UTF-16 text"),
        (b"{}", 'orders.csv:1: unknown column "{}"'),
    ],
)
def test_what_is_no_table_is_one_clear_finding(folder: Folder, raw: bytes, what: str) -> None:
    found = findings(folder(orders__csv=raw))
    assert found[0].startswith(what), found
    assert all(line.startswith("orders.csv") for line in found)


def test_missing_and_misnamed_files(folder: Folder, tmp_path: Path) -> None:
    directory = folder(downtime__csv="machine,start,end\n")
    (directory / "downtimes.csv").unlink()
    (directory / "equipment.csv").unlink()
    assert findings(directory) == [
        "downtime.csv: is not a table of a plant. Maybe downtimes.csv. Otherwise move it elsewhere.",
        "equipment.csv: is missing. Add it with the columns id,level.",
    ]
    (directory / "equipment.csv").mkdir()
    assert "equipment.csv: is not a file. Put a file in its place, or remove it." in findings(directory)
    assert "does not exist" in findings(tmp_path / "nowhere")[0]
    assert "is not a folder" in findings(directory / "orders.csv")[0]
    (tmp_path / "empty").mkdir()
    assert "is not a plant folder" in findings(tmp_path / "empty")[0]


def test_a_table_that_is_wrong_throughout_does_not_flood(folder: Folder) -> None:
    rows = "".join(f"O{number},SHAFT,1,soon\n" for number in range(2000))
    found = findings(folder(orders__csv="id,part,quantity,due\n" + rows, plan__csv=None, progress__csv=None))
    of_orders = [line for line in found if line.startswith("orders.csv")]
    assert len(of_orders) == 501
    assert of_orders[-1] == "orders.csv: 1,500 more findings. Correct those above first."


def test_history_is_read_and_checked(folder: Folder) -> None:
    assert read_history(folder()) == ()
    header = "order,operation,machine,operator,setup_start,start,end,good,scrap\n"
    directory = folder(
        history__csv=header
        + "O1,10,L1,ANNA,2026-03-02T07:00,,2026-03-02T08:00,39,1\nO2,10,L1,,2026-03-02T07:30,,,,\n"
    )
    read_plant(directory)
    done, begun = read_history(directory)
    assert (done.status, done.good, done.scrap) == (OperationStatus.DONE, 39, 1)
    assert (begun.status, begun.end) == (OperationStatus.STARTED, None)
    directory = folder(history__csv=header + "O9,10,L1,,2026-03-02T07:00,,2026-03-02T06:00,,\n")
    found = findings(directory)
    assert [line.split(": ")[0] for line in found] == ["history.csv:2", "history.csv:2"]
    assert 'unknown order "O9"' in found[0]
    assert "reversed" in found[1]
    with pytest.raises(PlantError, match=r"history.csv:2 column setup_start"):
        read_history(folder(history__csv=header + "O1,10,L1,,today,,,,\n"))


def test_the_size_limit_is_checked_before_reading(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_csv, "MAX_TABLE_BYTES", 100)
    assert all("MiB" in line for line in findings(folder()))


def test_writing_over_a_folder_keeps_what_is_not_linewrights(folder: Folder, tmp_path: Path) -> None:
    directory = folder()
    plant, state = read_plant(directory)
    (directory / "notes").mkdir()
    (directory / "notes/shift.txt").write_text("ask Anna")
    with pytest.raises(PlantError, match="is a plant folder already"):
        write_plant(directory, plant, state)
    before = (directory / "lots.csv").read_bytes()
    write_plant(directory, plant, state, overwrite=True)
    assert (directory / "lots.csv").read_bytes() == before
    assert (directory / "notes/shift.txt").read_text() == "ask Anna"
    assert read_plant(directory) == (plant, state)
    assert list(tmp_path.iterdir()) == [directory], "nothing is left beside it"


def test_a_folder_that_is_no_plant_is_left_alone(folder: Folder, tmp_path: Path) -> None:
    plant, state = read_plant(folder())
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.jpg").write_bytes(b"meow")
    for overwrite in (False, True):
        with pytest.raises(PlantError, match="is no plant folder and is left alone"):
            write_plant(other, plant, state, overwrite=overwrite)
    with pytest.raises(PlantError, match="is a file"):
        write_plant(other / "cat.jpg", plant, state, overwrite=True)
    assert [item.name for item in other.iterdir()] == ["cat.jpg"]


def test_nothing_is_written_of_a_plant_that_cannot_be_read_back(folder: Folder, tmp_path: Path) -> None:
    plant, state = read_plant(folder())
    for wrong, message in (
        (replace(plant, timezone="Mars/Olympus"), "not a known time zone"),
        (
            replace(plant, people=(replace(plant.people[0], skills=frozenset({"a;b", "turning"})),)),
            "separates",
        ),
        (
            replace(plant, name="x", orders=(replace(plant.orders[0], customer="\0"), *plant.orders[1:])),
            "NUL",
        ),
    ):
        with pytest.raises(PlantError, match=message):
            write_plant(tmp_path / "deep" / "out", wrong, state)
        assert not (tmp_path / "deep" / "out").exists()
        assert not list(tmp_path.glob("deep/.out*"))


def test_a_failed_swap_puts_the_old_folder_back(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = folder()
    plant, state = read_plant(directory)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(PlantError, match="cannot be written: Permission denied"):
        write_plant(directory, plant, state, overwrite=True)
    monkeypatch.undo()
    assert read_plant(directory) == (plant, state)
