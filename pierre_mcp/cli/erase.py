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
from pierre_mcp.errors import PersonErasedError, StoreError
from pierre_mcp.gate import erasure
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.platform import write_private_file
from pierre_mcp.store import erasing, receipts
from pierre_mcp.store.database import Tx
from pierre_mcp.store.erasing import Outlook
from pierre_mcp.store.opening import FILE
from pierre_mcp.tools.wording import count

_NOUNS: Final = {
    "alerts": "alerts",
    "athlete": "values told of you",
    "corrections": "corrections of recordings",
    "audit_detail": "sealed details beside the log",
    "details": "details of recordings",
    "gear": "pieces of gear",
    "import_files": "names of imported files",
    "imports": "imports",
    "incidents": "incidents",
    "ledger": "lines of your consents' history",
    "listings": "lists of what a compromised key may open",
    "monitor": "notes of the watch over the log",
    "operations": "operations of assistants",
    "originals": "pieces of original files",
    "people": "profile and settings",
    "policies": "consents in force",
    "recordings": "recordings",
    "requests": "requests by law",
    "streams": "streams of samples",
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
    outside, call = session.settings.high_water_dir, session.owner("erase")
    database = session.settings.store_dir / FILE
    with session.gate() as gate:
        sign, beside = session.unlocked(gate, call), erasing.beside(database)
        done = erasure.erase(gate, call, outside, beside=beside, sign=sign)
        try:
            swept = gate.finish(outside)
        except StoreError:  # it is erased all the same, and that is to be told
            swept = False
    # Only now: a file that SQLite has open here is not to be opened beside it.
    left = erasing.left_in(database, done.samples)
    if as_json:
        told = {"receipt": json.loads(done.receipt), "swept": swept, "left": left}
        say_json(told)
    else:
        say(done.receipt)
        _conclude(swept=swept, left=left, looked=len(done.samples))
    if path is not None:
        _write(path, done.receipt)


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
    beside = erasing.beside(session.settings.store_dir / FILE)
    if as_json:
        known = {
            "what": receipts.OUT_OF_REACH,
            "answers_released": found.answers,
            "backups_in_the_log": found.backups,
            "copies_beside": beside.copies,
            "other_profiles": beside.profiles,
        }
        keys = len(found.keys)
        say_json({"rows": found.rows, "keys": keys, "out_of_reach": known})
        return
    out = err()
    out.print("\nThis goes, for good:", style="bold")
    for table, rows in found.rows.items():
        out.print(f"  - {_NOUNS.get(table, 'sealed rows')}: {rows}")
    out.print(f"  - keys, so that no row left anywhere opens: {len(found.keys)}")
    out.print("\nThis is out of reach:", style="bold")
    for what in receipts.OUT_OF_REACH:
        out.print(f"  - {what}")
    for recipient, answers in found.answers.items():
        out.print(f"  - {count(answers, 'answer')} released to {recipient}")
    for number, noun in (
        (found.backups, "of our backups, in the log"),
        (beside.copies, "of those copies"),
        (beside.profiles, "of those profiles"),
    ):
        if number:
            out.print(f"  - {number} {noun}")


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
