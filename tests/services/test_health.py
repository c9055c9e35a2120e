"""What the doctor asks of a store."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.model.audit import Finding, FindingKind, Health
from pierre_mcp.services import checking, health
from pierre_mcp.services.health import Verdict, sqlite_check, store_checks
from pierre_mcp.store import inspection, policies
from pierre_mcp.store.opening import open_store
from tests.stores import (
    MASTER,
    OTHER_MASTER,
    a_store,
    maintenance,
    opening,
    owner_of,
)


def test_a_whole_store(tmp_path: Path) -> None:
    with a_store(tmp_path / "store") as store:
        who = owner_of(store)
        with store.reading() as tx:
            checks = store_checks(tx, maintenance(), who)
    assert [check.name for check in checks] == [
        *("database", "keyring", "seal", "audit log"),
    ]
    assert {check.verdict for check in checks} == {Verdict.OK}


@pytest.mark.promise("keys.mek-rotation")
def test_keys_wrapped_under_another_master_key_than_the_primary(
    tmp_path: Path,
) -> None:
    with a_store(tmp_path / "store"):
        pass
    given = (OTHER_MASTER, MASTER)
    how = replace(opening(tmp_path / "store"), masters=lambda _: given)
    with closing(open_store(how)) as store:
        who = owner_of(store)
        with store.reading() as tx:
            checks = store_checks(tx, maintenance(), who)
    [said] = [check for check in checks if check.verdict is not Verdict.OK]
    assert (said.name, said.verdict) == ("keyring", Verdict.WARN)
    assert "not wrapped under the master key set as primary" in said.words
    assert said.fix == "Run: pierre-mcp keys rewrap"


@pytest.mark.parametrize(
    ("version", "fixed"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
    ],
)
def test_the_wal_bug(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], *, fixed: bool
) -> None:
    monkeypatch.setattr(inspection, "sqlite_version", lambda: version)
    check = sqlite_check()
    assert check.verdict is Verdict.OK
    assert ("can damage a file" in check.words) != fixed


def test_whatever_fails_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise SealBrokenError

    monkeypatch.setattr(inspection, "intact", lambda *_: False)
    monkeypatch.setattr(inspection, "open_one", broken)
    found = Finding(3, FindingKind.EDITED)
    monkeypatch.setattr(health, "verify_log", lambda *_: found)
    with a_store(tmp_path / "store") as store:
        who = owner_of(store)
        with store.reading() as tx:
            checks = store_checks(tx, maintenance(), who)
    failed = {c.name: c for c in checks if c.verdict is Verdict.FAIL}
    assert set(failed) == {"database", "seal", "audit log"}
    assert failed["audit log"].words == "row 3: edited"
    assert all(check.fix for check in failed.values())


def test_a_ledger_that_does_not_hold_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_store(tmp_path / "store") as store:
        who = owner_of(store)
        with store.reading() as tx:
            found = checking.verify_log(tx, maintenance(), who)
            assert isinstance(found, Health)
            monkeypatch.setattr(policies, "ledger_holds", lambda *_: False)
            assert checking.verify_log(tx, maintenance(), who) == Finding(
                found.rows, FindingKind.LEDGER
            )
