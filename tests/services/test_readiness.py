"""The list before production: each row holds, or says what lacks and what to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.keyring.ring import KeyState, Purpose, person_scope
from pierre_mcp.model.policy import Held
from pierre_mcp.services.health import Verdict
from pierre_mcp.services.readiness import LIST, Facts, Kept, KeyHealth, kept, weighed
from pierre_mcp.store import key_changes
from pierre_mcp.store.database import Store
from tests.stores import NOW as STORED
from tests.stores import a_store, maintenance, owner_grant

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HELD = Held(
    given_at=NOW - timedelta(days=8), expires_at=NOW + timedelta(days=1), ledger_id="a"
)
KEPT = Kept(KeyHealth(0, 0, 0), NOW - timedelta(days=29), demo=False)
READY = Facts(
    production=True,
    development_key=False,
    entry={"command": "python", "env": {"PIERRE_ENV": "Production "}},
    command_exists=True,
    sound=True,
    kept=KEPT,
    consents=(HELD,),
    now=NOW,
    wal_fixed=True,
)


def lacking(facts: Facts) -> list[tuple[str, Verdict]]:
    return [(c.name, c.verdict) for c in weighed(facts) if c.verdict is not Verdict.OK]


def test_who_is_ready_lacks_nothing() -> None:
    assert lacking(READY) == []
    assert len(weighed(READY)) == len(LIST)


def keys(*counts: int) -> dict[str, Any]:
    return {"kept": replace(KEPT, keys=KeyHealth(*counts))}


@pytest.mark.parametrize(
    ("changed", "name", "verdict"),
    [
        ({"production": False}, "production environment", Verdict.FAIL),
        ({"entry": {"env": {}}}, "production for the client", Verdict.FAIL),
        ({"entry": {"env": 3}}, "production for the client", Verdict.FAIL),
        ({"development_key": True}, "a master key of your own", Verdict.FAIL),
        (
            {
                "entry": {
                    "env": {
                        "PIERRE_ENV": "production",
                        "PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS": "",
                    }
                }
            },
            "no key in the client's entry",
            Verdict.FAIL,
        ),
        ({"shared_by": "Dropbox"}, "key and store apart", Verdict.FAIL),
        ({"sound": False}, "deep check", Verdict.FAIL),
        ({"kept": replace(KEPT, backed_up_at=None)}, "a backup", Verdict.FAIL),
        (
            {"kept": replace(KEPT, backed_up_at=NOW - timedelta(days=30))},
            "a backup",
            Verdict.FAIL,
        ),
        (keys(1, 0, 0), "no key compromised", Verdict.FAIL),
        (keys(0, 1, 0), "no rotation unfinished", Verdict.FAIL),
        (keys(0, 0, 1), "no rotation due", Verdict.FAIL),
        (
            {"consents": (HELD.model_copy(update={"expires_at": None}),)},
            "every consent ends",
            Verdict.FAIL,
        ),
        (
            {"consents": (HELD.model_copy(update={"given_at": NOW}),)},
            "no consent given unseen",
            Verdict.WARN,
        ),
        ({"entry": None}, "the client starts it", Verdict.WARN),
        ({"command_exists": False}, "the client starts it", Verdict.WARN),
        ({"wal_fixed": False}, "SQLite", Verdict.WARN),
        ({"kept": replace(KEPT, demo=True)}, "a store of your own", Verdict.FAIL),
    ],
)
def test_what_lacks_is_named_alone_with_what_to_do(
    changed: dict[str, Any], name: str, verdict: Verdict
) -> None:
    facts = replace(READY, **changed)
    assert lacking(facts) == [(name, verdict)]
    assert all(check.fix for check in weighed(facts) if check.verdict is verdict)


def test_a_store_says_what_is_to_be_done_about_its_keys(tmp_path: Path) -> None:
    year = timedelta(days=365)

    def health(store: Store, days: int = 0) -> KeyHealth:
        with store.reading() as tx:
            ask = kept(STORED + timedelta(days=days), year)
            return ask(tx, maintenance(), None).keys

    with a_store(tmp_path / "data") as store:
        assert health(store) == KeyHealth(0, 0, 0)
        assert health(store, 366).due == 3
        grant = owner_grant(store)
        use = (person_scope(grant.tenant, grant.person), Purpose.SEAL)
        for state in (KeyState.DECRYPT_ONLY, KeyState.COMPROMISED):
            with store.writing() as tx:
                key_changes.renew(tx, maintenance(), [use], now=STORED, old=state)
        assert health(store) == KeyHealth(1, 1, 0)
