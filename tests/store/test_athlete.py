"""What was told of the athlete, as stored: few rows, sealed, taken back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice, permutations
from pathlib import Path

import pytest

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring.ring import Ring
from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.policy.telling import changes
from pierre_mcp.services.imports import undo
from pierre_mcp.store import athlete, recordings
from pierre_mcp.store.database import Store
from pierre_mcp.store.recordings import Sealed
from tests.stores import (
    FILES,
    STRAVA,
    a_grant,
    a_recording,
    a_store,
    owner_grant,
    owner_of,
    pairs_of,
    put,
)

FIRST = date(2026, 2, 1)
FTP = Fact(kind=Kind.FTP, value=250, origin=Origin.SESSION)
WEIGHT = Fact(kind=Kind.WEIGHT, value=70.5, origin=Origin.USER_PROFILE)
MAX = Fact(kind=Kind.MAX_HEART_RATE, value=189, origin=Origin.ZONES_TARGET)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as made:
        yield made


def on(day: int, *facts: Fact, where: Where = FILES) -> NewRecording:
    one = a_recording(day=str(FIRST + timedelta(days=day)), where=where, bare=True)
    return replace(one, athlete=facts)


def told(store: Store, grant: Grant | None = None) -> dict[Kind, list[float]]:
    of = grant or owner_grant(store)
    with store.reading() as tx:
        found = changes(athlete.seen(tx, of))
    return {kind: [one.value for one in values] for kind, values in found.items()}


def rows(store: Store) -> int:
    with store.reading() as tx:
        (count,) = tx.one("SELECT count(*) FROM athlete")
    return int(count)


def test_many_files_of_one_value_make_a_row_a_month(store: Store) -> None:
    grant = owner_grant(store)
    put(store, grant, *(on(day, FTP, WEIGHT) for day in (50, 3, 0, 20, 27, 28)))
    assert rows(store) == 4
    with store.reading() as tx:
        days = {(s.first_day, s.last_day) for _, s in athlete.seen(tx, grant)}
    assert days == {("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-23")}


def test_a_run_adds_to_its_rows_step_by_step(store: Store) -> None:
    grant = owner_grant(store)
    import_id = put(store, grant)
    for day in (5, 2, 9, 5):
        with store.writing() as tx:
            sealed = athlete_only(tx.ring, grant, on(day, FTP), import_id)
            athlete.note(tx, grant, [sealed])
    with store.reading() as tx:
        ((_, seen),) = athlete.seen(tx, grant)
    assert (seen.first_day, seen.last_day) == ("2026-02-03", "2026-02-10")


def test_an_import_taken_back_leaves_the_others(store: Store) -> None:
    grant = owner_grant(store)
    newer = FTP.model_copy(update={"value": 260})
    first = put(store, grant, on(0, FTP), on(1, newer, WEIGHT))
    put(store, grant, on(2, newer), on(5, FTP))
    assert told(store) == {Kind.WEIGHT: [70.5], Kind.FTP: [250, 260, 250]}
    with store.writing() as tx:
        undo(tx, grant, first)
    assert told(store) == {Kind.FTP: [250, 260]}


def test_the_order_of_files_does_not_matter(store: Store) -> None:
    grant = owner_grant(store)
    newer = FTP.model_copy(update={"value": 260})
    files = [
        on(0, FTP),
        on(3, newer),
        on(3, FTP, where=STRAVA),
        on(9, FTP),
        on(40, newer),
    ]
    seen = set()
    for order in islice(permutations(files), 0, None, 5):
        runs = [put(store, grant, *order[:2]), put(store, grant, *order[2:])]
        with store.writing() as tx:
            found = changes(athlete.seen(tx, grant))[Kind.FTP]
            seen.add(tuple((one.value, one.since) for one in found))
            for run in runs:
                undo(tx, grant, run)
    assert seen == {
        (
            (260, "2026-03-13"),
            (250, "2026-02-10"),
            (260, "2026-02-04"),
            (250, "2026-02-01"),
        )
    }


@pytest.mark.promise("consent.granular")
def test_a_grant_opens_what_it_names_and_no_more(store: Store) -> None:
    put(store, owner_grant(store), on(0, FTP, WEIGHT, MAX), on(1, MAX, where=STRAVA))
    who = owner_of(store)
    for pairs, kinds in (
        (pairs_of("files", Category.POWER), {Kind.FTP}),
        (pairs_of("files", Category.BODY, Category.PROFILE), {Kind.WEIGHT}),
        (
            pairs_of("strava", Category.HEART_RATE, Category.POWER),
            {Kind.MAX_HEART_RATE},
        ),
        (pairs_of("files", Category.ACTIVITIES), set()),
    ):
        assert told(store, a_grant(who, pairs=pairs)).keys() == kinds


def say(store: Store, value: float, since: str, kind: Kind = Kind.FTP) -> None:
    fact = Fact(kind=kind, value=value, origin=Origin.SELF)
    grant = owner_grant(store)
    with store.writing() as tx:
        athlete.say(tx, grant, fact, since)


def unsay(store: Store, kind: Kind, since: str | None = None) -> None:
    grant = owner_grant(store)
    with store.writing() as tx:
        athlete.unsay(tx, grant, kind, since)


def test_of_one_day_the_persons_last_word_counts(store: Store) -> None:
    for value in (250, 260, 255):
        say(store, value, "2026-02-10")
    say(store, 240, "2026-01-10")
    say(store, 70, "2026-02-10", Kind.WEIGHT)
    assert rows(store) == 3
    assert told(store) == {Kind.WEIGHT: [70], Kind.FTP: [255, 240]}


def test_no_undo_takes_what_the_person_said(store: Store) -> None:
    grant = owner_grant(store)
    import_id = put(store, grant, on(0, FTP), on(40, FTP))
    say(store, 255, "2026-02-10")
    assert told(store)[Kind.FTP] == [255, 250]
    with store.writing() as tx:
        undo(tx, grant, import_id)
    assert told(store)[Kind.FTP] == [255]


def test_only_what_the_person_said_is_taken_back(store: Store) -> None:
    put(store, owner_grant(store), on(0, FTP, WEIGHT))
    for since in ("2026-02-10", "2026-02-20", "2026-03-01"):
        say(store, 255 if since < "2026-03" else 260, since)
    say(store, 71, "2026-02-10", Kind.WEIGHT)
    unsay(store, Kind.FTP, "2026-03-01")
    assert told(store)[Kind.FTP] == [255, 250]
    unsay(store, Kind.FTP)
    assert told(store) == {Kind.WEIGHT: [71, 70.5], Kind.FTP: [250]}
    unsay(store, Kind.FTP)
    unsay(store, Kind.HEIGHT)
    assert rows(store) == 3


@pytest.mark.promise("consent.granular")
def test_what_the_person_said_is_a_source_of_its_own(store: Store) -> None:
    put(store, owner_grant(store), on(0, FTP))
    say(store, 255, "2026-02-10")
    say(store, 70, "2026-02-10", Kind.WEIGHT)
    who = owner_of(store)
    for pairs, found in (
        (pairs_of("files", Category.POWER, Category.BODY), {Kind.FTP: [250]}),
        (pairs_of("self", Category.POWER), {Kind.FTP: [255]}),
        (pairs_of("self", Category.BODY), {Kind.WEIGHT: [70]}),
        (pairs_of("self", Category.PROFILE), {}),
    ):
        assert told(store, a_grant(who, pairs=pairs)) == found


@pytest.mark.promise("consent.granular")
def test_a_recipient_neither_says_nor_hears_that_there_is_any(store: Store) -> None:
    recipient = a_grant(owner_of(store), pairs=pairs_of("self", Category.POWER))
    fact = FTP.model_copy(update={"origin": Origin.SELF})
    with store.writing() as tx:
        with pytest.raises(RuntimeError, match="owner's"):
            athlete.say(tx, recipient, fact, "2026-02-10")
        with pytest.raises(RuntimeError, match="owner's"):
            athlete.unsay(tx, recipient, Kind.FTP)
        with pytest.raises(RuntimeError, match="owner's"):
            athlete.own_categories(tx, recipient)
    assert rows(store) == 0


def test_the_categories_of_what_the_person_said(store: Store) -> None:
    grant = owner_grant(store)
    put(store, grant, on(0, WEIGHT))
    say(store, 255, "2026-02-10")
    with store.reading() as tx:
        of = athlete.own_categories(tx, grant)
    assert of == {Category.POWER}


@pytest.mark.parametrize(
    "change",
    [
        "category = 'power'",
        "source = 'strava'",
        "cell = (SELECT cell FROM athlete WHERE category = 'power')",
    ],
)
def test_a_cell_opens_only_where_it_was_sealed(store: Store, change: str) -> None:
    put(store, owner_grant(store), on(0, FTP, WEIGHT))
    with store.writing() as tx:
        tx.execute(f"UPDATE athlete SET {change} WHERE category = 'body'")  # noqa: S608 - the test's own words
    with pytest.raises(SealBrokenError):
        told(store)


def athlete_only(ring: Ring, grant: Grant, new: NewRecording, import_id: str) -> Sealed:
    return recordings.seal(ring, grant, new, digest=bytes(32), import_id=import_id)
