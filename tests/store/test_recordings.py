"""Recordings: who may read what of them, and what a moved cell is worth."""
# ruff: noqa: S608 - the tables and columns are named by the test itself

from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest
from pydantic import MISSING

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import NotesCell
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.recording import Recording, Where
from pierre_mcp.store import imports, people, recordings
from pierre_mcp.store.activity import recordings_of
from pierre_mcp.store.database import Store
from pierre_mcp.store.imports import FileLine, FileOutcome
from pierre_mcp.store.recordings import SourceRange, Wanted
from pierre_mcp.store.rows import Reader
from tests.store.hands import edit, look
from tests.stores import (
    FILES,
    STRAVA,
    a_digest,
    a_grant,
    a_recording,
    begin_import,
    owner_of,
    pairs_of,
    put,
)

CELLS = ["activities", "heart_rate", "power", "location", "notes"]
HOSTILE = [
    "'; DROP TABLE recordings; --",
    '"strava" OR 1=1',
    "null\x00byte",
    "%' OR '1'='1",
    "[]",
    '","files","',
    "\u202eevil\U000e0041",
    "",
]


def newest(store: Store, grant: Grant, wanted: Wanted | None = None) -> list[Recording]:
    """What is listed, in order, each opened whole."""
    with store.reading() as tx:
        listed = list(recordings.newest(tx, grant, wanted or Wanted()))
        whole = [recordings_of(tx, grant, row.activity_id) for row in listed]
        return [one for [one] in whole]


def named(store: Store, *pairs: tuple[str, Category]) -> Grant:
    return a_grant(owner_of(store), pairs=set(pairs))


# --- what comes back ------------------------------------------------------------------


def test_what_was_put_in_comes_back(store: Store, grant: Grant) -> None:
    new = a_recording()
    put(store, grant, new)
    [found] = newest(store, grant)
    assert (found.where, found.sport, found.local_day) == (
        FILES,
        "running",
        new.local_day,
    )
    seen = (found.activity, found.heart_rate, found.power, found.location, found.notes)
    assert seen == (
        new.activity, new.heart_rate, new.power, new.location, new.notes,
    )  # fmt: skip


def test_missing_none_and_zero_are_three_things(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording(bare=True))
    reader = named(store, ("files", Category.ACTIVITIES), ("files", Category.POWER))
    [found] = newest(store, reader)
    assert found.heart_rate is MISSING  # not allowed
    assert found.power is None  # allowed, and not recorded
    assert found.activity.ascent_m == 0
    assert found.activity.descent_m is None


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("category", list(Category))
def test_what_is_withheld_is_missing_whether_it_exists_or_not(
    store: Store, grant: Grant, category: Category
) -> None:
    put(store, grant, a_recording(), a_recording(bare=True))
    granted = pairs_of("files", *(set(Category) - {category}))
    found = newest(store, a_grant(owner_of(store), pairs=granted))
    if category is Category.ACTIVITIES:
        assert found == []
    elif category in CELLS:
        assert {getattr(one, category) for one in found} == {MISSING}
    else:
        assert len(found) == 2


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("kept", CELLS[1:])
def test_what_is_not_granted_is_never_opened(
    directory: Path, store: Store, grant: Grant, kept: str
) -> None:
    """Every cell that may not be read is made unreadable, and nobody notices."""
    put(store, grant, a_recording(), a_recording(where=STRAVA))
    for cell in CELLS:
        if cell not in {"activities", kept}:
            edit(directory, f"UPDATE recordings SET {cell} = randomblob(50)")
    edit(
        directory,
        "UPDATE recordings SET activities = randomblob(50) WHERE source = 'strava'",
    )
    edit(directory, "UPDATE streams SET cell = randomblob(50)")
    reader = named(
        store,
        ("files", Category.ACTIVITIES),
        ("files", Category(kept)),
        *((("strava", c)) for c in Category if c is not Category.ACTIVITIES),
    )
    [found] = newest(store, reader)
    assert found.where == FILES
    assert getattr(found, kept) == getattr(a_recording(), kept)
    [again] = of_activity(store, reader, found.activity_id)
    assert again == found
    with pytest.raises(SealBrokenError):
        newest(store, grant)


