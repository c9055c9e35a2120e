"""With the consent lock on, nothing lets more out that is not signed under it."""

import json
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.errors import (
    ConsentLockedError,
    LockPassphraseWrongError,
    LockWaitsError,
    PolicyTamperedError,
)
from pierre_mcp.gate import erasure
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.locking import ATTEMPT, LOCK, UNLOCK, Sign
from pierre_mcp.keyring import lock as locks
from pierre_mcp.keyring.lock import new_lock, open_lock
from pierre_mcp.keyring.stretching import Cost
from pierre_mcp.model.caller import Call, Job, Recipient
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.lock import ConsentLock
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.profile import Profile
from pierre_mcp.model.scope import Scope
from pierre_mcp.services import consent_lock, consents
from pierre_mcp.store import keys, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import LedgerEntry, LedgerEvent
from pierre_mcp.store.receipts import Beside
from tests.gate.world import ABOUT, CLAUDE, OTHER, OWNER, World
from tests.stores import new_store, owner_grant, owner_of

WORDS = "correct horse battery staple"
CHEAP = Cost(time=1, memory_kib=64, lanes=1)
DATA = Scope("files:activities")
GIVE = Call(OWNER, "consent grant", "session")
REVEAL = Call(OWNER, "keys reveal", "session")
ERASE = Call(OWNER, "erase", "session")
DETAIL = {"recipient": CLAUDE, "scopes": [DATA]}


def put_on(world: World, words: str = WORDS, sign: Sign | None = None) -> ConsentLock:
    made = new_lock(words, cost=CHEAP)
    work = partial(consent_lock.put_on, lock=made)
    call, detail = Call(OWNER, LOCK, "session"), {"public": made.public}
    world.gate.widen(call, work, detail=detail, sign=sign)
    return made


def take_off(world: World, sign: Sign | None = None) -> bool:
    call = Call(OWNER, UNLOCK, "session")
    return world.gate.widen(call, consent_lock.take_off, sign=sign)


def giving(tx: Tx, grant: Grant) -> None:
    consents.give(tx, grant, CLAUDE, [DATA], expires_at=None)


def give(world: World, sign: Sign | None = None) -> None:
    world.gate.widen(GIVE, giving, detail=DETAIL, sign=sign)


def policy_of(world: World) -> Policy:
    who = owner_of(world.store)
    with world.store.reading() as tx:
        return policies.read(tx, who).policy


def ledger(world: World) -> list[LedgerEntry]:
    grant = owner_grant(world.store)
    with world.store.reading() as tx:
        return [entry for _, entry in policies.history(tx, grant)]


def erase(world: World, outside: Path, sign: Sign | None = None) -> None:
    erasure.erase(world.gate, ERASE, outside, beside=Beside(0, 0), sign=sign)


@pytest.fixture
def locked(world: World) -> ConsentLock:
    return put_on(world)


@pytest.fixture
def sign(locked: ConsentLock) -> Sign:
    return open_lock(locked, WORDS)


@pytest.mark.promise("consent.human-only")
def test_a_way_round_does_not_pass(world: World) -> None:
    """Also with no lock on: what widens asks its grant, and only one kind may."""
    with pytest.raises(RuntimeError, match=r"gate\.widen"):
        world.gate.act(GIVE, giving)
    with pytest.raises(RuntimeError, match=r"gate\.widen"):
        world.gate.act(GIVE, consent_lock.take_off)
    assert policy_of(world).recipients == {}
    for caller in (Recipient(CLAUDE), Job(Recipient(CLAUDE))):
        with pytest.raises(RuntimeError, match="owner"):
            world.gate.widen(Call(caller, "consent grant", "session"), giving)


@pytest.mark.promise("consent.human-only")
def test_unsigned_is_refused_and_rolled_back(world: World, locked: ConsentLock) -> None:
    before = policy_of(world)
    ran = []
    with pytest.raises(ConsentLockedError):
        world.gate.widen(GIVE, lambda *_: ran.append(1), detail=DETAIL)
    row = world.last_row()
    assert (row["outcome"], row["code"], row["risk"], row["event"]) == (
        "refused", "consent_locked", "medium", "unauthorised_access",
    )  # fmt: skip
    assert (ran, policy_of(world)) == ([], before)
    for refused in (
        lambda: world.gate.permit(REVEAL, detail={}),
        lambda: take_off(world),
        lambda: put_on(world, "another person's words"),
    ):
        with pytest.raises(ConsentLockedError):
            refused()
    assert policy_of(world).lock == locked.model_dump_json()


