"""Notices: released words never change, and an older version does not count."""

from datetime import UTC, datetime

import pytest

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.policy import Held, Policy, RecipientPolicy
from pierre_mcp.model.scope import Purpose, Scope
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy.consent import Asked, Covered, Lacking, weigh
from pierre_mcp.policy.notices import CURRENT, NOTICES

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LISTS = Terms(
    required=Category.ACTIVITIES,
    opens=frozenset({Category.ACTIVITIES, Category.POWER}),
    purposes=frozenset({Purpose.INSIGHTS}),
)
NOTHING = Terms(required=None, opens=frozenset({Category.ACTIVITIES}))
ASKED = Asked("claude", "get_activities", None)
RELEASED = {1: "b5763dfcb02863cb2c4bf6341205f6f77be1fe8ce653768a8ecfb5cadce4c02f"}
"""The digest of each version once released: a new wording is a new version."""

ACCESS = Scope("files:activities")
POWER = Scope("files:power")
REST = (
    scopes.processing(Purpose.INSIGHTS),
    scopes.share("claude"),
    scopes.tool("get_activities"),
)


def holding(**notice_of: int) -> Policy:
    """Hold all that is asked for upon notice 1, but for what is named."""
    held = {
        scope: Held(
            given_at=NOW,
            expires_at=None,
            ledger_id="",
            notice=notice_of.get(scope.partition(":")[2].replace("-", "_"), 1),
        )
        for scope in (ACCESS, POWER, *REST)
    }
    return Policy(recipients={"claude": RecipientPolicy(scopes=held)})


def test_released_words_never_change() -> None:
    assert {n.version: n.sha256.hex() for n in NOTICES} == RELEASED
    assert [n.version for n in NOTICES] == list(range(1, CURRENT.version + 1))
    assert all(n.text.isascii() for n in NOTICES)


@pytest.mark.promise("consent.expiry")
def test_what_was_given_upon_an_older_notice_does_not_count() -> None:
    policy = holding()
    assert isinstance(weigh(policy, LISTS, ASKED, now=NOW, notice=1), Covered)
    refused = weigh(policy, LISTS, ASKED, now=NOW, notice=2)
    assert refused == Lacking((), outdated=True)
    assert weigh(policy, NOTHING, ASKED, now=NOW, notice=2) == Covered(
        frozenset(), (), None
    )


def test_a_consent_upon_a_newer_notice_counts_for_an_older_program() -> None:
    policy = holding(activities=2, power=2, insights=2, claude=2, get_activities=2)
    assert isinstance(weigh(policy, LISTS, ASKED, now=NOW, notice=1), Covered)


@pytest.mark.promise("consent.granular")
def test_each_scope_counts_by_the_notice_it_was_given_upon() -> None:
    policy = holding(activities=2, insights=2, claude=2, get_activities=2)
    verdict = weigh(policy, LISTS, ASKED, now=NOW, notice=2)
    assert isinstance(verdict, Covered)
    assert verdict.pairs == {("files", Category.ACTIVITIES)}


def test_what_was_never_given_is_not_renewed() -> None:
    """The refusal then names what lacks, and renewing alone would not help."""
    policy = holding(activities=2, insights=2, get_activities=2)
    policy = policy.changed("other", dict(policy.of("claude").scopes))
    asked = Asked("other", "get_activities", None)
    verdict = weigh(policy, LISTS, asked, now=NOW, notice=2)
    assert verdict == Lacking((scopes.share("other"),))
