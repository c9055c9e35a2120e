"""Real files beside this checkout, found by what is in them and never by name."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pierre_mcp.analytics.summary import summarise
from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.formats.faults import UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Sport
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.model.track import Track
from tests import measuring
from tests.stores import FILES

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
_MOST_BYTES = 1_000_000
_KINDS = {".fit", ".gpx", ".tcx"}


@cache
def read(path: Path) -> tuple[Track, ...]:
    """The activities of one file; none of one that cannot be read."""
    try:
        with measuring.off():  # many files, and few kinds of them
            return tuple(read_tracks(io.BytesIO(path.read_bytes()), Limits()))
    except UnreadableError:
        return ()


def tracks() -> Iterator[Track]:
    """Every activity of the files that are not too large for a quick test."""
    for path in sorted(CORPUS.rglob("*")):
        is_small = path.is_file() and path.stat().st_size <= _MOST_BYTES
        if is_small and path.suffix.lower() in _KINDS:
            yield from read(path)


def first(is_wanted: Callable[[Track], bool]) -> Track:
    """The first activity of a kind; the test is skipped where there is none."""
    found = next((track for track in tracks() if is_wanted(track)), None)
    if found is None:
        pytest.skip(
            "no corpus of real files beside this checkout, or none of this kind"
        )
    return found


def has(track: Track, *names: str) -> bool:
    """Whether there are some minutes of all these columns."""
    return track.samples > 300 and set(names) <= track.columns.keys()


def once_a_second(track: Track) -> bool:
    """Whether there is a sample each second, and no pause."""
    whole = bool((np.diff(track.columns["t_s"]) == 1).all())
    return whole and not track.pauses


def of(track: Track, sport: Sport, *, indoor: bool = False) -> bool:
    """Whether it is of a sport."""
    return track.sport is sport and track.indoor is indoor


def recorded(
    track: Track, *, facts: dict[Kind, float] | None = None, days: int = 0
) -> NewRecording:
    """A track as an import stores it, some days later and with facts of the athlete."""
    summary = summarise(track)
    local_day = (track.started_at + timedelta(days=days)).date()
    return NewRecording(
        where=FILES,
        sport=track.sport,
        local_day=str(local_day),
        part=0,
        activity=summary.activity.at(utc_offset_s=0, zone="UTC", source="file"),
        heart_rate=summary.heart_rate,
        power=summary.power,
        location=summary.location,
        notes=summary.notes,
        streams={n: pack(c, STEPS[n]) for n, c in track.columns.items()},
        details=summary.details,
        athlete=tuple(
            Fact(kind=kind, value=value, origin=Origin.SESSION)
            for kind, value in (facts or {}).items()
        ),
    )
