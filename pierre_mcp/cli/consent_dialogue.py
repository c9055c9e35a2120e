"""The dialogue of a consent: everything that matters shown, three words typed, given.

What is shown is what holds: the scopes about to be given, the privacy level in force
for this recipient, the notice word for word, and an example that the real tool made of
the person's own newest activity, as it would leave. Whoever does not type the words has
refused, and the ledger says so.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import ChallengeFailedError
from pierre_mcp.cli.session import Session, err, say, say_json
from pierre_mcp.errors import LockPassphraseWrongError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.caller import Call, Owner
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.scope import Kind, Scope
from pierre_mcp.policy import bundles, objections
from pierre_mcp.policy.levels import IN_WORDS, level_of
from pierre_mcp.policy.notices import CURRENT
from pierre_mcp.policy.privacy import clean
from pierre_mcp.policy.telling import SELF
from pierre_mcp.services import consents
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.activities import GET_ACTIVITIES
from pierre_mcp.tools.activity import GET_ACTIVITY
from pierre_mcp.tools.operations import IMPORT_INBOX
from pierre_mcp.tools.wording import count

_PURPOSES: Final = {
    scopes.Purpose.INSIGHTS: "working out insights from it",
    scopes.Purpose.PREDICTIONS: "predicting what you may do",
}
_FEW: Final = 3
_UNTELLING: Final = {"indoor", "pieces_truncated"}
_WORKS: Final = {
    scopes.tool(IMPORT_INBOX.name): "import new files from your inbox folder whenever "
    "it likes, and be told how many there are (set the folder with setup --inbox)"
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A consent about to be given.

    Attributes:
        sources: Those there is something of.
        end: When it would expire, UTC.
        bundled: Whether it is a bundle, told by what it means and not scope by scope.
    """

    recipient: str
    chosen: tuple[Scope, ...]
    sources: Sequence[str]
    end: datetime
    bundled: bool = False

    @property
    def categories(self) -> tuple[Category, ...]:
        """What it would let be read, of whatever source."""
        pairs = (scopes.pair_of(scope) for scope in self.chosen)
        found = {pair[1] for pair in pairs if pair is not None}
        return tuple(category for category in Category if category in found)

    @property
    def purposes(self) -> tuple[str, ...]:
        """What it would let the data be used for, in plain words."""
        return tuple(
            words
            for purpose, words in _PURPOSES.items()
            if scopes.processing(purpose) in self.chosen
        )


def conclude(session: Session, offer: Offer, *, as_json: bool = False) -> None:
    """Show an offer whole, ask once, and give it.

    Raises:
        ChallengeFailedError: Other words were typed; the refusal is on record.
        LockPassphraseWrongError: Another passphrase was; likewise.
        NoTerminalError: There is nobody to ask.
    """
    require_terminal()
    _show(session, offer)
    try:
        challenge("give this consent")
        entry_id, level = _give(session, offer)
    except (ChallengeFailedError, LockPassphraseWrongError, KeyboardInterrupt):
        _refused(session, offer)
        raise
    if as_json:
        say_json(
            {
                "recipient": offer.recipient,
                "scopes": offer.chosen,
                "expires_at": offer.end,
                "level": level,
                "notice": CURRENT.version,
                "receipt_of": entry_id,
            }
        )
        return
    command = session.settings.command
    say(
        f"Given to {offer.recipient} until {offer.end.date()}. Take it back at any "
        f"time with: {command} consent withdraw --to {offer.recipient}"
    )
    say(f"A signed receipt: {command} consent receipt {entry_id}")


def _give(session: Session, offer: Offer) -> tuple[str, Level]:
    def work(tx: Tx, grant: Grant) -> Policy:
        return consents.give(
            tx, grant, offer.recipient, offer.chosen, expires_at=offer.end
        )

    detail = {**_detail(offer), "expires_at": offer.end.isoformat()}
    mine = session.widen("consent grant", work, detail=detail).of(offer.recipient)
    return mine.scopes[offer.chosen[0]].ledger_id, level_of(mine.level)


def _refused(session: Session, offer: Offer) -> None:
    def work(tx: Tx, grant: Grant) -> None:
        consents.refuse(tx, grant, offer.recipient, offer.chosen, expires_at=offer.end)

    with session.gate() as gate:
        gate.act(session.owner("consent refused"), work, detail=_detail(offer))


def _detail(offer: Offer) -> dict[str, Any]:
    return {"recipient": offer.recipient, "scopes": list(offer.chosen)}


