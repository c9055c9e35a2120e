"""``pierre-mcp predict``: race times and training paces, as the tool tells them."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from pierre_mcp.cli.answers import answered
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import AsJson, say, say_table
from pierre_mcp.model.category import Sport
from pierre_mcp.tools import wording
from pierre_mcp.tools.paces import clock, course, pace
from pierre_mcp.tools.predictions import LEAST_M, MOST_M, RACES, between

_DISTANCE = re.compile(r"([0-9]{1,5}(?:[.,][0-9]{1,3})?) ?(m|km|k|mi)?")
_METRES: Final = {"m": 1.0, "km": 1_000.0, "k": 1_000.0, "mi": 1_609.344}
_TIME = re.compile(r"(?:([0-9]):)?([0-9]{1,3}):([0-5][0-9](?:\.[0-9])?)")
_LEAST_S, _MOST_S = 210.0, 18_000.0


class _Asked(StrEnum):
    """The sports that the tool takes."""

    RUNNING = Sport.RUNNING
    SWIMMING = Sport.SWIMMING
    CYCLING = Sport.CYCLING


def predict(
    distance: Annotated[
        str | None,
        typer.Argument(
            help="5k, 10k, half, marathon, or as 15km, 10mi or 3000. "
            "Without it, all these four."
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DISTANCE=TIME",
            help="From this race instead of your best times, as 10k=40:00.",
        ),
    ] = None,
    days: Annotated[
        int, typer.Option(min=7, max=3_650, help="How far back best times count.")
    ] = 90,
    sport: Annotated[
        _Asked, typer.Option(help="Swimming is told by critical speed alone.")
    ] = _Asked.RUNNING,
    as_json: AsJson = False,
) -> None:
    """Predict your race times, and what pace to train at.

    Each distance is told by Daniels-Gilbert VDOT, Riegel, Cameron and critical speed,
    as far as each holds there, and rests on the best of your best times for it. Best
    times out of training are lower bounds: a race may be faster.

    For example: pierre-mcp predict half --from 10k=40:00
    """
    asked = {
        "distance": None if distance is None else _distance(distance),
        "sport": sport.value,
        "days": days,
        **_race(from_),
    }
    told = answered("predict_performance", asked, as_json=as_json)
    if told is None:
        return
    races = told.content["races"]
    if races["distance_m"]:
        rows = [_row(race) for race in _rows(races)]
        say_table(_HEADS, rows)
        _say_paces(told.content, told.units)
    for said in (told.content["coverage"], *told.content["caveats"]):
        if said:
            say(said)


_HEADS: Final = (
    "distance",
    "time",
    "VDOT",
    "Riegel",
    "Cameron",
    "critical speed",
    "confidence",
    "rests on",
)


def _distance(text: str) -> str:
    """Return a distance as the tool takes it.

    Raises:
        NotTakenError: It is none, or of none that anything is predicted of.
    """
    asked = text.strip().lower()
    if asked in RACES:
        return asked
    found = _DISTANCE.fullmatch(asked)
    metres = 0.0
    if found is not None:
        metres = float(found[1].replace(",", ".")) * _METRES[found[2] or "m"]
    if not LEAST_M <= metres <= MOST_M:
        msg = (
            "A distance is 5k, 10k, half or marathon, or from 400 m to 80 km, as 3000, "
            "15km or 10mi."
        )
        raise NotTakenError(msg)
    return f"{metres:.2f}".rstrip("0").rstrip(".")


def _race(text: str | None) -> Mapping[str, Any]:
    """Return a race as the tool takes it.

    Raises:
        NotTakenError: It is none.
    """
    if text is None:
        return {}
    distance, _, time = text.partition("=")
    found = _TIME.fullmatch(time.strip())
    seconds = 0.0
    if found is not None:
        hours, minutes, rest = found.groups(default="0")
        seconds = int(hours) * 3_600 + int(minutes) * 60 + float(rest)
    if not _LEAST_S <= seconds <= _MOST_S:
        msg = (
            "--from takes a distance and its time, 3:30 to 5:00:00, as 10k=40:00 or "
            "half=1:28:15."
        )
        raise NotTakenError(msg)
    return {"from_distance": _distance(distance), "from_time_s": seconds}


def _rows(columns: Mapping[str, Sequence[Any]]) -> Sequence[Mapping[str, Any]]:
    names, values = list(columns), zip(*columns.values(), strict=True)
    return [dict(zip(names, row, strict=True)) for row in values]


def _row(race: Mapping[str, Any]) -> Sequence[object]:
    methods = ("vdot_s", "riegel_s", "cameron_s", "critical_speed_s")
    return (
        course(race["distance_m"]),
        _clock(race["median_s"]) + between(race["low_s"], race["high_s"]),
        *(_clock(race[name]) for name in methods),
        race["confidence"] or "",
        _effort(race),
    )


def _effort(race: Mapping[str, Any]) -> str:
    if race["effort_m"] is None:
        return ""
    said = f"{course(race['effort_m'])} in {_clock(race['effort_s'])}"
    if race["effort_day"] is None:
        return said
    return f"{said}, {race['effort_day']}, {wording.count(race['days_ago'], 'day')} ago"


def _clock(seconds: float | None) -> str:
    return "" if seconds is None else clock(seconds)


def _say_paces(told: Mapping[str, Any], units: str) -> None:
    paces = zip(told["paces"]["pace"], told["paces"]["s_per_km"], strict=True)
    rows = [
        (name.replace("_", ", "), pace(1_000 / seconds, Sport.RUNNING, units))
        for name, seconds in paces
        if seconds is not None
    ]
    if rows:
        say("")
        say_table(("training pace", f"of VDOT {told['paces_vdot']:g}"), rows)
        say("")
