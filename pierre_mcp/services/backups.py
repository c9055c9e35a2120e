"""A copy of the whole store, verified once written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pierre_mcp.errors import AuditTamperedError, DemoStoreError, StoreDamagedError
from pierre_mcp.model.audit import Finding
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.steps import Listener, Progress, silent
from pierre_mcp.store import copies, inspection, key_changes, people
from pierre_mcp.store.database import Tx
from pierre_mcp.store.high_water import Mark


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds.

    Attributes:
        rows: Of the log.
        recordings: How many.
        mek_id: Public id of the master key that opens it, hexadecimal.
    """

    rows: int
    recordings: int
    mek_id: str


def back_up(path: Path, listen: Listener = silent) -> Callable[..., Copied]:
    """Return the upkeep that copies the store into the empty private file ``path``."""

    def work(tx: Tx, maintenance: Maintenance, who: Identity | None) -> Copied:
        if people.is_demo(tx):
            raise DemoStoreError
        mark = Mark.newest(tx.db)
        copies.write_out(
            tx,
            maintenance,
            path,
            lambda done, total: listen(Progress(done, total, "copying")),
        )
        listen(Progress(0, None, "verifying"))
        with copies.opened(path, tx.keys) as copy:
            check_whole(copy, maintenance, who)
            if Mark.newest(copy.db) != mark:
                raise StoreDamagedError
        mek_id = key_changes.current_master(tx.ring).hex()
        return Copied(mark.seq, inspection.recordings(tx, maintenance), mek_id)

    return work


def check_whole(tx: Tx, maintenance: Maintenance, who: Identity | None) -> None:
    """Check the file, every reference, the whole log and the consent ledger.

    Raises:
        StoreDamagedError: The file is not whole.
        AuditTamperedError: The log or the ledger was changed.
    """
    if not inspection.intact(tx, maintenance):
        raise StoreDamagedError
    if isinstance(verify_log(tx, maintenance, who), Finding):
        raise AuditTamperedError
