"""What this recipient may do: its own status and consents, and giving them up.

These need no consent, and so say only what is this recipient's own. Nobody is told
another recipient's grants.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import MISSING, Field

from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import (
    PUBLIC,
    Params,
    Reply,
    Sensitive,
    Shape,
    Treatment,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.here import Here
from pierre_mcp.model.policy import RecipientPolicy
from pierre_mcp.model.scope import Scope
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy import objections
from pierre_mcp.policy.consent import counting, outdated
from pierre_mcp.services import consents as service
from pierre_mcp.store import policies, recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.tools import wording
from pierre_mcp.tools.activities import SUMMARY
from pierre_mcp.tools.table import Shown, Tool

WARN_BEFORE = timedelta(days=14)
_NOTHING = Terms(required=None)
_STATE = Terms(required=None, opens=frozenset({Category.ACTIVITIES, Category.PROFILE}))
_YIELDS = Terms(required=None, writes=True)


class Nothing(Params):
    """No arguments."""


class HeldSource(Shape):
    """One source this recipient may read, and what of it."""

    source: Annotated[str, PUBLIC]
    categories: Annotated[list[Category], PUBLIC]
    first_day: Annotated[str | MISSING | None, SUMMARY] = MISSING
    last_day: Annotated[str | MISSING | None, SUMMARY] = MISSING
    activities: Annotated[int | MISSING | None, SUMMARY] = MISSING


class StatusReply(Reply):
    """Where this recipient stands."""

    version: Annotated[str, PUBLIC]
    utc_date: Annotated[date, PUBLIC]
    recipient: Annotated[str, PUBLIC]
    consented: Annotated[bool, PUBLIC, Field(description="Any consent in force.")]
    sources: Annotated[list[HeldSource], PUBLIC] = []
    today: Annotated[
        date | MISSING | None,
        Sensitive(Category.PROFILE),
        Field(description="In the person's time zone."),
    ] = MISSING
    time_zone: Annotated[
        str | MISSING | None, Sensitive(Category.PROFILE, Treatment.REGION)
    ] = MISSING
    expires_at: Annotated[
        datetime | None, PUBLIC, Field(description="First consent to expire, UTC.")
    ] = None
    warnings: Annotated[list[str], PUBLIC] = []
    next_steps: Annotated[
        list[str], PUBLIC, Field(description="Commands for the person to run.")
    ] = []


class ConsentsReply(Reply):
    """This recipient's own consents, by column."""

    recipient: Annotated[str, PUBLIC]
    scope: Annotated[list[str], PUBLIC] = []
    given_at: Annotated[list[datetime], PUBLIC] = []
    expires_at: Annotated[list[datetime | None], PUBLIC] = []
    extend_command: Annotated[str, PUBLIC]


class WithdrawParams(Params):
    """Which of this recipient's own consents to give up."""

    scopes: Annotated[
        list[Annotated[str, Field(max_length=100)]] | None,
        Field(max_length=200, description="Exact scopes; all of them if left out."),
    ] = None


class WithdrawReply(Reply):
    """What this recipient gave up. Nothing stored was deleted."""

    withdrawn: Annotated[list[str], PUBLIC]
    effect: Annotated[Literal["at_once"], PUBLIC] = "at_once"
    data_deleted: Annotated[Literal[False], PUBLIC] = False


def get_status(tx: Tx, grant: Grant, params: Nothing) -> StatusReply:
    """Read this recipient's own state."""
    del params
    here = grant.here
    mine = _mine(tx, grant)
    held = counting(mine, now=here.now, notice=here.notice)
    may_know = grant.owner or bool(grant.sources(Category.PROFILE))
    first_end = min((h.expires_at for h in held.values() if h.expires_at), default=None)
    extension = _extension(tx, grant)
    against = _objections(tx, grant)
    old = outdated(mine, now=here.now, notice=here.notice)
    renewal = f"{here.command} consent renew --to {grant.recipient}"
    return StatusReply(
        version=here.version,
        utc_date=here.now.date(),
        recipient=grant.recipient or "owner",
        consented=grant.owner or bool(held),
        sources=_sources(tx, grant),
        today=here.today if may_know else MISSING,
        time_zone=here.profile.zone if may_know else MISSING,
        expires_at=first_end,
        warnings=[
            *_objected(against),
            *_warnings(first_end, extension, here, outdated=bool(old)),
        ],
        next_steps=list(objections.lifting(against, here.command))
        or _next_steps(
            grant,
            extension,
            renewal if old or _ends_soon(first_end, here) else None,
        ),
    )


def show_status(reply: StatusReply, here: Here) -> Shown:
    """Show where the recipient stands."""
    del here
    if not reply.consented:
        return Shown(
            "No consent is in force for this assistant. Only the person can give it, "
            f"on a terminal, with: {' and then '.join(reply.next_steps)}",
            reply,
        )
    names = wording.listed(
        s.source for s in reply.sources if Category.ACTIVITIES in s.categories
    )
    return Shown(f"Sources whose activities may be read: {names or 'none'}.", reply)


