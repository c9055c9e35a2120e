"""A consent token is weighed against the policy as it is, at each use."""

from datetime import timedelta

import pytest

from pierre_mcp.errors import (
    ConsentMissingError,
    ObjectedError,
    TokenExpiredError,
    TokenRefusedError,
)
from pierre_mcp.gate import consent_tokens
from pierre_mcp.gate.consent_tokens import TokenUse
from pierre_mcp.model.caller import Call, Recipient
from pierre_mcp.model.scope import Scope
from pierre_mcp.store import accepting, policies
from tests.gate.world import CLAUDE, OTHER, OWNER, World
from tests.stores import maintenance, owner_grant

TOOL = "get_activities"
DATA, INSIGHTS = Scope("files:activities"), Scope("analytics:insights")
TOKEN = Call(OWNER, "consent token", "session")
VERIFY = Call(OWNER, "consent verify", "session")
ALL = (DATA, INSIGHTS, f"share:{CLAUDE}", f"tool:{TOOL}")


@pytest.fixture
def given(world: World) -> World:
    world.give(*ALL)
    return world


def issue(world: World, *asked: Scope, minutes: float = 15.0, to: str = CLAUDE) -> str:
    lasts = timedelta(minutes=minutes)
    made, _ = consent_tokens.issue(
        world.gate, TOKEN, recipient=to, operation=TOOL, asked=asked, lasts=lasts
    )
    return made


def use(world: World, token: str, *asked: Scope, operation: str = TOOL) -> TokenUse:
    return consent_tokens.verify(
        world.gate, VERIFY, token=token, operation=operation, asked=asked
    )


@pytest.mark.promise("consent.verify")
def test_what_is_in_force_is_allowed(given: World) -> None:
    verdict = use(given, issue(given, DATA, INSIGHTS), DATA, INSIGHTS).verdict
    assert verdict.allowed
    assert set(verdict.granted) == set(ALL)
    assert verdict.missing == ()
    assert verdict.until == given.clock.now() + timedelta(minutes=15)


@pytest.mark.promise("consent.verify")
def test_until_a_consent_ends_that_ends_first(world: World) -> None:
    end = world.clock.now() + timedelta(minutes=3)
    world.give(*ALL[1:])
    world.give(DATA, expires_at=end)
    token = issue(world, DATA)
    assert use(world, token, DATA).verdict.until == end
    world.clock.pass_s(180)
    verdict = use(world, token, DATA).verdict
    assert (verdict.reason, verdict.missing) == ("consent_missing", (DATA,))
    assert verdict.until is None


@pytest.mark.promise("consent.verify")
@pytest.mark.parametrize("lacking", ALL)
def test_none_is_issued_for_what_is_not_in_force(world: World, lacking: str) -> None:
    world.give(*(scope for scope in ALL if scope != lacking))
    world.give(lacking, to=OTHER)
    with pytest.raises(ConsentMissingError) as caught:
        issue(world, DATA, INSIGHTS)
    assert caught.value.scopes == (lacking,)
    assert caught.value.command.endswith(f"consent grant {lacking} --to {CLAUDE}")
    assert world.last_row()["outcome"] == "refused"


@pytest.mark.promise("consent.verify")
def test_another_operation_or_more_scopes(given: World) -> None:
    given.give("tool:get_activity", "files:power")
    token = issue(given, DATA)
    other = use(given, token, DATA, operation="get_activity").verdict
    assert other.reason == "other_operation"
    assert not other.allowed
    more = use(given, token, DATA, Scope("files:power")).verdict
    assert (more.reason, more.missing) == ("scope_not_in_token", ("files:power",))
    lacks = use(given, token, DATA, Scope("files:location")).verdict
    assert (lacks.reason, lacks.missing) == ("consent_missing", ("files:location",))


@pytest.mark.promise("consent.verify")
@pytest.mark.promise("consent.withdraw-now")
@pytest.mark.parametrize("withdrawn", ALL)
def test_it_dies_with_a_withdrawal_for_good(given: World, withdrawn: str) -> None:
    token = issue(given, DATA, INSIGHTS)
    given.withdraw(withdrawn)
    verdict = use(given, token, DATA, INSIGHTS).verdict
    assert (verdict.reason, verdict.missing) == ("consent_missing", (withdrawn,))
    given.give(withdrawn)
    again = use(given, token, DATA, INSIGHTS).verdict
    assert (again.allowed, again.reason) == (False, "policy_changed")


@pytest.mark.promise("consent.verify")
@pytest.mark.parametrize("block", [f"share:{CLAUDE}", "share", "analytics:insights"])
def test_an_objection_counts_more_than_a_consent(given: World, block: str) -> None:
    token = issue(given, DATA, INSIGHTS)
    grant = owner_grant(given.store)
    with given.store.writing() as tx:
        policy = policies.read(tx, grant).policy
        policies.write(tx, grant, policy.model_copy(update={"blocks": [block]}))
    verdict = use(given, token, DATA, INSIGHTS).verdict
    assert verdict.reason == "objected"
    assert verdict.missing, "as what lacks"
    with pytest.raises(ObjectedError, match="--lift"):
        issue(given, DATA, INSIGHTS)


@pytest.mark.promise("consent.verify")
def test_it_dies_with_a_restore(given: World) -> None:
    token = issue(given, DATA)
    with given.store.writing() as tx:
        accepting.replace_keys(tx, maintenance(), now=given.clock.now())
    with pytest.raises(TokenRefusedError):
        use(given, token, DATA)


@pytest.mark.promise("consent.verify")
def test_it_runs_out(given: World) -> None:
    token = issue(given, DATA, minutes=1)
    given.clock.pass_s(60)
    with pytest.raises(TokenExpiredError):
        use(given, token, DATA)
    assert given.last_row()["code"] == "token_expired"


def test_nobody_else_issues_or_uses_one(given: World) -> None:
    call = Call(Recipient(CLAUDE), "consent verify", "session")
    with pytest.raises(RuntimeError):
        consent_tokens.verify(
            given.gate, call, token=issue(given, DATA), operation=TOOL, asked=(DATA,)
        )


@pytest.mark.promise("seal.no-plaintext")
def test_only_its_id_is_recorded(given: World) -> None:
    token = issue(given, DATA)
    use(given, token, DATA)
    with pytest.raises(TokenRefusedError):
        use(given, token[:-4], DATA)
    row = given.last_row()
    assert (row["outcome"], row["code"], row["risk"]) == (
        "refused", "token_refused", "medium",
    )  # fmt: skip
    signature = token.rpartition(".")[2]
    assert token not in str(given.rows())
    assert signature not in str(given.rows())
