"""``pierre-mcp erase --person``: all of a person's data, for good, with a receipt."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import NotTakenError, PathTakenError, PathUnwritableError
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    err,
    say,
    say_json,
)
from pierre_mcp.errors import LockTimeoutError, PersonErasedError
from pierre_mcp.gate import erasure
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.platform import write_private_file
from pierre_mcp.store import erasing, receipts
from pierre_mcp.store.database import Tx
from pierre_mcp.store.erasing import Outlook
from pierre_mcp.store.opening import FILE
from pierre_mcp.tools.wording import count

_SWEEP_S = 10.0

_NOUNS: Final = {
    "athlete": "value you or your files told of you",
    "audit_detail": "sealed detail beside the log",
    "details": "detail of a recording",
    "gear": "piece of gear",
    "import_files": "name of an imported file",
    "imports": "import",
    "ledger": "line of your consents' history",
    "listings": "list of what a compromised key may open",
    "operations": "operation of an assistant",
    "originals": "piece of an original file",
    "people": "profile",
    "policies": "set of consents in force",
    "recordings": "recording",
    "streams": "stream of samples",
}


def erase(
    person: Annotated[
        bool, typer.Option("--person", help="Erase everything of the store's person.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would go.")
    ] = False,
    receipt: Annotated[
        Path | None, typer.Option(help="Write the receipt to this new file too.")
    ] = None,
    receipts_: Annotated[
        bool, typer.Option("--receipts", help="List the receipts the store keeps.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase everything of the person whose store this is, for good.

    Rows, consents, settings and keys go; the log stays, with nothing that tells whom it
    was about. What goes and what is out of reach is shown first, and again in a signed
    receipt. Begin anew with setup.
    """
    session = current()
    if receipts_:
        _list(session, as_json=as_json)
        return
    if not person:
        msg = "Say whom: --person erases the person whose store this is."
        raise NotTakenError(msg)
    if not dry_run:
        require_terminal()
        _check_free(receipt)
    _require_store(session)
    with session.gate() as gate:
        found = gate.maintain(session.owner("erase preview"), _outlook)
    if dry_run:
        _show(found, session, as_json=as_json)
        return
    _show(found, session, as_json=False)
    challenge("erase all of this for good")
    _erase(session, receipt, as_json=as_json)


def _erase(session: Session, path: Path | None, *, as_json: bool) -> None:
    outside = session.settings.outside_dir
    with session.gate() as gate:
        others = len(_profiles(session))
        done = erasure.erase(gate, session.owner("erase"), outside, profiles=others)
        try:
            swept = gate.finish(outside, wait_s=_SWEEP_S)
        except LockTimeoutError:
            swept = False
    # Only now: a file that SQLite has open here is not to be opened beside it.
    left = erasing.left_in(session.settings.store_dir / FILE, done.samples)
    if path is not None:
        _write(path, done.receipt)
    if as_json:
        told = {"receipt": json.loads(done.receipt), "swept": swept, "left": left}
        say_json(told)
    else:
        say(done.receipt)
        _conclude(swept=swept, left=left, looked=len(done.samples))


def _conclude(*, swept: bool, left: int, looked: int) -> None:
    if swept and not left:
        say(
            f"Erased. Nothing of {count(looked, 'sample')} taken before is left in the "
            f"store's files. Begin anew with: {command()} setup"
        )
        return
    say(
        f"Erased, and its keys are destroyed: none of it opens. Of {looked} samples "
        f"taken before, {left} are still in the store's files: another process is "
        "reading there. They go when it ends, or at the next start, or with: "
        f"{command()} doctor"
    )


def _outlook(tx: Tx, maintenance: Maintenance, who: Identity | None) -> Outlook:
    if who is None:
        raise PersonErasedError
    return erasing.outlook(tx, maintenance, who)


def _show(found: Outlook, session: Session, *, as_json: bool) -> None:
    others = len(_profiles(session))
    if as_json:
        say_json(
            {
                "rows": found.rows,
                "keys": len(found.keys),
                "out_of_reach": {
                    "what": receipts.OUT_OF_REACH,
                    "answers_released": found.answers,
                    "backups_in_the_log": found.backups,
                    "other_profiles": others,
                },
            }
        )
        return
    out = err()
    out.print("\nThis goes, for good:", style="bold")
    for table, rows in found.rows.items():
        out.print(f"  - {count(rows, _NOUNS.get(table, 'sealed row'))}")
    out.print(f"  - {count(len(found.keys), 'key')}, so that no copy of the rows opens")
    out.print("\nThis is out of reach:", style="bold")
    for what in receipts.OUT_OF_REACH:
        out.print(f"  - {what}")
    for recipient, answers in found.answers.items():
        out.print(f"  - {recipient} was given {count(answers, 'answer')}")
    if found.backups:
        out.print(f"  - the log knows of {count(found.backups, 'backup')}")
    if others:
        out.print(f"  - there are {count(others, 'other profile')}")


def _list(session: Session, *, as_json: bool) -> None:
    _require_store(session)
    with session.gate() as gate:
        kept = gate.maintain(
            session.owner("erase receipts"), lambda tx, m, _: receipts.every(tx, m)
        )
    told = [
        {"holds": receipts.holds(text), "receipt": json.loads(text)} for text in kept
    ]
    if as_json:
        say_json(told)
    elif not told:
        say("Nobody was erased from this store.")
    else:
        for text in kept:
            say(text)


def _profiles(session: Session) -> list[Path]:
    """Return the stores of other profiles on this machine."""
    mine = session.settings.store_dir
    stores = session.settings.data_dir.glob(f"*/{FILE}")
    return [store for store in stores if store.parent != mine]


def _require_store(session: Session) -> None:
    if not (session.settings.store_dir / FILE).exists():
        msg = "There is no store, and so nobody to erase."
        raise NotTakenError(msg)


def _check_free(path: Path | None) -> None:
    """Refuse before anything is erased, not after."""
    if path is None:
        return
    if path.exists() or path.is_symlink():
        raise PathTakenError
    if not path.absolute().parent.is_dir():
        raise PathUnwritableError


def _write(path: Path, text: str) -> None:
    try:
        write_private_file(path, f"{text}\n".encode())
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise PathUnwritableError from None
