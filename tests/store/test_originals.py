"""Chunks of an original: each in its place, all of them, or nothing opens."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import originals
from pierre_mcp.store.database import Store
from pierre_mcp.store.originals import CHUNK_BYTES
from tests.stores import (
    a_grant,
    a_recording,
    a_store,
    owner_grant,
    owner_of,
    pairs_of,
    put,
)

CONTENT = os.urandom(2 * CHUNK_BYTES + 7)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path / "store") as store:
        yield store


@pytest.fixture
def grant(store: Store) -> Grant:
    return owner_grant(store)


def recordings(store: Store) -> list[str]:
    with store.reading() as tx:
        return [i for (i,) in tx.execute("SELECT id FROM recordings ORDER BY rowid")]


def keep(store: Store, grant: Grant, recording: str, content: bytes = CONTENT) -> None:
    with store.writing() as tx:
        home = originals.home_of(tx, grant, recording)
        assert home is not None
        chunks = range(1, originals.chunks_of(content) + 1)
        cells = [
            *(originals.seal_chunk(tx.ring, grant, home, content, i) for i in chunks),
            originals.seal_head(tx.ring, grant, home, content),
        ]
        assert originals.add(tx, grant, home, cells, after=None, content=content)


@pytest.fixture
def two(store: Store, grant: Grant) -> tuple[str, str]:
    """Two recordings of a day, with an original each."""
    put(store, grant, a_recording())
    put(store, grant, a_recording())
    one, other = recordings(store)
    keep(store, grant, one)
    keep(store, grant, other, CONTENT[::-1])
    return one, other


def content(store: Store, grant: Grant, recording: str) -> bytes | None:
    with store.reading() as tx:
        return originals.content(tx, grant, recording)


def test_it_comes_back(store: Store, grant: Grant, two: tuple[str, str]) -> None:
    one, other = two
    assert content(store, grant, one) == CONTENT
    assert content(store, grant, other) == CONTENT[::-1]
    assert content(store, grant, "no such recording") is None
    with store.reading() as tx:
        assert originals.held(tx, grant)[0] == 2
        assert originals.recording_of(tx, grant, b"unknown", "files") is None


CHANGED = {
    "swapped": "UPDATE originals SET seq = seq + 10 WHERE recording = :one;"
    "UPDATE originals SET seq = CASE seq WHEN 11 THEN 2 WHEN 12 THEN 1"
    " ELSE seq - 10 END WHERE recording = :one",
    "cut": "DELETE FROM originals WHERE recording = :one AND seq = 3",
    "dropped": "DELETE FROM originals WHERE recording = :one AND seq = 1",
    "all dropped": "DELETE FROM originals WHERE recording = :one AND seq > 0",
    "another's chunk": "UPDATE originals SET cell = (SELECT cell FROM originals"
    " WHERE recording = :other AND seq = 2) WHERE recording = :one AND seq = 2",
    "another's head": "UPDATE originals SET cell = (SELECT cell FROM originals"
    " WHERE recording = :other AND seq = 0) WHERE recording = :one AND seq = 0",
    "repeated": "INSERT INTO originals SELECT recording, 4, kid, cell FROM originals"
    " WHERE recording = :one AND seq = 3",
    "another day": "UPDATE recordings SET local_day = '2020-01-01' WHERE id = :one",
}


@pytest.mark.promise("keys.bound-cell")
@pytest.mark.parametrize("how", CHANGED)
def test_what_was_changed_does_not_open(
    store: Store, grant: Grant, two: tuple[str, str], how: str
) -> None:
    one, other = two
    with store.writing() as tx:
        for sql in CHANGED[how].split(";"):
            named = {"one": one, "other": other}
            tx.execute(sql, {k: v for k, v in named.items() if f":{k}" in sql})  # type: ignore[arg-type]
    with pytest.raises(SealBrokenError):
        content(store, grant, one)
    assert content(store, grant, other) == CONTENT[::-1]


@pytest.mark.parametrize("seq", range(4))
def test_a_changed_byte_does_not_open(
    store: Store, grant: Grant, two: tuple[str, str], seq: int
) -> None:
    where = (two[0], seq)
    with store.writing() as tx:
        (cell,) = tx.one(
            "SELECT cell FROM originals WHERE recording = ? AND seq = ?", where
        )
        changed = cell[:-1] + bytes([cell[-1] ^ 1])
        tx.execute(
            "UPDATE originals SET cell = ? WHERE recording = ? AND seq = ?",
            (changed, *where),
        )
    with pytest.raises(SealBrokenError):
        content(store, grant, two[0])


def test_a_chunk_of_an_earlier_original_is_refused(
    store: Store, grant: Grant, two: tuple[str, str]
) -> None:
    """It opens in its place, so the head has to tell."""
    one, _ = two
    where = (one,)
    with store.writing() as tx:
        (kid, cell) = tx.one(
            "SELECT kid, cell FROM originals WHERE recording = ? AND seq = 1", where
        )
        tx.execute("DELETE FROM originals WHERE recording = ?", where)
    assert content(store, grant, one) is None
    keep(store, grant, one, CONTENT[1:])
    with store.writing() as tx:
        tx.execute(
            "UPDATE originals SET kid = ?, cell = ? WHERE recording = ? AND seq = 1",
            (kid, cell, one),
        )
    with pytest.raises(SealBrokenError):
        content(store, grant, one)


def test_without_a_head_there_is_none(
    store: Store, grant: Grant, two: tuple[str, str]
) -> None:
    one, _ = two
    with store.writing() as tx:
        tx.execute("DELETE FROM originals WHERE recording = ? AND seq = 0", (one,))
    assert content(store, grant, one) is None
    keep(store, grant, one)
    assert content(store, grant, one) == CONTENT


def test_a_recipient_reads_none(store: Store, two: tuple[str, str]) -> None:
    grant = a_grant(owner_of(store), pairs=pairs_of("files", *Category))
    with store.reading() as tx, pytest.raises(RuntimeError):
        originals.content(tx, grant, two[0])
