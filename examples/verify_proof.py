"""Check a proof from the audit log, without its database and without pierre-mcp.

A proof is a file that ``pierre-mcp audit prove`` writes. It shows either that one row
is in the log (``row``), or that the log of one checkpoint begins with all of an earlier
one's (``extension``). Run it with::

    python examples/verify_proof.py PROOF [--key FILE] [--kept FILE]

The proof brings the public key along by which its checkpoint is signed. That says
nothing of whose key it is: give the one you had from elsewhere with ``--key``, or
compare the one that is printed. With ``--kept`` the checkpoint of the proof (of an
extension the earlier one) must stand in that file, to the byte.

It ends with 0 where the proof holds, with 1 where it does not, and then it says why.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "pierre-mcp/audit-proof/1"
MOST_BYTES = 1_000_000
ED25519 = b"\x01"
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
SIGNATURE = re.compile(r"\u2014 (\S+) (\S+)")
PINNED = {"row": "checkpoint", "extension": "earlier"}


class RefusedError(Exception):
    """The proof does not hold."""


def refuse(why: str) -> NoReturn:
    """End with the reason."""
    raise RefusedError(why)


# What is written is read strictly: one thing has one spelling.


def unpacked(text: object, length: int) -> bytes:
    """Return the ``length`` bytes that base64 text stands for."""
    try:
        found = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        refuse("something in it is no base64")
    if len(found) != length or base64.b64encode(found).decode() != text:
        refuse("a hash, key or signature in it has not the right length")
    return found


def number(text: str) -> int:
    """Return the number that decimal text stands for, 1 or more."""
    return int(text) if NUMBER.fullmatch(text) else refuse("a size in it is no number")


def json_object(text: str) -> dict[str, Any]:
    """Return a JSON object no name of which stands twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else refuse("a name stands twice")

    try:
        found = json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError):
        refuse("it is no JSON")
    return found if isinstance(found, dict) else refuse("it is no JSON object")


def field(proof: Mapping[str, Any], name: str) -> str:
    """Return a text of the proof."""
    found = proof.get(name)
    if not isinstance(found, str):
        refuse(f"it lacks: {name}")
    if any("\ud800" <= one <= "\udfff" for one in found):
        refuse(f"it is no text: {name}")
    return found


# RFC 9162, section 2.1: leaves, nodes and the two proofs.


