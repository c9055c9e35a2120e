"""``doctor --production``: what must be so before other people's trust is put in it.

The list is data: a row has a name, what must hold, what is said where it does not, and
what to do then. It weighs facts that were gathered before, and opens nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import Held
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.store import audit, key_status, people, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.key_status import Due

BACKUP_AGE: Final = timedelta(days=30)
UNSEEN: Final = timedelta(days=7)
_KEY: Final = "PIERRE_MASTER_ENCRYPTION_KEY"


@dataclass(frozen=True, slots=True)
class KeyHealth:
    """What is to be done about keys, by how many.

    Attributes:
        compromised: Others may know it, and it is not replaced to the end.
        unfinished: Retired, and not destroyed yet.
        due: In use for too long, or for too many seals.
    """

    compromised: int
    unfinished: int
    due: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store says of itself.

    Attributes:
        backed_up_at: When a backup was last made; None if never.
        demo: It is a demo's.
    """

    keys: KeyHealth
    backed_up_at: datetime | None
    demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the list is held against.

    Attributes:
        production: ``PIERRE_ENV`` says so.
        development_key: The master key is one that was made here.
        entry: Ours in the client's configuration; None where there is none.
        command_exists: So the client can start it.
        sound: Every deep check passed.
        kept: Of the store.
        consents: Every one that is in force.
        now: By the store's own clock.
        wal_fixed: Of the SQLite in use.
        shared_by: What copies key and store to one place; None where nothing does.
    """

    production: bool
    development_key: bool
    entry: Mapping[str, Any] | None
    command_exists: bool
    sound: bool
    kept: Kept
    consents: tuple[Held, ...]
    now: datetime
    wal_fixed: bool
    shared_by: str | None = None

    @property
    def environment(self) -> Mapping[str, Any]:
        """What the client's entry sets."""
        found = (self.entry or {}).get("env", {})
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list.

    Attributes:
        holds: Tells whether it is as it must be.
        lacks: Said where it is not.
        fix: What to do then; ``pierre-mcp`` in it is called as the person calls it.
        verdict: How grave it is.
    """

    name: str
    holds: Callable[[Facts], bool]
    lacks: str
    fix: str
    verdict: Verdict = Verdict.FAIL


LIST: Final = (
    Row(
        "production environment",
        lambda f: f.production,
        "PIERRE_ENV is not production",
        "Set PIERRE_ENV=production: then no server starts on a development key",
    ),
    Row(
        "production for the client",
        lambda f: (
            f.entry is None
            or str(f.environment.get("PIERRE_ENV", "")).strip().lower() == "production"
        ),
        "the client's entry does not set PIERRE_ENV=production",
        "With it set here, run: pierre-mcp setup --client claude-desktop",
    ),
    Row(
        "a master key of your own",
        lambda f: not f.development_key,
        "it is a development key, kept beside the configuration",
        "Give it from a key manager or a file: see PIERRE_MEK_SOURCE in the README",
    ),
    Row(
        "no key in the client's entry",
        lambda f: not any(name.startswith(_KEY) for name in f.environment),
        "the client's plain configuration file holds a master key",
        "Take it out there, and name its source in PIERRE_MEK_SOURCE instead",
    ),
    Row(
        "key and store apart",
        lambda f: f.shared_by is None,
        "one synchronised folder holds both",
        "Move one of them: who has the folder has all of it",
    ),
    Row(
        "deep check",
        lambda f: f.sound,
        "it did not pass",
        "Mend what it names above first",
    ),
    Row(
        "a backup",
        lambda f: (
            f.kept.backed_up_at is not None and f.now - f.kept.backed_up_at < BACKUP_AGE
        ),
        "none was made in 30 days",
        "Make one with: pierre-mcp backup PATH",
    ),
    Row(
        "no key compromised",
        lambda f: f.kept.keys.compromised == 0,
        "a key that may be known is still in the keyring",
        "Finish replacing it with: pierre-mcp keys rotate",
    ),
    Row(
        "no rotation unfinished",
        lambda f: f.kept.keys.unfinished == 0,
        "rows are still under a key that retired",
        "Finish it with: pierre-mcp keys rotate",
    ),
    Row(
        "no rotation due",
        lambda f: f.kept.keys.due == 0,
        "a key has been in use for a year, or for too many seals",
        "Replace it with: pierre-mcp keys rotate",
    ),
    Row(
        "every consent ends",
        lambda f: all(held.expires_at is not None for held in f.consents),
        "one has no expiry",
        "See it with: pierre-mcp consent list; withdraw it, and give it again",
    ),
    Row(
        "no consent given unseen",
        lambda f: not any(f.now - held.given_at < UNSEEN for held in f.consents),
        "one was given in the last 7 days",
        "See that it was you, with: pierre-mcp consent list",
        Verdict.WARN,
    ),
    Row(
        "the client starts it",
        lambda f: f.entry is not None and f.command_exists,
        "Claude Desktop has no entry of ours whose command is there",
        "Run: pierre-mcp setup --client claude-desktop",
        Verdict.WARN,
    ),
    Row(
        "SQLite",
        lambda f: f.wal_fixed,
        "this version can damage a file that two programs write; our lock prevents it",
        "Keep other programs off the file, or use a Python with SQLite 3.51.3",
        Verdict.WARN,
    ),
    Row(
        "a store of your own",
        lambda f: not f.kept.demo,
        "it is a demo's",
        "Make your own with: pierre-mcp setup",
    ),
)
"""In the order in which a person would go through it."""


def weighed(facts: Facts) -> list[Check]:
    """Return every row of the list as a check."""
    return [
        Check(row.name, Verdict.OK, "as it should be")
        if row.holds(facts)
        else Check(row.name, row.verdict, row.lacks, row.fix)
        for row in LIST
    ]


def kept(
    now: datetime, max_age: timedelta
) -> Callable[[Tx, Maintenance, Identity | None], Kept]:
    """Return what asks a store for what it says of itself at ``now``."""

    def ask(tx: Tx, maintenance: Maintenance, _: Identity | None) -> Kept:
        return Kept(
            keys=_health(tx, maintenance, now, max_age),
            backed_up_at=audit.last_done(tx, maintenance, "backup"),
            demo=people.is_demo(tx),
        )

    return ask


def _health(
    tx: Tx, maintenance: Maintenance, now: datetime, max_age: timedelta
) -> KeyHealth:
    found = key_status.listed(tx, maintenance, now=now, max_age=max_age).keys
    pending = [key for key in found if key.due is Due.FINISH]
    return KeyHealth(
        compromised=sum(key.compromised for key in pending),
        unfinished=sum(not key.compromised for key in pending),
        due=sum(key.due in {Due.AGE, Due.SEALS} for key in found),
    )


def in_force(tx: Tx, grant: Grant) -> tuple[tuple[Held, ...], datetime]:
    """Return every consent in force, and the time by which they count."""
    now = grant.here.now
    recipients = policies.read(tx, grant).policy.recipients.values()
    held = (held for mine in recipients for held in mine.in_force(now).values())
    return tuple(held), now
