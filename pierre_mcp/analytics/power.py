"""Power against threshold, mean and heart rate.

All work on numbers and on arrays alike, broadcast together, and give NaN where a value
is unknown or a divisor is not positive. Normalized power is ``curves.normalized``.
"""

from itertools import accumulate

import numpy as np

from pierre_mcp.analytics.ratios import Values, known, ratio
from pierre_mcp.model.track import Column

TIME_CONSTANT_S = 25
FTP_OF_20_MIN = 0.95


def x_power(seconds: Column) -> float | None:
    """Return the fourth-power mean of a 25 s exponential mean, W; None below 25 s.

    Each second weighs 1/26 and what was before 25/26, beginning at 0: ten times a
    minute at 400 W and one at 100 W give 281.98, where normalized power is 315.58.
    Seconds without a value are left out and the rest joined, as there.

    Args:
        seconds: The mean of each second with a value, W, in order, shape (n,).

    Source:
        Skiba (2006), Calculation of power output and quantification of training stress
        in distance runners; the discrete form is GoldenCheetah's at 1 Hz.
    """
    if len(seconds) < TIME_CONSTANT_S:
        return None
    kept = TIME_CONSTANT_S / (TIME_CONSTANT_S + 1)
    weighed = (np.asarray(seconds) * (1 - kept)).tolist()
    smooth = np.array(list(accumulate(weighed, lambda was, now: was * kept + now)))
    return float(np.square(np.square(smooth)).mean() ** 0.25)


def intensity_factor(normalized_w: Values, ftp_w: Values) -> Column:
    """Return IF: normalized power over FTP.

    Source:
        Allen & Coggan (2010), Training and Racing with a Power Meter, 2nd ed., ch. 7.
    """
    return ratio(normalized_w, ftp_w)


def training_stress_score(
    seconds: Values, normalized_w: Values, ftp_w: Values
) -> Column:
    """Return TSS: seconds x NP x IF / (FTP x 3,600) x 100; an hour at FTP gives 100.

    Args:
        seconds: Of the activity, coasting included and pauses not.
        normalized_w: Normalized power, W, of the variant of ``curves.normalized``.
        ftp_w: The FTP in force that day, W. An error of 5 % in it is one of 10 % here.

    Source:
        Allen & Coggan (2010), Training and Racing with a Power Meter, 2nd ed., ch. 7.
    """
    return stress_score(seconds, intensity_factor(normalized_w, ftp_w), 2)


def stress_score(seconds: Values, intensity: Values, exponent: int) -> Column:
    """Return hours x intensity ** exponent x 100; NaN where seconds are negative."""
    seconds = np.asarray(seconds, dtype=np.float64)
    with np.errstate(all="ignore"):
        hours = np.where(seconds >= 0, seconds, np.nan) / 3_600
        return known(hours * np.asarray(intensity) ** exponent * 100)


def variability_index(normalized_w: Values, mean_w: Values) -> Column:
    """Return VI: normalized power over mean power, 1 where it was even.

    Source:
        Allen & Coggan (2010), Training and Racing with a Power Meter, 2nd ed., ch. 7.
    """
    return ratio(normalized_w, mean_w)


def efficiency_factor(normalized_w: Values, mean_bpm: Values) -> Column:
    """Return EF of power: normalized watts for each beat a minute.

    It compares steady aerobic rides of one person; heat, fatigue and drift move it.

    Source:
        Friel (2009), The Cyclist's Training Bible, 4th ed.
    """
    return ratio(normalized_w, mean_bpm)


def speed_efficiency_factor(speed_m_s: Values, mean_bpm: Values) -> Column:
    """Return EF of speed: metres a minute for each beat a minute.

    Args:
        speed_m_s: Normalized graded speed; mean moving speed where there is no slope.
        mean_bpm: Mean heart rate of the same time.

    Source:
        Friel (2009), as for power, who takes yards: his values are 1.0936 times ours.
    """
    return ratio(speed_m_s, np.asarray(mean_bpm) / 60)


def ftp_of_20_min(best_w: Values) -> Column:
    """Return FTP estimated as 95 % of the best mean power over 20 min, W.

    It holds for a best all-out effort after a hard one of 5 min, as in the test; of a
    fresh one it is some percent too high.

    Source:
        Allen & Coggan (2010), Training and Racing with a Power Meter, 2nd ed., ch. 3.
    """
    return known(np.asarray(best_w) * FTP_OF_20_MIN)
