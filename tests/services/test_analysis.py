"""Real activities, each number beside a plainer way to it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Sport
from pierre_mcp.model.details import DISTANCES_M, DURATIONS_S
from pierre_mcp.model.track import Column, Track
from pierre_mcp.services import caveats
from pierre_mcp.services.report import Report, report
from pierre_mcp.store.database import Store
from tests import corpus
from tests.corpus import has, of, once_a_second, recorded
from tests.stores import a_store, owner_grant, put

FACTS = {
    Kind.FTP: 250.0,
    Kind.THRESHOLD_HEART_RATE: 165.0,
    Kind.MAX_HEART_RATE: 185.0,
    Kind.RESTING_HEART_RATE: 50.0,
    Kind.THRESHOLD_SPEED: 4.0,
    Kind.THRESHOLD_SWIM_SPEED: 1.2,
    Kind.SEX: 1.0,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "store") as made:
        yield made


def reported(store: Store, track: Track, facts: dict[Kind, float] = FACTS) -> Report:
    """The report of a track in a store."""
    new = recorded(track, facts=facts)
    put(store, owner_grant(store), new)
    return of_day(store, new.local_day)


def of_day(store: Store, day: str) -> Report:
    grant = owner_grant(store)
    with store.reading() as tx:
        rows = tx.execute("SELECT activity_id FROM recordings WHERE local_day = ?",
                          (day,)).fetchall()  # fmt: skip
        return report(tx, grant, rows[0][0])


def a_ride() -> Track:
    return corpus.first(
        lambda t: (
            of(t, Sport.CYCLING)
            and has(t, "power_w", "heart_rate_bpm", "distance_m")
            and once_a_second(t)
            and not np.isnan(t.columns["power_w"]).any()
        )
    )


def a_run() -> Track:
    return corpus.first(
        lambda t: (
            of(t, Sport.RUNNING)
            and has(t, "altitude_m", "heart_rate_bpm", "distance_m")
            and once_a_second(t)
            and not np.isnan(t.columns["heart_rate_bpm"]).any()
        )
    )


def with_columns(track: Track, columns: dict[str, Column]) -> Track:
    return replace(track, columns={**track.columns, **columns})


# --- plainer ways


def normalized(watts: Column) -> float:
    """Thirty-second means by convolution, from the thirtieth second."""
    means = np.convolve(watts, np.full(30, 1 / 30), "valid")
    return float(np.mean(means**4) ** 0.25)


def best_mean(values: Column, seconds: int) -> float:
    """The highest mean over this duration or any longer one of the grid."""
    reached = [d for d in DURATIONS_S if seconds <= d <= len(values)]
    return max(
        float(np.convolve(values, np.full(d, 1 / d), "valid").max()) for d in reached
    )


def spent_above(values: Column, begins: list[float], *, above: list[bool]) -> list[int]:
    """Seconds from each limit up to the next; ``above``: the limit is still below."""
    reached = [
        int((values > limit).sum() if over else (values >= limit).sum())
        for limit, over in zip(begins, above, strict=True)
    ]
    return [more - less for more, less in pairwise([*reached, 0])]


def lowest_balance(watts: Column, critical_w: float, w_prime_j: float) -> float:
    """Skiba's differential form, a second at a time."""
    left = lowest = w_prime_j
    for watt in watts:
        if watt < critical_w:
            left += (critical_w - watt) * (w_prime_j - left) / w_prime_j
        else:
            left -= watt - critical_w
        lowest = min(lowest, left)
    return lowest


def trimp(bpm: Column) -> float:
    reserve = np.clip((bpm - 50) / (185 - 50), 0, 1)
    return float((reserve * 0.64 * np.exp(1.92 * reserve) / 60).sum())


# --- a ride with power


