"""``pierre-mcp records``: your best efforts, as ``get_personal_records`` tells them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import typer

from pierre_mcp.cli.answers import Told, answered
from pierre_mcp.cli.session import AsJson, say, say_table
from pierre_mcp.model.category import Sport
from pierre_mcp.tools import wording
from pierre_mcp.tools.paces import clock, course, lasting

_Rows: TypeAlias = Sequence[Sequence[str]]
_Table: TypeAlias = tuple[Sequence[str], _Rows]

_FORMATS = ["%Y-%m-%d"]
_EVER = "0001-01-01", "9999-12-31"
_OF = {
    "period": "these records",
    "last_90_days": "last 90 days",
    "compared": "compared with",
}
_FIT = ("efforts", "oldest_days_ago")
_POWER = ("sport", "of", "cp_w", "cp_error_w", "w_per_kg", "w_prime_kj",
          "w_prime_error_kj", *_FIT)  # fmt: skip
_SPEED = ("sport", "of", "pace", "cs_m_s", "cs_error_m_s", "d_prime_m",
          "d_prime_error_m", *_FIT)  # fmt: skip


def records(  # noqa: PLR0913, PLR0917 - each is an option, given by its name
    sport: Annotated[
        Sport | None, typer.Option(help="Only this sport; else those done most.")
    ] = None,
    from_: Annotated[
        datetime | None,
        typer.Option("--from", formats=_FORMATS, metavar="DAY", help="First day."),
    ] = None,
    to: Annotated[
        datetime | None,
        typer.Option("--to", formats=_FORMATS, metavar="DAY", help="Last day."),
    ] = None,
    against_from: Annotated[
        datetime | None,
        typer.Option(
            formats=_FORMATS, metavar="DAY", help="Compare with the days from here."
        ),
    ] = None,
    against_to: Annotated[
        datetime | None,
        typer.Option(formats=_FORMATS, metavar="DAY", help="Up to here."),
    ] = None,
    year_before: Annotated[
        bool, typer.Option("--year-before", help="Compare with a year before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show your best times, power, heart rate and distances, each with its day.

    They are the best of what was recorded, training too, so you can do at least that.
    Best times run through stops. Indoor runs and rides have none.

    Critical power (CP) is what you could keep up for long, and W' what you can spend
    above it; critical speed and D' are the same of pace. They are a line through your
    bests of 2 or 3 to 20 minutes: ± is its standard error, and the days are those of
    the efforts. If these were not all-out, the truth is higher.

    This year against the last one:

        pierre-mcp records --from 2026-01-01 --year-before
    """
    asked = {
        "sport": sport and sport.value,
        "from_day": from_ and str(from_.date()),
        "to_day": to and str(to.date()),
        "compare": _compare(against_from, against_to, year_before=year_before),
    }
    told = answered("get_personal_records", asked, as_json=as_json)
    if told is not None:
        _draw(told)


def _compare(
    first: datetime | None, last: datetime | None, *, year_before: bool
) -> str | None:
    """Return the argument: days that are given go before a year."""
    if first is None and last is None:
        return "year_before" if year_before else None
    ends = (
        str(given.date()) if given else ever
        for given, ever in zip((first, last), _EVER, strict=True)
    )
    return "/".join(ends)


def _draw(answer: Told) -> None:
    told = answer.content
    if "data_availability" in told:
        say(answer.line)
        return
    say(f"{told['from_day']} to {told['to_day']}. {told['coverage']}.")
    if "compare_to" in told:
        say(f"Beside {_span(told['compare_from'], told['compare_to'])}.")
    for title, rows in _tables(told, answer.units):
        if rows:
            say("")
            say_table(*_without_empty(title, rows))
    for caveat in told["caveats"]:
        say(f"\nNote: {caveat}.")


def _span(first: str | None, last: str) -> str:
    if first in {None, _EVER[0]}:
        return f"all up to {last}"
    return f"{first} and later" if last == _EVER[1] else f"{first} to {last}"