def leaf(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_leaf(index: int, size: int, leaf_hash: bytes, path: list[bytes]) -> bytes:
    """Return the root that an inclusion path leads to (section 2.1.3.2)."""
    at, last, root = index, size - 1, leaf_hash
    for one in path:
        if last == 0:
            refuse("it has too many hashes")
        if at % 2 or at == last:
            root = node(one, root)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            root = node(root, one)
        at, last = at // 2, last // 2
    return root if last == 0 else refuse("it has too few hashes")


def roots_of_extension(
    first: int, second: int, first_root: bytes, path: list[bytes]
) -> tuple[bytes, bytes]:
    """Return both roots that a consistency path leads to (section 2.1.4.2)."""
    at, last = first - 1, second - 1
    while at % 2:
        at, last = at // 2, last // 2
    hashes = path if at else [first_root, *path]
    if not hashes:
        refuse("it has too few hashes")
    older = newer = hashes[0]
    for one in hashes[1:]:
        if last == 0:
            refuse("it has too many hashes")
        if at % 2 or at == last:
            older, newer = node(one, older), node(one, newer)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            newer = node(newer, one)
        at, last = at // 2, last // 2
    return (older, newer) if last == 0 else refuse("it has too few hashes")


# C2SP: keys and signatures (signed-note), and what a checkpoint says (tlog-checkpoint).


@dataclass(frozen=True)
class Key:
    """A verifier key: ``<name>+<id>+<base64 of its kind and the public key>``."""

    name: str
    id: bytes
    public: bytes

    @classmethod
    def of(cls, text: str) -> "Key":
        """Read one."""
        if not text.isprintable():
            refuse("its key is no verifier key")
        name, _, rest = text.partition("+")
        id_, _, packed = rest.partition("+")
        kind_and_key = unpacked(packed, 33)
        made = hashlib.sha256(name.encode() + b"\n" + kind_and_key).digest()[:4]
        if not name or kind_and_key[:1] != ED25519 or made.hex() != id_:
            refuse("its key is no verifier key")
        return cls(name, made, kind_and_key[1:])


@dataclass(frozen=True)
class Checkpoint:
    """What a log signed: that its first ``size`` rows have this root."""

    size: int
    root: bytes
    time: str

    @classmethod
    def of(cls, note: str, key: Key) -> "Checkpoint":
        """Read one that is signed by ``key``."""
        text, blank, below = note.rpartition("\n\n")
        seen = all(line.isprintable() for line in note.split("\n"))
        if not blank or not below.endswith("\n") or not seen:
            refuse("a checkpoint in it is no signed note")
        # Others may have signed it too; those lines are none of our business.
        signed = f"{text}\n".encode()
        if not any(holds(line, key, signed) for line in below[:-1].split("\n")):
            refuse("the key did not sign its checkpoint")
        origin, size, root, *more = [*text.split("\n"), "", "", ""]
        if origin != key.name:
            refuse("its checkpoint is of another log than its key")
        times = [line[5:] for line in more if line.startswith("time ")]
        return cls(number(size), unpacked(root, 32), times[0] if times else "a time")


def holds(line: str, key: Key, signed: bytes) -> bool:
    """Tell whether a line below a note is this key's signature, and is right."""
    found = SIGNATURE.fullmatch(line)
    if found is None:
        refuse("a checkpoint in it is no signed note")
    if found[1] != key.name:
        return False
    id_, signature = split(unpacked(found[2], 68), 4)
    if id_ != key.id:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        refuse("the signature of its checkpoint is wrong")
    return True


def split(found: bytes, at: int) -> tuple[bytes, bytes]:
    """Return what stands before and after a place."""
    return found[:at], found[at:]


# The two kinds of proof.


def check_row(proof: Mapping[str, Any], key: Key) -> Iterator[str]:
    """Hold the row to its checkpoint, and say what was shown."""
    checkpoint = Checkpoint.of(field(proof, "checkpoint"), key)
    entry, seq = field(proof, "entry"), proof.get("seq")
    if not (entry.isascii() and entry.isprintable()):
        refuse("its row is none that the log writes")
    if type(seq) is not int or json_object(entry).get("seq") != seq:
        refuse("it is about another row than it says")
    if not 0 < seq <= checkpoint.size:
        refuse("its checkpoint was taken before its row")
    path = hashes_of(proof)
    found = root_of_leaf(seq - 1, checkpoint.size, leaf(entry.encode()), path)
    if found != checkpoint.root:
        refuse("its row is not in the log that the checkpoint is of")
    yield f"Row {seq} is among the first {checkpoint.size} of the log {key.name}."
    yield f"Their checkpoint is of {checkpoint.time}. The row says:"
    yield entry


def check_extension(proof: Mapping[str, Any], key: Key) -> Iterator[str]:
    """Hold two checkpoints to each other, and say what was shown."""
    older = Checkpoint.of(field(proof, "earlier"), key)
    newer = Checkpoint.of(field(proof, "checkpoint"), key)
    path = hashes_of(proof)
    if older.size > newer.size or (older.size == newer.size and path):
        refuse("its checkpoints are not an earlier and a later one")
    found = older.root, older.root
    if older.size < newer.size:
        found = roots_of_extension(older.size, newer.size, older.root, path)
    if found != (older.root, newer.root):
        refuse("the later checkpoint is not of a log that begins with the earlier")
    yield f"The log {key.name} of {newer.time}, {newer.size} rows,"
    yield f"begins with all {older.size} of its checkpoint of {older.time}."


CHECKS = {"row": check_row, "extension": check_extension}


def hashes_of(proof: Mapping[str, Any]) -> list[bytes]:
    """Return the hashes of a proof."""
    given = proof.get("hashes")
    if not isinstance(given, list):
        refuse("it lacks: hashes")
    return [unpacked(one, 32) for one in given]


def check(proof: Mapping[str, Any], expected: Key | None, kept: str | None) -> str:
    """Check a proof; return what it shows.

    Raises:
        RefusedError: It does not hold.
    """
    if proof.get("format") != FORMAT or proof.get("kind") not in CHECKS:
        refuse("it is no proof of a kind that is known here")
    key = Key.of(field(proof, "key"))
    if expected is not None and key != expected:
        refuse("it is signed by another key than yours")
    lines = list(CHECKS[proof["kind"]](proof, key))
    pinned = "\n" + field(proof, PINNED[proof["kind"]])
    if kept is not None and pinned not in f"\n{kept}":
        refuse("its checkpoint is none of those you kept")
    if expected is None:
        lines.append("It is signed by the key below. Is that the one you know?")
        lines.append(field(proof, "key"))
    return "\n".join(lines)


def text_of(path: Path) -> str:
    """Read a small file."""
    with path.open("rb") as file:
        found = file.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        refuse("it is too long")
    try:
        return found.decode()
    except UnicodeDecodeError:
        refuse("it is no text")


def key_in(path: Path) -> Key:
    """Return the key in a file of lines, of which one is it, alone or after "vkey"."""
    for line in text_of(path).splitlines():
        if line.count("+") >= 2:
            return Key.of(line.removeprefix("vkey").strip())
    refuse("there is no key in your file")


def main() -> int:
    """Check what the command line names."""
    parser = argparse.ArgumentParser(description="Check a proof from the audit log.")
    parser.add_argument("proof", type=Path)
    parser.add_argument("--key", type=Path, help="holds the log's public key")
    parser.add_argument("--kept", type=Path, help="holds checkpoints you kept")
    given = parser.parse_args()
    try:
        expected = key_in(given.key) if given.key else None
        kept = text_of(given.kept) if given.kept else None
        print(check(json_object(text_of(given.proof)), expected, kept))
    except RefusedError as error:
        print(f"It does NOT hold: {error}.")
        return 1
    except OSError:
        print("A file cannot be read.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
