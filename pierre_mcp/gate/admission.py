"""Who is let in, and whether that still holds: the only place where grants are made.

A call is weighed against the person's sealed policy, at a time that never runs
backward, after that policy was held against the log: a cell whose epoch is not that of
the log's newest row was put back by hand, and lets nobody in (DESIGN 6).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pierre_mcp.clock import Clock
from pierre_mcp.errors import (
    ClockSuspectError,
    ConsentMissingError,
    NoticeChangedError,
    ObjectedError,
    PersonErasedError,
    PolicyTamperedError,
    RefusedError,
)
from pierre_mcp.gate.locking import Sign, signature_of
from pierre_mcp.gate.steadiness import is_steady
from pierre_mcp.model.caller import Call, Caller, Job, Owner, System, weighed_as
from pierre_mcp.model.fields import Level, Params
from pierre_mcp.model.grant import Grant, Maintenance, Mint
from pierre_mcp.model.here import Here
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.policy import Held, Policy
from pierre_mcp.model.scope import Pair
from pierre_mcp.model.terms import Terms
from pierre_mcp.policy.consent import Asked, Lacking, Objected, weigh
from pierre_mcp.policy.levels import level_of
from pierre_mcp.policy.notices import CURRENT
from pierre_mcp.policy.objections import lifting
from pierre_mcp.store import audit, audit_state, people, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.policies import ReadPolicy
from pierre_mcp.tools.table import Tool

Readers = Callable[[], tuple[str, ...]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class About:
    """What the gate says of this program.

    Attributes:
        command: How the person calls it, profile included.
        notice: The version of the notice upon which consent counts.
    """

    command: str
    version: str
    notice: int = CURRENT.version


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call let in: its grant, and what must still hold at its release.

    Its ``with`` block is the life of the grant, however that ends.
    """

    grant: Grant
    who: Identity
    read: ReadPolicy
    until: datetime | None
    pairs: frozenset[Pair]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.grant.kill()

    @property
    def level(self) -> Level | None:
        """At which level it goes out; None for the owner."""
        return None if self.grant.recipient is None else self.grant.level


@dataclass(frozen=True, slots=True)
class Kept:
    """What the system keeps of a person: whose, by what leave, and as of when (UTC)."""

    leave: Maintenance
    who: Identity
    now: datetime


