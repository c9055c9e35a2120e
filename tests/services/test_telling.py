"""What the person says is taken down or only looked at, and he alone takes it back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pierre_mcp.model.athlete import Kind
from pierre_mcp.model.category import Category
from pierre_mcp.policy.telling import changes
from pierre_mcp.services.telling import Change, Word, say
from pierre_mcp.store import athlete
from pierre_mcp.store.database import Store
from tests.stores import a_grant, a_store, owner_grant, owner_of, pairs_of

FTP, WEIGHT = Kind.FTP, Kind.WEIGHT


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with a_store(tmp_path) as made:
        yield made


def says(store: Store, word: Word, *, keep: bool = True) -> list[Change]:
    grant = owner_grant(store)
    with store.writing() as tx:
        return list(say(tx, grant, word, keep=keep))


def held(store: Store) -> dict[Kind, list[tuple[float, str]]]:
    grant = owner_grant(store)
    with store.reading() as tx:
        found = changes(athlete.seen(tx, grant))
    return {kind: [(o.value, o.since) for o in told] for kind, told in found.items()}


def test_what_a_look_tells_is_what_then_happens(store: Store) -> None:
    words = [
        Word(values={FTP: 250, WEIGHT: 70}, since="2026-01-01"),
        Word(values={FTP: 260}, since="2026-02-01"),
        Word(values={FTP: 255}, since="2026-02-01"),
        Word(values={WEIGHT: 71}, since="2026-02-01", unsaid=frozenset({FTP}),
             only="2026-02-01"),
        Word(since="2026-03-01", unsaid=frozenset({FTP, WEIGHT, Kind.SEX})),
    ]  # fmt: skip
    expected = [
        [Change(WEIGHT, None, 70), Change(FTP, None, 250)],
        [Change(FTP, 250, 260)],
        [Change(FTP, 260, 255)],
        [Change(WEIGHT, 70, 71), Change(FTP, 255, 250)],
        [Change(Kind.SEX, None, None), Change(WEIGHT, 71, None),
         Change(FTP, 250, None)],
    ]  # fmt: skip
    for word, changed in zip(words, expected, strict=True):
        before = held(store)
        assert says(store, word, keep=False) == changed
        assert held(store) == before
        assert says(store, word) == changed
    assert held(store) == {}


def test_a_word_of_an_earlier_day_leaves_the_later_one(store: Store) -> None:
    says(store, Word(values={FTP: 260}, since="2026-02-01"))
    earlier = Word(values={FTP: 250}, since="2026-01-01")
    assert says(store, earlier) == [Change(FTP, None, 250)]
    assert held(store) == {FTP: [(260, "2026-02-01"), (250, "2026-01-01")]}


def test_no_recipient_speaks_for_the_person(store: Store) -> None:
    recipient = a_grant(owner_of(store), pairs=pairs_of("self", Category.POWER))
    with store.writing() as tx, pytest.raises(RuntimeError, match="owner's"):
        say(tx, recipient, Word(values={FTP: 250}, since="2026-01-01"))
    assert held(store) == {}
