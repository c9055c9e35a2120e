"""``consent withdraw --delete-data``: withdrawn, and what was collected under it gone.

The withdrawal takes effect first, and at once. The deletion is ordered by an act of its
own, which the consent lock guards like every erasure: its passphrase is asked for
before anything is changed. Cut short, the same command goes on with it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from pierre_mcp.cli import retention
from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import NotTakenError, OthersConsentError
from pierre_mcp.cli.pace import Brake, listening
from pierre_mcp.cli.refresh import renew
from pierre_mcp.cli.session import Session, err, say, say_json
from pierre_mcp.errors import PersonErasedError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.scope import Scope
from pierre_mcp.services import consents, deleting
from pierre_mcp.services.deleting import Collected
from pierre_mcp.services.expunging import Due, Expunging
from pierre_mcp.store.database import Tx

DELETE = "consent delete data"

DeleteData = Annotated[
    bool,
    typer.Option("--delete-data", help="Also delete what was collected under it."),
]
Anyway = Annotated[
    bool,
    typer.Option("--anyway", help="Delete also what other assistants may read still."),
]


@dataclass(frozen=True, slots=True)
class Deletion:
    """What was asked for.

    Attributes:
        chosen: Exact scopes; None: all of the recipient's.
    """

    recipient: str
    chosen: Collection[Scope] | None
    dry_run: bool
    anyway: bool
    as_json: bool


def withdraw_and_delete(session: Session, asked: Deletion) -> None:
    """Show what goes, ask, withdraw, and delete.

    Raises:
        ChallengeFailedError: Other words were typed; nothing was changed.
        LockPassphraseWrongError: Another passphrase was; likewise.
        NotTakenError: No data was collected under what is withdrawn.
        OthersConsentError: Others may read some of it, and --anyway was not given.
    """
    if not asked.dry_run:
        require_terminal()
    found = session.look("consent withdraw", partial(_collected, asked=asked))
    due = _outlook(session, found)
    if asked.dry_run and asked.as_json:
        say_json(_as_json(asked, found, due))
        return
    _show(found, due)
    if asked.dry_run:
        return
    if not found.pairs:
        msg = "No data is named by that: withdraw it without --delete-data."
        raise NotTakenError(msg)
    if found.others and not asked.anyway:
        raise OthersConsentError
    challenge("withdraw this and delete it for good")
    _carry_out(session, asked, found)


def _carry_out(session: Session, asked: Deletion, found: Collected) -> None:
    pairs = [f"{source}:{category}" for source, category in found.pairs]
    detail = {"recipient": asked.recipient, "pairs": pairs}
    job, order = Expunging(deleting.all_of(found.pairs)), session.owner(DELETE)
    with session.gate() as gate:
        sign = session.unlocked(gate, order)
        gone = gate.act(
            session.owner("consent withdraw"),
            partial(_withdrawn, asked=asked),
            detail={"recipient": asked.recipient, "scopes": _named(asked)},
        )
        # An order of its own, by the door of all that the consent lock guards.
        gate.widen(order, lambda *_: None, detail=detail, sign=sign)
        free = retention.delete(session, gate, DELETE, job)
        if any(category is Category.ACTIVITIES for _, category in found.pairs):
            _settle(session, gate)
    if asked.as_json:
        told = {"recipient": asked.recipient, "withdrawn": gone}
        say_json({**told, "deleted": job.counts, "swept": free})
        return
    say(f"Withdrawn from {asked.recipient}: {', '.join(gone) or 'nothing was held'}.")
    retention.tell_deleted(job, free=free, as_json=False)


def _settle(session: Session, gate: Gate) -> None:
    """Part what only belonged together by a recording that is gone."""
    with listening("looking") as listen, Brake() as brake:
        renew(session, gate, brake, listen)


def _collected(tx: Tx, grant: Grant, *, asked: Deletion) -> Collected:
    return deleting.collected(tx, grant, asked.recipient, asked.chosen)


def _withdrawn(tx: Tx, grant: Grant, *, asked: Deletion) -> tuple[Scope, ...]:
    return consents.withdraw(tx, grant, asked.recipient, asked.chosen, by="owner")


def _outlook(session: Session, found: Collected) -> list[Due]:
    def work(tx: Tx, maintenance: Maintenance, who: Identity | None) -> list[Due]:
        if who is None:
            raise PersonErasedError
        return deleting.outlook(tx, maintenance, who, found.pairs)

    with session.gate() as gate:
        return gate.maintain(session.owner("consent delete preview"), work)


def _show(found: Collected, due: list[Due]) -> None:
    out = err()
    out.print("\nThis goes, for good:", style="bold")
    for one in due:
        out.print(f"  - {_pair(one)}: {retention.described(one)}")
    if not due:
        out.print("  - nothing: no consent to data is named")
    if any(one.recordings for one in due):
        out.print("  and the kept files of these recordings, which hold everything")
    for recipient, pairs in found.others.items():
        names = ", ".join(f"{source}:{category}" for source, category in pairs)
        out.print(f"\n{recipient} still has consent for: {names}", style="bold")


def _as_json(asked: Deletion, found: Collected, due: list[Due]) -> dict[str, Any]:
    return {
        "recipient": asked.recipient,
        "would_delete": {
            _pair(one): {"recordings": one.recordings, "values": one.values}
            for one in due
        },
        "others": {
            recipient: [f"{source}:{category}" for source, category in pairs]
            for recipient, pairs in found.others.items()
        },
    }


def _pair(one: Due) -> str:
    return f"{one.target.source}:{one.target.category}"


def _named(asked: Deletion) -> list[Scope] | str:
    return "all" if asked.chosen is None else list(asked.chosen)
