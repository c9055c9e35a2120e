"""Where one activity stands: ranks, like activities, W' and doubted sensors."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pierre_mcp.analytics.critical import critical_power
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Sport
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services import caveats, reserve
from pierre_mcp.services.report import Report, report
from pierre_mcp.store.database import Store
from tests.analytics.making import Values
from tests.services.made import DAY, activity, ride, run
from tests.stores import a_recording, a_store, owner_grant, put

FTP = {Kind.FTP: 250.0}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "store") as made:
        yield made


def reported(store: Store, *new: NewRecording) -> Report:
    """The report of the first of some activities."""
    grant = owner_grant(store)
    put(store, grant, *new)
    (own, *_) = new
    with store.reading() as tx:
        [(one,)] = tx.execute(
            "SELECT activity_id FROM recordings WHERE local_day = ? AND sport = ?",
            (own.local_day, own.sport),
        ).fetchall()
        return report(tx, grant, one)


def ranked(found: Report, over: float) -> tuple[int, int, str | None]:
    [one] = [e for e in (*found.best_powers, *found.best_times) if e.over == over]
    return one.rank, one.among, one.better_on


# --- ranks


def test_a_best_is_ranked_among_those_of_its_sport_within_a_year(store: Store) -> None:
    found = reported(
        store,
        activity(ride(watts=200)),
        activity(ride(watts=260), ago=300),
        activity(ride(watts=230), ago=40),
        activity(ride(watts=190), ago=20),
        activity(ride(watts=400), ago=366),
        activity(ride(watts=400), ago=10, sport=Sport.RUNNING),
        activity(ride(200, watts=500), ago=5),
    )
    last = str(np.datetime64(DAY) - 40)
    assert ranked(found, 1_200) == (3, 4, last)
    assert ranked(found, 60) == (4, 5, str(np.datetime64(DAY) - 5))


def test_the_fastest_time_is_the_best(store: Store) -> None:
    found = reported(
        store,
        activity(run(2_100), sport=Sport.RUNNING),
        activity(ride(2_100, speed_m_s=2.5), sport=Sport.RUNNING, ago=3),
        activity(ride(2_100, speed_m_s=3.5), sport=Sport.RUNNING, ago=9),
    )
    assert ranked(found, 5_000) == (2, 3, str(np.datetime64(DAY) - 9))
    assert [one.over for one in found.best_times] == [1_000, 5_000]


def test_what_no_human_ran_is_no_best(store: Store) -> None:
    """A watch that was left on in a car."""
    found = reported(
        store,
        activity(ride(900, speed_m_s=12.0), sport=Sport.RUNNING),
        activity(run(), sport=Sport.RUNNING, ago=2),
    )
    assert not found.best_times
    assert "faster than any human: no best times" in caveats.caveats(found)
    slower = reported(store, activity(run(), sport=Sport.RUNNING, ago=-1))
    assert ranked(slower, 1_000)[:2] == (1, 2)


def test_what_a_trainer_says_was_ridden_ranks_nothing(store: Store) -> None:
    found = reported(
        store,
        activity(ride(2_000)),
        activity(ride(2_000, speed_m_s=11.0), ago=3, indoor=True),
    )
    assert ranked(found, 10_000) == (1, 1, None)


# --- like ones


def test_like_ones_are_within_a_fifth_of_the_distance(store: Store) -> None:
    found = reported(
        store,
        activity(ride(1_000, watts=200)),
        activity(ride(1_190, watts=180), ago=1),
        activity(ride(810, watts=220, bpm=130), ago=2),
        activity(ride(1_250, watts=100), ago=3),
        activity(ride(700, watts=300), ago=4),
    )
    assert (found.alike.by, found.alike.count) == ("distance", 2)
    against = {one.name: one for one in found.alike.against}
    power = against["normalized_power_w"]
    assert (power.value, power.median) == pytest.approx((200, 200))
    assert (power.above, power.known) == (1, 2)
    beats = against["mean_bpm"]
    assert (beats.median, beats.above) == (135, 1)


def test_without_a_distance_they_are_as_long(store: Store) -> None:
    bare = frozenset({"distance_m"})
    found = reported(
        store,
        activity(ride(1_000, without=bare), sport=Sport.STRENGTH),
        activity(ride(1_100, without=bare), sport=Sport.STRENGTH, ago=1),
        activity(ride(2_000, without=bare), sport=Sport.STRENGTH, ago=1),
    )
    assert (found.alike.by, found.alike.count) == ("duration", 1)
    assert "speed_m_s" not in {one.name for one in found.alike.against}


def test_totals_alone_are_compared_and_nothing_else(store: Store) -> None:
    day = str(DAY)
    found = reported(store, a_recording(day=day, bare=True))
    assert (found.splits, found.emptied, found.swolf) == (None, None, None)
    assert (found.of.drift, found.of.efficiency, found.of.load) == (None, None, None)
    empty = (found.best_powers, found.best_times, found.zones, found.used)
    assert not any(empty)
    assert caveats.coverage(found.of) == "totals alone, no samples"
    assert "no load: unknown threshold_speed_m_s" in caveats.caveats(found)


# --- W'


def a_test(cp_w: float, w_prime_j: float, ago: int) -> list[NewRecording]:
    """Rides to exhaustion of the durations within which critical power is fitted."""
    rides = []
    for i, d in enumerate((180, 300, 480, 720, 1_200)):
        time_s = np.arange(1_400.0)
        watts = np.where(time_s < d, cp_w + w_prime_j / d, 60.0)
        columns: dict[str, Values] = {
            "t_s": time_s, "distance_m": time_s * 8, "power_w": watts,
        }  # fmt: skip
        rides.append(activity(columns, ago=ago + i))
    return rides


def test_critical_power_is_that_of_the_days_before(store: Store) -> None:
    """The line through these efforts is 280 W and 18 kJ, at the durations ridden."""
    hard = ride(1_500, watts=290)
    found = reported(store, activity(hard, facts=FTP), *a_test(280, 18_000, 10))
    low = found.emptied
    assert low is not None
    assert low.of.by == reserve.FITTED
    assert low.of.critical_w == pytest.approx(280, rel=0.005)
    assert low.of.w_prime_j == pytest.approx(18_000, rel=0.02)
    left = low.of.w_prime_j - 1_500 * (290 - low.of.critical_w)
    assert low.low_j == pytest.approx(left, abs=1)
    assert low.at_s == 1_499
    assert Kind.FTP in found.used, "the load rests on it"


@pytest.mark.parametrize("ago", [91, 0])
def test_rides_of_other_days_do_not_tell_it(store: Store, ago: int) -> None:
    """Neither what is too old, nor what came after."""
    late = [activity(ride(1_500, watts=250), facts=FTP)]
    others = a_test(280, 18_000, 91) if ago else []
    low = reported(store, *late, *others).emptied
    assert low is not None
    assert low.of.by == reserve.GUESSED


def test_easy_rides_do_not_tell_it(store: Store) -> None:
    """All at the same power: there is no W' in the line."""
    easy = [activity(ride(watts=150), ago=n) for n in range(1, 8)]
    low = reported(store, activity(ride(watts=200), facts=FTP), *easy).emptied
    assert low is not None
    assert low.of.by == reserve.GUESSED


