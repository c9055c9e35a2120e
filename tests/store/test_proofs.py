"""Proofs: they hold for who has neither store nor keys, and no other one does."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import (
    AuditTamperedError,
    NotesForeignError,
    RowPrunedError,
    RowUnknownError,
)
from pierre_mcp.keyring import notes
from pierre_mcp.keyring.merkle import Range, leaf
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit, checkpoints, keys, proofs
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Store
from tests.proving import verifier
from tests.store.hands import edit
from tests.stores import (
    NOW,
    a_line,
    a_store,
    copy_store,
    maintenance,
    owner_grant,
)

Proof = dict[str, Any]
Tamper = Callable[[Proof, Proof], Any]
V = verifier()
CLOSED = (1, 6, 11)
"""The rows with which a checkpoint is taken."""


def fill(store: Store, rows: int) -> None:
    grant = owner_grant(store)
    for seq in range(1, rows + 1):
        with store.writing() as tx:
            close = Closing() if seq in CLOSED else None
            audit.append(tx, a_line(f"row {seq}"), now=NOW, who=grant, close=close)


def row_of(store: Store, seq: int) -> Proof:
    with store.reading() as tx:
        return through(proofs.of_row(tx, maintenance(), seq))


def extension_of(store: Store, kept: str) -> Proof:
    with store.reading() as tx:
        return through(proofs.of_extension(tx, maintenance(), kept.encode()))


def through(proof: Proof) -> Proof:
    """As it is after it was a file."""
    found: Proof = V.json_object(json.dumps(proof))
    return found


def notes_of(store: Store) -> list[str]:
    with store.reading() as tx:
        return [kept.note for kept in checkpoints.every(tx)]


def key_of(store: Store) -> str:
    with store.reading() as tx:
        return notes.vkey(tx.ring, notes.origin_of(keys.store_id(tx.db)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Proofs of one log and of another, which nobody changes."""
    found: dict[str, Any] = {}
    for name in ("ours", "theirs"):
        path = tmp_path_factory.mktemp(name) / "store"
        with a_store(path, own=True) as store:
            fill(store, 12)
            kept = notes_of(store)
            found[name] = {seq: row_of(store, seq) for seq in range(1, 12)}
            found[name] |= {"notes": kept, "key": key_of(store), "path": path}
            found[name] |= {"from": [extension_of(store, note) for note in kept]}
    return found


@pytest.fixture
def proof(made: dict[str, Any]) -> Proof:
    found: Proof = deepcopy(made["ours"][4])
    return found


@pytest.fixture
def extension(made: dict[str, Any]) -> Proof:
    found: Proof = deepcopy(made["ours"]["from"][1])
    return found


def refusal(proof: Proof, **given: Any) -> str:
    with pytest.raises(V.RefusedError) as refused:
        V.check(proof, given.get("expected"), given.get("kept"))
    return str(refused.value)


@pytest.mark.promise("audit.prove")
def test_each_row_and_each_earlier_checkpoint_is_proven(made: dict[str, Any]) -> None:
    ours = made["ours"]
    key, kept = V.Key.of(ours["key"]), "\n".join(ours["notes"])
    for seq in range(1, 12):
        said = V.check(ours[seq], key, kept)
        assert said.startswith(f"Row {seq} is among the first 11 of the log ")
        assert f'"action":"row {seq}"' in said
    for size, one in zip(CLOSED, ours["from"], strict=True):
        assert f"begins with all {size} of its" in V.check(one, key, kept)


def test_a_key_that_was_not_given_is_asked_about(proof: Proof) -> None:
    said = V.check(proof, None, None)
    assert said.endswith(f"Is that the one you know?\n{proof['key']}")


def set_(proof: Proof, **changed: Any) -> None:
    proof.update(changed)


def flipped(text: str) -> str:
    found = bytearray(b64decode(text))
    found[0] ^= 1
    return b64encode(found).decode()


def signature_of(proof: Proof) -> str:
    found: str = proof["checkpoint"].rstrip("\n").rpartition(" ")[2]
    return found


