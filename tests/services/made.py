"""Activities made of columns, as an import stores them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Sport
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.model.track import Track
from tests.analytics.making import Values, a_track
from tests.corpus import recorded
from tests.stores import FILES

DAY = date(2026, 1, 31)


def activity(
    columns: dict[str, Values],
    *,
    sport: Sport = Sport.CYCLING,
    ago: int = 0,
    facts: dict[Kind, float] | None = None,
    where: Where = FILES,
    indoor: bool = False,
) -> NewRecording:
    """An activity of the last of January, or some days before it."""
    track = made(columns, sport, ago, indoor=indoor)
    return replace(recorded(track, facts=facts), where=where)


def made(
    columns: dict[str, Values], sport: Sport, ago: int, *, indoor: bool = False
) -> Track:
    """The track of it."""
    at = datetime.combine(DAY - timedelta(days=ago), time(9), UTC)
    return replace(a_track(columns, sport=sport, indoor=indoor), started_at=at)


def ride(
    seconds: int = 1_500, watts: float = 200.0, *, bpm: float = 140.0,
    speed_m_s: float = 8.0, without: frozenset[str] = frozenset(),
) -> dict[str, Values]:  # fmt: skip
    """An even ride on the level."""
    time_s = np.arange(float(seconds))
    columns: dict[str, Values] = {
        "t_s": time_s,
        "distance_m": time_s * speed_m_s,
        "altitude_m": np.full(seconds, 400.0),
        "power_w": np.full(seconds, watts),
        "heart_rate_bpm": np.full(seconds, bpm),
    }
    return {name: c for name, c in columns.items() if name not in without}


def run(
    seconds: int = 1_500, *, slope: float = 0.0, bpm: float = 150.0,
    without: frozenset[str] = frozenset(),
) -> dict[str, Values]:  # fmt: skip
    """An even run at 3 m/s, without power."""
    columns = ride(seconds, bpm=bpm, speed_m_s=3.0, without=without | {"power_w"})
    if "altitude_m" in columns:
        columns["altitude_m"] = 400 + slope * 3 * np.arange(float(seconds))
    return columns
