"""How an incident is read from what was typed, and drawn."""

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import typer

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import say, say_table
from pierre_mcp.model.incident import MOST_TEXT, Duty, Entry
from pierre_mcp.model.scope import check_label
from pierre_mcp.policy.breaches import ClockState, NoticeClock
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services.incident_timeline import Timeline
from pierre_mcp.services.incidents import Standing
from pierre_mcp.tools.wording import count

WordT = TypeVar("WordT", bound=StrEnum)

Ref = Annotated[str, typer.Argument(metavar="ID", help="A number of incidents.")]
When = "as 2026-03-01T14:05, UTC unless it says +01:00"

_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)


def moment(text: str | None) -> datetime | None:
    """Read a time, or a day as its first moment; return it in UTC.

    Raises:
        NotTakenError: It is none.
    """
    if text is None:
        return None
    try:
        if _MOMENT.fullmatch(text):
            found = datetime.fromisoformat(text)
            given = found if found.tzinfo else found.replace(tzinfo=UTC)
            if given >= _EARLIEST:
                return given.astimezone(UTC)
    except ValueError:
        pass
    msg = f"A time is given {When}."
    raise NotTakenError(msg)


def word(kind: type[WordT], text: str) -> WordT:
    """Read one of a few words.

    Raises:
        NotTakenError: It is none of them.
    """
    try:
        return kind(text)
    except ValueError:
        msg = f"What is taken is: {', '.join(kind)}."
        raise NotTakenError(msg) from None


def words(text: str) -> str:
    """Read what the person writes, of which there must be something.

    Raises:
        NotTakenError: There is nothing, or it is too long.
    """
    said = text.strip()
    if not said or len(said) > MOST_TEXT:
        msg = f"Say it in 1 to {MOST_TEXT} characters."
        raise NotTakenError(msg)
    return said


def labels(given: list[str] | None) -> tuple[str, ...]:
    """Read the labels of recipients, each once."""
    return tuple(dict.fromkeys(check_label(one) for one in given or ()))


def utc(at: datetime) -> str:
    """Return a time to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def clock_words(one: Standing) -> str:
    """Say how the 72 hours stand."""
    clock, undecided = one.clock, one.incident.duty is Duty.UNDECIDED
    due = f"{utc(clock.due_at)} UTC{', or a reason why not' if undecided else ''}"
    match clock.state:
        case ClockState.RUNNING:
            return f"{_hours(clock.left)} left, to {due}"
        case ClockState.OVERDUE:
            return f"OVERDUE by {_hours(-clock.left)}, since {due}"
        case ClockState.MET:
            return "told in time"
        case ClockState.LATE:
            return f"told late, by {_hours(-clock.left)}"
        case ClockState.NONE:
            return "not to be told"


def draw_list(found: list[Standing]) -> None:
    """Draw every incident as a row."""
    say_table(
        ("number", "level", "state", "discovered (UTC)", "authority", "what"),
        [
            (
                one.number,
                one.incident.level,
                one.incident.state,
                utc(one.incident.discovered_at),
                clock_words(one),
                clean(one.incident.what, 60),
            )
            for one in found
        ],
    )


def draw(one: Standing) -> None:
    """Draw one incident with its entries."""
    incident = one.incident
    say(
        f"Incident {one.number}: {incident.level} (level {incident.level.number}), "
        f"{incident.state}."
    )
    say(f"What: {clean(incident.what, MOST_TEXT)}")
    end = "now" if incident.to_at is None else utc(incident.to_at)
    say(
        f"Discovered {utc(incident.discovered_at)} UTC; from {utc(incident.from_at)} "
        f"to {end}."
    )
    say(f"Concerns: {', '.join(incident.recipients) or 'no recipient is named'}.")
    say(f"Authority (GDPR Art. 33): {clock_words(one)}.")
    for entry in incident.entries:
        say(entry_line(entry))


def entry_line(entry: Entry) -> str:
    """Return an entry in one line."""
    parts = (clean(entry.subject), clean(entry.text, MOST_TEXT))
    said = ": ".join(part for part in parts if part)
    return f"{utc(entry.at)}  {entry.kind}  {said}".rstrip()


def draw_timeline(found: Timeline) -> None:
    """Draw what the log tells of an incident."""
    end = "now" if found.end is None else utc(found.end)
    say(f"\nFrom the log, {utc(found.start)} UTC to {end}:")
    if found.left_out:
        say(f"{count(found.left_out, 'earlier line')} left out: narrow it with --from.")
    say_table(
        ("row", "when (UTC)", "who", "what", "outcome", "why", "risk", "rows"),
        [
            (
                line.first_seq,
                f"{line.first_at:%m-%d %H:%M:%S}",
                line.recipient or line.caller,
                line.action,
                line.outcome,
                line.code,
                line.risk,
                line.rows,
            )
            for line in found.happenings
        ],
    )
    if not found.opened:
        say("No answer with anything open in it left for whom it concerns.")
        return
    say("\nWhat was open in answers that left:")
    say_table(
        ("recipient", "category", "from", "answers", "first (UTC)", "last", "level"),
        [
            (
                one.recipient,
                one.category or "no category",
                one.source,
                one.answers,
                utc(one.first_at),
                utc(one.last_at),
                ", ".join(one.levels),
            )
            for one in found.opened
        ],
    )


def as_json(one: Standing) -> dict[str, Any]:
    """Return an incident as JSON has it."""
    return {
        "number": one.number,
        "id": one.id,
        "level_number": one.incident.level.number,
        **one.incident.model_dump(mode="json"),
        "clock": _clock_as_json(one.clock),
    }


def timeline_as_json(found: Timeline) -> dict[str, Any]:
    """Return a timeline as JSON has it."""
    return {name: _plain(value) for name, value in asdict(found).items()}


def _clock_as_json(clock: NoticeClock) -> dict[str, Any]:
    hours = round(clock.left / timedelta(hours=1), 2)
    due_at = _plain(clock.due_at)
    return {"due_at": due_at, "state": clock.state, "hours_left": hours}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _hours(left: timedelta) -> str:
    hours, rest = divmod(int(left.total_seconds()) // 60, 60)
    return f"{hours} h {rest:02} min"
