"""Race times by several methods, what each rests on, and training paces.

Ninety days count unless said otherwise: endurance falls off within weeks without
training (Mujika & Padilla 2000, Sports Med 30:79-87), and a season's race is in them.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field

from pierre_mcp.errors import ArgumentsInvalidError
from pierre_mcp.late import Late
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.fields import (
    PUBLIC,
    Params,
    Reply,
    Sensitive,
    Shape,
    Treatment,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import prediction_words as words
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import SUMMARY, rounded
from pierre_mcp.tools.paces import clock, course
from pierre_mcp.tools.table import Shown, Tool

if TYPE_CHECKING:
    from pierre_mcp.services import predictions
    from pierre_mcp.services.predictions import Predictions
else:
    predictions = Late("pierre_mcp.services.predictions")

RACES: Final = {"5k": 5_000.0, "10k": 10_000.0, "half": 21_097.5, "marathon": 42_195.0}
_METRES: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
SWIMS_M: Final = (400.0, 800.0, 1_500.0)
LEAST_M, MOST_M = 400.0, 80_000.0
"""Where Cameron's formula holds, so that of a runner each distance has a time."""


def metres(race: str) -> float:
    """Return the distance of a race, by its name or in metres.

    Raises:
        ValueError: It is neither, or not from 400 m to 80 km.
    """
    distance = RACES.get(race)
    if distance is None:
        distance = float(race) if _METRES.fullmatch(race) else 0.0
    if not LEAST_M <= distance <= MOST_M:
        msg = "of no such distance is anything predicted"
        raise ValueError(msg)
    return distance


def _checked(race: str) -> str:
    metres(race)
    return race


Distance: TypeAlias = Annotated[str, Field(max_length=8), AfterValidator(_checked)]
Values: TypeAlias = list[float | None]
Seconds: TypeAlias = list[int | None]


class PredictParams(Params):
    """What to predict, and from what."""

    distance: Annotated[
        Distance | None,
        Field(description="5k, 10k, half, marathon or metres (400 to 80000)."),
    ] = None
    sport: Annotated[
        Literal["running", "swimming", "cycling"],
        Field(description="Swimming by critical speed alone."),
    ] = "running"
    days: Annotated[
        int, Field(ge=7, le=3_650, description="How far back best times count.")
    ] = 90
    from_distance: Annotated[
        Distance | None, Field(description="A result to use instead.")
    ] = None
    from_time_s: Annotated[
        float | None, Field(ge=210, le=18_000, description="Its time.")
    ] = None


AGO = Sensitive(Category.ACTIVITIES, Treatment.DAYS_AGO)


class Races(Shape):
    """Predictions by column, one row a distance; from ``effort_m`` on of the effort."""

    distance_m: Annotated[list[float], SUMMARY] = []
    median_s: Annotated[Seconds, SUMMARY] = []
    low_s: Annotated[Seconds, SUMMARY] = []
    high_s: Annotated[Seconds, SUMMARY] = []
    vdot_s: Annotated[Seconds, SUMMARY, Field(description="Daniels-Gilbert.")] = []
    riegel_s: Annotated[Seconds, SUMMARY, Field(description="Exponent 1.06.")] = []
    cameron_s: Annotated[Seconds, SUMMARY] = []
    critical_speed_s: Annotated[Seconds, SUMMARY] = []
    confidence: Annotated[list[str | None], SUMMARY] = []
    effort_m: Annotated[Values, SUMMARY] = []
    effort_s: Annotated[Values, SUMMARY] = []
    effort_day: Annotated[list[date | None], SUMMARY] = []
    days_ago: Annotated[list[int | None], AGO] = []
    vdot: Annotated[Values, SUMMARY] = []


class Paces(Shape):
    """Daniels's training paces by column, slowest first."""

    pace: Annotated[list[str], SUMMARY] = []
    s_per_km: Annotated[Values, SUMMARY] = []


class PredictReply(Reply):
    """What can be told of races to come; without a row, ``caveats`` says why."""

    races: Annotated[Races, PUBLIC] = Races()
    paces: Annotated[Paces, PUBLIC] = Paces()
    paces_vdot: Annotated[float | None, SUMMARY] = None
    method: Annotated[str, SUMMARY] = ""
    coverage: Annotated[str, SUMMARY] = ""
    caveats: Annotated[list[str], SUMMARY] = []