@pytest.mark.promise("consent.human-only")
def test_signed_is_done_and_the_signature_kept(world: World, sign: Sign) -> None:
    epoch = policy_of(world).policy_epoch
    give(world, sign)
    given = ledger(world)[-1]
    assert given.event is LedgerEvent.GIVEN
    lock = world.gate.lock(GIVE)
    assert lock is not None
    store_id = keys.store_id(world.store.db)
    message = locks.message(store_id, owner_of(world.store), epoch, GIVE.action, DETAIL)
    assert locks.signed_under(lock, bytes.fromhex(given.signature), message)
    world.gate.permit(REVEAL, detail={"master": "00"}, sign=sign)
    assert world.last_row()["outcome"] == "done"


def replayed(of: bytes) -> Sign:
    return lambda _: of


@pytest.mark.promise("consent.human-only")
def test_no_other_signature_will_do(world: World, sign: Sign) -> None:
    seen: list[bytes] = []

    def remembered(message: bytes) -> bytes:
        seen.append(message)
        return sign(message)

    give(world, remembered)
    old = sign(seen[0])
    other = open_lock(new_lock(WORDS, cost=CHEAP), WORDS)
    wrong: dict[str, Sign] = {
        "replayed": replayed(old),
        "under another key": other,
        "of nothing": replayed(sign(b"")),
        "empty": replayed(b""),
        "cut": lambda message: sign(message)[:-1],
    }
    for what, by in wrong.items():
        with pytest.raises(ConsentLockedError):
            give(world, by)
        assert world.last_row()["code"] == "consent_locked", what


@pytest.mark.parametrize("changed", range(5))
def test_what_is_signed_is_this_act_and_no_other(changed: int, world: World) -> None:
    who = owner_of(world.store)
    mine: list[Any] = ["store", who, 1, "consent grant", {"a": 1, "b": [2]}]
    other: list[Any] = ["other", owner_of(world.store), 2, "erase", {"a": 1, "b": [3]}]
    other[1] = type(who)(who.tenant, "other")
    same = [*mine[:4], {"b": [2], "a": 1}]
    assert locks.message(*mine) == locks.message(*same)
    theirs = [*mine[:changed], other[changed], *mine[changed + 1 :]]
    assert locks.message(*mine) != locks.message(*theirs)


@pytest.mark.usefixtures("locked")
def test_taking_back_needs_no_passphrase(world: World, sign: Sign) -> None:
    give(world, sign)
    world.withdraw(str(DATA))
    assert policy_of(world).of(CLAUDE).scopes == {}
    assert ledger(world)[-1].signature == ""


def test_the_lock_is_changed_and_taken_off_by_whoever_opens_it(
    world: World, sign: Sign
) -> None:
    changed = put_on(world, "other words altogether", sign)
    with pytest.raises(ConsentLockedError):
        give(world, sign)
    new = open_lock(changed, "other words altogether")
    give(world, new)
    assert take_off(world, new)
    assert not take_off(world)
    give(world)
    told = [(e.event, e.subject, bool(e.signature)) for e in ledger(world)]
    kept = {LedgerEvent.LOCKED, LedgerEvent.UNLOCKED, LedgerEvent.GIVEN}
    assert [one for one in told if one[0] in kept] == [
        (LedgerEvent.LOCKED, "", False),
        (LedgerEvent.LOCKED, "changed", True),
        (LedgerEvent.GIVEN, "", True),
        (LedgerEvent.UNLOCKED, "", True),
        (LedgerEvent.GIVEN, "", False),
    ]


def test_an_open_lock_is_good_for_the_lock_that_is_on(world: World, sign: Sign) -> None:
    """Changed by another process between the passphrase and the act."""
    put_on(world, "other words altogether", sign)
    with pytest.raises(ConsentLockedError):
        world.gate.permit(REVEAL, detail={}, sign=sign)


@pytest.mark.promise("rights.erase")
def test_an_erasure_asks_for_it(world: World, sign: Sign, tmp_path: Path) -> None:
    with pytest.raises(ConsentLockedError):
        erase(world, tmp_path / "outside")
    assert world.last_row()["code"] == "consent_locked"
    assert policy_of(world).lock is not None
    erase(world, tmp_path / "outside", sign)
    assert world.gate.lock(GIVE) is None
    assert world.gate.given_lately() == ()
    world.gate.permit(REVEAL, detail={"master": "00"})
    assert world.last_row()["outcome"] == "done"


def damage(world: World) -> None:
    [(cell,)] = world.by_hand("SELECT cell FROM policies")
    broken = cell[:-1] + bytes([cell[-1] ^ 1])
    world.by_hand("UPDATE policies SET cell = ?", (broken,))


@pytest.mark.promise("rights.erase")
def test_a_damaged_policy_is_erased_where_no_lock_was(
    world: World, tmp_path: Path
) -> None:
    take_off(world, open_lock(put_on(world), WORDS))
    damage(world)
    erase(world, tmp_path / "outside")
    assert world.last_row()["action"] == "erase"
    world.gate.begin_anew(Call(OWNER, "setup", "session"), Profile())