def test_the_load_of_a_ride_is_that_of_its_samples(store: Store) -> None:
    track = a_ride()
    watts, bpm = track.columns["power_w"], track.columns["heart_rate_bpm"]
    one = reported(store, track).of
    power = normalized(watts)
    assert one.number("normalized_power_w") == pytest.approx(power, abs=0.01)
    assert one.variability == pytest.approx(power / watts.mean(), rel=1e-4)
    tss = len(watts) * power * (power / 250) / (250 * 3_600) * 100
    assert [load.method for load in one.loads] == ["power", "heart_rate"]
    assert one.loads[0].tss == pytest.approx(tss, rel=1e-3)
    assert one.loads[0].intensity == pytest.approx(power / 250, rel=1e-3)
    reserve = (165 - 50) / (185 - 50)
    hour = 60 * reserve * 0.64 * np.exp(1.92 * reserve)
    assert one.loads[1].tss == pytest.approx(100 * trimp(bpm) / hour, rel=2e-3)
    assert one.efficiency is not None
    assert one.efficiency.of == "power"
    assert one.efficiency.value == pytest.approx(power / bpm.mean(), rel=1e-3)


def test_the_drift_of_a_ride_is_that_of_its_halves(store: Store) -> None:
    track = a_ride()
    watts, bpm = track.columns["power_w"], track.columns["heart_rate_bpm"]
    half = len(watts) // 2
    first, second = (
        watts[part].mean() / bpm[part].mean()
        for part in (slice(half), slice(len(watts) - half, None))
    )
    drift = reported(store, track).of.drift
    assert drift is not None
    assert drift.of == "power"
    assert drift.told.percent == pytest.approx(100 * (first - second) / first, abs=0.05)


def test_the_zones_of_a_ride_hold_its_seconds(store: Store) -> None:
    track = a_ride()
    found = {one.by: one for one in reported(store, track).zones}
    friel = [0, 0.81, 0.90, 0.94, 1.0, 1.03, 1.06]
    coggan = [0, 0.55, 0.75, 0.90, 1.05, 1.20, 1.50]
    for by, column, threshold, method, over in (
        ("heart_rate", "heart_rate_bpm", 165, friel, {6}),
        ("power", "power_w", 250, coggan, {2, 3, 4, 5, 6}),
    ):
        limits = [threshold * fraction for fraction in method]
        assert found[by].begins == pytest.approx(limits)
        above = [i in over for i in range(7)]
        seconds = spent_above(track.columns[column], limits, above=above)
        assert found[by].seconds == pytest.approx(seconds, abs=2)
        assert sum(found[by].seconds) == pytest.approx(track.samples, abs=2)


def test_the_bests_of_a_ride_are_the_best_of_all_windows(store: Store) -> None:
    track = a_ride()
    found = reported(store, track).best_powers
    assert [one.over for one in found] == [5, 60, 300, 1_200, 3_600]
    for one in found:
        expected = best_mean(track.columns["power_w"], int(one.over))
        assert one.value == pytest.approx(expected, abs=0.06)
        assert (one.rank, one.among, one.better_on) == (1, 1, None)


@pytest.mark.parametrize("ftp_w", [180.0, 400.0])
def test_the_low_point_of_a_ride_is_judged_by_ftp(store: Store, ftp_w: float) -> None:
    """Nothing was ridden in the 90 days before that could tell critical power."""
    track = a_ride()
    found = reported(store, track, FACTS | {Kind.FTP: ftp_w})
    low = found.emptied
    assert low is not None
    assert low.of.by.startswith("estimate: ")
    assert (low.of.critical_w, low.of.w_prime_j) == (ftp_w, 20_000)
    lowest = lowest_balance(track.columns["power_w"], ftp_w, 20_000)
    assert low.low_j == pytest.approx(lowest, abs=5)
    below = any("below zero" in word for word in caveats.caveats(found))
    assert below == (lowest < 0)


# --- a run with altitude


