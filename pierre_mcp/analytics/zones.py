"""Where zones begin, how long was spent in each, and how polarized that is.

A method is data (``zone_methods``): the fraction of a threshold at which each zone
begins. A zone holds every value from there up to the next one's begin, so none lies
between two zones and none in both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pierre_mcp.analytics.bins import Bins, Scale
from pierre_mcp.analytics.ratios import Values
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.track import Column

_NEARLY = 1e-9
"""Products of percent and threshold are off by units of the last place."""


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone of a method.

    Attributes:
        begins: Fraction of the threshold; of the reserve where the method has rest.
        above: It begins just above that, which itself belongs to the zone below.
    """

    name: str
    begins: float
    above: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """How zones follow from thresholds.

    Attributes:
        source: Who published it.
        scale: Of the histogram it divides.
        needs: The threshold, and resting heart rate where fractions are of reserve.
        zones: Rising. What lies below the first is in no zone.
    """

    name: str
    source: str
    scale: Scale
    needs: tuple[Kind, ...]
    zones: tuple[Zone, ...]


def begins(method: Method, thresholds: Mapping[Kind, Values]) -> Column:
    """Return where each zone begins, in bpm, W or m/s, shape (..., zones).

    Args:
        method: Of the table.
        thresholds: Of each kind it needs, a number or an array of shape (...).

    Returns:
        NaN where a threshold is unknown or not positive, or rest not below it.

    Raises:
        ValueError: A kind is missing.
    """
    if not thresholds.keys() >= set(method.needs):
        msg = f"The method {method.name} needs {', '.join(method.needs)}."
        raise ValueError(msg)
    top, *rest = (
        np.asarray(thresholds[kind], dtype=np.float64)[..., np.newaxis]
        for kind in method.needs
    )
    base = rest[0] if rest else np.zeros(1)
    sound = np.isfinite(top) & (top > base) & (base >= 0)
    fractions = np.array([zone.begins for zone in method.zones])
    return np.where(sound, base + fractions * (top - base), np.nan)


def seconds_in_zones(
    method: Method, bins: Bins, thresholds: Mapping[Kind, Values]
) -> Column:
    """Return the seconds in each zone of each activity, shape (count, zones).

    Args:
        method: Of the same scale as the bins.
        bins: Of any number of activities.
        thresholds: Each a number for all, or one for each activity.

    Returns:
        NaN where an activity has no second, or its zones cannot be told. What is below
        the first zone is the activity's time less the sum of its zones.

    Raises:
        ValueError: A kind is missing.
    """
    at = begins(method, thresholds)
    at = np.broadcast_to(at, (bins.count, len(method.zones)))
    above = np.array([zone.above for zone in method.zones])
    reached = bins.reaching(at * (1 + np.where(above, _NEARLY, -_NEARLY)))
    spent = -np.diff(reached, axis=1, append=0.0)
    measured = np.isfinite(bins.sums(bins.seconds))[:, np.newaxis]
    return np.where(np.isfinite(at) & measured, spent, np.nan)


def shares(seconds: Column) -> Column:
    """Return the fraction of all time in each zone, shape (zones,).

    Args:
        seconds: Of each activity, shape (n, zones); NaN where unknown, which is left
            out. All NaN where no second is known.
    """
    total = np.nansum(seconds, axis=0)
    whole = total.sum()
    return total / whole if whole > 0 else np.full(seconds.shape[1], np.nan)


def polarization_index(fractions: Sequence[float] | Column) -> float | None:
    """Return log10(low / moderate x high x 100); above 2.00 training is polarized.

    It is defined only where low > high > moderate, and None elsewhere: then training is
    pyramidal, threshold or otherwise not polarized. Fractions are taken to hundredths,
    as the authors do, and where none is moderate, 0.01 of the high counts as that.

    Args:
        fractions: Low, moderate and high; they add up to 1.

    Source:
        Treff, Winkert, Sareban, Steinacker & Sperlich (2019), Front Physiol 10:707,
        equations 1 and 2.
    """
    low, moderate = (round(float(one), 2) for one in fractions[:2])
    high = round(1 - low - moderate, 2)
    if not low > high > moderate:
        return None
    if moderate == 0:
        moderate, high = 0.01, round(high - 0.01, 2)
    return float(np.log10(low / moderate * high * 100)) if high > 0 else None
