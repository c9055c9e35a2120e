"""Records: whose they are, what does not count, and one period beside another."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import DISTANCES_M, DURATIONS_S
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services import records
from pierre_mcp.services.best_efforts import Kind, Span
from pierre_mcp.services.imports import undo
from pierre_mcp.services.records import Asked, Best, Records
from pierre_mcp.store.database import Store
from tests.efforts import an_effort, beats_of, on, times_of, watts_of, weighing
from tests.stores import (
    STRAVA,
    a_grant,
    a_store,
    owner_grant,
    owner_of,
    pairs_of,
    put,
)

COPY = "00000001-0000-4000-8000-000000000000"
BIKE = Sport.CYCLING


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "data") as made:
        yield made


def held(store: Store, *efforts: NewRecording) -> str:
    return put(store, owner_grant(store), *efforts)


def found(
    store: Store,
    *kinds: Kind,
    grant: Grant | None = None,
    span: Span | None = None,
    **asked: Any,
) -> Records:
    which = Asked(kinds=kinds or tuple(Kind), span=span or Span(), **asked)
    grant = grant or owner_grant(store)
    with store.reading() as tx:
        return records.find(tx, grant, which)


def at(bests: Sequence[Best], place: float | str, sport: Sport | None = None) -> Best:
    (one,) = [b for b in bests if b.at == place and sport in {None, b.sport}]
    return one


def test_each_best_has_its_day_and_its_activity(store: Store) -> None:
    held(
        store,
        an_effort(0, times=times_of(4), beats=beats_of(170)),
        an_effort(9, times=times_of(4.2, 5_000), beats=beats_of(165, 7_200)),
        an_effort(3, sport=BIKE, watts=watts_of(250, 20_000), distance_m=80_000.0),
    )
    told = found(store)
    five, ten = (at(told.bests[Kind.TIMES], m) for m in (5_000, 10_000))
    assert (five.day, five.value) == (on(9), times_of(4.2)[8])
    assert (ten.day, ten.value) == (on(0), times_of(4)[9])
    assert five.activity_id != ten.activity_id
    assert at(told.bests[Kind.HEART_RATE], 3_600).day == on(0)
    assert at(told.bests[Kind.POWER], 1_200).value == 266.6667
    far = at(told.bests[Kind.LONGEST], "distance_m", BIKE)
    assert (far.value, far.day) == (80_000, on(3))
    assert not [b for b in told.bests[Kind.LONGEST] if b.at == "ascent_m"], "level"
    assert [told.efforts.having(k) for k in (Kind.TIMES, Kind.POWER)] == [2, 1]


def test_what_no_heart_beats_is_no_record(store: Store) -> None:
    static = an_effort(1, beats=beats_of(250))
    held(store, static, an_effort(0, beats=beats_of(180)))
    told = found(store)
    assert at(told.bests[Kind.HEART_RATE], 5).value == pytest.approx(180, abs=0.1)
    assert at(told.bests[Kind.HEART_RATE], 3_600).day == on(0)


def test_of_equals_the_first_in_time_holds_the_record(store: Store) -> None:
    held(store, *(an_effort(day, times=times_of(4)) for day in (5, 2, 8)))
    told = found(store, Kind.TIMES)
    assert {best.day for best in told.bests[Kind.TIMES]} == {on(2)}


def test_an_activity_of_two_recordings_is_one(store: Store) -> None:
    """And its copy fills in what the preferred one did not record."""
    held(
        store,
        an_effort(1, times=times_of(4), of=COPY),
        an_effort(1, where=STRAVA, times=times_of(4.4), watts=watts_of(200, 9_000),
                  of=COPY),
    )  # fmt: skip
    told = found(store)
    assert told.efforts.activities == 1
    assert at(told.bests[Kind.TIMES], 1_000).value == 250
    assert at(told.bests[Kind.POWER], 300).value == 230


def test_what_an_import_brought_goes_with_it(store: Store) -> None:
    held(store, an_effort(1, times=times_of(4)))
    import_id = held(store, an_effort(2, times=times_of(5)))
    assert at(found(store).bests[Kind.TIMES], 1_000).value == 200
    grant = owner_grant(store)
    with store.writing() as tx:
        undo(tx, grant, import_id)
    assert at(found(store).bests[Kind.TIMES], 1_000).value == 250


@pytest.mark.parametrize(
    ("sport", "counts"),
    [
        pytest.param(Sport.RUNNING, False, id="treadmill"),
        pytest.param(Sport.CYCLING, False, id="turbo trainer"),
        pytest.param(Sport.SWIMMING, True, id="pool"),
        pytest.param(Sport.ROWING, True, id="rowing machine"),
    ],
)
def test_indoors_only_what_is_measured_gives_best_times(
    store: Store, sport: Sport, *, counts: bool
) -> None:
    held(store, an_effort(1, sport=sport, indoor=True, times=times_of(1.5),
                          watts=watts_of(200, 9_000)))  # fmt: skip
    told = found(store)
    assert bool(told.bests[Kind.TIMES]) is counts
    assert told.efforts.indoors == (not counts)
    assert told.bests[Kind.POWER], "power is measured indoors too"


def test_it_is_indoors_if_any_of_its_recordings_says_so(store: Store) -> None:
    held(store, an_effort(1, times=times_of(4), of=COPY),
         an_effort(1, where=STRAVA, indoor=True, of=COPY))  # fmt: skip
    assert not found(store, Kind.TIMES).bests[Kind.TIMES]


def test_who_beats_the_world_did_not_run(store: Store) -> None:
    """A drive home with the watch on: its slower times do not count either."""
    held(store, an_effort(1, times=times_of(12)), an_effort(2, times=times_of(4)))
    told = found(store, Kind.TIMES)
    assert {best.day for best in told.bests[Kind.TIMES]} == {on(2)}
    assert told.efforts.too_fast == 1


def test_a_transition_and_what_has_no_name_give_no_best_times(store: Store) -> None:
    held(store, *(an_effort(1, sport=sport, times=times_of(3), ascent_m=200.0)
                  for sport in (Sport.TRANSITION, Sport.OTHER)))  # fmt: skip
    told = found(store)
    assert not told.bests[Kind.TIMES]
    assert {best.sport for best in told.bests[Kind.LONGEST]} == {Sport.OTHER}


def test_a_whole_activity_counts_where_nobody_knows_how_long_it_moved(
    store: Store,
) -> None:
    held(store, an_effort(1, moving_s=None, elapsed_s=7_200.0), an_effort(2))
    longest = at(found(store, Kind.LONGEST).bests[Kind.LONGEST], "moving_s")
    assert (longest.value, longest.day) == (7_200, on(1))


# --- which sports


def test_the_sports_done_most_are_told_of_and_the_others_named(store: Store) -> None:
    sports = [Sport.STRENGTH, Sport.SWIMMING, Sport.CYCLING, Sport.RUNNING,
              Sport.ROWING]  # fmt: skip
    for i, sport in enumerate(sports):
        held(store, *(an_effort(d, sport=sport, times=times_of(1.5))
                      for d in range(9 - i)))  # fmt: skip
    told = found(store)
    shown = [best.sport for best in told.bests[Kind.TIMES]]
    assert list(dict.fromkeys(shown)) == sports[1:4]
    assert {Sport.ROWING, Sport.STRENGTH} == set(told.more)
    rowed = found(store, Kind.TIMES, sport=Sport.ROWING).bests[Kind.TIMES]
    assert {best.sport for best in rowed} == {Sport.ROWING}


def test_power_is_of_the_sports_that_have_it(store: Store) -> None:
    often = [Sport.RUNNING, Sport.SWIMMING, Sport.WALKING]
    held(
        store,
        *(an_effort(day, sport=sport, times=times_of(1.5))
          for sport in often for day in range(3)),
        an_effort(1, sport=BIKE, watts=watts_of(200, 9_000)),
    )  # fmt: skip
    assert {b.sport for b in found(store).bests[Kind.POWER]} == {BIKE}


def test_the_whole_curve_is_there_for_who_asks(store: Store) -> None:
    held(store, an_effort(1, sport=BIKE, watts=watts_of(200, 9_000, 86_400)))
    few, all_ = (
        found(store, Kind.POWER, sport=BIKE, whole=whole).bests[Kind.POWER]
        for whole in (False, True)
    )
    assert [best.at for best in all_] == list(DURATIONS_S)
    assert {best.at for best in few} == set(records.POWER_S)


# --- periods


def test_one_period_beside_another(store: Store) -> None:
    held(
        store,
        an_effort("2025-05-01", sport=BIKE, watts=watts_of(200, 20_000), times=(30.0,)),
        an_effort("2026-01-15", sport=BIKE, watts=watts_of(220, 20_000, 600),
                  times=(27.0,)),
        an_effort("2024-12-31", sport=BIKE, watts=watts_of(300, 20_000)),
    )  # fmt: skip
    this = Span(date(2026, 1, 1))
    last = Span(date(2025, 1, 1), date(2025, 12, 31))
    told = found(store, Kind.POWER, Kind.TIMES, span=this, other=last, sport=BIKE,
                 whole=True)  # fmt: skip
    five = at(told.bests[Kind.POWER], 300)
    assert five.value == 286.6667
    assert five.was == 266.6667
    assert five.percent == pytest.approx(7.5, abs=1e-4)
    assert max(float(b.at) for b in told.bests[Kind.POWER]) == 600
    faster = at(told.bests[Kind.TIMES], 200)
    assert faster.was == 30
    assert faster.percent == pytest.approx(-10)
    assert told.efforts.activities == 1
    alone = at(found(store, Kind.POWER, span=last).bests[Kind.POWER], 300)
    assert (alone.was, alone.percent) == (None, None)


def test_what_the_other_period_lacks_is_not_known(store: Store) -> None:
    held(store, an_effort("2026-01-15", times=times_of(4)))
    told = found(store, span=Span(date(2026, 1, 1)), other=Span(None, date(2025, 1, 1)))
    assert {(b.was, b.percent) for b in told.bests[Kind.TIMES]} == {(None, None)}


efforts = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.sampled_from([Sport.RUNNING, BIKE]),
        st.floats(1, 6),
        st.sampled_from([0, 400, 5_000, 42_195]),
        st.floats(100, 300),
        st.sampled_from([0, 60, 1_200, 14_400]),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(efforts, st.integers(0, 20), st.integers(0, 20), st.integers(-10, 10))
def test_bests_are_the_plain_most_and_least(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[Any],
    first: int,
    last: int,
    shift: int,
) -> None:
    """One activity after another, in plain Python."""
    with a_store(tmp_path_factory.mktemp("bests") / "data") as store:
        held(store, *(
            an_effort(day, sport=sport, times=times_of(speed, upto_m) if upto_m else (),
                      watts=watts_of(cp, 15_000, upto_s) if upto_s else ())
            for day, sport, speed, upto_m, cp, upto_s in made
        ))  # fmt: skip
        for sport in (Sport.RUNNING, BIKE):
            spans = [Span(date.fromisoformat(on(first + by)),
                          date.fromisoformat(on(last + by))) for by in (0, shift)
                     if first + by >= 0]  # fmt: skip
            told = found(store, sport=sport, span=spans[0], whole=True,
                         other=spans[-1])  # fmt: skip
            for kind in (Kind.TIMES, Kind.POWER):
                theirs = {b.at: (b.value, b.was) for b in told.bests[kind]}
                plain, other = (
                    naive(made, kind, sport, first + by, last + by)
                    for by in (0, shift if len(spans) == 2 else 0)
                )
                assert theirs == {a: (v, other.get(a)) for a, v in plain.items()}


def naive(
    made: list[Any], kind: Kind, sport: Sport, first: int, last: int
) -> dict[float, float]:
    best: dict[float, float] = {}
    for day, of, speed, upto_m, cp, upto_s in made:
        if of is not sport or not first <= day <= last:
            continue
        if kind is Kind.TIMES:
            values = dict(zip(DISTANCES_M, times_of(speed, upto_m), strict=False))
            best |= {a: min(v, best.get(a, v)) for a, v in values.items()}
        else:
            values = dict(zip(DURATIONS_S, watts_of(cp, 15_000, upto_s), strict=False))
            best |= {a: max(v, best.get(a, v)) for a, v in values.items()}
    return best


# --- critical power and speed


def test_critical_power_is_the_line_through_its_efforts(store: Store) -> None:
    """Two rides on one line: 280 W and 18 kJ, each all-out over a part of it."""
    held(
        store,
        an_effort("2026-01-20", sport=BIKE, watts=watts_of(280, 18_000, 480)),
        an_effort("2025-03-01", sport=BIKE, watts=watts_of(240, 18_000)),
        an_effort("2025-06-01", sport=BIKE, watts=(0.0,) * 22 + (1.0,)),
    )
    told = found(store, Kind.POWER).critical[Kind.POWER]
    (line,) = told  # of the last 90 days there is one ride: no line
    assert line.period == "period"
    assert line.at == [180, 300, 480, 720, 1_200]
    assert line.days == ["2026-01-20"] * 3 + ["2025-03-01"] * 2
    assert line.days_ago == 365, "of the oldest, on 1 March 2026"
    work = [280 * s + 18_000 for s in (180, 300, 480)]
    work += [240 * s + 18_000 for s in (720, 1_200)]
    slope = _slope(line.at, work)
    assert line.fit.rate == pytest.approx(slope, abs=0.01)
    assert line.fit.rate_error is not None


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    n = len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


def test_exact_efforts_give_the_exact_line_in_each_period(store: Store) -> None:
    held(
        store,
        *(an_effort(day, sport=BIKE, watts=watts_of(cp, 20_000, upto))
          for day, cp, upto in (
              ("2026-02-20", 260, 3_600), ("2026-02-21", 260.01, 300),
              ("2025-02-20", 250, 3_600), ("2025-02-21", 250.01, 300))),
    )  # fmt: skip
    other = Span(None, date(2025, 12, 31))
    lines = found(store, Kind.POWER, other=other).critical[Kind.POWER]
    rates = {line.period: line.fit.rate for line in lines}
    assert rates == {
        "period": pytest.approx(260, abs=0.1),
        "last_90_days": pytest.approx(260, abs=0.1),
        "compared": pytest.approx(250, abs=0.1),
    }
    assert lines[0].fit.reserve == pytest.approx(20_000, rel=0.01)


def test_critical_speed_is_of_level_sports(store: Store) -> None:
    """1,000 m in 3:00 and 3,000 m in 10:00 lie on 4.7619 m/s and 142.86 m."""
    for sport in (Sport.RUNNING, BIKE):
        held(
            store,
            an_effort("2026-02-20", sport=sport, times=(28.0, 60.0, 141.0, 180.0)),
            an_effort("2026-02-21", sport=sport,
                      times=(60.0, 90.0, 170.0, 210.0, 315.0, 338.0, 600.0)),
        )  # fmt: skip
    told = found(store, Kind.TIMES).critical[Kind.TIMES]
    assert {line.sport for line in told} == {Sport.RUNNING}
    assert told[0].at == [804.672, 1_000, 1_609.344, 3_000]
    distances, seconds = told[0].at, (141.0, 180.0, 338.0, 600.0)
    assert told[0].fit.rate == pytest.approx(_slope(seconds, distances))
    assert told[0].days_ago == 9


def test_one_activity_alone_is_no_line(store: Store) -> None:
    held(store, an_effort(1, sport=BIKE, watts=watts_of(250, 20_000)))
    assert found(store, Kind.POWER).critical[Kind.POWER] == ()


# --- doubt, weight, consent


@pytest.mark.parametrize(
    ("others", "factor", "doubtful"),
    [(10, 1.5, True), (10, 1.3, False), (9, 1.5, False)],
)
def test_a_power_far_above_all_others_is_doubtful(
    store: Store, others: int, factor: float, *, doubtful: bool
) -> None:
    """A meter that doubles: not a reason to leave it out, but to look."""
    held(
        store,
        *(
            an_effort(day, sport=BIKE, watts=watts_of(200, 0.0))
            for day in range(others)
        ),
        an_effort(99, sport=BIKE, watts=watts_of(200 * factor, 0.0, 300)),
    )
    told = found(store, Kind.POWER)
    assert list(told.doubtful_s) == ([180, 300] if doubtful else [])
    assert at(told.bests[Kind.POWER], 300).value == 200 * factor


def test_a_weight_counts_from_its_day_on(store: Store) -> None:
    held(store, an_effort(5, told=weighing(80)), an_effort(9, told=weighing(72)))
    told = found(store, Kind.POWER)
    days = [told.weight_kg(on(day)) for day in (0, 5, 8, 9, 30)]
    assert days == [80, 80, 80, 72, 72]


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("kept", [Category.POWER, Category.HEART_RATE, None])
def test_only_what_is_granted_is_told(store: Store, kept: Category | None) -> None:
    held(store, an_effort(1, times=times_of(4), watts=watts_of(200, 9_000),
                          beats=beats_of(160)))  # fmt: skip
    pairs = pairs_of("files", Category.ACTIVITIES, *([kept] if kept else []))
    told = found(store, grant=a_grant(owner_of(store), pairs=pairs))
    kinds = {Kind.TIMES, Kind.LONGEST, *([Kind(kept.value)] if kept else [])}
    assert told.bests.keys() == kinds
    assert told.weight is None
    assert (Kind.POWER in told.critical) is (kept is Category.POWER)


def test_of_nothing_there_are_no_records(store: Store) -> None:
    told = found(store)
    assert not any(told.bests.values())
    assert not any(told.critical.values())
    assert told.efforts.days is None
    assert told.weight_kg(on(0)) is None