def test_a_run_is_graded_and_drifts_by_its_graded_speed(store: Store) -> None:
    track = a_run()
    one = reported(store, track).of
    graded = one.number("normalized_graded_speed_m_s")
    assert graded is not None
    bpm = track.columns["heart_rate_bpm"]
    assert one.efficiency is not None
    assert one.efficiency.of == "graded_speed"
    assert one.efficiency.value == pytest.approx(graded * 60 / bpm.mean(), rel=1e-3)
    assert one.drift is not None
    assert one.drift.of == "graded_speed"
    assert abs(one.drift.told.percent) < 30
    pace = {load.method: load for load in one.loads}["pace"]
    assert pace.intensity == pytest.approx(graded / 4.0, rel=1e-3)
    assert pace.tss == pytest.approx(one.moving_s / 36 * (graded / 4.0) ** 2, rel=1e-3)


def test_the_splits_of_a_run_are_its_kilometres(store: Store) -> None:
    track = a_run()
    time_s, gone = track.columns["t_s"], track.columns["distance_m"] - 0
    found = reported(store, track).splits
    assert found is not None
    assert found.each_m == 1_000
    at = np.interp(np.arange(gone[0], gone[-1], 1_000), gone, time_s)
    took = np.diff(at)
    assert found.cut.duration_s[: len(took)] == pytest.approx(took, abs=1.5)
    paces = found.graded_s_per_km
    assert np.isfinite(paces).all()
    # A hill up and down again costs about as much as the way on the level.
    whole = np.array(found.cut.duration_s).sum() / (gone[-1] - gone[0]) * 1_000
    assert float(paces.mean()) == pytest.approx(whole, rel=0.1)


def test_the_best_times_of_a_run_are_of_its_fastest_metres(store: Store) -> None:
    track = a_run()
    time_s, gone = track.columns["t_s"], track.columns["distance_m"]
    found = reported(store, track).best_times
    assert found
    for one in found:
        assert one.over in DISTANCES_M
        later = np.searchsorted(gone, gone + one.over)
        there = later < len(gone)
        best = float((time_s[later[there]] - time_s[there]).min())
        assert one.value == pytest.approx(best, abs=1.5)


# --- what is harder


def test_a_pool_swim_has_its_swolf(store: Store) -> None:
    track = corpus.first(lambda t: t.sport is Sport.SWIMMING and len(t.lengths) > 20)
    found = reported(store, track)
    counted = [
        length.duration_s + length.strokes
        for length in track.lengths
        if length.active and length.strokes is not None
    ]
    assert counted
    assert found.swolf == pytest.approx(np.mean(counted), rel=1e-3)
    assert found.splits is not None
    assert found.splits.each_m in {100, 200, 500}
    assert np.isnan(found.splits.graded_s_per_km).all()
    assert {one.by for one in found.zones} == {"heart_rate", "pace"}
    assert not found.best_powers
    assert found.emptied is None


def test_an_indoor_ride_has_power_and_the_distance_of_its_trainer(store: Store) -> None:
    track = corpus.first(
        lambda t: of(t, Sport.CYCLING, indoor=True) and has(t, "power_w", "distance_m")
    )
    found = reported(store, track)
    assert found.of.load is not None
    assert found.of.load.method == "power"
    words = caveats.caveats(found)
    assert "indoor: distance and speed are the trainer's, no best times" in words
    assert not found.best_times
    assert found.best_powers
    assert found.splits is not None
    assert np.isnan(found.splits.graded_s_per_km).all()


def test_a_treadmill_has_no_graded_pace(store: Store) -> None:
    track = corpus.first(
        lambda t: of(t, Sport.RUNNING, indoor=True) and has(t, "distance_m")
    )
    found = reported(store, track)
    assert found.of.number("normalized_graded_speed_m_s") is None
    assert "indoor: no graded pace" in caveats.caveats(found)


