"""``pierre-mcp doctor``: is everything as it should be, and if not, what to do."""

import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from pierre_mcp.cli import clients, examining, inbox
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    say,
    say_json,
)
from pierre_mcp.cli.witnessing import witnessed
from pierre_mcp.errors import (
    HighWaterUnwritableError,
    PersonErasedError,
    PierreError,
)
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services import consents, incidents, requests, security
from pierre_mcp.services.health import Check, Verdict, sqlite_check, store_checks
from pierre_mcp.settings import APP
from pierre_mcp.store import (
    audit,
    checkpoints,
    inspection,
    originals,
    policies,
    renewal,
)
from pierre_mcp.store.database import Tx
from pierre_mcp.store.opening import FILE
from pierre_mcp.tools.wording import count

_MARKS = {Verdict.OK: "ok  ", Verdict.WARN: "warn", Verdict.FAIL: "FAIL"}
_RECENT = timedelta(days=7)
_FIRST = "Mend the store first."
_ASK = "Give the key the store was made with, or put back a backup of both."


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Open every cell, and check every key too.")
    ] = False,
    production: Annotated[
        bool,
        typer.Option("--production", help="Go through the list before production too."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check versions, permissions, key, database, seal, log and the client's entry.

    Each failure comes with what to do. The exit status is 1 where one did.
    """
    checks = examined(current(), deep=deep or production, production=production)
    if as_json:
        say_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark = _MARKS[check.verdict]
            say(f"{mark}  {check.name}: {check.words}. {check.fix}".rstrip())
    if any(check.verdict is Verdict.FAIL for check in checks):
        raise typer.Exit(1)


def examined(session: Session, *, deep: bool, production: bool) -> list[Check]:
    """Return every check; whatever is damaged, one says so and the others go on."""
    checks = [_versions(), sqlite_check()]
    if (session.settings.store_dir / FILE).exists():
        store = _guarded("store", lambda: _store(session))  # it asks for the key
        checks += _guarded("master key", lambda: [_key(session)]) + store
        if deep and not any(check.name == "store" for check in checks):
            checks += examining.deep_checks(session)
    else:
        fix = f"Make it with: {session.settings.command} setup"
        checks.append(Check("store", Verdict.WARN, "not made yet", fix))
    checks += _guarded("claude desktop", lambda: [_client(session)])
    if production:
        sound = all(c.verdict is not Verdict.FAIL and c.name != "store" for c in checks)
        checks += _guarded(
            "production", lambda: examining.readiness_checks(session, sound)
        )
    return checks


def _versions() -> Check:
    words = f"{APP} {version(APP)}, Python {platform.python_version()}, {sys.platform}"
    return Check("versions", Verdict.OK, words)


def _key(session: Session) -> Check:
    masters = session.open_.masters
    if not masters.asked:
        return Check("master key", Verdict.WARN, "not asked for", _FIRST)
    found = masters.origin()
    synced = examining.synced(session)
    words = f"from {found.kind}, public id {found.public_id}"
    if synced is not None:
        fix = "Keep one of them elsewhere: whoever gets that folder gets both."
        words += f", in a folder that {synced} copies together with the store"
        return Check("master key", Verdict.WARN, words, fix)
    if not found.development:
        return Check("master key", Verdict.OK, words)
    words += ", a development key in the configuration directory"
    fix = "Keep a copy of that directory; for production give a key of your own."
    return Check("master key", Verdict.WARN, words, fix)


def _store(session: Session) -> list[Check]:
    with session.gate() as gate:  # opening checks permissions, schema and keyring
        checks = gate.maintain(session.owner("doctor"), store_checks)
        if any(check.verdict is Verdict.FAIL for check in checks):
            return checks
        checks += [_mark(gate), _checkpoint(session, gate)]
        checks.append(gate.maintain(session.owner("doctor"), _backup))
        checks += _previous(session, gate)
        checks += witnessed(session, gate)
        try:
            checks += gate.look(session.owner("doctor"), partial(_own, session))
        except PersonErasedError as error:
            checks.append(Check("person", Verdict.WARN, "erased", error.remedy))
    return [Check("permissions", Verdict.OK, "the store is yours alone"), *checks]


def _mark(gate: Gate) -> Check:
    """Tell whether the outside file keeps up with the log, which just took a row."""
    name, (noted, newest) = "high-water mark", gate.marks()
    if noted == newest:
        return Check(name, Verdict.OK, f"row {newest.seq}, as the log")
    words = "it could not be written, so what the store loses now goes unseen"
    return Check(name, Verdict.FAIL, words, HighWaterUnwritableError.remedy)


def _checkpoint(session: Session, gate: Gate) -> Check:
    """Tell whether the newest checkpoint of the log is noted outside, too."""
    name, call = "checkpoints", session.owner("doctor")
    newest = gate.maintain(call, lambda tx, _, __: checkpoints.newest(tx))
    if newest is None:
        return Check(name, Verdict.OK, "none yet")
    if newest.note in gate.evidence().notes:
        return Check(name, Verdict.OK, f"the last at row {newest.size}, noted outside")
    words = "the last is not noted outside, so a log written anew could go unseen"
    return Check(name, Verdict.FAIL, words, HighWaterUnwritableError.remedy)


def _backup(tx: Tx, maintenance: Maintenance, _: Identity | None) -> Check:
    """Tell when the last backup was made, by the log."""
    made = audit.last_done(tx, maintenance, "backup")
    if made is not None:
        return Check("last backup", Verdict.OK, f"{made:%Y-%m-%d}")
    fix = f"Make one with: {command()} backup PATH"
    return Check("last backup", Verdict.WARN, "none in this log", fix)


def _previous(session: Session, gate: Gate) -> list[Check]:
    """Tell whether the master keys that may only open are still needed."""
    if not session.settings.previous_keys:
        return []
    name = "previous master keys"
    call, primary = session.owner("doctor"), session.open_.masters.origin().public_id
    used = gate.maintain(call, lambda tx, m, _: inspection.masters_in_use(tx, m))
    if used == {primary}:
        fix = "Take PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS out of the environment."
        return [Check(name, Verdict.WARN, "no longer needed", fix)]
    fix = f"Bring every key under the new one with: {session.settings.command} "
    return [Check(name, Verdict.OK, "still needed", f"{fix}keys rewrap")]


def _own(session: Session, tx: Tx, grant: Grant) -> list[Check]:
    return [
        _given_lately(tx, grant),
        _new_tools(tx, grant),
        _formula(tx, grant),
        _originals(tx, grant),
        security.check(tx, grant),
        requests.check(tx, grant),
        incidents.check(tx, grant),
        inbox.check(session.settings, tx, grant),
    ]


def _given_lately(tx: Tx, grant: Grant) -> Check:
    """Name what was given in the last days, so that nobody gives it unseen."""
    policy, since = policies.read(tx, grant).policy, grant.here.now - _RECENT
    given = [
        f"{recipient} on {max(held.given_at for held in fresh).date()}"
        for recipient, mine in sorted(policy.recipients.items())
        if (fresh := [held for held in mine.scopes.values() if held.given_at > since])
    ]
    words = ", ".join(given) or "none"
    fix = f"Not you? {grant.here.command} consent withdraw --to NAME" if given else ""
    return Check("consents given in 7 days", Verdict.OK, words, fix)


def _new_tools(tx: Tx, grant: Grant) -> Check:
    """Name who was consented to before a tool there is now, and how to extend that."""
    name = "tools added since a consent"
    recipients = sorted(policies.read(tx, grant).policy.recipients)
    found = {r: consents.extension(tx, grant, r) for r in recipients}
    commands = [command for command in found.values() if command]
    if not commands:
        return Check(name, Verdict.OK, "none")
    behind = ", ".join(r for r, command in found.items() if command)
    fix = f"Run, if you want it so: {'; '.join(commands)}"
    return Check(name, Verdict.WARN, f"not in what {behind} may use", fix)


def _formula(tx: Tx, grant: Grant) -> Check:
    """Tell how many recordings an older version computed."""
    name, found = "computed by this version", renewal.count_due(tx, grant)
    if not found:
        return Check(name, Verdict.OK, "all of it")
    fix = f"Run: {grant.here.command} refresh"
    return Check(name, Verdict.WARN, f"not {count(found, 'recording')}", fix)


def _originals(tx: Tx, grant: Grant) -> Check:
    """Tell what the files take that were kept as they came."""
    found, size = originals.held(tx, grant)
    words = f"{found} kept, {size / 1e6:.1f} MB" if found else "none kept"
    return Check("originals", Verdict.OK, words)


def _client(session: Session) -> Check:
    found = clients.present(session.settings)
    fix = f"Run: {session.settings.command} setup --client claude-desktop"
    if found is None:
        return Check("claude desktop", Verdict.WARN, "has no entry of ours", fix)
    if not Path(str(found.get("command", ""))).is_file():
        return Check("claude desktop", Verdict.FAIL, "our entry's command is gone", fix)
    return Check("claude desktop", Verdict.OK, "has our entry, and its command exists")


def _guarded(name: str, checks: Callable[[], list[Check]]) -> list[Check]:
    try:
        return checks()
    except PierreError as error:
        words = str(error).removesuffix(error.remedy).strip().rstrip(".")
        there = error.remedy and "doctor" not in error.remedy  # this is the doctor
        return [Check(name, Verdict.FAIL, words, error.remedy if there else _ASK)]
    except Exception:  # noqa: BLE001 - a damaged file may break anything
        return [Check(name, Verdict.FAIL, "what is there cannot be read", _ASK)]
