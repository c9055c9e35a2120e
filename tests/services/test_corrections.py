"""Corrections: seen by every reader, kept by file, and taken back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import (
    ActivityAmbiguousError,
    ActivityUnknownError,
    CorrectionUnknownError,
    CorrectionUnsoundError,
    GearUnknownError,
)
from pierre_mcp.formats.columns import unpack
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import HeartRateCell, NotesCell
from pierre_mcp.model.correction import Change, Correction, Part
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording, Recording
from pierre_mcp.policy import correcting
from pierre_mcp.policy.folding import fold_whole
from pierre_mcp.services import corrections, history
from pierre_mcp.services.renewal import Renewal
from pierre_mcp.services.rotation import Emergency
from pierre_mcp.services.steps import Step
from pierre_mcp.store import (
    activity,
    gear,
    imports,
    originals,
    recordings,
    renewal,
    rewriting,
)
from pierre_mcp.store import corrections as stored
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.recordings import Wanted
from tests.corpus import recorded
from tests.fakes import StillClock
from tests.services.made import made, ride
from tests.store.rotating import a_rotation, run
from tests.stores import (
    FILES,
    NOW,
    STRAVA,
    a_digest,
    a_grant,
    a_recording,
    a_store,
    begin_import,
    owner_grant,
    owner_of,
    pairs_of,
)

DAY = "2026-02-01"
ALL = tuple(Category)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "store") as made:
        yield made


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


@contextmanager
def writing(store: Store) -> Iterator[Tx]:
    store.refill()
    with store.writing() as tx:
        yield tx


def brought(store: Store, grant: Grant, new: NewRecording, *, file: str = "one") -> str:
    """Import a recording of a file, corrected as an import corrects it."""
    digest = a_digest(file)
    with writing(store) as tx:
        run_ = begin_import(tx, grant)
        mended = corrections.mended(tx, grant, new, digest)
        one = recordings.seal(tx.ring, grant, mended, digest=digest, import_id=run_)
        recordings.add(tx, grant, [one])
        return run_


def mend(
    store: Store, grant: Grant, part: Part, value: Any, ref: str = DAY
) -> corrections.Corrected:
    with writing(store) as tx:
        return corrections.rectify(tx, grant, ref, part, value, why="a slip")


def seen(store: Store, grant: Grant, ref: str = DAY) -> Recording:
    with store.reading() as tx:
        return fold_whole(corrections.find(tx, grant, ref))


@pytest.mark.promise("rights.rectify")
@pytest.mark.parametrize(
    ("part", "value", "look"),
    [
        (Part.SPORT, "cycling", lambda r: r.sport),
        (Part.NAME, "Evening", lambda r: r.notes.name),
        (Part.DESCRIPTION, "With Ben", lambda r: r.notes.description),
        (Part.ELAPSED, 7_200.0, lambda r: r.activity.elapsed_s),
        (Part.MOVING, 3_000.0, lambda r: r.activity.moving_s),
        (Part.DISTANCE, 12_000.0, lambda r: r.activity.distance_m),
        (Part.DISTANCE, None, lambda r: r.activity.distance_m),
        (Part.ASCENT, 120.0, lambda r: r.activity.ascent_m),
        (Part.ENERGY, 640.0, lambda r: r.activity.calories_kcal),
        (Part.MEAN_HEART_RATE, 150.0, lambda r: r.heart_rate.mean_bpm),
        (Part.MAX_HEART_RATE, 180.0, lambda r: r.heart_rate.max_bpm),
        (Part.MEAN_POWER, 220.0, lambda r: r.power.mean_power_w),
    ],
)
def test_each_part_and_back(
    store: Store,
    grant: Grant,
    part: Part,
    value: Any,
    look: Callable[[Recording], Any],
) -> None:
    brought(store, grant, a_recording())
    before = seen(store, grant)
    done = mend(store, grant, part, value)
    assert (done.now, done.was, done.recordings) == (value, look(before), 1)
    after = seen(store, grant)
    assert look(after) == value
    with store.reading() as tx:
        [held] = corrections.listed(tx, grant)
        assert activity.details_of(tx, grant, after) == activity.details_of(
            tx, grant, before
        )
    [change] = held.correction.changes.values()
    assert (change.was, change.now, change.why) == (look(before), value, "a slip")
    assert (held.activity, held.day, change.at) == (done.activity, DAY, NOW)
    with writing(store) as tx:
        [back] = corrections.undo(tx, grant, DAY, part)
    assert (back.was, back.now) == (value, look(before))
    assert seen(store, grant) == before
    with store.reading() as tx:
        assert corrections.listed(tx, grant) == []


@pytest.mark.promise("rights.rectify")
def test_it_outlives_an_undo_and_is_there_again(store: Store, grant: Grant) -> None:
    brought(store, grant, a_recording())
    mend(store, grant, Part.DISTANCE, 9_000.0)
    mend(store, grant, Part.DISTANCE, 9_500.0)
    mend(store, grant, Part.NAME, "Race")
    mend(store, grant, Part.SPORT, "hiking")
    corrected = seen(store, grant)
    with writing(store) as tx:
        [run_] = imports.listed(tx, grant)
        recordings.undo(tx, grant, run_.id)
    with store.reading() as tx:
        [held] = corrections.listed(tx, grant)
    assert (held.recording, held.activity, held.day) == (None, None, None)
    assert held.correction.changes[Part.DISTANCE].was == 10_000, "as it came"
    brought(store, grant, a_recording())
    again = seen(store, grant)
    assert replace(again, id=corrected.id, activity_id=corrected.activity_id) == (
        corrected
    )
    brought(store, grant, a_recording(day="2026-02-03"), file="another")
    assert seen(store, grant, "2026-02-03").activity.distance_m == 10_000
    with writing(store) as tx:
        corrections.undo(tx, grant, DAY, None)
    assert seen(store, grant).activity.distance_m == 10_000
    assert seen(store, grant).sport is Sport.RUNNING


def test_totals_see_it(store: Store, grant: Grant) -> None:
    brought(store, grant, a_recording())
    mend(store, grant, Part.DISTANCE, 7_000.0)
    mend(store, grant, Part.SPORT, "walking")
    with store.reading() as tx:
        found = history.read(tx, grant, Wanted(sport=Sport.WALKING))
    assert found.numbers["distance_m"].tolist() == [7_000]
    assert found.speed_m_s.tolist() == [2.0]


def test_a_recipient_of_one_source_sees_it_too(store: Store, grant: Grant) -> None:
    for where, file in ((FILES, "one"), (STRAVA, "two")):
        brought(store, grant, a_recording(where=where), file=file)
    settle(store, grant)
    assert mend(store, grant, Part.DISTANCE, 7_000.0).recordings == 2
    theirs = a_grant(owner_of(store), pairs=pairs_of("strava", *ALL))
    with store.reading() as tx:
        [one] = activity.recordings_of(tx, theirs, seen_id(tx, grant))
    assert one.activity.distance_m == 7_000


def settle(store: Store, grant: Grant) -> None:
    for step, _ in Renewal().steps():
        take(store, grant, step)


def take(store: Store, grant: Grant, step: Step) -> None:
    store.refill()
    with store.reading() as tx:
        step.prepare(tx, grant)
    with store.writing() as tx:
        step.write(tx, grant)


def seen_id(tx: Tx, grant: Grant) -> str:
    return corrections.find(tx, grant, DAY)[0].activity_id


@pytest.mark.promise("keys.bound-cell")
def test_another_day_seals_all_of_it_again(store: Store, grant: Grant) -> None:
    new = recorded(made(ride(90), Sport.CYCLING, 0))
    there = {"zone": "Europe/Zurich", "utc_offset_s": 3_600}
    cell = new.activity.model_copy(update=there)
    brought(store, grant, replace(new, activity=cell))
    content = b"the file" * 100_000
    before = seen(store, grant, "2026-01-31")
    with writing(store) as tx:
        home = originals.home_of(tx, grant, before.id)
        assert home is not None
        cells = [
            originals.seal_chunk(tx.ring, grant, home, content, n) for n in range(1, 5)
        ]
        cells.append(originals.seal_head(tx.ring, grant, home, content))
        originals.add(tx, grant, home, cells, after=None, content=content)
        streams = renewal.streams_of(tx, grant, before)
        details = activity.details_of(tx, grant, before)
    july = 1_751_464_000_000_000
    done = mend(store, grant, Part.START, july, "2026-01-31")
    assert done.day == "2025-07-02"
    after = seen(store, grant, done.day)
    assert after.activity.utc_offset_s == 7_200, "it is summer there"
    with store.reading() as tx:
        assert renewal.streams_of(tx, grant, after) == streams
        assert activity.details_of(tx, grant, after) == details
        assert originals.content(tx, grant, after.id) == content
        assert unpack(streams["t_s"]).size == 90
    with writing(store) as tx:
        corrections.undo(tx, grant, done.day, Part.START)
    assert seen(store, grant, "2026-01-31") == before


def test_what_belongs_together_is_settled_again(store: Store, grant: Grant) -> None:
    """A sport or a day corrected on one brings together, and keeps together."""
    ride_ = a_recording(where=STRAVA, sport=Sport.CYCLING)
    brought(store, grant, a_recording(), file="watch")
    brought(store, grant, ride_, file="copy")
    settle(store, grant)
    with store.reading() as tx:
        rows = list(recordings.newest(tx, grant, Wanted()))
    assert len({row.activity_id for row in rows}) == 2
    with store.reading() as tx, pytest.raises(ActivityAmbiguousError):
        corrections.find(tx, grant, DAY)
    [run_] = [row.activity_id for row in rows if row.sport == "running"]
    done = mend(store, grant, Part.SPORT, "cycling", run_)
    assert len(together(store, grant)) == 2
    assert done.activity == run_ == seen(store, grant).activity_id
    moved = mend(
        store, grant, Part.START, started_us(store, grant) - 5 * 86_400_000_000
    )
    assert (moved.day, moved.recordings) == ("2026-01-27", 2)
    assert len(together(store, grant, moved.day)) == 2
    with writing(store) as tx:
        back = corrections.undo(tx, grant, moved.day, None)
    assert {one.part for one in back} == {Part.SPORT, Part.START}
    with store.reading() as tx:
        again = list(recordings.newest(tx, grant, Wanted()))
    assert {row[2:6] for row in again} == {row[2:6] for row in rows}
    assert len({row.activity_id for row in again}) == 2
    settle(store, grant)
    with store.reading() as tx:
        assert len({r.activity_id for r in recordings.newest(tx, grant, Wanted())}) == 2


def together(store: Store, grant: Grant, ref: str = DAY) -> list[Recording]:
    with store.reading() as tx:
        return corrections.find(tx, grant, ref)


def started_us(store: Store, grant: Grant) -> int:
    return seen(store, grant).activity.started_us


def test_copies_keep_their_distance_in_time(store: Store, grant: Grant) -> None:
    later = a_recording(where=STRAVA)
    cell = later.activity
    later = replace(
        later,
        activity=cell.model_copy(update={"started_us": cell.started_us + 7_000_000}),
    )
    brought(store, grant, a_recording(), file="one")
    brought(store, grant, later, file="two")
    settle(store, grant)
    mend(store, grant, Part.START, started_us(store, grant) + 60_000_000)
    one, two = sorted(together(store, grant), key=lambda r: r.where.source)
    assert two.activity.started_us - one.activity.started_us == 7_000_000


def test_gear_goes_by_its_name(store: Store, grant: Grant) -> None:
    run_ = brought(store, grant, a_recording())
    with pytest.raises(GearUnknownError):
        mend(store, grant, Part.GEAR, "Old shoes")
    with writing(store) as tx:
        gear.add(tx, grant, "strava", Gear(name="Old shoes", kind="shoes"), run_)
    assert mend(store, grant, Part.GEAR, "Old shoes").was is None
    first = seen(store, grant).activity.gear
    with writing(store) as tx:
        gear.undo(tx, grant, run_)
        recordings.undo(tx, grant, run_)
    other = begin(store, grant)
    with writing(store) as tx:
        again = gear.add(
            tx, grant, "strava", Gear(name="Old shoes", kind="shoes"), other
        )
    brought(store, grant, a_recording())
    assert seen(store, grant).activity.gear == again != first
    with writing(store) as tx:
        gear.undo(tx, grant, other)
        mended = corrections.mended(tx, grant, a_recording(), a_digest("one"))
        assert mended.activity.gear is None, "there is no such gear by now"
        corrections.undo(tx, grant, DAY, Part.GEAR)
    assert seen(store, grant).activity.gear is None


def test_a_recipients_import_is_corrected_and_reads_no_more(
    store: Store, grant: Grant
) -> None:
    run_ = brought(store, grant, a_recording())
    with writing(store) as tx:
        gear.add(tx, grant, "strava", Gear(name="Old shoes", kind="shoes"), run_)
    mend(store, grant, Part.GEAR, "Old shoes")
    mend(store, grant, Part.DISTANCE, 9_000.0)
    theirs = a_grant(owner_of(store), pairs=pairs_of("files", *ALL))
    with store.reading() as tx:
        new = corrections.mended(tx, theirs, a_recording(), a_digest("one"))
    assert (new.activity.distance_m, new.activity.gear) == (9_000, None)


def begin(store: Store, grant: Grant) -> str:
    with writing(store) as tx:
        return begin_import(tx, grant)


def test_a_cell_there_was_none_of(store: Store, grant: Grant) -> None:
    brought(store, grant, a_recording(bare=True))
    mend(store, grant, Part.MEAN_HEART_RATE, 140.0)
    mend(store, grant, Part.NAME, "Loop")
    found = seen(store, grant)
    assert found.heart_rate == HeartRateCell(mean_bpm=140, max_bpm=None)
    assert found.notes == NotesCell(name="Loop")
    with writing(store) as tx:
        corrections.undo(tx, grant, DAY, None)
    assert (seen(store, grant).heart_rate, seen(store, grant).notes) == (None, None)


def test_only_copies_that_have_the_cell(store: Store, grant: Grant) -> None:
    brought(store, grant, a_recording(bare=True), file="one")
    brought(store, grant, a_recording(where=STRAVA), file="two")
    settle(store, grant)
    assert mend(store, grant, Part.MAX_HEART_RATE, 175.0).recordings == 1
    bare, other = sorted(together(store, grant), key=lambda r: r.where.source)
    assert bare.heart_rate is None
    assert isinstance(other.heart_rate, HeartRateCell)
    assert other.heart_rate.max_bpm == 175


@pytest.mark.parametrize(
    ("part", "value"),
    [
        (Part.MOVING, 3_601.0),
        (Part.ELAPSED, 10.0),
        (Part.MEAN_HEART_RATE, 172.0),
        (Part.START, 0),
        (Part.START, 4_000_000_000_000_000),
    ],
)
def test_what_contradicts_itself_is_refused(
    store: Store, grant: Grant, part: Part, value: Any
) -> None:
    brought(store, grant, a_recording())
    before = seen(store, grant)
    with pytest.raises(CorrectionUnsoundError):
        mend(store, grant, part, value)
    assert seen(store, grant) == before
    with store.reading() as tx:
        assert corrections.listed(tx, grant) == []


def test_to_what_it_was_is_no_correction(store: Store, grant: Grant) -> None:
    brought(store, grant, a_recording())
    mend(store, grant, Part.DISTANCE, 9_000.0)
    mend(store, grant, Part.DISTANCE, 10_000.0)
    with store.reading() as tx:
        assert corrections.listed(tx, grant) == []
    with writing(store) as tx, pytest.raises(CorrectionUnknownError):
        corrections.undo(tx, grant, DAY, None)


def test_only_shown(store: Store, grant: Grant) -> None:
    brought(store, grant, a_recording())
    before = seen(store, grant)
    with store.reading() as tx:
        one = corrections.rectify(tx, grant, DAY, Part.NAME, "x", keep=False)
    assert (one.was, one.now) == ("Morning Run", "x")
    assert seen(store, grant) == before
    for ref in ("2026-02-02", "no such id"):
        with store.reading() as tx, pytest.raises(ActivityUnknownError):
            corrections.find(tx, grant, ref)


@pytest.mark.promise("rights.rectify")
def test_a_new_formula_computes_from_what_was_recorded(
    store: Store, grant: Grant
) -> None:
    new = recorded(made(ride(120, bpm=150.0), Sport.CYCLING, 0))
    brought(store, grant, new)
    day = "2026-01-31"
    mend(store, grant, Part.MEAN_HEART_RATE, 130.0, day)
    mend(
        store, grant, Part.START, started_us_on(store, grant, day) - 3_600_000_000, day
    )
    with writing(store) as tx:
        [row] = recordings.newest(tx, grant, Wanted())
        key = stored.key_of(tx, grant, row.id)
        held = stored.find(tx, grant, key)
        older = held.changes[Part.MEAN_HEART_RATE].model_copy(update={"was": 149.0})
        changes = {**held.changes, Part.MEAN_HEART_RATE: older}
        stored.put(tx, grant, key, Correction(changes=changes))
        tx.execute("UPDATE recordings SET formula = 1")
    settle(store, grant)
    found = seen(store, grant, day)
    assert isinstance(found.heart_rate, HeartRateCell)
    assert (found.formula, found.heart_rate.mean_bpm) == (2, 130)
    with writing(store) as tx:
        back = corrections.undo(tx, grant, day, None)
    assert {one.part: one.now for one in back} == {
        Part.MEAN_HEART_RATE: 150,
        Part.START: new.activity.started_us,
    }


def test_what_is_corrected_while_it_is_computed_again_stays(
    store: Store, grant: Grant
) -> None:
    new = recorded(made(ride(120), Sport.CYCLING, 0))
    brought(store, grant, new)
    with writing(store) as tx:
        tx.execute("UPDATE recordings SET formula = 1")
    steps = Renewal().steps()
    look, _ = next(steps)
    take(store, grant, look)
    renew, _ = next(steps)
    with store.reading() as tx:
        renew.prepare(tx, grant)
    mend(store, grant, Part.DISTANCE, 5.0, "2026-01-31")
    with writing(store) as tx:
        renew.write(tx, grant)
    assert seen(store, grant, "2026-01-31").activity.distance_m == 5
    assert seen(store, grant, "2026-01-31").formula == 1, "it is left for the next time"
    settle(store, grant)
    found = seen(store, grant, "2026-01-31")
    assert (found.activity.distance_m, found.formula) == (5, 2)


def test_a_file_being_kept_stops_where_its_day_is_corrected(
    store: Store, grant: Grant
) -> None:
    brought(store, grant, a_recording())
    with writing(store) as tx:
        home = originals.home_of(tx, grant, seen_in(tx, grant).id)
        assert home is not None
        first = originals.seal_chunk(tx.ring, grant, home, b"file", 1)
        assert originals.add(tx, grant, home, [first], after=None, content=b"file")
    mend(store, grant, Part.START, started_us(store, grant) - 86_400_000_000)
    with writing(store) as tx:
        head = originals.seal_head(tx.ring, grant, home, b"file")
        assert not originals.add(tx, grant, home, [head], after=first, content=b"file")


def seen_in(tx: Tx, grant: Grant) -> Recording:
    return corrections.find(tx, grant, DAY)[0]


def started_us_on(store: Store, grant: Grant, day: str) -> int:
    return seen(store, grant, day).activity.started_us


@pytest.mark.promise("rights.rectify")
@pytest.mark.parametrize("emergency", [False, True], ids=["rotation", "emergency"])
def test_it_is_known_by_new_keys(
    store: Store, grant: Grant, *, emergency: bool
) -> None:
    run_ = brought(store, grant, a_recording())
    mend(store, grant, Part.DISTANCE, 9_000.0)
    assert run(store, a_rotation(Emergency(StillClock(), None) if emergency else None))
    mend(store, grant, Part.NAME, "After")
    with writing(store) as tx:
        recordings.undo(tx, grant, run_)
    brought(store, grant, a_recording())
    again = seen(store, grant)
    assert again.activity.distance_m == 9_000
    assert isinstance(again.notes, NotesCell)
    assert again.notes.name == "After"


def test_a_file_takes_over_what_its_row_had(store: Store, grant: Grant) -> None:
    """An export's row alone gives way to its file; what was corrected stays so."""
    row, file = a_digest("row"), a_digest("file")
    bare = a_recording(where=STRAVA, bare=True)
    run_ = brought(store, grant, bare, file="row")
    mend(store, grant, Part.DISTANCE, 8_000.0)
    with writing(store) as tx:
        new = corrections.mended(tx, grant, a_recording(where=STRAVA), file, row)
        assert new.activity.distance_m == 8_000
        recordings.drop(tx, grant, row, "strava")
        corrections.follow(tx, grant, row, file, "strava")
        corrections.follow(tx, grant, row, file, "strava")  # nothing is left to move
        one = recordings.seal(tx.ring, grant, new, digest=file, import_id=run_)
        recordings.add(tx, grant, [one])
    with writing(store) as tx:
        [back] = corrections.undo(tx, grant, DAY, None)
    assert back.now == 10_000