def _tables(told: Mapping[str, Any], units: str) -> Sequence[_Table]:
    return (
        (("sport", "distance", "time", "pace", "day", "was", "change"), _times(told)),
        (("sport", "over", "power", "W/kg", "day", "was", "change"), _power(told)),
        (("heart rate over", "bpm", "sport", "day"), _heart_rates(told)),
        (("sport", "", "", "day"), _longest(told, units)),
        (
            ("critical power", "of", "CP", "W/kg", "W'", "efforts"),
            _critical_power(told),
        ),
        (
            ("critical speed", "of", "pace", "speed", "D'", "efforts"),
            _critical_speed(told),
        ),
    )


def _without_empty(title: Sequence[str], rows: _Rows) -> _Table:
    """Leave out columns in which nothing stands."""
    kept = [i for i in range(len(title)) if any(row[i] for row in rows)]
    return [title[i] for i in kept], [[row[i] for i in kept] for row in rows]


def _rows(of: Mapping[str, Any], *names: str) -> Sequence[tuple[Any, ...]]:
    """Return rows of some columns; None for a column that is not there."""
    held = len(next(iter(of.values()), ()))
    columns = [of.get(name, [None] * held) for name in names]
    return list(zip(*columns, strict=True))


def _times(told: Mapping[str, Any]) -> _Rows:
    names = ("sport", "distance_m", "time_s", "pace", "day", "was_s", "percent")
    return [
        (sport, course(metres), clock(seconds), pace, day,
         "" if was is None else clock(was), _percent(percent))
        for sport, metres, seconds, pace, day, was, percent
        in _rows(told["times"], *names)
    ]  # fmt: skip


def _power(told: Mapping[str, Any]) -> _Rows:
    names = ("sport", "duration_s", "power_w", "w_per_kg", "day", "was_w", "percent")
    return [
        (sport, lasting(seconds), _watts(watts), _number(per_kg), day,
         _watts(was), _percent(percent))
        for sport, seconds, watts, per_kg, day, was, percent
        in _rows(told["power"], *names)
    ]  # fmt: skip


def _heart_rates(told: Mapping[str, Any]) -> _Rows:
    names = ("duration_s", "bpm", "sport", "day")
    return [
        (lasting(seconds), f"{bpm:.0f}", sport, day)
        for seconds, bpm, sport, day in _rows(told["heart_rate"], *names)
    ]


def _longest(told: Mapping[str, Any], units: str) -> _Rows:
    names = ("sport", "of", "value", "day")
    rows = _rows(told["longest"], *names)
    return [(sport, *_most(of, value, units), day) for sport, of, value, day in rows]


def _most(of: str, value: float, units: str) -> tuple[str, str]:
    if of == "distance_m":
        return "farthest", wording.length(value, units)
    if of == "ascent_m":
        return "most climbed", wording.height(value, units)
    return "longest, stops left out", clock(value)


def _critical_power(told: Mapping[str, Any]) -> _Rows:
    return [
        (sport, _OF[of], _with_error(f"{cp:.0f}", error, "W", 1), _number(per_kg),
         _with_error(f"{reserve:.1f}", more, "kJ", 1),
         _efforts(efforts, ago))
        for sport, of, cp, error, per_kg, reserve, more, efforts, ago
        in _rows(told["critical_power"], *_POWER)
    ]  # fmt: skip


def _critical_speed(told: Mapping[str, Any]) -> _Rows:
    return [
        (sport, _OF[of], pace, _with_error(f"{speed:.2f}", error, "m/s", 2),
         _with_error(f"{reserve:.0f}", more, "m", 0),
         _efforts(efforts, ago))
        for sport, of, pace, speed, error, reserve, more, efforts, ago
        in _rows(told["critical_speed"], *_SPEED)
    ]  # fmt: skip


def _efforts(efforts: Sequence[str], ago: int) -> str:
    return f"{wording.listed(efforts)} ({wording.count(ago, 'day')} ago)"


def _with_error(value: str, error: float | None, unit: str, digits: int) -> str:
    known = "" if error is None else f" ± {error:.{digits}f}"
    return f"{value}{known} {unit}"


def _watts(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} W"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f} %"
