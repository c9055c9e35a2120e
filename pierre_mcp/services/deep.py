"""``doctor --deep``: the whole store looked through, and nothing of it shown.

Every check stands alone: what a damaged file breaks in one is that one's finding, and
the others go on.
"""

from collections.abc import Callable

from pierre_mcp.errors import PierreError
from pierre_mcp.model.audit import Finding
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.services.steps import Listener, Progress
from pierre_mcp.store import examination, sealed
from pierre_mcp.store.database import Tx

RESTORE = "Put back a backup of it."
_ROTATE = "Finish it with: pierre-mcp keys rotate"
_RETIRED = "Wrap them under the master key in use with: pierre-mcp keys rewrap"


def deep_checks(
    tx: Tx, maintenance: Maintenance, who: Identity | None, listen: Listener
) -> list[Check]:
    """Look through structure, references, every cell, every key, log and ledger.

    Args:
        tx: A snapshot.
        maintenance: From the gate.
        who: The store's person; None where erased.
        listen: Hears how many rows were walked.
    """
    return [
        guarded("structure", lambda: _structure(tx, maintenance)),
        guarded("references", lambda: _references(tx, maintenance)),
        guarded("cells", lambda: _cells(tx, maintenance, listen)),
        guarded("keys", lambda: _keys(tx, maintenance)),
        guarded("log and ledger", lambda: _log(tx, maintenance, who)),
    ]


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """Return a check, or the finding that it could not be made."""
    try:
        return check()
    except PierreError as error:
        words = str(error).removesuffix(error.remedy).strip().rstrip(".")
        return Check(name, Verdict.FAIL, words, RESTORE)
    except Exception:  # noqa: BLE001 - a damaged file may break anything
        return Check(name, Verdict.FAIL, "it cannot be read", RESTORE)


def _structure(tx: Tx, maintenance: Maintenance) -> Check:
    found = examination.faults(tx, maintenance)
    if found:
        return Check("structure", Verdict.FAIL, f"faults in the file: {found}", RESTORE)
    return Check("structure", Verdict.OK, "the file and its indexes are whole")


def _references(tx: Tx, maintenance: Maintenance) -> Check:
    found = examination.dangling(tx, maintenance)
    if found:
        words = f"rows that refer to what is not there: {found}"
        return Check("references", Verdict.FAIL, words, RESTORE)
    return Check("references", Verdict.OK, "every one holds")


def _cells(tx: Tx, maintenance: Maintenance, listen: Listener) -> Check:
    total, done = examination.rows(tx, maintenance), 0

    def hear(more: int) -> None:
        nonlocal done
        done += more
        listen(Progress(done, total, "opening"))

    walked = [examination.walk(tx, maintenance, table, hear) for table in sealed.TABLES]
    words = [
        f"{one.table}: {one.broken} of {one.cells} do not open"
        + ("" if one.ended else ", and the rest cannot be read")
        for one in walked
        if one.broken or not one.ended
    ]
    if words:
        return Check("cells", Verdict.FAIL, "; ".join(words), RESTORE)
    cells = sum(one.cells for one in walked)
    return Check("cells", Verdict.OK, f"all {cells} opened, of {len(walked)} tables")


def _keys(tx: Tx, maintenance: Maintenance) -> Check:
    use = examination.key_use(tx, maintenance)
    wrong = {
        "rows under a key that is destroyed": use.lost,
        "owners of rows without a key to seal more": use.unserved,
        "compromised keys without a list of what they may open": use.unlisted,
    }
    if any(wrong.values()):
        return Check("keys", Verdict.FAIL, _told(wrong), RESTORE)
    if use.retired_masters:
        due = {"keys wrapped under a master key that retired": use.retired_masters}
        return Check("keys", Verdict.WARN, _told(due), _RETIRED)
    due = {
        "rows under a compromised key": use.compromised,
        "rows under a key that retired": use.retired,
    }
    if any(due.values()):
        return Check("keys", Verdict.WARN, _told(due), _ROTATE)
    return Check("keys", Verdict.OK, "each in the state that its use asks for")


def _told(counts: dict[str, int]) -> str:
    return "; ".join(f"{what}: {count}" for what, count in counts.items() if count)


def _log(tx: Tx, maintenance: Maintenance, who: Identity | None) -> Check:
    found = verify_log(tx, maintenance, who)
    if isinstance(found, Finding):
        words = f"{found.where}: {found.kind}"
        fix = "Run: pierre-mcp audit verify"
        return Check("log and ledger", Verdict.FAIL, words, fix)
    return Check("log and ledger", Verdict.OK, f"{found.rows} rows, chain whole")