def get_consents(tx: Tx, grant: Grant, params: Nothing) -> ConsentsReply:
    """Read this recipient's own consents in force."""
    del params
    here = grant.here
    held = counting(_mine(tx, grant), now=here.now, notice=here.notice)
    return ConsentsReply(
        recipient=grant.recipient or "owner",
        scope=list(held),
        given_at=[h.given_at for h in held.values()],
        expires_at=[h.expires_at for h in held.values()],
        extend_command=_extension(tx, grant) or consent_command(grant),
    )


def show_consents(reply: ConsentsReply, here: Here) -> Shown:
    """Show the consents in force."""
    del here
    line = f"{wording.count(len(reply.scope), 'consent')} in force for this assistant."
    return Shown(line, reply)


def withdraw_consent(tx: Tx, grant: Grant, params: WithdrawParams) -> WithdrawReply:
    """Give up this recipient's own consents, at once and for every process."""
    chosen = None if params.scopes is None else [Scope(s) for s in params.scopes]
    gone: tuple[Scope, ...] = ()
    if grant.recipient is not None:
        gone = service.withdraw(tx, grant, grant.recipient, chosen, by="recipient")
    return WithdrawReply(withdrawn=list(gone))


def show_withdrawn(reply: WithdrawReply, here: Here) -> Shown:
    """Show what was given up."""
    del here
    count = wording.count(len(reply.withdrawn), "consent")
    return Shown(
        f"{count} withdrawn; it holds from now on. Nothing was deleted.", reply
    )


def consent_command(grant: Grant) -> str:
    """Return the command by which the person gives the bundle."""
    return f"{grant.here.command} consent --to {grant.recipient or 'local'}"


def _mine(tx: Tx, grant: Grant) -> RecipientPolicy:
    if grant.recipient is None:
        return RecipientPolicy()
    return policies.read(tx, grant).policy.of(grant.recipient)


def _sources(tx: Tx, grant: Grant) -> list[HeldSource]:
    ranges = {r.source: r for r in recordings.ranges(tx, grant)}
    return [
        HeldSource(
            source=source,
            categories=[c for c in Category if grant.reads(source, c)],
            **_range(grant, source, ranges.get(source)),
        )
        for source in sorted(_held_sources(grant) | ranges.keys())
    ]


def _held_sources(grant: Grant) -> frozenset[str]:
    return frozenset().union(*(grant.sources(c) or () for c in Category))


def _range(
    grant: Grant, source: str, found: recordings.SourceRange | None
) -> dict[str, str | int | None]:
    if not grant.reads(source, Category.ACTIVITIES):
        return {}
    if found is None:
        return {"first_day": None, "last_day": None, "activities": 0}
    return {
        "first_day": found.first_day,
        "last_day": found.last_day,
        "activities": found.recordings,
    }


def _extension(tx: Tx, grant: Grant) -> str | None:
    """Return the command by which the person gives the tools an upgrade added."""
    if grant.recipient is None:
        return None
    return service.extension(tx, grant, grant.recipient)


def _objections(tx: Tx, grant: Grant) -> tuple[str, ...]:
    """Return what the person objects to that is about this recipient."""
    if grant.recipient is None:
        return ()
    blocks = policies.read(tx, grant).policy.blocks
    return objections.about(blocks, grant.recipient)


def _objected(against: tuple[str, ...]) -> list[str]:
    if not against:
        return []
    return [f"The person objects to {', '.join(against)}, whatever is consented to."]


def _ends_soon(first_end: datetime | None, here: Here) -> bool:
    return first_end is not None and first_end - here.now <= WARN_BEFORE


def _warnings(
    first_end: datetime | None, extension: str | None, here: Here, *, outdated: bool
) -> list[str]:
    said = []
    if outdated:
        said.append(
            "The notice that consent was given upon has changed since: until the "
            "person renews it, it does not count."
        )
    if first_end is not None and _ends_soon(first_end, here):
        days = (first_end - here.now).days
        when = f"in {wording.count(days, 'day')}" if days > 0 else "within a day"
        said.append(f"A consent expires {when}.")
    if extension:
        said.append("There are tools that came after the consent and are not in it.")
    return said


def _next_steps(grant: Grant, extension: str | None, renewal: str | None) -> list[str]:
    if grant.owner:
        return []
    if not renewal and not _held_sources(grant):
        return [f"{grant.here.command} setup", consent_command(grant)]
    return [step for step in (renewal, extension) if step]


GET_STATUS = Tool(
    name="get_status",
    title="Status",
    summary="What this assistant may read, since when and until when, and what the "
    "person can do next. Needs no consent.",
    takes=Nothing,
    gives=StatusReply,
    terms=_STATE,
    run=get_status,
    show=show_status,
)
GET_CONSENTS = Tool(
    name="get_consents",
    title="Consents",
    summary="This assistant's own consents in force. Needs no consent.",
    takes=Nothing,
    gives=ConsentsReply,
    terms=_NOTHING,
    run=get_consents,
    show=show_consents,
)
WITHDRAW_CONSENT = Tool(
    name="withdraw_consent",
    title="Withdraw own consents",
    summary="Give up consents of this assistant itself, at once; nothing is deleted, "
    "and only the person can give them again.",
    takes=WithdrawParams,
    gives=WithdrawReply,
    terms=_YIELDS,
    run=withdraw_consent,
    show=show_withdrawn,
    destructive=True,
)
