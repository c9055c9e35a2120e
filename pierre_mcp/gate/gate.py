"""The gate: the one way from a caller to the data, and the one record of it.

``serve`` runs a tool; ``prompt`` writes a prompt, which sees no person's data; ``act``
runs what the owner does himself; ``maintain`` runs upkeep that sees no person's data
either; ``note`` records what has no data at all (a process starting). Admitting and
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
from dataclasses import replace
from typing import Any, TypeVar

from pierre_mcp.clock import Clock
from pierre_mcp.errors import (
    AuditTamperedError,
    PierreError,
    PolicyChangedError,
    PreviewWritesError,
    PromptUnknownError,
    ResourceUnknownError,
    SealBudgetError,
    StaleKeyError,
    StorePutBackError,
    ToolUnknownError,
)
from pierre_mcp.gate.admission import About, Admission, Admitted
from pierre_mcp.gate.answering import answer_of, refusal_of
from pierre_mcp.gate.arguments import as_bytes, parse
from pierre_mcp.gate.lines import Facts
from pierre_mcp.gate.records import Records
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Owner, weighed_as
from pierre_mcp.model.fields import Params
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.steps import Listener, Progress, Step, UpkeepStep, silent
from pierre_mcp.store import people
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.high_water import Mark
from pierre_mcp.store.turn import Turn
from pierre_mcp.tools.table import NO_RESOURCE, Prompt, Table, Tool

__all__ = ["About", "Gate"]

T = TypeVar("T")
LOG = logging.getLogger(__name__)

UNKNOWN_TOOL = "unknown_tool"
"""Recorded in place of a name that no tool has: such a name could say anything."""

UNKNOWN_PROMPT = "unknown_prompt"
"""Likewise."""

_TRIES = 3
_STAGES = 3
_MOST_ASKED = 200


class Gate:
    """Serves one store.

    Args:
        store: Its units are the gate's alone.
        table: Every tool there is.
        clock: Tells when.
        about: What this program is called.
    """

    def __init__(self, store: Store, table: Table, clock: Clock, about: About) -> None:
        self._store = store
        self._table = table
        self._admit = Admission(clock, about, table.readers())
        self._record = Records(store, clock)

    def serve(
        self,
        call: Call,
        arguments: Mapping[str, Any] | None,
        turn: Turn | None = None,
        listen: Listener = silent,
    ) -> Answer:
        """Run the tool that ``call`` names and return its answer, already recorded.

        Refusals and failures come back as answers too, recorded alike.

        Args:
            call: Who asks, and for which tool.
            arguments: As they came; held to the tool's model here.
            turn: By which the call may be cancelled.
            listen: Hears how far it is, in fixed words: it leaves before the record.
        """
        facts = Facts()
        call = self._named(call, facts)
        return self._answered(
            call,
            facts,
            lambda: self._served(call, arguments, facts, turn or Turn(), listen),
        )

    def prompt(
        self,
        call: Call,
        arguments: Mapping[str, Any] | None,
        turn: Turn | None = None,
    ) -> Answer:
        """Return the text of the prompt that ``call`` names, already recorded.

        It needs no consent: it is written from the arguments alone, and tells of
        nobody. What the tools it leads to tell is weighed when they are called.
        """
        facts = Facts()
        prompt = self._table.prompts.get(call.action)
        if prompt is None:
            call = _hidden(call, UNKNOWN_PROMPT, facts)
        else:
            call = replace(call, action=f"prompt:{prompt.name}")
        return self._answered(
            call,
            facts,
            lambda: self._written(call, prompt, arguments, facts, turn or Turn()),
        )

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

    def look(self, call: Call, work: Callable[[Tx, Grant], T]) -> T:
        """Show the owner what is his, and record that it was shown.

        Raises:
            PierreError: What ``work`` raised; recorded.
            RuntimeError: It is not the owner who asks.
        """
        with self._record.of_failures(call, Facts()):
            with self._store.reading() as tx, self._admit.of_owner(tx, call) as let_in:
                found = work(tx, let_in.grant)
            self.note(call, Outcome.DONE)
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
        work: Callable[[Tx, Maintenance, Identity], T],
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
            who = people.owner(tx)
            done = work(tx, self._admit.to_upkeep(call), who)
            self._record.add(tx, call, Outcome.DONE, facts, who)
        return done

    def maintain(self, call: Call, work: Callable[[Tx, Maintenance, Identity], T]) -> T:
        """Do upkeep that shows no person's data, and record it.

        A log found tampered with takes no more rows, nor does that of a store that was
        put back; what was found is still told.

        Raises:
            PierreError: What ``work`` raised; recorded.
        """
        with self._record.of_failures(call, Facts()), self._store.reading() as tx:
            found = work(tx, self._admit.maintenance(), people.owner(tx))
        try:
            self.note(call, Outcome.DONE)
        except AuditTamperedError:
            LOG.warning("the audit log was changed from outside; no row was added")
        except StorePutBackError:
            LOG.warning("the store was put back; no row was added")
        return found

    def marks(self) -> tuple[Mark | None, Mark]:
        """Return how far the log had come by the outside file, and how far it is."""
        return self._store.noted()

    def note(
        self,
        call: Call,
        outcome: Outcome,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what touches no data: a process starting, a client saying its name."""
        facts = Facts(detail=dict(detail or {}))
        with self._store.writing() as tx:
            self._record.add(tx, call, outcome, facts, people.owner(tx))

    def watched(self, call: Call) -> AbstractContextManager[None]:
        """Record how the body ends, if it ends early."""
        return self._record.of_failures(call, Facts())

    def _answered(self, call: Call, facts: Facts, work: Callable[[], Answer]) -> Answer:
        try:
            with self._record.of_failures(call, facts):
                return work()
        except PierreError as error:
            return refusal_of(error)
        except Exception:  # noqa: BLE001 - whatever broke, only a word leaves
            return refusal_of(PierreError())

    def _written(
        self,
        call: Call,
        prompt: Prompt[Any] | None,
        arguments: Mapping[str, Any] | None,
        facts: Facts,
        turn: Turn,
    ) -> Answer:
        facts.arguments = as_bytes(arguments)
        if prompt is None:
            raise PromptUnknownError
        # Hosts send the empty field of a form as an empty text: it was left out.
        given = {name: of for name, of in (arguments or {}).items() if of != ""}
        text = prompt.write(parse(prompt.takes, as_bytes(given)))
        with self._store.writing() as tx:
            turn.check()
            facts.answer = text.encode()
            self._record.add(tx, call, _released(call), facts, people.owner(tx))
        return Answer(text=text)

    def _served(
        self,
        call: Call,
        arguments: Mapping[str, Any] | None,
        facts: Facts,
        turn: Turn,
        listen: Listener,
    ) -> Answer:
        listen(Progress(0, _STAGES, "checking consent"))
        facts.arguments = as_bytes(arguments)
        tool = self._tool(call.action)
        params = parse(tool.takes, facts.arguments)
        if tool.terms.writes:
            return self._write(call, tool, params, facts, turn)
        listen(Progress(1, _STAGES, "reading"))
        return self._read(call, tool, params, facts, turn, listen)

    def _read(
        self,
        call: Call,
        tool: Tool[Any, Any],
        params: Params,
        facts: Facts,
        turn: Turn,
        listen: Listener,
    ) -> Answer:
        for _ in range(2):
            with (
                self._store.reading(turn) as tx,
                self._admit.to_tool(tx, call, tool, params) as admitted,
            ):
                answer = answer_of(tx, admitted.grant, tool, params)
            listen(Progress(2, _STAGES, "recording"))
            with self._store.writing() as tx:
                turn.check()  # only now: the wait for the lock may have been long
                if last := self._admit.still_holds(tx, admitted):
                    facts.released(answer, admitted.pairs)
                    who, ended = admitted.who, _released(call)
                    self._record.add(tx, call, ended, facts, who, after=last)
                    return answer
        raise PolicyChangedError

    def _write(
        self,
        call: Call,
        tool: Tool[Any, Any],
        params: Params,
        facts: Facts,
        turn: Turn,
    ) -> Answer:
        if _is_preview(call):
            raise PreviewWritesError
        with self._store.writing() as tx:
            with self._admit.to_tool(tx, call, tool, params) as admitted:
                answer = answer_of(tx, admitted.grant, tool, params)
            turn.check()
            facts.released(answer, admitted.pairs)
            self._record.add_changed(tx, call, _released(call), facts, admitted.who)
        return answer

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

    def _named(self, call: Call, facts: Facts) -> Call:
        """Keep a name that no tool has out of the plain log; it is sealed beside it."""
        if call.action in self._table.tools or call.action == NO_RESOURCE:
            return call
        return _hidden(call, UNKNOWN_TOOL, facts)

    def _tool(self, name: str) -> Tool[Any, Any]:
        tool = self._table.tools.get(name)
        if tool is None:
            raise ResourceUnknownError if name == NO_RESOURCE else ToolUnknownError
        return tool


def _hidden(call: Call, action: str, facts: Facts) -> Call:
    facts.detail = {"asked": call.action[:_MOST_ASKED]}
    return replace(call, action=action)


def _is_preview(call: Call) -> bool:
    return isinstance(call.caller, Owner) and call.caller.preview_as is not None


def _released(call: Call) -> Outcome:
    return Outcome.PREVIEW if _is_preview(call) else Outcome.RELEASED
