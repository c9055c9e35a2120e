"""The doctor's long looks: the whole store, and the list before production."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from pierre_mcp.cli import clients
from pierre_mcp.cli.pace import listening
from pierre_mcp.cli.session import Session
from pierre_mcp.cli.synced import shared_by
from pierre_mcp.errors import StorePermissionsError
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.platform import check_private_dir, check_private_file
from pierre_mcp.services import deep, readiness
from pierre_mcp.services.health import Check, Verdict, wal_fixed
from pierre_mcp.services.readiness import Facts
from pierre_mcp.store import stray_bits
from pierre_mcp.store.database import Tx
from pierre_mcp.store.opening import FILE

_MEDIUM = "Nothing is lost yet: back up to another disk, and have this one checked."
_APART = "Close them to others: chmod -R go-rwx on both directories."


def deep_checks(session: Session) -> list[Check]:
    """Look through the whole store with a progress bar, and at every file's mode."""
    checks = [
        deep.guarded("permissions of files", partial(_permissions, session)),
        # Before the store is opened here: closing its file would drop SQLite's locks.
        deep.guarded("unused bytes", partial(_unused, session)),
    ]
    found: list[Check] = []
    with listening("opening") as listen:

        def look(tx: Tx, maintenance: Maintenance, who: Identity | None) -> None:
            found.extend(deep.deep_checks(tx, maintenance, who, listen))

        def through() -> Check:
            with session.gate() as gate:
                gate.maintain(session.owner("doctor deep"), look)
            return Check("looked through", Verdict.OK, "and recorded")

        ended = deep.guarded("looked through", through)
    return [*checks, *found, ended]


def readiness_checks(session: Session, sound: bool) -> list[Check]:  # noqa: FBT001 - the one thing known of the store
    """Go through the list before production.

    Raises:
        PierreError: What it is held against cannot be had.
    """
    entry = clients.present(session.settings)
    command = str((entry or {}).get("command", ""))
    with session.gate() as gate:
        consents, now = gate.look(
            session.owner("doctor production"), readiness.in_force
        )
        max_age = timedelta(days=session.settings.key_max_age_days)
        asked = readiness.kept(now, max_age)
        kept = gate.maintain(session.owner("doctor production"), asked)
    return readiness.weighed(
        Facts(
            production=session.settings.production,
            development_key=session.open_.masters.origin().development,
            entry=entry,
            command_exists=bool(command) and Path(command).is_file(),
            sound=sound,
            kept=kept,
            consents=consents,
            now=now,
            wal_fixed=wal_fixed(),
            shared_by=synced(session),
        )
    )


def synced(session: Session) -> str | None:
    """Return the service that copies key and store elsewhere together, if one does."""
    key_file = session.open_.masters.key_file
    if key_file is None:
        return None
    return shared_by(key_file, session.settings.store_dir)


def _unused(session: Session) -> Check:
    name, found = "unused bytes", stray_bits.count(session.settings.store_dir / FILE)
    if found:
        words = f"{found} single bits are set where nothing is stored"
        return Check(name, Verdict.FAIL, words, _MEDIUM)
    return Check(name, Verdict.OK, "nothing stands in them")


def _permissions(session: Session) -> Check:
    name, settings = "permissions of files", session.settings
    mine = [settings.store_dir, settings.config_dir]
    paths = [path for top in mine for path in (top, *top.rglob("*")) if path.exists()]
    open_ = sum(not _private(path) for path in paths)
    if open_:
        words = f"{open_} of {len(paths)} are open to others, or not yours"
        return Check(name, Verdict.FAIL, words, _APART)
    return Check(name, Verdict.OK, f"all {len(paths)} are yours alone")


def _private(path: Path) -> bool:
    try:
        (check_private_dir if path.is_dir() else check_private_file)(path)
    except FileNotFoundError:  # a log that another process has just ended
        return True
    except (StorePermissionsError, OSError):
        return False
    return True
