r"""The audit log and a report on it written out: as JSON, and as tables.

Text of the log may have been chosen by an assistant. In JSON all but ASCII is escaped,
so that no text moves a cursor or ends a line; in a table what shows nothing is written
as an escape, like ``\u202e``, and no cell is a formula (``csv_writing``).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pierre_mcp.formats import csv_writing
from pierre_mcp.model.audit_report import Listing, Report, Section
from pierre_mcp.policy.privacy import visible

REPORT_COLUMNS: Final = (
    *("section", "what", "name", "of", "count"),
    *("row", "at", "event", "risk", "outcome", "door", "caller", "recipient"),
    *("action", "code", "data", "scope", "until", "by"),
)


TYPE: Final = "security_compliance"
"""What the guide calls such a report."""


def json_line(value: Any) -> str:
    """Return a value as one line of JSON, in ASCII."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def json_text(value: Any) -> str:
    """Return a value as JSON to be read by a person, in ASCII."""
    return json.dumps(value, default=_plain, indent=2)


def table_line(values: Iterable[Any]) -> str:
    """Return one row of a table, with its line end."""
    return csv_writing.line(_cell(value) for value in values)


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as an object: what holds first, then a member each section."""
    return {
        "type": TYPE,
        "made_at": report.made_at,
        "date_range": {
            "start": f"{report.period.first_on}T00:00:00Z",
            "end": f"{report.period.last_on}T23:59:59Z",
        },
        "include_sections": [section.name for section in report.sections],
        "integrity": integrity(report),
        "rows_counted": {"first": report.first_row, "last": report.last_row},
        **{section.name: _section(section, report) for section in report.sections},
    }


def integrity(report: Report) -> dict[str, Any]:
    """Return whether the log holds, and to where."""
    if report.finding is None:
        return {"healthy": True, "rows": report.verified_rows}
    return {
        "healthy": False,
        "rows": report.verified_rows,
        "row": report.finding.seq,
        "last_row": report.finding.last_seq or report.finding.seq,
        "finding": report.finding.kind,
    }


def as_table(report: Report) -> Iterator[str]:
    """Give a report as a table: what holds first, then counts, then listed rows."""
    yield csv_writing.line(REPORT_COLUMNS)
    for name, value in integrity(report).items():
        yield _line({"section": "integrity", "what": name, "count": value})
    for section in report.sections:
        for row in _counts(section):
            yield _line({"section": section.name, **row})
        for listing in section.listings:
            yield from _listed(section, listing)


def _section(section: Section, report: Report) -> dict[str, Any]:
    told: dict[str, Any] = {**section.counts, **section.tallies, **section.tables}
    if section.name == "summary":
        told["calls_by_day"] = [
            {
                "day": day.on,
                "released": day.released,
                "refused": day.refused,
                "other": day.other,
            }
            for day in report.days
        ]
    for listing in section.listings:
        told[listing.name] = [
            dict(zip(listing.columns, row, strict=True)) for row in listing.rows
        ]
        told[f"{listing.name}_not_listed"] = listing.more
    return told


def _counts(section: Section) -> Iterator[dict[str, Any]]:
    for name, count in section.counts.items():
        yield {"what": name, "count": count}
    for what, tally in section.tallies.items():
        for name, count in tally.items():
            yield {"what": what, "name": name, "count": count}
    for what, table in section.tables.items():
        for name, tally in table.items():
            for of, number in tally.items():
                yield {"what": what, "name": name, "of": of, "count": number}


def _listed(section: Section, listing: Listing) -> Iterator[str]:
    named = {"what": "event"} if listing.name == "ledger" else {}
    for row in listing.rows:
        cells = dict(zip(listing.columns, row, strict=True))
        cells = {named.get(name, name): value for name, value in cells.items()}
        yield _line({"section": section.name, "what": listing.name, **cells})
    if listing.more:
        told = {"what": f"{listing.name}_not_listed", "count": listing.more}
        yield _line({"section": section.name, **told})


def _line(row: Mapping[str, Any]) -> str:
    return table_line(row.get(name) for name in REPORT_COLUMNS)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return _plain(value)
    return visible(value) if isinstance(value, str) else value


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
