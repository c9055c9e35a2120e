"""The gate: the one way from a caller to the data, and the one record of it.

``serve`` runs a tool; ``prompt`` writes a prompt, which sees no person's data; ``act``
runs what the owner does himself, and ``widen`` what of that lets more out; ``maintain``
runs upkeep that sees no person's data either; ``note`` records what has no data at all
(a process starting); ``watch`` looks through the log for misuse. Admitting and
recording are private to them, so there is no way in without a record, and the record is
committed before anything leaves (DESIGN 2):

::

    read     snapshot:  admit ► run ► level ► fit ► show
             write:     policy still the same to the byte, nothing expired ► record
    write    one step:  admit ► run ► record
    failure  rolled back, then a second step records it; if that fails too, the
             caller gets an error and nothing else

The COMMIT is the moment of release: a withdrawal committed before it stops the answer.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pierre_mcp.errors import (
    AuditTamperedError,
    SealBudgetError,
    StaleKeyError,
    StorePutBackError,
)
from pierre_mcp.gate.admission import About, Admitted
from pierre_mcp.gate.lines import Facts
from pierre_mcp.gate.locking import Sign
from pierre_mcp.gate.log_keeping import LogKeeping
from pierre_mcp.gate.watching import Watching
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, weighed_as
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.profile import Profile
from pierre_mcp.services.steps import Step, UpkeepStep
from pierre_mcp.store import erasing, people, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.store.write_ahead import TRUNCATE_TRIES

__all__ = ["About", "Gate"]

T = TypeVar("T")
LOG = logging.getLogger(__name__)

_TRIES = 3


class Gate(LogKeeping, Watching):
    """Serves one store.

    Args:
        store: Its units are the gate's alone.
        table: Every tool there is.
        clock: Tells when.
        about: What this program is called.
    """

    def act(
        self,
        call: Call,
        work: Callable[[Tx, Grant], T],
        *,
        detail: Mapping[str, Any] | None = None,
    ) -> T:
        """Do what the owner asked, and record it, in one step.

        Raises:
            PierreError: What ``work`` raised; rolled back, and recorded.
            RuntimeError: It is not the owner who asks.
        """
        facts = Facts(detail=dict(detail or {}))
        with self._record.of_failures(call, facts), self._store.writing() as tx:
            with self._admit.of_owner(tx, call) as admitted:
                done = work(tx, admitted.grant)
            self._record.add_changed(tx, call, Outcome.DONE, facts, admitted.who)
        return done

    def look(
        self,
        call: Call,
        work: Callable[[Tx, Grant], T],
        *,
        detail: Callable[[T], Mapping[str, Any]] | None = None,
    ) -> T:
        """Show the owner what is his, and record that it was shown.

        Args:
            call: The owner's.
            work: Reads it.
            detail: Says of what was found what is to be sealed beside the record.

        Raises:
            PierreError: What ``work`` raised; recorded.
            RuntimeError: It is not the owner who asks.
        """
        with self._record.of_failures(call, Facts()):
            with self._store.reading() as tx, self._admit.of_owner(tx, call) as let_in:
                found = work(tx, let_in.grant)
            self.note(call, Outcome.DONE, detail(found) if detail else None)
        return found

    def step(self, call: Call, step: Step) -> None:
        """Do one unit of a job: admitted afresh, sealed outside the lock.

        The job records its first and last step; ``jobs`` sees to that.

        Raises:
            ConsentMissingError: The job is a recipient's, and the person withdrew the
                consent for the tool that began it.
            RuntimeError: It is neither the owner, nor a job.
        """

        def prepare(tx: Tx) -> None:
            with self._to_step(tx, call) as let_in:
                step.prepare(tx, let_in.grant)

        def write(tx: Tx) -> None:
            with self._to_step(tx, call) as let_in:
                step.write(tx, let_in.grant)

        self._step(prepare, write)

    def upkeep(self, call: Call, step: UpkeepStep) -> None:
        """Do one unit of a job that keeps the store; recorded like any job.

        Raises:
            RuntimeError: It is neither the owner nor the system that asks.
        """
        leave = self._admit.to_upkeep(call)
        self._step(lambda tx: step.prepare(tx, leave), lambda tx: step.write(tx, leave))

    def keep(
        self,
        call: Call,
        work: Callable[[Tx, Maintenance, Identity | None], T],
        *,
        detail: Mapping[str, Any] | None = None,
    ) -> T:
        """Do upkeep that writes and shows no person's data, and record it, in one step.

        Raises:
            PierreError: What ``work`` raised; rolled back, and recorded.
            RuntimeError: It is neither the owner nor the system that asks.
        """
        facts = Facts(detail=dict(detail or {}))
        with self._record.of_failures(call, facts), self._store.writing() as tx:
            leave = self._admit.to_upkeep(call)
            done = work(tx, leave, self._admit.concerned(tx))
            # Asked again: it may have erased the person, or made one.
            self._record.add(tx, call, Outcome.DONE, facts, self._admit.concerned(tx))
        return done

    def expire(self, call: Call) -> int:
        """Enter in the ledger what has run out, and record it, in one step.

        Returns:
            How many scopes had; where none has, nothing is written.

        Raises:
            ClockSuspectError: It cannot be told.
            RuntimeError: It is neither the owner nor the system that asks.
        """
        with self._store.reading() as tx:
            kept = self._admit.to_ledger(tx, call)
            if not kept or not policies.due(tx, kept.leave, kept.who, now=kept.now):
                return 0
        facts = Facts()
        with self._record.of_failures(call, facts), self._store.writing() as tx:
            kept = self._admit.to_ledger(tx, call)
            if kept is None:
                return 0
            ended = policies.expire(tx, kept.leave, kept.who, now=kept.now)
            if ended:  # else another process was first
                self._record.add_changed(tx, call, Outcome.DONE, facts, kept.who)
        return ended

    def waits(self, call: Call, work: Callable[[Tx, Maintenance], bool]) -> bool:
        """Tell whether there is something to keep in order; it leaves no record.

        Raises:
            RuntimeError: It is neither the owner nor the system that asks.
        """
        leave = self._admit.to_upkeep(call)
        with self._store.reading() as tx:
            return work(tx, leave)

    def erase(
        self,
        call: Call,
        work: Callable[[Tx, Maintenance, Identity, datetime], T],
        *,
        sign: Sign | None = None,
    ) -> T:
        """Erase the person, in one step, which records itself before the keys go.

        With the consent lock on, only signed.

        Raises:
            ConsentLockedError: The lock is on, and this is not signed under it.
            PierreError: What ``work`` raised; rolled back, and recorded.
            RuntimeError: It is neither the owner nor the system that asks.
        """
        with self._record.of_failures(call, Facts()), self._store.writing() as tx:
            leave, who = self._admit.to_upkeep(call), self._admit.owner(tx)
            self._check_signed(tx, call, sign)
            return work(tx, leave, who, self._clock.now())

    def begin_anew(self, call: Call, profile: Profile) -> bool:
        """Make a new owner where the person was erased, and record it, in one step.

        Returns:
            Whether it was done; there may be an owner.

        Raises:
            RuntimeError: It is neither the owner nor the system that asks.
        """
        leave, facts = self._admit.to_upkeep(call), Facts()
        with self._record.of_failures(call, facts), self._store.writing() as tx:
            if people.whose(tx) is not None:
                return False
            who = erasing.begin_anew(tx, leave, profile, now=self._clock.now())
            self._record.add(tx, call, Outcome.DONE, facts, who)
        return True

    def finish(self, outside: Path) -> bool:
        """Leave nothing of whoever was erased in the store's files; tell whether so.

        Raises:
            StoreError: It cannot be done now; the next opening tries again.
        """
        return erasing.finish(self._store, outside, tries=TRUNCATE_TRIES)

    def maintain(
        self, call: Call, work: Callable[[Tx, Maintenance, Identity | None], T]
    ) -> T:
        """Do upkeep that shows no person's data, and record it.

        A log found tampered with takes no more rows, nor does that of a store that was
        put back; what was found is still told.

        Raises:
            PierreError: What ``work`` raised; recorded.
        """
        with self._record.of_failures(call, Facts()), self._store.reading() as tx:
            found = work(tx, self._admit.maintenance(), self._admit.concerned(tx))
        try:
            self.note(call, Outcome.DONE)
        except AuditTamperedError:
            LOG.warning("the audit log was changed from outside; no row was added")
        except StorePutBackError:
            LOG.warning("the store was put back; no row was added")
        return found

    def note(
        self,
        call: Call,
        outcome: Outcome,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what touches no data: a process starting, a client saying its name."""
        facts = Facts(detail=dict(detail or {}))
        with self._store.writing() as tx:
            self._record.add(tx, call, outcome, facts, self._admit.concerned(tx))

    def watched(
        self, call: Call, detail: dict[str, Any] | None = None
    ) -> AbstractContextManager[None]:
        """Record how the body ends, if it ends early; ``detail`` as it is by then."""
        facts = Facts() if detail is None else Facts(detail=detail)
        return self._record.of_failures(call, facts)

    def _step(self, prepare: Callable[[Tx], None], write: Callable[[Tx], None]) -> None:
        for _ in range(_TRIES):
            self._store.refill()  # what is sealed ahead is counted ahead
            try:
                with self._store.reading() as tx:
                    prepare(tx)
                    sealed_by = tx.ring
                with self._store.writing() as tx:
                    if tx.ring is not sealed_by:
                        # A restored copy may give a new key the number of an old one,
                        # and the triggers know keys by number.
                        raise StaleKeyError  # noqa: TRY301 - as they do
                    write(tx)
            except (StaleKeyError, SealBudgetError):
                continue  # rotated meanwhile: seal again under the new key
            self._store.tidy()
            return
        raise StaleKeyError

    def _to_step(self, tx: Tx, call: Call) -> AbstractContextManager[Admitted]:
        if weighed_as(call.caller) is None:
            return self._admit.of_owner(tx, call)
        return self._admit.to_job(tx, call, self._table.tools.get(call.action))
