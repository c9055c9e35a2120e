"""What this recipient is shown, and how closely: its own privacy settings.

They need no consent, and tell nobody another recipient's, nor whether there is a
consent lock. Only the person changes them, on a terminal.
"""

from datetime import datetime
from typing import Annotated

from pydantic import MISSING, Field

from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import PUBLIC, Reply, Sensitive
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy import objections
from pierre_mcp.policy.levels import IN_WORDS
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.consents import Nothing
from pierre_mcp.tools.table import Shown, Tool


class PrivacyReply(Reply):
    """This recipient's own privacy settings."""

    level: Annotated[str, PUBLIC]
    effects: Annotated[list[str], PUBLIC, Field(description="What it does.")] = []
    not_read: Annotated[list[Category], PUBLIC, Field(description="Of no source.")] = []
    objections: Annotated[list[str], PUBLIC] = []
    notice: Annotated[int | None, PUBLIC] = None
    expires_at: Annotated[datetime | None, PUBLIC] = None
    zones_hide_places: Annotated[bool | MISSING, Sensitive(Category.LOCATION)] = MISSING
    change_command: Annotated[str, PUBLIC]


def get_privacy_settings(tx: Tx, grant: Grant, params: Nothing) -> PrivacyReply:
    """Read this recipient's own settings."""
    del params
    here, recipient = grant.here, grant.recipient
    if recipient is None:
        return PrivacyReply(
            level="owner", change_command=f"{here.command} privacy show"
        )
    policy = policies.read(tx, grant).policy
    held = policy.of(recipient).in_force(here.now).values()
    sees_places = grant.reads_any(Category.LOCATION)
    return PrivacyReply(
        level=str(grant.level),
        effects=list(IN_WORDS[grant.level]),
        not_read=[c for c in Category if not grant.reads_any(c)],
        objections=list(objections.about(policy.blocks, recipient)),
        notice=min((one.notice for one in held), default=None),
        expires_at=min((h.expires_at for h in held if h.expires_at), default=None),
        zones_hide_places=bool(here.zones) if sees_places else MISSING,
        change_command=f"{here.command} privacy set --recipient {recipient} --level",
    )


def show_privacy_settings(reply: PrivacyReply, here: Here) -> Shown:
    """Show the level and what it does."""
    del here
    if not reply.effects:
        return Shown("You are the owner: no level applies to you.", reply)
    said = "; ".join(reply.effects)
    return Shown(f"Privacy level {reply.level}: {said}.", reply)


GET_PRIVACY_SETTINGS = Tool(
    name="get_privacy_settings",
    title="Privacy settings",
    summary="How closely this assistant may look, and at what not. Needs no consent.",
    takes=Nothing,
    gives=PrivacyReply,
    terms=Terms(required=None, opens=frozenset({Category.LOCATION})),
    run=get_privacy_settings,
    show=show_privacy_settings,
)
