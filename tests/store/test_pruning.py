"""The log pruned: what stays is checked and proven as before; nothing goes unsaid."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from sqlite3 import IntegrityError

import pytest

from pierre_mcp.errors import (
    AuditTamperedError,
    CancelledCallError,
    RowPrunedError,
)
from pierre_mcp.keyring.merkle import Range, leaf
from pierre_mcp.model.audit import Finding, FindingKind, Health, Outcome
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.log_retention import Cut
from pierre_mcp.store import audit, audit_check, checkpoints, people, proofs
from pierre_mcp.store.audit_against import Evidence
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Store
from pierre_mcp.store.pruning import Due, Pruning, due
from tests.proving import verifier
from tests.store.hands import by_hand, edit, look
from tests.stores import (
    NOW,
    a_line,
    a_store,
    copy_store,
    maintenance,
    owner_grant,
)

STEP = timedelta(minutes=4)
ROWS = 12
"""One a step, the first at ``NOW``; each third has a checkpoint, every other a detail.

Row 1 is at step 0, so what is older than step 6 is rows 1 to 6.
"""


def append(store: Store, grant: Grant, step: int) -> int:
    with store.writing() as tx:
        return audit.append(
            tx,
            a_line(f"step {step}"),
            now=NOW + step * STEP,
            who=grant,
            detail={"step": step} if step % 2 == 0 else None,
            close=Closing() if step % 3 == 2 else None,
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The log of which each test has a copy."""
    directory = tmp_path_factory.mktemp("made") / "store"
    with a_store(directory) as store:
        for step in range(ROWS):
            append(store, owner_grant(store), step)
        assert sizes(store) == [3, 6, 9, 12]
    return directory


@pytest.fixture
def log(made: Path, directory: Path) -> Path:
    return copy_store(made, directory)


@pytest.fixture
def store(log: Path) -> Iterator[Store]:
    with a_store(log) as store:
        yield store


def cut(rows: float, details: float | None = None) -> Cut:
    """What is older than so many steps after ``NOW``."""
    kept = rows if details is None else details
    return Cut(NOW + rows * STEP, NOW + kept * STEP)


def verify(store: Store, against: Evidence | None = None) -> Finding | Health:
    with store.reading() as tx:
        who = people.whose(tx)
        return audit_check.verify(tx, maintenance(), who, against or Evidence())


def prune(store: Store, kept_from: Cut) -> Due:
    job = prepared(store, kept_from)
    finish(store, job)
    return job.done


def prepared(store: Store, kept_from: Cut) -> Pruning:
    job = Pruning(kept_from)
    with store.reading() as tx:
        job.prepare(tx, maintenance(), people.whose(tx))
    return job


def finish(store: Store, job: Pruning) -> None:
    with store.writing() as tx:
        line, now = a_line(audit.PRUNE, outcome=Outcome.DONE), NOW + ROWS * STEP
        job.write(tx, maintenance(), line, people.whose(tx), now=now)


def due_of(store: Store, kept_from: Cut) -> Due:
    with store.reading() as tx:
        return due(tx, maintenance(), kept_from)


def sizes(store: Store) -> list[int]:
    with store.reading() as tx:
        return [kept.size for kept in checkpoints.every(tx)]


def proof(store: Store, seq: int) -> dict[str, object]:
    with store.reading() as tx:
        return proofs.of_row(tx, maintenance(), seq)


def rows(log: Path) -> list[int]:
    return [seq for (seq,) in look(log, "SELECT seq FROM audit ORDER BY seq")]


def details(log: Path) -> list[int]:
    return [seq for (seq,) in look(log, "SELECT seq FROM audit_detail ORDER BY seq")]


