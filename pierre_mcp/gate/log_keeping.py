"""What the gate does for the log itself: checkpoints, and what is kept outside of them.

A part of ``Gate``; nothing here reads or changes what a person's rows say.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pierre_mcp.errors import LogKeyMalformedError
from pierre_mcp.gate.lines import Facts, line_of
from pierre_mcp.gate.locking import Sign
from pierre_mcp.gate.steadiness import noted_at
from pierre_mcp.gate.widening import Widening
from pierre_mcp.late import Late
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store.database import Tx
from pierre_mcp.store.high_water import Mark
from pierre_mcp.store.write_ahead import TRUNCATE_TRIES

if TYPE_CHECKING:  # a server needs none of it for a quarter of an hour
    from pierre_mcp.keyring import log_key
    from pierre_mcp.keyring import notes as notes_of
    from pierre_mcp.services import witnessing
    from pierre_mcp.services.witnessing import Lacking
    from pierre_mcp.store import audit_against, checkpoints
    from pierre_mcp.store.audit_against import Evidence
    from pierre_mcp.store.pruning import Pruning
else:
    log_key = Late("pierre_mcp.keyring.log_key")
    notes_of = Late("pierre_mcp.keyring.notes")
    audit_against = Late("pierre_mcp.store.audit_against")
    checkpoints = Late("pierre_mcp.store.checkpoints")
    witnessing = Late("pierre_mcp.services.witnessing")


T = TypeVar("T")


class LogKeeping(Widening):
    """Keeps the log of one store."""

    def close_log(self, call: Call) -> bool:
        """Take a checkpoint where rows have waited for one; tell whether they had.

        It changes nothing they say, so it leaves no record of its own.

        Raises:
            AuditTamperedError: A row that would be vouched for was changed.
            RuntimeError: It is neither the owner nor the system that asks.
        """
        leave, now = self._admit.to_upkeep(call), self._clock.now()
        with self._store.reading() as tx:
            if not checkpoints.waits(tx, leave, now=now):
                return False
        with self._store.writing() as tx:
            checkpoints.close(tx, leave)
        return True

    def prune(self, call: Call, job: "Pruning", *, sign: Sign | None = None) -> None:
        """Prune the log, in one step that adds the row which says so.

        Asked for by the owner and with the consent lock on, only signed. Where nothing
        is due, only that it was asked for is recorded.

        Raises:
            AuditTamperedError: The log does not hold, and nothing of it is to go.
            ConsentLockedError: The lock is on, and this is not signed under it.
            RuntimeError: It is neither the owner nor the system that asks.
        """
        leave, facts = self._admit.to_upkeep(call), Facts()
        with self._record.of_failures(call, facts):
            with self._store.reading() as tx:
                goes = job.prepare(tx, leave, self._admit.concerned(tx))
            with self._store.writing() as tx:
                who = self._admit.concerned(tx)
                if not goes:
                    self._record.add(tx, call, Outcome.DONE, facts, who)
                    return
                if isinstance(call.caller, Owner) and who is not None:
                    self._check_signed(tx, call, sign)
                line = line_of(
                    call, Outcome.DONE, facts, tx.ring, who, policy_epoch=None
                )
                job.write(tx, leave, line, who, now=noted_at(self._clock))
        self._store.tidy()

    def reveal_log_key(
        self, call: Call, *, sign: Sign | None = None
    ) -> "log_key.LogKey":
        """Give out what checks the log from now on, and record it, in one step.

        Who has it could also help to forge rows: with the consent lock on, only signed.

        Raises:
            ConsentLockedError: The lock is on, and this is not signed under it.
            RuntimeError: It is neither the owner nor the system that asks.
        """
        facts = Facts()
        with self._record.of_failures(call, facts), self._store.writing() as tx:
            leave, who = self._admit.to_upkeep(call), self._admit.concerned(tx)
            if who is not None:
                self._check_signed(tx, call, sign)
            found = checkpoints.log_key(tx, leave)
            self._record.add(tx, call, Outcome.DONE, facts, who)
        return found

    def unwitnessed(self, call: Call, directory: Path) -> "Lacking | None":
        """Return what some witness has not been told; None where that is nothing.

        Raises:
            RuntimeError: It is neither the owner nor the system that asks.
            WitnessesUnreadableError: Who they are cannot be read.
        """
        now = self._clock.now()
        return self.peek(call, lambda tx, m: witnessing.lacking(tx, m, directory, now))

    def peek(self, call: Call, work: Callable[[Tx, Maintenance], T]) -> T:
        """Look at what is no person's data; it leaves no record.

        Raises:
            RuntimeError: It is neither the owner nor the system that asks.
        """
        leave = self._admit.to_upkeep(call)
        with self._store.reading() as tx:
            return work(tx, leave)

    def purge(self, call: Call) -> bool:
        """Empty the write-ahead log of what was overwritten; tell whether it is empty.

        It changes no value, so it leaves no record of its own.

        Raises:
            RuntimeError: It is neither the owner nor the system that asks.
        """
        self._admit.to_upkeep(call)
        return self._store.truncate()

    def sweep(self, call: Call) -> bool:
        """Write the file anew without what was deleted; tell whether that is gone.

        Likewise; it holds the store for long.

        Raises:
            RuntimeError: It is neither the owner nor the system that asks.
            StoreUnwritableError: There is no room for it.
        """
        self._admit.to_upkeep(call)
        return self._store.sweep(TRUNCATE_TRIES)

    def marks(self) -> tuple[Mark | None, Mark]:
        """Return how far the log had come by the outside file, and how far it is."""
        return self._store.noted()

    def evidence(
        self, *, notes: bytes | None = None, key: bytes | None = None
    ) -> "Evidence":
        """Return what the log is to be held against: the outside files, and more.

        Args:
            notes: Checkpoints that were kept elsewhere, as a file holds them.
            key: As ``audit key`` wrote it to a file at some time.

        Raises:
            HighWaterUnreadableError: An outside file cannot be read.
            LogKeyMalformedError: The key is none, or another store's.
            NotesForeignError: No note is of this store.
        """
        (mark, _), (store_id, ours) = self._store.noted(), self._store.noted_notes()
        origin = notes_of.origin_of(store_id)
        own = (
            None if key is None else log_key.LogKey.parsed(key.decode(errors="replace"))
        )
        if own is not None and own.origin != origin:
            raise LogKeyMalformedError
        more = () if notes is None else audit_against.kept_in(notes, origin)
        return audit_against.Evidence((*ours, *more), mark, own)
