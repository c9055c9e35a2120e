"""What counts on each day: what was told, else an estimate of what may be read."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import (
    DISTANCES_M,
    DURATIONS_S,
    ActivityDetail,
    HeartRateDetail,
    PowerDetail,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.policy.telling import changes
from pierre_mcp.services import history, thresholds
from pierre_mcp.services.thresholds import InForce, Value
from pierre_mcp.store import athlete
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Wanted
from tests.stores import a_grant, a_recording, a_store, owner_grant, owner_of, put

FIRST = date(2025, 6, 1)
TODAY = date(2026, 3, 1)
OF_FTP = "estimate: 95 % of the best 20 min in 90 days"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as made:
        yield made


def activity(
    day: int,
    *facts: Fact,
    sport: Sport = Sport.CYCLING,
    bpm: float | None = None,
    power_w: float | None = None,
    best_s: Mapping[float, float] | None = None,
) -> NewRecording:
    """One whose curves are flat to their 20 minutes."""
    upto = DURATIONS_S.index(1_200) + 1
    one = a_recording(day=str(FIRST + timedelta(days=day)), sport=sport)
    times = tuple((best_s or {}).get(m, 1e5 + m) for m in DISTANCES_M if best_s)
    curves: dict[Category, Any] = {
        Category.ACTIVITIES: ActivityDetail(
            mean_max_speed_m_s=(3.0,) * upto, best_s=times
        ),
        Category.HEART_RATE: HeartRateDetail(mean_max_bpm=(bpm or 0.0,) * upto),
        Category.POWER: PowerDetail(mean_max_power_w=(power_w or 0.0,) * upto),
    }
    return replace(one, details=curves, athlete=facts)


def told(kind: Kind, value: float) -> Fact:
    return Fact(kind=kind, value=value, origin=Origin.SESSION)


def say(store: Store, kind: Kind, value: float, since: str) -> None:
    grant, fact = owner_grant(store), Fact(kind=kind, value=value, origin=Origin.SELF)
    with store.writing() as tx:
        athlete.say(tx, grant, fact, since)


def counts(store: Store, kind: Kind, grant: Grant | None = None) -> InForce:
    of = grant or owner_grant(store)
    with store.reading() as tx:
        return thresholds.in_force(tx, of, [kind])[kind]


def reader(store: Store, *pairs: tuple[str, Category]) -> Grant:
    return a_grant(owner_of(store), pairs=set(pairs))


def on(days: list[str], of: InForce) -> list[float]:
    values: list[float] = of.on(np.array(days, "M8[D]")).tolist()
    return values


def test_what_was_told_counts_from_its_day_and_the_first_before_it(
    store: Store,
) -> None:
    put(
        store,
        owner_grant(store),
        activity(0, told(Kind.FTP, 240), power_w=400),
        activity(30, told(Kind.FTP, 250), power_w=400),
    )
    say(store, Kind.FTP, 262.5, "2025-08-01")
    found = counts(store, Kind.FTP)
    assert found.by == ("files", "files", "self")
    days = ["2025-08-01", "2020-01-01", "2025-06-01", "2025-06-30", "2025-07-31"]
    assert on([*days, "2027-01-01"], found) == [262.5, 240, 240, 240, 250, 262.5]
    assert found.is_early(np.array(days, "M8[D]")).tolist() == [
        *(False, True, False, False, False),
    ]
    assert found.newest == Value(262.5, "2025-08-01", "self")
    assert not found.newest.is_estimate


def test_an_estimate_stands_in_and_says_so(store: Store) -> None:
    put(
        store,
        owner_grant(store),
        activity(0, power_w=280.0, bpm=170),
        activity(10, power_w=260.0, bpm=180),
        activity(20, power_w=900.0, sport=Sport.RUNNING),
    )
    found = counts(store, Kind.FTP)
    assert found.by == (OF_FTP, OF_FTP)
    assert on(["2025-01-01", "2025-06-01", "2025-08-30"], found) == [266, 266, 247]
    assert found.newest == Value(247, "2025-08-30", OF_FTP)
    assert found.newest.is_estimate
    assert on(["2025-06-12"], counts(store, Kind.THRESHOLD_HEART_RATE)) == [171]
    assert counts(store, Kind.MAX_HEART_RATE).newest == Value(
        180, "2025-06-11", "estimate: the highest 5 s in 365 days"
    )


def test_speeds_are_estimated_of_their_own_sport(store: Store) -> None:
    put(
        store,
        owner_grant(store),
        activity(0, sport=Sport.RUNNING, best_s={15_000.0: 3_600.0}),
        activity(1, sport=Sport.CYCLING, best_s={15_000.0: 1_800.0}),
        activity(2, sport=Sport.SWIMMING, best_s={200.0: 170.0, 400.0: 360.0}),
    )
    assert counts(store, Kind.THRESHOLD_SPEED).values.tolist() == [4.17]
    assert counts(store, Kind.THRESHOLD_SWIM_SPEED).values.tolist() == [1.05]


def test_an_estimate_never_comes_beside_what_was_told(store: Store) -> None:
    put(store, owner_grant(store), *(activity(d, power_w=300.0) for d in (0, 200)))
    say(store, Kind.FTP, 250, "2025-12-01")
    found = counts(store, Kind.FTP)
    assert (found.by, found.values.tolist()) == (("self",), [250])


def test_maximum_heart_rate_by_age_where_none_was_measured(store: Store) -> None:
    put(store, owner_grant(store), activity(0))
    assert counts(store, Kind.MAX_HEART_RATE).newest is None
    say(store, Kind.BIRTH_YEAR, 1986, "2025-12-01")
    found = counts(store, Kind.MAX_HEART_RATE)
    assert found.newest == Value(180, "2026-01-01", "estimate: 208 - 0.7 age (Tanaka)")
    assert on(["2006-05-01"], found) == [194]
    put(store, owner_grant(store), activity(1, bpm=188))
    assert counts(store, Kind.MAX_HEART_RATE).values.tolist() == [188]


@pytest.mark.parametrize(
    "kind", [Kind.WEIGHT, Kind.RESTING_HEART_RATE, Kind.SEX, Kind.HEIGHT]
)
def test_what_has_no_estimate_stays_unknown(store: Store, kind: Kind) -> None:
    put(store, owner_grant(store), activity(0, power_w=300.0, bpm=170))
    found = counts(store, kind)
    days = np.array(["2025-06-01", "2026-01-01"], "M8[D]")
    assert np.isnan(found.on(days)).all()
    assert found.place(days).tolist() == [-1, -1]
    assert not found.is_early(days).any()
    assert (found.newest, found.by) == (None, ())


def test_what_nobody_has_and_what_has_not_come_is_no_estimate(store: Store) -> None:
    ahead = (TODAY - FIRST).days
    put(
        store,
        owner_grant(store),
        activity(0, power_w=1_900.0, bpm=55),
        activity(1, power_w=210.0),
        activity(100, power_w=200.0),
        activity(ahead - 10, power_w=180.0),
        activity(ahead + 5, power_w=400.0),
    )
    assert counts(store, Kind.FTP).values.tolist() == [200, 190, 171]
    assert counts(store, Kind.MAX_HEART_RATE).newest is None
    assert counts(store, Kind.FTP).newest == Value(171, "2026-02-19", OF_FTP)


def test_equal_estimates_are_one(store: Store) -> None:
    rides = (activity(d, power_w=280 + d / 1_000) for d in range(5))
    put(store, owner_grant(store), *rides)
    assert counts(store, Kind.FTP).newest == Value(266, "2025-06-01", OF_FTP)


FILES_POWER = (("files", Category.ACTIVITIES), ("files", Category.POWER))


@pytest.mark.promise("consent.granular")
def test_without_its_scope_the_persons_own_value_counts_nowhere(store: Store) -> None:
    put(store, owner_grant(store), activity(0, power_w=280.0))
    say(store, Kind.FTP, 300, "2025-06-01")
    without = reader(store, *FILES_POWER, ("self", Category.PROFILE))
    assert counts(store, Kind.FTP, without).newest == Value(266, "2025-06-01", OF_FTP)
    with_it = reader(store, *FILES_POWER, ("self", Category.POWER))
    assert counts(store, Kind.FTP, with_it).newest == Value(300, "2025-06-01", "self")


@pytest.mark.promise("consent.granular")
def test_without_power_there_is_no_estimate_of_it(store: Store) -> None:
    put(store, owner_grant(store), activity(0, power_w=280.0, bpm=180))
    grant = reader(
        store, ("files", Category.ACTIVITIES), ("files", Category.HEART_RATE)
    )
    assert counts(store, Kind.FTP, grant).newest is None
    heart = counts(store, Kind.THRESHOLD_HEART_RATE, grant).newest
    assert heart is not None
    assert heart.value == 171
    nothing = reader(store, ("files", Category.PROFILE))
    assert counts(store, Kind.FTP, nothing).newest is None


def test_a_history_read_already_is_not_read_again(store: Store) -> None:
    put(store, owner_grant(store), activity(0, told(Kind.FTP, 240), bpm=180))
    grant, kinds = owner_grant(store), (Kind.FTP, Kind.MAX_HEART_RATE, Kind.WEIGHT)
    with store.reading() as tx:
        known = changes(athlete.seen(tx, grant))
        needs = thresholds.inputs(known, kinds)
        assert needs == {Category.HEART_RATE}
        assert thresholds.inputs(known, [Kind.FTP, Kind.SEX]) == frozenset()
        found = history.read(tx, grant, Wanted(), details=needs)
        with_it = thresholds.in_force(tx, grant, kinds, told=known, found=found)
        plain = thresholds.in_force(tx, grant, kinds)
        assert [with_it[k].newest for k in kinds] == [plain[k].newest for k in kinds]
        bare = history.read(tx, grant, Wanted())
        with pytest.raises(ValueError, match="without the details of heart_rate"):
            thresholds.in_force(tx, grant, kinds, found=bare)
