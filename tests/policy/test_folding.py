"""Who speaks for an activity, and what the others add."""

from math import isnan, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import MISSING

from pierre_mcp.model.recording import Row
from pierre_mcp.policy.folding import fold, preference


def row(source: str, **cells: Any) -> Row:
    """A row of one source; what is not named is not recorded."""
    blank = Row("a", source, "running", "2026-02-01", (), None, None, None)
    return blank._replace(**cells)


def test_a_correction_wins_and_then_what_is_nearest_to_the_device() -> None:
    sources = ["zwift", "strava", "garmin", "apple", "self", "files"]
    assert sorted(sources, key=preference) == [
        "self", "files", "garmin", "strava", "apple", "zwift",
    ]  # fmt: skip


def test_one_recording_is_its_own_activity() -> None:
    alone = row("files", activities=(60.0, nan))
    assert fold([alone]) is alone


def test_the_others_fill_in_what_the_first_did_not_record() -> None:
    file = row("files", activities=(60.0, nan, nan))
    copy = row(
        "strava",
        activities=(61.0, 900.0, nan),
        notes={"name": "Lunch Run"},
    )
    folded = fold([file, copy])
    assert folded.activities[:2] == (60.0, 900.0)
    assert isnan(folded.activities[2])
    assert folded.notes == {"name": "Lunch Run"}
    assert folded.source == "files"
    assert folded.heart_rate is None


def test_zero_is_recorded_and_is_not_filled_in() -> None:
    file = row("files", activities=(0.0,))
    copy = row("strava", activities=(12.0,))
    assert fold([file, copy]).activities == (0.0,)


cells = st.sampled_from([MISSING, None, (0.0,), (142.0,)])


@given(st.lists(cells, min_size=2, max_size=4))
def test_a_cell_is_absent_only_where_none_may_be_read(seen: list[Any]) -> None:
    folded = fold([row("files", heart_rate=cell) for cell in seen]).heart_rate
    values = [cell for cell in seen if isinstance(cell, tuple)]
    if values:
        assert folded == values[0]
    else:
        assert folded is (None if None in seen else MISSING)


@pytest.mark.parametrize("count", [2, 3])
def test_one_taken_back_leaves_the_others_as_if_it_had_never_been(count: int) -> None:
    rows = [
        row(s, activities=(float(i),))
        for i, s in enumerate(("files", "garmin", "strava"))
    ]
    assert fold(rows[1:count]) == fold([rows[1], *rows[2:count]])
    assert fold(rows[1:]).source == "garmin"
