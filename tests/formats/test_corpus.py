"""Real files, read in place: nothing of them is in this repository."""

import io
import json
import warnings
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import fitdecode
import numpy as np
import pytest

from pierre_mcp.formats.faults import Reason, UnreadableError
from pierre_mcp.formats.fit_beats import Beats, beats
from pierre_mcp.formats.fit_chain import parts
from pierre_mcp.formats.fit_messages import EPOCH_S, RECORD
from pierre_mcp.formats.fit_scan import Scan
from pierre_mcp.formats.fit_table import table
from pierre_mcp.formats.limits import Limits
from pierre_mcp.formats.reading import read_tracks
from pierre_mcp.formats.samples import Samples
from pierre_mcp.model.track import Track

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
NAMES = {
    "alt": "altitude_m",
    "cadence": "cadence_rpm",
    "distance": "distance_m",
    "heart_rate": "heart_rate_bpm",
    "lat": "lat_deg",
    "lon": "lon_deg",
    "power": "power_w",
    "speed": "speed_m_s",
}
DEVELOPER_POWER, DEVELOPER_SPEED = 3, 1
"""Files with these in a developer field alone, where the other decoders leave them."""
FRACTIONAL_CADENCE = 13
"""Files with ``fractional_cadence`` (field 53), which the other decoders leave apart.

Half a step a minute of a runner, so theirs is ours without what follows the point.
"""
LATER_BEATS = 2
"""Swims whose strap stored its beats apart, where the other decoders leave them."""
CHAINED_BEATS = (
    "dtcooper+python-fitparse/tests/files/event_timestamp.fit",
    "dtcooper+python-fitparse/tests/files/sample_mulitple_header.fit",
    "polyvertex+fitdecode/tests/files/garmin-fr935-cr.fit",
)
TRIATHLON = CHAINED_BEATS[1]

pytestmark = [
    pytest.mark.unmeasured,
    pytest.mark.skipif(
        not CORPUS.is_dir(),
        reason="the corpus of real files is not beside this checkout",
    ),
]


def golden(name: str) -> dict[str, Any]:
    path = CORPUS / name
    loaded: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return loaded


@cache
def read(path: Path) -> tuple[list[Track], Reason | None]:
    try:
        return read_tracks(io.BytesIO(path.read_bytes()), Limits()), None
    except UnreadableError as fault:
        return [], fault.reason


def measured(tracks: list[Track], name: str) -> tuple[int, float]:
    parts = [t.columns[name] for t in tracks if name in t.columns]
    values = np.concatenate([*parts, np.empty(0)])
    values = values[~np.isnan(values)]
    return len(values), float(values.sum())


def differs(tracks: list[Track], column: str, agreed: Any) -> bool:
    if column == "n":
        return bool(sum(t.samples for t in tracks) != agreed)
    count, total = measured(tracks, NAMES[column])
    return bool(count != agreed[0] or abs(total - agreed[1]) > 0.2 + 1e-6 * abs(total))


def explained(path: Path, tracks: list[Track], column: str, agreed: Any) -> str:
    """Name what we read on purpose and the other decoders do not."""
    if column in {"power", "speed"} and agreed[0] == 0:
        return f"developer {column}"
    if column == "cadence":
        columns = [t.columns for t in tracks if "cadence_rpm" in t.columns]
        whole = sum(float(np.nansum(np.floor(c["cadence_rpm"]))) for c in columns)
        if abs(whole - agreed[1]) < 0.2:
            return "fractional cadence"
    if column == "heart_rate" and len(beats_of(path).times_s):
        more, total = measured(tracks, "heart_rate_bpm")
        if more > agreed[0] and total > agreed[1]:
            return "later beats"
    return f"wrong {column} of {path}"


def beats_of(path: Path) -> Beats:
    data = path.read_bytes()
    scans = [Scan(data, part.body, part.end) for part in parts(data)]
    return beats(scans, Limits())