@pytest.mark.parametrize("cell", ["heart_rate", "power", "notes"])
@pytest.mark.parametrize("emptied", [1, 2])
def test_an_emptied_cell_is_not_one_that_was_never_recorded(
    directory: Path, store: Store, grant: Grant, cell: str, emptied: int
) -> None:
    put(store, grant, a_recording(), a_recording(bare=True), a_recording())
    edit(directory, f"UPDATE recordings SET {cell} = x'' WHERE rowid = {emptied}")
    with store.reading() as tx, pytest.raises(SealBrokenError):
        Reader(tx, grant).open_each(list(recordings.newest(tx, grant, Wanted())))


def of_activity(store: Store, grant: Grant, activity_id: str) -> list[Recording]:
    with store.reading() as tx:
        return recordings_of(tx, grant, activity_id)


def test_an_activity_of_another_source_is_not_there(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording(where=STRAVA))
    [found] = newest(store, grant)
    assert of_activity(store, grant, found.activity_id) == [found]
    assert of_activity(store, grant, "unknown") == []
    reader = named(store, ("files", Category.ACTIVITIES))
    assert of_activity(store, reader, found.activity_id) == []


@pytest.mark.promise("tenant.isolation")
def test_another_persons_grant_reads_nothing(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording())
    [found] = newest(store, grant)
    for who in (Identity(grant.tenant, "x"), Identity("x", grant.person)):
        other = a_grant(who)
        assert newest(store, other) == []
        assert of_activity(store, other, found.activity_id) == []
        with store.reading() as tx:
            assert recordings.ranges(tx, other) == []
            assert recordings.sources(tx, other) == []


def test_ranges_tell_of_what_may_be_read(store: Store, grant: Grant) -> None:
    put(
        store,
        grant,
        a_recording(day="2026-01-01"),
        a_recording(day="2026-01-05"),
        a_recording(day="2026-01-03", where=STRAVA),
    )
    reader = named(store, ("files", Category.ACTIVITIES), ("strava", Category.POWER))
    files = SourceRange("files", "2026-01-01", "2026-01-05", 2)
    strava = SourceRange("strava", "2026-01-03", "2026-01-03", 1)
    with store.reading() as tx:
        assert recordings.ranges(tx, grant) == [files, strava]
        assert recordings.ranges(tx, reader) == [files]
        assert recordings.sources(tx, grant) == ["files", "strava"]
        with pytest.raises(RuntimeError, match="not told"):
            recordings.sources(tx, reader)


# --- lists ----------------------------------------------------------------------------


def days(found: list[Recording]) -> list[str]:
    return [one.local_day for one in found]


@pytest.fixture
def year(store: Store, grant: Grant) -> Store:
    """Three recordings on each of ten days, of two sources and two sports."""
    first = date(2026, 1, 1)
    for i in range(10):
        day = str(first + timedelta(days=i))
        put(
            store,
            grant,
            a_recording(day=day),
            a_recording(day=day, where=STRAVA),
            a_recording(day=day, sport=Sport.CYCLING),
        )
    return store


@pytest.mark.parametrize("count", range(8))
def test_a_list_is_newest_first_and_is_read_no_further_than_it_is_taken(
    year: Store, grant: Grant, count: int
) -> None:
    with year.reading() as tx:
        found = list(islice(recordings.newest(tx, grant, Wanted()), count))
    assert [row.day for row in found] == days(newest(year, grant))[:count]
    assert days(newest(year, grant)) == sorted(days(newest(year, grant)), reverse=True)
    assert len({row.id for row in found}) == count


def test_all_of_it_is_all_of_it(year: Store, grant: Grant) -> None:
    assert len(newest(year, grant)) == 30


def test_a_list_is_of_what_was_asked(year: Store, grant: Grant) -> None:
    only = Wanted(sources=frozenset({"strava", "garmin"}))
    assert {one.where.source for one in newest(year, grant, only)} == {"strava"}
    assert len(newest(year, grant, Wanted(sport=Sport.CYCLING))) == 10
    assert newest(year, grant, Wanted(sport=Sport.YOGA)) == []
    between = Wanted(from_day="2026-01-03", to_day="2026-01-04")
    assert set(days(newest(year, grant, between))) == {"2026-01-03", "2026-01-04"}
    assert len(newest(year, grant, between)) == 6
    both = Wanted(
        sport=Sport.RUNNING, sources=frozenset({"files"}), to_day="2026-01-01"
    )
    assert len(newest(year, grant, both)) == 1