@pytest.mark.parametrize(
    ("categories", "left"),
    [
        (set(Category), set()),
        ({Category.HEART_RATE}, {Part.DISTANCE, Part.NAME}),
        ({Category.NOTES, Category.ACTIVITIES}, {Part.MAX_HEART_RATE}),
        ({Category.POWER}, {Part.DISTANCE, Part.NAME, Part.MAX_HEART_RATE}),
    ],
)
def test_what_is_deleted_takes_its_corrections_along(
    store: Store, grant: Grant, categories: set[Category], left: set[Part]
) -> None:
    brought(store, grant, a_recording())
    mend(store, grant, Part.DISTANCE, 9_000.0)
    mend(store, grant, Part.NAME, "Race")
    mend(store, grant, Part.MAX_HEART_RATE, 180.0)
    recording = seen(store, grant).id
    with writing(store) as tx:
        stored.forget(tx, grant, recording, categories)
        stored.forget(tx, grant, "none", categories)
    with store.reading() as tx:
        held = [set(one.correction.changes) for one in corrections.listed(tx, grant)]
    assert held == ([left] if left else [])


def test_they_are_the_owners(store: Store, grant: Grant) -> None:
    brought(store, grant, a_recording())
    theirs = a_grant(owner_of(store), pairs=pairs_of("files", *ALL))
    old = seen(store, grant)
    with store.reading() as tx, pytest.raises(RuntimeError, match="their owner"):
        list(stored.listed(tx, theirs))
    with writing(store) as tx, pytest.raises(RuntimeError, match="its owner"):
        rewriting.rewrite(tx, theirs, old, old)
    with store.reading() as tx, pytest.raises(LookupError):
        stored.key_of(tx, grant, "none")


def test_a_clock_that_the_file_gave_stays(store: Store, grant: Grant) -> None:
    del store, grant
    cell = a_recording().activity.model_copy(update={"zone": None})
    local = correcting.local_start(cell)
    assert correcting.started_us(cell, local) == cell.started_us
    zoned = a_recording().activity
    assert correcting.started_us(zoned, local) == zoned.started_us


def test_taking_one_back_leaves_the_others() -> None:
    change = Change(was=1, now=2, at=NOW)
    both = Correction(changes={Part.ASCENT: change, Part.ELAPSED: change})
    assert both.without(Part.ASCENT).changes.keys() == {Part.ELAPSED}
    assert not both.without(None).changes
