"""The report on the audit log as one page: to read on a screen, to print, to hand on.

It holds all it shows, asks nothing of any network, and runs nothing: the policy in its
head allows its own style sheet, by its digest, and not one thing more.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Final

from pierre_mcp.model.audit_facts import asker
from pierre_mcp.model.audit_report import (
    Cell,
    Count,
    Day,
    Listing,
    Report,
    Section,
    SectionName,
)
from pierre_mcp.pictures import charts
from pierre_mcp.pictures.audit_style import STYLE
from pierre_mcp.pictures.charts import Bar
from pierre_mcp.pictures.markup import Markup, element, joined, verbatim

_TITLES: Final[Mapping[SectionName, str]] = {
    SectionName.SUMMARY: "Summary",
    SectionName.AUTHENTICATION: "Authentication events",
    SectionName.ACCESS: "Data access",
    SectionName.CONSENT: "Consent changes",
    SectionName.INCIDENTS: "Security incidents",
    SectionName.KEYS: "Key rotations",
}
_TELLS: Final[Mapping[SectionName, str]] = {
    SectionName.SUMMARY: "All rows of the log in this time, counted.",
    SectionName.AUTHENTICATION: "Servers and clients that came, consent tokens, and "
    "the passphrase of the consent lock. Nobody logs in to a store of one person.",
    SectionName.ACCESS: "Calls of assistants, what became of them, and what the owner "
    "wrote out. An answer may carry several categories.",
    SectionName.CONSENT: "What assistants may have: given, changed, withdrawn, ended.",
    SectionName.INCIDENTS: "What was refused, slowed down or looked unusual, and what "
    "was done about it. A refusal is the gate at work, not an incident by itself.",
    SectionName.KEYS: "Encryption keys replaced, or wrapped under another master key.",
}
_SERVED: Final = ("released", "refused", "other")
_RISKS: Final = ("low", "medium", "high")
_LISTINGS: Final = {
    "rows": "Rows",
    "ledger": "The ledger of consents",
    "incidents": "Incidents",
}
_HEADS: Final = {
    "at": "when",
    "recipient": "who asked",
    "action": "what",
    "code": "why",
}
_CLASSES: Final = {
    **dict.fromkeys(("event", "risk", "outcome", "what", "until", "by"), "whole"),
    **dict.fromkeys(("data", "scope"), "words"),
}
"""Of columns of our own words, which are not broken; others are chosen elsewhere."""

_DAILY: Final = 92
_WEEKLY: Final = 730


def page(report: Report) -> str:
    """Return the whole page."""
    return joined(verbatim("<!doctype html>\n"), _html(report), "\n")


def _html(report: Report) -> Markup:
    days = f"{report.period.first_on} to {report.period.last_on}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"Audit report, {days}"),
        element("style", verbatim(STYLE)),
    )
    body = element(
        "body",
        element("header", *_head(report, days)),
        element("main", *(_section(one, report) for one in report.sections)),
        element("footer", *_foot(report)),
    )
    return element("html", head, body, lang="en")


def _policy() -> str:
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    parts = ("default-src 'none'", f"style-src 'sha256-{digest}'")
    return "; ".join((*parts, "base-uri 'none'", "form-action 'none'"))


def _head(report: Report, days: str) -> Iterator[Markup]:
    yield element("p", "pierre-mcp", class_="brand")
    yield element("h1", "Audit report")
    yield element("p", f"{days}, both days included. All times are UTC.", class_="days")
    yield _verdict(report)


def _verdict(report: Report) -> Markup:
    found, rows = report.finding, f"{report.verified_rows:,}"
    if found is None:
        return element(
            "p",
            element("strong", "The log holds."),
            f" All {rows} rows were checked before this was counted: each is linked to "
            "the one before, and nobody without the keys edited, removed, moved or "
            "added any.",
            class_="verdict holds",
        )
    return element(
        "p",
        element("strong", f"The log does NOT hold at {found.where}."),
        f" Found: {found.kind}. Only the {rows} rows before count here; of later "
        "ones nothing can be told.",
        class_="verdict broken",
    )


def _foot(report: Report) -> Iterator[Markup]:
    made = report.made_at.astimezone(UTC)
    if report.last_row:
        told = f"Counted: rows {report.first_row:,} to {report.last_row:,} of the log. "
    else:
        told = "No row of the log is of this time. "
    yield element("p", f"{told}Made {made:%Y-%m-%d %H:%M} UTC.")
    yield element(
        "p",
        "Rows name nobody; who the person is, is in none of them. "
        "“Released” says that an answer left, not that it arrived. Every row of the "
        "log, and not only the newest, is written by: pierre-mcp audit export",
    )


def _section(section: Section, report: Report) -> Markup:
    tallies = (_tally(*one) for one in section.tallies.items() if one[1])
    return element(
        "section",
        element("h2", _TITLES[section.name], id=section.name),
        element("p", _TELLS[section.name], class_="tells"),
        _numbers(section.counts),
        *_charts(section, report),
        element("div", *tallies, class_="tallies"),
        *map(_listing, section.listings),
        aria_labelledby=section.name,
    )


def _numbers(counts: Mapping[str, Count]) -> Markup:
    return element(
        "dl",
        *(
            element("div", element("dt", _words(name)), _number(count, "dd"))
            for name, count in counts.items()
        ),
        class_="numbers",
    )


def _charts(section: Section, report: Report) -> Iterator[Markup]:
    if section.name is SectionName.SUMMARY:
        yield _by_day(report)
        yield _by_outcome(section)
        yield _by_risk(section)
    if section.name is SectionName.ACCESS:
        yield _recipients(section)


def _by_day(report: Report) -> Markup:
    if not report.days:
        return _figure(
            "Calls of assistants by day", "No assistant called in this time."
        )
    unit, bars = _bins(report)
    title = f"Calls of assistants by {unit}"
    busiest = max(report.days, key=lambda day: day.calls)
    told = (
        f"{sum(day.calls for day in report.days):,} calls on "
        f"{len(report.days):,} of the days: "
        f"{sum(day.released for day in report.days):,} answers released, "
        f"{sum(day.refused for day in report.days):,} calls refused, "
        f"{sum(day.other for day in report.days):,} failed, cancelled or not "
        f"understood. The busiest day was {busiest.on}, with {busiest.calls:,}."
    )
    chart = charts.columns(bars, _SERVED, title=title, told=told)
    return _figure(title, told, charts.legend(_SERVED), chart)


def _bins(report: Report) -> tuple[str, list[Bar]]:
    """Return the calls by day; of a long time by week or month, so that bars show."""
    first, last = report.period.first_on, report.period.last_on
    if (last - first).days >= _DAILY:
        first, last = report.days[0].on, report.days[-1].on
    count = (last - first).days + 1
    every = [first + timedelta(days=n) for n in range(count)]
    served = {day.on: day for day in report.days}
    if count <= _DAILY:
        return "day", [_bar(f"{on.day} {on:%b}", [on], served) for on in every]
    if count <= _WEEKLY:
        weeks = groupby(every, key=_monday)
        return "week", [
            _bar(f"{monday.day} {monday:%b %Y}", days, served) for monday, days in weeks
        ]
    months = groupby(every, key=lambda on: on.replace(day=1))
    return "month", [_bar(f"{of:%b %Y}", days, served) for of, days in months]


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())


def _bar(label: str, days: Iterable[date], served: Mapping[date, Day]) -> Bar:
    found = [served[on] for on in days if on in served]
    parts = (
        sum(day.released for day in found),
        sum(day.refused for day in found),
        sum(day.other for day in found),
    )
    return Bar(label, parts)


def _by_outcome(section: Section) -> Markup:
    title, tally = "Rows by outcome", _counted(section.tallies["by_outcome"])
    if not tally:
        return _figure(title, "There are no rows.")
    bars = [
        Bar(_words(name), tuple(n if one == of else 0 for of in _SERVED))
        for name, n in tally.items()
        for one in (name if name in _SERVED else "other",)
    ]
    told = f"{_told(tally)}."
    return _figure(title, told, charts.rows(bars, _SERVED, title=title, told=told))


def _by_risk(section: Section) -> Markup:
    title, table = "Events by risk", section.tables["events_by_risk"]
    if not table:
        return _figure(title, "There are no events.")
    risks = _counted(section.tallies["by_risk"])
    told = f"Of all rows {_told(risks)} risk."
    bars = [
        Bar(_words(event), tuple(tally.get(risk, 0) for risk in _RISKS))
        for event, tally in table.items()
    ]
    chart = charts.rows(bars, _RISKS, title=title, told=told)
    return _figure(title, told, charts.legend(_RISKS), chart)


def _recipients(section: Section) -> Markup:
    title, table = (
        "Released answers by recipient and category",
        section.tables["recipients_by_category"],
    )
    if not table:
        return _figure(title, "No answer left.")
    names = sorted({name for tally in table.values() for name in tally})
    told = ". ".join(f"{whose}: {_told(tally)}" for whose, tally in table.items())
    chart = charts.grid(table, names, title=title, told=told)
    return _figure(title, f"{told}.", chart)


def _figure(title: str, told: str, *drawn: Markup) -> Markup:
    return element(
        "figure",
        element("h3", title),
        element("div", *drawn, class_="chart"),
        element("figcaption", told),
    )


def _tally(name: str, tally: Mapping[str, Count]) -> Markup:
    told = _words if name == "by_event" else str
    rows = (
        element("tr", element("th", told(word), scope="row"), _number(number, "td"))
        for word, number in tally.items()
    )
    caption = element("caption", _words(name).capitalize())
    return element("table", caption, element("tbody", *rows), class_="tally")


def _listing(listing: Listing) -> Markup:
    name = _LISTINGS[listing.name]
    if not listing.rows:
        return element("p", f"{name}: none.", class_="none")
    more = f" {listing.more:,} more are not listed." if listing.more else ""
    caption = element("caption", f"{name}, newest first: {len(listing.rows):,}.{more}")
    cells = [dict(zip(listing.columns, row, strict=True)) for row in listing.rows]
    for row in cells:
        row.pop("door", None)
        if caller := row.pop("caller", None):
            row["recipient"] = asker(str(caller), str(row["recipient"]))
    head = (element("th", _HEADS.get(one, one), scope="col") for one in cells[0])
    table = element(
        "table",
        caption,
        element("thead", element("tr", *head)),
        element("tbody", *(element("tr", *map(_cell, r, r.values())) for r in cells)),
        class_="rows",
    )
    # Wider than a small screen: it can be reached, and moved, by the keyboard too.
    return element(
        "div", table, class_="wide", tabindex="0", role="region", aria_label=name
    )


def _cell(column: str, value: Cell) -> Markup:
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return element("td", f"{at:%Y-%m-%d %H:%M:%S}", class_="at")
    if isinstance(value, int):
        return element("td", value, class_="n")
    return element("td", value or "", class_=_CLASSES.get(column))


def _number(count: Count, name: str) -> Markup:
    if isinstance(count, int):
        return element(name, f"{count:,}", class_="n")
    return element(name, _words(count), class_="n absent")


def _counted(tally: Mapping[str, Count]) -> dict[str, int]:
    return {name: count for name, count in tally.items() if isinstance(count, int)}


def _told(tally: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {_words(name)}" for name, number in tally.items())


def _words(name: str) -> str:
    return name.replace("_", " ")
