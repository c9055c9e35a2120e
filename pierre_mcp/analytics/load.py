"""Training load by day: fitness, fatigue, form, and how evenly the load is spread.

Daily load has every calendar day of its range, with zero on days without training, so
that rest decays. Which activity is worth how much is not known here: the unit of every
value is that of the loads given, a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import expm1
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
Days: TypeAlias = NDArray[np.datetime64]
Variant: TypeAlias = Literal["exponential", "reciprocal"]

WEEK_D = 7
CHRONIC_D = 28


@dataclass(frozen=True, slots=True)
class LoadModel:
    """How load turns into fitness and fatigue.

    Attributes:
        ctl_days: Time constant of fitness.
        atl_days: Time constant of fatigue.
        variant: The part of a day's change taken up: ``exponential`` takes
            1 - e^(-1/tau), the exact solution for a load spread over its day
            (GoldenCheetah, WKO); ``reciprocal`` takes 1/tau (TrainingPeaks).
            Neither is 2/(N + 1).
    """

    ctl_days: float = 42.0
    atl_days: float = 7.0
    variant: Variant = "exponential"

    def gain(self, tau_days: float) -> float:
        """Return the part of the difference to a day's load that is taken up."""
        return 1 / tau_days if self.variant == "reciprocal" else -expm1(-1 / tau_days)


@dataclass(frozen=True, slots=True)
class LoadState:
    """Chronic and acute load at the end of a day."""

    ctl: float = 0.0
    atl: float = 0.0


@dataclass(frozen=True, slots=True)
class DailyLoads:
    """Chronic and acute load at the end of each day.

    Attributes:
        ctl: Chronic training load ("fitness"), shape (days,).
        atl: Acute training load ("fatigue"), shape (days,).
        before: Both before the first day.
        model: What they were computed by.
    """

    ctl: Numbers
    atl: Numbers
    before: LoadState
    model: LoadModel

    @property
    def tsb(self) -> Numbers:
        """Training stress balance ("form"): yesterday's CTL - ATL, shape (days,).

        It is the state in which the day begins (TrainingPeaks, GoldenCheetah).
        """
        first = self.before.ctl - self.before.atl
        return np.concatenate([[first], self.same_day_tsb])[:-1]

    @property
    def same_day_tsb(self) -> Numbers:
        """The day's own CTL - ATL, its training included (intervals.icu's form)."""
        return self.ctl - self.atl

    @property
    def after(self) -> LoadState:
        """The state after the last day."""
        if not self.ctl.size:
            return self.before
        return LoadState(float(self.ctl[-1]), float(self.atl[-1]))


def by_day(
    day: Days, load: Numbers, first: np.datetime64, last: np.datetime64
) -> Numbers:
    """Return the load of each day from ``first`` to ``last``, shape (days,).

    Args:
        day: Local day of each activity, datetime64[D], shape (n,), in any order.
        load: Load of each, shape (n,). One without a load (NaN) adds nothing.
        first: The first day.
        last: The last day, inclusive. What lies outside the range is left out.
    """
    days = max(int((last - first).astype(np.int64)) + 1, 0)
    since = (day - first).astype(np.int64)
    counts = np.isfinite(load) & (since >= 0) & (since < days)
    total = np.bincount(since[counts], load[counts], minlength=days)
    return total.astype(np.float64)


def daily_loads(
    daily: Numbers, *, model: LoadModel | None = None, before: LoadState | None = None
) -> DailyLoads:
    """Return chronic and acute load at the end of each day.

    Both follow v += (load - v) * k. From zero, a start 10 tau (420 days) late is
    0.0045 % low under an even load; until about 3 tau have passed CTL is still rising
    to where it belongs.

    Args:
        daily: Load of every calendar day, zero on those without, shape (days,).
        model: Time constants and variant.
        before: The state before the first day; nothing where not given.

    Source:
        Banister et al. (1975), Aust J Sports Med 7:57-61; Allen & Coggan (2010),
        Training and Racing with a Power Meter, 2nd ed., ch. 8.
    """
    model, before = model or LoadModel(), before or LoadState()
    return DailyLoads(
        ctl=_smoothed(daily, model.gain(model.ctl_days), before.ctl),
        atl=_smoothed(daily, model.gain(model.atl_days), before.atl),
        before=before,
        model=model,
    )