@pytest.mark.promise("audit.prove")
@pytest.mark.parametrize(
    ("tamper", "why"),
    [
        pytest.param(lambda p, _: p["hashes"].pop(), "too few", id="truncated"),
        pytest.param(
            lambda p, _: p["hashes"].append(p["hashes"][0]), "too many", id="longer"
        ),
        pytest.param(lambda p, _: p["hashes"].reverse(), "not in", id="reordered"),
        pytest.param(
            lambda p, _: set_(p, hashes=[flipped(p["hashes"][0]), *p["hashes"][1:]]),
            "not in",
            id="a bit of a hash",
        ),
        pytest.param(lambda p, _: set_(p, seq=5), "another row", id="other number"),
        pytest.param(
            lambda p, _: set_(p, seq=5, entry=p["entry"].replace(":4,", ":5,")),
            "not in",
            id="other place",
        ),
        pytest.param(
            lambda p, _: set_(p, entry=p["entry"].replace("row 4", "row 9")),
            "not in",
            id="other words",
        ),
        pytest.param(lambda p, _: set_(p, entry=p["entry"] + " "), "not in", id="pad"),
        pytest.param(
            lambda p, o: set_(p, seq=o["seq"], entry=o["entry"]),
            "not in",
            id="a row of another store",
        ),
        pytest.param(
            lambda p, o: set_(p, checkpoint=o["checkpoint"]),
            "did not sign",
            id="a checkpoint of another store",
        ),
        pytest.param(
            lambda p, o: set_(p, key=o["key"]), "did not sign", id="another's key"
        ),
        pytest.param(
            lambda p, o: set_(p, key=o["key"], checkpoint=o["checkpoint"]),
            "not in",
            id="another's key and checkpoint",
        ),
        pytest.param(
            lambda p, _: set_(
                p, checkpoint=p["checkpoint"].replace("\n11\n", "\n12\n")
            ),
            "signature .* wrong",
            id="another size",
        ),
        pytest.param(
            lambda p, _: set_(
                p, checkpoint=p["checkpoint"].replace("time 2", "time 3")
            ),
            "signature .* wrong",
            id="another time",
        ),
        pytest.param(
            lambda p, _: set_(
                p,
                checkpoint=p["checkpoint"].replace(
                    signature_of(p), signature_of(p)[:-8] + "AAAAAAA="
                ),
            ),
            "signature .* wrong",
            id="another signature",
        ),
        pytest.param(
            lambda p, _: set_(p, checkpoint=p["checkpoint"].split("\n\n")[0] + "\n"),
            "no signed note",
            id="no signature",
        ),
        pytest.param(
            lambda p, _: set_(p, checkpoint=p["checkpoint"].replace("— ", "- ")),
            "no signed note",
            id="a line that is none",
        ),
        pytest.param(
            lambda p, _: set_(
                p, checkpoint=p["checkpoint"].replace("\n11", "\n\x1b[1m")
            ),
            "no signed note",
            id="a terminal's own characters",
        ),
        pytest.param(
            lambda p, _: set_(p, entry=p["entry"].replace("row 4", "row \u202e4")),
            "none that the log writes",
            id="text that runs backward",
        ),
        pytest.param(
            lambda p, _: set_(p, entry="\ud800"), "no text", id="half a character"
        ),
        pytest.param(lambda p, _: set_(p, seq=True), "another row", id="no number"),
        pytest.param(lambda p, _: set_(p, seq=4.0), "another row", id="a fraction"),
        pytest.param(lambda p, _: set_(p, hashes="x"), "lacks: hashes", id="no list"),
        pytest.param(
            lambda p, _: set_(p, hashes=[1]), "not the right length", id="no text"
        ),
        pytest.param(
            lambda p, _: set_(p, hashes=["é" * 44]), "no base64", id="no base64"
        ),
        pytest.param(lambda p, _: p.pop("entry"), "lacks: entry", id="no row"),
        pytest.param(lambda p, _: p.pop("key"), "lacks: key", id="no key"),
        pytest.param(
            lambda p, _: set_(p, key=p["key"].replace("+A", "+B", 1)),
            "no verifier key",
            id="a key of another kind",
        ),
        pytest.param(
            lambda p, _: set_(p, key="pierre-mcp/\x07" + p["key"]),
            "no verifier key",
            id="a key that rings",
        ),
        pytest.param(lambda p, _: set_(p, format="2"), "no proof", id="other format"),
        pytest.param(lambda p, _: set_(p, kind="rows"), "no proof", id="other kind"),
    ],
)
def test_nothing_else_is_taken_for_a_proof(
    made: dict[str, Any], proof: Proof, tamper: Tamper, why: str
) -> None:
    tamper(proof, made["theirs"][4])
    assert re.search(why, refusal(proof))


