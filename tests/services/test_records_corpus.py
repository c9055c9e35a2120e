"""Records out of real files, from reading to answer, beside a plainer way to them."""

import io
from functools import cache
from math import inf
from pathlib import Path

import numpy as np
import pytest

from pierre_mcp.analytics.summary import summarise
from pierre_mcp.formats.faults import UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.model.category import Sport
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.model.track import Track
from pierre_mcp.services import records
from pierre_mcp.services.best_efforts import Kind, Span
from pierre_mcp.services.records import Asked
from tests.stores import FILES, a_store, owner_grant, put

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

pytestmark = [
    pytest.mark.unmeasured,
    pytest.mark.skipif(
        not CORPUS.is_dir(),
        reason="the corpus of real files is not beside this checkout",
    ),
]


@cache
def runs() -> list[Track]:
    """Real runs whose distance never jumps, falls, or stands in a pause."""
    found = []
    for path in sorted(CORPUS.rglob("*.fit")):
        try:
            tracks = read_tracks(io.BytesIO(path.read_bytes()), Limits())
        except UnreadableError:
            continue
        found += [track for track in tracks if is_plain(track)]
    return found


def is_plain(track: Track) -> bool:
    along = track.columns.get("distance_m")
    if track.sport is not Sport.RUNNING or along is None or len(along) < 600:
        return False
    steps, passed = np.diff(track.columns["t_s"]), np.diff(along)
    steady = np.isfinite(along).all() and (passed >= 0).all()
    return bool(
        steady
        and not track.indoor
        and not track.pauses
        and (passed <= 12.5 * steps + 12.5).all()
    )


def recording_of(track: Track, number: int) -> NewRecording:
    summary = summarise(track)
    return NewRecording(
        where=FILES,
        sport=track.sport,
        local_day=f"2026-01-{number + 1:02}",
        part=0,
        activity=summary.activity.at(utc_offset_s=0, zone=None, source="home"),
        heart_rate=summary.heart_rate,
        power=summary.power,
        details=summary.details,
    )


def naive_s(track: Track, metres: float) -> float:
    """Try every sample as the start, and walk on until it is far enough."""
    t_s, along = track.columns["t_s"].tolist(), track.columns["distance_m"].tolist()
    best, end = inf, 0
    for start, begun in enumerate(along):
        while end < len(along) and along[end] - begun < metres:
            end += 1
        if end == len(along):
            break
        over = along[end] - begun - metres
        speed = (along[end] - along[end - 1]) / (t_s[end] - t_s[end - 1] or 1)
        best = min(best, t_s[end] - over / (speed or 1) - t_s[start])
    return best


@pytest.mark.parametrize("metres", [400, 1_000, 5_000, 10_000])
def test_best_times_of_real_runs(tmp_path: Path, metres: float) -> None:
    tracks = runs()[:28]
    assert len(tracks) > 3
    plain = min(naive_s(track, metres) for track in tracks)
    with a_store(tmp_path / "data") as store:
        grant = owner_grant(store)
        put(store, grant, *(recording_of(t, i) for i, t in enumerate(tracks)))
        with store.reading() as tx:
            told = records.find(tx, grant, Asked(kinds=[Kind.TIMES], span=Span()))
    best = [one.value for one in told.bests[Kind.TIMES] if one.at == metres]
    if plain == inf:
        assert not best
        return
    # Starts are tried every ten metres, and here at every sample.
    assert best == [pytest.approx(plain, abs=1.1)]
