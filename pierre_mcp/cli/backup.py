"""``pierre-mcp backup``: the whole store in one file, verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pierre_mcp.cli.faults import NoStoreError, PathTakenError, PathUnwritableError
from pierre_mcp.cli.pace import listening
from pierre_mcp.cli.session import AsJson, Session, current, say, say_json
from pierre_mcp.platform import create_private_file
from pierre_mcp.services.backups import back_up
from pierre_mcp.store.opening import FILE
from pierre_mcp.tools.wording import count


def backup(
    path: Annotated[
        Path, typer.Argument(help="A new file, or a folder to make one in.")
    ],
    as_json: AsJson = False,
) -> None:
    """Copy the whole store to a new file, while it is in use, and check the copy.

    It opens with the master key only, and does not hold it: keep that key elsewhere.
    """
    session = current()
    require_store(session)
    target = _target(session, path)
    with _made(target), listening("opening") as listen, session.gate() as gate:
        copied = gate.maintain(session.owner("backup"), back_up(target, listen))
    size = target.stat().st_size
    if as_json:
        say_json(
            {
                "file": str(target),
                "bytes": size,
                "audit_reading": copied.rows,
                "recordings": copied.recordings,
                "master_key": copied.mek_id,
            }
        )
        return
    say(
        f"Backed up to {target}: {count(copied.recordings, 'recording')}, "
        f"{count(copied.rows, 'row')} of the log, {size / 1e6:.1f} MB; verified."
    )
    say(
        f"It opens only with the master key {copied.mek_id} (its public id), which is "
        "not in it. Keep that key somewhere else, or the backup is lost with it."
    )


def require_store(session: Session) -> None:
    """Refuse where there is no store: looking must not make one.

    Raises:
        NoStoreError: There is none.
    """
    if not (session.settings.store_dir / FILE).exists():
        raise NoStoreError


def _target(session: Session, path: Path) -> Path:
    path = path.expanduser()
    if not path.is_dir():
        return path
    day = datetime.now(UTC).date()
    return path / f"pierre-{session.settings.profile}-{day}.db"


@contextmanager
def _made(path: Path) -> Iterator[None]:
    """Make the file, and remove it again if the body does not succeed."""
    try:
        create_private_file(path).close()
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise PathUnwritableError from None
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise
