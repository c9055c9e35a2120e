"""The list of every sealed cell: it leaves none out, and knows where each lives."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pierre_mcp.store import people, sealed
from pierre_mcp.store.database import Store
from pierre_mcp.store.schema import fifth
from tests.store.test_older import OLDER, put_back
from tests.stores import a_store, add_what_came_later, maintenance


@contextmanager
def everything(directory: Path) -> Iterator[Store]:
    """A store that holds a row of nearly every kind."""
    put_back(OLDER / "version-2.db.gz", directory)
    with a_store(directory) as store:
        with store.writing() as tx:
            add_what_came_later(tx, people.owner(tx))
        yield store


def test_every_sealed_table_is_listed_once() -> None:
    names = [table.name for table in sealed.TABLES]
    assert sorted(names) == sorted(fifth.SEALED)


@pytest.mark.parametrize("table", sealed.TABLES, ids=lambda table: str(table.name))
def test_each_cell_opens_where_the_list_says_it_lives(
    directory: Path, table: sealed.Table
) -> None:
    with everything(directory) as store, store.reading() as tx:
        (rows,) = tx.one(f"SELECT count(*) FROM {table.name}")  # noqa: S608 - our own
        assert rows or table.name == "listings"
        walked = list(sealed.every(tx, maintenance(), table))
        assert len(walked) == rows
        for row in walked:
            assert row.cells
            for _, place, cell in row.cells:
                tx.ring.open(cell, place)
        kinds = {tx.ring.info(row.kid).purpose for row in walked}
        assert kinds <= {table.purpose}


def test_rows_are_found_by_their_key(directory: Path) -> None:
    [streams] = [table for table in sealed.TABLES if table.name == "streams"]
    with everything(directory) as store, store.reading() as tx:
        [kid] = {row.kid for row in sealed.every(tx, maintenance(), streams)}
        assert sealed.count(tx, maintenance(), streams, kid) == 16
        assert len(list(sealed.under(tx, maintenance(), streams, kid, most=5))) == 5
        assert not list(sealed.under(tx, maintenance(), streams, kid + 1, most=5))
