"""The walk through the rows of the log, from the first that is kept to the last."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pierre_mcp.keyring import chain, merkle, notes
from pierre_mcp.keyring.log_key import LogKey
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.store import audit_rows
from pierre_mcp.store.audit_notes import Notes
from pierre_mcp.store.audit_rows import Details, Row
from pierre_mcp.store.audit_state import Epoch, Tail
from pierre_mcp.store.checkpoints import Kept
from pierre_mcp.store.database import Tx

_STRAY = """
    SELECT min(seq) FROM audit_detail
     WHERE seq NOT IN (SELECT seq FROM audit) AND seq > ?
"""
_PRUNED = "SELECT size, hashes FROM anchors ORDER BY size DESC LIMIT 1"


@dataclass(slots=True)
class Walk:
    """One walk from the first row that is kept to the last, and where it is.

    Attributes:
        seq: Of the last row that holds.
        before: Its link.
        range: Of the leaves to the last checkpoint or size asked for.
        leaves: Those after that.
        number: Of checkpoints passed, so also the epoch that the next row is of.
        mac_key: Of that epoch, where it is known.
        macs: The MACs since the last checkpoint.
        seen: Root and link at the sizes asked for.
        checked: How many checkpoints the rows were held against.
        maced_from: The first row whose MAC was checked, 0 while none was.
    """

    tail: Tail | None
    epoch: Epoch
    notes: Notes
    key: LogKey | None
    details: Details
    asked: frozenset[int]
    seq: int = 0
    before: bytes = chain.FIRST_LINK
    range: merkle.Range = field(default_factory=merkle.Range)
    leaves: list[bytes] = field(default_factory=list)
    number: int = 0
    mac_key: bytes | None = None
    macs: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    seen: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    checked: int = 0
    maced_from: int = 0

    def through(self, tx: Tx) -> Finding | None:
        """Walk; return the first thing wrong."""
        return self._begun(tx) or self._rows(tx) or self._ended(tx)

    def _begun(self, tx: Tx) -> Finding | None:
        """Begin after what was pruned, which a checkpoint speaks for."""
        size, hashes = tx.one(_PRUNED) or (0, b"")
        if size != self.epoch.anchor:
            return Finding(min(size, self.epoch.anchor) + 1, FindingKind.INSERTED)
        if size == 0:
            return self._enter(0)
        at = self.notes.of_size(size)
        with suppress(ValueError):
            self.range = merkle.Range.from_bytes(size, bytes(hashes))
        if at is None or self.range.root() != at[1].root:
            return Finding(1, FindingKind.EDITED, size)
        self.seq, self.before = size, at[1].link
        self.mac_key = self._led_to(at[1].epoch)
        return self._enter(at[0].number, at[1])

    def _led_to(self, epoch: int) -> bytes | None:
        """Return the key of an epoch whose rows were pruned, if ours leads to it."""
        if self.key is None or epoch < self.key.epoch:
            return None
        passed = (s for _, s in self.notes.kept if self.key.epoch <= s.epoch < epoch)
        return None if any(said.fresh for said in passed) else self.key.at(epoch)

    def _rows(self, tx: Tx) -> Finding | None:
        fault = self.notes.fault
        ahead = [pair for pair in self.notes.kept if pair[0].size > self.seq][::-1]
        for row in audit_rows.every(tx):
            kind = self._wrong(row)
            if kind is not None:
                return Finding(self.seq + 1, kind)
            self._step(row)
            if fault is not None and self.seq >= (fault.last_seq or fault.seq):
                return fault
            if ahead and ahead[-1][0].size == self.seq:
                found = self._passed(*ahead.pop())
                if found is not None:
                    return found
        return fault

    def _wrong(self, row: Row) -> FindingKind | None:
        expected = self.seq + 1
        kind = audit_rows.misplaced(row, expected, self.before)
        if self.tail is not None and expected > self.tail.seq:
            return FindingKind.INSERTED
        if kind is not None:
            return kind
        facts = row.facts()
        if not self._of_this_epoch(facts, row.seq):
            return FindingKind.EPOCH
        if self.mac_key is not None and not chain.mac_holds(
            self.mac_key, row.link, row.mac
        ):
            return FindingKind.EDITED
        held = self.details.hold(row, str(facts.get("detail", "")))
        return None if held else FindingKind.REDACTED

    def _of_this_epoch(self, facts: dict[str, Any], seq: int) -> bool:
        said = facts.get("epoch", 0)  # version 1 is of epoch 0
        if said == self.number:
            return True
        fault = self.notes.fault  # a note that is gone leaves the next epoch unknown
        return fault is not None and fault.seq <= seq

    def _step(self, row: Row) -> None:
        self.seq, self.before = row.seq, row.link
        self.leaves.append(merkle.leaf(row.entry))
        self.macs.update(row.mac)
        if self.mac_key is not None and not self.maced_from:
            self.maced_from = row.seq
        if row.seq in self.asked:
            self.seen[row.seq] = (self._root(), row.link)

    def _passed(self, kept: Kept, said: Checkpoint) -> Finding | None:
        """Hold the rows since the last checkpoint against the one they come to."""
        below = self._below(kept.size)
        is_so = (self._root(), self.before, self.macs.digest())
        if is_so != (said.root, said.link, said.macs):
            return Finding(below + 1, FindingKind.EDITED, kept.size)
        if self.key is not None and not self._signed(self.key, kept, said):
            return Finding(below + 1, FindingKind.FORKED, kept.size)
        self.checked += 1
        return self._enter(kept.number, said)

    def _root(self) -> bytes:
        self.range = self.range.grown(self.leaves)
        self.leaves.clear()
        return self.range.root()

    def _below(self, size: int) -> int:
        sizes = (kept.size for kept, _ in self.notes.kept if kept.size < size)
        return max(sizes, default=0)

    def _signed(self, key: LogKey, kept: Kept, said: Checkpoint) -> bool:
        """Tell whether a note since ``key`` was taken away is signed by its half."""
        if self.mac_key is None or said.fresh:  # from before, or under another by now
            return True
        return notes.signed_by(key.vkey, kept.note)

    def _enter(self, number: int, left: Checkpoint | None = None) -> Finding | None:
        """Begin epoch ``number``: find the key of its MACs, if it can be known."""
        before, self.number = self.mac_key, number
        self.macs = hashlib.sha256()
        led_on = None
        if before is not None and left is not None and not left.fresh:
            led_on = chain.next_epoch_key(before)
        if self.key is not None and number == self.key.epoch:
            led_on = self.key.key
        if number == self.epoch.number:
            if led_on is not None and led_on != self.epoch.key:
                return Finding(self.seq + 1, FindingKind.EPOCH)
            led_on = self.epoch.key
        self.mac_key = led_on
        return None

    def _ended(self, tx: Tx) -> Finding | None:
        tail = self.tail
        if tail is None or (self.seq, self.before) != (tail.seq, tail.link):
            return Finding(self.seq + 1, FindingKind.CUT)
        if tail.epoch != self.epoch.number:  # one of the two cells is an older one
            return Finding(self.epoch.size + 1, FindingKind.EPOCH)
        if self.key is not None and self.key.epoch > self.epoch.number:
            return Finding(self.seq + 1, FindingKind.RESTORED)
        (stray,) = tx.one(_STRAY, (self.epoch.anchor,))
        return None if stray is None else Finding(stray, FindingKind.INSERTED)
