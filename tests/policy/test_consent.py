"""Weighing, by its laws."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.policy import Held, Policy, RecipientPolicy
from pierre_mcp.model.scope import Purpose, Scope
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy.consent import Asked, Covered, Lacking, pairs_held, weigh
from tests.stores import NOW

pytestmark = pytest.mark.unmeasured

LISTS = Terms(
    required=Category.ACTIVITIES,
    opens=frozenset({Category.ACTIVITIES, Category.HEART_RATE, Category.NOTES}),
    purposes=frozenset({Purpose.INSIGHTS}),
)
NOTHING = Terms(required=None, opens=frozenset({Category.ACTIVITIES}))
ASKED = Asked("claude", "get_activities", None)
NEEDED = (
    scopes.access("strava", Category.ACTIVITIES),
    scopes.processing(Purpose.INSIGHTS),
    scopes.share("claude"),
    scopes.tool("get_activities"),
)
SOURCES = ["strava", "files", "garmin"]
EVERY = [
    *(scopes.access(s, c) for s in SOURCES for c in Category),
    *(scopes.processing(p) for p in Purpose),
    *(scopes.share(r) for r in ("claude", "other")),
    *(scopes.tool(t) for t in ("get_activities", "get_activity")),
]


def a_held(given_at: datetime = NOW, expires_at: datetime | None = None) -> Held:
    return Held(given_at=given_at, expires_at=expires_at, ledger_id="1")


def holding(*held: Scope, recipient: str = "claude") -> Policy:
    scopes_held = {scope: a_held() for scope in held}
    return Policy(recipients={recipient: RecipientPolicy(scopes=scopes_held)})


moments = st.integers(-5, 5).map(lambda h: NOW + timedelta(hours=h))
helds = st.builds(a_held, moments, st.none() | moments)
policies = st.builds(
    lambda ours, others: Policy(
        recipients={
            "claude": RecipientPolicy(scopes=ours),
            "other": RecipientPolicy(scopes=others),
        }
    ),
    st.dictionaries(st.sampled_from(EVERY), helds),
    st.dictionaries(st.sampled_from(EVERY), helds),
)
categories = st.sampled_from(Category)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    opens = draw(st.frozensets(categories, min_size=1))
    required = draw(st.none() | st.sampled_from(sorted(opens)))
    purposes = draw(st.frozensets(st.sampled_from(Purpose), min_size=1))
    return Terms(required=required, opens=opens, purposes=purposes)


asked = st.builds(
    Asked,
    st.sampled_from(["claude", "other", "nobody"]),
    st.sampled_from(["get_activities", "get_activity"]),
    st.none() | st.sampled_from([*SOURCES, "unknown"]),
)


@pytest.mark.promise("consent.explicit")
def test_all_four_kinds_let_a_call_in() -> None:
    verdict = weigh(holding(*NEEDED), LISTS, ASKED, now=NOW)
    assert verdict == Covered(
        pairs=frozenset({("strava", Category.ACTIVITIES)}),
        withheld=(("strava", Category.HEART_RATE), ("strava", Category.NOTES)),
        until=None,
    )


@pytest.mark.promise("consent.explicit")
@pytest.mark.parametrize("lacking", NEEDED[1:])
def test_each_kind_that_lacks_is_named(lacking: Scope) -> None:
    held = [scope for scope in NEEDED if scope != lacking]
    assert weigh(holding(*held), LISTS, ASKED, now=NOW) == Lacking((lacking,))


@pytest.mark.promise("consent.explicit")
def test_everything_that_lacks_is_named_at_once() -> None:
    named = replace(ASKED, source="strava")
    assert weigh(Policy(), LISTS, named, now=NOW) == Lacking((*NEEDED[1:], NEEDED[0]))


def test_without_a_source_the_bundle_is_the_answer() -> None:
    assert weigh(holding(*NEEDED[1:]), LISTS, ASKED, now=NOW) == Lacking(())


def test_what_another_recipient_holds_counts_for_nobody_else() -> None:
    policy = holding(*EVERY, recipient="other")
    assert weigh(policy, LISTS, ASKED, now=NOW) == Lacking(())
    assert weigh(policy, NOTHING, ASKED, now=NOW) == Covered(frozenset(), (), None)


def test_a_source_with_other_data_is_asked_for_what_is_required() -> None:
    heart = scopes.access("files", Category.HEART_RATE)
    assert weigh(holding(heart, *NEEDED[1:]), LISTS, ASKED, now=NOW) == Lacking(
        (scopes.access("files", Category.ACTIVITIES),)
    )


@pytest.mark.promise("consent.expiry")
@pytest.mark.parametrize("scope", NEEDED)
@pytest.mark.parametrize(
    ("at", "covered"),
    [
        (timedelta(0), True),
        (timedelta(hours=1, microseconds=-1), True),
        (timedelta(hours=1), False),
        (timedelta(days=9), False),
        (timedelta(microseconds=-1), False),
    ],
)
def test_consent_holds_from_when_it_is_given_to_before_its_expiry(
    scope: Scope, at: timedelta, *, covered: bool
) -> None:
    held = {s: a_held(given_at=NOW - timedelta(days=1)) for s in NEEDED}
    held[scope] = a_held(expires_at=NOW + timedelta(hours=1))
    policy = Policy(recipients={"claude": RecipientPolicy(scopes=held)})
    verdict = weigh(policy, LISTS, ASKED, now=NOW + at)
    assert isinstance(verdict, Covered) is covered
    if isinstance(verdict, Covered):
        assert verdict.until == NOW + timedelta(hours=1)


@pytest.mark.promise("consent.granular")
@given(policies, terms(), asked, moments)
def test_nothing_is_opened_that_is_not_held(
    policy: Policy, terms: Terms, asked: Asked, now: datetime
) -> None:
    held = policy.of(asked.recipient).in_force(now)
    verdict = weigh(policy, terms, asked, now=now)
    if isinstance(verdict, Covered):
        assert all(scopes.access(*pair) in held for pair in verdict.pairs)
        assert not verdict.pairs & set(verdict.withheld)
        assert not any(scopes.access(*pair) in held for pair in verdict.withheld)
    else:
        assert not set(verdict.missing) & set(held)
        assert len(set(verdict.missing)) == len(verdict.missing)


@pytest.mark.promise("consent.explicit")
@given(policies, terms(), asked, moments)
def test_whoever_is_let_in_holds_all_that_is_needed(
    policy: Policy, terms: Terms, asked: Asked, now: datetime
) -> None:
    held = policy.of(asked.recipient).in_force(now)
    verdict = weigh(policy, terms, asked, now=now)
    if isinstance(verdict, Covered) and not terms.needs_nothing:
        assert scopes.share(asked.recipient) in held
        assert scopes.tool(asked.tool) in held
        assert all(scopes.processing(p) in held for p in terms.purposes)
        assert terms.required in {category for _, category in verdict.pairs}
        assert {c for _, c in verdict.pairs} <= terms.opens
        if asked.source is not None:
            assert {s for s, _ in (*verdict.pairs, *verdict.withheld)} == {asked.source}


@pytest.mark.promise("consent.granular")
@given(policies, terms(), asked, moments)
def test_what_is_withheld_follows_from_terms_and_policy_alone(
    policy: Policy, terms: Terms, asked: Asked, now: datetime
) -> None:
    verdict = weigh(policy, terms, asked, now=now)
    if isinstance(verdict, Covered) and not terms.needs_nothing:
        held = policy.of(asked.recipient).in_force(now)
        sources = {s for s, _ in pairs_held(held)}
        requested = {asked.source} if asked.source else sources
        every = {(s, c) for s in requested for c in terms.opens}
        assert set(verdict.withheld) | verdict.pairs == every
        assert list(verdict.withheld) == sorted(
            verdict.withheld, key=lambda p: (p[0], list(Category).index(p[1]))
        )


@given(policies, terms(), asked, moments)
def test_giving_what_was_missing_lets_the_call_in(
    policy: Policy, terms: Terms, asked: Asked, now: datetime
) -> None:
    verdict = weigh(policy, terms, asked, now=now)
    if isinstance(verdict, Lacking) and verdict.missing:
        given = {s: a_held(given_at=now) for s in verdict.missing}
        held = policy.of(asked.recipient).scopes | given
        mended = policy.changed(asked.recipient, held)
        assert isinstance(weigh(mended, terms, asked, now=now), Covered)


@pytest.mark.promise("consent.expiry")
@given(policies, terms(), asked, moments)
def test_a_verdict_holds_until_the_instant_it_says(
    policy: Policy, terms: Terms, asked: Asked, now: datetime
) -> None:
    verdict = weigh(policy, terms, asked, now=now)
    if isinstance(verdict, Covered) and verdict.until is not None:
        assert verdict.until > now
        just = verdict.until - timedelta(microseconds=1)
        then = weigh(policy, terms, asked, now=just)
        assert isinstance(then, Covered)
        assert verdict.pairs <= then.pairs


@given(policies, terms(), asked, moments, st.randoms())
def test_the_order_in_which_consent_was_given_does_not_matter(
    policy: Policy, terms: Terms, asked: Asked, now: datetime, random: object
) -> None:
    items = list(policy.of(asked.recipient).scopes.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    again = policy.changed(asked.recipient, dict(items))
    assert weigh(again, terms, asked, now=now) == weigh(policy, terms, asked, now=now)


@given(policies, terms(), asked, moments, st.sampled_from(EVERY))
def test_withdrawing_never_opens_more(
    policy: Policy, terms: Terms, asked: Asked, now: datetime, gone: Scope
) -> None:
    before = weigh(policy, terms, asked, now=now)
    held = dict(policy.of(asked.recipient).scopes)
    held.pop(gone, None)
    after = weigh(policy.changed(asked.recipient, held), terms, asked, now=now)
    if isinstance(after, Covered):
        assert isinstance(before, Covered)
        assert after.pairs <= before.pairs


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("near", [scope for scope in EVERY if scope != NEEDED[0]])
def test_scopes_match_exactly(near: Scope) -> None:
    """No scope stands for another, and least of all for one more."""
    named = replace(ASKED, source="strava")
    verdict = weigh(holding(near, *NEEDED[1:]), LISTS, named, now=NOW)
    assert verdict == Lacking((NEEDED[0],))


def test_a_tool_that_needs_nothing_shows_only_what_is_held() -> None:
    verdict = weigh(holding(*NEEDED), NOTHING, ASKED, now=NOW)
    assert verdict == Covered(frozenset({("strava", Category.ACTIVITIES)}), (), None)
    assert weigh(Policy(), NOTHING, ASKED, now=NOW) == Covered(frozenset(), (), None)


BEGINS = Terms(required=None, opens=frozenset({Category.ACTIVITIES}), asks=True)


def test_a_tool_that_asks_for_itself_needs_no_data_but_shows_only_what_is_held() -> (
    None
):
    named = replace(ASKED, source="files")
    itself = (scopes.share("claude"), scopes.tool("get_activities"))
    pair = ("files", Category.ACTIVITIES)
    assert weigh(Policy(), BEGINS, named, now=NOW) == Lacking(itself)
    assert weigh(holding(itself[0]), BEGINS, ASKED, now=NOW) == Lacking(itself[1:])
    bare = weigh(holding(*itself), BEGINS, named, now=NOW)
    assert bare == Covered(frozenset(), (pair,), None)
    seeing = holding(*itself, scopes.access(*pair))
    assert weigh(seeing, BEGINS, named, now=NOW) == Covered(frozenset({pair}), (), None)
