"""Consent tokens given out to the owner, and weighed each time one is used.

Of a token only its random id is recorded, sealed beside the row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from pierre_mcp.errors import ConsentMissingError, ObjectedError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.keyring.consent_tokens import LONGEST, issue_token, read_token
from pierre_mcp.model.caller import Call
from pierre_mcp.model.consent_token import ConsentClaims
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy.consent_tokens import (
    TokenVerdict,
    lacking,
    needed,
    weigh_token,
)
from pierre_mcp.policy.objections import lifting, standing
from pierre_mcp.store import keys, policies
from pierre_mcp.store.database import Tx

__all__ = ["LONGEST", "TokenUse", "issue", "verify"]


@dataclass(frozen=True, slots=True)
class TokenUse:
    """A token that was read, and what came of its use.

    Attributes:
        at: When it was weighed, UTC.
    """

    claims: ConsentClaims
    verdict: TokenVerdict
    at: datetime


def issue(
    gate: Gate,
    call: Call,
    *,
    recipient: str,
    operation: str,
    asked: Sequence[Scope],
    lasts: timedelta,
) -> tuple[str, ConsentClaims]:
    """Give out a token for what is in force already; that grants nothing.

    Args:
        gate: Of the store.
        call: The owner's.
        recipient: For whom.
        operation: The tool it is for.
        asked: What it names.
        lasts: Up to 15 minutes.

    Returns:
        The token, a secret, and what it says.

    Raises:
        ConsentMissingError: Some of it is not in force; it names the command.
        ObjectedError: The person objects to some of it; likewise.
    """
    jti = str(uuid4())

    def work(tx: Tx, grant: Grant) -> tuple[str, ConsentClaims]:
        policy, now = policies.read(tx, grant).policy, grant.here.now
        wanted = needed(recipient, operation, asked)
        if against := standing(policy.blocks, wanted):
            raise ObjectedError(against, lifting(against, grant.here.command))
        if missing := lacking(policy, recipient, wanted, now=now):
            scopes = " ".join(missing)
            command = f"{grant.here.command} consent grant {scopes} --to {recipient}"
            raise ConsentMissingError(missing, command)
        issued_at = now.replace(microsecond=0)
        claims = ConsentClaims(
            jti=jti,
            recipient=recipient,
            operation=operation,
            scopes=tuple(asked),
            policy_epoch=policy.policy_epoch,
            issued_at=issued_at,
            expires_at=issued_at + lasts,
        )
        store_id = keys.store_id(tx.db)
        return issue_token(tx.ring, store_id, _who(grant), claims), claims

    detail = {"jti": jti, "recipient": recipient, "operation": operation}
    return gate.act(call, work, detail={**detail, "scopes": list(asked)})


def verify(
    gate: Gate, call: Call, *, token: str, operation: str, asked: Sequence[Scope]
) -> TokenUse:
    """Read a token and weigh its use against the policy as it is now.

    Raises:
        TokenExpiredError: It has run out.
        TokenRefusedError: It is none of this store's in use.
    """

    def work(tx: Tx, grant: Grant) -> TokenUse:
        now, store_id = grant.here.now, keys.store_id(tx.db)
        claims = read_token(tx.ring, store_id, _who(grant), token, now=now)
        policy = policies.read(tx, grant).policy
        verdict = weigh_token(policy, claims, operation=operation, asked=asked, now=now)
        return TokenUse(claims, verdict, now)

    return gate.look(
        call,
        work,
        detail=lambda use: {"jti": use.claims.jti, "reason": use.verdict.reason},
    )


def _who(grant: Grant) -> Identity:
    return Identity(grant.tenant, grant.person)
