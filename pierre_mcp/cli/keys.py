"""``pierre-mcp keys``: what keys there are, their rotation, and their wrapping."""

from contextlib import closing
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from pierre_mcp.cli import key_material
from pierre_mcp.cli.pace import Brake, listening
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    say,
    say_json,
    say_table,
)
from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.lines import EMERGENCY, REWRAP, REWRAP_COMPROMISED, ROTATE
from pierre_mcp.gate.rotations import carry_through, rewrap
from pierre_mcp.platform import FileLock
from pierre_mcp.services.rotation import Emergency, Replacing, Rotation, in_use
from pierre_mcp.store import emergency as emergencies
from pierre_mcp.store import key_status, rotation
from pierre_mcp.store.key_status import Due, ListedKey, ListedKeys
from pierre_mcp.tools.wording import count

app = typer.Typer(no_args_is_help=True, help="List keys, replace them, wrap them.")

_OLDER = (
    "Copies of the store made before this stay readable to whoever has the old master "
    "key: destroy them, or keep them where that key is not."
)
_UNEMPTIED = (
    "A reader kept the write-ahead log from being emptied: what old keys wrapped or "
    "sealed is in it until the next rotation, or until every process has gone."
)
_KINDS = {"system": "the store", "tenant": "everybody here", "person": "you"}


class Kind(StrEnum):
    """Kinds of scope."""

    SYSTEM = "system"
    TENANT = "tenant"
    PERSON = "person"


@app.command("status")
def status(as_json: AsJson = False) -> None:
    """List every key: for whom, what for, its state, age and use, and what is due."""
    session, now = current(), SystemClock().now()
    with session.gate() as gate:
        found = _listed(session, gate, now)
    source = session.open_.masters.origin().kind
    if as_json:
        say_json(_as_json(found, source, now))
        return
    say_table(
        ("key", "for", "purpose", "version", "state", "seals", "rows", "age", "due"),
        [_row(key, now) for key in found.keys],
    )
    say(f"{count(found.destroyed, 'key')} destroyed before.")
    for line in _of_masters(found, source):
        say(line)