@pytest.mark.promise("audit.retention")
def test_old_rows_go_up_to_a_checkpoint_and_the_rest_still_holds(
    log: Path, store: Store, grant: Grant
) -> None:
    [(before,)] = look(log, "SELECT note FROM checkpoints WHERE size = 9")
    outside = tuple(note for (note,) in look(log, "SELECT note FROM checkpoints"))
    assert prune(store, cut(8)) == Due(size=6, below=7, rows=6, details=3)
    assert rows(log) == [7, 8, 9, 10, 11, 12, 13]
    assert details(log) == [7, 9, 11]
    assert verify(store) == Health(13, checkpoints=3, pruned=6)
    assert verify(store, Evidence(outside)) == Health(13, checkpoints=3, pruned=6)
    [(note,)] = look(log, "SELECT note FROM checkpoints WHERE size = 13")
    assert "\nanchor 6\n" in note
    check = verifier().check
    for seq in range(7, 14):
        assert check(proof(store, seq), None, note)
    with store.reading() as tx:
        extension = proofs.of_extension(tx, maintenance(), before.encode())
    assert check(extension, None, before)
    with pytest.raises(RowPrunedError):
        proof(store, 6)
    # And once more, from there on.
    for step in range(ROWS, ROWS + 6):
        append(store, grant, step)
    assert prune(store, cut(13)).rows == 7
    assert isinstance(verify(store), Health)
    assert check(proof(store, 14), None, None)


@pytest.mark.promise("audit.retention")
def test_details_go_earlier_than_their_rows(log: Path, store: Store) -> None:
    assert due_of(store, cut(0, 8)) == Due(size=0, below=7, rows=0, details=3)
    assert prune(store, cut(0, 8)) == Due(size=0, below=7, rows=0, details=3)
    assert rows(log) == list(range(1, 14))
    assert details(log) == [7, 9, 11]
    assert isinstance(verify(store), Health)
    # One that no row speaks of is still found.
    edit(log, "DELETE FROM audit_detail WHERE seq = 7")
    assert verify(store) == Finding(7, FindingKind.REDACTED)


def test_what_was_lost_before_stays_so_when_less_is_pruned(
    log: Path, store: Store
) -> None:
    prune(store, cut(0, 11))
    assert prune(store, cut(5, 5)) == Due(size=3, below=4, rows=3, details=0)
    assert isinstance(verify(store), Health)
    assert details(log) == [11]


def test_where_nothing_is_due_nothing_is_written(log: Path, store: Store) -> None:
    for kept_from in (cut(-1), cut(0), cut(2)):  # a checkpoint's time is not before
        assert not due_of(store, kept_from).any
        assert prune(store, kept_from) == Due()
    assert rows(log) == list(range(1, 13))


def test_of_a_log_without_a_checkpoint_nothing_goes(tmp_path: Path) -> None:
    with a_store(tmp_path / "new") as store:
        assert not due_of(store, cut(99)).any
        append(store, owner_grant(store), 0)
        assert not due_of(store, cut(99)).any


def test_the_newest_rows_stay_however_old_they_are(
    log: Path, store: Store, grant: Grant
) -> None:
    assert prune(store, cut(99)) == Due(size=9, below=13, rows=9, details=6)
    assert rows(log) == [10, 11, 12, 13]
    assert verify(store) == Health(13, checkpoints=2, pruned=9)
    append(store, grant, 50)
    assert isinstance(verify(store), Health)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET entry = replace(entry, 'step 1', 'step x') WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit_detail WHERE seq = 3",
        "UPDATE checkpoints SET note = replace(note, 'time 2', 'time 1')",
        "DELETE FROM checkpoints WHERE size = 6",
        "DELETE FROM audit WHERE seq = 12",
        "UPDATE checkpoints SET note = 'x' WHERE size = 6",
    ],
)
@pytest.mark.promise("audit.retention")
def test_a_log_that_does_not_hold_is_not_pruned(
    log: Path, store: Store, sql: str
) -> None:
    """Pruning would hide what was done to it."""
    edit(log, sql)
    with pytest.raises(AuditTamperedError):
        prune(store, cut(8))
    assert 1 in rows(log)


