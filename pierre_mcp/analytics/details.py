"""What a recording's details come to; nothing of it depends on a threshold."""

from pierre_mcp.analytics import curves
from pierre_mcp.analytics.held import Held, Sums
from pierre_mcp.analytics.motion import HIGHEST_SPEED_M_S, Motion, best_s
from pierre_mcp.model.details import (
    BPM_BIN,
    SPEED_BIN_M_S,
    WATT_BIN,
    ActivityDetail,
    HeartRateDetail,
    PowerDetail,
)


def moved(pieces: ActivityDetail, motion: Motion | None) -> ActivityDetail:
    """Return the detail of an activity: its pieces, and how fast it was."""
    if motion is None:
        return pieces
    speeds = curves.histogram(motion.speed_m_s, motion.seconds.each_s, SPEED_BIN_M_S)
    mean_max = curves.mean_max(motion.seconds.total, 3)
    return pieces.model_copy(
        update={
            "speed": speeds,
            "mean_max_speed_m_s": tuple(min(v, HIGHEST_SPEED_M_S) for v in mean_max),
            "best_s": best_s(motion),
        }
    )


def heart_rate(held: Held, seconds: Sums, pieces: ActivityDetail) -> HeartRateDetail:
    """Return the detail of heart rate."""
    return HeartRateDetail(
        lap_mean_bpm=held.means(pieces.laps),
        split_mean_bpm=held.means(pieces.splits),
        bpm=curves.histogram(held.values, held.for_s, BPM_BIN),
        mean_max_bpm=curves.mean_max_known(seconds, 1),
    )


def power(held: Held, seconds: Sums, pieces: ActivityDetail) -> PowerDetail:
    """Return the detail of power."""
    return PowerDetail(
        lap_mean_power_w=held.means(pieces.laps),
        split_mean_power_w=held.means(pieces.splits),
        power=curves.histogram(held.values, held.for_s, WATT_BIN),
        mean_max_power_w=curves.mean_max(seconds.total, 1),
    )
