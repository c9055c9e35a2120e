"""The training load of each activity, by the best method that applies to it.

In this order, with the thresholds in force on the day of the activity:

1. ``power``: cycling with an FTP.
2. ``heart_rate``: any sport with a maximum and a threshold heart rate.
3. ``pace``: running with a threshold speed; by normalized graded speed, or where no
   slope was recorded by the mean moving speed.
4. ``swim``: swimming with a threshold swim speed.

An hour at threshold gives 100 by each. A sensor counts that measured at least three
quarters of the moving time: its gaps are then worth the mean of the rest, so that load
is over the longer of the time measured and the moving time. Where no moving time is
known, the whole time stands for it.

A whole activity faster or stronger than 1.5 times threshold is a ride taken for a run,
a doubled sensor or a wrong threshold, and the next method has its turn. Where none
applies there is no load: that is not zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pierre_mcp.analytics.bins import HEART_RATE, bins_from
from pierre_mcp.analytics.heart_rate import heart_rate_tss
from pierre_mcp.analytics.pace import running_tss, swim_tss
from pierre_mcp.analytics.power import training_stress_score
from pierre_mcp.analytics.ratios import ratio
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.services.history import Days, History, Numbers
from pierre_mcp.services.thresholds import InForce

NEEDS: Final = frozenset({Category.HEART_RATE})
"""The details that ``history.read`` must give."""

METHODS: Final = ("power", "heart_rate", "pace", "swim")
"""In the order in which they are tried."""

MEASURED: Final = 0.75
HIGHEST_INTENSITY: Final = 1.5
ASSUMED_RESTING_BPM: Final = 60.0
"""Where none was told: the low end of what is normal at rest (American Heart
Association, All About Heart Rate). 12 beats off move an easy hour's load by a tenth,
and that of a hard one by few percent.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """What each activity of a history was worth, in the same order.

    Attributes:
        tss: Training stress score, shape (n,); NaN where no method applies.
        method: One of ``METHODS``; empty where none applies.
        intensity: Intensity factor: 1 is threshold. Of heart rate that of an even
            effort of the same load. NaN where no method applies.
    """

    tss: Numbers
    method: NDArray[np.str_]
    intensity: Numbers


def loads(
    found: History, in_force: Mapping[Kind, InForce], *, female: bool = False
) -> Loads:
    """Return the load of every activity.

    Args:
        found: Read with the details that ``NEEDS`` names; NaN where not allowed.
        in_force: The thresholds that may be used; one that is missing is not known.
        female: Which of Banister's weights counts heart rate. The women's make an easy
            hour's load greater by a tenth, that of a hard one by few percent.
    """
    tss = np.full(found.day.size, np.nan)
    method = np.full(found.day.size, "", f"<U{max(map(len, METHODS))}")
    seconds, exponent = np.full(found.day.size, np.nan), np.full(found.day.size, 2.0)
    moving = found.moving_s
    tried = {
        "power": _power(found, in_force, moving),
        "heart_rate": _heart_rate(found, in_force, moving, female=female),
        "pace": _pace(found, in_force, moving),
        "swim": _swim(found, in_force, moving),
    }
    for name, (load, lasted) in tried.items():
        takes = np.isnan(tss) & np.isfinite(load)
        tss[takes], seconds[takes], method[takes] = load[takes], lasted[takes], name
    exponent[method == "swim"] = 3
    return Loads(tss, method, ratio(tss * 36, seconds) ** (1 / exponent))


def _power(
    found: History, in_force: Mapping[Kind, InForce], moving: Numbers
) -> tuple[Numbers, Numbers]:
    measured = found.numbers["power_s"]
    seconds = np.fmax(measured, moving)
    normalized = found.numbers["normalized_power_w"]
    ftp = _on(found.day, in_force, Kind.FTP)
    held = (found.sport == Sport.CYCLING) & (measured >= MEASURED * moving)
    load = training_stress_score(seconds, normalized, ftp)
    return _where(held & _sound(normalized, ftp), load), seconds


def _heart_rate(
    found: History,
    in_force: Mapping[Kind, InForce],
    moving: Numbers,
    *,
    female: bool,
) -> tuple[Numbers, Numbers]:
    beats = bins_from(found.details[Category.HEART_RATE], HEART_RATE)
    measured = beats.sums(beats.seconds)
    seconds = np.fmax(measured, moving)
    resting = _on(found.day, in_force, Kind.RESTING_HEART_RATE)
    load = heart_rate_tss(
        beats,
        resting_bpm=np.where(np.isnan(resting), ASSUMED_RESTING_BPM, resting),
        max_bpm=_on(found.day, in_force, Kind.MAX_HEART_RATE),
        threshold_bpm=_on(found.day, in_force, Kind.THRESHOLD_HEART_RATE),
        female=female,
    )
    whole = load * ratio(seconds, measured)
    return _where(measured >= MEASURED * moving, whole), seconds


def _pace(
    found: History, in_force: Mapping[Kind, InForce], moving: Numbers
) -> tuple[Numbers, Numbers]:
    graded = found.numbers["normalized_graded_speed_m_s"]
    mean = ratio(found.numbers["distance_m"], moving)
    speed = np.where(np.isnan(graded), mean, graded)
    threshold = _on(found.day, in_force, Kind.THRESHOLD_SPEED)
    held = (found.sport == Sport.RUNNING) & _sound(speed, threshold)
    return _where(held, running_tss(moving, speed, threshold)), moving


def _swim(
    found: History, in_force: Mapping[Kind, InForce], moving: Numbers
) -> tuple[Numbers, Numbers]:
    speed = ratio(found.numbers["distance_m"], moving)
    threshold = _on(found.day, in_force, Kind.THRESHOLD_SWIM_SPEED)
    held = (found.sport == Sport.SWIMMING) & _sound(speed, threshold)
    return _where(held, swim_tss(moving, speed, threshold)), moving


def _on(day: Days, in_force: Mapping[Kind, InForce], kind: Kind) -> Numbers:
    """Return a threshold on each day, NaN where it is not known."""
    held = in_force.get(kind)
    return np.full(day.size, np.nan) if held is None else held.on(day)


def _sound(value: Numbers, threshold: Numbers) -> NDArray[np.bool_]:
    """Tell where a person can have done this; a value of zero is no effort."""
    intensity = ratio(value, threshold)
    sound: NDArray[np.bool_] = (intensity > 0) & (intensity <= HIGHEST_INTENSITY)
    return sound


def _where(held: NDArray[np.bool_], load: Numbers) -> Numbers:
    return np.where(held, load, np.nan)
