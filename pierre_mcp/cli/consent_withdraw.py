"""``pierre-mcp consent withdraw``: by scope, by assistant, or by purpose; at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from pierre_mcp.cli.consent_deleting import (
    Anyway,
    DeleteData,
    Deletion,
    withdraw_and_delete,
)
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import AsJson, current, say, say_json
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.scope import Purpose, Scope
from pierre_mcp.services import consents
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx

_Gone = Mapping[str, Sequence[Scope]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be taken back.

    Attributes:
        recipient: From whom; None from whoever is meant: the only one that holds
            anything, or with a purpose every one that holds it.
        chosen: Exact scopes; None all of them.
        purpose: Whether these came from a purpose.
    """

    recipient: str | None
    chosen: tuple[Scope, ...] | None
    purpose: bool = False

    def from_whom(self, tx: Tx, grant: Grant) -> tuple[str, ...]:
        """Return the recipients that are meant.

        Raises:
            NotTakenError: There is none, or it cannot be told which.
        """
        if self.recipient is not None:
            return (self.recipient,)
        if self.purpose and self.chosen:
            return consents.of_purpose(tx, grant, self.chosen[0])
        return (_only_holder(tx, grant),)

    def work(self, tx: Tx, grant: Grant) -> _Gone:
        """Take it back; return what was held, by recipient."""
        return {
            recipient: consents.withdraw(tx, grant, recipient, self.chosen, by="owner")
            for recipient in self.from_whom(tx, grant)
        }

    def preview(self, tx: Tx, grant: Grant) -> _Gone:
        """Return what would be taken back."""
        policy, now = policies.read(tx, grant).policy, grant.here.now
        return {
            recipient: tuple(
                scope
                for scope in policy.of(recipient).in_force(now)
                if self.chosen is None or scope in self.chosen
            )
            for recipient in self.from_whom(tx, grant)
        }


def withdraw(  # noqa: PLR0913, PLR0917 - each is an option
    wanted: Annotated[list[str] | None, typer.Argument(metavar="[SCOPE...]")] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="From which assistant; may be left out of one."),
    ] = None,
    purpose: Annotated[
        Purpose | None,
        typer.Option(help="A purpose, from every assistant or the one named."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be taken back.")
    ] = False,
    delete_data: DeleteData = False,
    anyway: Anyway = False,
    as_json: AsJson = False,
) -> None:
    """Take consent back, at once: all of an assistant's, exact scopes, or a purpose."""
    asked = _asked(wanted, to, purpose)
    session = current()
    if delete_data and purpose is not None:
        msg = "A purpose names no data: withdraw it without --delete-data."
        raise NotTakenError(msg)
    if anyway and not delete_data:
        msg = "--anyway goes with --delete-data."
        raise NotTakenError(msg)
    if delete_data:
        [recipient] = session.look("consent withdraw", asked.from_whom)
        deletion = Deletion(recipient, asked.chosen, dry_run, anyway, as_json)
        withdraw_and_delete(session, deletion)
        return
    with session.gate() as gate:
        if dry_run:
            gone = gate.look(session.owner("consent withdraw"), asked.preview)
        else:
            detail = {"recipient": to or "", "scopes": asked.chosen or "all"}
            call = session.owner("consent withdraw")
            gone = gate.act(call, asked.work, detail=detail)
    if as_json:
        say_json(_as_json(gone, dry_run=dry_run))
        return
    if not gone:
        say("Nothing was held.")
    for recipient, held in gone.items():
        words = ", ".join(held) or "nothing was held"
        verb = "Would be withdrawn" if dry_run else "Withdrawn"
        say(f"{verb} from {recipient}: {words}.")


def _asked(
    wanted: Sequence[str] | None, to: str | None, purpose: Purpose | None
) -> Asked:
    recipient = None if to is None else scopes.check_label(to)
    if purpose is None:
        chosen = tuple(scopes.parse(text) for text in wanted) if wanted else None
        return Asked(recipient, chosen)
    if wanted:
        msg = "Take back either exact scopes or a purpose."
        raise NotTakenError(msg)
    return Asked(recipient, (scopes.processing(purpose),), purpose=True)


def _as_json(gone: _Gone, *, dry_run: bool) -> dict[str, object]:
    if len(gone) == 1:
        ((recipient, held),) = gone.items()
        return {"recipient": recipient, "withdrawn": held, "dry_run": dry_run}
    return {"withdrawn": gone, "dry_run": dry_run}


def _only_holder(tx: Tx, grant: Grant) -> str:
    """Return the one recipient that holds anything.

    Raises:
        NotTakenError: There is none, or more than one.
    """
    recipients = policies.read(tx, grant).policy.recipients
    holders = [name for name, mine in recipients.items() if mine.scopes]
    if len(holders) == 1:
        return holders[0]
    if not holders:
        msg = "No assistant holds any consent; of an earlier one, say whose with --to."
    else:
        msg = f"Say from which, with --to: {', '.join(sorted(holders))}."
    raise NotTakenError(msg)
