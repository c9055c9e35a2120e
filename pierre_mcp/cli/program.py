"""``pierre-mcp``: the command line, and how it ends.

Bad input gets a sentence and a status, never a trace: 1 what was asked was refused or
failed, 2 the command was misspelt, 70 a fault of ours, 78 the configuration needs
mending, 130 Ctrl-C.
"""

import re
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from pierre_mcp.cli import (
    athlete,
    audit,
    backup,
    call,
    compliance,
    consent,
    disclosures,
    doctor,
    erase,
    export,
    imports,
    incident,
    keys,
    load,
    objections,
    predict,
    privacy,
    privacy_zones,
    records,
    rectify,
    refresh,
    requests,
    restore,
    retention,
    security,
    security_thresholds,
    session,
    setup,
    zones,
)
from pierre_mcp.cli.demo import run as run_demo
from pierre_mcp.cli.logs import quiet_logs
from pierre_mcp.cli.witnessing import tell_witnesses
from pierre_mcp.errors import PierreError
from pierre_mcp.platform import harden
from pierre_mcp.settings import APP, DEFAULT_PROFILE, from_environment

_ORDER = (
    "setup",
    "import",
    "consent",
    "privacy",
    "object",
    "call",
    "athlete",
    "load",
    "records",
    "predict",
    "zones",
    "imports",
    "undo",
    "rectify",
    "refresh",
    "retention",
    "audit",
    "security",
    "disclosures",
    "requests",
    "incident",
    "keys",
    "backup",
    "restore",
    "doctor",
    "export",
    "compliance",
    "erase",
    "demo",
    "serve",
)


class _InOrder(TyperGroup):
    """Lists the commands in the order in which a person comes to need them."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Return the names of the commands."""
        return sorted(super().list_commands(ctx), key=_ORDER.index)


app = typer.Typer(
    name=APP,
    cls=_InOrder,
    help="Your fitness history, answered to an AI assistant from behind a consent "
    "gate. Without a command it is the server that a client starts.",
    epilog="Try it with: pierre-mcp demo. Begin with: pierre-mcp setup.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they print locals
    add_completion=False,
    rich_markup_mode=None,
)
_FAULT = 70  # EX_SOFTWARE of sysexits.h
_STOPPED = 130
_COMMAND = re.compile(rf"(?<=[Ww]ith: |.Run: ){APP} (?!--profile )")


@app.callback()
def begin(
    context: typer.Context,
    profile: Annotated[
        str, typer.Option(help="Whose store: each person has one of their own.")
    ] = DEFAULT_PROFILE,
) -> None:
    """Read the settings, once, before any command."""
    as_json = "--json" in (context.obj or ())
    session.begin(session.Session(from_environment(profile), as_json))


app.command("setup", short_help="Make your store, and all that belongs to it.")(
    setup.setup
)
app.command("import", short_help="Import a Strava export, or FIT, GPX and TCX files.")(
    imports.import_
)
app.add_typer(imports.app, name="imports")
app.command("undo", short_help="Take one import back.")(imports.undo)
app.command("rectify", short_help="Correct what a recording got wrong.")(
    rectify.rectify
)
app.command("refresh", short_help="Compute again what an older version computed.")(
    refresh.refresh
)
app.add_typer(
    retention.app,
    name="retention",
    short_help="How long what is kept, and deleting what is older.",
)
app.add_typer(
    consent.app,
    name="consent",
    short_help="Give, list and withdraw what assistants may have.",
)
privacy.app.add_typer(privacy_zones.app, name="zone")
app.add_typer(
    privacy.app,
    name="privacy",
    short_help="How closely each assistant may look; private places.",
)
app.command("object", short_help="Refuse a purpose, or any disclosure, at once.")(
    objections.object_
)
app.command("call", short_help="Run one tool, or preview what an assistant gets.")(
    call.call
)
app.add_typer(
    athlete.app,
    name="athlete",
    short_help="Show or set what is known of you: thresholds, weight, gear.",
)
app.command("load", short_help="How fit and how tired you are, to today and ahead.")(
    load.load
)
app.command("records", short_help="Your best efforts, and one period by another.")(
    records.records
)
app.command("predict", short_help="Race times to expect, and training paces.")(
    predict.predict
)
app.command("zones", short_help="Heart rate, power and pace zones.")(zones.zones)
app.add_typer(audit.app, name="audit")
security.app.add_typer(security_thresholds.app, name="thresholds")
app.add_typer(
    security.app,
    name="security",
    short_help="What looked like misuse, and who is held back for it.",
)
app.command("disclosures", short_help="Who received what of yours, and when.")(
    disclosures.disclosures
)
app.add_typer(
    requests.app,
    name="requests",
    short_help="What was asked for by law, and until when it is due.",
)
app.add_typer(
    incident.app,
    name="incident",
    short_help="What went wrong: found, contained, told, and what was learnt.",
)
app.add_typer(keys.app, name="keys", short_help="Make, list, replace and wrap keys.")
app.command("backup", short_help="Copy the whole store to a file, and check the copy.")(
    backup.backup
)
app.command("restore", short_help="Put a backup in the store's place, or accept one.")(
    restore.restore
)
app.command("doctor", short_help="Is everything as it should be?")(doctor.doctor)
app.command("export", short_help="Write out everything held about you, to keep.")(
    export.export
)
app.command(
    "compliance", short_help="Documents that say what this store does, from itself."
)(compliance.compliance)
app.command("erase", short_help="Erase a person for good, with a receipt.")(erase.erase)


@app.command("demo", short_help="Watch the whole path on a made-up athlete.")
def demo(
    seed: Annotated[int, typer.Option(min=0, help="Which synthetic athlete.")] = 1,
) -> None:
    """Watch the whole path on a synthetic athlete: refusal, consent, answer, log."""
    raise typer.Exit(run_demo(seed))


@app.command("serve")
def serve(
    client: Annotated[str, typer.Option(help="The client's label.")] = "local",
    demo: Annotated[
        bool, typer.Option("--demo", help="Serve a temporary demo store.")
    ] = False,
) -> None:
    """Be the server a client starts, on standard input and output."""
    # ``__main__`` hands serving to the server before this program is even imported;
    # the command stands here so that --help tells of it.


def run(given: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    status = _run(given)
    tell_witnesses()
    return status


def _run(given: Sequence[str]) -> int:
    harden()
    quiet_logs()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a file's name may be any bytes
    try:
        app(args=list(given), prog_name=APP, obj=tuple(given))
    except PierreError as error:
        sys.stderr.write(f"{_for_profile(str(error))}\n")
        return error.exit_status
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
        if status == _STOPPED:
            sys.stderr.write("Stopped. What was done is kept.\n")
        return status
    except Exception as error:  # noqa: BLE001 - its text could quote what it met
        sys.stderr.write(f"A fault in pierre-mcp itself: {_where(error)}.\n")
        return _FAULT
    return 0  # pragma: no cover - a command ends by SystemExit


def _for_profile(words: str) -> str:
    """Name the profile in the command that an error tells the person to run."""
    return _COMMAND.sub(lambda _: f"{session.command()} ", words)


def _where(error: Exception) -> str:
    """Say which error it was and in which line, and nothing that it holds."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
