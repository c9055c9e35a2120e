"""Each activity's load: by the best method, to published values, through the store."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import HeartRateCell, PowerCell
from pierre_mcp.model.details import HeartRateDetail, Histogram
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services import training
from pierre_mcp.services.training import Trained
from pierre_mcp.store.database import Store
from tests.stores import (
    NOW,
    a_grant,
    a_recording,
    a_store,
    owner_grant,
    owner_of,
    pairs_of,
    put,
)

DAY = "2026-02-01"
HEART = {
    Kind.RESTING_HEART_RATE: 50.0,
    Kind.MAX_HEART_RATE: 190.0,
    Kind.THRESHOLD_HEART_RATE: 170.0,
}
ALL = HEART | {
    Kind.FTP: 250.0,
    Kind.THRESHOLD_SPEED: 4.0,
    Kind.THRESHOLD_SWIM_SPEED: 1.25,
}
Of = Callable[..., Trained]


def done(
    sport: Sport,
    *,
    moving_s: float | None = 3_600.0,
    distance_m: float | None = None,
    graded_m_s: float | None = None,
    day: str = DAY,
    indoor: bool = False,
) -> NewRecording:
    """An activity of two hours, an hour of it moving, without any sensor."""
    one = a_recording(sport=sport, day=day, bare=True)
    told = {
        "elapsed_s": 7_200.0,
        "moving_s": moving_s,
        "distance_m": distance_m,
        "normalized_graded_speed_m_s": graded_m_s,
        "indoor": indoor,
    }
    return replace(one, activity=one.activity.model_copy(update=told))


def with_power(
    one: NewRecording, normalized_w: float | None, measured_s: float = 3_600.0
) -> NewRecording:
    cell = PowerCell(
        mean_power_w=normalized_w,
        max_power_w=normalized_w,
        normalized_power_w=normalized_w,
        measured_s=measured_s,
    )
    return replace(one, power=cell)


def with_heart(one: NewRecording, bpm: int, measured_s: int = 3_600) -> NewRecording:
    beats = Histogram(first=bpm, seconds=(measured_s,))
    cell = HeartRateCell(mean_bpm=bpm, max_bpm=bpm, measured_s=measured_s)
    details = {Category.HEART_RATE: HeartRateDetail(bpm=beats)}
    return replace(one, heart_rate=cell, details=details)


def knowing(one: NewRecording, told: dict[Kind, float]) -> NewRecording:
    """The same, of a device that tells what it was set to."""
    facts = [
        Fact(kind=kind, value=value, origin=Origin.SESSION)
        for kind, value in told.items()
    ]
    return replace(one, athlete=tuple(facts))


def trained(store: Store, grant: Grant | None = None, *new: NewRecording) -> Trained:
    owner = owner_grant(store)
    if new:
        put(store, owner, *new)
    with store.reading() as tx:
        today = NOW.date()
        return training.trained(tx, grant or owner, today, today)


@pytest.fixture
def of(tmp_path: Path) -> Any:
    """Returns the loads of activities, with some thresholds told on the first."""
    with a_store(tmp_path / "data") as store:

        def loads(told: dict[Kind, float], *new: NewRecording) -> Trained:
            first, *others = new
            return trained(store, None, knowing(first, told), *others)

        yield loads


def only(got: Trained) -> tuple[str, float, float]:
    (method,), (tss,), (intensity,) = got.of.method, got.of.tss, got.of.intensity
    return str(method), float(tss), float(intensity)


RUN = done(Sport.RUNNING, graded_m_s=3.6)
RIDE = done(Sport.CYCLING)
SWIM = done(Sport.SWIMMING, distance_m=4_050.0)


@pytest.mark.parametrize(
    ("one", "method", "tss", "intensity"),
    [
        pytest.param(
            with_power(done(Sport.CYCLING, moving_s=7_200), 200, 7_200),
            "power", 128.0, 0.80, id="2 h at 200 of 250 W",
        ),
        pytest.param(with_power(RIDE, 250), "power", 100.0, 1.0, id="an hour at FTP"),
        pytest.param(
            with_heart(RIDE, 150), "heart_rate", 63.34, 0.796, id="SCIENCE: 63.3"
        ),
        pytest.param(
            with_heart(RUN, 170), "heart_rate", 100.0, 1.0, id="an hour at threshold"
        ),
        pytest.param(RUN, "pace", 81.0, 0.9, id="graded pace at 90 %"),
        pytest.param(
            done(Sport.RUNNING, distance_m=14_400), "pace", 100.0, 1.0,
            id="no altitude: the mean",
        ),
        pytest.param(SWIM, "swim", 72.9, 0.9, id="a pool at 90 %, cubed"),
    ],
)  # fmt: skip
def test_published_values(
    of: Of, one: NewRecording, method: str, tss: float, intensity: float
) -> None:
    found, load, factor = only(of(ALL, one))
    assert found == method
    assert load == pytest.approx(tss, abs=0.01)
    assert factor == pytest.approx(intensity, abs=0.001)


def test_women_have_weights_of_their_own(of: Of) -> None:
    """121.50 of an hour at 150, over 185.08 of one at threshold."""
    _, tss, _ = only(of(ALL | {Kind.SEX: 0.0}, with_heart(RUN, 150)))
    assert tss == pytest.approx(65.65, abs=0.01)


def test_the_best_method_there_is(of: Of) -> None:
    whole = with_power(with_heart(RIDE, 150), 200)
    assert only(of(ALL, whole))[0] == "power"


@pytest.mark.parametrize(
    ("one", "method", "tss"),
    [
        pytest.param(
            with_power(with_heart(RIDE, 150), 200, 2_699), "heart_rate", 63.34,
            id="the meter dropped out for a quarter and a second",
        ),
        pytest.param(
            with_power(RIDE, 200, 2_700), "power", 64.0, id="for a quarter: filled in"
        ),
        pytest.param(
            with_heart(RUN, 150, 2_699), "pace", 81.0, id="the strap dropped out"
        ),
        pytest.param(
            with_heart(RUN, 150, 2_700), "heart_rate", 63.34, id="a quarter filled in"
        ),
        pytest.param(
            with_power(RIDE, 200, 5_400), "power", 96.0, id="stops are coasted"
        ),
        pytest.param(
            with_heart(RUN, 150, 5_400), "heart_rate", 95.01, id="stops are measured"
        ),
        pytest.param(
            with_power(with_heart(RIDE, 150), 400), "heart_rate", 63.34,
            id="doubled power",
        ),
        pytest.param(
            with_power(with_heart(RIDE, 150), 0), "heart_rate", 63.34,
            id="a dead meter gives zeros",
        ),
        pytest.param(
            with_power(done(Sport.CYCLING, moving_s=0.0, indoor=True), 250),
            "power", 100.0, id="a roller that stands still",
        ),
        pytest.param(
            with_heart(done(Sport.STRENGTH, moving_s=None), 150, 7_200),
            "heart_rate", 126.69, id="no moving time: the whole",
        ),
        pytest.param(
            with_heart(done(Sport.STRENGTH, moving_s=None), 150, 5_399), "", None,
            id="no moving time, and not measured for three quarters of the whole",
        ),
        pytest.param(
            done(Sport.RUNNING, distance_m=30_000), "", None, id="a ride, called a run"
        ),
        pytest.param(
            done(Sport.SWIMMING, distance_m=9_000), "", None, id="a boat, or open water"
        ),
        pytest.param(
            done(Sport.RUNNING, moving_s=0.0, distance_m=9_000), "", None, id="no time"
        ),
        pytest.param(RIDE, "", None, id="a ride without sensors"),
        pytest.param(done(Sport.SWIMMING), "", None, id="no distance"),
        pytest.param(done(Sport.HIKING, graded_m_s=2.0), "", None, id="no runner"),
        pytest.param(
            with_power(done(Sport.ROWING), 200), "", None, id="power of another sport"
        ),
        pytest.param(
            with_power(RIDE, None), "", None, id="power for less than 30 seconds"
        ),
    ],
)  # fmt: skip
def test_gaps_and_what_cannot_be(
    of: Of, one: NewRecording, method: str, tss: float | None
) -> None:
    found, load, intensity = only(of(ALL, one))
    assert found == method
    if tss is None:
        assert np.isnan([load, intensity]).all(), "null, and not zero"
    else:
        assert load == pytest.approx(tss, abs=0.01)


def test_a_heart_at_rest_is_measured_and_worth_nothing(of: Of) -> None:
    assert only(of(ALL, with_heart(RUN, 45))) == ("heart_rate", 0.0, 0.0)


def test_without_thresholds_there_is_no_load(of: Of) -> None:
    """Nor could one be estimated: nothing here has a curve."""
    got = of({}, with_power(RIDE, 200), with_heart(RUN, 150), SWIM)
    assert np.isnan(got.of.tss).all()
    assert set(got.of.method) == {""}
    everything = np.ones(3, bool)
    assert got.unknown(everything) == [
        Kind.FTP, Kind.THRESHOLD_HEART_RATE, Kind.MAX_HEART_RATE, Kind.THRESHOLD_SPEED,
        Kind.THRESHOLD_SWIM_SPEED,
    ]  # fmt: skip
    assert not got.used(everything)
    assert not got.assumed(everything)


def test_what_nobody_told_is_assumed_and_said(of: Of) -> None:
    """At 60 at rest: 90 of 130 over 110 of 130, each by its weight."""
    told = {k: v for k, v in HEART.items() if k is not Kind.RESTING_HEART_RATE}
    got = of(told, with_heart(RUN, 150))
    assert only(got)[1] == pytest.approx(60.90, abs=0.01)
    words = got.assumed(np.ones(1, bool))
    assert words == [
        "resting heart rate unknown: 60",
        "sex unknown: men's weights of heart rate",
    ]


def test_thresholds_count_from_their_day_and_the_earliest_before(of: Of) -> None:
    early = with_power(done(Sport.CYCLING, day="2026-01-01"), 200)
    late = knowing(
        with_power(done(Sport.CYCLING, day="2026-02-10"), 200), {Kind.FTP: 200.0}
    )
    got = of({Kind.FTP: 250.0}, with_power(RIDE, 200), early, late)
    by_day = dict(zip(got.found.day.astype(str), got.of.tss.round(6), strict=True))
    assert by_day == {"2026-01-01": 64.0, DAY: 64.0, "2026-02-10": 100.0}
    everything = np.ones(3, bool)
    assert got.assumed(everything) == ["earliest value used before its day: ftp_w"]
    assert got.used(everything)[Kind.FTP].value == 200
    since = got.found.day > np.datetime64("2026-01-15")
    assert not got.assumed(since)


def test_a_changed_threshold_rewrites_nothing(tmp_path: Path) -> None:
    """Loads are computed when asked: the recordings keep every byte."""
    with a_store(tmp_path / "data") as store:
        before = trained(store, None, knowing(with_power(RIDE, 200), {Kind.FTP: 250}))
        held = stored(store)
        walk = done(Sport.WALKING)
        after = trained(store, None, knowing(walk, {Kind.FTP: 320}))
        assert before.of.tss.tolist() == [pytest.approx(64.0)]
        assert sorted(after.of.tss[~np.isnan(after.of.tss)]) == [
            pytest.approx(100 * 200**2 / 320**2)
        ]
        assert stored(store)[: len(held)] == held


def stored(store: Store) -> Sequence[Any]:
    with store.reading() as tx:
        return [
            *tx.execute("SELECT id, activities, heart_rate, power FROM recordings "
                        "ORDER BY rowid"),
        ]  # fmt: skip


@pytest.mark.promise("consent.granular")
def test_a_load_is_only_of_what_may_be_read(tmp_path: Path) -> None:
    """A run with heart rate and pace, a ride with power and heart rate."""
    run, ride = with_heart(RUN, 150), with_power(with_heart(RIDE, 150), 200)
    with a_store(tmp_path / "data") as store:
        trained(store, None, knowing(run, ALL), ride)
        for allowed, methods in (
            ({Category.HEART_RATE, Category.POWER}, {"heart_rate", "power"}),
            ({Category.HEART_RATE}, {"heart_rate"}),
            ({Category.POWER}, {"pace", "power"}),
            (set(), {"pace", ""}),
        ):
            pairs = pairs_of("files", Category.ACTIVITIES, *allowed)
            got = trained(store, a_grant(owner_of(store), pairs=pairs))
            assert set(got.of.method) == methods
