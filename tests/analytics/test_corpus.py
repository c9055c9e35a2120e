"""Summaries of real files, read in place, beside plainer ways to the same numbers."""

import io
from functools import cache
from operator import ge, le
from pathlib import Path

import numpy as np
import pytest

from pierre_mcp.analytics.balance import differential_balance, low_point
from pierre_mcp.analytics.bins import HEART_RATE, POWER
from pierre_mcp.analytics.decoupling import power_decoupling
from pierre_mcp.analytics.heart_rate import heart_rate_tss, trimp
from pierre_mcp.analytics.held import clock_of, hold
from pierre_mcp.analytics.summary import Summary, summarise
from pierre_mcp.analytics.zone_methods import COGGAN
from pierre_mcp.analytics.zones import seconds_in_zones
from pierre_mcp.formats.faults import UnreadableError
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category
from pierre_mcp.model.details import (
    DETAILS,
    DURATIONS_S,
    ActivityDetail,
    HeartRateDetail,
    PowerDetail,
)
from pierre_mcp.model.track import Column, Track
from tests.analytics.making import bins_of

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

pytestmark = [
    pytest.mark.unmeasured,
    pytest.mark.skipif(
        not CORPUS.is_dir(),
        reason="the corpus of real files is not beside this checkout",
    ),
]


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


def by_second(track: Track, name: str, low: float, high: float) -> Column | None:
    """A column second by second, NaN in gaps, pauses and dropouts."""
    clock = clock_of(track)
    held = hold(clock, track.columns.get(name), low, high) if clock else None
    return held.by_second(clock).aligned if clock and held else None


def test_loads_out_of_bins_are_those_of_the_samples() -> None:
    rows = [
        (track.columns["heart_rate_bpm"], detail.bpm)
        for track, summary in summaries()
        if isinstance(
            detail := summary.details.get(Category.HEART_RATE), HeartRateDetail
        )
        and once_a_second(track, "heart_rate_bpm")
        and track.columns["heart_rate_bpm"].min() >= 25
    ]
    assert len(rows) > 5
    bins = bins_of([bpm for _, bpm in rows], HEART_RATE)
    told = trimp(bins, resting_bpm=45, max_bpm=195)
    fractions = [((bpm - 45) / 150).clip(0, 1) for bpm, _ in rows]
    plain = [float((x * 0.64 * np.exp(1.92 * x)).sum() / 60) for x in fractions]
    assert told == pytest.approx(plain, rel=1e-9)
    hour = heart_rate_tss(bins, resting_bpm=45, max_bpm=195, threshold_bpm=175)
    x = 130 / 150
    assert hour == pytest.approx(told / (60 * x * 0.64 * np.exp(1.92 * x)) * 100)


def test_zones_of_every_file_add_up_to_what_was_measured() -> None:
    """Gaps, pauses and lost sensors are in no zone; coasting is in the first."""
    found = [
        (summary.power.measured_s, detail.power)
        for _, summary in summaries()
        if isinstance(detail := summary.details.get(Category.POWER), PowerDetail)
        and summary.power
    ]
    bins = bins_of([power for _, power in found], POWER)
    zones = seconds_in_zones(COGGAN, bins, {Kind.FTP: 250})
    assert zones.sum(axis=1) == pytest.approx([s for s, _ in found], abs=0.51)


def test_balance_and_decoupling_of_every_file_with_power() -> None:
    """What real meters and straps leave out changes neither to something unknown."""
    told, lost = 0, 0
    for track, _ in summaries():
        watts = by_second(track, "power_w", 0, 3_000)
        if watts is None:
            continue
        balance = differential_balance(watts, critical_w=250, w_prime_j=20_000)
        assert np.isfinite(balance).all()
        assert balance.max() <= 20_000
        assert low_point(balance) is not None
        bpm = by_second(track, "heart_rate_bpm", 25, 250)
        if bpm is None or (found := power_decoupling(watts, bpm)) is None:
            continue
        told += 1
        both = np.isfinite(watts) & np.isfinite(bpm)
        lost += not both.all()
        assert found.counted_s == both.sum()
        assert -100 < found.percent < 100
    assert told > 5
    assert lost > 0, "some lose a sensor or pause on the way"
