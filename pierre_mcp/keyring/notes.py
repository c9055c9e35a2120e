"""Checkpoints of the log as signed notes, which anyone can check.

::

    pierre-mcp/<store id>                         origin, and the name of the key
    <rows>
    <root, base64>                                RFC 6962, of the entries
    epoch <n>                                     it closes
    time <RFC 3339>                               of the newest row
    link <hexadecimal>                            of the newest row
    macs <hexadecimal>                            SHA-256 of the MACs of the epoch
    previous <hexadecimal>                        SHA-256 of the note before
    anchor <rows>                                 where rows were pruned
    key fresh                                     where the next key is not led on

    — <name> <base64 of the key's id and the signature>

C2SP tlog-checkpoint in a C2SP signed-note, Ed25519. Each note holds the hash of the one
before, so the newest speaks for all of them. The seed is subkey
"pierre/checkpoint/v1" of DEK(system, checkpoint-sign), which signs nothing else.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pierre_mcp.errors import NoteMalformedError
from pierre_mcp.keyring import signing
from pierre_mcp.keyring.ring import Purpose, Ring

NO_NOTE: Final = bytes(32)
"""Stands for the note before the first."""

_LABEL: Final = "pierre/checkpoint/v1"
_ED25519: Final = b"\x01"
_KEY_ID_BYTES: Final = 4
_MOST_CHARS: Final = 4_096
_TEXT: Final = re.compile(
    r"""(?P<origin>[!-*,-~]+)\n
        (?P<size>[1-9][0-9]{0,17})\n
        (?P<root>[A-Za-z0-9+/]{43}=)\n
        epoch[ ](?P<epoch>0|[1-9][0-9]{0,17})\n
        time[ ](?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n
        link[ ](?P<link>[0-9a-f]{64})\n
        macs[ ](?P<macs>[0-9a-f]{64})\n
        previous[ ](?P<previous>[0-9a-f]{64})\n
        (?:anchor[ ](?P<anchor>[1-9][0-9]{0,17})\n)?
        (?P<fresh>key[ ]fresh\n)?""",
    re.VERBOSE,
)
_SIGNATURE: Final = re.compile(r"— ([!-*,-~]+) ([A-Za-z0-9+/]+={0,2})")
_VKEY: Final = re.compile(r"([!-*,-~]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far a log had come, and by what it is known again.

    Attributes:
        origin: Which log.
        size: How many rows.
        root: Of the tree of their entries.
        epoch: The one it closes; the rows after it are of the next.
        at: Of the newest row, UTC, whole seconds.
        link: Of the newest row.
        macs: SHA-256 of the MACs of the epoch's rows, one after the other.
        previous: SHA-256 of the note before, ``NO_NOTE`` for the first.
        anchor: How many of the first rows were pruned.
        fresh: The next epoch's key was drawn anew, and is not led on from this one's.
    """

    origin: str
    size: int
    root: bytes
    epoch: int
    at: datetime
    link: bytes
    macs: bytes
    previous: bytes
    anchor: int = 0
    fresh: bool = False

    def text(self) -> str:
        """Return what is signed."""
        lines = [
            self.origin,
            str(self.size),
            base64.b64encode(self.root).decode(),
            f"epoch {self.epoch}",
            f"time {self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            f"link {self.link.hex()}",
            f"macs {self.macs.hex()}",
            f"previous {self.previous.hex()}",
        ]
        if self.anchor:
            lines.append(f"anchor {self.anchor}")
        if self.fresh:
            lines.append("key fresh")
        return "".join(f"{line}\n" for line in lines)


def origin_of(store_id: str) -> str:
    """Return the origin of a store's notes, which is also the name of its key."""
    return f"pierre-mcp/{store_id}"


def signed(ring: Ring, checkpoint: Checkpoint) -> str:
    """Return the note of a checkpoint.

    Raises:
        KeyMissingError: No key signs checkpoints yet.
    """
    text, name = checkpoint.text(), checkpoint.origin
    signature = signing.sign(ring, text.encode(), _LABEL, Purpose.CHECKPOINT_SIGN)
    said = base64.b64encode(_key_id(name, _public(ring)) + signature).decode()
    return f"{text}\n— {name} {said}\n"


def parsed(note: str) -> Checkpoint:
    """Return what a note says, whoever signed it.

    Raises:
        NoteMalformedError: It is no note of ours, to the letter.
    """
    found = _TEXT.fullmatch(_text_of(note))
    if found is None:
        raise NoteMalformedError
    try:
        checkpoint = Checkpoint(
            origin=found["origin"],
            size=int(found["size"]),
            root=base64.b64decode(found["root"], validate=True),
            epoch=int(found["epoch"]),
            at=datetime.fromisoformat(found["time"]),
            link=bytes.fromhex(found["link"]),
            macs=bytes.fromhex(found["macs"]),
            previous=bytes.fromhex(found["previous"]),
            anchor=int(found["anchor"] or 0),
            fresh=found["fresh"] is not None,
        )
    except ValueError:  # a day that no month has
        raise NoteMalformedError from None
    if checkpoint.text() != found[0]:  # base64 of the same bytes in other letters
        raise NoteMalformedError
    return checkpoint


def digest(note: str) -> bytes:
    """Return the SHA-256 of a whole note, by which the next one names it."""
    return hashlib.sha256(note.encode()).digest()


def vkey(ring: Ring, name: str) -> str:
    """Return the public key that checks the notes of ``name``, as C2SP writes it.

    Raises:
        KeyMissingError: No key signs checkpoints yet.
    """
    public = _public(ring)
    typed = base64.b64encode(_ED25519 + public).decode()
    return f"{name}+{_key_id(name, public).hex()}+{typed}"


def is_vkey(text: str) -> bool:
    """Tell whether a text is a public key as ``vkey`` gives it."""
    return _public_of(text) is not None


def names(vkey: str, note: str) -> bool:
    """Tell whether a note claims to be signed by this key: its name and id are there.

    Raises:
        NoteMalformedError: It is no note.
    """
    return _claimed(vkey, note) is not None


def signed_by(vkey: str, note: str) -> bool:
    """Tell whether the holder of ``vkey``'s other half signed exactly this note.

    Raises:
        NoteMalformedError: It is no note.
    """
    public, signature = _public_of(vkey), _claimed(vkey, note)
    if public is None or signature is None:
        return False
    return signing.signed_by(public, signature, _text_of(note).encode())


def _claimed(vkey: str, note: str) -> bytes | None:
    """Return the signature of ``note`` that says it is this key's."""
    public = _public_of(vkey)
    if public is None:
        return None
    name = vkey.partition("+")[0]
    for by, said in _signatures(note):
        if by == name and said[:_KEY_ID_BYTES] == _key_id(name, public):
            return said[_KEY_ID_BYTES:]
    return None


def _text_of(note: str) -> str:
    text, between, _ = note.partition("\n\n")
    if not between or len(note) > _MOST_CHARS:
        raise NoteMalformedError
    return f"{text}\n"


def _signatures(note: str) -> list[tuple[str, bytes]]:
    """Return each signature of a note, ours and those of its witnesses."""
    _, _, below = note.partition("\n\n")
    if not below.endswith("\n"):
        raise NoteMalformedError
    found = [_SIGNATURE.fullmatch(line) for line in below[:-1].split("\n")]
    try:
        return [(one[1], base64.b64decode(one[2], validate=True)) for one in found]  # type: ignore[index]
    except (TypeError, ValueError):
        raise NoteMalformedError from None


def _public(ring: Ring) -> bytes:
    return signing.public_key(ring, _LABEL, Purpose.CHECKPOINT_SIGN)


def _public_of(vkey: str) -> bytes | None:
    found = _VKEY.fullmatch(vkey)
    if found is None:
        return None
    typed = base64.b64decode(found[3])
    public = typed[1:]
    known = typed[:1] == _ED25519 and len(public) == 32
    return public if known and _key_id(found[1], public).hex() == found[2] else None


def _key_id(name: str, public: bytes) -> bytes:
    named = hashlib.sha256(name.encode() + b"\n" + _ED25519 + public)
    return named.digest()[:_KEY_ID_BYTES]
