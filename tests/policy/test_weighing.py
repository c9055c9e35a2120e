"""What is kept of a weighing says what weighing anew would say."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.model.policy import Held, Policy, RecipientPolicy
from pierre_mcp.model.scope import Scope
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy.consent import Asked, Covered, Lacking, Objected, Verdict, weigh
from pierre_mcp.policy.levels import WITHHELD
from tests.policy.test_consent import EVERY, LISTS, NEEDED, SOURCES, moments, terms
from tests.stores import NOW

pytestmark = pytest.mark.unmeasured

TICK = timedelta(microseconds=1)
RECIPIENTS = ["claude", "other", "nobody"]
BLOCKS = ["analytics:insights", "analytics:predictions", "share", "share:claude"]

helds = st.builds(
    Held,
    given_at=moments,
    expires_at=st.none() | moments,
    ledger_id=st.just("1"),
    notice=st.integers(1, 3),
)
recipients = st.builds(
    RecipientPolicy,
    scopes=st.dictionaries(st.sampled_from(EVERY), helds)
    | st.fixed_dictionaries(dict.fromkeys(NEEDED, helds)),
)
policies = st.builds(
    Policy,
    recipients=st.dictionaries(st.sampled_from(RECIPIENTS[:2]), recipients),
    blocks=st.just([]) | st.lists(st.sampled_from(BLOCKS), unique=True),
)
asked = st.builds(
    Asked,
    st.sampled_from(RECIPIENTS),
    st.sampled_from(["get_activities", "get_activity"]),
    st.none() | st.sampled_from([*SOURCES, "unknown"]),
    st.sampled_from(Level),
)
instants = st.builds(lambda at, ticks: at + ticks * TICK, moments, st.integers(-1, 1))


def plainly(
    policy: Policy, terms: Terms, asked: Asked, now: datetime, notice: int
) -> Verdict:
    """Weigh by the rule alone: at this very moment, and nothing known before."""
    given = policy.recipients.get(asked.recipient, RecipientPolicy()).scopes
    current = {
        scope: held
        for scope, held in given.items()
        if held.given_at <= now and not (held.expires_at and held.expires_at <= now)
    }
    held = {s: h for s, h in current.items() if h.notice >= notice}
    until = min((h.expires_at for h in held.values() if h.expires_at), default=None)
    share = scopes.share(asked.recipient)
    purposes = [scopes.processing(p) for p in sorted(terms.purposes)]
    against = [b for b in ("share", share, *purposes) if b in policy.blocks]
    if against and not terms.needs_nothing:
        return Objected(tuple(against))
    if against:
        return Covered(frozenset(), (), until)
    hidden = WITHHELD[asked.level]
    access = {(s, c) for s in (*SOURCES, "unknown") for c in Category}
    known = {pair for pair in access if scopes.access(*pair) in held}
    if terms.needs_nothing:
        return Covered(frozenset(p for p in known if p[1] not in hidden), (), until)
    sources = {asked.source} if asked.source else {s for s, _ in known}
    wanted = [(s, c) for s in sorted(sources) for c in Category if c in terms.opens]
    pairs = [p for p in wanted if p in known and p[1] not in hidden]
    missing = [
        scope
        for scope in (*purposes, share, scopes.tool(asked.tool))
        if scope not in held
    ]
    required = terms.required
    needs = required is not None and required not in {c for _, c in pairs}
    if required is not None and needs:
        missing += [scopes.access(s, required) for s in sorted(sources)]
        missing = missing if sources else []
    if needs or missing:
        old = {s for s, h in current.items() if h.notice < notice}
        return Lacking(tuple(missing), outdated=bool(old) and set(missing) <= old)
    withheld = tuple(p for p in wanted if p not in pairs)
    guards = frozenset(s for s, c in known if c is Category.LOCATION)
    return Covered(frozenset(pairs), withheld, until, guards)


@pytest.mark.promise("consent.expiry")
@given(policies, terms(), asked, st.lists(instants, max_size=8), st.integers(1, 3))
def test_at_any_time_in_any_order(
    policy: Policy, terms: Terms, asked: Asked, times: list[datetime], notice: int
) -> None:
    for now in times:
        expected = plainly(policy, terms, asked, now, notice)
        assert weigh(policy, terms, asked, now=now, notice=notice) == expected


@given(st.lists(policies, max_size=4), asked, instants, st.integers(1, 3))
def test_of_any_policy_after_any_other(
    several: list[Policy], asked: Asked, now: datetime, notice: int
) -> None:
    for policy in (*several, *reversed(several)):
        expected = plainly(policy, LISTS, asked, now, notice)
        assert weigh(policy, LISTS, asked, now=now, notice=notice) == expected


@pytest.mark.promise("consent.expiry")
def test_each_end_and_each_beginning_is_seen_at_its_instant() -> None:
    """One policy object, weighed call after call while time passes, and back again."""
    begins, ends = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    held = {
        scope: Held(given_at=NOW, expires_at=None, ledger_id="1") for scope in NEEDED
    }
    held[NEEDED[0]] = Held(given_at=begins, expires_at=ends, ledger_id="1")
    policy = Policy(recipients={"claude": RecipientPolicy(scopes=held)})
    asked = Asked("claude", "get_activities", None)

    def lets_in(now: datetime) -> bool:
        return isinstance(weigh(policy, LISTS, asked, now=now), Covered)

    for _ in range(2):
        assert not lets_in(NOW - timedelta(days=9000))
        assert not lets_in(begins - TICK)
        assert lets_in(begins)
        assert lets_in(ends - TICK)
        assert not lets_in(ends)
        assert not lets_in(ends + timedelta(days=9000))


def test_policies_of_as_many_scopes_are_told_apart() -> None:
    """They have one hash: a dictionary has none of its own."""

    def of(*given: Scope) -> Policy:
        scopes = {s: Held(given_at=NOW, expires_at=None, ledger_id="1") for s in given}
        return Policy(recipients={"claude": RecipientPolicy(scopes=scopes)})

    asked = Asked("claude", "get_activities", "strava")
    one, other = of(*NEEDED[1:]), of(NEEDED[0], *NEEDED[2:])
    assert hash(one.of("claude")) == hash(other.of("claude"))
    for policy, lacks in ((one, NEEDED[0]), (other, NEEDED[1])) * 2:
        assert weigh(policy, LISTS, asked, now=NOW) == Lacking((lacks,))