def projected(loads: DailyLoads, planned: Sequence[float] | Numbers) -> DailyLoads:
    """Continue under a planned load, one value a day ahead; zeros are rest."""
    plan = np.asarray(planned, dtype=np.float64)
    return daily_loads(plan, model=loads.model, before=loads.after)


def ramp_rate(ctl: Numbers) -> Numbers:
    """Return by how much CTL rose over 7 days, shape (days,); NaN in the first 7."""
    ramp = np.full(ctl.size, np.nan)
    ramp[WEEK_D:] = ctl[WEEK_D:] - ctl[:-WEEK_D]
    return ramp


def monotony(daily: Numbers) -> Numbers:
    """Return Foster's monotony of the 7 days that end with each day, shape (days,).

    Mean daily load over its population standard deviation (that of all seven days,
    divided by 7; with 6 it is a thirteenth lower). NaN in the first 6 days, and where
    all seven days are alike, where it is not defined.

    Source:
        Foster (1998), Med Sci Sports Exerc 30(7):1164-1168.
    """
    weeks = _windows(daily, WEEK_D)
    mean, spread = weeks.mean(axis=1), weeks.std(axis=1)
    # Of seven equal numbers the deviation may come out as a rounding error.
    varied = weeks.max(axis=1) > weeks.min(axis=1)
    return _from_day(WEEK_D, daily.size, _ratio(mean, np.where(varied, spread, 0.0)))


def strain(daily: Numbers) -> Numbers:
    """Return Foster's strain: load of 7 days times their monotony, shape (days,)."""
    total = _windows(daily, WEEK_D).sum(axis=1)
    return _from_day(WEEK_D, daily.size, total) * monotony(daily)


def acwr(daily: Numbers) -> Numbers:
    """Return the acute:chronic ratio of rolling means, 7 to 28 days, shape (days,).

    Coupled: the 28 days include the 7. NaN in the first 27 days, and where nothing was
    done in 28. **Weak evidence**: it does not foretell injury beyond what its own
    arithmetic brings about.

    Source:
        Hulin et al. (2014), Br J Sports Med 48:708-712; against it Impellizzeri et al.
        (2020), Int J Sports Physiol Perform 15:907-913.
    """
    chronic = _windows(daily, CHRONIC_D)
    acute = chronic[:, -WEEK_D:].mean(axis=1)
    return _from_day(CHRONIC_D, daily.size, _ratio(acute, chronic.mean(axis=1)))


def acwr_ewma(daily: Numbers) -> Numbers:
    """Return the acute:chronic ratio of exponential means, 7 to 28 days, shape (days,).

    Here the weight of a day is 2/(N + 1), and both begin with the first day's load. NaN
    in the first 27 days and where nothing was done. **Weak evidence**, as ``acwr``.

    Source:
        Williams et al. (2017), Br J Sports Med 51:209-210.
    """
    start = float(_known(daily[:1]).sum())
    acute = _smoothed(daily, 2 / (WEEK_D + 1), start)
    chronic = _smoothed(daily, 2 / (CHRONIC_D + 1), start)
    late = slice(CHRONIC_D - 1, None)
    return _from_day(CHRONIC_D, daily.size, _ratio(acute[late], chronic[late]))


def _smoothed(daily: Numbers, gain: float, start: float) -> Numbers:
    loads = _known(daily).tolist()
    values = accumulate(loads, lambda v, load: v + (load - v) * gain, initial=start)
    return np.fromiter(values, np.float64, len(loads) + 1)[1:]


def _known(daily: Numbers) -> Numbers:
    """Return the loads with zero for one that is not known: it would stay for ever."""
    return np.where(np.isfinite(daily), daily, 0.0)


def _windows(daily: Numbers, days: int) -> Numbers:
    """Return each stretch of so many days, shape (stretches, days)."""
    if daily.size < days:
        return np.empty((0, days))
    return np.lib.stride_tricks.sliding_window_view(_known(daily), days)


def _from_day(number: int, days: int, values: Numbers) -> Numbers:
    """Return the values from that day on, and NaN before."""
    return np.concatenate([np.full(min(number - 1, days), np.nan), values])


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    nothing = np.full(part.size, np.nan)
    ratio: Numbers = np.divide(part, whole, out=nothing, where=whole > 0)
    return ratio
