"""Letting more out than before: what the owner does that the consent lock is for.

The part of ``Gate`` that opens the lock and holds such acts to it; ``gate`` says what
all parts keep, and ``locking`` how the lock is kept.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pierre_mcp.errors import PolicyTamperedError
from pierre_mcp.gate.lines import Facts
from pierre_mcp.gate.locking import (
    ATTEMPT,
    LOCK,
    REMEMBERED,
    UNLOCK,
    Sign,
    check_wait,
    lock_of,
)
from pierre_mcp.gate.serving import Serving
from pierre_mcp.late import Late
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit, policies
from pierre_mcp.store.database import Tx

if TYPE_CHECKING:
    from pierre_mcp.keyring import lock as locks
    from pierre_mcp.model.lock import ConsentLock
    from pierre_mcp.services import consents
    from pierre_mcp.services.consents import Given
    from pierre_mcp.store import attempts
else:
    attempts = Late("pierre_mcp.store.attempts")
    locks = Late("pierre_mcp.keyring.lock")
    consents = Late("pierre_mcp.services.consents")

T = TypeVar("T")


class Widening(Serving):
    """Serves one store: the part of ``Gate`` that lets more out, and holds the lock."""

    def widen(
        self,
        call: Call,
        work: Callable[[Tx, Grant], T],
        *,
        detail: Mapping[str, Any] | None = None,
        sign: Sign | None = None,
    ) -> T:
        """Do what lets more out than before, and record it, in one step.

        With the consent lock on, only signed: ``sign`` is what ``unlock`` gave. The
        signature covers the action and ``detail``, and is kept with the record.

        Raises:
            ConsentLockedError: The lock is on, and this is not signed under it.
            PierreError: What ``work`` raised; rolled back, and recorded.
            RuntimeError: It is not the owner who asks.
        """
        signed = dict(detail or {})
        facts = Facts(detail=dict(signed))
        with self._record.of_failures(call, facts), self._store.writing() as tx:
            with self._admit.to_widen(tx, call, signed, sign) as admitted:
                if signature := admitted.grant.check_widens():
                    facts.detail["signature"] = signature
                done = work(tx, admitted.grant)
            self._record.add_changed(tx, call, Outcome.DONE, facts, admitted.who)
        return done

    def permit(
        self, call: Call, *, detail: Mapping[str, Any], sign: Sign | None = None
    ) -> None:
        """Record what lets out something of the store itself, held to the lock alike.

        Once the person was erased there is no lock, and nobody whose data it could be.

        Raises:
            ConsentLockedError: The lock is on, and this is not signed under it.
        """
        if self._nobody():
            self._note(call, Outcome.DONE, detail)
        else:
            self.widen(call, lambda *_: None, detail=detail, sign=sign)

    def lock(self, call: Call) -> "ConsentLock | None":
        """Return the consent lock that is on, if one is; nobody has one once erased.

        Raises:
            PolicyTamperedError: Whether one is on cannot be known.
            RuntimeError: It is not the owner who asks.
        """
        with (
            self._record.of_failures(call, Facts()),
            self._store.reading() as tx,
        ):
            if self._admit.concerned(tx) is None:
                return None
            with self._admit.of_owner(tx, call) as admitted:
                return lock_of(admitted.read.policy)

    def unlock(
        self, call: Call, lock: "ConsentLock", passphrase: str
    ) -> "locks.Signer":
        """Open the lock, for what the owner does next; every attempt is recorded.

        Raises:
            LockPassphraseWrongError: It is another passphrase.
            LockWaitsError: There were too many wrong ones just now.
        """
        attempt = Call(call.caller, ATTEMPT, call.session)
        with self._record.of_failures(attempt, Facts(detail={"for": call.action})):
            self._spend(attempt)
            # Outside every transaction: it takes as long as a try is to cost.
            signer = locks.open_lock(lock, passphrase)
        self._note(attempt, Outcome.DONE)
        return signer

    def given_lately(self) -> "tuple[Given, ...]":
        """Return what was given in the last days with no lock on, by the ledger.

        For the person's own eyes: the terminal of a command, a server's standard error;
        it is part of no answer. Empty where there is a lock, or nobody any more.
        """
        call = Call(Owner(), "consent lately", session="")
        with self._store.reading() as tx:
            if self._admit.concerned(tx) is None:
                return ()
            with self._admit.of_owner(tx, call) as admitted:
                if policies.read(tx, admitted.grant).policy.lock is not None:
                    return ()
                return consents.given_lately(tx, admitted.grant)

    def _spend(self, attempt: Call) -> None:
        """Record that an attempt begins, unless it comes too soon."""
        since = self._clock.now() - REMEMBERED
        with self._store.reading() as tx:
            upto = audit.tail(tx).seq
            before = attempts.attempts(tx, ATTEMPT, since=since)
        with self._store.writing() as tx:
            meanwhile = attempts.attempts(tx, ATTEMPT, since=since, after=upto)
            check_wait([*meanwhile, *before], self._clock.now())
            self._record.add(
                tx, attempt, Outcome.STARTED, Facts(), self._admit.concerned(tx)
            )

    def _check_signed(self, tx: Tx, call: Call, sign: Sign | None) -> None:
        """Hold what needs no grant to the lock.

        Whose policy is damaged may still be erased, unless the log knows of a lock.

        Raises:
            ConsentLockedError: The lock is on, and this is not signed under it.
            PolicyTamperedError: The policy does not open, and there was a lock.
        """
        try:
            with self._admit.to_widen(tx, call, {}, sign):
                pass
        except PolicyTamperedError:
            leave = self._admit.maintenance()
            on, off, gone = (
                max(audit.done(tx, leave, action), default=0)
                for action in (LOCK, UNLOCK, audit.ERASE)
            )
            if on > max(off, gone):
                raise

    def _nobody(self) -> bool:
        with self._store.reading() as tx:
            return self._admit.concerned(tx) is None

    def _note(
        self, call: Call, outcome: Outcome, detail: Mapping[str, Any] | None = None
    ) -> None:
        facts = Facts(detail=dict(detail or {}))
        with self._store.writing() as tx:
            self._record.add(tx, call, outcome, facts, self._admit.concerned(tx))
