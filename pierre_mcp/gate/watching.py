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
from pierre_mcp.model.grant import Maintenance

if TYPE_CHECKING:  # no call waits for it
    from pierre_mcp.services import watching
    from pierre_mcp.store.alerts import ListedAlert
else:
    watching = Late("pierre_mcp.services.watching")


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look came to.

    Attributes:
        raised: The alerts it raised, recorded and kept by now.
        rows: How many rows of the log it looked at.
        more: Whether there are more.
    """

    raised: tuple["ListedAlert", ...] = ()
    rows: int = 0
    more: bool = False


class Watching(Serving):
    """Serves one store: the part of ``Gate`` that watches."""

    _looked_to = -1

    def watch(self, call: Call) -> Watched:
        """Look through some of what the log has new, and raise what is to be raised.

        Refusals that were counted and stand in no row yet are entered first.

        Raises:
            AuditTamperedError: The log is not as we left it.
            RuntimeError: It is neither the owner nor the system that asks.
        """
        leave = self._admit.to_upkeep(call)
        self._pacing.settle(call.session, ending=False)
        with self._store.reading() as tx:
            if not watching.waits(tx, self._admit.concerned(tx), self._looked_to):
                return Watched()
        return self._look(call, leave)

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

    def _look(self, call: Call, leave: Maintenance) -> Watched:
        alerting = Call(System(), ALERT, call.session)
        with self._store.writing() as tx:
            who = self._admit.concerned(tx)
            if who is None:  # erased meanwhile
                return Watched()
            looked = watching.begin(tx, leave, who, now=self._clock.now())
            raised, upto = list["ListedAlert"](), looked.memory.seq
            for draft in looked.drafts:
                facts = Facts(detail=draft.model_dump(mode="json", exclude={"row"}))
                row = self._record.add(tx, alerting, Outcome.DONE, facts, who)
                raised.append(watching.keep(tx, leave, who, draft, row))
                upto = upto if looked.more else row
            watching.end(tx, who, looked, upto)
        self._looked_to = upto
        return Watched(tuple(raised), looked.rows, more=looked.more)
