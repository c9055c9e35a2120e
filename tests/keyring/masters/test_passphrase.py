"""A passphrase gives the key: stretched, salted by the store, and asked for unseen."""

import pytest

from pierre_mcp.errors import (
    PassphrasesDifferError,
    PassphraseShortError,
    PassphraseTerminalError,
)
from pierre_mcp.keyring.master import LocalMaster, StoreNeed
from pierre_mcp.keyring.masters import passphrase
from pierre_mcp.keyring.masters.passphrase import asked_key, key_of_passphrase
from pierre_mcp.keyring.stretching import Cost

WORDS = "correct horse battery staple"


class Asked:
    """Answers the questions, and remembers them."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []

    def __call__(self, question: str) -> str:
        self.questions.append(question)
        return self.answers.pop(0)


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "has_terminal", lambda: True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less memory, for what does not depend on how much."""
    monkeypatch.setattr(passphrase, "_COST", Cost(3, 64, 4))


def test_the_key_of_a_passphrase_is_frozen() -> None:
    """Argon2id, t 3, 64 MiB, p 4, as another implementation computes it (OpenSSL's)."""
    assert key_of_passphrase(WORDS, "store").hex() == (
        "1b36ed240a33ad5ffce6422dd4ac6bffa0431b6dcac2165b79df8e5e374330d5"
    )


@pytest.mark.usefixtures("quick")
def test_every_store_has_a_key_of_its_own() -> None:
    assert key_of_passphrase(WORDS, "store") != key_of_passphrase(WORDS, "another")


@pytest.mark.usefixtures("quick")
def test_however_a_keyboard_composes_it() -> None:
    composed, decomposed = "caf\u00e9 au lait au lit", "cafe\u0301 au lait au lit"
    assert key_of_passphrase(composed, "s") == key_of_passphrase(decomposed, "s")


@pytest.mark.usefixtures("quick")
def test_a_new_one_is_asked_for_twice() -> None:
    asked = Asked(WORDS, WORDS)
    raw = asked_key(StoreNeed("store", is_new=True), ask=asked)
    assert raw == key_of_passphrase(WORDS, "store")
    assert asked.questions == ["New passphrase of this store: ", "The same again: "]


@pytest.mark.usefixtures("quick")
def test_one_in_use_is_asked_for_once() -> None:
    need = StoreNeed("store", mek_ids=frozenset({LocalMaster(bytes(range(32))).id}))
    asked = Asked("wrong")  # and that it is wrong, the store says
    assert asked_key(need, ask=asked) == key_of_passphrase("wrong", "store")


@pytest.mark.usefixtures("quick")
def test_one_that_takes_over_is_asked_for_twice_until_it_has() -> None:
    """A slip of the finger would otherwise be the key of everything."""
    mine = LocalMaster(key_of_passphrase(WORDS, "store")).id
    before, after = (StoreNeed("store", mek_ids=frozenset({i})) for i in (b"x", mine))
    with pytest.raises(PassphrasesDifferError):
        asked_key(before, replacing=True, ask=Asked(WORDS, WORDS + "r"))
    with pytest.raises(PassphraseShortError):
        asked_key(before, replacing=True, ask=Asked("short", "short"))
    assert asked_key(before, replacing=True, ask=Asked(WORDS, WORDS))
    assert asked_key(after, replacing=True, ask=Asked(WORDS))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("short", ["", "fourteen chars", "é" * 14])
def test_a_short_one_is_refused(short: str) -> None:
    with pytest.raises(PassphraseShortError):
        asked_key(StoreNeed("store", is_new=True), ask=Asked(short, short))


def test_without_a_terminal_it_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "has_terminal", lambda: False)
    asked = Asked(WORDS)
    with pytest.raises(PassphraseTerminalError) as caught:
        asked_key(StoreNeed("store"), ask=asked)
    assert caught.value.exit_status == 78
    assert asked.questions == []
