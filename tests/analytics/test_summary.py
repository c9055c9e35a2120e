from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import ge

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierre_mcp.analytics.ground import climb_m, haversine_m
from pierre_mcp.analytics.summary import ActivityFacts, Summary, summarise
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import ActivityCell, NotesCell, Pieces
from pierre_mcp.model.details import (
    DETAILS,
    ActivityDetail,
    HeartRateDetail,
    Histogram,
    PowerDetail,
)
from pierre_mcp.model.stream_names import COLUMNS
from pierre_mcp.model.track import Lap, Length, Pause, Totals, Track

STARTED_AT = datetime(2024, 5, 4, 6, 30, tzinfo=UTC)
NAN = float("nan")


def track(**columns: Sequence[float]) -> Track:
    arrays = {name: np.array(values, dtype=float) for name, values in columns.items()}
    return Track(Sport.RUNNING, STARTED_AT, None, arrays)


def moved(summary: Summary) -> ActivityDetail:
    detail = summary.details[Category.ACTIVITIES]
    assert isinstance(detail, ActivityDetail)
    return detail


def beats_of(summary: Summary) -> HeartRateDetail:
    detail = summary.details[Category.HEART_RATE]
    assert isinstance(detail, HeartRateDetail)
    return detail


def power_of(summary: Summary) -> PowerDetail:
    detail = summary.details[Category.POWER]
    assert isinstance(detail, PowerDetail)
    return detail


def seconds(count: int) -> list[float]:
    return [float(i) for i in range(count)]


def test_an_activity_without_samples_is_its_totals() -> None:
    totals = Totals(None, 1_800.0, 5_000.0, 12.0, 13.0, 400.0)
    summary = summarise(replace(track(t_s=[]), totals=totals))
    assert summary.activity == ActivityFacts(
        started_us=1_714_804_200_000_000,
        elapsed_s=1_800.0,
        moving_s=1_800.0,
        distance_m=5_000.0,
        ascent_m=12.0,
        descent_m=13.0,
        calories_kcal=400.0,
    )
    assert summary.details == {Category.ACTIVITIES: ActivityDetail()}
    others = (summary.heart_rate, summary.power, summary.location, summary.notes)
    assert others == (None, None, None, None)
    assert summarise(track(t_s=[])).activity.elapsed_s == 0


def test_what_the_file_declares_wins() -> None:
    sampled = track(t_s=[0, 10], distance_m=[0, 30], altitude_m=[0, 50])
    totals = Totals(60.0, 9.0, 31.0, 40.0, 1.0, 5.0)
    activity = summarise(replace(sampled, totals=totals)).activity
    assert (activity.elapsed_s, activity.moving_s) == (60, 9)
    assert (activity.distance_m, activity.ascent_m) == (31, 40)


def test_a_total_of_zero_is_not_believed_over_the_samples() -> None:
    sampled = track(t_s=[0, 10], distance_m=[0, 30])
    totals = Totals(elapsed_s=0.0, moving_s=0.0, distance_m=0.0)
    activity = summarise(replace(sampled, totals=totals)).activity
    assert (activity.elapsed_s, activity.moving_s, activity.distance_m) == (10, 10, 30)


def test_rests_at_the_wall_are_not_moving() -> None:
    """The timer runs on; only lengths that are the whole distance tell the time."""
    lengths = (Length(0, 25), Length(25, 20, active=False), Length(45, 26))
    swim = replace(
        track(t_s=[0, 25, 71], distance_m=[0, 25, 50]),
        lengths=lengths,
        pool_length_m=25.0,
        totals=Totals(moving_s=71.0, distance_m=50.0),
    )
    assert summarise(swim).activity.moving_s == 51
    drills = replace(swim, totals=Totals(moving_s=71.0, distance_m=100.0))
    assert summarise(drills).activity.moving_s == 71
    assert summarise(replace(swim, pool_length_m=None)).activity.moving_s == 71


