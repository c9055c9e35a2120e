"""Load by heart rate, out of seconds by beats a minute.

Every function takes the bins of any number of activities and thresholds that are
either one number for all or an array with one for each, and returns shape (n,). It is
NaN where an activity has no heart rate, or its thresholds are unknown or out of order.

Weights are applied bin by bin, not to the mean heart rate: they are not straight lines,
so intervals weigh more than an even effort of the same mean.
"""

import numpy as np

from pierre_mcp.analytics.bins import Bins
from pierre_mcp.analytics.ratios import Values, ratio
from pierre_mcp.analytics.zone_methods import PERCENT_OF_MAX
from pierre_mcp.analytics.zones import seconds_in_zones
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.track import Column

_MEN, _WOMEN = (0.64, 1.92), (0.86, 1.67)


def reserve(bpm: Values, resting_bpm: Values, max_bpm: Values) -> Column:
    """Return the fraction of heart rate reserve, held to 0 to 1.

    Below rest nothing is trained, and a load must not be made less by sitting. Above
    the maximum, the maximum told is too low; the exponential would make most of that.

    Source:
        Karvonen, Kentala & Mustala (1957), Ann Med Exp Biol Fenn 35(3):307-315.
    """
    above = np.asarray(bpm) - resting_bpm
    fraction: Column = np.clip(ratio(above, np.asarray(max_bpm) - resting_bpm), 0, 1)
    return fraction


def trimp(
    bins: Bins, *, resting_bpm: Values, max_bpm: Values, female: bool = False
) -> Column:
    """Return Banister's training impulse: minutes x reserve x weight, summed.

    The weight is 0.64 e^(1.92 x) for men and 0.86 e^(1.67 x) for women, x being the
    fraction of heart rate reserve. An hour at 150 of 50 to 190 gives 108.10, 121.50.

    Source:
        Morton, Fitz-Clarke & Banister (1990), J Appl Physiol 69(3):1171-1177.
    """
    resting = _each(bins, resting_bpm)
    share = ratio(1.0, _each(bins, max_bpm) - resting)  # of the reserve, for a beat
    fraction = (bins.values - bins.spread(resting)) * bins.spread(share)
    impulse = _impulse(fraction.clip(0, 1), female=female)
    return bins.sums(impulse * bins.seconds) / 60


def heart_rate_tss(
    bins: Bins,
    *,
    resting_bpm: Values,
    max_bpm: Values,
    threshold_bpm: Values,
    female: bool = False,
) -> Column:
    """Return hrTSS: TRIMP over that of an hour at threshold heart rate, x 100.

    So an hour at threshold gives 100, as TSS does. Heart rate lags behind short efforts
    and drifts in long ones: sprints count too little and heat too much.

    Args:
        bins: Of heart rate.
        resting_bpm: Below the threshold.
        max_bpm: The threshold or above.
        threshold_bpm: Heart rate at lactate threshold, of the same sport.
        female: Which of Banister's weights; of the ratio they change little.

    Source:
        GoldenCheetah's TRIMP(100) Points, with Banister's weights as in ``trimp``.
    """
    sound = (threshold_bpm > np.asarray(resting_bpm)) & (threshold_bpm <= max_bpm)
    fraction = reserve(threshold_bpm, resting_bpm, max_bpm)
    hour = 60 * _impulse(np.where(sound, fraction, np.nan), female=female)
    done = trimp(bins, resting_bpm=resting_bpm, max_bpm=max_bpm, female=female)
    return ratio(done * 100, hour)


def edwards(bins: Bins, *, max_bpm: Values) -> Column:
    """Return Edwards' load: minutes x 1 to 5 by tens of percent of maximum from 50.

    Source:
        Edwards (1993), The Heart Rate Monitor Book.
    """
    thresholds = {Kind.MAX_HEART_RATE: max_bpm}
    zones = seconds_in_zones(PERCENT_OF_MAX, bins, thresholds)
    load: Column = (zones * np.arange(1, 6)).sum(axis=1) / 60
    return load


def lucia(bins: Bins, *, first_bpm: Values, second_bpm: Values) -> Column:
    """Return Lucia's load: minutes x 1, 2 or 3 by the two ventilatory thresholds.

    A threshold's own heart rate belongs above it.

    Args:
        bins: Of heart rate.
        first_bpm: At the first ventilatory threshold, as measured.
        second_bpm: At the respiratory compensation point.

    Source:
        Lucia, Hoyos, Santalla, Earnest & Chicharro (2003), Med Sci Sports Exerc
        35(5):872-878.
    """
    lowest, first, second = (_each(bins, v) for v in (-np.inf, first_bpm, second_bpm))
    limits = np.stack([lowest, first, second], axis=1)
    load = bins.reaching(limits).sum(axis=1) / 60
    return np.where((first < second) & (load > 0), load, np.nan)


def tanaka_max_bpm(age: Values) -> Column:
    """Return the maximum heart rate expected at an age: 208 - 0.7 x years.

    One person's lies within about 20 of it, as for every formula by age.

    Source:
        Tanaka, Monahan & Seals (2001), J Am Coll Cardiol 37(1):153-156.
    """
    return np.asarray(208 - 0.7 * np.asarray(age))[()]


def fox_max_bpm(age: Values) -> Column:
    """Return 220 - years; too high in the young and too low from about 40 on.

    Source:
        Fox, Naughton & Haskell (1971), Ann Clin Res 3(6):404-432.
    """
    return np.asarray(220 - np.asarray(age))[()]


def gulati_max_bpm(age: Values) -> Column:
    """Return 206 - 0.88 x years, of women from 35 on.

    Source:
        Gulati et al. (2010), Circulation 122(2):130-137.
    """
    return np.asarray(206 - 0.88 * np.asarray(age))[()]


def _impulse(fraction: Column, *, female: bool) -> Column:
    """Return Banister's load of a minute at a fraction of heart rate reserve."""
    factor, power = _WOMEN if female else _MEN
    impulse: Column = fraction * factor * np.exp(power * fraction)
    return impulse


def _each(bins: Bins, value: Values) -> Column:
    """Return one value for each activity."""
    return np.broadcast_to(np.asarray(value, dtype=np.float64), bins.count)
