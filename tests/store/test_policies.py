"""A person's policy and its ledger: authentic, or refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from pierre_mcp.errors import PolicyTamperedError, StoreDamagedError
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.profile import Profile
from pierre_mcp.model.scope import Scope
from pierre_mcp.services import consents
from pierre_mcp.store import audit, people, policies
from pierre_mcp.store.database import Store
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent
from tests.store.hands import edit, look
from tests.stores import NOW, a_grant, a_line, a_store, maintenance, owner_of

READ = scopes.access("strava", Category.ACTIVITIES)
SEND = scopes.share("claude-desktop")


def an_entry(scope: Scope = READ) -> LedgerEntry:
    return LedgerEntry(
        event=LedgerEvent.REFUSED,
        at=NOW,
        recipient="claude-desktop",
        scope=scope,
        expires_at=None,
        by="owner",
    )


def give(store: Store, grant: Grant, *given: Scope) -> Policy:
    """Give consent as the gate does, with the row that carries its epoch."""
    until = NOW + timedelta(days=365)
    with store.writing() as tx:
        policy = consents.give(tx, grant, "claude-desktop", given, expires_at=until)
        line = a_line("consent", policy_epoch=policy.policy_epoch)
        audit.append(tx, line, now=NOW, who=grant)
    return policy


def held(store: Store, who: Identity | Grant) -> Policy:
    with store.reading() as tx:
        return policies.read(tx, who).policy


def in_step(store: Store, who: Identity | Grant) -> bool:
    """Whether policy and log agree on the epoch: what the gate asks of every call."""
    with store.reading() as tx:
        epoch = policies.read(tx, who).policy.policy_epoch
        return epoch == audit.tail(tx).policy_epoch


def test_a_new_store_consents_to_nothing(store: Store, grant: Grant) -> None:
    assert held(store, grant) == Policy()
    assert in_step(store, grant)


def test_a_policy_is_read_as_written(store: Store, grant: Grant) -> None:
    given = give(store, grant, READ, SEND)
    assert held(store, grant) == given
    assert set(given.of("claude-desktop").in_force(NOW)) == {READ, SEND}
    assert given.of("another").scopes == {}
    assert in_step(store, grant)


def test_a_change_is_seen_to_the_byte(store: Store, grant: Grant) -> None:
    with store.reading() as tx:
        before = policies.read(tx, grant)
        assert policies.unchanged(tx, grant, before)
    with store.writing() as tx:
        policies.write(tx, grant, before.policy)  # the same, sealed anew
        assert not policies.unchanged(tx, grant, before)


@pytest.mark.promise("keys.authentic")
def test_an_older_cell_pasted_back_is_behind_the_log(
    directory: Path, store: Store, grant: Grant
) -> None:
    give(store, grant, READ, SEND)
    [(kid, cell)] = look(directory, "SELECT kid, cell FROM policies")
    with store.writing() as tx:
        consents.withdraw(tx, grant, "claude-desktop", None, by="owner")
        line = a_line("consent", policy_epoch=2)
        audit.append(tx, line, now=NOW, who=grant)
    assert in_step(store, grant)
    assert edit(directory, "UPDATE policies SET kid = ?, cell = ?", (kid, cell)) == 1
    assert held(store, grant).policy_epoch == 1  # it opens: it was ours
    assert not in_step(store, grant)


@pytest.mark.promise("keys.authentic")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE policies SET cell = randomblob(100)",
        "UPDATE policies SET cell = (SELECT profile FROM people)",
        "UPDATE policies SET cell = (SELECT cell FROM ledger LIMIT 1)",
        "UPDATE policies SET cell = substr(cell, 1, length(cell) - 1)",
        "UPDATE policies SET cell = x''",
        "DELETE FROM policies",
    ],
)
def test_a_cell_put_in_by_hand_grants_nothing(
    directory: Path, store: Store, grant: Grant, sql: str
) -> None:
    give(store, grant, READ)
    assert edit(directory, sql) == 1
    with pytest.raises(PolicyTamperedError):
        held(store, grant)


@pytest.mark.promise("keys.authentic")
def test_the_policy_of_another_store_grants_nothing(
    tmp_path: Path, directory: Path, store: Store, grant: Grant
) -> None:
    with a_store(tmp_path / "mine", own=True) as mine:
        me = owner_of(mine)
        give(mine, a_grant(me), READ, SEND)
        [(kid, cell)] = look(tmp_path / "mine", "SELECT kid, cell FROM policies")
    edit(directory, "UPDATE policies SET kid = ?, cell = ?", (kid, cell))
    with pytest.raises(PolicyTamperedError):
        held(store, grant)


def test_the_ledger_keeps_every_change_in_order(store: Store, grant: Grant) -> None:
    give(store, grant, READ)
    give(store, grant, READ)
    with store.writing() as tx:
        policies.enter(tx, grant, an_entry(SEND))
        history = [entry.event for _, entry in policies.history(tx, grant)]
        assert policies.ledger_holds(tx, maintenance(), people.owner(tx))
    assert history == ["given", "superseded", "given", "refused"]


LEDGER_EDITS = [
    "DELETE FROM ledger WHERE seq = 1",
    "DELETE FROM ledger WHERE seq = 2",
    "DELETE FROM ledger WHERE seq = 3",
    "UPDATE ledger SET seq = -seq",
    "UPDATE ledger SET cell = randomblob(length(cell)) WHERE seq = 2",
    "UPDATE ledger SET cell = (SELECT cell FROM ledger WHERE seq = 1) WHERE seq = 2",
    "UPDATE ledger SET id = 'x' WHERE seq = 2",
    "UPDATE ledger SET mac = randomblob(32) WHERE seq = 3",
    "INSERT INTO ledger SELECT -seq, -seq, tenant, person, kid, cell, mac FROM ledger",
]


@pytest.mark.parametrize("sql", LEDGER_EDITS)
def test_any_edit_of_the_ledger_is_found(
    directory: Path, store: Store, grant: Grant, sql: str
) -> None:
    give(store, grant, READ, SEND, scopes.tool("get_status"))
    with store.reading() as tx:
        assert policies.ledger_holds(tx, maintenance(), people.owner(tx))
    edit(directory, sql)
    with store.reading() as tx:
        assert not policies.ledger_holds(tx, maintenance(), people.owner(tx))


def test_a_dead_grant_changes_and_shows_nothing(store: Store, grant: Grant) -> None:
    grant.kill()
    with store.writing() as tx:
        with pytest.raises(RuntimeError, match="died"):
            policies.write(tx, grant, Policy())
        with pytest.raises(RuntimeError, match="died"):
            policies.history(tx, grant)
        with pytest.raises(RuntimeError, match="died"):
            people.set_profile(tx, grant, Profile())


def test_the_profile_is_replaced(store: Store, grant: Grant) -> None:
    with store.writing() as tx:
        people.set_profile(tx, grant, Profile(zone="Asia/Tokyo", units="imperial"))
    with store.reading() as tx:
        assert people.profile(tx, grant).zone == "Asia/Tokyo"
        with pytest.raises(StoreDamagedError):
            people.profile(tx, Identity("no", "one"))
