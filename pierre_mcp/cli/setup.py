"""``pierre-mcp setup``: everything once, in one sitting, and safe to run again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from pierre_mcp.cli import clients, consent, consent_lock
from pierre_mcp.cli.consent_options import ask_recipient, until
from pierre_mcp.cli.faults import ConfigUnreadableError, NotTakenError
from pierre_mcp.cli.imports import run_import, summarise
from pierre_mcp.cli.inbox import chosen
from pierre_mcp.cli.session import Session, ask, current, err, say
from pierre_mcp.errors import InvalidError, PathUnknownError, RefusedError
from pierre_mcp.model import scope as scopes
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.profile import Profile
from pierre_mcp.platform import has_terminal
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services import consents, finding
from pierre_mcp.services.zones import check_zone
from pierre_mcp.settings import machine_zone
from pierre_mcp.store import people, recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.operations import IMPORT_INBOX

Units = Literal["metric", "imperial"]

_UNTOLD = {
    "env": "The entry does not hold your master key, and Claude Desktop does not know "
    "it",
    "passphrase": "What Claude Desktop starts has no terminal to ask for your "
    "passphrase on",
}


def setup(
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing, take the defaults, never grant.")
    ] = False,
    timezone: Annotated[
        str | None, typer.Option(help="Your home time zone, as Europe/Berlin.")
    ] = None,
    units: Annotated[str | None, typer.Option(help="metric or imperial.")] = None,
    client: Annotated[
        str | None, typer.Option(help="Add our entry to a client: claude-desktop.")
    ] = None,
    inbox: Annotated[
        Path | None,
        typer.Option(help="The one folder an assistant with consent may import."),
    ] = None,
    no_inbox: Annotated[bool, typer.Option("--no-inbox", help="Let none.")] = False,
) -> None:
    """Make your store, say how you live, add the client, import, and consent.

    Run it again at any time: what is there is kept. Only the words you type at the end
    give consent, and --yes leaves that out.
    """
    if client not in {None, clients.CLAUDE_DESKTOP}:
        msg = "The client known here is claude-desktop."
        raise NotTakenError(msg)
    session, asking = current(), not yes and has_terminal()
    given = chosen(session.settings, inbox, none=no_inbox)
    profile = _profile(session, timezone, units, given, asking=asking)
    say(f"Store ready. Time zone {profile.zone}, units {profile.units}.")
    _inbox_line(session, profile, given)
    _key_line(session)
    written = _client(session, asked=client is not None, asking=asking)
    if asking and written:
        _offer_lock(session)
    if asking:
        _offer_import(session)
        _offer_consent(session)
    else:
        _next_steps(session)


def _profile(
    session: Session,
    zone: str | None,
    units: str | None,
    given: Mapping[str, str | None],
    *,
    asking: bool,
) -> Profile:
    """Open the store (made now if there is none) and keep the person's settings."""
    zone = None if zone is None else check_zone(zone)
    units = None if units is None else _units(units)
    with session.gate() as gate:
        if gate.begin_anew(session.owner("setup"), Profile()):
            say("Whose store this was is erased. You begin anew, under new keys.")
        known, is_settled = gate.look(session.owner("setup"), _known)
        was = known if is_settled else known.model_copy(update={"zone": machine_zone()})
        if asking and zone is None:
            zone = ask("Your time zone", was.zone, check_zone)
        if asking and units is None:
            units = ask("Units, metric or imperial", was.units, _units)
        settled = {"zone": zone or was.zone, "units": _units(units or was.units)}
        new = known.model_copy(update={**settled, **given})
        if new != known:
            gate.act(
                session.owner("setup"),
                lambda tx, grant: people.set_profile(tx, grant, new),
            )
    return new


def _known(tx: Tx, grant: Grant) -> tuple[Profile, bool]:
    """Return the settings kept, and whether they are settled.

    A store that a server made is in no zone of anybody's until something is imported
    into it or a zone is chosen.
    """
    profile = people.profile(tx, grant)
    return profile, profile != Profile() or bool(recordings.sources(tx, grant))


