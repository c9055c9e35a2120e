"""The receipt of an erasure: what went, what could not be reached, and a signature.

::

    {"body": {...}, "signature": "<128 hex>"}

The signature is Ed25519 over the body's canonical JSON: keys in order, no spaces, ASCII
only, as ``json.dumps(body, sort_keys=True, separators=(",", ":"))`` gives it. The body
holds the public key, so anyone can check it; whose key it is, this store's receipts and
the person who keeps them say.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pierre_mcp.keyring import signing
from pierre_mcp.keyring.ring import SYSTEM, KeyInfo, Purpose
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import keys
from pierre_mcp.store.database import Tx

USE: Final = (SYSTEM, Purpose.RECEIPT_SIGN)
KIND: Final = "pierre-mcp erasure receipt"

OUT_OF_REACH: Final = (
    "older backups and copies of the store, as long as their master key exists",
    "what was exported from it, and the files it was imported from",
    "answers that were released: their recipients may keep them",
    "copies that a restore kept aside, beside the store",
    "other profiles on this machine",
    "blocks a disk keeps of what was overwritten",
)
"""What no program here can erase; the counts beside it say what is known of it."""

_ALL = "SELECT receipt FROM erasures ORDER BY erased_us"


@dataclass(frozen=True, slots=True)
class Beside:
    """What a machine is known to hold of stores beside the one a person is erased from.

    Attributes:
        profiles: Stores of other profiles.
        copies: Of this store, kept aside by a restore.
    """

    profiles: int = 0
    copies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a receipt says.

    Attributes:
        row: Of the log, which says the same.
        rows: Erased from each table.
        keys: Destroyed.
        answers: Released to each recipient.
        backups: That the log knows of.
        beside: What else the machine is known to hold.
    """

    tombstone: bytes
    at: datetime
    row: int
    rows: Mapping[str, int]
    keys: Sequence[KeyInfo]
    answers: Mapping[str, int]
    backups: int
    beside: Beside


def made(tx: Tx, facts: Facts) -> str:
    """Return the signed receipt, as JSON.

    Raises:
        KeyMissingError: No key signs receipts.
    """
    body = {
        "kind": KIND,
        "version": 1,
        "store": keys.store_id(tx.db),
        "tombstone": facts.tombstone.hex(),
        "erased_at": facts.at.astimezone(UTC).isoformat(timespec="seconds"),
        "log_row": facts.row,
        "rows_erased": dict(facts.rows),
        "keys_destroyed": [
            {"id": key.id, "purpose": key.purpose, "version": key.version}
            for key in facts.keys
        ],
        "out_of_reach": {
            "what": OUT_OF_REACH,
            "answers_released": dict(facts.answers),
            "backups_in_the_log": facts.backups,
            "copies_beside": facts.beside.copies,
            "other_profiles": facts.beside.profiles,
        },
        "public_key": signing.public_key(tx.ring).hex(),
    }
    signature = signing.sign(tx.ring, _canonical(body)).hex()
    return json.dumps({"body": body, "signature": signature}, sort_keys=True)


def holds(receipt: str) -> bool:
    """Tell whether a receipt is, to the byte of its body, what was signed."""
    try:
        parsed = json.loads(receipt)
        body, signature = parsed["body"], bytes.fromhex(parsed["signature"])
        public = bytes.fromhex(body["public_key"])
    except (ValueError, KeyError, TypeError):
        return False
    return signing.signed_by(public, signature, _canonical(body))


def every(tx: Tx, maintenance: Maintenance) -> list[str]:
    """Return the receipts of the store, oldest first; they name nobody."""
    del maintenance
    return [receipt for (receipt,) in tx.execute(_ALL)]


def _canonical(body: Any) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
