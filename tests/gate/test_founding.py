"""A demo store: marked for ever, and the one place with a consent nobody typed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.gate.founding import DEMO_RECIPIENT, demo_opener
from pierre_mcp.gate.house import gate_on, opened, opener
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.audit import Health
from pierre_mcp.model.caller import Call, Owner, Recipient
from pierre_mcp.services.checking import verify_log
from pierre_mcp.settings import Settings, from_environment
from pierre_mcp.store import audit, people, policies
from pierre_mcp.store.database import Store
from tests.fakes import StillClock


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PIERRE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PIERRE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("PIERRE_MASTER_ENCRYPTION_KEY", raising=False)
    return replace(from_environment(), mek_source="dev")


@pytest.fixture
def demo(settings: Settings) -> Iterator[Store]:
    store = demo_opener(settings, StillClock())()
    yield store
    store.close()


def ask(store: Store, settings: Settings, recipient: str) -> Answer:
    gate = gate_on(store, settings, StillClock())
    return gate.serve(Call(Recipient(recipient), "get_activities", "s"), {})


def test_a_demo_is_marked_and_answers_its_one_recipient(
    demo: Store, settings: Settings
) -> None:
    with demo.reading() as tx:
        assert people.is_demo(tx)
    assert not ask(demo, settings, DEMO_RECIPIENT).is_error
    assert ask(demo, settings, "claude-desktop").code == "consent_missing"


def test_its_consent_leaves_out_places_and_notes(demo: Store) -> None:
    with demo.reading() as tx:
        policy = policies.read(tx, people.owner(tx)).policy
    assert set(policy.recipients) == {DEMO_RECIPIENT}
    held = set(policy.of(DEMO_RECIPIENT).scopes)
    assert "strava:heart_rate" in held
    assert not {s for s in held if s.endswith((":location", ":notes", ":sleep"))}


def test_its_founding_is_recorded_and_verified(demo: Store, settings: Settings) -> None:
    gate = gate_on(demo, settings, StillClock())
    owner = Call(Owner(), "audit tail", "s")
    (row,) = gate.maintain(owner, lambda tx, m, _: audit.last(tx, m, 9))
    assert (row["action"], row["caller"], row["policy_epoch"]) == ("demo", "system", 1)
    assert gate.maintain(owner, verify_log) == Health(2)


def test_a_store_of_ones_own_has_no_consent(settings: Settings) -> None:
    store = opener(settings)()
    try:
        with store.reading() as tx:
            assert not people.is_demo(tx)
            assert policies.read(tx, people.owner(tx)).policy.recipients == {}
        for recipient in (DEMO_RECIPIENT, "local"):
            assert ask(store, settings, recipient).code == "consent_missing"
    finally:
        store.close()


def test_a_store_of_ones_own_never_becomes_a_demo(settings: Settings) -> None:
    opener(settings)().close()
    store = demo_opener(settings, StillClock())()
    try:
        with store.reading() as tx:
            assert not people.is_demo(tx)
        assert ask(store, settings, DEMO_RECIPIENT).code == "consent_missing"
    finally:
        store.close()


def test_a_command_closes_what_it_opened(settings: Settings) -> None:
    with opened(settings) as gate:
        store = gate._store
        gate.look(Call(Owner(), "look", "s"), lambda *_: None)
    with pytest.raises(Exception, match="closed"):
        store.db.execute("SELECT 1")


def test_where_the_key_comes_from_is_said_without_it(settings: Settings) -> None:
    open_ = opener(settings)
    with opened(settings, open_):
        pass
    found = open_.masters.origin()
    assert found.development
