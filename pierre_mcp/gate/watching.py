"""Looking through the log for misuse, after the calls and never within one.

The part of ``Gate`` that watches; ``gate`` says what all parts keep. One writing step
looks at rows, records what it raises, keeps it and moves the mark: of several servers
none raises it twice, and none misses it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pierre_mcp.gate.lines import ALERT, Facts
from pierre_mcp.gate.serving import Serving
from pierre_mcp.late import Late
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, System
from pierre_mcp.store.alerts import ListedAlert

if TYPE_CHECKING:  # no call waits for it
    from pierre_mcp.services import watching
else:
    watching = Late("pierre_mcp.services.watching")


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look came to.

    Attributes:
        raised: The alerts it raised, recorded and kept by now.
        rows: How many rows of the log it looked at.
    """

    raised: tuple[ListedAlert, ...] = ()
    rows: int = 0


class Watching(Serving):
    """Serves one store: the part of ``Gate`` that watches."""

    _looked_to = -1

    def watch(self, call: Call) -> Watched:
        """Look through what the log has new, and raise what is to be raised.

        Refusals that were counted and stand in no row yet are entered first.

        Raises:
            AuditTamperedError: The log is not as we left it.
            RuntimeError: It is neither the owner nor the system that asks.
        """
        self._admit.to_upkeep(call)
        self._pacing.settle(call.session, ending=False)
        raised, rows, more = list[ListedAlert](), 0, self._waits()
        while more:
            found, looked, more = self._look(call)
            raised += found
            rows += looked
        return Watched(tuple(raised), rows)

    def introduce(self, call: Call, said: Mapping[str, Any]) -> None:
        """Record that a client says what it is called; of that the row has a digest.

        From here on a recipient that is held back is, in this process too.
        """
        facts = Facts(detail=dict(said))
        facts.arguments = str(said.get("client", "")).encode()
        with self._store.writing() as tx:
            who = self._admit.concerned(tx)
            self._pacing.learn(tx, call, who)
            self._record.add(tx, call, Outcome.STARTED, facts, who)

    def settle(self, session: str) -> None:
        """Enter the refusals that stand in no row yet: the process is ending."""
        self._pacing.settle(session, ending=True)

    def pause_s(self) -> float:
        """Return how long the next call waits before it is let in; from any thread."""
        return self._pacing.pause_s()

    def _waits(self) -> bool:
        with self._store.reading() as tx:
            return watching.waits(tx, self._admit.concerned(tx), self._looked_to)

    def _look(self, call: Call) -> tuple[list[ListedAlert], int, bool]:
        leave = self._admit.to_upkeep(call)
        with self._store.writing() as tx:
            who = self._admit.concerned(tx)
            if who is None:  # erased meanwhile
                return [], 0, False
            looked = watching.begin(tx, leave, who, now=self._clock.now())
            raised, upto = list[ListedAlert](), looked.memory.seq
            alerting = Call(System(), ALERT, call.session)
            for draft in looked.drafts:
                facts = Facts(detail=draft.model_dump(mode="json", exclude={"row"}))
                row = self._record.add(tx, alerting, Outcome.DONE, facts, who)
                raised.append(watching.keep(tx, leave, who, draft, row))
                upto = upto if looked.more else row
            watching.end(tx, who, looked, upto)
        self._looked_to = upto
        return raised, looked.rows, looked.more
