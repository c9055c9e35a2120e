"""What the gate does for the log itself: checkpoints, and what is kept outside of them.

A part of ``Gate``; nothing here reads or changes what a person's rows say.
"""

from typing import TYPE_CHECKING

from pierre_mcp.errors import LogKeyMalformedError
from pierre_mcp.gate.widening import Widening
from pierre_mcp.late import Late
from pierre_mcp.model.caller import Call
from pierre_mcp.store.high_water import Mark
from pierre_mcp.store.write_ahead import TRUNCATE_TRIES

if TYPE_CHECKING:  # a server needs none of it for a quarter of an hour
    from pierre_mcp.keyring import log_key
    from pierre_mcp.keyring import notes as notes_of
    from pierre_mcp.store import audit_against, checkpoints
    from pierre_mcp.store.audit_against import Evidence
else:
    log_key = Late("pierre_mcp.keyring.log_key")
    notes_of = Late("pierre_mcp.keyring.notes")
    audit_against = Late("pierre_mcp.store.audit_against")
    checkpoints = Late("pierre_mcp.store.checkpoints")


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