def predict_performance(tx: Tx, grant: Grant, params: PredictParams) -> PredictReply:
    """Predict every distance that was asked for.

    Raises:
        ArgumentsInvalidError: A result lacks its distance or its time, is no result of
            a runner, or was given for another sport.
    """
    if params.from_distance is not None or params.from_time_s is not None:
        return _of_result(params)
    if params.sport == "cycling":
        return PredictReply(caveats=[words.NO_RIDES])
    sport = Sport(params.sport)
    found = predictions.of_history(tx, grant, sport, params.days, _targets(params))
    coverage = words.coverage(found, sport, params.days)
    if not any(race.times_s for race in found.races):
        why = words.why_none(found, sport, params.days)
        return PredictReply(coverage=coverage, caveats=[why, *words.caveats(found)])
    return _told(found, words.method(found, sport), [words.TRAINED], coverage)


def show_predictions(reply: PredictReply, here: Here) -> Shown:
    """Tell the middle and the spread of each distance, or why there is none."""
    del here
    of = reply.races
    rows = zip(of.distance_m, of.median_s, of.low_s, of.high_s, strict=True)
    said = [
        f"{course(distance)} {clock(middle)}{between(low, high)}"
        for distance, middle, low, high in rows
        if middle is not None
    ]
    if not said:
        return Shown(reply.caveats[0], reply)
    if reply.paces_vdot is not None:
        said.append(f"VDOT {reply.paces_vdot:g}")
    return Shown(f"{wording.listed(said)}.", reply)


def between(low_s: float | None, high_s: float | None) -> str:
    """Return `` (3:04:00 to 3:07:24)``; nothing where the two do not differ."""
    if low_s is None or high_s is None:
        return ""
    low, high = clock(low_s), clock(high_s)
    return "" if low == high else f" ({low} to {high})"


def _of_result(params: PredictParams) -> PredictReply:
    """Predict from the result given; nothing of the person's is read."""
    if params.from_distance is None or params.from_time_s is None:
        msg = "from_distance and from_time_s go together."
        raise ArgumentsInvalidError(msg)
    if params.sport != "running":
        msg = "from_distance: only of a runner does a race tell others."
        raise ArgumentsInvalidError(msg)
    distance = metres(params.from_distance)
    found = predictions.of_result(distance, params.from_time_s, _targets(params))
    if found is None:
        msg = "from_time_s: should be a time in which a person runs from_distance."
        raise ArgumentsInvalidError(msg)
    return _told(found, words.OF_RESULT, [words.RACED], "")


def _targets(params: PredictParams) -> Sequence[float]:
    if params.distance is not None:
        return [metres(params.distance)]
    return SWIMS_M if params.sport == "swimming" else list(RACES.values())


def _told(
    found: "Predictions", method: str, caveats: Sequence[str], coverage: str
) -> PredictReply:
    paces = {} if found.paces is None else asdict(found.paces)
    return PredictReply(
        races=_races(found),
        paces=Paces(
            pace=list(paces), s_per_km=[rounded(one) for one in paces.values()]
        ),
        paces_vdot=found.paces_of and round(found.paces_of.vdot, 2),
        method=method,
        coverage=coverage,
        caveats=[*caveats, *words.caveats(found)],
    )


def _races(found: "Predictions") -> Races:
    races, of = found.races, [race.effort for race in found.races]
    times = [race.times_s for race in races]
    return Races(
        distance_m=[race.distance_m for race in races],
        median_s=[_whole(race.median_s) for race in races],
        low_s=[_whole(min(by.values(), default=None)) for by in times],
        high_s=[_whole(max(by.values(), default=None)) for by in times],
        vdot_s=[_whole(by.get("vdot")) for by in times],
        riegel_s=[_whole(by.get("riegel")) for by in times],
        cameron_s=[_whole(by.get("cameron")) for by in times],
        critical_speed_s=[_whole(by.get("critical_speed")) for by in times],
        confidence=[race.confidence for race in races],
        effort_m=[one and one.distance_m for one in of],
        effort_s=[one and rounded(one.time_s) for one in of],
        effort_day=[one and one.day for one in of],
        days_ago=[one and one.days_ago for one in of],
        vdot=[one and round(one.vdot, 2) for one in of],
    )


def _whole(seconds: float | None) -> int | None:
    """Return whole seconds, which is more than any method knows."""
    return None if seconds is None else round(seconds)


PREDICT_PERFORMANCE = Tool(
    name="predict_performance",
    title="Race predictions",
    summary="Race times by four methods, their spread and what each rests on; training "
    "paces.",
    takes=PredictParams,
    gives=PredictReply,
    terms=Terms(
        required=Category.ACTIVITIES,
        opens=frozenset({Category.ACTIVITIES}),
        purposes=frozenset({Purpose.PREDICTIONS}),
    ),
    run=predict_performance,
    show=show_predictions,
)
