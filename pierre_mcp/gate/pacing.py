"""How fast a recipient is let in: not beyond the limit, slower where it was held back.

What counts is the log and the sealed hold, so it holds over every process of the
recipient. A refusal beyond the limit writes no row of its own: they are counted, in one
row at the first of them and then one a minute. Counts not yet in a row are lost with
the process, never the first row.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from pydantic_core import from_json

from pierre_mcp.clock import Clock
from pierre_mcp.errors import RateLimitedError
from pierre_mcp.gate.lines import LIMIT, Facts
from pierre_mcp.gate.records import Records
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Recipient, weighed_as
from pierre_mcp.model.identity import Identity
from pierre_mcp.policy.holds import (
    CALLS_A_MINUTE,
    COUNTED_EVERY_S,
    SLOW_S,
    WINDOW_S,
    Hold,
    beyond,
    hold_of,
)
from pierre_mcp.store import monitor
from pierre_mcp.store.database import Store, Tx

LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Over:
    """Refusals of one recipient since the row that last counted them."""

    since_s: float
    count: int = 0


class Pacing:
    """Holds recipients to their pace, on one connection of one process.

    Args:
        store: For the rows that count refusals.
        clock: Tells when.
        record: Appends a row.
        concerned: Says whom it is about; nobody where they were erased.
        command: How the person calls this program.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        record: Records,
        concerned: Callable[[Tx], Identity | None],
        command: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._record = record
        self._concerned = concerned
        self._command = command
        self._opened: dict[str, tuple[bytes, bytes]] = {}
        self._over: dict[str, _Over] = {}
        self._hold = Hold()
        self._most, self._slow_s = CALLS_A_MINUTE, SLOW_S

    def pause_s(self) -> float:
        """Return how long a call waits before it is let in, by the last one's hold."""
        return float(self._slow_s) if self._hold.slows(self._now_s()) else 0.0

    def learn(self, tx: Tx, call: Call, who: Identity | None) -> bytes | None:
        """Read how the recipient is held back, and the row it is counted from."""
        if who is None or not isinstance(call.caller, Recipient):
            return None
        label, most = call.caller.label, self._most
        hold, chosen, row = monitor.pace(tx, who, label, most)
        self._hold = hold_of(self._plain(tx, who, monitor.HOLD + label, hold))
        told = self._plain(tx, who, monitor.THRESHOLDS, chosen)
        thresholds = {} if told is None else from_json(told)
        self._most = thresholds.get("calls_a_minute", CALLS_A_MINUTE)
        self._slow_s = thresholds.get("slow_s", SLOW_S)
        if most != self._most:  # changed since the last call
            *_, row = monitor.pace(tx, who, label, self._most)
        return row

    def check(self, tx: Tx, call: Call, who: Identity | None) -> None:
        """Let a call of a recipient go on, unless it is one too many.

        Raises:
            RateLimitedError: It is.
            SealBrokenError: How it is held back was altered.
        """
        if not isinstance(call.caller, Recipient):
            return
        row, now_s, label = self.learn(tx, call, who), self._now_s(), call.caller.label
        hold, since_us = self._hold, round((now_s - WINDOW_S) * 1e6)
        if not hold.refuses(now_s):
            if row is None or from_json(row)["at_us"] <= since_us:
                return
            if not beyond(monitor.since(tx, since_us), label, now_s, self._most):
                return
            hold = hold.struck(now_s)
        command = f"{self._command} security lift --to {label}"
        raise RateLimitedError(hold.refused_until_s - now_s, command)

    def refused(self, call: Call) -> None:
        """Count a call that was one too many; the first of an interval makes the row.

        Raises:
            PierreError: It could not be recorded.
        """
        label, now_s = weighed_as(call.caller) or "", self._now_s()
        over = self._over.setdefault(label, _Over(0.0))
        over.count += 1
        if now_s - over.since_s >= COUNTED_EVERY_S:
            self._enter(call, over, now_s)

    def settle(self, session: str, *, ending: bool) -> None:
        """Enter what was counted since the last row, if that is due or the end."""
        now_s = self._now_s()
        for label, over in self._over.items():
            if over.count and (ending or now_s - over.since_s >= COUNTED_EVERY_S):
                self._enter(Call(Recipient(label), LIMIT, session), over, now_s)

    def _enter(self, call: Call, over: "_Over", now_s: float) -> None:
        facts = Facts(code=RateLimitedError.code, detail={"refused": over.count})
        with self._store.writing() as tx:
            who = self._concerned(tx)
            if who is not None and call.action != LIMIT:
                name = monitor.HOLD + (weighed_as(call.caller) or "")
                hold = hold_of(monitor.read(tx, who, name))
                if not hold.refuses(now_s):
                    hold = hold.struck(now_s)
                    monitor.put(tx, who, name, hold.as_bytes())
                    LOG.warning(
                        "too many calls of %s: refused %d s. See: %s security events",
                        weighed_as(call.caller),
                        hold.refused_until_s - now_s,
                        self._command,
                    )
            self._record.add(tx, call, Outcome.REFUSED, facts, who)
        over.since_s, over.count = now_s, 0

    def _plain(
        self, tx: Tx, who: Identity, name: str, cell: bytes | None
    ) -> bytes | None:
        """Open a cell, unless it is the one that was opened last."""
        if cell is None:
            return None
        seen = self._opened.get(name)
        if seen is None or seen[0] != cell:
            seen = self._opened[name] = cell, monitor.opened(tx, who, name, cell)
        return seen[1]

    def _now_s(self) -> float:
        return self._clock.now().timestamp()