def test_totals_out_of_bounds_are_left_out() -> None:
    totals = Totals(1e9, -1.0, NAN, 1e12, -5.0, 1e9)
    activity = summarise(replace(track(t_s=[0, 10]), totals=totals)).activity
    assert activity.elapsed_s == 10
    assert activity.moving_s is activity.distance_m is activity.calories_kcal is None
    assert activity.ascent_m is activity.descent_m is None


def test_standing_and_pauses_are_not_moving() -> None:
    going = track(t_s=[0, 10, 20, 30, 130], distance_m=[0, 30, 31, 61, 91])
    paused = replace(going, pauses=(Pause(40.0, 130.0),))
    assert summarise(going).activity.moving_s == 20
    assert summarise(paused).activity.moving_s == 30
    assert summarise(paused).activity.elapsed_s == 130


def test_moving_by_recorded_speed_where_there_is_no_distance() -> None:
    going = track(t_s=[0, 10, 20, 30], speed_m_s=[3, 0.4, NAN, 3])
    assert summarise(going).activity.moving_s == 10


def test_moving_cannot_be_told_without_either() -> None:
    assert summarise(track(t_s=[0, 10])).activity.moving_s is None


def test_distance_is_counted_from_the_first_sample() -> None:
    second_leg = track(t_s=[0, 10, 20], distance_m=[5_000, NAN, 5_060])
    summary = summarise(second_leg)
    assert summary.activity.distance_m == 60
    assert moved(summary).splits == Pieces(
        start_s=[0], duration_s=[20], distance_m=[60]
    )


def test_distance_by_great_circles() -> None:
    degree = track(t_s=[0, 10, 20], lat_deg=[0, NAN, 1], lon_deg=[9, NAN, 9])
    assert summarise(degree).activity.distance_m == pytest.approx(111_195.08, abs=0.1)


def test_haversine_over_the_antipodes() -> None:
    half = haversine_m(np.array([0.0, 0.0]), np.array([0.0, 180.0]))
    assert half[0] == pytest.approx(np.pi * 6_371_008.8)


def test_absurd_distances_are_no_distances() -> None:
    activity = summarise(track(t_s=[0, 10], distance_m=[0, 1e30])).activity
    assert activity.distance_m is None


@pytest.mark.parametrize(
    ("heights", "up", "down"),
    [
        pytest.param([10, 12, 10, 12.9, 10], 0, 0, id="noise"),
        pytest.param([10, 13, 16, 12, 20], 14, 4, id="hills"),
        pytest.param([10, NAN, 15], 5, 0, id="a gap"),
        pytest.param([NAN], 0, 0, id="nothing"),
    ],
)
def test_climbing_counts_by_three_metres(
    heights: list[float], up: float, down: float
) -> None:
    assert climb_m(np.array(heights)) == (up, down)


def test_climb_from_samples_and_from_half_a_declaration() -> None:
    hill = track(t_s=[0, 1, 2], altitude_m=[0, 50, 10])
    assert summarise(hill).activity.ascent_m == 50
    declared = replace(hill, totals=Totals(ascent_m=44.0))
    activity = summarise(declared).activity
    assert (activity.ascent_m, activity.descent_m) == (44, 40)
    declared = replace(hill, totals=Totals(descent_m=33.0))
    activity = summarise(declared).activity
    assert (activity.ascent_m, activity.descent_m) == (50, 33)


def test_splits_are_each_kilometre() -> None:
    run = track(t_s=[0, 300, 700], distance_m=[0, 1_500, 2_500])
    heart = replace(
        run, columns=dict(run.columns, heart_rate_bpm=np.array([120.0, 150, 180]))
    )
    summary = summarise(heart)
    assert moved(summary).splits == Pieces(
        start_s=[0, 200, 500], duration_s=[200, 300, 200], distance_m=[1000, 1000, 500]
    )
    assert beats_of(summary).split_mean_bpm == (120, 150, None)


