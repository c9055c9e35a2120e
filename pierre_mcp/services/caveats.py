"""What is to be known before the numbers of one activity are believed.

The rules by which a sensor is doubted:

* **Cadence** of a run over 120 a minute counts the steps of both legs: a leg takes 75
  to 105, and no one runs at 120. Of a ride, a mean over 130 is a magnet counted twice.
* **Power** whose best 20 minutes are 1.4 times those of every other of at least ten
  rides within the year is taken for doubled, as of a meter of one side that a device
  doubles again. No training does that; a new meter that was set up wrongly does.
* **A sensor** that measured under three quarters of the moving time tells no load, no
  efficiency factor and no decoupling.
* **Gaps**: time in which no sample was written counts as unknown, and not as zero.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from pydantic import MISSING

from pierre_mcp.model.athlete import CATEGORY_OF, Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DURATIONS_S
from pierre_mcp.services import standing
from pierre_mcp.services.analysis import Analysis
from pierre_mcp.services.best_efforts import DOUBTFUL, DOUBTFUL_OF, timed
from pierre_mcp.services.loads import HIGHEST_INTENSITY, MEASURED
from pierre_mcp.services.report import Report
from pierre_mcp.services.training import Mask

_MOST_RPM: Final = {Sport.RUNNING: 120.0, Sport.CYCLING: 130.0}
_LEAST_GAP_S: Final = 30.0
_UNEVEN: Final = 1.1
"""Friel compares halves of rides with a variability index of up to 1.05."""

_SENSORS: Final = {"heart rate": "heart_rate_s", "power": "power_s"}


def coverage(of: Analysis) -> str:
    """Return how much of the moving time each sensor measured, in few words."""
    shares = [
        f"{name} {100 * share:.0f} %"
        for name, column in _SENSORS.items()
        if (share := _share(of, name, column)) is not None
    ]
    told = of.whole.sensed
    if told is None:
        return "totals alone, no samples"
    return ", ".join([*shares, f"{told.clock.seconds} s recorded"])


def caveats(of: Report) -> list[str]:
    """Return every caveat of a report, in few words each."""
    one = of.of
    those = np.zeros(one.found.day.size, np.bool_)
    those[one.row] = True
    return [
        *_closed(one),
        *one.trained.assumed(those),
        *_without_load(one, those),
        *_thin(one),
        *_gaps(one),
        *_doubted(one),
        *_judged(of),
    ]


def _share(of: Analysis, name: str, column: str) -> float | None:
    """Return the share of the moving time in which a sensor measured."""
    mean = "mean_bpm" if name == "heart rate" else "mean_power_w"
    measured = of.number(column)
    if of.number(mean) is None or measured is None or not of.moving_s:
        return None
    return min(measured / of.moving_s, 1.0)


def _closed(of: Analysis) -> Iterator[str]:
    recording = of.whole.recording
    cells = {"heart rate": recording.heart_rate, "power": recording.power}
    return (f"{name} not allowed" for name, cell in cells.items() if cell is MISSING)


def _without_load(of: Analysis, those: Mask) -> Iterator[str]:
    """Say which thresholds would give a load out of what was measured."""
    if of.loads:
        return
    measured = {
        Category.HEART_RATE: of.number("mean_bpm"),
        Category.POWER: of.number("normalized_power_w"),
        Category.ACTIVITIES: of.speed_m_s,
    }
    kinds = of.trained.unknown(those)
    lacking = [kind for kind in kinds if measured[CATEGORY_OF[kind]] is not None]
    yield f"no load: unknown {', '.join(lacking)}" if lacking else "no load"


def _thin(of: Analysis) -> Iterator[str]:
    for name, column in _SENSORS.items():
        share = _share(of, name, column)
        if share is not None and share < MEASURED:
            yield f"{name} measured in {100 * share:.0f} % of the moving time alone"


def _gaps(of: Analysis) -> Iterator[str]:
    told = of.whole.sensed
    if told is None:
        return
    running = float(told.clock.running_s[-1] - told.clock.running_s[0])
    held = float(told.clock.for_s[:-1].sum())
    if running - held >= _LEAST_GAP_S:
        yield f"{running - held:.0f} s without samples are unknown, not zero"
    paused = float(told.clock.time_s[-1] - told.clock.time_s[0]) - running
    if paused >= 1:
        yield f"the timer stood still for {paused:.0f} s, which count in splits alone"


def _doubted(of: Analysis) -> Iterator[str]:
    rpm = of.whole.recording.activity.mean_cadence_rpm
    most = _MOST_RPM.get(of.sport)
    if rpm is not None and most is not None and rpm > most:
        half = "steps of both legs" if of.sport is Sport.RUNNING else "doubled"
        yield f"mean cadence {rpm:.0f}: {half}"
    too_fast = timed(of.found)[2][of.row]
    if too_fast:
        yield "faster than any human: no best times"
    if (times := _times_best(of)) is not None and times >= DOUBTFUL:
        yield f"power {times:.1f} times the year's best: doubled, or another meter"
    ftp, watts = of.in_force.get(Kind.FTP), of.number("normalized_power_w")
    rides = of.sport is Sport.CYCLING and ftp is not None and watts is not None
    if rides and ftp and watts and watts > HIGHEST_INTENSITY * ftp.value:
        yield "power over 1.5 times FTP throughout: no load from it"


def _times_best(of: Analysis) -> float | None:
    """Return the best 20 min by the best of every other ride of the year."""
    best = of.found.details[Category.POWER].mean_max[:, DURATIONS_S.index(1_200)]
    others = standing.of_the_year(of.found, of.row) & (best > 0)
    others[of.row] = False
    if of.sport is not Sport.CYCLING or others.sum() < DOUBTFUL_OF:
        return None
    return float(best[of.row] / best[others].max())


def _judged(of: Report) -> Iterator[str]:
    one, low = of.of, of.emptied
    if one.sport is Sport.RUNNING and one.speed_m_s is not None:
        graded = one.whole.sensed is not None and one.whole.sensed.graded
        if one.whole.recording.activity.indoor:
            yield "indoor: no graded pace"
        elif not graded:
            yield "no altitude may be read or was recorded: splits without graded pace"
    if one.sport is Sport.CYCLING and one.whole.recording.activity.indoor:
        yield "indoor: distance and speed are the trainer's, no best times"
    uneven = one.variability is not None and one.variability > _UNEVEN
    if one.drift is not None and uneven:
        yield "uneven effort: decoupling says little"
    if low is not None and low.low_j < 0:
        yield "W' below zero: critical power or W' is too low"
