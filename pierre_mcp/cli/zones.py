"""``pierre-mcp zones``: training zones, as the tool tells them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, get_args

import typer

from pierre_mcp.cli.answers import answered
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.measures import (
    Ftp,
    MaxHeartRate,
    RestingHeartRate,
    Text,
    ThresholdHeartRate,
    ThresholdPace,
    ThresholdSwimPace,
    read,
)
from pierre_mcp.cli.session import AsJson, say, say_table
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Sport
from pierre_mcp.tools.paces import lasting, pace
from pierre_mcp.tools.zones import METHODS, METRES, THRESHOLDS, Asked

_MEASURES: Final = {kind: name for name, kind in THRESHOLDS.items()}
_WHICH: Final[Sequence[str]] = get_args(Asked)


def zones(  # noqa: PLR0913 - each is an option
    *,
    which: Annotated[
        Text,
        typer.Argument(
            help=f"Of what, or by which method: {', '.join(_WHICH)}. "
            "Without it, all that can be told.",
        ),
    ] = None,
    ftp: Ftp = None,
    threshold_heart_rate: ThresholdHeartRate = None,
    max_heart_rate: MaxHeartRate = None,
    resting_heart_rate: RestingHeartRate = None,
    threshold_pace: ThresholdPace = None,
    threshold_swim_pace: ThresholdSwimPace = None,
    birth_year: Annotated[Text, typer.Option(help="As 1985, for a maximum.")] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=3_650, help="Add the time in zones of so many days."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show your training zones, by the best method that your thresholds allow.

    They are of what you said with athlete set, else of what your files tell, else of
    an estimate, which is named as one. What you give here counts for this answer alone.

    For example: pierre-mcp zones power --ftp 250
    """
    given = {
        Kind.FTP: ftp,
        Kind.THRESHOLD_HEART_RATE: threshold_heart_rate,
        Kind.MAX_HEART_RATE: max_heart_rate,
        Kind.RESTING_HEART_RATE: resting_heart_rate,
        Kind.THRESHOLD_SPEED: threshold_pace,
        Kind.THRESHOLD_SWIM_SPEED: threshold_swim_pace,
        Kind.BIRTH_YEAR: birth_year,
    }
    texts = {kind: text for kind, text in given.items() if text is not None}
    _check(which, texts)
    told = answered(
        "calculate_zones",
        (lambda units: {"days": days, **_asked(which, texts, units)})
        if texts
        else {"days": days, "zones": which},
        as_json=as_json,
    )
    if told is None:
        return
    for i, one in enumerate(told.content["zones"]):
        if i:
            say("")
        say(f"{one['kind'].replace('_', ' ').capitalize()}: {one['basis']}")
        if one["zone"]:
            say_table(*_table(one, told.units))


def _check(which: str | None, texts: Mapping[Kind, str]) -> None:
    """Refuse what is no zone, two thresholds at once, and one of other zones.

    Raises:
        NotTakenError: It is one of these.
    """
    if which is not None and which not in _WHICH:
        msg = f"Zones are of, or by, one of: {', '.join(_WHICH)}."
        raise NotTakenError(msg)
    if len(texts.keys() & _MEASURES.keys()) > 1:
        msg = "One threshold at a time: give that of the zones you ask for."
        raise NotTakenError(msg)
    for kind in texts.keys() & _MEASURES.keys():
        measure = _MEASURES[kind]
        if which not in {None, measure, *METHODS[measure]}:
            name = measure.replace("_", " ")
            msg = f"The threshold given is of {name}, and so should the zones be."
            raise NotTakenError(msg)


def _asked(
    which: str | None, texts: Mapping[Kind, str], units: str
) -> Mapping[str, Any]:
    """Return what was typed as the tool takes it."""
    asked: dict[str, Any] = {"zones": which}
    for kind, text in texts.items():
        value = read(kind, text, units)
        if kind not in _MEASURES:
            asked[kind.value] = int(value) if kind is Kind.BIRTH_YEAR else value
            continue
        measure = _MEASURES[kind]
        metres = METRES.get(measure)
        asked["zones"] = which or measure
        asked["threshold"] = metres / value if metres else value
    return asked


def _table(
    one: Mapping[str, Any], units: str
) -> tuple[Sequence[str], Sequence[Sequence[object]]]:
    heads = ("zone", "from", "to")
    rows = [
        (name, _edge(low, one["unit"], units), _edge(high, one["unit"], units))
        for name, low, high in zip(one["zone"], one["low"], one["high"], strict=True)
    ]
    if not one["seconds"]:
        return heads, rows
    spent = one["seconds"]
    whole = sum(spent) or 1
    return (*heads, "time", ""), [
        (*row, lasting(seconds), f"{100 * seconds / whole:.0f} %")
        for row, seconds in zip(rows, spent, strict=True)
    ]


def _edge(value: float | None, unit: str, units: str) -> str:
    """Return where a zone begins or ends, empty where it is open."""
    if value is None:
        return ""
    if unit == "s/km":
        return pace(1_000 / value, Sport.RUNNING, units)
    if unit == "s/100 m":
        return pace(100 / value, Sport.SWIMMING, units)
    return f"{value:g} {unit}"