def test_fit_agrees_wherever_four_decoders_do() -> None:
    compared, known = 0, Counter[str]()
    for path, facts in golden("golden_fit.json").items():
        tracks, reason = read(CORPUS / path)
        if reason is Reason.NOT_AN_ACTIVITY:
            continue
        for column, vote in facts.get("consensus", {}).items():
            if vote["votes"] != "4/4":
                continue
            compared += 1
            if differs(tracks, column, vote["value"]):
                known[explained(CORPUS / path, tracks, column, vote["value"])] += 1
    assert known == {
        "developer power": DEVELOPER_POWER,
        "developer speed": DEVELOPER_SPEED,
        "fractional cadence": FRACTIONAL_CADENCE,
        "later beats": LATER_BEATS,
    }
    assert compared > 400


def told_by_fitdecode(path: Path) -> list[list[tuple[float, int]]]:
    """Return (seconds, bpm) of the beats that follow each tie to the clock.

    Its short ticks begin at zero and not at those of the tie, so its seconds are late
    by a few whole ones, the same all along: only their differences are compared.
    """
    told: list[list[tuple[float, int]]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames = list(fitdecode.FitReader(io.BytesIO(path.read_bytes())))
    for frame in frames:
        if not isinstance(frame, fitdecode.FitDataMessage) or frame.name != "hr":
            continue
        if frame.has_field("timestamp"):
            told.append([])
            continue
        ticks = [f.raw_value for f in frame.fields if f.name == "event_timestamp"]
        told[-1] += zip(ticks, frame.get_value("filtered_bpm"), strict=True)
    return told


@pytest.mark.parametrize("name", CHAINED_BEATS, ids=lambda name: Path(name).stem)
def test_beats_agree_with_fitdecode(name: str) -> None:
    ours, at = beats_of(CORPUS / name), 0
    for told in told_by_fitdecode(CORPUS / name):
        at += 1  # the tie is a beat of its own
        seconds, bpm = np.array(told).T
        part = slice(at, at + len(told))
        assert ours.bpm[part].tolist() == bpm.tolist()
        assert np.diff(ours.times_s[part]) == pytest.approx(np.diff(seconds), abs=1e-3)
        at = part.stop
    assert at == len(ours.bpm)


def test_beats_lie_where_the_records_have_them() -> None:
    """On land the watch hears the strap as well, and so tells how well ours lie."""
    data = (CORPUS / TRIATHLON).read_bytes()
    activity = next(parts(data))
    records = table(Scan(data, activity.body, activity.end), RECORD)
    heard = records.get("heart_rate_bpm")
    times = records.get("time")[~np.isnan(heard)] + EPOCH_S
    told = beats_of(CORPUS / TRIATHLON).fill(Samples(times, {}))
    apart = np.abs(told.columns["heart_rate_bpm"] - heard[~np.isnan(heard)])
    assert np.isfinite(apart).sum() > 170
    assert np.nanmean(apart) < 0.4


def test_all_salvage_cases_recover_their_records() -> None:
    cases = {
        path: facts["salvage_expect"]["records_at_least"]
        for path, facts in golden("golden_fit.json").items()
        if "salvage_expect" in facts
    }
    assert len(cases) == 5
    for path, least in cases.items():
        data = (CORPUS / path).read_bytes()
        reached = sum(
            Scan(data, part.body, part.end).count(RECORD) for part in parts(data)
        )
        tracks, _ = read(CORPUS / path)
        kept = sum(track.samples for track in tracks)
        words = {word for track in tracks for word in track.repairs}
        assert reached >= least
        # One record of them all has a time of another year, and is named.
        assert kept == reached or (kept == reached - 1 and "stray_time" in words)


@pytest.mark.parametrize(
    ("name", "sports"),
    [
        pytest.param(TRIATHLON, "swimming transition cycling transition running"),
        pytest.param(
            "jimmykane+fit-parser/examples/triathlon_summary_first.fit",
            "swimming transition cycling transition running",
        ),
        pytest.param(
            "jimmykane+fit-parser/examples/triathlon_summary_last.fit",
            "swimming transition cycling transition running",
        ),
    ],
    ids=["chained", "summary first", "summary last"],
)
def test_a_triathlon_is_five_parts_of_one_event(name: str, sports: str) -> None:
    tracks, _ = read(CORPUS / name)
    assert [track.sport.value for track in tracks] == sports.split()
    assert [track.event_part for track in tracks] == [1, 2, 3, 4, 5]
    starts = [track.started_at for track in tracks]
    assert starts == sorted(starts)


def test_chained_activities_are_no_event() -> None:
    path = CORPUS / "muktihari+fit/testdata/chained_Activity_activity_poolswim.fit"
    tracks, _ = read(path)
    assert [track.event_part for track in tracks] == [None, None]
    assert 20 < (tracks[1].pool_length_m or 0) < 60
    assert len(tracks[1].lengths) == 24


def messages_of(path: Path, name: str) -> list[fitdecode.FitDataMessage]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames = list(fitdecode.FitReader(io.BytesIO(path.read_bytes())))
    return [
        frame
        for frame in frames
        if isinstance(frame, fitdecode.FitDataMessage) and frame.name == name
    ]


@pytest.mark.parametrize(
    "name",
    [
        "stadelmanma+fitparse-rs/fitparser/tests/fixtures/hrv-activity.fit",
        "dtcooper+python-fitparse/tests/files/garmin-fenix-5-run.fit",
    ],
    ids=lambda name: Path(name).stem,
)
def test_times_between_beats_agree_with_fitdecode(name: str) -> None:
    told = [
        seconds
        for message in messages_of(CORPUS / name, "hrv")
        for seconds in message.get_value("time")
        if seconds is not None
    ]
    (track,), _ = read(CORPUS / name)
    assert len(told) > 50
    assert track.beats_s == pytest.approx(np.array(told), abs=1e-9)


def test_lengths_agree_with_fitdecode() -> None:
    path = CORPUS / CHAINED_BEATS[0]
    told = messages_of(path, "length")
    tracks, _ = read(path)
    (swim,) = (track for track in tracks if track.lengths)
    assert len(swim.lengths) == len(told) == 166
    for ours, theirs in zip(swim.lengths, told, strict=True):
        assert ours.duration_s == theirs.get_value("total_elapsed_time")
        assert ours.strokes == theirs.get_value("total_strokes", fallback=None)
        assert ours.stroke == theirs.get_value("swim_stroke", fallback=None)
        assert ours.active == (theirs.get_value("length_type") == "active")


def test_what_developers_add_is_kept() -> None:
    kept = Counter(
        name
        for path in golden("golden_fit.json")
        for track in read(CORPUS / path)[0]
        for name in track.columns
    )
    assert kept["form_power_w"] == 3
    assert kept["leg_spring_stiffness_kn_m"] == 3
    assert kept["ground_contact_ms"] > 5
    assert kept["vertical_oscillation_mm"] > 5
    assert kept["depth_m"] > 1


def test_xml_agrees_with_three_parsers() -> None:
    compared = 0
    for path, facts in golden("golden_xml.json").items():
        tracks, reason = read(CORPUS / path)
        agreed = facts["result"].get("expat")
        partly = {"untimed_samples"} & {w for t in tracks for w in t.repairs}
        untimed_track = agreed and agreed[0] > sum(t.samples for t in tracks)
        if reason or partly or untimed_track:
            assert reason in {None, Reason.NO_TIMES, Reason.NO_SAMPLES}, path
            continue
        compared += 1
        n, located, lat, beats, bpm, watts = agreed
        assert sum(t.samples for t in tracks) == n, path
        count, total = measured(tracks, "lat_deg")
        assert count == located, path
        assert total == pytest.approx(lat, abs=0.001), path
        # The other parsers count no zeros.
        assert measured(tracks, "heart_rate_bpm")[1] == bpm, path
        assert measured(tracks, "heart_rate_bpm")[0] >= beats, path
        assert measured(tracks, "power_w")[0] >= watts, path
    assert compared > 40


def test_every_file_has_an_outcome() -> None:
    files = [p for p in CORPUS.rglob("*") if p.suffix in {".fit", ".gpx", ".tcx"}]
    outcomes = [read(path) for path in files]
    assert sum(1 for tracks, _ in outcomes if tracks) > 110
    assert all(tracks or reason for tracks, reason in outcomes)