def _inbox_line(
    session: Session, profile: Profile, given: Mapping[str, str | None]
) -> None:
    if "inbox" not in given:
        return
    if profile.inbox is None:
        say("No inbox: no assistant can import anything.")
        return
    command = session.settings.command
    say(
        f"Inbox {clean(profile.inbox)}. An assistant may import it once you say so: "
        f"{command} consent grant {scopes.tool(IMPORT_INBOX.name)} --to NAME"
    )


def _units(text: str) -> Units:
    if text not in {"metric", "imperial"}:
        msg = "Units are metric or imperial."
        raise NotTakenError(msg)
    return cast("Units", text)


def _key_line(session: Session) -> None:
    found = session.open_.masters.origin()
    if not found.development:
        say(f"Sealed under the key from {found.kind} (public id {found.public_id}).")
        return
    say(
        f"Sealed under a development key (public id {found.public_id}), kept in "
        f"{session.settings.config_dir}. Keep a copy: without it nothing opens."
    )


def _client(session: Session, *, asked: bool, asking: bool) -> bool:
    """Add our entry to the client, where that is wanted; tell whether it is new."""
    question = "Add an entry to Claude Desktop?"
    if not asked and not (asking and typer.confirm(question, default=False, err=True)):
        return False
    try:
        written = clients.add(session.settings)
    except ConfigUnreadableError:
        err().print(f"About {clients.config_path()}:")
        raise
    untold = _UNTOLD.get(session.open_.masters.origin().kind)
    if untold is not None:
        err().print(
            f"{untold}: keep a key in a file, 0600, or in the keychain, and set "
            "PIERRE_MEK_SOURCE to file:/its/path or keychain:SERVICE/NAME before you "
            "run this again."
        )
    if not written.changed:
        say("Claude Desktop has our entry already.")
        return False
    kept = (
        f" The file as it was is kept as {written.backup.name}."
        if written.backup
        else ""
    )
    say(f"Entry {session.settings.server_name} added to {written.path}.{kept}")
    say("Restart Claude Desktop to see it.")
    return True


def _offer_lock(session: Session) -> None:
    """Offer the consent lock, which is for clients that can type what a screen shows.

    What goes wrong with it is said, and takes nothing back of what setup did.
    """
    with session.gate() as gate:
        if gate.lock(session.owner("setup")) is not None:
            return
    question = (
        "Will an assistant here have a shell (a terminal of its own)? Then a "
        "passphrase\nkeeps it from giving consent itself. Set one now?"
    )
    later = f"Set it at any time with: {session.settings.command} consent lock"
    if not typer.confirm(question, default=False, err=True):
        say(later)
        return
    try:
        consent_lock.put_on(session)
    except (InvalidError, RefusedError) as error:
        err().print(str(error))
        say(later)
    else:
        say("The consent lock is on.")


def _offer_import(session: Session) -> None:
    question = "Import now? A file or folder (empty: later)"
    while True:
        answer = typer.prompt(question, default="", show_default=False, err=True)
        path = str(answer).strip().strip("'\"")  # as a file manager pastes it
        if not path:
            return
        try:
            found = finding.find([Path(path).expanduser()])
        except PathUnknownError as error:
            err().print(str(error))
            continue
        summarise(session, run_import(session, found))
        return


def _offer_consent(session: Session) -> None:
    sources = session.look("setup", consents.sources)
    if not sources:
        say(f"Import at any time with: {session.settings.command} import PATH")
        return
    if not typer.confirm("Give an assistant consent now?", default=True, err=True):
        say(f"Give it at any time with: {session.settings.command} consent")
        return
    consent.give_bundle(session, ask_recipient(), sources, (), until("1y"))


def _next_steps(session: Session) -> None:
    command = session.settings.command
    say(f"Next: {command} import PATH, and then: {command} consent")
