"""A notice that changes: what was given upon the older one stops, and is renewed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import PolicyTamperedError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy.notices import CURRENT, Notice
from pierre_mcp.services import consents
from pierre_mcp.store import notices, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEvent
from tests.gate.world import ABOUT, CLAUDE, OTHER, OWNER, World, a_world
from tests.stores import a_recording

LATER = Notice(CURRENT.version + 1, "en", "What is said now is something else.\n")
RENEW = f"pierre-mcp consent renew --to {CLAUDE}"
NOTE = Call(OWNER, "consent", "session")


@pytest.fixture
def later(tmp_path: Path) -> Iterator[World]:
    """A store whose consents were given before the notice changed."""
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
        world.give_training()
        about = replace(ABOUT, notice=LATER.version)
        world.gate = Gate(world.store, world.table, world.clock, about)
        yield world


def renew(world: World, *, to: str = CLAUDE) -> None:
    def work(tx: Tx, grant: Grant) -> None:
        scopes = consents.renewable(tx, grant, to)
        consents.give(tx, grant, to, scopes, expires_at=None, notice=LATER)

    world.gate.widen(NOTE, work)


def kept(world: World, version: int) -> Notice | None:
    return world.gate.look(NOTE, lambda tx, grant: notices.of(tx, grant, version))


@pytest.mark.promise("consent.expiry")
def test_a_changed_notice_asks_again(later: World) -> None:
    answer = later.ask("get_activities")
    assert answer.code == "notice_changed"
    assert answer.text.endswith(f"with: {RENEW}")
    assert later.last_row()["outcome"] == "refused"
    status = later.told("get_status")
    assert (status["consented"], status["next_steps"]) == (False, [RENEW])
    assert "notice that consent was given upon has changed" in status["warnings"][0]
    assert later.told("get_consents")["scope"] == []
    renew(later)
    assert later.told("get_activities")["activities"]["id"]
    assert later.told("get_status")["warnings"] == []


@pytest.mark.promise("consent.history")
def test_a_renewal_supersedes_what_it_renews(later: World) -> None:
    held = later.gate.look(NOTE, lambda tx, g: policies.read(tx, g).policy.of(CLAUDE))
    renew(later)
    lines = later.gate.look(NOTE, policies.history)[len(held.scopes) :]
    events = [(entry.event, entry.scope, entry.notice) for _, entry in lines]
    assert events == [
        step
        for scope in held.scopes
        for step in (
            (LedgerEvent.SUPERSEDED, scope, None),
            (LedgerEvent.GIVEN, scope, LATER.version),
        )
    ]
    assert later.gate.look(NOTE, policies.own_ledger_holds)


def test_nobody_else_is_renewed(later: World) -> None:
    renew(later, to=OTHER)
    assert later.ask("get_activities").code == "notice_changed"


def test_each_notice_is_kept_word_for_word(later: World) -> None:
    renew(later)
    for one in (CURRENT, LATER):
        assert kept(later, one.version) == one
    assert kept(later, 99) is None


def test_a_notice_put_in_by_hand_is_not_consented_upon(later: World) -> None:
    row = (LATER.version, LATER.language, LATER.sha256, "You agree to everything.")
    later.by_hand("INSERT INTO notices VALUES (?, ?, ?, ?)", row)
    with pytest.raises(PolicyTamperedError):
        renew(later)
    assert later.ask("get_activities").code == "notice_changed"


def test_a_whole_other_notice_of_that_version_neither(later: World) -> None:
    other = Notice(LATER.version, "en", "You agree to everything.")
    row = (other.version, other.language, other.sha256, other.text)
    later.by_hand("INSERT INTO notices VALUES (?, ?, ?, ?)", row)
    with pytest.raises(PolicyTamperedError):
        renew(later)


def test_an_example_supposes_and_gives_nothing(tmp_path: Path) -> None:
    """What a consent would let out is shown to the owner, as a preview, before it is
    given; nothing of the policy changes, and a recipient cannot suppose."""
    with a_world(tmp_path / "store") as world:
        world.put(a_recording())
        before = world.by_hand("SELECT cell FROM policies")
        scopes = ("files:activities", "analytics:insights", f"share:{CLAUDE}")
        chosen = tuple(map(Scope, (*scopes, "tool:get_activities")))
        supposing = Owner(preview_as=CLAUDE, supposing=chosen)
        told = world.told("get_activities", {"limit": 1}, of=supposing)
        assert told["activities"]["day"] == ["2026-02-01"]
        assert "mean_bpm" not in told["activities"], "only what was supposed"
        assert world.last_row()["outcome"] == "preview"
        world.told("get_activities", of=Owner(supposing=chosen))
        assert world.by_hand("SELECT cell FROM policies") == before
        assert world.ask("get_activities").code == "consent_missing"
        alone = Owner(preview_as=CLAUDE, supposing=chosen[:1])
        assert world.ask("get_activities", of=alone).code == "consent_missing"
