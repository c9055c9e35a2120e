"""What is brought up from the store is what the file would give again."""

from dataclasses import replace

import numpy as np
import pytest

from pierre_mcp.analytics.stored import track_of
from pierre_mcp.analytics.summary import Summary, summarise
from pierre_mcp.formats.columns import STEPS, pack, unpack
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import ActivityCell, Pieces
from pierre_mcp.model.details import ActivityDetail
from pierre_mcp.model.track import Totals, Track
from tests.analytics.making import a_track
from tests.formats.making import ride

RIDE = replace(
    a_track(
        ride(900),
        sport=Sport.CYCLING,
        laps=[(0, 300), (300, 600)],
        pauses=[(400.0, 430.0)],
    ),
    totals=Totals(elapsed_s=900, moving_s=850, distance_m=5_000, calories_kcal=70),
)


def stored(track: Track) -> tuple[Summary, ActivityCell]:
    summary = summarise(track)
    return summary, summary.activity.at(utc_offset_s=3_600, zone=None, source="home")


def again(track: Track) -> Track:
    """What the store holds of a track's columns."""
    return replace(
        track, columns={n: unpack(pack(c, STEPS[n])) for n, c in track.columns.items()}
    )


def test_nothing_changes_when_a_summary_is_computed_again() -> None:
    summary, cell = stored(again(RIDE))
    detail = summary.details[Category.ACTIVITIES]
    assert isinstance(detail, ActivityDetail)
    back = track_of(Sport.CYCLING, cell, again(RIDE).columns, detail)
    assert summarise(back) == summary


def test_the_steps_of_storage_change_little() -> None:
    fresh, _ = stored(RIDE)
    kept, _ = stored(again(RIDE))
    assert fresh.heart_rate == kept.heart_rate
    assert fresh.power == kept.power
    of, by = (s.details[Category.ACTIVITIES] for s in (fresh, kept))
    assert isinstance(of, ActivityDetail)
    assert isinstance(by, ActivityDetail)
    assert of.best_s == pytest.approx(by.best_s, abs=0.1)


def test_a_cell_of_version_one_brings_its_laps() -> None:
    summary, cell = stored(replace(RIDE, pauses=()))
    laps = Pieces(start_s=(0.0,), duration_s=(300.0,), distance_m=(None,))
    old = cell.model_copy(update={"laps": laps, "splits": Pieces()})
    brought = summarise(track_of(Sport.CYCLING, old, RIDE.columns))
    of, by = (s.details[Category.ACTIVITIES] for s in (summary, brought))
    assert isinstance(of, ActivityDetail)
    assert by == of.model_copy(update={"laps": laps})
    assert brought.activity.elapsed_s == summary.activity.elapsed_s
    assert brought.activity.calories_kcal == 70
    assert brought.notes is None


def test_of_version_one_a_pause_shows_where_no_sample_was_written() -> None:
    silent = np.concatenate([np.arange(400.0), np.arange(430.0, 900.0)])
    columns = {n: c[silent.astype(int)] for n, c in ride(900).items()}
    paused = replace(RIDE, columns=columns)
    summary, cell = stored(paused)
    brought = summarise(track_of(Sport.CYCLING, cell, columns))
    assert summary.power is not None
    assert brought.power is not None
    of, by = summary.power, brought.power
    assert of.measured_s == pytest.approx(by.measured_s, abs=5)
    assert of.mean_power_w == pytest.approx(by.mean_power_w, rel=0.005)


def test_without_streams_the_totals_stay() -> None:
    summary, cell = stored(replace(RIDE, columns={"t_s": np.empty(0)}))
    assert summarise(track_of(Sport.CYCLING, cell, {})).activity == summary.activity
