"""``pierre-mcp consent``: give, withdraw and list what assistants may have."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from pierre_mcp.cli import consent_lock, consent_tokens
from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import (
    ExpiryMalformedError,
    NothingImportedError,
    NotTakenError,
)
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    ask,
    command,
    current,
    err,
    say,
    say_json,
    say_table,
)
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.scope import Scope
from pierre_mcp.policy import bundles
from pierre_mcp.policy.telling import SELF
from pierre_mcp.services import consents
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.catalogue import table
from pierre_mcp.tools.operations import IMPORT_INBOX

YEAR = timedelta(days=365)

_WORKS = {
    scopes.tool(IMPORT_INBOX.name): "import new files from your inbox folder whenever "
    "it likes, and be told how many there are (set the folder with setup --inbox)"
}

app = typer.Typer(
    help="Give, withdraw and list what assistants may have. Without a command: a "
    "guided consent for one assistant.",
    epilog="For example: pierre-mcp consent --to claude-desktop --with location,notes",
    invoke_without_command=True,
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

To = Annotated[
    str | None,
    typer.Option("--to", help="Which assistant: its label, as claude-desktop."),
]
Expires = Annotated[
    str, typer.Option(help="Until when: 30d, 6m, 1y, or a date as 2027-03-01 (UTC).")
]


@app.callback()
def guided(
    context: typer.Context,
    to: To = None,
    with_: Annotated[
        str,
        typer.Option("--with", help="Add categories: location, notes, sleep, body."),
    ] = "",
    expires: Expires = "1y",
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
    give_bundle(session, to or ask_recipient(), sources, chosen, end)


@app.command()
def grant(
    wanted: Annotated[list[str], typer.Argument(metavar="SCOPE...")],
    to: Annotated[str, typer.Option("--to", help="Which assistant.")],
    expires: Expires = "1y",
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
    _show(recipient, chosen, end, session.look("consent", consents.sources))
    _give(session, recipient, chosen, end)


@app.command(short_help="Take consent back, at once.")
def withdraw(
    wanted: Annotated[list[str] | None, typer.Argument(metavar="[SCOPE...]")] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="From which assistant; may be left out of one."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take consent back, at once: all of an assistant's, or exact scopes."""
    session = current()
    chosen = [scopes.parse(text) for text in wanted] if wanted else None
    recipient = scopes.check_label(to or _only_holder(session))

    def work(tx: Tx, grant: Grant) -> tuple[Scope, ...]:
        return consents.withdraw(tx, grant, recipient, chosen, by="owner")

    with session.gate() as gate:
        detail = {"recipient": recipient, "scopes": wanted or "all"}
        gone = gate.act(session.owner("consent withdraw"), work, detail=detail)
    if as_json:
        say_json({"recipient": recipient, "withdrawn": gone})
    else:
        say(f"Withdrawn from {recipient}: {', '.join(gone) or 'nothing was held'}.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List every consent, in force or expired."""
    policy = current().look("consent list", _policy)
    now = datetime.now(UTC)
    rows = [
        {
            "recipient": recipient,
            "scope": scope,
            "given_at": held.given_at,
            "expires_at": held.expires_at,
            "in_force": held.in_force(now),
        }
        for recipient, mine in sorted(policy.recipients.items())
        for scope, held in mine.scopes.items()
    ]
    if as_json:
        say_json(rows)
    elif not rows:
        say(f"No consents. Give one with: {command()} consent")
    else:
        say_table(
            ("recipient", "scope", "until", "in force"),
            [
                (r["recipient"], r["scope"], _day(r["expires_at"]), _yes(r["in_force"]))
                for r in rows
            ],
        )


def give_bundle(
    session: Session,
    recipient: str,
    sources: list[str],
    chosen: Collection[Category],
    end: datetime,
) -> None:
    """Show the ``training`` bundle in plain words, ask once, and give it.

    Raises:
        ChallengeFailedError: Other words were typed.
    """
    label = scopes.check_label(recipient)
    bundle = bundles.training(
        label, sources=sources, tools=table().readers(), extras=chosen
    )
    _explain(label, sources, chosen, end)
    _give(session, label, bundle, end)


def extras(text: str) -> tuple[Category, ...]:
    """Read the categories of ``--with``.

    Raises:
        NotTakenError: One of them is none that can be added.
    """
    names = [name.strip() for name in text.replace(" ", ",").split(",") if name.strip()]
    known = {str(category): category for category in bundles.EXTRAS}
    if not known.keys() >= set(names):
        msg = f"What --with adds is one or more of: {', '.join(known)}."
        raise NotTakenError(msg)
    return tuple(known[name] for name in names)


def until(text: str, now: datetime | None = None) -> datetime:
    """Read ``30d``, ``6m``, ``1y`` or a date as an instant, UTC.

    Raises:
        ExpiryMalformedError: It is neither, or not in the future.
    """
    now = now or datetime.now(UTC)
    days = {"d": 1, "m": 30, "y": 365}
    try:
        if text[-1:] in days:
            end = now + timedelta(days=_count(text[:-1]) * days[text[-1]])
        else:
            read = datetime.fromisoformat(text)
            end = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ExpiryMalformedError from None
    if end <= now:
        raise ExpiryMalformedError
    return end


def _give(
    session: Session, recipient: str, chosen: tuple[Scope, ...], end: datetime
) -> None:
    challenge("give this consent")

    def work(tx: Tx, grant: Grant) -> Policy:
        return consents.give(tx, grant, recipient, chosen, expires_at=end)

    detail = {"recipient": recipient, "scopes": list(chosen)}
    session.widen("consent grant", work, detail=detail)
    say(
        f"Given to {recipient} until {end.date()}. Take it back at any time with: "
        f"{session.settings.command} consent withdraw --to {recipient}"
    )


def _explain(
    recipient: str, sources: list[str], chosen: Collection[Category], end: datetime
) -> None:
    console = err()
    console.print(f"\nConsent for {recipient}, until {end.date()}\n", style="bold")
    console.print("It could then read, from " + ", ".join(map(_called, sources)) + ":")
    for category in Category:
        if category in bundles.TRAINING or category in chosen:
            console.print(f"  - {bundles.MEANING[category]}")
    left = [c for c in bundles.EXTRAS if c not in chosen]
    if left:
        console.print(f"\nIt could not read: {', '.join(left)} (add with --with).")
    console.print(
        f"\nWhat it reads goes to {recipient}'s provider, who may keep it. Every "
        "answer is recorded here.\nIt is for working out insights, and nothing else."
    )


def _called(source: str) -> str:
    return f"{source} (what you said yourself)" if source == SELF else source


def _show(
    recipient: str, chosen: tuple[Scope, ...], end: datetime, sources: list[str]
) -> None:
    console = err()
    console.print(f"\nConsent for {recipient}, until {end.date()}\n", style="bold")
    for scope in chosen:
        pair = scopes.pair_of(scope)
        nothing = pair is not None and pair[0] not in sources
        note = " (nothing imported from there yet)" if nothing else ""
        console.print(f"  - {scope}: {_meaning(scope)}{note}")
    console.print(f"\nWhat it reads goes to {recipient}'s provider, who may keep it.")


def _meaning(scope: Scope) -> str:
    pair = scopes.pair_of(scope)
    if pair is not None:
        return f"{bundles.MEANING[pair[1]]} (from {pair[0]})"
    return {
        scopes.Kind.PROCESSING: "work this out from your data",
        scopes.Kind.TRANSMISSION: "send answers there",
        scopes.Kind.EXECUTION: _WORKS.get(scope, "run this tool"),
    }[scopes.kind_of(scope)]


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


def ask_recipient() -> str:
    """Ask which assistant it is."""
    return ask("Which assistant", "claude-desktop", scopes.check_label)


def _only_holder(session: Session) -> str:
    """Return the one recipient that holds anything.

    Raises:
        NotTakenError: There is none, or more than one.
    """
    policy = session.look("consent list", _policy)
    holders = [name for name, mine in policy.recipients.items() if mine.scopes]
    if len(holders) == 1:
        return holders[0]
    if not holders:
        msg = "No assistant holds any consent."
    else:
        msg = f"Say from which, with --to: {', '.join(sorted(holders))}."
    raise NotTakenError(msg)


def _count(text: str) -> int:
    """Read a plain number: ``int`` would take signs, spaces and underscores too."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError
    return int(text)


def _policy(tx: Tx, grant: Grant) -> Policy:
    return policies.read(tx, grant).policy


def _day(moment: object) -> str:
    return str(moment.date()) if isinstance(moment, datetime) else "open"


def _yes(value: object) -> str:
    return "yes" if value else "no"
