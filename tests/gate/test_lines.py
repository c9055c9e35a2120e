"""What the record says: fixed words and digests, graded."""

from pathlib import Path

import pytest

from pierre_mcp import errors
from pierre_mcp.errors import (
    ArgumentsInvalidError,
    AuditTamperedError,
    CancelledCallError,
    ConsentMissingError,
    PierreError,
    SealBrokenError,
    StoreUnwritableError,
    ToolUnknownError,
)
from pierre_mcp.gate.lines import (
    ALERT,
    EMERGENCY,
    REWRAP,
    REWRAP_COMPROMISED,
    ROTATE,
    TOKEN,
    Facts,
    ended,
    line_of,
)
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.audit import Event, Line, Outcome, Risk
from pierre_mcp.model.caller import Call, Caller, Job, Owner, Recipient, System
from pierre_mcp.model.category import Category
from tests.stores import a_store, owner_of

RECIPIENT = Recipient("claude-desktop")


def line(
    caller: Caller,
    outcome: Outcome = Outcome.RELEASED,
    *,
    action: str = "get_activities",
    facts: Facts | None = None,
    directory: Path,
) -> Line:
    call = Call(caller, action, "session")
    with a_store(directory, own=True) as store:
        who = owner_of(store)
        made = facts or Facts()
        with store.reading() as tx:
            return line_of(call, outcome, made, tx.ring, who, policy_epoch=7)


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (ConsentMissingError((), "x"), Outcome.REFUSED, "consent_missing"),
        (AuditTamperedError(), Outcome.REFUSED, "audit_tampered"),
        (ArgumentsInvalidError(), Outcome.INVALID, "arguments_invalid"),
        (ToolUnknownError(), Outcome.INVALID, "tool_unknown"),
        (CancelledCallError(), Outcome.CANCELLED, "cancelled"),
        (SealBrokenError(), Outcome.FAILED, "seal_broken"),
        (StoreUnwritableError(), Outcome.FAILED, "store_unwritable"),
        (ValueError("s3cret"), Outcome.FAILED, "internal"),
        (KeyboardInterrupt(), Outcome.CANCELLED, "cancelled"),
        (SystemExit(143), Outcome.CANCELLED, "cancelled"),
    ],
)
def test_how_a_call_ended(error: BaseException, outcome: Outcome, code: str) -> None:
    assert ended(error) == (outcome, code)


@pytest.mark.parametrize(
    ("caller", "door", "name", "recipient"),
    [
        (RECIPIENT, "mcp", "recipient", "claude-desktop"),
        (Owner(), "cli", "owner", ""),
        (Owner(preview_as="x"), "cli", "owner", "x"),
        (Job(Owner()), "cli", "job", ""),
        (Job(RECIPIENT), "mcp", "job", "claude-desktop"),
        (System(), "system", "system", ""),
    ],
)
def test_who_and_by_which_door(
    tmp_path: Path, caller: Caller, door: str, name: str, recipient: str
) -> None:
    made = line(caller, directory=tmp_path)
    assert (made.door, made.caller, made.recipient) == (door, name, recipient)