def test_pauses_count_in_no_mean(store: Store) -> None:
    track = corpus.first(
        lambda t: (
            of(t, Sport.CYCLING)
            and has(t, "power_w", "heart_rate_bpm")
            and len(t.pauses) > 5
        )
    )
    found = reported(store, track)
    stood = sum(pause.end_s - pause.start_s for pause in track.pauses)
    [said] = [word for word in caveats.caveats(found) if "timer stood still" in word]
    assert float(said.split("for ")[1].split(" s")[0]) == pytest.approx(stood, abs=60)
    assert found.of.whole.sensed is not None
    running = found.of.whole.sensed.clock.running_s[-1]
    assert running == pytest.approx(track.columns["t_s"][-1] - stood, abs=60)
    assert np.isfinite(found.of.whole.sensed.watts).sum() <= running + 60
    assert "paused" not in caveats.coverage(found.of)


def test_gaps_are_told(store: Store) -> None:
    track = corpus.first(
        lambda t: (
            has(t, "altitude_m")
            and not t.pauses
            and float(np.diff(t.columns["t_s"]).max()) > 60
        )
    )
    found = reported(store, track)
    assert any("without samples are unknown" in w for w in caveats.caveats(found))


def test_the_parts_of_a_triathlon_are_each_of_their_sport(store: Store) -> None:
    track = corpus.first(lambda t: t.event_part is not None and t.event_part > 1)
    parts = [
        t for t in corpus.tracks()
        if t.event_part and t.started_at.date() == track.started_at.date()
        and t.sport in {Sport.SWIMMING, Sport.CYCLING, Sport.RUNNING}
    ][:3]  # fmt: skip
    put(store, owner_grant(store), *(recorded(t, facts=FACTS) for t in parts),
        one_file=True)  # fmt: skip
    grant = owner_grant(store)
    with store.reading() as tx:
        ids = [i for (i,) in tx.execute("SELECT activity_id FROM recordings")]
        found = {one.of.sport: one for one in (report(tx, grant, i) for i in ids)}
    assert found.keys() == {t.sport for t in parts}
    assert found[Sport.RUNNING].of.load is not None
    for one in found.values():
        assert one.alike.count == 0, "the other parts are of other sports"


@pytest.mark.parametrize("times", [1, 2])
def test_steps_counted_for_strides_are_told(store: Store, times: int) -> None:
    track = corpus.first(
        lambda t: of(t, Sport.RUNNING) and has(t, "cadence_rpm", "distance_m")
    )
    doubled = {"cadence_rpm": times * track.columns["cadence_rpm"]}
    words = caveats.caveats(reported(store, with_columns(track, doubled)))
    assert any("both legs" in word for word in words) == (times == 2)


@pytest.mark.parametrize("times", [1, 2])
def test_a_meter_that_tells_twice_the_power_is_told(store: Store, times: int) -> None:
    track = a_ride()
    before = [recorded(track, days=-7 * n) for n in range(1, 11)]
    put(store, owner_grant(store), *before)
    doubled = {"power_w": times * track.columns["power_w"]}
    words = caveats.caveats(reported(store, with_columns(track, doubled)))
    assert any("times the year's best" in word for word in words) == (times == 2)


# --- beside others


def test_a_ride_stands_among_those_of_the_year_before(store: Store) -> None:
    """The same ride on other days: what is equal is not better."""
    track = a_ride()
    own = recorded(track, facts=FACTS)
    day = date.fromisoformat(own.local_day)
    others = [recorded(track, days=-days) for days in (364, 365, 30, 10)]
    put(store, owner_grant(store), own, *others)
    found = of_day(store, str(day))
    assert {(one.rank, one.among) for one in found.best_powers} == {(1, 4)}
    assert found.alike.by == "distance"
    assert found.alike.count == 3
    against = {one.name: one for one in found.alike.against}
    assert against["mean_bpm"].median == pytest.approx(against["mean_bpm"].value)
    assert {one.above for one in against.values()} == {0}
    assert {one.known for one in against.values()} == {3}
    assert against.keys() == {
        "speed_m_s", "mean_bpm", "normalized_power_w", "tss", "efficiency_factor",
    }  # fmt: skip
    earlier = of_day(store, str(day - timedelta(days=30)))
    assert earlier.alike.count == 2, "what came after is not before it"
