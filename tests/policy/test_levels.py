"""The laws of levels: twice is once, higher shows less, nothing is added."""

from datetime import date, timedelta
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import MISSING

from pierre_mcp.gate.treating import Treating
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import (
    PUBLIC,
    Level,
    Public,
    Sensitive,
    Shape,
    Treatment,
)
from pierre_mcp.model.identity import Identity
from pierre_mcp.policy import levels
from pierre_mcp.policy.circles import circle_of
from pierre_mcp.policy.privacy import Track, coarse_path, fine_path
from pierre_mcp.tools.activity import Route
from tests import location
from tests.stores import NOW, a_grant

TODAY = NOW.date()
NOTES, SUMMARY = Category.NOTES, Category.ACTIVITIES
days = st.dates(date(1990, 1, 1), TODAY)
words = st.text(st.characters(codec="utf-8"), max_size=30)
sentences = st.builds(lambda a, d, b: f"{a} since {d}, {b}", words, days, words)
starts = st.datetimes(
    NOW.replace(tzinfo=None, year=2020), NOW.replace(tzinfo=None)
).map(lambda at: at.isoformat(timespec="seconds"))


class Part(Shape):
    day: Annotated[str, Sensitive(SUMMARY)]
    name: Annotated[str | MISSING | None, Sensitive(NOTES, Treatment.FREE_TEXT)] = (
        MISSING
    )


class Whole(Shape):
    """A field of each treatment, plain and in what stands inside."""

    started: Annotated[str, Sensitive(SUMMARY, Treatment.LOCAL_TIME)]
    said: Annotated[str, Sensitive(SUMMARY)]
    on: Annotated[list[date | None] | MISSING, Sensitive(SUMMARY)] = MISSING
    ago: Annotated[int | None, Sensitive(SUMMARY, Treatment.DAYS_AGO)] = None
    zone: Annotated[str | MISSING, Sensitive(Category.PROFILE, Treatment.REGION)] = (
        MISSING
    )
    public: Annotated[str, PUBLIC] = ""
    parts: Annotated[list[Part], PUBLIC] = []
    route: Annotated[Route, Sensitive(Category.LOCATION, Treatment.PATH)] = Route()


class Named(Shape):
    id: Annotated[list[str], Public(Treatment.IDENTIFIER)]


routes = st.lists(
    st.tuples(st.floats(0, 900), st.floats(46, 48), st.floats(7, 9)), max_size=12
).map(
    lambda legs: Route(
        along_m=[sum(s for s, *_ in legs[: i + 1]) for i in range(len(legs))],
        lat_deg=[lat for _, lat, _ in legs],
        lon_deg=[lon for *_, lon in legs],
    )
)
parts = st.builds(Part, day=days.map(str), name=words | st.none())
wholes = st.builds(
    Whole,
    started=starts,
    said=sentences,
    on=st.lists(days | st.none(), max_size=4),
    ago=st.integers(0, 9_999) | st.none(),
    zone=st.just("Europe/Zurich"),
    public=sentences,
    parts=st.lists(parts, max_size=3),
    route=routes,
)
each_level = pytest.mark.parametrize("level", list(Level))


def treating(level: Level) -> Treating:
    grant = a_grant(Identity("t", "p"), pairs=set(), level=level)
    return Treating(grant, lambda ours: [f"hidden {one}" for one in ours], lambda _: ())


@pytest.mark.promise("privacy.levels")
@each_level
@settings(max_examples=15)
@given(whole=wholes)
def test_made_twice_it_is_made_once(level: Level, whole: Whole) -> None:
    once = treating(level).treated(whole)
    assert treating(level).treated(once) == once


@pytest.mark.promise("privacy.levels")
@each_level
@settings(max_examples=15)
@given(whole=wholes)
def test_it_never_adds_a_field(level: Level, whole: Whole) -> None:
    seen = treating(level).treated(whole)
    assert fields(seen) <= fields(whole)
    assert len(seen.parts) == len(whole.parts)
    assert seen.public == whole.public