def test_asking_for_a_source_does_not_grant_it(year: Store) -> None:
    reader = named(year, ("files", Category.ACTIVITIES))
    assert newest(year, reader, Wanted(sources=frozenset({"strava"}))) == []
    assert len(newest(year, reader)) == 20


# --- writing --------------------------------------------------------------------------


def test_a_file_is_known_until_its_import_is_undone(store: Store, grant: Grant) -> None:
    digest = a_digest("file")
    with store.writing() as tx:
        assert not recordings.known(tx, grant, digest)
        import_id = begin_import(tx, grant)
        sealed = recordings.seal(
            tx.ring, grant, a_recording(), digest=digest, import_id=import_id
        )
        recordings.add(tx, grant, [sealed])
        assert recordings.known(tx, grant, digest)
    other = put(store, grant, a_recording())
    with store.writing() as tx:
        assert tx.one("SELECT count(*) FROM streams") == (2,)
        assert recordings.undo(tx, grant, import_id) == (1, [sealed.row[1]])
        assert recordings.undo(tx, grant, import_id) == (0, [])
        assert not recordings.known(tx, grant, digest)
        assert tx.execute("SELECT import_id FROM recordings").fetchall() == [(other,)]
        assert tx.one("SELECT count(*) FROM streams") == (1,)


def test_a_digest_is_never_plain(store: Store, grant: Grant, directory: Path) -> None:
    put(store, grant, a_recording())
    [(kept,)] = look(directory, "SELECT digest FROM recordings")
    [(import_id,)] = look(directory, "SELECT id FROM imports")
    assert kept != a_digest(f"{import_id}/0")
    assert len(kept) == 32


def test_a_dead_grant_reads_and_writes_nothing(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording())
    reader = named(store, ("files", Category.ACTIVITIES))
    for dead in (grant, reader):
        dead.kill()
        with store.reading() as tx, pytest.raises(RuntimeError, match="died"):
            recordings.newest(tx, dead, Wanted())
    with store.writing() as tx:
        for use in (
            lambda: recordings.ranges(tx, grant),
            lambda: recordings_of(tx, grant, "a"),
            lambda: recordings.add(tx, grant, []),
            lambda: recordings.undo(tx, grant, "a"),
            lambda: recordings.known(tx, grant, b""),
            lambda: recordings.sources(tx, grant),
            lambda: recordings.seal(
                tx.ring, grant, a_recording(), digest=b"", import_id=""
            ),
        ):
            with pytest.raises(RuntimeError, match="died"):
                use()


@pytest.mark.promise("store.parameterised")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_strings_pass_through_unchanged(
    store: Store, grant: Grant, text: str
) -> None:
    source = text.replace(
        "\x00", ""
    )  # SQLite's JSON ends there: it would match nothing
    plain = a_recording(name=text, where=Where(source, text))
    put(store, grant, plain, a_recording())
    with store.writing() as tx:
        import_id = begin_import(tx, grant)
        line = FileLine(name=text, outcome=FileOutcome.FAILED, reason=text)
        imports.add_file(tx, grant, import_id, 1, line)
        assert imports.files(tx, grant, import_id) == [line]
    reader = named(store, *pairs_of(source, Category.ACTIVITIES, Category.NOTES))
    [found] = newest(store, reader)
    assert found.where == Where(source, text)
    assert found.notes == NotesCell(name=text)
    assert of_activity(store, reader, found.activity_id) == [found]
    only = Wanted(sources=frozenset({source}), from_day="", to_day="~")
    assert [one.notes for one in newest(store, grant, only)] == [found.notes]
    assert newest(store, grant, Wanted(from_day=text or "~", to_day=text)) == []
    assert of_activity(store, grant, text) == []
    with store.reading() as tx:
        assert recordings.sources(tx, grant) == sorted({source, "files"})
        assert people.owner(tx).person == grant.person
