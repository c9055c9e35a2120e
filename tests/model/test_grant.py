"""A grant: made by a mint, for one call, and over with it."""

import copy
import pickle

import pytest

from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant, Maintenance, Mint
from pierre_mcp.model.here import Here
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.profile import Profile
from tests.stores import NOW, a_grant

WHO = Identity("t", "p")
PAIR = ("strava", Category.ACTIVITIES)


@pytest.mark.parametrize("mint", [None, object(), Mint, "mint", True])
def test_nobody_makes_one_without_a_mint(mint: object) -> None:
    here = Here(NOW, Profile(), "pierre-mcp", "0")
    with pytest.raises(TypeError, match="only the gate"):
        Grant(mint, who=WHO, here=here, recipient=None, pairs=None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="only the gate"):
        Maintenance(mint)  # type: ignore[arg-type]


def test_it_reads_exactly_its_pairs() -> None:
    grant = a_grant(WHO, pairs={PAIR, ("files", Category.POWER)})
    assert not grant.owner
    assert grant.reads(*PAIR)
    assert not grant.reads("files", Category.ACTIVITIES)
    assert not grant.reads("strava", Category.POWER)
    assert grant.sources(Category.ACTIVITIES) == frozenset({"strava"})
    assert grant.sources(Category.NOTES) == frozenset()


def test_no_pairs_is_nothing_and_not_everything() -> None:
    grant = a_grant(WHO, pairs=frozenset())
    assert not grant.owner
    assert not any(grant.reads("strava", category) for category in Category)
    assert grant.sources(Category.ACTIVITIES) == frozenset()


def test_the_owners_reads_everything() -> None:
    grant = a_grant(WHO)
    assert grant.owner
    assert all(grant.reads("any", category) for category in Category)
    assert grant.sources(Category.ACTIVITIES) is None
    assert grant.recipient is None


def test_it_carries_what_was_withheld() -> None:
    assert a_grant(WHO, pairs=set(), withheld=(PAIR,)).withheld == (PAIR,)


def test_a_dead_one_refuses() -> None:
    grant = a_grant(WHO, pairs={PAIR})
    assert repr(grant) == "<Grant>"
    grant.kill()
    grant.kill()
    assert repr(grant) == "<Grant, dead>"
    for use in (
        grant.check,
        lambda: grant.reads(*PAIR),
        lambda: grant.sources(Category.ACTIVITIES),
    ):
        with pytest.raises(RuntimeError, match="died"):
            use()


def test_no_copy_outlives_it() -> None:
    grant = a_grant(WHO)
    for make in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="never copied"):
            make(grant)
    with pytest.raises(AttributeError):
        grant.anything = 1  # type: ignore[attr-defined]