@pytest.mark.parametrize(
    ("caller", "outcome", "action", "code", "event", "risk"),
    [
        (RECIPIENT, Outcome.RELEASED, "x", "", Event.DATA_ACCESS, Risk.LOW),
        (Job(RECIPIENT), Outcome.DONE, "x", "", Event.DATA_ACCESS, Risk.LOW),
        (RECIPIENT, Outcome.REFUSED, "x", "consent_missing",
         Event.UNAUTHORISED_ACCESS, Risk.MEDIUM),
        (RECIPIENT, Outcome.FAILED, "x", "seal_broken",
         Event.UNAUTHORISED_ACCESS, Risk.HIGH),
        (RECIPIENT, Outcome.REFUSED, "x", "policy_tampered",
         Event.UNAUTHORISED_ACCESS, Risk.HIGH),
        (RECIPIENT, Outcome.STARTED, "initialize", "", Event.SESSION, Risk.LOW),
        (Owner(), Outcome.DONE, "undo", "", Event.ADMINISTRATIVE_ACTION, Risk.MEDIUM),
        (System(), Outcome.DONE, ROTATE, "", Event.KEY_ROTATION, Risk.MEDIUM),
        (Owner(), Outcome.STARTED, EMERGENCY, "", Event.KEY_ROTATION, Risk.HIGH),
        (Owner(), Outcome.DONE, REWRAP, "", Event.KEY_ROTATION, Risk.MEDIUM),
        (Owner(), Outcome.DONE, REWRAP_COMPROMISED, "", Event.KEY_ROTATION, Risk.HIGH),
        (Job(Owner()), Outcome.DONE, "import", "",
         Event.ADMINISTRATIVE_ACTION, Risk.MEDIUM),
        (Owner(), Outcome.RELEASED, "get_stats", "", Event.DATA_ACCESS, Risk.LOW),
        (Owner(preview_as="x"), Outcome.PREVIEW, "x", "", Event.DATA_ACCESS, Risk.LOW),
        (RECIPIENT, Outcome.REFUSED, "x", "rate_limited",
         Event.RATE_LIMIT_EXCEEDED, Risk.MEDIUM),
        (Owner(), Outcome.REFUSED, "consent passphrase", "lock_waits",
         Event.RATE_LIMIT_EXCEEDED, Risk.MEDIUM),
        (Owner(), Outcome.REFUSED, "consent passphrase", "passphrase_wrong",
         Event.UNAUTHORISED_ACCESS, Risk.MEDIUM),
        (Owner(), Outcome.DONE, TOKEN, "", Event.TOKEN_GENERATED, Risk.MEDIUM),
        (Owner(), Outcome.REFUSED, TOKEN, "consent_missing",
         Event.UNAUTHORISED_ACCESS, Risk.MEDIUM),
        (Owner(), Outcome.REFUSED, "consent verify", "token_expired",
         Event.TOKEN_EXPIRED, Risk.LOW),
        (System(), Outcome.DONE, ALERT, "", Event.SUSPICIOUS_ACTIVITY, Risk.HIGH),
        (Owner(), Outcome.DONE, "doctor", "", Event.ADMINISTRATIVE_ACTION, Risk.LOW),
        (Owner(), Outcome.DONE, "rectify preview", "",
         Event.ADMINISTRATIVE_ACTION, Risk.LOW),
        (Owner(), Outcome.DONE, "security lift", "",
         Event.ADMINISTRATIVE_ACTION, Risk.HIGH),
    ],
)  # fmt: skip
@pytest.mark.promise("audit.events")
def test_how_grave_it_is(  # noqa: PLR0913, PLR0917 - a table's row
    tmp_path: Path,
    caller: Caller,
    outcome: Outcome,
    action: str,
    code: str,
    event: Event,
    risk: Risk,
) -> None:
    facts = Facts(code=code)
    made = line(caller, outcome, action=action, facts=facts, directory=tmp_path)
    assert (made.event, made.risk) == (event, risk)


def test_only_digests_of_what_was_said(tmp_path: Path) -> None:
    facts = Facts(arguments=b"Xanthippe")
    facts.released(
        Answer("line\n{}", b'{"name":"Xanthippe"}'), frozenset({("b", Category.POWER),
                                                               ("a", Category.NOTES)})
    )  # fmt: skip
    made = line(RECIPIENT, facts=facts, directory=tmp_path)
    assert "Xanthippe" not in repr(made)
    assert made.opened == ("a:notes", "b:power")
    assert made.size == 20
    assert made.policy_epoch == 7
    assert len({made.arguments, made.answer, ""}) == 3
    bare = line(RECIPIENT, directory=tmp_path)
    assert (bare.arguments, bare.answer, bare.size) == ("", "", 0)


def test_digests_are_another_persons_others(tmp_path: Path) -> None:
    facts = Facts(arguments=b'{"limit":5}')
    one, two = (
        line(RECIPIENT, facts=facts, directory=tmp_path / name) for name in "ab"
    )
    assert one.arguments != two.arguments


def test_an_action_is_short(tmp_path: Path) -> None:
    assert len(line(RECIPIENT, action="x" * 999, directory=tmp_path).action) == 64


def test_no_fault_without_arguments_quotes_anything() -> None:
    """Every message is the class's own words: it is said before anything is known."""
    kinds = [
        k for k in vars(errors).values()
        if isinstance(k, type) and issubclass(k, PierreError)
        and k.__init__ is PierreError.__init__
    ]  # fmt: skip
    assert len(kinds) > 30
    for kind in kinds:
        assert "{" not in str(kind())
        assert "%" not in str(kind())