class Admission:
    """Weighs calls, and makes the grants of those it lets in.

    Args:
        clock: Tells when.
        about: What this program is called.
        readers: Gives the tools that a bundle gives.
        paced: Raises RateLimitedError for a call that is one too many.
    """

    def __init__(
        self,
        clock: Clock,
        about: About,
        readers: Readers,
        paced: Callable[[Tx, Call, Identity], None] = lambda *_: None,
    ) -> None:
        self._clock = clock
        self._about = about
        self._readers = readers
        self._paced = paced
        self._mint = Mint()
        self._whose: Identity | None = None

    def to_tool(
        self, tx: Tx, call: Call, tool: Tool[Any, Any], params: Params
    ) -> Admitted:
        """Let a call of a tool in.

        Raises:
            ConsentMissingError: Names everything the call lacks.
            PolicyTamperedError: The policy is not the one last recorded.
            AuditTamperedError: The log does not end as we left it.
        """
        return self._weighed(tx, call, tool.terms, tool.source_of(params))

    def of_owner(self, tx: Tx, call: Call) -> Admitted:
        """Let the owner in to what is his.

        Raises:
            RuntimeError: It is not the owner, nor a job of his.
        """
        if weighed_as(call.caller) is not None:
            msg = "this is for the owner alone"
            raise RuntimeError(msg)
        return self._owner(tx, call)

    def to_widen(
        self,
        tx: Tx,
        call: Call,
        detail: Mapping[str, Any],
        sign: Sign | None,
    ) -> Admitted:
        """Let the owner in to let more out than before.

        With the consent lock on, only what is signed under it. The signature is asked
        for here, over the policy epoch as it is in this very step.

        Raises:
            ConsentLockedError: The lock is on, and this is not signed under it.
            RuntimeError: It is not the owner, nor a job of his.
        """
        if weighed_as(call.caller) is not None:
            msg = "this is for the owner alone"
            raise RuntimeError(msg)
        who, here, read = self._circumstances(tx)
        signature = signature_of(tx, who, read.policy, call.action, detail, sign)
        grant = Grant(
            self._mint,
            who=who,
            here=here,
            recipient=None,
            pairs=None,
            signature=signature,
        )
        return Admitted(grant, who, read, None, frozenset())

    def to_job(self, tx: Tx, call: Call, tool: Tool[Any, Any] | None) -> Admitted:
        """Let a step of a recipient's job in, by the terms of the tool that began it.

        The grant is that recipient's: it opens what the tool declares and the person
        consents to now, whatever was so when the job began.

        Raises:
            ConsentMissingError: Names everything the job lacks by now.
            RuntimeError: It is no job, or of a tool that begins none.
        """
        if not isinstance(call.caller, Job) or tool is None or not tool.terms.asks:
            msg = "this is for a job, begun by a tool that needs consent for it"
            raise RuntimeError(msg)
        return self._weighed(tx, call, tool.terms, None)

    def to_upkeep(self, call: Call) -> Maintenance:
        """Let in who keeps the store: the person at the terminal, or the system.

        Raises:
            RuntimeError: A recipient asks, or a job of one.
        """
        if weighed_as(call.caller) is not None:
            msg = "a recipient never keeps the store"
            raise RuntimeError(msg)
        return self.maintenance()

    def to_ledger(self, tx: Tx, call: Call) -> Kept | None:
        """Let in who enters what has ended; None where there is nobody any more.

        Raises:
            ClockSuspectError: It cannot be told what has ended.
            PolicyTamperedError: The policy is not the one last recorded.
            RuntimeError: A recipient asks, or a job of one.
        """
        leave = self.to_upkeep(call)
        if self.concerned(tx) is None:
            return None
        who, here, read = self._circumstances(tx)
        self._check_clock(read)
        return Kept(leave, who, here.now)

    def owner(self, tx: Tx) -> Identity:
        """Return the person this gate serves: for good the one it let in first.

        What was begun for a person who was then erased (a job, a step already sealed,
        an answer) so never ends up with whoever begins anew in the same store.

        Raises:
            PersonErasedError: There is nobody any more, or somebody else.
        """
        return self._served(people.owner(tx))

    def concerned(self, tx: Tx) -> Identity | None:
        """Return whom a record is about; None where that person was erased."""
        who = people.whose(tx)
        return who if self._whose in {None, who} else None

    def maintenance(self) -> Maintenance:
        """Return leave to keep the store without seeing into it."""
        return Maintenance(self._mint)

    def still_holds(self, tx: Tx, admitted: Admitted) -> audit_state.Tail | None:
        """Tell, in the step that would release, whether nothing has changed.

        Returns:
            The log's tail, after which the release is recorded; None if it has.
        """
        last = audit.tail(tx)
        if admitted.grant.recipient is not None and not is_steady(self._clock):
            return None
        if admitted.until is not None and self._now(last) >= admitted.until:
            return None
        # The bytes alone do not tell: the cell may be the one that was read, put back
        # by hand after a withdrawal that the log knows of.
        same = (
            last.policy_epoch == admitted.read.policy.policy_epoch
            and policies.unchanged(tx, admitted.who, admitted.read)
        )
        return last if same else None

    def _weighed(
        self, tx: Tx, call: Call, terms: Terms, source: str | None
    ) -> Admitted:
        recipient = weighed_as(call.caller)
        if recipient is None:
            return self._owner(tx, call)
        who, here, read = self._circumstances(tx)
        self._paced(tx, call, who)
        self._check_clock(read)
        level = _level(call.caller) or level_of(read.policy.of(recipient).level)
        asked = Asked(recipient, call.action, source, level)
        policy = _supposed(read.policy, call.caller, here)
        verdict = weigh(policy, terms, asked, now=here.now, notice=here.notice)
        if isinstance(verdict, Objected):
            raise ObjectedError(
                verdict.words, lifting(verdict.words, self._about.command)
            )
        if isinstance(verdict, Lacking):
            raise self._refusal(recipient, verdict)
        grant = Grant(
            self._mint,
            who=who,
            here=here,
            recipient=recipient,
            pairs=verdict.pairs,
            withheld=verdict.withheld,
            level=level,
            session=call.session,
            guards=verdict.guards,
        )
        return Admitted(grant, who, read, verdict.until, verdict.pairs)

    def _owner(self, tx: Tx, call: Call) -> Admitted:
        if isinstance(call.caller, System):
            msg = "the system keeps the store, and never sees into it"
            raise RuntimeError(msg)  # noqa: TRY004 - a bug of ours, not a wrong type
        who, here, read = self._circumstances(tx)
        grant = Grant(self._mint, who=who, here=here, recipient=None, pairs=None)
        return Admitted(grant, who, read, None, frozenset())

    def _served(self, who: Identity) -> Identity:
        if self._whose is None:
            self._whose = who
        if self._whose != who:
            raise PersonErasedError
        return who

    def _circumstances(self, tx: Tx) -> tuple[Identity, Here, ReadPolicy]:
        last = audit.tail(tx)
        who, profile, policy = people.owner_beside(tx)
        self._served(who)
        read = policies.opened(tx, who, policy)
        # An older cell pasted back is behind the log; nothing else can be ahead of it.
        if read.policy.policy_epoch != last.policy_epoch:
            raise PolicyTamperedError
        here = Here(
            now=self._now(last),
            profile=people.opened(tx, who, profile),
            command=self._about.command,
            version=self._about.version,
            zones=policies.settled(tx.ring, who, read.policy).zones,
            readers=self._readers,
            notice=self._about.notice,
        )
        return who, here, read

    def _now(self, last: audit_state.Tail) -> datetime:
        """Return the time by which consent counts: it never runs backward."""
        return max(self._clock.now(), _EPOCH + timedelta(microseconds=last.at_us))

    def _check_clock(self, read: ReadPolicy) -> None:
        if not is_steady(self._clock, read.policy.clock_base_us):
            command = f"{self._about.command} consent clock"
            raise ClockSuspectError(command)

    def _refusal(self, recipient: str, verdict: Lacking) -> RefusedError:
        command = self._about.command
        if verdict.outdated:
            return NoticeChangedError(f"{command} consent renew --to {recipient}")
        if not verdict.missing:
            return ConsentMissingError((), f"{command} consent --to {recipient}")
        scopes = " ".join(verdict.missing)
        return ConsentMissingError(
            verdict.missing, f"{command} consent grant {scopes} --to {recipient}"
        )


def _supposed(policy: Policy, caller: Caller, here: Here) -> Policy:
    """Return the policy as it would be, had the owner given what he only considers."""
    if not isinstance(caller, Owner) or caller.preview_as is None:
        return policy
    held = dict(policy.of(caller.preview_as).scopes)
    for scope in caller.supposing:
        held[scope] = Held(
            given_at=here.now, expires_at=None, ledger_id="", notice=here.notice
        )
    return policy.changed(caller.preview_as, held) if caller.supposing else policy


def _level(caller: Caller) -> Level | None:
    """Return the level that a preview is asked for at, in place of the one chosen."""
    return caller.level if isinstance(caller, Owner) else None
