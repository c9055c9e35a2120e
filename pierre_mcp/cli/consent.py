"""``pierre-mcp consent``: give assistants what they may have, and see to it.

What is asked and shown before anything is given is in ``consent_dialogue``; the other
commands have modules of their own.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated

import typer

from pierre_mcp.cli import (
    consent_clock,
    consent_history,
    consent_lock,
    consent_receipt,
    consent_show,
    consent_tokens,
    consent_withdraw,
)
from pierre_mcp.cli.challenge import require_terminal
from pierre_mcp.cli.consent_dialogue import Offer, conclude
from pierre_mcp.cli.consent_options import Expires, To, ask_recipient, extras, until
from pierre_mcp.cli.faults import NothingImportedError, NotTakenError
from pierre_mcp.cli.session import AsJson, Session, current
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy import bundles
from pierre_mcp.services import consents
from pierre_mcp.tools.catalogue import table

app = typer.Typer(
    help="Give, withdraw and list what assistants may have. Without a command: a "
    "guided consent for one assistant.",
    epilog="For example: pierre-mcp consent --to claude-desktop --with location,notes",
    invoke_without_command=True,
)


@app.callback()
def guided(
    context: typer.Context,
    *,
    to: To = None,
    with_: Annotated[
        str,
        typer.Option("--with", help="Add categories: location, notes, sleep, body."),
    ] = "",
    expires: Expires = "1y",
    as_json: AsJson = False,
) -> None:
    """Give one assistant what most questions need, after showing what would leave."""
    if context.invoked_subcommand is not None:
        return
    require_terminal()
    chosen, end = extras(with_), until(expires)
    session = current()
    sources = session.look("consent", consents.sources)
    if not sources:
        raise NothingImportedError
    give_bundle(session, to or ask_recipient(), sources, chosen, end, as_json=as_json)


@app.command()
def grant(
    wanted: Annotated[list[str], typer.Argument(metavar="SCOPE...")],
    to: Annotated[str, typer.Option("--to", help="Which assistant.")],
    expires: Expires = "1y",
    as_json: AsJson = False,
) -> None:
    """Give exact scopes, as a refusal names them.

    For example: pierre-mcp consent grant files:location --to claude-desktop
    """
    require_terminal()
    recipient, end = scopes.check_label(to), until(expires)
    chosen = tuple(dict.fromkeys(scopes.parse(text) for text in wanted))
    for scope in chosen:
        _check_means_something(scope, recipient)
    session = current()
    sources = session.look("consent", consents.sources)
    conclude(session, Offer(recipient, chosen, sources, end), as_json=as_json)


@app.command()
def renew(
    to: Annotated[str, typer.Option("--to", help="Which assistant.")],
    expires: Expires = "1y",
    as_json: AsJson = False,
) -> None:
    """Give the same again: after the notice changed, or before it ends.

    What has ended by itself, or by a restore, is renewed where nothing is left.
    """
    require_terminal()
    recipient, end = scopes.check_label(to), until(expires)
    session = current()
    chosen, sources = session.look(
        "consent renew",
        lambda tx, grant: (
            consents.renewable(tx, grant, recipient),
            consents.sources(tx, grant),
        ),
    )
    if not chosen:
        msg = f"There is nothing to renew for {recipient}."
        raise NotTakenError(msg)
    conclude(session, Offer(recipient, chosen, sources, end), as_json=as_json)


app.command("show", short_help="What each assistant may have now.")(consent_show.show)
app.command("list", short_help="Every scope, one by one.")(consent_show.list_)
app.command("history", short_help="All that was given, refused and taken back.")(
    consent_history.history
)
app.command("withdraw", short_help="Take consent back, at once.")(
    consent_withdraw.withdraw
)
app.command("receipt", short_help="A signed receipt of one consent.")(
    consent_receipt.receipt
)
app.command("lock", short_help="Ask a passphrase before more is let out.")(
    consent_lock.lock
)
app.command("unlock", short_help="Take that passphrase off.")(consent_lock.unlock)
app.command("token", short_help="Issue a short-lived token of what is in force.")(
    consent_tokens.token
)
app.command("verify", short_help="Check such a token against the consents in force.")(
    consent_tokens.verify
)
app.command("clock", short_help="Say that a clock that was moved is right.")(
    consent_clock.clock
)


def give_bundle(
    session: Session,
    recipient: str,
    sources: Sequence[str],
    chosen: Collection[Category],
    end: datetime,
    *,
    as_json: bool = False,
) -> None:
    """Show the ``training`` bundle in plain words, ask once, and give it.

    Raises:
        ChallengeFailedError: Other words were typed.
    """
    label = scopes.check_label(recipient)
    bundle = bundles.training(
        label, sources=sources, tools=table().readers(), extras=chosen
    )
    offer = Offer(label, bundle, sources, end, bundled=True)
    conclude(session, offer, as_json=as_json)


def _check_means_something(scope: Scope, recipient: str) -> None:
    """Refuse a scope that could never count, however well it is formed.

    Raises:
        NotTakenError: It names no tool there is, or another assistant.
    """
    kind, name = scopes.kind_of(scope), scope.partition(":")[2]
    if kind is scopes.Kind.EXECUTION and name not in table().tools:
        msg = f"There is no tool {name}. The tools are: {', '.join(table().tools)}."
        raise NotTakenError(msg)
    if kind is scopes.Kind.TRANSMISSION and name != recipient:
        msg = f"What {recipient} is given is share:{recipient}, and no other share."
        raise NotTakenError(msg)
