"""``pierre-mcp athlete``: what is known of you, as ``get_athlete`` tells it."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer

from pierre_mcp.cli import telling
from pierre_mcp.cli.answers import answered
from pierre_mcp.cli.measures import told
from pierre_mcp.cli.session import AsJson, say, say_table
from pierre_mcp.model.athlete import Kind
from pierre_mcp.tools import wording
from pierre_mcp.tools.athlete import MEASURES, UNITS

_GEAR = ("kind", "activities", "distance_m", "duration_s", "first_day", "last_day")

app = typer.Typer(
    invoke_without_command=True,
    help="Show your profile, your thresholds since when, and your gear with its "
    "mileage; or say what you know better.",
    epilog="For example: pierre-mcp athlete set --ftp 250 --since 2026-03-01",
)


@app.callback()
def athlete(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what is known, where no command is given."""
    if context.invoked_subcommand is None:
        show(as_json=as_json)


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """Show your profile, your thresholds since when, and your gear with its mileage."""
    answer = answered("get_athlete", {}, as_json=as_json)
    if answer is None:
        return
    known = answer.content
    say(_person(known))
    of = [known[name] for name in MEASURES.values()]
    values = _of_profile(known)
    values += [row for one in of for row in _values(one, known["units"])]
    if values:
        say("")
        say_table(("what", "value", "since", "told by"), values)
    if known["gear_count"]:
        say("")
        say_table(
            ("gear", "kind", "activities", "distance", "time", "first", "last"),
            _gear(known["gear"], known["units"]),
        )


app.command("set", short_help="Say what you know better, since a day.")(telling.set_)


def _person(known: Mapping[str, Any]) -> str:
    born = known["birth_year"] and f"born {known['birth_year']}"
    parts = (known["time_zone"], f"{known['units']} units", known["sex"], born)
    return wording.listed(part for part in parts if part)


def _of_profile(known: Mapping[str, Any]) -> list[Sequence[object]]:
    return [
        (name.replace("_", " "), known[name], since, by.replace("_", " "))
        for name in ("birth_year", "sex")
        if (said := known[f"{name}_told"]) is not None
        for since, _, by in [said.removeprefix("since ").partition(", ")]
    ]


def _values(of: Mapping[str, Sequence[Any]], units: str) -> Sequence[Sequence[object]]:
    rows = zip(of["kind"], of["value"], of["since"], of["told_by"], strict=True)
    return [
        (UNITS[kind][0], told(Kind(kind), value, units), since, by.replace("_", " "))
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
