"""What a consent token allows, weighed against the policy as it is at this moment.

A token only narrows: it names scopes that were in force when it was given out, and
everything it is for must be in force now. The policy it was given out under must still
be the one there is, so a withdrawal ends every token for good, whatever is given again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from pierre_mcp.model import scope as scopes
from pierre_mcp.model.consent_token import ConsentClaims
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy.consent import counting
from pierre_mcp.policy.notices import CURRENT
from pierre_mcp.policy.objections import standing, stands_against

Reason: TypeAlias = Literal[
    "objected",
    "consent_missing",
    "scope_not_in_token",
    "other_operation",
    "policy_changed",
]


@dataclass(frozen=True, slots=True)
class TokenVerdict:
    """Whether a token allows an operation with these scopes, now.

    Attributes:
        reason: Why not, in one word; None where it is allowed.
        granted: Of what was asked and what the operation takes, what is in force and
            named by the token.
        missing: The rest of it.
        until: UTC, the first instant at which it is allowed no more; None where it is
            not allowed.
    """

    reason: Reason | None
    granted: tuple[Scope, ...]
    missing: tuple[Scope, ...]
    until: datetime | None

    @property
    def allowed(self) -> bool:
        """Whether it is."""
        return self.reason is None


def needed(recipient: str, operation: str, asked: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return every scope an operation takes: those asked, sending, and running it."""
    of_itself = (scopes.share(recipient), scopes.tool(operation))
    return tuple(dict.fromkeys((*asked, *of_itself)))


def lacking(
    policy: Policy,
    recipient: str,
    wanted: Iterable[Scope],
    *,
    now: datetime,
    notice: int = CURRENT.version,
) -> tuple[Scope, ...]:
    """Return those of ``wanted`` that do not count for a recipient now, in order."""
    held = counting(policy.of(recipient), now=now, notice=notice)
    return tuple(s for s in wanted if s not in held or stands_against(policy.blocks, s))


def weigh_token(
    policy: Policy,
    claims: ConsentClaims,
    *,
    operation: str,
    asked: Iterable[Scope],
    now: datetime,
    notice: int = CURRENT.version,
) -> TokenVerdict:
    """Weigh what a token is used for."""
    wanted = needed(claims.recipient, operation, asked)
    unheld = lacking(policy, claims.recipient, wanted, now=now, notice=notice)
    named = needed(claims.recipient, claims.operation, claims.scopes)
    missing = tuple(s for s in wanted if s in unheld or s not in named)
    granted = tuple(s for s in wanted if s not in missing)
    reason = _reason(policy, claims, operation, unheld, missing)
    until = None
    if reason is None:
        held = policy.of(claims.recipient).scopes
        ends = (held[scope].expires_at for scope in granted)
        until = min([claims.expires_at, *(end for end in ends if end is not None)])
    return TokenVerdict(reason, granted, missing, until)


def _reason(
    policy: Policy,
    claims: ConsentClaims,
    operation: str,
    unheld: tuple[Scope, ...],
    missing: tuple[Scope, ...],
) -> Reason | None:
    if operation != claims.operation:
        return "other_operation"
    if standing(policy.blocks, unheld):
        return "objected"
    if unheld:
        return "consent_missing"
    if missing:
        return "scope_not_in_token"
    if policy.policy_epoch != claims.policy_epoch:
        return "policy_changed"
    return None
