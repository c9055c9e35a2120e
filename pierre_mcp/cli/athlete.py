"""``pierre-mcp athlete``: what is known of you, as ``get_athlete`` tells it."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from pierre_mcp.cli.session import current, say, say_table
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.tools import wording
from pierre_mcp.tools.athlete import MEASURES, UNITS

_GEAR = ("kind", "activities", "distance_m", "duration_s", "first_day", "last_day")


def athlete(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Show your profile, your thresholds since when, and your gear with its mileage."""
    session = current()
    with session.gate() as gate:
        answer = gate.serve(Call(Owner(), "get_athlete", session.id), {})
    if answer.structured is None:
        say(answer.text)
        raise typer.Exit(1)
    if as_json:
        say(answer.structured.decode())
        return
    told = json.loads(answer.structured)
    say(_person(told))
    if values := [row for name in MEASURES.values() for row in _values(told[name])]:
        say("")
        say_table(("what", "value", "since", "told by"), values)
    if told["gear_count"]:
        say("")
        say_table(
            ("gear", "kind", "activities", "distance", "time", "first", "last"),
            _gear(told["gear"], told["units"]),
        )


def _person(told: Mapping[str, Any]) -> str:
    born = told["birth_year"] and f"born {told['birth_year']}"
    parts = (told["time_zone"], f"{told['units']} units", told["sex"], born)
    return wording.listed(part for part in parts if part)


def _values(of: Mapping[str, Sequence[Any]]) -> Sequence[Sequence[object]]:
    rows = zip(of["kind"], of["value"], of["since"], of["told_by"], strict=True)
    return [
        (UNITS[kind][0], f"{value:g} {UNITS[kind][1]}", since, by.replace("_", " "))
        for kind, value, since, by in rows
    ]


def _gear(of: Mapping[str, Any], units: str) -> Sequence[Sequence[object]]:
    names = of["untrusted_text"]["name"]
    rows = zip(names, *(of[column] for column in _GEAR), strict=True)
    return [
        (
            name,
            kind or "",
            count,
            "" if metres is None else wording.length(metres, units),
            wording.duration(seconds),
            first or "",
            last or "",
        )
        for name, kind, count, metres, seconds, first, last in rows
    ]