@pytest.mark.parametrize(
    ("tamper", "why"),
    [
        pytest.param(lambda p, _: p["hashes"].pop(), "too few", id="truncated"),
        pytest.param(lambda p, _: set_(p, hashes=[]), "too few", id="empty"),
        pytest.param(
            lambda p, _: p["hashes"].append(p["hashes"][0]), "too many", id="longer"
        ),
        pytest.param(
            lambda p, _: p["hashes"].reverse(), "not of a log", id="reordered"
        ),
        pytest.param(
            lambda p, o: set_(p, earlier=o["notes"][0]), "not of a log", id="other one"
        ),
        pytest.param(
            lambda p, _: set_(p, earlier=p["checkpoint"], checkpoint=p["earlier"]),
            "earlier and a later",
            id="backward",
        ),
        pytest.param(
            lambda p, _: set_(p, earlier=p["checkpoint"]),
            "earlier and a later",
            id="the same, with hashes",
        ),
        pytest.param(lambda p, _: p.pop("earlier"), "lacks: earlier", id="one alone"),
    ],
)
def test_nothing_else_is_taken_for_an_extension(
    made: dict[str, Any], extension: Proof, tamper: Tamper, why: str
) -> None:
    tamper(extension, made["ours"])
    assert why in refusal(extension)


def test_what_the_person_kept_is_held_against_it(
    made: dict[str, Any], proof: Proof, extension: Proof
) -> None:
    theirs = V.Key.of(made["theirs"]["key"])
    assert "another key than yours" in refusal(proof, expected=theirs)
    ours = made["ours"]["notes"]
    assert "none of those you kept" in refusal(proof, kept=ours[1])
    assert "none of those you kept" in refusal(extension, kept=ours[2])
    assert "none of those you kept" in refusal(proof, kept=f"x{ours[2]}")
    assert V.check(extension, None, f"x\n\n{ours[1]}")


def test_witnesses_may_have_signed_it_too(proof: Proof) -> None:
    proof["checkpoint"] += "— somebody.example " + "A" * 100 + "\n"
    assert V.check(proof, None, None)


def test_json_that_says_a_thing_twice_is_none() -> None:
    for text in ('{"a": 1, "a": 2}', "[]", "{", "[" * 100_000, "NaN"):
        with pytest.raises(V.RefusedError):
            V.json_object(text)


def test_what_there_is_no_proof_of(store: Store, grant: Grant) -> None:
    with store.reading() as tx:
        with pytest.raises(RowUnknownError):
            proofs.covers(tx, maintenance(), 1)
        with pytest.raises(RowUnknownError):
            proofs.of_row(tx, maintenance(), 1)
        with pytest.raises(NotesForeignError):
            proofs.of_extension(tx, maintenance(), b"")
    with store.writing() as tx:
        audit.append(tx, a_line(), now=NOW, who=grant)
    with store.reading() as tx:
        assert not proofs.covers(tx, maintenance(), 1)
        with pytest.raises(AuditTamperedError):
            proofs.of_row(tx, maintenance(), 1)
    with store.writing() as tx:
        checkpoints.close(tx, maintenance())
    with store.reading() as tx:
        assert proofs.covers(tx, maintenance(), 1)


def test_another_log_s_checkpoint_is_not_extended(
    made: dict[str, Any], directory: Path
) -> None:
    copy_store(made["ours"]["path"], directory)
    with a_store(directory) as store, pytest.raises(NotesForeignError):
        extension_of(store, "\n".join(made["theirs"]["notes"]))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET entry = entry || ' ' WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 3",
        "UPDATE checkpoints SET note = replace(note, 'time 2', 'time 3')",
        "UPDATE checkpoints SET note = (SELECT min(note) FROM checkpoints)",
        "DELETE FROM checkpoints",
        "INSERT INTO anchors VALUES (1, zeroblob(32))",
        "INSERT INTO anchors VALUES (1, zeroblob(31))",
    ],
)
def test_a_log_that_was_changed_proves_nothing(
    made: dict[str, Any], directory: Path, sql: str
) -> None:
    edit(copy_store(made["ours"]["path"], directory), sql)
    with a_store(directory) as store:
        with pytest.raises(AuditTamperedError):
            row_of(store, 4)
        with pytest.raises((AuditTamperedError, NotesForeignError)):
            extension_of(store, made["ours"]["notes"][1])


def test_rows_that_were_pruned(directory: Path, store: Store) -> None:
    fill(store, 12)
    whole = row_of(store, 8)
    with store.reading() as tx:
        entries = tx.execute("SELECT entry FROM audit WHERE seq <= 6").fetchall()
    pruned = Range().grown(leaf(entry.encode()) for (entry,) in entries)
    edit(directory, "INSERT INTO anchors VALUES (6, ?)", (bytes(pruned),))
    edit(directory, "DELETE FROM audit WHERE seq <= 6")
    assert row_of(store, 8) == whole
    first, second, _ = notes_of(store)
    assert V.check(extension_of(store, second), None, None)
    with pytest.raises(RowPrunedError):
        extension_of(store, first)
    with pytest.raises(RowPrunedError):
        row_of(store, 6)
