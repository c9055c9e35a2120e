"""Checkpoints: taken when due, in the row's own transaction, and noted outside."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    AuditTamperedError,
    HighWaterUnreadableError,
    StorePutBackError,
)
from pierre_mcp.keyring import chain, merkle, notes
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit, audit_check, audit_state, checkpoints, people
from pierre_mcp.store.audit_state import EVERY_ROWS, Closing, Epoch
from pierre_mcp.store.database import Store
from pierre_mcp.store.outside_notes import notes_in
from tests.store.hands import edit, look
from tests.stores import NOW, a_line, maintenance, marks_of

QUARTER = timedelta(minutes=15)


def append(
    store: Store, grant: Grant, *, later: timedelta = timedelta(0), close: bool = False
) -> int:
    with store.writing() as tx:
        how = Closing() if close else None
        return audit.append(tx, a_line(), now=NOW + later, who=grant, close=how)


def epoch_of(store: Store) -> Epoch:
    with store.reading() as tx:
        return audit_state.read_epoch(tx)


def kept(store: Store) -> list[Checkpoint]:
    with store.reading() as tx:
        return [notes.parsed(one.note) for one in checkpoints.every(tx)]


def outside(directory: Path) -> list[str]:
    (path,) = marks_of(directory).glob("*.checkpoints")
    assert path.stat().st_mode & 0o777 == 0o600
    return notes_in(path.read_bytes())


def test_one_is_taken_with_the_row_that_makes_it_due(
    store: Store, grant: Grant
) -> None:
    with store.writing() as tx:
        for _ in range(EVERY_ROWS - 1):
            audit.append(tx, a_line(), now=NOW, who=grant)
    assert kept(store) == []
    append(store, grant)
    assert [one.size for one in kept(store)] == [EVERY_ROWS]
    append(store, grant, later=2 * QUARTER)  # the first since then
    append(store, grant, later=3 * QUARTER - timedelta(microseconds=1))
    assert len(kept(store)) == 1
    append(store, grant, later=3 * QUARTER)
    assert [one.size for one in kept(store)] == [EVERY_ROWS, EVERY_ROWS + 3]


def test_a_note_says_what_the_rows_are(
    directory: Path, store: Store, grant: Grant
) -> None:
    for close in (False, True, False, False, True):
        append(store, grant, close=close)
    rows = look(directory, "SELECT entry, link, mac FROM audit ORDER BY seq")
    first, second = kept(store)
    leaves = [merkle.leaf(entry.encode()) for entry, _, _ in rows]
    [(store_id,)] = look(directory, "SELECT id FROM store")
    with store.reading() as tx:
        one, other = checkpoints.every(tx)
        vkey = notes.vkey(tx.ring, f"pierre-mcp/{store_id}")
    assert second == Checkpoint(
        origin=f"pierre-mcp/{store_id}",
        size=5,
        root=merkle.Range().grown(leaves).root(),
        epoch=1,
        at=NOW,
        link=rows[4][1],
        macs=hashlib.sha256(b"".join(mac for _, _, mac in rows[2:])).digest(),
        previous=hashlib.sha256(one.note.encode()).digest(),
    )
    assert (first.size, first.epoch, first.previous) == (2, 0, notes.NO_NOTE)
    assert notes.signed_by(vkey, one.note)
    assert notes.signed_by(vkey, other.note)
    assert outside(directory) == [one.note, other.note]


def test_the_key_moves_forward_by_one_step_each(store: Store, grant: Grant) -> None:
    keys = [epoch_of(store).key]
    for number in range(1, 4):
        append(store, grant, close=True)
        epoch = epoch_of(store)
        keys.append(epoch.key)
        assert epoch.number == number
        assert epoch.key == chain.next_epoch_key(keys[-2])
    assert len(set(keys)) == 4


def test_a_row_that_was_edited_is_never_vouched_for(
    directory: Path, store: Store, grant: Grant
) -> None:
    for _ in range(3):
        append(store, grant)
    edit(directory, "UPDATE audit SET entry = entry || ' ' WHERE seq = 2")
    append(store, grant)  # the log still ends as it was left
    with pytest.raises(AuditTamperedError):
        append(store, grant, close=True)
    assert kept(store) == []


def test_an_idle_log_is_closed_once(store: Store, grant: Grant) -> None:
    with store.writing() as tx:
        assert checkpoints.close(tx, maintenance()) is None
    append(store, grant)
    later = NOW + QUARTER
    with store.writing() as tx:
        assert not checkpoints.waits(tx, maintenance(), now=NOW)
        assert checkpoints.waits(tx, maintenance(), now=later)
        first = checkpoints.close(tx, maintenance())
    with store.writing() as tx:
        assert not checkpoints.waits(tx, maintenance(), now=later)
        assert first is not None
        assert checkpoints.close(tx, maintenance()) == first
        assert checkpoints.covering(tx, 1) == first
        assert checkpoints.covering(tx, 2) is None
    append(store, grant)


def note_file(directory: Path) -> Path:
    (path,) = marks_of(directory).glob("*.checkpoints")
    return path


def test_two_notes_that_contradict_each_other_are_never_signed(
    directory: Path, store: Store, grant: Grant
) -> None:
    """What stands outside last is held against the store before it signs another."""
    append(store, grant, close=True)
    path = note_file(directory)
    ours = path.read_text()
    path.write_text(ours.replace("\n1\n", "\n2\n"))
    with pytest.raises(StorePutBackError):
        append(store, grant, close=True)
    assert len(kept(store)) == 1
    append(store, grant)  # a row that no note is signed for goes on
    path.write_text(ours)
    append(store, grant, close=True)
    assert len(kept(store)) == len(outside(directory)) == 2


@pytest.mark.parametrize("content", [b"", b"\npierre-mcp/x\n1\n", b"\xff"])
def test_an_outside_file_that_says_nothing_is_nothing_against_it(
    directory: Path, store: Store, grant: Grant, content: bytes
) -> None:
    append(store, grant, close=True)
    note_file(directory).write_bytes(content)
    append(store, grant, close=True)
    [last] = outside(directory)
    assert notes.parsed(last) == kept(store)[-1]


def test_an_outside_file_that_cannot_be_used_is_said_so_once(
    directory: Path, store: Store, grant: Grant, caplog: pytest.LogCaptureFixture
) -> None:
    append(store, grant, close=True)
    path = note_file(directory)
    path.unlink()
    path.mkdir()
    append(store, grant, close=True)
    append(store, grant, close=True)
    assert len(kept(store)) == 3  # what was committed stays so
    assert [r.message for r in caplog.records if "could not be noted" in r.message] == [
        caplog.records[0].message
    ]
    with pytest.raises(HighWaterUnreadableError):
        store.noted_notes()
    path.rmdir()
    assert store.noted_notes()[1] == []
    append(store, grant, close=True)
    assert len(outside(directory)) == 1


def test_what_is_no_text_in_the_table_is_read_all_the_same(
    directory: Path, store: Store, grant: Grant
) -> None:
    append(store, grant, close=True)
    edit(directory, "UPDATE checkpoints SET note = CAST(x'ff' AS TEXT)")
    with store.reading() as tx:
        found = audit_check.verify(tx, maintenance(), people.owner(tx))
    assert found == Finding(1, FindingKind.EDITED, 1)


def test_a_state_of_two_epochs_takes_no_checkpoint(
    directory: Path, store: Store, grant: Grant
) -> None:
    append(store, grant)
    [(kid, cell)] = look(
        directory, "SELECT kid, cell FROM audit_state WHERE name = 'epoch'"
    )
    append(store, grant, close=True)
    edit(
        directory,
        "UPDATE audit_state SET kid = ?, cell = ? WHERE name = 'epoch'",
        (kid, cell),
    )
    with pytest.raises(AuditTamperedError), store.writing() as tx:
        checkpoints.close(tx, maintenance())
