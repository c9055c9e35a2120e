"""What a consent token says, once it is read: it is a reminder, never an identity."""

from dataclasses import dataclass
from datetime import datetime

from pierre_mcp.model.scope import Scope


@dataclass(frozen=True, slots=True)
class ConsentClaims:
    """The claims of a token that this store gave out. They grant nothing.

    Attributes:
        jti: Its random id: all that is ever logged of it.
        recipient: For whom.
        operation: The one tool it is for.
        scopes: What it names.
        policy_epoch: Of the policy under which it was given out.
        issued_at: UTC, whole seconds.
        expires_at: UTC, whole seconds, exclusive.
    """

    jti: str
    recipient: str
    operation: str
    scopes: tuple[Scope, ...]
    policy_epoch: int
    issued_at: datetime
    expires_at: datetime
