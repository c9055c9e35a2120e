"""What is said of predictions: how they were made, of what, and what to mind."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pierre_mcp.model.category import Sport
from pierre_mcp.tools import wording

if TYPE_CHECKING:
    from pierre_mcp.services.predictions import Predictions, Race

OF_RESULT: Final = (
    "All rests on the result given. VDOT and Riegel (exponent 1.06) hold from 3.5 min "
    "to 5 h, Cameron from 400 m to 50 miles."
)
_OF_RUNS: Final = (
    "Each distance rests on the best time of 1.5 to 42.2 km that is worth the most "
    "VDOT, less 4 % for each doubling of distance between the two; paces on that for "
    "10 km. VDOT and Riegel (exponent 1.06) hold from 3.5 min to 5 h, Cameron from "
    "400 m to 50 miles, critical speed from 2 to 30 min."
)
_OF_SWIMS: Final = "Critical speed, which holds from 2 to 30 min."

TRAINED: Final = (
    "Best times out of training are lower bounds of what was possible. Hills and "
    "heat are not corrected for, and runs indoors do not count."
)
RACED: Final = "The result is taken as raced all-out on a level course in cool weather."
NO_RIDES: Final = (
    "A ride's time cannot be told from power: it hangs on course, wind, position and "
    "drafting. Personal records tell how long which power is held."
)
_IN_PARTS: Final = (
    "Some efforts are parts of longer runs, where nobody races: a race is faster."
)
_FAR: Final = (
    "Low confidence: the effort is over 90 days old, or far from the distance."
)
_MARATHON: Final = (
    "Below about 50 km a week a marathon takes longer than shorter races say: at least "
    "10 min more than Riegel for half of recreational runners (Vickers 2016)."
)

_LITTLE_M: Final = 50_000.0
_LONG_M: Final = 30_000.0
_PART: Final = 1.25
"""Who runs on for a quarter of the effort did not race it."""


def method(found: "Predictions", sport: Sport) -> str:
    """Say how the predictions were made."""
    said = _OF_RUNS if sport is Sport.RUNNING else _OF_SWIMS
    fit = found.critical_speed
    if fit is None:
        return said
    return (
        f"{said} Critical speed is {fit.rate:.2f} m/s and D' {fit.reserve:.0f} m, by "
        f"{fit.efforts} best times of 2 to 20 min."
    )


def coverage(found: "Predictions", sport: Sport, days: int) -> str:
    """Say of how many activities best times were looked at."""
    many = wording.count(found.activities, _noun(sport))
    return f"{found.timed} of {many} in {days} days have best times."


def why_none(found: "Predictions", sport: Sport, days: int) -> str:
    """Say why nothing can be predicted, and what to do."""
    noun = _noun(sport)
    if not found.activities:
        said = f"There is no {noun} in the last {days} days."
    elif not found.timed:
        said = (
            f"No {noun} of the last {days} days has best times that count: none tells "
            "distance, but indoors or faster than anyone."
        )
    elif sport is Sport.SWIMMING:
        said = (
            "Critical speed needs three best times of 2 to 20 min, not all of one "
            f"swim, and tells of 2 to 30 min: the last {days} days give none."
        )
    else:
        said = f"No run of the last {days} days has a best time of 1.5 km or more."
    other = "" if sport is Sport.SWIMMING else ", or give from_distance and from_time_s"
    return f"{said} Ask for more days{other}."


def caveats(found: "Predictions") -> Iterator[str]:
    """Give what to mind with these predictions, and with these alone."""
    told = [race for race in found.races if race.times_s]
    if any(_is_part(race) for race in told):
        yield _IN_PARTS
    if any(race.confidence == "low" for race in told):
        yield _FAR
    weekly = found.weekly_m
    if any(r.distance_m >= _LONG_M for r in told) and (weekly or 0) < _LITTLE_M:
        had = "" if weekly is None else f" Of late it was {weekly / 1_000:.0f} km."
        yield f"{_MARATHON}{had}"
    if found.too_fast:
        yield (
            f"{found.too_fast} faster than any world record left out: another sport, "
            "or a wrong distance?"
        )
    if found.indoors:
        yield f"{found.indoors} indoors left out: a treadmill's distance is its own."


def _noun(sport: Sport) -> str:
    return "run" if sport is Sport.RUNNING else "swim"


def _is_part(race: "Race") -> bool:
    effort = race.effort
    if effort is None or effort.whole_m is None:
        return False
    return effort.whole_m > _PART * effort.distance_m
