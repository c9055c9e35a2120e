"""What an assistant or a person asks: a tool run, a prompt written, each recorded.

The larger half of the gate, in a module of its own; ``gate`` says what both keep.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pierre_mcp.clock import Clock
from pierre_mcp.errors import (
    PierreError,
    PolicyChangedError,
    PreviewWritesError,
    PromptUnknownError,
    RateLimitedError,
    ResourceUnknownError,
    ToolUnknownError,
)
from pierre_mcp.gate.admission import About, Admission, Admitted
from pierre_mcp.gate.answering import answer_of, refusal_of
from pierre_mcp.gate.arguments import as_bytes, parse
from pierre_mcp.gate.lines import Facts
from pierre_mcp.gate.pacing import Pacing
from pierre_mcp.gate.records import Records
from pierre_mcp.model.answer import Answer
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.fields import Params
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.scope import Pair
from pierre_mcp.services.steps import Listener, Progress, silent
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.turn import Turn
from pierre_mcp.tools.table import NO_RESOURCE, Prompt, Table, Tool

UNKNOWN_TOOL = "unknown_tool"
"""Recorded in place of a name that no tool has: such a name could say anything."""

UNKNOWN_PROMPT = "unknown_prompt"
"""Likewise."""

_CHECKING, _READING, _RECORDING = (
    Progress(done, 3, doing)
    for done, doing in enumerate(("checking consent", "reading", "recording"))
)
"""The stages of a call, as its listener hears of them."""

_MOST_ASKED = 200


class Serving:
    """Serves one store: the part of ``Gate`` that answers.

    Args:
        store: Its units are the gate's alone.
        table: Every tool there is.
        clock: Tells when.
        about: What this program is called.
    """

    def __init__(self, store: Store, table: Table, clock: Clock, about: About) -> None:
        self._store = store
        self._table = table
        self._admit = Admission(clock, about, table.readers, self._check_pace)
        self._record = Records(store, clock, self._admit.concerned, self._check_pace)
        self._pacing = Pacing(
            store, clock, self._record, self._admit.concerned, about.command
        )
        self._clock = clock

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

    def _answered(self, call: Call, facts: Facts, work: Callable[[], Answer]) -> Answer:
        try:
            with self._record.of_failures(call, facts):
                return work()
        except RateLimitedError as error:
            return self._held_back(call, error)
        except PierreError as error:
            return refusal_of(error)
        except Exception:  # noqa: BLE001 - whatever broke, only a word leaves
            return refusal_of(PierreError())

    def _held_back(self, call: Call, error: RateLimitedError) -> Answer:
        try:
            self._pacing.refused(call)
        except PierreError as second:  # it could not be recorded
            return refusal_of(second)
        except Exception:  # noqa: BLE001 - whatever broke, only a word leaves
            return refusal_of(PierreError())
        return refusal_of(error)

    def _check_pace(self, tx: Tx, call: Call, who: Identity | None) -> None:
        self._pacing.check(tx, call, who)

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
            who = self._admit.owner(tx)
            self._check_pace(tx, call, who)
            facts.answer = text.encode()
            self._record.add(tx, call, _released(call), facts, who)
        return Answer(text=text)

    def _served(
        self,
        call: Call,
        arguments: Mapping[str, Any] | None,
        facts: Facts,
        turn: Turn,
        listen: Listener,
    ) -> Answer:
        listen(_CHECKING)
        facts.arguments = as_bytes(arguments)
        tool = self._tool(call.action)
        params = parse(tool.takes, facts.arguments)
        if tool.terms.writes:
            return self._write(call, tool, params, facts, turn)
        listen(_READING)
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
            listen(_RECORDING)
            with self._store.writing() as tx:
                turn.check()  # only now: the wait for the lock may have been long
                if last := self._admit.still_holds(tx, admitted):
                    facts.released(answer, _opened(tool, admitted), admitted.level)
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
            facts.released(answer, _opened(tool, admitted), admitted.level)
            self._record.add_changed(tx, call, _released(call), facts, admitted.who)
        return answer

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


def _opened(tool: Tool[Any, Any], admitted: Admitted) -> frozenset[Pair]:
    """Return what was open to an answer: never more than its tool declares."""
    return frozenset(p for p in admitted.pairs if p[1] in tool.terms.opens)


def _hidden(call: Call, action: str, facts: Facts) -> Call:
    facts.detail = {"asked": call.action[:_MOST_ASKED]}
    return replace(call, action=action)


def _is_preview(call: Call) -> bool:
    return isinstance(call.caller, Owner) and call.caller.preview_as is not None


def _released(call: Call) -> Outcome:
    return Outcome.PREVIEW if _is_preview(call) else Outcome.RELEASED
