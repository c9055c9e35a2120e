"""A cell opens in its own place, and beside its own columns, or not at all."""
# ruff: noqa: S608 - the tables and columns are named by the test itself

from pathlib import Path

import pytest

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import operations
from pierre_mcp.store.database import Store
from tests.store.hands import by_hand, edit, look
from tests.store.test_recordings import CELLS, named, newest
from tests.stores import (
    STRAVA,
    a_grant,
    a_recording,
    a_store,
    an_operation,
    owner_grant,
    pairs_of,
    put,
)

pytestmark = pytest.mark.unmeasured


@pytest.mark.promise("keys.bound-cell")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "11111111-1111-1111-1111-111111111111"),
        ("tenant", "x"),
        ("person", "x"),
        ("source", "garmin"),
        ("origin", "file_copy"),
        ("local_day", "2026-02-02"),
    ],
)
@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_opens_only_beside_what_it_was_sealed_with(
    directory: Path, store: Store, grant: Grant, cell: str, column: str, value: str
) -> None:
    """The person is even led by a grant for the row as it now stands."""
    put(store, grant, a_recording())
    edit(directory, f"UPDATE recordings SET {column} = ?", (value,))
    tenant = value if column == "tenant" else grant.tenant
    person = value if column == "person" else grant.person
    source = value if column == "source" else "files"
    granted = pairs_of(source, Category.ACTIVITIES, Category(cell))
    reader = a_grant(Identity(tenant, person), pairs=granted)
    with pytest.raises(SealBrokenError):
        newest(store, reader)


@pytest.mark.promise("keys.bound-cell")
def test_what_may_change_does_not_bind(
    directory: Path, store: Store, grant: Grant
) -> None:
    put(store, grant, a_recording())
    edit(directory, "UPDATE recordings SET activity_id = 'a', sport = 'hiking'")
    [found] = newest(store, grant)
    assert (found.activity_id, found.sport) == ("a", Sport.HIKING)


@pytest.mark.promise("keys.bound-cell")
@pytest.mark.parametrize("there", CELLS)
@pytest.mark.parametrize("here", CELLS)
def test_a_cell_moved_to_another_column_or_row_does_not_open(
    directory: Path, store: Store, grant: Grant, here: str, there: str
) -> None:
    put(store, grant, a_recording(), a_recording(where=STRAVA))
    taken = f"(SELECT {here} FROM recordings WHERE source = 'strava')"
    if here != there:
        taken = here
    edit(directory, f"UPDATE recordings SET {there} = {taken} WHERE source = 'files'")
    reader = named(store, *pairs_of("files", *map(Category, CELLS)))
    with pytest.raises(SealBrokenError):
        newest(store, reader)


@pytest.mark.promise("keys.bound-cell")
@pytest.mark.parametrize("at", [0, 1, 5, 6, 17, 18, 40, -16, -1])
def test_any_changed_bit_of_a_cell_is_refused(
    directory: Path, store: Store, grant: Grant, at: int
) -> None:
    put(store, grant, a_recording())
    [(cell,)] = look(directory, "SELECT activities FROM recordings")
    changed = bytearray(cell)
    changed[at] ^= 1
    edit(directory, "UPDATE recordings SET activities = ?", (bytes(changed),))
    with pytest.raises(SealBrokenError):
        newest(store, grant)


@pytest.mark.promise("tenant.keys")
def test_a_persons_cells_are_under_that_persons_key(store: Store, grant: Grant) -> None:
    put(store, grant, a_recording())
    with store.writing() as tx:
        operations.add(tx, grant, an_operation())
    with store.reading() as tx:
        scopes = {
            tx.ring.info(kid).scope
            for (kid,) in tx.execute(
                "SELECT kid FROM recordings UNION SELECT kid FROM streams"
                " UNION SELECT kid FROM imports UNION SELECT kid FROM people"
                " UNION SELECT kid FROM operations"
            )
        }
    assert scopes == {f"person:{grant.tenant}/{grant.person}"}


@pytest.mark.promise("tenant.keys")
def test_another_stores_rows_do_not_open(
    tmp_path: Path, directory: Path, store: Store, grant: Grant
) -> None:
    put(store, grant, a_recording(), a_recording(where=STRAVA))
    with a_store(tmp_path / "other", own=True) as other:
        put(other, owner_grant(other), a_recording())
        [(row, cell)] = look(
            tmp_path / "other", "SELECT id, activities FROM recordings"
        )
    with by_hand(directory) as db:
        db.execute(
            "UPDATE recordings SET id = ?, activities = ? WHERE source = 'files'",
            (row, cell),
        )
    with pytest.raises(SealBrokenError):
        newest(store, grant)