@pytest.mark.promise("consent.human-only")
def test_damaging_the_policy_takes_no_lock_off(
    world: World, sign: Sign, tmp_path: Path
) -> None:
    """Neither by its bytes, nor by an older cell that had none."""
    del sign
    damage(world)
    with pytest.raises(PolicyTamperedError):
        erase(world, tmp_path / "outside")
    with pytest.raises(PolicyTamperedError):
        world.gate.lock(GIVE)
    assert world.last_row()["risk"] == "high"
    with pytest.raises(PolicyTamperedError):
        give(world)


@pytest.mark.promise("consent.human-only")
def test_an_older_policy_put_back_takes_no_lock_off(world: World) -> None:
    [(kid, cell)] = world.by_hand("SELECT kid, cell FROM policies")
    put_on(world)
    world.by_hand("UPDATE policies SET kid = ?, cell = ?", (kid, cell))
    with pytest.raises(PolicyTamperedError):
        give(world)
    assert policy_of(world).recipients == {}


def attempt(world: World, words: str, gate: Gate | None = None) -> Sign:
    at = gate or world.gate
    lock = at.lock(GIVE)
    assert lock is not None
    return at.unlock(GIVE, lock, words)


@pytest.mark.usefixtures("locked")
def test_a_wrong_passphrase_is_recorded(world: World) -> None:
    with pytest.raises(LockPassphraseWrongError):
        attempt(world, "guess-7f3a")
    begun, refused = world.rows()[-2:]
    assert (begun["action"], begun["outcome"]) == (ATTEMPT, "started")
    assert (refused["action"], refused["code"]) == (ATTEMPT, "passphrase_wrong")
    assert (refused["risk"], refused["outcome"]) == ("medium", "refused")
    assert "7f3a" not in json.dumps(world.rows())
    attempt(world, WORDS)
    assert (world.last_row()["action"], world.last_row()["outcome"]) == (
        ATTEMPT, "done",
    )  # fmt: skip


def guess(world: World, times: int) -> None:
    for n in range(times):
        with pytest.raises(LockPassphraseWrongError):
            attempt(world, f"guess {n}")


@pytest.mark.usefixtures("locked")
def test_after_five_wrong_ones_it_waits_ever_longer(
    world: World, tmp_path: Path
) -> None:
    guess(world, 4)
    attempt(world, WORDS)  # and the count begins anew
    guess(world, 5)
    second = new_store(tmp_path / "store")
    elsewhere = Gate(second, world.table, world.clock, ABOUT)
    try:
        for gate in (world.gate, elsewhere):
            with pytest.raises(LockWaitsError) as caught:
                attempt(world, WORDS, gate)
            assert caught.value.wait_s == 60
    finally:
        second.close()
    assert world.last_row()["code"] == "lock_waits"
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        world.clock.pass_s(minutes * 60 - 1)
        with pytest.raises(LockWaitsError, match="1 min"):
            attempt(world, WORDS)
        world.clock.pass_s(1)
        guess(world, 1)
    world.clock.pass_s(3_600)
    attempt(world, WORDS)
    attempt(world, WORDS)


@pytest.mark.usefixtures("locked")
def test_a_day_later_they_are_forgotten(world: World) -> None:
    guess(world, 5)
    world.clock.pass_s(timedelta(days=1, seconds=1).total_seconds())
    guess(world, 5)
    with pytest.raises(LockWaitsError):
        attempt(world, WORDS)


@pytest.mark.usefixtures("locked")
def test_an_attempt_cut_short_is_spent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded before the passphrase is tried: killing the process saves nothing."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pierre_mcp.keyring.lock.open_lock", killed)
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            attempt(world, WORDS)
    monkeypatch.undo()
    with pytest.raises(LockWaitsError):
        attempt(world, WORDS)


def test_what_was_given_of_late(world: World) -> None:
    assert world.gate.given_lately() == ()
    world.give(DATA, f"share:{CLAUDE}")
    first = world.clock.now()
    world.clock.pass_s(60)
    world.give(f"share:{OTHER}", to=OTHER)
    told = [(one.recipient, one.at, one.scopes) for one in world.gate.given_lately()]
    assert told == [(CLAUDE, first, 2), (OTHER, world.clock.now(), 1)]
    assert consents.lately_words(world.gate.given_lately(), "pierre-mcp") == (
        "Consent was given in the last 7 days: claude-desktop on 2026-03-01, "
        "other-assistant on 2026-03-01 (UTC). Not you? pierre-mcp consent withdraw "
        "--to NAME"
    )
    world.withdraw(to=OTHER)  # it was given all the same
    assert len(world.gate.given_lately()) == 2
    world.clock.pass_s(timedelta(days=7).total_seconds() - 30)
    assert [one.recipient for one in world.gate.given_lately()] == [OTHER]
    put_on(world)
    assert world.gate.given_lately() == ()