def test_an_exact_kilometre_is_one_split() -> None:
    run = track(t_s=[0, 300], distance_m=[0, 1_000.4])
    splits = moved(summarise(run)).splits
    assert list(splits.distance_m) == [1_000]
    assert splits.duration_s[0] == pytest.approx(299.88, abs=0.01)


def test_splits_and_laps_are_bounded() -> None:
    far = track(t_s=seconds(2), distance_m=[0, 9_000_000])
    laps = tuple(Lap(i, 1.0) for i in range(3_000))
    activity = moved(summarise(replace(far, laps=laps)))
    assert len(activity.splits.start_s) == len(activity.laps.start_s) == 2_000
    assert activity.splits.distance_m[-1] == 1_000


def test_laps_that_cannot_be_are_left_out() -> None:
    laps = (Lap(0, 5, 12), Lap(-1, 5), Lap(5, NAN), Lap(5, 5, -3), Lap(6, 1e9))
    activity = moved(summarise(replace(track(t_s=seconds(11)), laps=laps)))
    assert activity.laps == Pieces(
        start_s=[0, 5], duration_s=[5, 5], distance_m=[12, None]
    )


def test_means_are_weighted_by_time() -> None:
    beats = track(t_s=[0, 9, 10], heart_rate_bpm=[100, 190, 190])
    summary = summarise(replace(beats, laps=(Lap(0, 9), Lap(9, 5), Lap(20, 5))))
    assert summary.heart_rate is not None
    # The last of them holds for one usual interval: the median of 9 s and 1 s.
    assert summary.heart_rate.mean_bpm == pytest.approx((900 + 190 + 950) / 15)
    assert beats_of(summary).lap_mean_bpm == (100, 190, None)


def test_samples_of_one_instant_count_alike() -> None:
    heart = summarise(track(t_s=[0, 0], heart_rate_bpm=[100, 200])).heart_rate
    assert heart is not None
    assert heart.mean_bpm == 150


def test_values_only_where_no_time_passes_count_alike() -> None:
    beats = track(t_s=[0, 5, 5, 5], heart_rate_bpm=[NAN, 100, 200, NAN])
    heart = summarise(beats).heart_rate
    assert heart is not None
    assert heart.mean_bpm == 150


def test_heart_rates_no_heart_has_are_not_recorded() -> None:
    heart = summarise(
        track(t_s=seconds(5), heart_rate_bpm=[0, 24, 140, 255, NAN])
    ).heart_rate
    assert heart is not None
    assert (heart.mean_bpm, heart.max_bpm) == (140, 140)
    assert summarise(track(t_s=[0, 1], heart_rate_bpm=[0, 0])).heart_rate is None


def test_a_meter_at_zero_throughout_measured_nothing() -> None:
    summary = summarise(track(t_s=list(range(60)), power_w=[0] * 60))
    assert summary.power is None
    assert Category.POWER not in summary.details


def test_power_counts_zeros_and_drops_spikes() -> None:
    power = summarise(track(t_s=seconds(6), power_w=[0, 300, 4_000, *[300] * 3])).power
    assert power is not None
    assert (power.mean_power_w, power.max_power_w) == (250, 300)
    assert (power.work_kj, power.measured_s) == (1.5, 6)
    assert power.normalized_power_w is None, "not half a minute of it"
    assert summarise(track(t_s=[0, 1], power_w=[NAN, NAN])).power is None


def test_cadence_counts_turning_only() -> None:
    activity = summarise(track(t_s=seconds(3), cadence_rpm=[0, 90, 80])).activity
    assert activity.mean_cadence_rpm == 85


def test_highest_speed_is_a_recorded_one() -> None:
    activity = summarise(track(t_s=seconds(3), speed_m_s=[3, 500, 4])).activity
    assert activity.max_speed_m_s == 4


def test_the_path_has_two_hundred_points_at_most() -> None:
    count = 5_000
    t = np.arange(count)
    long = track(t_s=list(t), lat_deg=list(-48 - t * 1e-5), lon_deg=[-123.0] * count)
    place = summarise(long).location
    assert place is not None
    assert 190 <= len(place.lat_deg) <= 200
    assert (place.lat_deg[0], place.lat_deg[-1]) == (-48, -48.04999)
    assert np.diff(place.along_m).std() < 1


