"""Deleting a category: what goes, what stays, and that it is gone from the file."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import CancelledCallError
from pierre_mcp.gate import retentions
from pierre_mcp.gate.lines import ROTATE
from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.caller import Call, Owner, System
from pierre_mcp.model.category import Category
from pierre_mcp.model.correction import Part
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.recording import NewRecording
from pierre_mcp.services import corrections, rotation
from pierre_mcp.services.expunging import Expunging, due
from pierre_mcp.services.steps import silent
from pierre_mcp.store import (
    activity,
    athlete,
    erasing,
    gear,
    imports,
    originals,
    people,
)
from pierre_mcp.store.expunging import MOST_BYTES, Target
from pierre_mcp.store.imports import FileLine, FileOutcome
from tests.gate.world import World, a_world
from tests.stores import (
    STRAVA,
    a_recording,
    database,
    maintenance,
    owner_grant,
    put,
)

OWNER = Call(Owner(), "delete", "session")
SYSTEM = Call(System(), "retention", "session")
OLD, NEW = "2025-01-01", "2026-02-01"
FROM = "2025-06-01"
CELLS = ("activities", "heart_rate", "power", "location", "notes")
FACTS = (
    Fact(kind=Kind.FTP, value=250, origin=Origin.SESSION),
    Fact(kind=Kind.WEIGHT, value=70, origin=Origin.USER_PROFILE),
)


def whole(day: str) -> NewRecording:
    """A recording with something of everything."""
    made = a_recording(day=day)
    streams = {
        name: f"packed {name}".encode()
        for name in ("heart_rate_bpm", "power_w", "lat_deg", "speed_m_s", "altitude_m")
    }
    streams["core_temperature_c"] = b"packed core"
    climbed = made.activity.model_copy(
        update={"ascent_m": 321.0, "normalized_graded_speed_m_s": 3.5}
    )
    return replace(made, streams=streams, activity=climbed, athlete=FACTS)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path / "store") as world:
        world.put(whole(OLD), whole(NEW))
        for (one,) in world.by_hand("SELECT id FROM recordings"):
            keep_original(world, one)
        yield world


def keep_original(world: World, recording: str, content: bytes = b"the file") -> None:
    grant = owner_grant(world.store)
    with world.store.writing() as tx:
        home = originals.home_of(tx, grant, recording)
        assert home is not None
        cells = [
            originals.seal_chunk(tx.ring, grant, home, content, seq + 1)
            for seq in range(originals.chunks_of(content))
        ]
        cells.append(originals.seal_head(tx.ring, grant, home, content))
        originals.add(tx, grant, home, cells, after=None, content=content)


def delete(world: World, *targets: Target, call: Call = OWNER) -> Expunging:
    job = Expunging(lambda *_: targets)
    assert retentions.carry_through(world.gate, call, job, listen=silent)
    return job


def held(world: World, day: str) -> dict[str, set[str]]:
    """What the file holds of the recording of a day."""
    [(one, *cells)] = world.by_hand(
        f"SELECT id, {', '.join(CELLS)} FROM recordings WHERE local_day = ?",  # noqa: S608 - our own
        (day,),
    )
    return {
        "cells": {n for n, cell in zip(CELLS, cells, strict=True) if cell},
        "streams": {
            n
            for (n,) in world.by_hand(
                "SELECT name FROM streams WHERE recording = ?", (one,)
            )
        },
        "details": {
            n
            for (n,) in world.by_hand(
                "SELECT category FROM details WHERE recording = ?", (one,)
            )
        },
        "originals": {
            n
            for (n,) in world.by_hand(
                "SELECT seq FROM originals WHERE recording = ?", (one,)
            )
        },
    }


@pytest.mark.promise("privacy.retention")
@pytest.mark.parametrize(
    ("category", "cells", "streams", "details"),
    [
        pytest.param("heart_rate", {"heart_rate"}, {"heart_rate_bpm"}, {"heart_rate"}),
        pytest.param("power", {"power"}, {"power_w"}, {"power"}),
        pytest.param("location", {"location"}, {"lat_deg", "altitude_m"}, set()),
        pytest.param("notes", {"notes"}, set(), set()),
        pytest.param("body", set(), {"core_temperature_c"}, set()),
        pytest.param("profile", set(), set(), set()),
    ],
)
def test_a_category_goes_with_all_that_is_of_it(
    world: World,
    category: str,
    cells: set[str],
    streams: set[str],
    details: set[str],
) -> None:
    before, other = held(world, OLD), held(world, NEW)
    job = delete(world, Target(category=Category(category), before=FROM))
    after = held(world, OLD)
    assert before["cells"] - after["cells"] == cells
    assert before["streams"] - after["streams"] == streams
    assert before["details"] - after["details"] == details
    assert after["originals"] == set(), "the file holds everything"
    assert held(world, NEW) == other
    told = world.by_hand("SELECT count(*) FROM athlete WHERE category = ?", (category,))
    assert told == [(1 if category in {"power", "body"} else 0,)]
    assert job.counts[category] == (2 if category in {"power", "body"} else 1)
    assert delete(world, Target(category=Category(category), before=FROM)).counts == {}


@pytest.mark.promise("privacy.retention")
@pytest.mark.parametrize("category", [Category.ACTIVITIES, Category.NOTES])
def test_a_kept_file_goes_with_the_oldest_of_it(
    tmp_path: Path, category: Category
) -> None:
    """Some programs write the newest track first: with that one the file is kept."""
    with a_world(tmp_path / "store") as world:
        world.put(whole(NEW), replace(whole(OLD), part=1), one_file=True)
        [(first,)] = world.by_hand("SELECT id FROM recordings WHERE part = 0")
        keep_original(world, first)
        delete(world, Target(category=category, before=FROM))
        assert world.by_hand("SELECT count(*) FROM originals") == [(0,)]
        [(kept,)] = world.by_hand("SELECT count(*) FROM recordings")
        assert kept == (1 if category is Category.ACTIVITIES else 2)
        assert held(world, NEW)["cells"] == set(CELLS)


@pytest.mark.promise("privacy.retention")
def test_what_was_corrected_of_it_goes_too(world: World) -> None:
    """What was recorded, and what is right instead, are values like the others."""
    parts = {Part.MAX_HEART_RATE: 180.0, Part.NAME: "Race", Part.DISTANCE: 9_000.0}
    for part, value in parts.items():
        world.gate.act(
            OWNER,
            lambda tx, grant, part=part, value=value: corrections.rectify(  # type: ignore[misc]
                tx, grant, OLD, part, value
            ),
        )

    def left() -> set[Part]:
        told = world.gate.look(OWNER, lambda tx, g: list(corrections.listed(tx, g)))
        return {part for one in told for part in one.correction.changes}

    assert left() == set(parts)
    delete(world, Target(category=Category.HEART_RATE, before=FROM))
    assert left() == {Part.NAME, Part.DISTANCE}
    # Their bytes are no cell any more, but that their key is named.
    world.by_hand(
        "UPDATE corrections"
        " SET cell = CAST(substr(cell, 1, 20) || zeroblob(40) AS BLOB)"
    )
    delete(world, Target(category=Category.NOTES, before=FROM))
    assert world.by_hand("SELECT count(*) FROM corrections") == [(0,)], "unreadable"


@pytest.mark.promise("privacy.retention")
def test_places_take_what_was_worked_out_from_them(world: World) -> None:
    delete(world, Target(category=Category.LOCATION, before=FROM))
    grant = owner_grant(world.store)
    found = {}
    for one, day in world.by_hand("SELECT id, local_day FROM recordings"):
        with world.store.reading() as tx:
            found[day] = activity.recording(tx, grant, one)
    old, new = found[OLD], found[NEW]
    assert old is not None
    assert new is not None
    gone = old.activity
    assert (gone.ascent_m, gone.normalized_graded_speed_m_s) == (None, None)
    assert gone.zone is None
    assert gone.distance_m == 10_000.0
    assert (old.location, old.heart_rate) == (None, new.heart_rate)
    assert new.activity.ascent_m == 321.0
    assert new.activity.zone == "Europe/Zurich"


@pytest.mark.promise("privacy.retention")
def test_activities_go_whole_and_their_import_says_so(world: World) -> None:
    grant = owner_grant(world.store)
    [(import_id,)] = world.by_hand("SELECT id FROM imports")
    ids = dict(world.by_hand("SELECT local_day, id FROM recordings"))
    with world.store.writing() as tx:
        for seq, day in enumerate((OLD, NEW), 1):
            line = FileLine(
                name=f"{day}-run.fit",
                outcome=FileOutcome.IMPORTED,
                activities=1,
                recording=ids[day],
            )
            imports.add_file(tx, grant, import_id, seq, line)
    delete(world, Target(category=Category.ACTIVITIES, before=FROM))
    assert world.by_hand("SELECT local_day FROM recordings") == [(NEW,)]
    for table in ("streams", "details", "originals"):
        of = f"SELECT DISTINCT recording FROM {table}"  # noqa: S608 - our own
        assert world.by_hand(of) == [(ids[NEW],)]
    with world.store.reading() as tx:
        old, new = imports.files(tx, grant, import_id)
    assert (old.name, old.reason, old.recording) == ("(deleted)", "deleted", None)
    assert (new.name, new.recording) == (f"{NEW}-run.fit", ids[NEW])


def test_only_the_source_that_is_named(world: World) -> None:
    put(world.store, owner_grant(world.store), a_recording(where=STRAVA, day=OLD))
    delete(world, Target(category=Category.ACTIVITIES, source="files"))
    assert world.by_hand("SELECT source FROM recordings") == [("strava",)]


def test_what_the_person_says_of_himself_stays_while_it_holds(world: World) -> None:
    grant = owner_grant(world.store)

    def said(year: int, day: str) -> None:
        fact = Fact(kind=Kind.FTP, value=year / 10, origin=Origin.SELF)
        with world.store.writing() as tx:
            athlete.say(tx, grant, fact, day)

    for year, day in ((2000, "2020-01-01"), (2400, "2024-01-01"), (2500, "2026-01-01")):
        said(year, day)
    delete(world, Target(category=Category.POWER, before=FROM))
    with world.store.reading() as tx:
        told = {s.first_day: w for w, s in athlete.seen(tx, grant) if w == "self"}
    assert sorted(told) == ["2024-01-01", "2026-01-01"]
    delete(world, Target(category=Category.POWER, source="self"))
    with world.store.reading() as tx:
        assert not [w for w, _ in athlete.seen(tx, grant) if w == "self"]


def test_gear_goes_with_the_last_recording_of_its_source(world: World) -> None:
    grant = owner_grant(world.store)
    [(import_id,)] = world.by_hand("SELECT id FROM imports")
    with world.store.writing() as tx:
        gear.add(tx, grant, "files", Gear(name="Old shoes"), import_id)
    with world.store.reading() as tx:
        who = people.owner(tx)
        profile = [
            Target(category=Category.PROFILE, before=day)
            for day in (FROM, "2027-01-01")
        ]
        counts = [one.values for one in due(tx, maintenance(), who, profile)]
    assert counts == [0, 1]
    delete(world, profile[0])
    assert world.by_hand("SELECT count(*) FROM gear") == [(1,)]
    delete(world, profile[1])
    assert world.by_hand("SELECT count(*) FROM gear") == [(0,)]


@pytest.mark.parametrize("category", ["heart_rate", "activities", "location"])
@pytest.mark.promise("privacy.retention")
def test_not_a_piece_of_it_is_left_in_the_files(world: World, category: str) -> None:
    samples = pieces(world, category)
    world.store.truncate()
    delete(world, Target(category=Category(category)), call=SYSTEM)
    world.close()  # a file that SQLite has open here is not to be opened beside it
    assert erasing.left_in(database(world.directory), samples) == 0


def pieces(world: World, category: str) -> list[bytes]:
    """Sixteen bytes of each cell that is to go."""
    where = {
        "activities": "TRUE",
        "heart_rate": "name = 'heart_rate_bpm'",
        "location": "name IN ('lat_deg', 'altitude_m')",
    }[category]
    sql = (
        f"SELECT substr({category}, 7, 16) FROM recordings"  # noqa: S608 - our own
        f" UNION ALL SELECT substr(cell, 7, 16) FROM streams WHERE {where}"
        " UNION ALL SELECT substr(cell, 7, 16) FROM originals"
    )
    return [cell for (cell,) in world.by_hand(sql)]


def test_a_row_says_how_much_went_and_no_more(world: World) -> None:
    delete(world, Target(category=Category.NOTES, before=FROM), call=SYSTEM)
    started, done = world.rows()[-2:]
    for row in (started, done):
        assert (row["caller"], row["door"], row["action"]) == (
            "system",
            "system",
            "retention",
        )
        assert (row["event"], row["who"]) != ("", "")
        assert row["event"] == "administrative_action"
    assert (started["outcome"], done["outcome"]) == ("started", "done")
    assert done["detail"], "the counts are sealed beside it"


def test_a_large_file_goes_in_steps_its_head_first(world: World) -> None:
    [(one,)] = world.by_hand("SELECT id FROM recordings WHERE local_day = ?", (OLD,))
    world.by_hand("DELETE FROM originals WHERE recording = ?", (one,))
    keep_original(world, one, bytes(3 * MOST_BYTES))
    sql = "SELECT count(*), min(seq) FROM originals WHERE recording = ?"
    left = []
    job = Expunging(lambda *_: [Target(category=Category.NOTES, before=FROM)])
    for step, _ in job.steps():
        world.gate.upkeep(OWNER, step)
        left.append(world.by_hand(sql, (one,))[0])
    assert left[1] == (7, 0)
    assert left[2][1] > 0, "without its head it is not kept"
    assert left[-1] == (0, None)
    assert len({count for count, _ in left}) >= 4


def test_stopped_anywhere_the_next_run_goes_on(world: World) -> None:
    """Each prefix of the steps leaves a store that holds, and the rest can be done."""
    world.put(*(whole("2024-01-01") for _ in range(20)))
    target = Target(category=Category.HEART_RATE, before=FROM)
    left = "SELECT count(heart_rate) FROM recordings"
    assert world.by_hand(left) == [(22,)]
    for steps in range(1, 5):
        job = Expunging(lambda *_: [target])
        for number, (step, _) in enumerate(job.steps()):
            if number > steps:
                job.end()
                break
            world.gate.upkeep(OWNER, step)
    job = delete(world, target)
    assert world.by_hand(left) == [(1,)]
    grant = owner_grant(world.store)
    for (one,) in world.by_hand("SELECT id FROM recordings"):
        with world.store.reading() as tx:
            assert activity.recording(tx, grant, one) is not None


def test_told_to_end_it_ends_between_steps(world: World) -> None:
    job = Expunging(lambda *_: [Target(category=Category.NOTES)])
    job.end()
    with pytest.raises(CancelledCallError):
        retentions.carry_through(world.gate, SYSTEM, job, listen=silent)
    assert world.last_row()["outcome"] == "cancelled"


def test_under_a_key_that_retired_the_rest_is_sealed_again(world: World) -> None:
    replacing = rotation.Replacing(world.clock, rotation.in_use(None))
    world.gate.upkeep(Call(Owner(), ROTATE, "session"), replacing)
    delete(world, Target(category=Category.NOTES, before=FROM))
    assert held(world, OLD)["cells"] == {
        "activities",
        "heart_rate",
        "power",
        "location",
    }
    [(old,), (new,)] = world.by_hand("SELECT kid FROM recordings ORDER BY local_day")
    assert old > new


def test_a_row_that_does_not_open_stays_and_is_counted(world: World) -> None:
    sql = "UPDATE recordings SET power = CAST(power || x'00' AS BLOB)"
    world.by_hand(f"{sql} WHERE local_day = ?", (OLD,))
    job = delete(world, Target(category=Category.LOCATION))
    assert (job.broken, job.counts["location"]) == (1, 1)
    assert "location" in held(world, OLD)["cells"]


def test_a_row_changed_meanwhile_is_taken_again(world: World) -> None:
    job = Expunging(lambda *_: [Target(category=Category.NOTES, before=FROM)])
    steps = job.steps()
    for _ in range(2):
        world.gate.upkeep(OWNER, next(steps)[0])
    for _ in range(2):  # the chunks of the file, and then the row
        step, _ = next(steps)
        with world.store.reading() as tx:
            step.prepare(tx, maintenance())
        world.by_hand("UPDATE recordings SET heart_rate = NULL")
        with world.store.writing() as tx:
            step.write(tx, maintenance())
    for step, _ in steps:
        world.gate.upkeep(OWNER, step)
    assert held(world, OLD)["cells"] == {"activities", "power", "location"}


def test_of_an_erased_person_nothing_is_looked_for(world: World) -> None:
    with world.store.writing() as tx:
        now, who = world.clock.now(), people.owner(tx)
        erasing.erase_person(tx, maintenance(), who, session="s", now=now)
    assert delete(world, Target(category=Category.NOTES)).counts == {}
