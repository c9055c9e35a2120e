"""Who attacks the log, and what is found: each line of the table in the README."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from pierre_mcp.errors import AuditTamperedError
from pierre_mcp.keyring import chain, merkle, notes
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.model.audit import Finding, FindingKind, Health, Line
from pierre_mcp.store import audit, audit_state, checkpoints, key_changes, keys
from pierre_mcp.store.audit_against import Evidence
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Tx
from tests.gate.test_log_keeping import (
    test_a_copy_put_back_is_told_from_one_that_was_accepted as older_copy,
)
from tests.store.attacks import (
    CLOSED,
    DETAILS,
    ROWS,
    Lab,
    a_lab,
    changed,
    fill,
    interval_of,
)
from tests.stores import NOW, a_line, maintenance

pytestmark = pytest.mark.promise("audit.tamper")

FIELDS = [field.name for field in fields(Line)] + ["seq", "at_us", "who", "v", "epoch"]
SOME = [2, 4, 5, 11, 13, ROWS]
"""Rows of each epoch, first ones, and those that a checkpoint is taken with."""


FORGED = 6


@pytest.fixture(scope="module")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Lab]]:
    with a_lab(tmp_path_factory.mktemp("attacks") / "store") as again:
        yield again


@pytest.fixture
def lab(labs: Callable[[], Lab]) -> Lab:
    return labs()


def test_untouched_it_is_healthy(lab: Lab) -> None:
    found = lab.verify(lab.evidence())
    assert found == Health(ROWS, checkpoints=3)
    assert isinstance(found, Health)
    assert found.maced_from == 12
    with_key = lab.verify(Evidence(key=lab.keys[4]))
    assert isinstance(with_key, Health)
    assert with_key.maced_from == 5


# Whoever writes the file, and holds no key.


@pytest.mark.unmeasured
@pytest.mark.parametrize("seq", [6, 13])
@pytest.mark.parametrize("field", FIELDS)
def test_an_edited_field_is_found_at_its_row(lab: Lab, field: str, seq: int) -> None:
    lab.edit(seq, changed(lab.entry(seq), field))
    kind = lab.kind_at(seq)
    assert kind is (FindingKind.MOVED if field == "seq" else FindingKind.EDITED)


@pytest.mark.unmeasured
@pytest.mark.parametrize("seq", SOME)
@pytest.mark.parametrize("field", ["action", "seq", "epoch", "detail"])
def test_an_edit_that_was_linked_anew_is_found_in_its_interval(
    lab: Lab, field: str, seq: int
) -> None:
    """From the row to the last one: in the epoch in hand the MACs tell of the row."""
    lab.edit(seq, changed(lab.entry(seq), field))
    lab.link_anew(seq, ROWS)
    found, closed = lab.verify(), interval_of(seq)
    assert isinstance(found, Finding)
    if field == "epoch":
        assert (found.seq, found.kind) == (seq, FindingKind.EPOCH)
    elif field == "detail":
        assert (found.seq, found.kind) == (seq, FindingKind.REDACTED if closed else _E)
    elif closed is None:
        assert (found.seq, found.kind) == (seq, FindingKind.EDITED)
    else:
        assert (found.seq, found.last_seq) == closed
        assert found.kind is FindingKind.EDITED


_E = FindingKind.EDITED


@pytest.mark.parametrize("seq", [2, 4, 6, 10])
def test_an_edit_linked_anew_to_the_checkpoint_only_is_found_in_its_interval(
    lab: Lab, seq: int
) -> None:
    first, last = interval_of(seq) or (0, 0)
    lab.edit(seq, changed(lab.entry(seq), "action"))
    lab.link_anew(seq, last)
    assert lab.kind_at(first, last) is FindingKind.EDITED


@pytest.mark.parametrize("seq", SOME)
@pytest.mark.parametrize("column", ["link", "mac"])
def test_a_changed_link_or_mac_is_found(lab: Lab, column: str, seq: int) -> None:
    lab.hand.execute(
        f"UPDATE audit SET {column} = randomblob(32) WHERE seq = ?",  # noqa: S608 - named above
        (seq,),
    )
    closed = interval_of(seq)
    if column == "mac" and closed:  # its key is gone: the checkpoint has their digest
        assert lab.kind_at(*closed) is FindingKind.EDITED
    else:
        assert lab.kind_at(seq) is FindingKind.EDITED


@pytest.mark.unmeasured
@pytest.mark.parametrize("seq", range(1, ROWS + 1))
def test_a_deleted_row_is_found(lab: Lab, seq: int) -> None:
    lab.hand.execute("DELETE FROM audit_detail WHERE seq = ?", (seq,))
    lab.hand.execute("DELETE FROM audit WHERE seq = ?", (seq,))
    kind = lab.kind_at(seq)
    assert kind is (FindingKind.CUT if seq == ROWS else FindingKind.MISSING)


@pytest.mark.unmeasured
@pytest.mark.parametrize("anew", [False, True], ids=["as it was", "linked anew"])
@pytest.mark.parametrize("seq", [1, 3, 4, 6, 9, 12, 13])
def test_a_deleted_row_whose_gap_was_closed_is_found(
    lab: Lab, seq: int, *, anew: bool
) -> None:
    lab.hand.execute("DELETE FROM audit_detail WHERE seq >= ?", (seq,))
    lab.hand.execute("DELETE FROM audit WHERE seq = ?", (seq,))
    for later in range(seq + 1, ROWS + 1):
        lab.hand.execute("UPDATE audit SET seq = seq - 1 WHERE seq = ?", (later,))
        if anew:
            entry = json.loads(lab.entry(later - 1)) | {"seq": later - 1, "detail": ""}
            lab.edit(
                later - 1, json.dumps(entry, sort_keys=True, separators=(",", ":"))
            )
    if anew:
        lab.link_anew(seq, ROWS - 1)
    _found_about(lab, seq)


@pytest.mark.unmeasured
@pytest.mark.parametrize("anew", [False, True], ids=["as they were", "linked anew"])
@pytest.mark.parametrize(("one", "other"), [(1, 3), (3, 5), (7, 11), (9, 14), (12, 14)])
def test_two_swapped_rows_are_found(
    lab: Lab, one: int, other: int, *, anew: bool
) -> None:
    read = "SELECT entry, link, mac FROM audit WHERE seq = ?"
    first, second = (lab.hand.execute(read, (i,)).fetchone() for i in (one, other))
    write = "UPDATE audit SET entry = ?, link = ?, mac = ? WHERE seq = ?"
    lab.hand.execute(write, (*first, other))
    lab.hand.execute(write, (*second, one))
    if anew:
        lab.link_anew(one, ROWS)
        _found_about(lab, one)
    else:
        assert lab.kind_at(one) is FindingKind.MOVED


@pytest.mark.unmeasured
@pytest.mark.parametrize("anew", [False, True], ids=["as it was", "linked anew"])
@pytest.mark.parametrize("at", [1, 3, 5, 8, 11, 13])
def test_a_doubled_row_put_between_is_found(lab: Lab, at: int, *, anew: bool) -> None:
    lab.hand.execute("DELETE FROM audit_detail")
    for later in range(ROWS, at - 1, -1):
        lab.hand.execute("UPDATE audit SET seq = seq + 1 WHERE seq = ?", (later,))
    of = at - 1 if at > 1 else 3
    copy = "INSERT INTO audit SELECT ?, entry, link, mac FROM audit WHERE seq = ?"
    lab.hand.execute(copy, (at, of))
    if anew:
        lab.link_anew(at, ROWS + 1)
    _found_about(lab, min(at, *DETAILS))


@pytest.mark.parametrize("of", [1, 6, ROWS])
def test_a_row_put_after_the_last_is_found(lab: Lab, of: int) -> None:
    copy = "INSERT INTO audit SELECT ?, entry, link, mac FROM audit WHERE seq = ?"
    lab.hand.execute(copy, (ROWS + 1, of))
    assert lab.kind_at(ROWS + 1) is FindingKind.INSERTED


@pytest.mark.parametrize("left", [0, 3, 4, 9, 11, 13])
def test_a_cut_tail_is_found(lab: Lab, left: int) -> None:
    """By the sealed tail, whether checkpoints are kept outside or not."""
    lab.hand.execute("DELETE FROM audit_detail WHERE seq > ?", (left,))
    lab.hand.execute("DELETE FROM audit WHERE seq > ?", (left,))
    assert lab.kind_at(left + 1) is FindingKind.CUT
    found = lab.verify(lab.evidence())
    assert isinstance(found, Finding)
    assert found.seq == left + 1


@pytest.mark.parametrize("seq", DETAILS)
def test_an_unrecorded_redaction_is_found(lab: Lab, seq: int) -> None:
    lab.hand.execute("DELETE FROM audit_detail WHERE seq = ?", (seq,))
    assert lab.kind_at(seq) is FindingKind.REDACTED


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE checkpoints SET note = note || char(10) WHERE number = ?", "edited"),
        (
            "UPDATE checkpoints SET note = CAST(x'ff' AS TEXT) WHERE number = ?",
            "edited",
        ),
        (
            (
                "UPDATE checkpoints SET note = replace(note, 'epoch', 'epoch ')"
                " WHERE number = ?"
            ),
            "edited",
        ),
        ("UPDATE checkpoints SET size = size - 1 WHERE number = ?", "edited"),
        ("DELETE FROM checkpoints WHERE number = ?", "missing"),
    ],
    ids=["a line", "no text", "a letter", "its size", "gone"],
)
def test_a_changed_checkpoint_is_found_in_its_interval(
    lab: Lab, sql: str, what: str, number: int
) -> None:
    lab.hand.execute(sql, (number,))
    found = lab.verify()
    assert isinstance(found, Finding)
    first, last = (1, *(size + 1 for size in CLOSED))[number - 1], CLOSED[number - 1]
    assert found.seq == first
    assert last - 1 <= (found.last_seq or 0) <= max(last, *CLOSED[: number + 1])
    assert found.kind == what


def test_two_checkpoints_swapped_are_found(lab: Lab) -> None:
    [one], [other] = (
        lab.hand.execute(
            "SELECT note FROM checkpoints WHERE number = ?", (n,)
        ).fetchone()
        for n in (1, 2)
    )
    for number, note in ((1, other), (2, one)):
        lab.hand.execute(
            "UPDATE checkpoints SET note = ? WHERE number = ?", (note, number)
        )
    assert lab.kind_at(1, 4) is FindingKind.EDITED


def test_a_checkpoint_put_in_is_found(lab: Lab) -> None:
    lab.hand.execute(
        "INSERT INTO checkpoints SELECT 4, 13, note FROM checkpoints WHERE number = 3"
    )
    assert lab.kind_at(12, 13) is FindingKind.INSERTED


def test_an_anchor_put_in_is_found(lab: Lab) -> None:
    """With it the triggers would let rows go; the sealed state knows of none."""
    lab.hand.execute("INSERT INTO anchors VALUES (8, randomblob(32))")
    lab.hand.execute("DELETE FROM audit_detail WHERE seq <= 8")
    lab.hand.execute("DELETE FROM audit WHERE seq <= 8")
    assert lab.kind_at(1) is FindingKind.INSERTED


@pytest.mark.promise("audit.erasable")
@pytest.mark.parametrize("size", CLOSED)
def test_a_pruned_log_begins_where_a_checkpoint_says(lab: Lab, size: int) -> None:
    _prune(lab, size)
    held = 1 + sum(one > size for one in CLOSED)
    assert lab.verify(lab.evidence()) == Health(ROWS + 1, held, size)
    for taken, key in lab.keys.items():  # one from before what was pruned leads on
        found = lab.verify(Evidence(key=key))
        assert isinstance(found, Health)
        assert found.maced_from == max(size, taken) + 1
    lab.hand.execute("UPDATE audit SET mac = randomblob(32) WHERE seq = 12")
    assert lab.verify(Evidence(key=lab.keys[0])) == Finding(12, FindingKind.EDITED)
    lab.hand.execute("UPDATE anchors SET hashes = randomblob(length(hashes))")
    assert lab.kind_at(1, size) is FindingKind.EDITED
    lab.hand.execute("DELETE FROM anchors")
    assert lab.kind_at(1) is FindingKind.INSERTED


@pytest.mark.parametrize("which", ["epoch", "tail"])
def test_an_older_state_put_back_is_found_and_stops_the_log(
    lab: Lab, which: str
) -> None:
    """Each opens and is ours: that it is an older one, the other tells."""
    read = "SELECT kid, cell FROM audit_state WHERE name = ?"
    before = lab.hand.execute(read, (which,)).fetchone()
    lab.with_keys(lambda tx: _ignore(checkpoints.close(tx, maintenance())))
    sql = "UPDATE audit_state SET kid = ?, cell = ? WHERE name = ?"
    lab.hand.execute(sql, (*before, which))
    assert lab.kind_at(12 if which == "epoch" else ROWS + 1) is FindingKind.EPOCH
    with pytest.raises(AuditTamperedError):
        lab.with_keys(lambda tx: _append(tx, lab))


@pytest.mark.parametrize("name", ["epoch", "tail"])
def test_a_state_that_is_gone_is_found(lab: Lab, name: str) -> None:
    lab.hand.execute("DELETE FROM audit_state WHERE name = ?", (name,))
    if name == "epoch":
        assert lab.kind_at(1) is FindingKind.EDITED
    else:
        assert lab.kind_at(ROWS + 1) is FindingKind.CUT


# Whoever holds the master key, or runs as the person.


def test_a_log_written_anew_is_told_by_what_was_kept_elsewhere(lab: Lab) -> None:
    """Sealed, signed and whole in itself: it contradicts what he could not write."""
    _written_anew(lab)
    assert lab.verify() == Health(ROWS, checkpoints=3)
    found = lab.verify(lab.evidence())
    assert found == Finding(1, FindingKind.FORKED, 4)
    one_note = Evidence(notes=lab.notes[2:])
    assert lab.verify(one_note) == Finding(1, FindingKind.FORKED, 11)


def test_a_log_written_anew_is_told_by_an_old_epochs_key(lab: Lab) -> None:
    _written_anew(lab)
    found = lab.verify(Evidence(key=lab.keys[4]))
    assert found == Finding(5, FindingKind.EDITED)


def test_who_breaks_in_later_cannot_change_what_was_before(lab: Lab) -> None:
    """All is made to fit, but for MACs whose keys were gone by then."""

    def forge(tx: Tx) -> None:
        key = audit_state.read_epoch(tx).key
        [(before,)] = tx.execute("SELECT link FROM audit WHERE seq = 5")
        for seq, entry in tx.execute("SELECT seq, entry FROM audit").fetchall():
            if seq >= FORGED:
                text = changed(entry, "action") if seq == FORGED else entry
                before = chain.link(before, text.encode())
                tx.execute(
                    "UPDATE audit SET entry = ?, link = ?, mac = ? WHERE seq = ?",
                    (text, before, chain.mac(key, before), seq),
                )
        _seal(tx, ROWS, key)

    lab.with_keys(forge)
    assert lab.verify() == Health(ROWS, checkpoints=3)
    assert lab.verify(Evidence(key=lab.keys[4])) == Finding(FORGED, FindingKind.EDITED)
    assert lab.verify(lab.evidence()) == Finding(5, FindingKind.FORKED, 8)


@pytest.mark.parametrize("left", [5, 8, 10])
def test_a_cut_with_the_keys_is_told_by_a_checkpoint_kept_elsewhere(
    lab: Lab, left: int
) -> None:
    """And by nothing else: rows newer than that can go unseen."""
    _cut(lab, left)
    assert isinstance(lab.verify(), Health)
    found = lab.verify(lab.evidence())
    assert found == Finding(left + 1, FindingKind.RESTORED)
    older = Evidence(notes=lab.notes[:1])
    assert isinstance(lab.verify(older), Health)


@pytest.mark.parametrize("left", [5, 8, 10])
def test_a_fork_is_told_by_a_checkpoint_kept_elsewhere(lab: Lab, left: int) -> None:
    _cut(lab, left)

    def grow(tx: Tx) -> None:
        for _ in range(left, ROWS + 3):
            _append(tx, lab)

    lab.with_keys(grow)
    assert isinstance(lab.verify(), Health)
    agreed = max(size for size in (0, *CLOSED) if size <= left)
    told = min(size for size in CLOSED if size > left)
    assert lab.verify(lab.evidence()) == Finding(agreed + 1, FindingKind.FORKED, told)


def test_a_key_of_a_later_epoch_than_the_log_has_tells_of_an_older_copy(
    lab: Lab,
) -> None:
    _cut(lab, 8)
    found = lab.verify(Evidence(key=lab.keys[11]))
    assert found == Finding(9, FindingKind.RESTORED)


def test_a_note_signed_by_another_key_is_told_by_the_one_kept(lab: Lab) -> None:
    """MACs go on to hold; who signed since then does not."""

    def renew(tx: Tx) -> None:
        key_changes.renew(tx, maintenance(), [checkpoints.SIGNS], now=NOW)
        epoch = audit_state.read_epoch(tx)
        _seal(tx, ROWS, epoch.key)

    lab.with_keys(renew)
    assert lab.verify() == Health(ROWS, checkpoints=3)
    assert lab.verify(Evidence(key=lab.keys[4])) == Finding(5, FindingKind.FORKED, 8)


def _ignore(_: object) -> None:
    """A step whose result nobody needs."""


def _append(tx: Tx, lab: Lab, *, close: bool = False) -> None:
    how = Closing() if close else None
    audit.append(tx, a_line(), now=NOW, who=lab.grant, close=how)


def _found_about(lab: Lab, seq: int) -> None:
    """Something is found, no later than in the interval of ``seq``."""
    found = lab.verify()
    assert isinstance(found, Finding), found
    closed = interval_of(seq)
    if closed is None:
        assert found.seq == seq
    else:
        assert closed[0] <= found.seq <= (found.last_seq or found.seq) <= closed[1]


def _prune(lab: Lab, size: int) -> None:
    below = "SELECT entry FROM audit WHERE seq <= ? ORDER BY seq"

    def prune(tx: Tx) -> None:
        leaves = [merkle.leaf(one.encode()) for (one,) in tx.execute(below, (size,))]
        grown = bytes(merkle.Range().grown(leaves))
        tx.execute("INSERT INTO anchors VALUES (?, ?)", (size, grown))
        how = Closing(anchor=size)
        audit.append(tx, a_line("audit prune"), now=NOW, who=lab.grant, close=how)
        tx.execute("DELETE FROM audit_detail WHERE seq <= ?", (size,))
        tx.execute("DELETE FROM audit WHERE seq <= ?", (size,))

    lab.with_keys(prune)


def _written_anew(lab: Lab) -> None:
    """Let a holder of every key write other rows, from the first."""
    for table in ("audit_detail", "checkpoints", "audit", "audit_state"):
        lab.hand.execute(f"DELETE FROM {table}")  # noqa: S608 - named above
    lab.with_keys(audit.begin)
    fill(lab.store, lab.grant)


def _cut(lab: Lab, left: int) -> None:
    """Let a holder of every key cut rows off, and seal what is left as the end."""
    for table in ("audit_detail", "audit"):
        lab.hand.execute(f"DELETE FROM {table} WHERE seq > ?", (left,))  # noqa: S608 - likewise
    number = sum(size <= left for size in CLOSED)
    lab.with_keys(lambda tx: _seal(tx, left, lab.keys[4].at(number)))


def _seal(tx: Tx, last: int, key: bytes) -> None:
    """Sign and seal a log as it stands, to its last row, as only the keys let one."""
    tx.execute("DELETE FROM checkpoints")
    origin = notes.origin_of(keys.store_id(tx.db))
    rows = tx.execute("SELECT entry, link, mac FROM audit ORDER BY seq").fetchall()
    state = audit_state.Epoch(key)
    for epoch, size in enumerate(size for size in CLOSED if size <= last):
        leaves = [merkle.leaf(entry.encode()) for entry, _, _ in rows[:size]]
        macs = b"".join(mac for _, _, mac in rows[state.size : size])
        grown = merkle.Range().grown(leaves)
        note = notes.signed(
            tx.ring,
            Checkpoint(
                origin=origin,
                size=size,
                root=grown.root(),
                epoch=epoch,
                at=NOW,
                link=rows[size - 1][1],
                macs=hashlib.sha256(macs).digest(),
                previous=state.note,
            ),
        )
        tx.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (epoch + 1, size, note))
        state = replace(
            state,
            number=epoch + 1,
            size=size,
            link=rows[size - 1][1],
            note=notes.digest(note),
            hashes=bytes(grown),
        )
    audit_state.write_epoch(tx, state)
    tail = audit_state.Tail(last, rows[-1][1], 0, 0, state.number)
    audit_state.write_tail(tx, tail)


def test_who_has_an_old_backup_too_can_make_macs_from_its_epoch_on(lab: Lab) -> None:
    """With the key of epoch 1 they fit again: only a checkpoint elsewhere tells."""
    old = lab.keys[4]  # as it stands in the backup, under the same master key

    def forge(tx: Tx) -> None:
        [(before,)] = tx.execute("SELECT link FROM audit WHERE seq = 5")
        for seq, entry in tx.execute("SELECT seq, entry FROM audit").fetchall():
            if seq >= FORGED:
                text = changed(entry, "action") if seq == FORGED else entry
                before = chain.link(before, text.encode())
                key = old.at(json.loads(entry)["epoch"])
                tx.execute(
                    "UPDATE audit SET entry = ?, link = ?, mac = ? WHERE seq = ?",
                    (text, before, chain.mac(key, before), seq),
                )
        _seal(tx, ROWS, old.at(3))

    lab.with_keys(forge)
    assert lab.verify(Evidence(key=old)) == Health(ROWS, checkpoints=3)
    assert lab.verify(lab.evidence()) == Finding(5, FindingKind.FORKED, 8)


LINES = {
    "writes the file, holds no key": [
        test_an_edited_field_is_found_at_its_row,
        test_an_edit_that_was_linked_anew_is_found_in_its_interval,
        test_a_cut_tail_is_found,
        test_an_unrecorded_redaction_is_found,
    ],
    "puts an older copy back, whole": [older_copy],
    "holds the master key, or runs as you": [
        test_a_log_written_anew_is_told_by_what_was_kept_elsewhere,
        test_a_cut_with_the_keys_is_told_by_a_checkpoint_kept_elsewhere,
        test_a_fork_is_told_by_a_checkpoint_kept_elsewhere,
    ],
    "broke in later, and `audit key` was taken away before": [
        test_who_breaks_in_later_cannot_change_what_was_before
    ],
    "holds the master key and an old backup": [
        test_who_has_an_old_backup_too_can_make_macs_from_its_epoch_on
    ],
}


def test_each_line_of_the_readmes_table_is_a_test() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    table = readme.partition("| who attacks the log |")[2].partition("\n\n")[0]
    named = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[2:]]
    assert named == list(LINES)
    assert all(LINES.values())
