"""``pierre-mcp restore``: a backup in the store's place, or one put there accepted."""

import sys
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pierre_mcp.cli.backup import require_store
from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import NotTakenError, StoreThereError
from pierre_mcp.cli.pace import listening
from pierre_mcp.cli.session import AsJson, Session, command, current, say, say_json
from pierre_mcp.errors import PathUnknownError
from pierre_mcp.gate.restoring import PutBack, Restoring, put_back, restoring
from pierre_mcp.services.restoring import Accepted, commands
from pierre_mcp.store.copies import Contents
from pierre_mcp.store.high_water import Mark
from pierre_mcp.store.opening import FILE
from pierre_mcp.tools.wording import count


def restore(
    path: Annotated[Path | None, typer.Argument(help="A backup.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept a store that was put back by hand.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of the store here.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check it, and say what would be so.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a backup and put it in the store's place; nothing is lost unasked.

    Either way every consent is withdrawn, and named with the command that gives it
    again. A store that is there is kept aside, and needs --replace and a terminal.
    """
    session = current()
    if accept == (path is not None) or (accept and replace):
        msg = "Name a backup, or give --accept alone for a store put back by hand."
        raise NotTakenError(msg)
    if path is None:
        _accept(session, dry_run=dry_run, as_json=as_json)
        return
    path = path.expanduser()
    _check_apart(session, path)
    with ExitStack() as stack:
        with listening("checking the copy"):
            ready = stack.enter_context(
                restoring(session.settings, session.open_.masters, path)
            )
        if dry_run:
            _tell(ready.copy, _words_of(ready), as_json=as_json)
            return
        _ask(ready, replace=replace)
        with listening("putting it in place"):
            accepted, kept = ready.carry_out(session.owner("restore"))
    _done(ready.copy, accepted, "" if kept is None else kept.name, as_json=as_json)


def _check_apart(session: Session, path: Path) -> None:
    """Refuse the store itself: what is in use is not read as a file.

    Raises:
        NotTakenError: It is that.
        PathUnknownError: There is nothing.
    """
    if not path.exists():
        raise PathUnknownError
    place = session.settings.store_dir / FILE
    if place.exists() and path.samefile(place):
        msg = f"That is the store. Accept it with: {command()} restore --accept"
        raise NotTakenError(msg)


def _accept(session: Session, *, dry_run: bool, as_json: bool) -> None:
    require_store(session)
    with put_back(session.settings, session.open_.masters) as found:
        words = _words_of_put_back(found)
        if found.in_order or dry_run:
            _tell(found.held, words, as_json=as_json)
            return
        require_terminal()
        sys.stderr.write(f"{words}\n")
        challenge("accept the store as it is now")
        accepted = found.accept(session.owner("restore"))
    _done(found.held, accepted, "", as_json=as_json)


def _ask(ready: Restoring, *, replace: bool) -> None:
    """Have the person agree to what would be lost, where there is a store.

    Raises:
        StoreThereError: There is one, and nobody said that it may be replaced.
    """
    if ready.there is None:
        return
    if not replace:
        msg = f"{_words_of(ready)} {StoreThereError.remedy}"
        raise StoreThereError(msg)
    require_terminal()
    sys.stderr.write(f"{_words_of(ready)}\n")
    challenge("put the copy in its place")


def compared(copy: Contents, there: Contents | None, noted: Mark | None) -> str:
    """Say what a copy holds, what is in its place, and what would be lost.

    Args:
        copy: What is to be put there.
        there: What is there.
        noted: How far the copy's store had come on this machine.
    """
    words = f"The copy is whole, and holds {_amount(copy)}."
    if there is None:
        words += " There is no store here yet."
        if noted is not None and not copy.goes_through(noted):
            words += f" There was one, whose log had come to row {noted.seq}."
        return words
    words += f" The store here holds {_amount(there)}."
    if copy.store_id != there.store_id:
        return f"{words} It is another store, and would be replaced by the copy."
    here, new = _only_in(there, copy), _only_in(copy, there)
    if here and new:
        return f"{words} Each has its own: {here} only here, {new} only in the copy."
    if here:
        return f"{words} It is newer: {here} would be lost."
    if new:
        return f"{words} The copy is newer, by {new}; nothing would be lost."
    return f"{words} They are the same."


def _words_of(ready: Restoring) -> str:
    return compared(ready.copy, ready.there, ready.noted)


def _words_of_put_back(found: PutBack) -> str:
    if found.in_order:
        return "There is nothing to accept: the store is as it was last written here."
    words = (
        f"The store is older than what was last written here: {_amount(found.held)}."
    )
    if found.noted is None:
        return f"{words} How far its log had come here is not known any more."
    return f"{words} Its log had come to row {found.noted.seq}."


def _amount(of: Contents) -> str:
    until = "" if of.last_at is None else f", to {_time(of.last_at)}"
    rows, recordings = len(of.links), len(of.recordings)
    return (
        f"{count(recordings, 'recording')} and {count(rows, 'row')} of the log{until}"
    )


def _only_in(one: Contents, other: Contents) -> str:
    rows = len(one.links - other.links)
    recordings = len(one.recordings - other.recordings)
    if not rows and not recordings:
        return ""
    return f"{count(recordings, 'recording')} and {count(rows, 'row')} of the log"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _tell(of: Contents, words: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"restored": False, **_as_json(of), "words": words})
    else:
        say(words)


def _done(copy: Contents, accepted: Accepted, kept: str, *, as_json: bool) -> None:
    again = commands(accepted, command())
    if as_json:
        more = {
            "kept": kept or None,
            "keys_replaced": accepted.keys_replaced,
            "erased_again": accepted.erased,
        }
        say_json(
            {"restored": True, **_as_json(copy), **more, "consents_withdrawn": again}
        )
        return
    say(f"Restored: {_amount(copy)}.")
    if kept:
        say(f"What was here is kept beside it as {kept}; remove it when you can.")
    say(
        f"{count(accepted.keys_replaced, 'key')} replaced. Seal what the copy holds "
        f"under them with: {command()} keys rotate"
    )
    if accepted.erased:
        say(
            "The person of this store was erased since the copy was made, and was "
            f"erased again. Begin anew with: {command()} setup"
        )
        return
    say(
        "Privacy zones, levels, objections and retention are as in the copy, but that "
        f"nobody is at low. Look with: {command()} privacy show, object and retention"
    )
    if not again:
        say("No consent was in force.")
        return
    say("Every consent is withdrawn. Give again what is to hold, with:")
    for line in again:
        say(f"  {line}")


def _as_json(copy: Contents) -> dict[str, Any]:
    return {
        "audit_reading": len(copy.links),
        "recordings": len(copy.recordings),
        "until": copy.last_at,
    }