def test_without_a_threshold_or_power_there_is_none(store: Store) -> None:
    short = activity(ride(600))
    assert reported(store, short).emptied is None
    bare = activity(ride(600, without=frozenset({"power_w"})), ago=3, facts=FTP)
    assert reported(store, bare).emptied is None


def test_a_run_with_power_has_none(store: Store) -> None:
    one = activity(ride(), sport=Sport.RUNNING, facts=FTP)
    found = reported(store, one)
    assert found.best_powers
    assert found.emptied is None


# --- efficiency


def test_a_ride_without_power_has_no_efficiency(store: Store) -> None:
    """Its speed is made by wind and slope."""
    one = activity(ride(without=frozenset({"power_w"})))
    of = reported(store, one).of
    assert (of.efficiency, of.drift) == (None, None)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param(run(slope=0.05), "graded_speed", id="hills"),
        pytest.param(run(without=frozenset({"altitude_m"})), "speed", id="no altitude"),
        pytest.param(
            ride(without=frozenset({"distance_m", "altitude_m"})), "power", id="power"
        ),
    ],
)
def test_a_run_is_told_by_the_best_output(
    store: Store, columns: dict[str, Values], expected: str
) -> None:
    of = reported(store, activity(columns, sport=Sport.RUNNING)).of
    assert of.efficiency is not None
    assert of.drift is not None
    assert (of.efficiency.of, of.drift.of) == (expected, expected)
    assert of.drift.told.percent == pytest.approx(0, abs=0.5)


