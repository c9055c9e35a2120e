"""``pierre-mcp export``: everything held about the person, for them to keep."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pierre_mcp.cli.backup import require_store
from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import (
    ExportStoppedError,
    NotTakenError,
    PathTakenError,
    PathUnwritableError,
)
from pierre_mcp.cli.pace import Brake, listening
from pierre_mcp.cli.session import AsJson, Session, current, err, say, say_json
from pierre_mcp.errors import ExportUnwritableError
from pierre_mcp.gate.jobs import pump
from pierre_mcp.platform import new_private_dir, new_private_file
from pierre_mcp.services.export import SECTIONS, Export, Outlook, outlook
from pierre_mcp.services.packing import FolderPackage, Package, ZipPackage
from pierre_mcp.tools.wording import count

_WARNING = (
    "It is not encrypted: whoever can read the file reads all of it, places and heart "
    "rate included. No key of the store protects it any more; that is yours to do."
)


def export(
    path: Annotated[
        str,
        typer.Argument(
            help="A new .zip file, a folder to make one in, or a new folder (ending "
            "in /) to write into."
        ),
    ],
    only: Annotated[
        str | None,
        typer.Option(
            help=f"Only these, with commas between: {', '.join(SECTIONS)}.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be written.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write out everything held about you: activities, consents, who saw what.

    As JSON, as tables a spreadsheet opens, and as activity files. It goes on beside
    running servers. Ctrl-C leaves no half of it.
    """
    session = current()
    require_store(session)
    sections = _sections(only)
    target = _target(session, path)
    if not dry_run:
        require_terminal()
    found = session.look("export preview", outlook)
    if dry_run and as_json:
        say_json({"sections": sections, **_counts(found)})
        return
    _show(found, sections, target)
    if dry_run:
        return
    challenge("write all of this to a file that is not encrypted")
    session.widen("export", lambda _tx, _grant: None, detail={"sections": sections})
    with _package(target, folder=path.endswith("/")) as package:
        done = _carry_out(session, Export(package, sections))
    if as_json:
        written = sum(member.size for member in package.members)
        members = len(package.members)
        told = {"written_to": str(target), "members": members, "bytes": written}
        say_json({**told, "sections": sections, "activities": done.activities})
        return
    say(f"Written to {target}: {count(len(package.members), 'file')}.")
    say(_WARNING)


def _carry_out(session: Session, job: Export) -> Export:
    with listening("looking") as listen, session.gate() as gate, Brake() as brake:
        call = session.owner("export write")
        with closing(job.steps()) as steps:
            pump(gate, call, brake.between(steps), listen=listen)
    return job


def _sections(only: str | None) -> list[str]:
    if only is None:
        return list(SECTIONS)
    named = {word.strip() for word in only.split(",")}
    if not named <= set(SECTIONS):
        msg = f"What --only takes is, with commas between: {', '.join(SECTIONS)}."
        raise NotTakenError(msg)
    return [one for one in SECTIONS if one in named]


def _target(session: Session, path: str) -> Path:
    """Return what is to be made, where nothing is yet.

    Raises:
        PathTakenError: There is something.
        PathUnwritableError: There is no folder to make it in.
    """
    target = Path(path).expanduser().absolute()
    if not path.endswith("/") and target.is_dir():
        day = datetime.now(UTC).date()
        target /= f"pierre-{session.settings.profile}-export-{day}.zip"
    if os.path.lexists(target):
        raise PathTakenError
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise PathUnwritableError
    return target


@contextmanager
def _package(target: Path, *, folder: bool) -> Iterator[Package]:
    """Give what is written to; it has its name once all of it is on the disk."""
    try:
        if folder:
            with new_private_dir(target) as draft:
                yield FolderPackage(draft)
            return
        with (
            new_private_file(target) as file,
            ZipPackage(file, datetime.now(UTC)) as package,
        ):
            yield package
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise ExportUnwritableError from None
    except KeyboardInterrupt:
        raise ExportStoppedError from None


def _show(found: Outlook, sections: list[str], target: Path) -> None:
    out = err()
    out.print("\nThis is written out:", style="bold")
    out.print(f"  - to {target}")
    out.print(f"  - {', '.join(sections)}")
    activities, originals = found.activities, found.originals
    recorded = count(found.recordings, "recording")
    out.print(f"  - {count(activities, 'activity')}, of {recorded}")
    out.print(f"  - {count(originals, 'original file')}, as they came")
    out.print(f"  - {count(found.rows, 'row')} of the log")
    out.print(f"\n{_WARNING}")


def _counts(found: Outlook) -> dict[str, Any]:
    return {
        "activities": found.activities,
        "recordings": found.recordings,
        "originals": found.originals,
        "log_rows": found.rows,
    }