@pytest.mark.promise("privacy.levels")
@settings(max_examples=15)
@given(whole=wholes)
def test_a_higher_level_shows_no_more(whole: Whole) -> None:
    high, medium, low = (treating(level).treated(whole) for level in Level)
    assert fields(high) <= fields(medium) <= fields(low)
    assert low.started == whole.started
    assert medium.started[:13] == low.started[:13]
    assert medium.started.endswith(":00")
    assert high.started in {low.started[:10], levels.in_weeks(low.started[:10], TODAY)}
    # What is at a level can be told from what is at the one below: nothing is new.
    assert treating(Level.HIGH).treated(medium) == high
    again = treating(Level.MEDIUM).treated(low)
    assert again.started == medium.started
    assert again.parts == medium.parts


def fields(shape: Shape) -> set[str]:
    return {
        f"{name}.{inner}"
        for name, of in shape
        if of is not MISSING
        for inner in (
            [""]
            if not isinstance(of, Shape)
            else [n for n, v in of if v is not MISSING]
        )
    }


@each_level
def test_ids_are_hidden_one_by_one(level: Level) -> None:
    seen = treating(level).treated(Named(id=["a", "b"]))
    is_low = level is Level.LOW
    assert seen.id == (["a", "b"] if is_low else ["hidden a", "hidden b"])


@given(days)
def test_a_week_holds_its_day_and_is_told_after_28(day: date) -> None:
    told = levels.in_weeks(f"on {day}!", TODAY)
    if (TODAY - day).days <= 28:
        assert told == f"on {day}!"
    else:
        year, week = told[3:-1].split("-W")
        monday = date.fromisocalendar(int(year), int(week), 1)
        assert monday <= day < monday + timedelta(7)
        assert levels.first_of_week(day, TODAY) == monday
        assert levels.last_of_week(day, TODAY) == monday + timedelta(6)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2025-11-05", "2025-W45"),
        ("2025-11-05T07:30", "2025-W45T07:30"),
        ("since 2025-11-05, and 2026-02-28", "since 2025-W45, and 2026-02-28"),
        ("2024-12-31", "2025-W01"),
        ("2025-02-30", "2025-02-30"),
        ("12025-11-05", "12025-11-05"),
        ("2025-11-050", "2025-11-050"),
        ("2025-11", "2025-11"),
        ("", ""),
    ],
)
def test_days_in_text(text: str, told: str) -> None:
    assert levels.in_weeks(text, TODAY) == told


def test_ages_and_lists_of_them() -> None:
    ages = [None, 0, 28, *range(29, 43)]
    of_mondays = [None, 0, 28, *[34] * 6, *[41] * 7, 48]
    assert TODAY.isoweekday() == 7
    assert levels.weeks_ago(ages, TODAY) == of_mondays
    assert [levels.weeks_back(d, TODAY) for d in (1, 29, 30, 35, 36)] == [
        1,
        29,
        *[35] * 2,
        42,
    ]
    assert levels.weekly([3, 2.5, None, "2025-11-05"], TODAY) == [
        3,
        2.5,
        None,
        "2025-W45",
    ]
    assert levels.last_of_week(date.max, TODAY) == date.max


@settings(max_examples=8)
@given(st.integers(0, 300))
def test_what_is_coarse_is_coarse_again(seed: int) -> None:
    home = location.a_home(seed)
    [way] = location.tracks(home, 1, roads=1, seed=seed)
    track = Track(*(c[::20].tolist() for c in (way.along_m, way.lat_deg, way.lon_deg)))
    for made in (coarse_path, fine_path):
        lat, lon = made(track, [circle_of(home.zone)])
        assert (lat, lon) == made(track, [circle_of(home.zone)])
        assert all(d == round(d, 2) for d in (*lat, *lon))
