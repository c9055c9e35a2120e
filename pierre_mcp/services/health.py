"""What ``doctor`` asks of a store: answers about it, and no value out of it."""

from dataclasses import dataclass
from enum import StrEnum

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.model.audit import Finding
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.checking import verify_log
from pierre_mcp.store import inspection
from pierre_mcp.store.database import Tx

_RESTORE = "Put back a backup of the store's whole directory."


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, how it came out, and a sentence.

    Attributes:
        fix: What to do where it did not come out well; every failure has one.
    """

    name: str
    verdict: Verdict
    words: str
    fix: str = ""


def store_checks(tx: Tx, maintenance: Maintenance, who: Identity | None) -> list[Check]:
    """Check file, references, keys, one cell and the whole log."""
    return [
        _file(tx, maintenance),
        _keys(tx, maintenance),
        _cell(tx, maintenance, who),
        _log(tx, maintenance, who),
    ]


def sqlite_check() -> Check:
    """Say which SQLite runs, and whether its WAL bug is in it."""
    numbers = inspection.sqlite_version()
    version = ".".join(map(str, numbers))
    if wal_fixed(numbers):
        return Check("sqlite", Verdict.OK, f"version {version}")
    words = (
        f"version {version} can damage a file when two connections write and "
        "checkpoint at once (fixed in 3.51.3); our write lock keeps that from happening"
    )
    return Check("sqlite", Verdict.OK, words)


def wal_fixed(version: tuple[int, int, int] | None = None) -> bool:
    """Tell whether the SQLite in use, or this version, is without the WAL bug."""
    version = version or inspection.sqlite_version()
    major, minor, patch = version
    backports = {(3, 44): 6, (3, 50): 7}
    if (major, minor) in backports:
        return patch >= backports[major, minor]
    return version >= (3, 51, 3)


def _file(tx: Tx, maintenance: Maintenance) -> Check:
    if inspection.intact(tx, maintenance):
        return Check("database", Verdict.OK, "intact, every reference holds")
    return Check("database", Verdict.FAIL, "damaged", _RESTORE)


def _keys(tx: Tx, maintenance: Maintenance) -> Check:
    keys = inspection.key_count(tx, maintenance)
    words = f"{keys} keys in use, manifest holds"
    if not tx.keys.behind(tx.ring):
        return Check("keyring", Verdict.OK, words)
    words += ", not wrapped under the master key set as primary"
    return Check("keyring", Verdict.WARN, words, "Run: pierre-mcp keys rewrap")


def _cell(tx: Tx, maintenance: Maintenance, who: Identity | None) -> Check:
    if who is None:
        return Check("seal", Verdict.OK, "nobody's cell is here to open")
    try:
        inspection.open_one(tx, maintenance, who)
    except SealBrokenError:
        return Check("seal", Verdict.FAIL, "a cell does not open", _RESTORE)
    return Check("seal", Verdict.OK, "one cell opened")


def _log(tx: Tx, maintenance: Maintenance, who: Identity | None) -> Check:
    found = verify_log(tx, maintenance, who)
    if isinstance(found, Finding):
        words = f"{found.where}: {found.kind}"
        return Check("audit log", Verdict.FAIL, words, "Run: pierre-mcp audit verify")
    return Check("audit log", Verdict.OK, f"{found.rows} rows, chain whole")