@app.command("rotate")
def rotate(
    scope: Annotated[
        Kind | None, typer.Option("--scope", help="Only the keys of this kind.")
    ] = None,
    emergency: Annotated[
        bool,
        typer.Option(
            "--emergency",
            help="Others may know the keys: mark them, and replace all of them.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Replace the keys that seal, and seal everything again under the new ones.

    Reads and writes go on meanwhile. Ctrl-C stops between two steps, and the next run
    goes on from there before anything else.
    """
    session, clock = current(), SystemClock()
    kind = None if scope is None else scope.value
    if dry_run:
        _foretell(session, kind, emergency=emergency, as_json=as_json)
        return
    if emergency:
        job = Rotation(clock, Emergency(clock, kind, session=session.id))
    else:
        job = Rotation(clock, Replacing(clock, in_use(kind)))
    emptied = run(session, job, EMERGENCY if emergency else ROTATE)
    tell(job, emptied=emptied, as_json=as_json)


@app.command("rewrap")
def rewrap_(
    compromised: Annotated[
        bool,
        typer.Option(
            "--compromised",
            help="Others may know the old master key: replace every other key too.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Wrap every key under the master key that is set as primary.

    The one until now must be given as previous. Servers may run on.
    """
    session, clock = current(), SystemClock()
    if compromised:
        job = Rotation(clock, Emergency(clock, None, rewrap=True, session=session.id))
        emptied = run(session, job, REWRAP_COMPROMISED)
        tell(job, emptied=emptied, as_json=as_json)
        if not as_json:
            say(_OLDER)
        return
    with session.gate() as gate:
        changed, emptied = rewrap(gate, session.owner(REWRAP), clock)
    if as_json:
        say_json({"rewrapped": changed, "log_emptied": emptied})
        return
    if changed:
        say(
            f"{count(changed, 'key')} wrapped under the master key set as primary. "
            f"When the old one may go: {command()} keys status"
        )
    else:
        say("Every key is wrapped under the master key set as primary already.")
    if not emptied:
        say(_UNEMPTIED)


app.command("new")(key_material.new)
app.command("reveal")(key_material.reveal)


def run(session: Session, job: Rotation, action: str) -> bool:
    """Rotate with a progress bar; what is done when the person stops it stays.

    Returns:
        Whether the write-ahead log was emptied.

    Raises:
        KeyboardInterrupt: The person stopped it.
    """
    with (
        listening("looking") as listen,
        session.gate() as gate,
        closing(FileLock(session.settings.rotation_lock)) as lock,
        Brake() as brake,
        closing(job.steps()) as steps,
    ):
        lock.try_acquire()  # if it is had, no server begins the same beside this
        between = brake.between(steps)
        return carry_through(gate, session.owner(action), between, listen=listen)


def tell(job: Rotation, *, emptied: bool, as_json: bool) -> None:
    """Say what a rotation did."""
    if as_json:
        say_json(
            {
                "resumed": job.resumed,
                "keys_made": job.made,
                "keys_destroyed": job.destroyed,
                "rows_sealed_again": job.resealed,
                "rows_unreadable": job.broken,
                "log_emptied": emptied,
            }
        )
        return
    if job.resumed:
        say("An earlier rotation was not finished; this finished it, and made no key.")
    say(
        f"{count(job.made, 'key')} made, {count(job.destroyed, 'key')} destroyed, "
        f"{count(job.resealed, 'row')} sealed again."
    )
    if job.broken:
        rows = count(job.broken, "row")
        say(f"{rows} did not open, and stay under their old key: {command()} doctor")
    if not emptied:
        say(_UNEMPTIED)


def _foretell(
    session: Session, kind: str | None, *, emergency: bool, as_json: bool
) -> None:
    now = SystemClock().now()
    with session.gate() as gate:
        found = _listed(session, gate, now).keys
    finish = [key for key in found if key.due is Due.FINISH]
    if emergency:
        finish = [key for key in finish if key.compromised]
    keys = finish or [key for key in found if _replaced(key, kind, every=emergency)]
    rows = sum(key.rows for key in keys)
    if as_json:
        ids = [key.info.id for key in keys]
        say_json({"resumes": bool(finish), "keys": ids, "rows": rows})
        return
    what = "finish with" if finish else "replace"
    say(f"It would {what} {count(len(keys), 'key')}: {count(rows, 'row')} under them.")


def _replaced(key: ListedKey, kind: str | None, *, every: bool) -> bool:
    mine = kind in {None, rotation.kind_of(key.info.scope)}
    purposes = emergencies.REPLACED if every else rotation.SEALING
    return mine and not key.compromised and key.info.purpose in purposes


def _listed(session: Session, gate: Gate, now: datetime) -> ListedKeys:
    max_age = timedelta(days=session.settings.key_max_age_days)
    return gate.maintain(
        session.owner("keys status"),
        lambda tx, m, _: key_status.listed(tx, m, now=now, max_age=max_age),
    )


def _row(key: ListedKey, now: datetime) -> tuple[object, ...]:
    info = key.info
    whose = _KINDS[rotation.kind_of(info.scope)]
    age = f"{_days(key, now)} d"
    return (
        info.id, whose, info.purpose, info.version, info.state, key.seals, key.rows,
        age, key.due,
    )  # fmt: skip


def _days(key: ListedKey, now: datetime) -> int:
    return max(0, (now - key.created_at).days)


def _of_masters(found: ListedKeys, source: str) -> list[str]:
    lines = []
    if found.master == found.primary:
        lines.append(f"Wrapped under {found.master.hex()}, the primary, from {source}.")
    else:
        lines.append(
            f"Wrapped under {found.master.hex()}; the primary, from {source}, is "
            f"{found.primary.hex()}. To move to it: {command()} keys rewrap"
        )
    for one in found.retired:
        known = ", and may be known" if one.compromised else ""
        given = one.mek_id in found.previous
        may_go = " It is given as previous, and may go." if given else ""
        lines.append(
            f"Retired{known}: {one.mek_id.hex()}. Only older copies need it.{may_go}"
        )
    return lines


def _as_json(found: ListedKeys, source: str, now: datetime) -> dict[str, Any]:
    gone = {one.mek_id for one in found.retired}
    return {
        "keys": [
            {
                "id": key.info.id,
                "scope": rotation.kind_of(key.info.scope),
                "purpose": key.info.purpose,
                "version": key.info.version,
                "state": key.info.state,
                "seals": key.seals,
                "rows": key.rows,
                "created_at": key.created_at.isoformat(),
                "age_days": _days(key, now),
                "master": key.info.mek_id.hex(),
                "due": key.due or None,
            }
            for key in found.keys
        ],
        "destroyed": found.destroyed,
        "master": found.master.hex(),
        "primary": {"id": found.primary.hex(), "source": source},
        "previous": [
            {"id": one.hex(), "may_go": one in gone} for one in found.previous
        ],
        "retired": [
            {"id": one.mek_id.hex(), "compromised": one.compromised}
            for one in found.retired
        ],
    }
