"""Summaries of real files, read in place, beside plainer ways to the same numbers."""

import io
from functools import cache
from operator import ge, le
from pathlib import Path

import numpy as np
import pytest

from pierre_mcp.analytics.summary import Summary, summarise
from pierre_mcp.formats.faults import UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.model.category import Category
from pierre_mcp.model.details import (
    DETAILS,
    DURATIONS_S,
    ActivityDetail,
    HeartRateDetail,
    PowerDetail,
)
from pierre_mcp.model.track import Track

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus of real files is not beside this checkout"
)


@cache
def summaries() -> list[tuple[Track, Summary]]:
    found = []
    for path in sorted(CORPUS.rglob("*")):
        if path.suffix not in {".fit", ".gpx", ".tcx"}:
            continue
        try:
            tracks = read_tracks(io.BytesIO(path.read_bytes()), Limits())
        except UnreadableError:
            continue
        found += [(track, summarise(track)) for track in tracks]
    return found


def test_all_are_within_bounds_and_add_up() -> None:
    assert len(summaries()) > 110
    for _, summary in summaries():
        for category, detail in summary.details.items():
            json = detail.model_dump_json()
            assert DETAILS[category].model_validate_json(json, strict=True) == detail
        heart, power = (summary.details.get(c) for c in list(DETAILS)[1:])
        if isinstance(heart, HeartRateDetail) and summary.heart_rate:
            seconds, told = sum(heart.bpm.seconds), summary.heart_rate.measured_s
            assert seconds == pytest.approx(told, abs=0.51)
            assert all(map(ge, heart.mean_max_bpm, heart.mean_max_bpm[1:]))
        if isinstance(power, PowerDetail) and summary.power:
            seconds, told = sum(power.power.seconds), summary.power.measured_s
            assert seconds == pytest.approx(told, abs=0.51)
            curve = power.mean_max_power_w
            assert all(map(ge, curve, curve[1:]))
            assert curve[0] <= summary.power.max_power_w + 0.05  # type: ignore[operator]
        moved = summary.details[Category.ACTIVITIES]
        assert isinstance(moved, ActivityDetail)
        assert all(map(le, moved.best_s, moved.best_s[1:]))
        curve = moved.mean_max_speed_m_s
        assert all(map(ge, curve, curve[1:]))


def once_a_second(track: Track, name: str) -> bool:
    """Tell whether a column is whole: a value each second, and no pause."""
    values = track.columns.get(name)
    steps = np.diff(track.columns["t_s"])
    whole = values is not None and len(values) > 60 and not np.isnan(values).any()
    return whole and not track.pauses and bool((steps == 1).all())


def test_power_of_whole_files_is_what_the_textbook_says() -> None:
    compared = 0
    for track, summary in summaries():
        power, detail = summary.power, summary.details.get(Category.POWER)
        if not (power and once_a_second(track, "power_w")):
            continue
        compared += 1
        watts = track.columns["power_w"]
        rolling = np.convolve(watts, np.ones(30) / 30, mode="valid")
        assert power.normalized_power_w == pytest.approx(np.mean(rolling**4) ** 0.25)
        assert power.mean_power_w == pytest.approx(watts.mean())
        assert power.work_kj == pytest.approx(watts.sum() / 1_000)
        assert isinstance(detail, PowerDetail)
        for d, told in zip(DURATIONS_S, detail.mean_max_power_w, strict=False):
            best = np.convolve(watts, np.ones(d) / d, mode="valid").max()
            assert told >= best - 0.06
    assert compared > 5


def test_a_zone_out_of_bins_is_that_of_the_samples() -> None:
    compared = 0
    for track, summary in summaries():
        detail = summary.details.get(Category.HEART_RATE)
        if not once_a_second(track, "heart_rate_bpm"):
            continue
        if not isinstance(detail, HeartRateDetail):
            continue
        compared += 1
        bpm = track.columns["heart_rate_bpm"]
        if bpm.min() < 25:
            continue
        over = detail.bpm.seconds[max(140 - detail.bpm.first, 0) :]
        assert sum(over) == int((bpm >= 140).sum())
    assert compared > 5
