"""A report for pictures and pages, with words in it that try to be markup."""

from datetime import UTC, date, datetime, timedelta

from pierre_mcp.model.audit import Event, Finding
from pierre_mcp.model.audit_report import (
    Cell,
    Day,
    Listing,
    Period,
    Report,
    Section,
    SectionName,
)
from pierre_mcp.services.auditing import sealed
from pierre_mcp.services.auditing.rows import COLUMNS

HOSTILE = (
    "</style></title><script>document.title='broken'</script>",
    "\"><img src=x onerror=alert(1)> & 'quoted'",
    "\x1b[31mred\u202eright\u2066to left\u200b",
)
AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
RISKS: dict[str, dict[str, int]] = {
    Event.DATA_ACCESS: {"low": 310},
    Event.UNAUTHORISED_ACCESS: {"medium": 21, "high": 2},
    Event.SUSPICIOUS_ACTIVITY: {"high": 3},
    Event.ADMINISTRATIVE_ACTION: {"medium": 14},
    Event.SESSION: {"low": 44},
}
BY_CATEGORY = {
    "claude-desktop": {
        "activities": 240,
        "heart_rate": 180,
        "power": 61,
        "location": 4,
    },
    "coach-bot": {"activities": 66, "heart_rate": 12, "no category": 9},
    HOSTILE[1]: {"activities": 1},
}


def a_report(
    *,
    days: int = 30,
    finding: Finding | None = None,
    chosen: tuple[SectionName, ...] = tuple(SectionName),
    bare: bool = False,
) -> Report:
    """A report over so many days; ``bare``: nothing happened."""
    first = date(2026, 1, 31) - timedelta(days=days - 30)
    served = () if bare else tuple(_day(first, n) for n in range(days) if n % 7 != 5)
    return Report(
        made_at=AT,
        period=Period(first, first + timedelta(days=days - 1)),
        finding=finding,
        verified_rows=394,
        first_row=0 if bare else 12,
        last_row=0 if bare else 405,
        days=served,
        sections=tuple(_section(name, bare=bare) for name in chosen),
    )


def _day(first: date, n: int) -> Day:
    return Day(
        first + timedelta(days=n),
        released=7 + (n * 5) % 11,
        refused=(n * 3) % 4 if n % 2 else 0,
        other=1 if n % 9 == 0 else 0,
    )


def _section(name: SectionName, *, bare: bool) -> Section:
    rows = () if bare else tuple(_row(405 - n) for n in range(12))
    listed: tuple[Listing, ...] = (Listing("rows", COLUMNS, rows, 0 if bare else 288),)
    if name is SectionName.SUMMARY:
        events = {event.value: sum(RISKS.get(event, {}).values()) for event in Event}
        return Section(
            name,
            {"rows": 394, "calls": 331, "answers_released": 310, "calls_refused": 21},
            {
                "by_event": {**events, "login_success": "not_applicable"},
                "by_outcome": {}
                if bare
                else {"released": 310, "done": 58, "refused": 26},
                "by_risk": {} if bare else {"low": 354, "medium": 35, "high": 5},
            },
            {"events_by_risk": {} if bare else RISKS},
        )
    if name is SectionName.CONSENT:
        act = (
            AT,
            "given",
            "claude-desktop",
            "files:activities tool:x",
            "2027-03-01",
            "owner",
        )
        ledger = () if bare else (act,)
        listed = (Listing("ledger", sealed.COLUMNS, ledger), *listed)
    tallies: dict[str, dict[str, int]] = (
        {} if bare else {"by_action": {HOSTILE[0]: 3, "get_stats": 2}}
    )
    tables = {"recipients_by_category": {} if bare else BY_CATEGORY}
    if name is not SectionName.ACCESS:
        tables = {}
    return Section(name, {"events": len(rows), "failed": 0}, tallies, tables, listed)


def _row(seq: int) -> tuple[Cell, ...]:
    recipient = HOSTILE[1] if seq % 5 == 0 else "claude-desktop"
    action = HOSTILE[seq % 3] if seq % 4 == 0 else "analyze_training_load"
    at = AT - timedelta(minutes=405 - seq)
    opened = "files:activities files:heart_rate"
    facts = ("data_access", "low", "released", "mcp", "recipient", recipient, action)
    return (seq, at, *facts, "", opened)
