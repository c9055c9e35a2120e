"""Load and economy of running and swimming, and pace out of speed.

All work on numbers and on arrays alike, broadcast together, and give NaN where a value
is unknown or a divisor is not positive.
"""

import numpy as np

from pierre_mcp.analytics.power import stress_score
from pierre_mcp.analytics.ratios import Values, known, ratio
from pierre_mcp.model.track import Column


def running_tss(
    seconds: Values, normalized_graded_m_s: Values, threshold_m_s: Values
) -> Column:
    """Return rTSS: hours x IF squared x 100; an hour at threshold pace gives 100.

    IF is normalized graded speed over threshold speed. Ours is graded by Minetti's
    cost of running, so it differs from vendors' on steep ground.

    Args:
        seconds: Of the run, pauses not included.
        normalized_graded_m_s: Fourth-power mean of 30 s means of graded speed; the mean
            moving speed where no altitude was recorded.
        threshold_m_s: The speed held for about an hour all-out.

    Source:
        McGregor, in Friel (2009), The Triathlete's Training Bible, 3rd ed.;
        TrainingPeaks, Running Training Stress Score (rTSS) Explained.
    """
    return stress_score(seconds, ratio(normalized_graded_m_s, threshold_m_s), 2)


def swim_tss(seconds: Values, speed_m_s: Values, threshold_m_s: Values) -> Column:
    """Return sTSS: hours x IF cubed x 100; an hour at threshold pace gives 100.

    IF is mean speed over threshold speed, cubed because the drag of water grows faster
    than that of air. Neither strokes nor drills are told apart.

    Args:
        seconds: Swum, rests at the wall not included.
        speed_m_s: Distance over these seconds.
        threshold_m_s: Threshold or critical swim speed.

    Source:
        Fitzgerald & McGregor (2008), Calculating TSS for Swim Workouts, TrainingPeaks.
    """
    return stress_score(seconds, ratio(speed_m_s, threshold_m_s), 3)


def running_effectiveness(
    speed_m_s: Values, power_w: Values, weight_kg: Values
) -> Column:
    """Return RE: speed over power for each kilogram, kg/N, near 1 in trained runners.

    It depends on the make of the power meter, and falls uphill.

    Source:
        Coggan (2016), WKO4: New Metrics for Running With Power, TrainingPeaks.
    """
    return ratio(speed_m_s, ratio(power_w, weight_kg))


def swolf(seconds: Values, strokes: Values) -> Column:
    """Return SWOLF: seconds and arm strokes of one length; of pools alike only."""
    return known(np.asarray(seconds) + np.asarray(strokes))


def pace_s_per_km(speed_m_s: Values) -> Column:
    """Return seconds for a kilometre; NaN of standing still."""
    return ratio(1_000.0, speed_m_s)


def pace_s_per_100m(speed_m_s: Values) -> Column:
    """Return seconds for 100 m, as swimmers tell it; NaN of standing still."""
    return ratio(100.0, speed_m_s)
