"""The one record of a call: in the step that releases, or after what ended it early."""

import logging
from collections.abc import Callable

from pierre_mcp.clock import Clock
from pierre_mcp.errors import (
    LockTimeoutError,
    PierreError,
    RateLimitedError,
    RefusedError,
)
from pierre_mcp.gate.lines import Facts, ended, ends_epoch, line_of
from pierre_mcp.gate.steadiness import noted_at
from pierre_mcp.model.audit import Line, Outcome
from pierre_mcp.model.caller import Call
from pierre_mcp.model.identity import Identity
from pierre_mcp.store import audit, audit_state, policies
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.write_ahead import WRITE_DEADLINE_S

LOG = logging.getLogger(__name__)

_BRIEFLY_S = 1.0


class Records:
    """Appends to the log of one store.

    Args:
        store: For the steps of its own in which failures are recorded.
        clock: Tells when.
        concerned: Says whom a failure is about; nobody where they were erased.
        paced: Raises RateLimitedError for a call that is one too many.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        concerned: Callable[[Tx], Identity | None],
        paced: Callable[[Tx, Call, Identity | None], None] = lambda *_: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._concerned = concerned
        self._paced = paced

    def add(
        self,
        tx: Tx,
        call: Call,
        outcome: Outcome,
        facts: Facts,
        who: Identity | None,
        *,
        after: audit_state.Tail | None = None,
    ) -> int:
        """Append the row, under the policy epoch of the log itself; return its number.

        Never that of the cell: one refused as tampered would then be recorded as the
        newest, and pass the next time. ``after`` is the log's tail, where this
        transaction has read it already.
        """
        line = line_of(call, outcome, facts, tx.ring, who, policy_epoch=None)
        return self._append(tx, line, facts, who, after)

    def add_changed(
        self, tx: Tx, call: Call, outcome: Outcome, facts: Facts, who: Identity
    ) -> None:
        """Append the row of a unit that may have changed the policy it was let in by.

        It stands under the epoch that the unit made.
        """
        epoch = policies.read(tx, who).policy.policy_epoch
        line = line_of(call, outcome, facts, tx.ring, who, policy_epoch=epoch)
        self._append(tx, line, facts, who, None)

    def of_failures(self, call: Call, facts: Facts) -> "_Failures":
        """Record what ends the body early, in a step of its own, and let it pass.

        But for refusals beyond a limit: those are counted, not recorded one by one.

        Raises:
            RateLimitedError: It was one call too many, whatever it failed of.
        """
        return _Failures(self, call, facts)

    def add_failure(self, call: Call, error: BaseException, facts: Facts) -> None:
        """Record that a call ended with ``error``, in a step of its own.

        Raises:
            RateLimitedError: It was one call too many.
        """
        outcome, code = ended(error)
        if code == PierreError.code:
            LOG.error("internal error in a call: %s", type(error).__name__)
        # Nothing was released, whatever was about to be.
        failed = Facts(facts.arguments, code=code, detail=facts.detail)
        try:
            with self._store.writing(deadline_s=_patience_s(error)) as tx:
                who = self._concerned(tx)
                if not isinstance(error, RefusedError):  # those were paced when let in
                    self._paced(tx, call, who)
                self.add(tx, call, outcome, failed, who)
        except RateLimitedError:
            raise
        except Exception as second:  # noqa: BLE001 - nothing but an error may leave
            LOG.error("a failure was not recorded: %s", type(second).__name__)  # noqa: TRY400 - its text may hold data

    def _append(
        self,
        tx: Tx,
        line: Line,
        facts: Facts,
        who: Identity | None,
        after: audit_state.Tail | None,
    ) -> int:
        detail, now = facts.detail or None, noted_at(self._clock)
        close = audit_state.Closing() if ends_epoch(line) else None
        return audit.append(
            tx, line, now=now, who=who, detail=detail, after=after, close=close
        )


class _Failures:
    """A body that is recorded if it ends early."""

    __slots__ = ("_call", "_facts", "_record")

    def __init__(self, record: Records, call: Call, facts: Facts) -> None:
        self._record = record
        self._call = call
        self._facts = facts

    def __enter__(self) -> None:
        """Begin it."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Record what ended it, if anything but a limit did."""
        if error is not None and not isinstance(error, RateLimitedError):
            self._record.add_failure(self._call, error, self._facts)


def _patience_s(error: BaseException) -> float:
    """Say how long to wait for the lock: who waited for it once does not again."""
    hurried = isinstance(error, LockTimeoutError) or not isinstance(error, Exception)
    return _BRIEFLY_S if hurried else WRITE_DEADLINE_S
