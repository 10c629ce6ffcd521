"""Reading logs: guessed and mapped columns, times of many kinds, and what cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linewright.discover import log as reading
from linewright.discover.columns import Mapping, find_columns, read_mapping
from linewright.discover.log import Log, read_log
from linewright.errors import PlantError

HEADER = "Case ID,Activity,Resource,Start Timestamp,Complete Timestamp,Worker ID,Work Order  Qty,Part Desc.\n"
ROW = "C1,Milling,M1,2026-03-02 08:00:00,2026-03-02 09:30:00,W1,10,Shaft\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Log]:
    def make(content: str | bytes, mapping: str = "", name: str = "log.csv") -> Log:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        said = None
        if mapping:
            said = tmp_path / "map.toml"
            said.write_text(mapping)
        return read_log(file, read_mapping(said))

    return make


def refused(read: Callable[..., Log], content: str | bytes, mapping: str = "", name: str = "log.csv") -> str:
    with pytest.raises(PlantError) as caught:
        read(content, mapping, name)
    assert len(caught.value.findings) == 1
    return str(caught.value)


def test_a_row_becomes_a_report(read: Callable[..., Log]) -> None:
    log = read(HEADER + ROW)
    (report,) = log.reports
    assert (report.case, report.activity, report.machine, report.worker) == ("C1", "Milling", "M1", "W1")
    assert (report.part, report.quantity, report.kind) == ("Shaft", 10, "run")
    assert report.end - report.start == 90 * 60
    assert datetime.fromtimestamp(report.start, UTC).hour == 8


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_separators_and_encodings_are_recognised(
    read: Callable[..., Log], delimiter: str, encoding: str
) -> None:
    text = (HEADER + ROW.replace("Shaft", "Wëlle")).replace(",", delimiter)
    assert read(text.encode(encoding)).reports[0].part == "Wëlle"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T08:00:00+01:00", "2026-03-02T07:00"),
        ("2026/03/02 08:00:00.000", "2026-03-02T08:00"),
        ("02.03.2026 08:00", "2026-03-02T08:00"),
        ("02-Mar-2026 08:00:00", "2026-03-02T08:00"),
        ("2026-3-2 8:00", "2026-03-02T08:00"),
    ],
)
def test_times_are_read(read: Callable[..., Log], text: str, expected: str) -> None:
    row = ROW.replace("2026-03-02 08:00:00", text).replace("2026-03-02 09:30:00", text)
    found = datetime.fromtimestamp(read(HEADER + row).reports[0].start, UTC)
    assert found.isoformat(timespec="minutes").startswith(expected)


def test_day_and_month_are_told_apart_by_the_whole_log(read: Callable[..., Log]) -> None:
    rows = [ROW.replace("2026-03-02", f"{day:02d}/03/2026").replace("C1", f"C{day}") for day in (2, 5, 25)]
    assert datetime.fromtimestamp(read(HEADER + "".join(rows)).reports[0].start, UTC).month == 3
    unclear = ROW.replace("2026-03-02", "02/03/2026")
    assert "cannot be told apart" in refused(read, HEADER + unclear)
    told = read(HEADER + unclear, 'time_format = "%m/%d/%Y %H:%M:%S"').reports[0]
    assert datetime.fromtimestamp(told.start, UTC).month == 2


def test_a_format_that_is_named_is_the_one_that_counts(read: Callable[..., Log]) -> None:
    swapped = ROW.replace("2026-03-02", "2026-02-03")
    assert datetime.fromtimestamp(read(HEADER + swapped).reports[0].start, UTC).month == 2
    told = read(HEADER + swapped, 'time_format = "%Y-%d-%m %H:%M:%S"').reports[0]
    assert datetime.fromtimestamp(told.start, UTC).month == 3
    assert read(HEADER + swapped.replace(":00,", ":00 +0100,"), 'time_format = "%Y-%d-%m %H:%M:%S %z"')


def test_mixed_date_formats_are_refused_where_days_and_months_swap(read: Callable[..., Log]) -> None:
    days = [ROW.replace("2026-03-02", f"{day}/03/2026").replace("C1", f"C{day}") for day in range(13, 29)]
    other = ROW.replace("2026-03-02", "03/28/2026").replace("C1", "X")
    assert "mixes date formats" in refused(read, HEADER + "".join(days) + other)


def test_iso_times_beside_another_format_are_read(read: Callable[..., Log]) -> None:
    other = ROW.replace("2026-03-02", "28.03.2026").replace("C1", "C2")
    assert len(read(HEADER + ROW + other).reports) == 2


def test_a_time_zone_is_applied_and_an_unknown_one_refused(read: Callable[..., Log]) -> None:
    report = read(HEADER + ROW, 'timezone = "Europe/Berlin"').reports[0]
    assert datetime.fromtimestamp(report.start, UTC).hour == 7
    assert '"Europe/Brelin" is not a known time zone' in refused(
        read, HEADER + ROW, 'timezone = "Europe/Brelin"'
    )


def test_columns_can_be_mapped(read: Callable[..., Log]) -> None:
    text = HEADER.replace("Case ID", "Auftrag") + ROW
    assert "no column for case" in refused(read, text)
    assert read(text, '[columns]\ncase = "Auftrag"').reports[0].case == "C1"
    assert "no column 'Auftrg' for case" in refused(read, text, '[columns]\ncase = "Auftrg"')


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ("[columns", "is not TOML"),
        ('[columns]\nmachin = "Resource"', "does not know 'machin'. Maybe machine"),
        ("[columns]\nmachine = 3", "is not the name of a column"),
        ("columns = 5", "columns: is not a table. Write it as [columns]."),
        ('time_format = "%q"', "'%q' reads no dates"),
        ('time_format = "%H:%M"', "reads no dates"),
        ('[report_types]\nstop = ["B"]', "does not know 'stop'"),
        ('zone = "UTC"', "does not know 'zone'"),
    ],
)
def test_a_wrong_mapping_is_refused(read: Callable[..., Log], mapping: str, says: str) -> None:
    assert says in refused(read, HEADER + ROW, mapping)


def test_the_names_of_known_exports_are_guessed() -> None:
    for header in (
        "Case ID,Activity,Resource,Start Timestamp,Complete Timestamp,Span,Work Order  Qty,Part Desc.,"
        "Worker ID,Report Type,Qty Completed,Qty Rejected,Qty for MRB,Rework",
        "case_id,activity,machine,start,complete,span_min,work_order_qty,part,worker_id,report_type,"
        "qty_completed,qty_rejected,qty_for_mrb,rework",
    ):
        found = find_columns(header.split(","), Mapping(), "log")
        assert set(found) == {
            "case", "activity", "machine", "start", "end", "worker", "quantity", "part", "report_type",
            "good", "rejected", "rework",
        }  # fmt: skip
        assert len(set(found.values())) == len(found)


def test_report_types_are_guessed_or_mapped(read: Callable[..., Log]) -> None:
    header = HEADER.replace("\n", ",Report Type\n")
    rows = [ROW.replace("\n", f",{kind}\n").replace("C1", f"C{n}") for n, kind in enumerate("DDDSBX")]
    assert [r.kind for r in read(header + "".join(rows)).reports] == ["run"] * 3 + ["setup", "down", "run"]
    mapped = read(header + "".join(rows), '[report_types]\nsetup = ["X"]\ndown = "S"')
    assert [r.kind for r in mapped.reports][3:] == ["down", "down", "setup"]
    assert any("Report types" in note for note in mapped.notes)


def test_bad_rows_are_dropped_and_counted(read: Callable[..., Log]) -> None:
    good = "".join(ROW.replace("C1", f"C{n}") for n in range(20))
    bad = [
        ROW.replace("2026-03-02 08:00:00", ""),
        ROW.replace("2026-03-02 08:00:00", "2026-03-03 08:00:00"),
        ROW.replace("2026-03-02 08:00:00", "eight"),
        ROW.replace("C1", "C3"),
        ROW.replace("M1", ""),
        ROW.replace("C1", ""),
        "C9,Mil\n",
        ROW.replace("2026-03-02 09:30", "2126-03-02 09:30"),
    ]
    log = read(HEADER + good + "".join(bad))
    assert len(log.reports) == 20
    assert log.dropped == {
        "lacks a time": 2,
        "ends before it starts": 1,
        "has a time that cannot be read": 1,
        "is there twice": 1,
        "names no machine": 1,
        "has no case or no activity": 1,
        "lasts longer than a year": 1,
    }
    assert log.examples["ends before it starts"] == 23


def test_an_example_is_told_by_the_line_it_begins_on(read: Callable[..., Log]) -> None:
    several = ROW.replace("Shaft", '"Shaft,\nlong\u2028"').replace("C1", "C2")
    log = read(HEADER + ROW + "\n\n" + several + ROW.replace("2026-03-02 08:00:00", ""))
    assert log.examples == {"lacks a time": 7}
    assert [report.part for report in log.reports] == ["Shaft", "Shaft, long"]


def test_columns_of_one_name_are_refused(read: Callable[..., Log]) -> None:
    twice = HEADER.replace("Resource", "Case ID") + ROW
    assert "has 2 columns 'Case ID'. Rename all but one" in refused(read, twice)


def test_a_log_of_which_too_little_is_left_is_refused(read: Callable[..., Log]) -> None:
    reversed_rows = "".join(
        ROW.replace("C1", f"C{n}").replace("2026-03-02 08", "2026-03-02 18") for n in range(20)
    )
    assert "0 usable rows of 20: 20 ends before it starts" in refused(read, HEADER + reversed_rows)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04\x00\x00\x00\x08\x00", "is not text"),
        (b"just one column\n1\n2\n", "has one column only"),
        (b"a,b,c\n1,2,3\n", "has no column for case, activity, start, end"),
        (HEADER.encode(), "no rows"),
        ((HEADER + ROW).encode() + b" " * 70_000 + b"\0", "is damaged: line 3 holds NUL"),
        ((HEADER + 'C1,"Milling,M1').encode(), "0 usable rows of 1"),
    ],
)
def test_files_that_are_no_logs_get_one_message(read: Callable[..., Log], content: bytes, says: str) -> None:
    assert says in refused(read, content)


def test_missing_and_too_large_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlantError, match=r"none\.csv: does not exist"):
        read_log(tmp_path / "none.csv", Mapping())
    with pytest.raises(PlantError, match="is not a file"):
        read_log(tmp_path, Mapping())
    with pytest.raises(PlantError, match=r"zero: is not a file"):
        read_mapping(Path("/dev/zero"))
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.write(HEADER.encode())
        file.truncate(2 * 2**30)  # sparse: takes no room
    with pytest.raises(PlantError, match=r"is 2,048 MB; the limit is 512 MB"):
        read_log(large, Mapping())
    monkeypatch.setattr(reading, "LARGEST_BYTES", 10)
    file_name = tmp_path / "log.csv"
    file_name.write_text(HEADER + ROW)
    with pytest.raises(PlantError, match="the limit is"):
        read_log(file_name, Mapping())


XES = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
 <trace>
  <string key="concept:name" value="C1"/><string key="part" value="Shaft"/>
  <event><string key="concept:name" value="Milling"/><string key="org:resource" value="M1"/>
   <date key="time:timestamp" value="2026-03-02T08:00:00+01:00"/>
   <string key="lifecycle:transition" value="start"/></event>
  <event><string key="concept:name" value="Milling"/><string key="org:resource" value="M1"/>
   <date key="time:timestamp" value="2026-03-02T09:30:00+01:00"/>
   <string key="lifecycle:transition" value="complete"/></event>
 </trace>
</log>"""


def test_xes_events_are_paired(read: Callable[..., Log]) -> None:
    (report,) = read(XES, name="log.xes").reports
    assert (report.case, report.activity, report.machine, report.part) == ("C1", "Milling", "M1", "Shaft")
    assert report.end - report.start == 5400
    assert "is not complete XES" in refused(read, XES[:400], name="log.xes")


def test_names_hold_none_of_the_signs_that_separate_names(read: Callable[..., Log]) -> None:
    report = read(HEADER + ROW.replace("M1", '"M1;  A/B"')).reports[0]
    assert report.machine == "M1- A-B"
    hidden = read(HEADER + ROW.replace("M1", "M\u202e1\u200b"))
    assert hidden.reports[0].machine == "M1"
