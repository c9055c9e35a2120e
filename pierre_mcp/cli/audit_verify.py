"""``pierre-mcp audit verify`` and ``audit key``: is the log whole, and proof of it."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pierre_mcp.cli.faults import PathTakenError, PathUnwritableError
from pierre_mcp.cli.session import AsJson, command, current, say, say_json
from pierre_mcp.errors import (
    LogKeyMalformedError,
    NotesForeignError,
    PathUnknownError,
    PierreError,
)
from pierre_mcp.model.audit import Finding, FindingKind, Health
from pierre_mcp.platform import write_private_file
from pierre_mcp.services.checking import verify_log
from pierre_mcp.tools.wording import count

_MEANS: Final = {
    FindingKind.EDITED: "it was edited",
    FindingKind.MISSING: "it is missing",
    FindingKind.MOVED: "it was moved",
    FindingKind.INSERTED: "it was put in by something without the keys",
    FindingKind.CUT: "the rows after it were cut off",
    FindingKind.FORKED: (
        "the log went another way than what was kept elsewhere: it was written anew"
    ),
    FindingKind.EPOCH: "it is under another epoch's key than its place tells",
    FindingKind.REDACTED: "its detail was removed, and no row says so",
    FindingKind.LEDGER: "the consent ledger beside it was edited",
    FindingKind.RESTORED: (
        "an older copy was put back: what was kept elsewhere speaks of more"
    ),
}
_MOST_BYTES: Final = 2**28


def verify(
    from_checkpoint: Annotated[
        Path | None,
        typer.Option(help="A file of checkpoints that were kept elsewhere."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="A file written earlier by: audit key PATH")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every row, link, checkpoint and consent; say the first thing wrong, if any.

    The rows are also held against the checkpoints in the configuration directory, and
    in FILE: whoever has the store's keys can write a new log, but not those kept where
    they cannot write.
    """
    session = current()
    notes = _content(from_checkpoint, NotesForeignError)
    own = _content(key, LogKeyMalformedError)
    with session.gate(put_back_too=True) as gate:
        against = gate.evidence(notes=notes, key=own)
        found = gate.maintain(
            session.owner("audit verify"),
            lambda tx, m, who: verify_log(tx, m, who, against),
        )
    if isinstance(found, Finding):
        _tell_broken(found, as_json=as_json)
        raise typer.Exit(1)
    _tell_health(found, len(against.notes), as_json=as_json)


def write_key(
    path: Annotated[Path, typer.Argument(help="A new file, to be kept elsewhere.")],
) -> None:
    """Write what checks the log from now on, whoever holds the store's keys by then.

    Keep it off this machine: it shows each row written since to be whole, and in other
    hands could help to forge one.
    """
    session, path = current(), path.expanduser()
    if path.exists():
        raise PathTakenError
    call = session.owner("audit key")
    with session.gate() as gate:
        sign = session.unlocked(gate, call)
        now = gate.reveal_log_key(call, sign=sign)
    try:
        write_private_file(path, now.text().encode())
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise PathUnwritableError from None
    say(f"Written: it checks each row from epoch {now.epoch} on. Keep it elsewhere.")


def _content(path: Path | None, error: type[PierreError]) -> bytes | None:
    """Return what a file holds that was kept elsewhere; None where none was named.

    Raises:
        PathUnknownError: There is none.
        PierreError: As given: it cannot be read, or is too large to be one.
    """
    if path is None:
        return None
    path = path.expanduser()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise error
        return path.read_bytes()
    except FileNotFoundError:
        raise PathUnknownError from None
    except OSError:
        raise error from None


def _tell_broken(found: Finding, *, as_json: bool) -> None:
    if as_json:
        said: dict[str, Any] = {"healthy": False, "row": found.seq}
        if found.last_seq is not None:
            said["last_row"] = found.last_seq
        say_json(said | {"finding": found.kind})
        return
    say(f"NOT healthy: at {found.where}: {_MEANS[found.kind]}.")
    if found.kind is FindingKind.RESTORED:
        say(f"Was it you? Then accept it with: {command()} restore --accept")
    else:
        say(
            "Something other than this program changed the store. Keep a copy of it, "
            "and put back a backup."
        )


def _tell_health(found: Health, outside: int, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "healthy": True,
                "rows": found.rows,
                "checkpoints": found.checkpoints,
                "pruned": found.pruned,
                "macs_from_row": found.maced_from,
                "kept_elsewhere": outside,
            }
        )
        return
    say(f"Healthy: {found.rows} rows, each linked to the one before.")
    if found.checkpoints:
        say(
            f"Held against {count(found.checkpoints, 'checkpoint')} of its own, and "
            f"{count(outside, 'checkpoint')} kept outside."
        )
    if found.pruned:
        say(f"The first {found.pruned} rows were pruned, as a checkpoint says.")