def test_a_path_needs_positions() -> None:
    assert (
        summarise(track(t_s=[0, 1], lat_deg=[0, 91], lon_deg=[0, 3])).location is None
    )
    one = track(t_s=[0, 1], lat_deg=[NAN, 4], lon_deg=[2, 3], distance_m=[0, 8])
    place = summarise(one).location
    assert place is not None
    assert (place.along_m, place.lat_deg, place.lon_deg) == ([8], [4], [3])


def test_a_single_position_is_a_place() -> None:
    place = summarise(track(t_s=[0], lat_deg=[4], lon_deg=[3])).location
    assert place is not None
    assert (place.along_m, place.lat_deg) == ([0], [4])


def test_notes_are_kept_within_bounds() -> None:
    long = replace(track(t_s=[]), name="n" * 5_000, description="d" * 50_000)
    assert summarise(long).notes == NotesCell(
        name="n" * 1_000, description="d" * 20_000
    )


def test_facts_become_a_cell_when_the_zone_is_known() -> None:
    facts = summarise(track(t_s=seconds(3), distance_m=[0, 5, 10])).activity
    cell = facts.at(utc_offset_s=3_600, zone="Europe/Paris", source="position")
    assert cell.zone == "Europe/Paris"
    assert cell.distance_m == facts.distance_m
    added = {"utc_offset_s", "zone", "zone_source", "laps", "splits", "gear"}
    assert set(ActivityCell.model_fields) == set(ActivityFacts.model_fields) | added


columns = st.dictionaries(
    st.sampled_from(COLUMNS[1:]),
    st.lists(
        st.floats(allow_infinity=False) | st.floats(-200, 300), min_size=12, max_size=12
    ),
)


@given(columns, st.lists(st.floats(0, 5_000), min_size=12, max_size=12))
@settings(max_examples=80, deadline=None)
def test_any_track_has_a_summary(
    recorded: dict[str, list[float]], times: list[float]
) -> None:
    check(summarise(track(t_s=sorted(times), **recorded)))


def test_a_track_within_next_to_no_time_has_a_summary() -> None:
    times = [0.0, 2.2e-309, 2.2250738585072014e-308, 1.0, 1.0, 1.0]
    far = [0.0, 0.0, 100_000_001.0, 100_000_001.0, 100_000_001.0, 100_000_001.0]
    check(summarise(track(t_s=times, distance_m=far)))


def test_a_track_of_many_years_has_a_summary() -> None:
    far = [0, 1, 2, 1.7e9, 1.7e9 + 1]
    summary = summarise(
        track(t_s=far, distance_m=[0, 5, 10, 15, 2e6], heart_rate_bpm=[99] * 5)
    )
    check(summary)
    assert beats_of(summary).bpm.seconds == (1 + 1 + 5 + 1 + 1,)
    assert not moved(summary).best_s


def check(summary: Summary) -> None:
    """What comes out is within the bounds of its models, and adds up."""
    for cell in (summary.activity, summary.heart_rate, summary.power):
        if cell is not None:
            type(cell).model_validate_json(cell.model_dump_json(), strict=True)
    for category, detail in summary.details.items():
        DETAILS[category].model_validate_json(detail.model_dump_json(), strict=True)
        for name in ("mean_max_speed_m_s", "mean_max_bpm", "mean_max_power_w"):
            curve = getattr(detail, name, ())
            assert all(map(ge, curve, curve[1:]))
    if summary.power:
        adds_up(power_of(summary).power, summary.power.measured_s)
    if summary.heart_rate:
        adds_up(beats_of(summary).bpm, summary.heart_rate.measured_s)


def adds_up(bins: Histogram, measured_s: float | None) -> None:
    assert measured_s is not None
    assert sum(bins.seconds) == pytest.approx(measured_s, abs=0.51)
