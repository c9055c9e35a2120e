"""What a token allows is what counts now, by the pure decision itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pierre_mcp.model.consent_token import ConsentClaims
from pierre_mcp.model.policy import Held, Policy, RecipientPolicy
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy.consent_tokens import weigh_token

NOW = datetime(2026, 3, 1, tzinfo=UTC)
END = NOW + timedelta(minutes=15)
DATA = Scope("files:activities")
ALL = (DATA, Scope("share:claude-desktop"), Scope("tool:get_activities"))
HELD = Held(given_at=NOW, expires_at=None, ledger_id="1")
CLAIMS = ConsentClaims(
    jti="1",
    recipient="claude-desktop",
    operation="get_activities",
    scopes=(DATA,),
    policy_epoch=3,
    issued_at=NOW,
    expires_at=END,
)


def policy(**changed: Held) -> Policy:
    scopes = dict.fromkeys(ALL, HELD) | {Scope(k): h for k, h in changed.items()}
    mine = RecipientPolicy(scopes=scopes)
    return Policy(policy_epoch=3, recipients={"claude-desktop": mine})


def weighed(of: Policy, claims: ConsentClaims = CLAIMS, **how: int) -> str | None:
    verdict = weigh_token(
        of, claims, operation="get_activities", asked=(DATA,), now=NOW, **how
    )
    assert verdict.allowed == (verdict.reason is None) == (verdict.until is not None)
    assert {*verdict.granted} | {*verdict.missing} == {*ALL}
    return verdict.reason


@pytest.mark.promise("consent.verify")
def test_all_of_it_in_force() -> None:
    assert weighed(policy()) is None


@pytest.mark.promise("consent.verify")
@pytest.mark.parametrize("scope", ALL)
def test_what_was_given_upon_an_older_notice_does_not_count(scope: Scope) -> None:
    renewed = HELD.model_copy(update={"notice": 2})
    every = policy(**{str(s): renewed for s in ALL})
    assert weighed(every, notice=2) is None
    one_left = policy(**{str(s): renewed for s in ALL if s != scope})
    assert weighed(one_left, notice=2) == "consent_missing"


@pytest.mark.promise("consent.verify")
@pytest.mark.parametrize("epoch", [2, 4])
def test_of_another_policy_it_is_worth_nothing(epoch: int) -> None:
    assert weighed(policy(), replace(CLAIMS, policy_epoch=epoch)) == "policy_changed"


@pytest.mark.promise("consent.verify")
def test_of_another_recipient_it_is_worth_nothing() -> None:
    other = replace(CLAIMS, recipient="other")
    verdict = weigh_token(
        policy(), other, operation="get_activities", asked=(DATA,), now=NOW
    )
    assert verdict.reason == "consent_missing"
    assert set(verdict.missing) == {
        DATA, Scope("share:other"), Scope("tool:get_activities"),
    }  # fmt: skip
