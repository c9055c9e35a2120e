"""From which day on data is kept, and what is left of what is older."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Category
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.model.streams import STREAMS
from pierre_mcp.policy.retention import (
    MOST_DAYS,
    cutoffs,
    first_kept,
    kept,
    without_places,
)
from tests.stores import a_recording

TODAY = date(2026, 3, 1)
SETS = st.frozensets(st.sampled_from(Category))
FTP = Fact(kind=Kind.FTP, value=250, origin=Origin.SESSION)
WHOLE = replace(
    a_recording(day="2026-02-01"),
    streams=dict.fromkeys(STREAMS, b"packed"),
    athlete=(FTP,),
)


@pytest.mark.parametrize(
    ("days", "day", "is_kept"),
    [
        pytest.param(30, "2026-01-30", True, id="on its last day"),
        pytest.param(30, "2026-01-29", False, id="the day after"),
        pytest.param(1, "2026-02-28", True, id="yesterday"),
        pytest.param(MOST_DAYS, "1926-03-26", True, id="a hundred years"),
    ],
)
def test_a_day_is_kept_so_many_days_after_it(
    days: int, day: str, *, is_kept: bool
) -> None:
    assert (day >= first_kept(days, TODAY)) is is_kept


@given(st.dates(), st.integers(1, MOST_DAYS))
def test_no_day_is_kept_shorter_than_said(today: date, days: int) -> None:
    first = first_kept(days, today)
    assert first <= str(today)
    if today.toordinal() > days:
        assert first == str(today - timedelta(days=days))


@given(st.dictionaries(st.sampled_from(Category), st.integers(1, 100)))
def test_what_is_kept_for_ever_has_no_first_day(retention: dict[Category, int]) -> None:
    assert cutoffs(retention, TODAY).keys() == retention.keys()


def gone_of(new: NewRecording) -> set[Category]:
    cells = {
        Category.HEART_RATE: new.heart_rate,
        Category.POWER: new.power,
        Category.LOCATION: new.location,
        Category.NOTES: new.notes,
    }
    return {of for of, cell in cells.items() if cell is None}


@pytest.mark.promise("privacy.retention")
@given(SETS)
def test_what_is_too_old_leaves_nothing_of_its_category(
    gone: frozenset[Category],
) -> None:
    left = kept(WHOLE, dict.fromkeys(gone, "2026-02-02"))
    if Category.ACTIVITIES in gone:
        assert left is None
        return
    assert left is not None
    assert gone_of(left) == gone & {*Category} - {
        Category.BODY,
        Category.SLEEP,
        Category.PROFILE,
    }
    assert {STREAMS[name] for name in left.streams} == {*STREAMS.values()} - gone
    assert not left.details.keys() & gone
    assert (FTP in left.athlete) is (Category.POWER not in gone)
    assert kept(left, dict.fromkeys(gone, "2026-02-02")) == left
    assert kept(WHOLE, dict.fromkeys(gone, "2026-02-01")) is WHOLE


def test_an_offset_stays_and_the_name_found_by_position_goes() -> None:
    cell = WHOLE.activity
    assert without_places(cell).zone is None
    assert without_places(cell).utc_offset_s == cell.utc_offset_s
    by_file = cell.model_copy(update={"zone_source": "home"})
    assert without_places(by_file).zone == cell.zone
