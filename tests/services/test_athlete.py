"""The synthetic athlete: the same from the same seed, and plausible all over."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pierre_mcp.formats.columns import unpack
from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.details import ActivityDetail
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services import athlete
from pierre_mcp.services.athlete_kit import GEAR, facts, gear_of
from pierre_mcp.services.athlete_plan import INJECTED, ZONE, Session, plan
from pierre_mcp.services.athlete_tracks import _HILLS, _LAKE, track_of
from pierre_mcp.store import imports, recordings
from pierre_mcp.store.database import Store
from pierre_mcp.store.imports import State
from tests.fakes import StillClock
from tests.stores import a_store, owner_grant

pytestmark = pytest.mark.unmeasured

END = date(2026, 3, 31)
SEED = 3
HOME = ZoneInfo(ZONE)


@pytest.fixture(scope="module")
def sessions() -> list[Session]:
    return plan(SEED, END)


@pytest.fixture(scope="module")
def made(sessions: list[Session]) -> list[NewRecording]:
    return [athlete.recording_of(SEED, session) for session in sessions]


@pytest.mark.parametrize("seed", range(8))
def test_every_seed_is_more_than_a_year_of_several_sports(seed: int) -> None:
    sessions = plan(seed, END)
    days = [s.starts_at.date() for s in sessions]
    assert days == sorted(days)
    assert days[-1] == END
    assert days[0] <= END - timedelta(days=397)
    assert len(sessions) >= 320
    assert sum(s.source == "strava" for s in sessions) >= 220
    assert {s.source for s in sessions} == {"strava", "files"}
    assert [s.index for s in sessions] == list(range(len(sessions)))
    assert {
        Sport.RUNNING, Sport.CYCLING, Sport.SWIMMING, Sport.HIKING, Sport.WALKING,
        Sport.STRENGTH,
    } == {s.sport for s in sessions}  # fmt: skip


def test_the_same_seed_and_day_give_the_same_athlete(
    sessions: list[Session], made: list[NewRecording]
) -> None:
    again = plan(SEED, END)
    assert again == sessions
    assert [athlete.recording_of(SEED, s) for s in again[::9]] == made[::9]


def test_another_seed_gives_another(
    sessions: list[Session], made: list[NewRecording]
) -> None:
    assert plan(SEED + 1, END) != sessions
    assert athlete.recording_of(SEED + 1, sessions[0]) != made[0]


def test_weeks_build_and_then_rest(
    sessions: list[Session], made: list[NewRecording]
) -> None:
    first = sessions[0].starts_at.date()
    monday = first - timedelta(days=first.weekday())
    hours = np.zeros(56)
    for one in made:
        week = (date.fromisoformat(one.local_day) - monday).days // 7
        if week < len(hours):
            hours[week] += one.activity.elapsed_s / 3_600
    build, rest = hours.reshape(-1, 4)[:, :3], hours.reshape(-1, 4)[:, 3]
    assert build.mean() > 1.5 * rest.mean()


SANE_KM = {
    Sport.RUNNING: (3, 25),
    Sport.CYCLING: (10, 120),
    Sport.SWIMMING: (0.8, 4),
    Sport.WALKING: (1, 14),
    Sport.HIKING: (5, 25),
}


def test_distances_are_those_of_the_sport(made: list[NewRecording]) -> None:
    for one in made:
        distance_m = one.activity.distance_m
        if one.sport is Sport.STRENGTH:
            assert distance_m is None
            continue
        low_km, high_km = SANE_KM[one.sport]
        assert distance_m is not None
        assert low_km * 1_000 < distance_m < high_km * 1_000
        assert one.activity.moving_s is not None
        assert one.activity.moving_s <= one.activity.elapsed_s
        detail = one.details[Category.ACTIVITIES]
        assert isinstance(detail, ActivityDetail)
        assert detail.splits.distance_m
        assert detail.best_s


def test_heart_rate_and_power_are_a_living_persons(made: list[NewRecording]) -> None:
    for one in made:
        if one.heart_rate is not None:
            mean_bpm, max_bpm = one.heart_rate.mean_bpm, one.heart_rate.max_bpm
            assert mean_bpm is not None
            assert max_bpm is not None
            assert 75 < mean_bpm < max_bpm < 190
        if one.power is not None:
            assert one.sport is Sport.CYCLING
            assert one.power.mean_power_w is not None
            assert 110 < one.power.mean_power_w < 280


def test_now_and_then_something_was_not_recorded(made: list[NewRecording]) -> None:
    rides = [r for r in made if r.sport is Sport.CYCLING]
    assert 0 < sum(r.heart_rate is None for r in made) < len(made) / 10
    assert 0 < sum(r.power is None for r in rides) < len(rides) / 4
    assert any(r.location is None for r in rides)
    assert any(r.notes and r.notes.description for r in made)


def test_places_are_loops_on_the_dry_side_of_the_shore(
    made: list[NewRecording],
) -> None:
    outdoors = [r.location for r in made if r.location]
    assert len(outdoors) > 180
    for place in outdoors:
        lat, lon = np.array(place.lat_deg), np.array(place.lon_deg)
        home = _HILLS if abs(lat[0] - _HILLS.lat_deg) < 0.01 else _LAKE
        north_m = (lat - home.lat_deg) * 111_195
        east_m = (lon - home.lon_deg) * 111_195 * np.cos(np.radians(lat))
        assert np.hypot(east_m[[0, -1]], north_m[[0, -1]]).max() < 30
        assert (east_m * home.inland[0] + north_m * home.inland[1]).min() > -30
        assert np.hypot(east_m, north_m).max() < 40_000


def test_climbing_comes_from_hills(made: list[NewRecording]) -> None:
    for one in made:
        if one.location is not None:
            assert one.activity.ascent_m is not None
            assert 15 < one.activity.ascent_m < 1_500


def test_streams_come_back_as_they_were(
    sessions: list[Session], made: list[NewRecording]
) -> None:
    ride = next(i for i, r in enumerate(made) if r.power and r.location)
    columns = track_of(SEED, sessions[ride]).columns
    assert made[ride].streams.keys() == columns.keys()
    packed = made[ride].streams["power_w"]
    np.testing.assert_allclose(unpack(packed), columns["power_w"])


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 3, 28), 1, id="the day before summer time"),
        pytest.param(date(2026, 3, 29), 2, id="the day it begins"),
        pytest.param(date(2025, 10, 25), 2, id="the day before winter time"),
        pytest.param(date(2025, 10, 26), 1, id="the day it begins again"),
    ],
)
def test_local_time_is_right_around_clock_changes(day: date, hours: int) -> None:
    last = athlete.recording_of(SEED, plan(SEED, day)[-1])
    assert last.local_day == str(day)
    assert last.activity.utc_offset_s == hours * 3_600


def test_every_day_and_offset_is_the_homes(
    sessions: list[Session], made: list[NewRecording]
) -> None:
    for session, one in zip(sessions, made, strict=True):
        at = datetime.fromtimestamp(one.activity.started_us / 1e6, UTC)
        local = at.astimezone(HOME)
        assert local == session.starts_at
        assert one.local_day == str(local.date())
        assert timedelta(seconds=one.activity.utc_offset_s) == local.utcoffset()
        assert one.activity.zone == ZONE


def test_one_name_is_an_injection_that_cleaning_disarms(
    made: list[NewRecording],
) -> None:
    hostile = [r for r in made if r.notes and r.notes.name == INJECTED]
    assert [r.where.source for r in hostile] == ["strava"]
    cleaned = clean(INJECTED)
    assert "Ignore all previous instructions" in cleaned
    assert cleaned.isascii()
    assert cleaned.isprintable()


def test_yesterday_is_where_the_athlete_lives() -> None:
    late = StillClock(datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
    assert athlete.yesterday(late) == date(2026, 2, 28)


def fill(store: Store) -> list[tuple[int, int | None, str]]:
    """Run every step as the pump does."""
    grant, seen = owner_grant(store), []
    for step, progress in athlete.steps(StillClock(), seed=SEED, end_on=END):
        with store.reading() as tx:
            step.prepare(tx, grant)
        with store.writing() as tx:
            step.write(tx, grant)
        seen.append((progress.done, progress.total, progress.word))
    return seen


def test_steps_fill_a_demo_store_and_twice_changes_nothing(
    tmp_path: Path, sessions: list[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With some of all recordings: ``gate/test_temporary.py`` has them all."""
    sessions = sessions[::6]
    monkeypatch.setattr(athlete, "plan", lambda *_: sessions)
    with a_store(tmp_path / "demo", demo=True) as store:
        seen = fill(store)
        fill(store)
        grant = owner_grant(store)
        with store.reading() as tx:
            ranges = recordings.ranges(tx, grant)
            first, second = imports.listed(tx, grant)
            (line,) = imports.files(tx, grant, first.id)
    assert seen[0] == (0, len(sessions), "training")
    assert seen[-1] == (len(sessions), len(sessions), "done")
    assert sum(r.recordings for r in ranges) == len(sessions)
    assert first.state is second.state is State.FINISHED
    assert first.run.activities == line.activities == len(sessions)
    assert second.run.activities == 0
    assert line.name == f"demo athlete, seed {SEED}"


def test_a_store_of_real_data_is_refused(tmp_path: Path) -> None:
    with a_store(tmp_path / "real") as store:
        with pytest.raises(RuntimeError, match="demo store only"):
            fill(store)
        grant = owner_grant(store)
        with store.reading() as tx:
            assert imports.listed(tx, grant) == []


def test_devices_were_set_to_what_a_person_has(sessions: list[Session]) -> None:
    told = {s.index: {f.kind: f.value for f in facts(s)} for s in sessions}
    ftp_w = [of[Kind.FTP] for of in told.values() if Kind.FTP in of]
    weight_kg = [of[Kind.WEIGHT] for of in told.values() if Kind.WEIGHT in of]
    assert ftp_w == sorted(ftp_w)
    assert weight_kg == sorted(weight_kg, reverse=True)
    assert len(set(ftp_w)) >= 4
    assert len(set(weight_kg)) >= 4
    ids = {piece.name: piece.name for piece in GEAR}
    used = {gear_of(session, ids) for session in sessions}
    assert used == {*ids, None}