def test_a_strap_that_came_off_tells_no_efficiency(store: Store) -> None:
    columns = ride()
    beats = np.array(columns["heart_rate_bpm"])
    beats[600:] = 0
    columns["heart_rate_bpm"] = beats
    found = reported(store, activity(columns, facts=FTP))
    assert found.of.efficiency is None
    assert found.of.drift is None
    assert [load.method for load in found.of.loads] == ["power"]
    words = caveats.caveats(found)
    assert "heart rate measured in 40 % of the moving time alone" in words
    assert "heart rate 40 %" in caveats.coverage(found.of)


# --- zones


def test_what_was_told_comes_before_what_is_estimated(store: Store) -> None:
    """A threshold heart rate is estimated here; the maximum was told."""
    told = {Kind.MAX_HEART_RATE: 190.0}
    found = reported(store, activity(run(), sport=Sport.RUNNING, facts=told))
    [beats] = [one for one in found.zones if one.by == "heart_rate"]
    assert beats.method.name == "percent_of_max"
    assert beats.begins[0] == pytest.approx(95)
    assert beats.seconds == pytest.approx([0, 0, 1_500, 0, 0])


def test_both_estimated_the_threshold_tells(store: Store) -> None:
    found = reported(store, activity(run(), sport=Sport.RUNNING))
    [beats] = [one for one in found.zones if one.by == "heart_rate"]
    assert beats.method.name == "friel_run"
    assert found.used[Kind.THRESHOLD_HEART_RATE].is_estimate


def test_without_a_threshold_there_are_no_zones(store: Store) -> None:
    assert not reported(store, activity(run(60), sport=Sport.WALKING)).zones[1:]


# --- doubted sensors


@pytest.mark.parametrize(
    ("sport", "rpm", "word"),
    [
        (Sport.RUNNING, 172.0, "mean cadence 172: steps of both legs"),
        (Sport.CYCLING, 180.0, "mean cadence 180: doubled"),
        (Sport.RUNNING, 92.0, None),
        (Sport.CYCLING, 92.0, None),
        (Sport.SWIMMING, 150.0, None),
    ],
)
def test_a_doubled_cadence_is_told(
    store: Store, sport: Sport, rpm: float, word: str | None
) -> None:
    columns = run() | {"cadence_rpm": np.full(1_500, rpm)}
    words = caveats.caveats(reported(store, activity(columns, sport=sport)))
    said = [one for one in words if "cadence" in one]
    assert said == ([word] if word else [])


@pytest.mark.parametrize(
    ("watts", "others", "doubted"),
    [(420.0, 10, True), (270.0, 10, False), (420.0, 9, False)],
)
def test_a_doubled_power_is_told(
    store: Store, watts: float, others: int, *, doubted: bool
) -> None:
    before = [activity(ride(watts=200), ago=n + 1) for n in range(others)]
    found = reported(store, activity(ride(watts=watts)), *before)
    words = [w for w in caveats.caveats(found) if "times the year's best" in w]
    assert bool(words) == doubted
    if doubted:
        assert words == ["power 2.1 times the year's best: doubled, or another meter"]


def test_power_far_over_ftp_gives_no_load(store: Store) -> None:
    found = reported(store, activity(ride(watts=400), facts=FTP))
    assert "power" not in {load.method for load in found.of.loads}
    words = caveats.caveats(found)
    assert "power over 1.5 times FTP throughout: no load from it" in words


def test_an_uneven_ride_says_little_by_decoupling(store: Store) -> None:
    columns = ride()
    columns["power_w"] = np.where(np.arange(1_500) % 120 < 60, 350.0, 50.0)
    words = caveats.caveats(reported(store, activity(columns)))
    assert "uneven effort: decoupling says little" in words


def test_power_that_is_known_of_no_second_empties_nothing() -> None:
    by = reserve.Threshold(250, 20_000, reserve.GUESSED)
    assert reserve.emptied(np.full(9, np.nan), 0, by) is None


@pytest.mark.parametrize(
    ("watts", "sound"),
    [
        pytest.param([400, 320], False, id="two efforts have no error"),
        pytest.param([400, 346, 320], True, id="near a line"),
        pytest.param([400, 390, 320], False, id="far from a line"),
        pytest.param([320, 317, 315], False, id="hardly any reserve"),
    ],
)
def test_a_line_is_sound_by_its_errors(watts: list[float], *, sound: bool) -> None:
    durations = np.array([180.0, 360.0, 720.0] if len(watts) > 2 else [180.0, 720.0])
    fit = critical_power(durations, np.array(watts, float))
    assert fit is not None
    assert reserve._is_sound(fit) == sound