def _show(session: Session, offer: Offer) -> None:
    console, recipient = err(), offer.recipient
    policy, example = _found_out(session, offer)
    level = level_of(policy.of(recipient).level)
    console.print(f"\n{CURRENT.text}(Notice {CURRENT.version})\n")
    console.print(f"Consent for {recipient}, until {offer.end.date()}\n", style="bold")
    for line in _bundle_lines(offer) if offer.bundled else _scope_lines(offer):
        console.print(line)
    console.print(
        f"\nWhat it reads goes to {recipient}'s provider, who may keep it. Every "
        "answer is recorded here."
    )
    if offer.purposes:
        console.print(f"It is for {' and '.join(offer.purposes)}, and nothing else.")
    console.print(f"Privacy level {level}: {'; '.join(IN_WORDS[level])}.")
    console.print(f"It ends by itself on {offer.end.date()}.\n")
    if against := objections.about(policy.blocks, recipient):
        lifting = objections.lifting(against, session.settings.command)
        console.print(
            f"You object to {', '.join(against)}, whatever you consent to. Lift that "
            f"with: {'; '.join(lifting)}\n"
        )
    for line in example:
        console.print(line)


def _bundle_lines(offer: Offer) -> list[str]:
    left = [c for c in bundles.EXTRAS if c not in offer.categories]
    tools = sum(scopes.kind_of(s) is Kind.EXECUTION for s in offer.chosen)
    lines = [
        f"It could then read, from {', '.join(map(_called, offer.sources))}:",
        *(f"  - {bundles.MEANING[category]}" for category in offer.categories),
        f"by {tools} tools that read and change nothing.",
    ]
    if left:
        lines.append(f"\nIt could not read: {', '.join(left)} (add with --with).")
    return lines


def _scope_lines(offer: Offer) -> list[str]:
    lines, tools = [], [s for s in offer.chosen if scopes.kind_of(s) is Kind.EXECUTION]
    if len(tools) > _FEW:
        names = ", ".join(scope.partition(":")[2] for scope in tools)
        lines.append(f"  - {len(tools)} tools: {names}")
    for scope in offer.chosen:
        if scope in tools and len(tools) > _FEW:
            continue
        pair = scopes.pair_of(scope)
        nothing = pair is not None and pair[0] not in offer.sources
        note = " (nothing imported from there yet)" if nothing else ""
        lines.append(f"  - {scope}: {meaning(scope)}{note}")
    return lines


def meaning(scope: Scope) -> str:
    """Return what a scope lets an assistant do, in plain words."""
    pair = scopes.pair_of(scope)
    if pair is not None:
        return f"{bundles.MEANING[pair[1]]} (from {pair[0]})"
    return {
        Kind.PROCESSING: "work this out from your data",
        Kind.TRANSMISSION: "send answers there",
        Kind.EXECUTION: _WORKS.get(scope, "run this tool"),
    }[scopes.kind_of(scope)]


def _called(source: str) -> str:
    return f"{source} (what you said yourself)" if source == SELF else source


def _found_out(session: Session, offer: Offer) -> tuple[Policy, list[str]]:
    """Return the policy in force, and an example of what would leave, in lines.

    The example is the real answer of the real tools, weighed as if the offer had been
    taken: recorded as a preview, which is no disclosure.
    """
    owner = Owner(preview_as=offer.recipient, supposing=offer.chosen)

    def served(gate: Gate, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        answer = gate.serve(Call(owner, tool, session.id), arguments)
        found: dict[str, Any] = json.loads(answer.structured or b"{}")
        return found

    with session.gate() as gate:
        policy = gate.look(
            session.owner("consent"),
            lambda tx, grant: policies.read(tx, grant).policy,
        )
        columns = served(gate, GET_ACTIVITIES.name, {"limit": 1}).get("activities")
        if columns is None:
            example = ["By this alone no list of activities could leave yet."]
        elif not columns.get("id"):
            example = ["There is no activity yet of which to show an example."]
        else:
            # The fuller answer, where that too could leave.
            (shown_as,) = columns["id"]
            whole = served(gate, GET_ACTIVITY.name, {"id": shown_as})
            example = _example(offer.recipient, whole or _first(columns))
    return policy, example


def _first(columns: Mapping[str, Any]) -> dict[str, Any]:
    lists = {name: of for name, of in columns.items() if isinstance(of, list)}
    return {name: values[0] for name, values in lists.items()}


def _example(recipient: str, fields: Mapping[str, Any]) -> list[str]:
    flat = {**fields, **fields.get("untrusted_text", {})}
    facts = {
        name: value
        for name, value in flat.items()
        if isinstance(value, str | int | float) and name not in _UNTELLING
    }
    lats, lons = (_route(fields, axis) for axis in ("lat_deg", "lon_deg"))
    if lats and lons:
        facts["route"] = f"{count(len(lats), 'place')}, the first {lats[0]}, {lons[0]}"
    return [
        f"For example, this is how your newest activity would reach {recipient}:",
        *(f"  {name}: {clean(str(value))}" for name, value in facts.items()),
    ]


def _route(fields: Mapping[str, Any], axis: str) -> list[float]:
    found: list[float] = (fields.get("route") or {}).get(axis, [])
    return found
