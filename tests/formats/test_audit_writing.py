"""The log and its report written out: nothing in it acts on who opens it."""

import csv
import io
import json
from datetime import UTC, date, datetime
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.formats.audit_writing import (
    REPORT_COLUMNS,
    as_json,
    as_table,
    json_line,
    json_text,
    table_line,
)
from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.model.audit_report import (
    Day,
    Listing,
    Period,
    Report,
    Section,
    SectionName,
)
from pierre_mcp.policy.privacy import visible

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "=HYPERLINK(1)\x1b[2J\u202e\u2028\n\x9b31m</script>\\u001b"
REPORT = Report(
    made_at=AT,
    period=Period(date(2026, 2, 1), date(2026, 3, 1)),
    finding=None,
    verified_rows=9,
    first_row=2,
    last_row=9,
    days=(Day(date(2026, 3, 1), released=2, refused=1),),
    sections=(
        Section(
            SectionName.SUMMARY, {"rows": 8}, {"by_event": {"login": "not_applicable"}}
        ),
        Section(
            SectionName.ACCESS,
            {"refused": 1},
            tables={"recipients_by_category": {HOSTILE: {"power": 3}}},
            listings=(
                Listing("rows", ("row", "at", "action"), ((9, AT, HOSTILE),), 4),
            ),
        ),
        Section(
            SectionName.CONSENT,
            {},
            listings=(Listing("ledger", ("at", "what"), ((AT, "given"),)),),
        ),
    ),
)


def rows_of(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(as_table(report)), newline="")))


@given(st.text())
def test_json_is_ascii_and_loses_nothing(text: str) -> None:
    for written in (json_line({"a": text}), json_text({"a": text})):
        assert written.isascii()
        assert all(c.isprintable() or c == "\n" for c in written)
        assert json.loads(written) == {"a": text}
    assert "\n" not in json_line({"a": text})


@given(st.text(), st.text())
def test_what_is_shown_is_printable_and_told_apart(one: str, other: str) -> None:
    assert all(c.isprintable() or category(c) == "Zs" for c in visible(one))
    assert (visible(one) == visible(other)) == (one == other)


@given(st.text())
def test_a_cell_of_a_table_is_one_line_and_no_formula(text: str) -> None:
    line = table_line([text, 1])
    assert line.count("\n") == 1
    [[cell, number]] = csv.reader(io.StringIO(line, newline=""))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.removeprefix("'") == visible(text) or cell == visible(text)
    assert number == "1"


@pytest.mark.promise("audit.report")
def test_json_says_first_whether_the_log_holds() -> None:
    told = json.loads(json_text(as_json(REPORT)))
    assert list(told)[:3] == ["type", "made_at", "date_range"]
    assert told["integrity"] == {"healthy": True, "rows": 9}
    assert told["date_range"] == {
        "start": "2026-02-01T00:00:00Z",
        "end": "2026-03-01T23:59:59Z",
    }
    assert told["include_sections"] == [one.name for one in REPORT.sections]
    assert told["summary"]["by_event"] == {"login": "not_applicable"}
    [day] = told["summary"]["calls_by_day"]
    assert day == {"day": "2026-03-01", "released": 2, "refused": 1, "other": 0}
    assert told["data_access_logs"]["rows_not_listed"] == 4
    [row] = told["data_access_logs"]["rows"]
    assert row == {"row": 9, "at": "2026-03-01T12:00:00Z", "action": HOSTILE}


@pytest.mark.promise("audit.report")
def test_so_does_the_table() -> None:
    found = rows_of(REPORT)
    assert list(found[0]) == list(REPORT_COLUMNS)
    assert [(r["section"], r["what"], r["count"]) for r in found[:2]] == [
        ("integrity", "healthy", "true"),
        ("integrity", "rows", "9"),
    ]
    [listed] = [r for r in found if r["row"] == "9"]
    assert listed["action"] == f"'{visible(HOSTILE)}"
    [ledger] = [r for r in found if r["what"] == "ledger"]
    assert ledger["event"] == "given"
    [table] = [r for r in found if r["of"] == "power"]
    assert (table["count"], table["name"][:2]) == ("3", "'=")
    assert {r["what"]: r["count"] for r in found}["rows_not_listed"] == "4"


def test_a_log_that_does_not_hold() -> None:
    broken = Report(
        **{
            **{name: getattr(REPORT, name) for name in Report.__slots__},
            "finding": Finding(5, FindingKind.EDITED),
            "verified_rows": 4,
        }
    )
    told = json.loads(json_text(as_json(broken)))["integrity"]
    assert told == {
        "healthy": False,
        "rows": 4,
        "row": 5,
        "last_row": 5,
        "finding": "edited",
    }
    assert [r["count"] for r in rows_of(broken)[:5]] == [
        "false",
        "4",
        "5",
        "5",
        "edited",
    ]