def test_nor_one_that_was_changed_since_it_was_checked(log: Path, store: Store) -> None:
    job = prepared(store, cut(8))
    edit(log, "UPDATE audit SET entry = entry || ' ' WHERE seq = 2")
    with pytest.raises(AuditTamperedError):
        finish(store, job)
    edit(log, "UPDATE audit SET entry = trim(entry) WHERE seq = 2")
    edit(log, "UPDATE checkpoints SET note = note || ' ' WHERE size = 6")
    with pytest.raises(AuditTamperedError):
        finish(store, job)
    assert rows(log) == list(range(1, 13))


def test_two_that_prune_at_once_prune_once(log: Path, store: Store) -> None:
    first, second = prepared(store, cut(8)), prepared(store, cut(8))
    finish(store, first)
    finish(store, second)
    assert (first.done.rows, second.done.any) == (6, False)
    assert rows(log)[-1] == 13


def test_one_that_is_told_to_end_does_not_begin(log: Path, store: Store) -> None:
    job = prepared(store, cut(8))
    job.end()
    with pytest.raises(CancelledCallError):
        finish(store, job)
    assert rows(log) == list(range(1, 13))


def range_of(log: Path, size: int) -> bytes:
    entries = look(log, "SELECT entry FROM audit WHERE seq <= ? ORDER BY seq", (size,))
    return bytes(Range().grown(leaf(entry.encode()) for (entry,) in entries))


@pytest.mark.promise("audit.retention")
def test_rows_taken_by_hand_are_missed(log: Path, store: Store) -> None:
    edit(log, "DELETE FROM audit_detail WHERE seq <= 6")
    edit(log, "DELETE FROM audit WHERE seq <= 6")
    assert verify(store) == Finding(1, FindingKind.MISSING)


@pytest.mark.promise("audit.retention")
def test_an_anchor_made_by_hand_prunes_nothing(log: Path, store: Store) -> None:
    """No checkpoint names it, and the sealed state knows of none."""
    with by_hand(log) as db:
        db.execute("INSERT INTO anchors VALUES (6, ?)", (range_of(log, 6),))
        db.execute("DELETE FROM audit_detail WHERE seq <= 6")
        db.execute("DELETE FROM audit WHERE seq <= 6")
    assert verify(store) == Finding(1, FindingKind.INSERTED)


@pytest.mark.promise("audit.retention")
def test_a_true_anchor_covers_no_more_than_it_says(log: Path, store: Store) -> None:
    hashes = range_of(log, 9)
    prune(store, cut(8))
    with by_hand(log) as db:
        db.execute("INSERT INTO anchors VALUES (9, ?)", (hashes,))
        db.execute("DELETE FROM audit_detail WHERE seq <= 9")
        db.execute("DELETE FROM audit WHERE seq <= 9")
    assert verify(store) == Finding(7, FindingKind.INSERTED)


def test_a_true_anchor_with_other_hashes_is_found(log: Path, store: Store) -> None:
    prune(store, cut(8))
    edit(log, "UPDATE anchors SET hashes = zeroblob(64)")
    assert verify(store) == Finding(1, FindingKind.EDITED, 6)
    edit(log, "DELETE FROM anchors")
    assert isinstance(verify(store), Finding)


@pytest.mark.promise("audit.retention")
def test_a_row_that_prunes_cannot_be_made_by_hand(log: Path, store: Store) -> None:
    """Else details could be taken in its name."""
    with by_hand(log) as db:
        db.execute(
            "INSERT INTO audit SELECT 13, replace(replace(replace(entry, 'step 11',"
            " 'audit prune'), 'released', 'done'), '\"v\"', '\"below\":99,\"v\"'),"
            " link, mac FROM audit WHERE seq = 12"
        )
        db.execute("DELETE FROM audit_detail WHERE seq = 3")
    assert verify(store) == Finding(3, FindingKind.REDACTED)


def test_the_triggers_keep_what_no_anchor_covers(store: Store) -> None:
    prune(store, cut(8))
    with pytest.raises(IntegrityError, match="append_only"), store.writing() as tx:
        tx.execute("DELETE FROM audit WHERE seq = 7")
