"""``pierre-mcp load``: your training load, as ``analyze_training_load`` tells it."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from pierre_mcp.cli.answers import answered
from pierre_mcp.cli.session import AsJson, say, say_table

_BAR: Final = 20
"""Characters of the longest bar."""

_HEADS: Final = (
    *("to", "load", "", "fitness", "fatigue", "form"),
    *("activities", "without", "mostly by"),
)


def load(  # noqa: PLR0913, PLR0917 - each is an option
    from_day: Annotated[
        str | None, typer.Option("--from", help="First day; by default 90 days ago.")
    ] = None,
    to_day: Annotated[
        str | None, typer.Option("--to", help="Last day; by default today.")
    ] = None,
    sport: Annotated[
        str | None, typer.Option(help="Only this sport, such as running.")
    ] = None,
    by: Annotated[str, typer.Option(help="A row for each week or day.")] = "week",
    project: Annotated[
        int, typer.Option(help="How many days ahead to look, up to 90.")
    ] = 14,
    planned: Annotated[
        float, typer.Option(help="The load you plan for each of them; 0 is rest.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Show how fit and how tired you are, by week to today and ahead.

    An hour as hard as you can just hold for an hour is a load of 100. Fitness (CTL)
    follows your load over 42 days and fatigue (ATL) over 7; form (TSB) is yesterday's
    fitness less fatigue: below zero you are tired, above it rested. Days without
    training count. None of it is stored: say your FTP or threshold heart rate with
    pierre-mcp athlete set, and all of it follows.

    For example: pierre-mcp load --sport cycling --project 21 --planned 60
    """
    asked = {
        "from_day": from_day,
        "to_day": to_day,
        "sport": sport,
        "by": by,
        "project_days": project,
        "planned_tss": planned,
    }
    told = answered("analyze_training_load", asked, as_json=as_json)
    if told is not None:
        say(told.line)
        _draw(told.content)


def _draw(told: Mapping[str, Any]) -> None:
    if told["rows"].get("day"):
        say("")
        _rows(told["rows"])
        say("")
        say(_state(told))
        parts = told["parts"]
        say_table(
            ("method or sport", "activities", "load"),
            [
                (name.replace("_", " "), count, "" if load is None else load)
                for name, count, load in zip(
                    parts["name"], parts["activities"], parts["load"], strict=True
                )
            ],
        )
    for heading, words in (("Rests on", "thresholds"), ("Mind", "caveats")):
        if told[words]:
            say(f"{heading}: {'; '.join(told[words])}.")
    if told["truncated"]:
        say(f"Older rows: --to {told['rows']['day'][-1]}.")


def _rows(rows: Mapping[str, Any]) -> None:
    """Draw the rows, oldest first, each load as a bar; what is projected is faint."""
    most = max(*rows["load"], 1.0)
    names = ("ctl", "atl", "tsb", "activities", "no_load", "method")
    drawn = [
        (day, f"{load:.0f}", "█" * round(_BAR * load / most), *map(_cell, rest))
        for day, load, *rest in zip(
            rows["day"], rows["load"], *(rows[name] for name in names), strict=True
        )
    ]
    ahead = [i for i, projected in enumerate(rows["projected"][::-1]) if projected]
    say_table(_HEADS, drawn[::-1], faint=ahead)


def _cell(value: float | str | None) -> str:
    if isinstance(value, float):
        return str(round(value))
    return "" if value is None else str(value).replace("_", " ")


def _state(told: Mapping[str, Any]) -> str:
    """Return what is told of the newest day beside fitness, fatigue and form."""
    known = {
        "ramp": ("ramp_rate", "{:+.1f} a week"),
        "monotony": ("monotony", "{:.2f}"),
        "strain": ("strain", "{:.0f}"),
        "acute:chronic": ("acwr", "{:.2f}, weak evidence"),
    }
    words = [
        f"{name} {form.format(told[field])}"
        for name, (field, form) in known.items()
        if told[field] is not None
    ]
    return "; ".join(words)
