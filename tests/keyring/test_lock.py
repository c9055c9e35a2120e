"""The consent lock opens with its passphrase alone, and shows its key to nobody."""

import copy
import json
import pickle

import pytest
from pydantic import ValidationError

from pierre_mcp.errors import LockPassphraseWrongError
from pierre_mcp.keyring.lock import Signer, new_lock, open_lock, signed_under
from pierre_mcp.keyring.stretching import LOW_MEMORY, Cost
from pierre_mcp.model.lock import ConsentLock

WORDS = "caf\u00e9 au lait au lit"
CHEAP = Cost(time=1, memory_kib=64, lanes=1)

FROZEN = ConsentLock(
    public="71b85d455bc9fc69596942ae2e917a848a56b3ca4f7703ec5b1b5226e922a328",
    salt="4be393f7866dac8c1557d5aac92a8593",
    time_cost=1,
    memory_kib=64,
    lanes=1,
    sealed=(
        "1c906698e820bbb90e74b8be308086707c5d1fd1726db267de979dedd01e8c29"
        "e41822509e1427fe1882c72fbf1e891c1a6196a2277eff4296cffab8"
    ),
)
"""Made once, under this passphrase: what is stored opens in every later version."""

SIGNED = (
    "b98f5f6c5c41dd432203abbe66e311e4ce5dde2f394f4c6c7e7df888907ce802"
    "38fa3eef379d7ed2198e32011801a6e58e944f2beafa1dd6b38a130829d5f70d"
)


@pytest.fixture(scope="module")
def lock() -> ConsentLock:
    return new_lock(WORDS, cost=CHEAP)


def test_what_it_signs_is_checked_by_its_public_half(lock: ConsentLock) -> None:
    signature = open_lock(lock, WORDS)(b"an act")
    assert len(signature) == 64
    assert signed_under(lock, signature, b"an act")
    assert not signed_under(lock, signature, b"another act")
    assert not signed_under(new_lock(WORDS, cost=CHEAP), signature, b"an act")


def test_one_that_was_stored_opens_for_ever() -> None:
    """Ed25519 signs alike each time, so the signature is frozen with it."""
    assert open_lock(FROZEN, "correct horse battery staple")(b"an act").hex() == SIGNED


def test_however_a_keyboard_composes_it(lock: ConsentLock) -> None:
    open_lock(lock, "cafe\u0301 au lait au lit")


@pytest.mark.parametrize("words", ["", WORDS[:-1], f"{WORDS} ", WORDS.upper(), "\0"])
def test_no_other_passphrase_opens_it(lock: ConsentLock, words: str) -> None:
    with pytest.raises(LockPassphraseWrongError) as caught:
        open_lock(lock, words)
    assert caught.value.__suppress_context__


def test_a_new_one_costs_what_rfc_9106_recommends() -> None:
    lock = new_lock(WORDS)
    cost = (lock.time_cost, lock.memory_kib, lock.lanes)
    assert cost == (3, 65_536, 4) == (
        LOW_MEMORY.time, LOW_MEMORY.memory_kib, LOW_MEMORY.lanes,
    )  # fmt: skip
    open_lock(lock, WORDS)


@pytest.mark.parametrize("field", ["public", "salt", "sealed", "time_cost", "lanes"])
def test_changed_anywhere_it_does_not_open(lock: ConsentLock, field: str) -> None:
    """A public key of another's, or cheaper parameters, are not of this lock."""
    was = getattr(lock, field)
    now = was + 1 if isinstance(was, int) else f"{int(was[:2], 16) ^ 1:02x}{was[2:]}"
    with pytest.raises(LockPassphraseWrongError):
        open_lock(lock.model_copy(update={field: now}), WORDS)


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"memory_kib": 2**30},
        {"time_cost": 0},
        {"lanes": 99},
        {"public": "zz" * 32},
        {"public": "00"},
        {"salt": ""},
        {"sealed": "00" * 61},
        {"more": 1},
    ],
)
def test_a_policy_with_another_is_none_of_ours(
    lock: ConsentLock, changed: dict[str, object]
) -> None:
    told = json.loads(lock.model_dump_json())
    assert ConsentLock.model_validate_json(json.dumps(told)) == lock
    with pytest.raises(ValidationError):
        ConsentLock.model_validate_json(json.dumps(told | changed))


def test_an_open_lock_has_a_dull_face(lock: ConsentLock) -> None:
    signer = open_lock(lock, WORDS)
    assert (repr(signer), str(signer)) == ("<Signer>", "<Signer>")
    assert (repr(lock), str(lock)) == ("<ConsentLock>", "<ConsentLock>")
    assert not hasattr(signer, "__dict__")
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            way(signer)
    assert isinstance(signer, Signer)
