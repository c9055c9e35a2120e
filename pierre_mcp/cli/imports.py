"""``pierre-mcp import``, ``imports`` and ``undo``."""

import os
from collections.abc import Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from pierre_mcp.cli import retention
from pierre_mcp.cli.faults import PathTakenError, PathUnwritableError
from pierre_mcp.cli.pace import Brake, progress_bar
from pierre_mcp.cli.reasons import sentence, why
from pierre_mcp.cli.refresh import renew
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    say,
    say_json,
    say_table,
)
from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.jobs import pump
from pierre_mcp.model.grant import Grant
from pierre_mcp.platform import write_private_file
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services import finding, originals, places
from pierre_mcp.services import imports as service
from pierre_mcp.services.entries import Plan
from pierre_mcp.services.steps import Progress
from pierre_mcp.services.workers import Parsers
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import FileLine, FileOutcome, ListedRun, State
from pierre_mcp.tools.wording import count

_FAILED = FileOutcome.FAILED
_SHOWN = {FileOutcome.FAILED, FileOutcome.SKIPPED, FileOutcome.REPAIRED}
_MOST_LINES = 50
_KEPT = {True: "kept", False: ""}
_STATES = {State.RUNNING: "running, or cut off"}

_NOTHING = (
    "There is no FIT, GPX or TCX file (.fit, .gpx, .tcx, plain or .gz) "
    "and no export there."
)

Ref = Annotated[
    str, typer.Argument(metavar="ID", help="A number of imports, or an id.")
]


app = typer.Typer(invoke_without_command=True, help="List what was imported.")


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...")],
    as_json: AsJson = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list the files that would be read.")
    ] = False,
    keep_originals: Annotated[
        bool,
        typer.Option(
            "--keep-originals",
            help="Keep the files themselves too, sealed as they are.",
        ),
    ] = False,
) -> None:
    """Import a Strava export, or FIT, GPX and TCX files: files, archives or folders.

    An export or an archive is a .zip, or the folder it was unpacked to. What was
    imported before is left alone, so it is safe to run again, and Ctrl-C keeps what is
    done. The exit status is 1 where not one file could be read.
    """
    found = finding.find(paths)
    if dry_run:
        _list(planned(found), as_json=as_json)
        return
    session = current()
    job = run_import(session, found, keep_originals=keep_originals)
    if as_json:
        say_json(_as_json(job))
    else:
        summarise(session, job)
    if job.outcomes and all(o.line.outcome is _FAILED for o in job.outcomes):
        raise typer.Exit(1)


@app.callback()
def imports_(context: typer.Context, as_json: AsJson = False) -> None:
    """List what was imported, run by run."""
    if context.invoked_subcommand is not None:
        return
    runs = current().look("imports", service.listed)
    if as_json:
        say_json([_run_as_json(run) for run in runs])
        return
    if not runs:
        say(f"Nothing was imported yet. Import with: {command()} import PATH")
        return
    say_table(
        ("number", "when (UTC)", "state", "activities", "files"),
        [
            (
                run.number,
                run.run.started_at.strftime("%Y-%m-%d %H:%M"),
                _STATES.get(run.state, run.state),
                run.run.activities,
                _counts(run.run.outcomes),
            )
            for run in runs
        ],
    )


@app.command("show")
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Show one import: every file, what became of it, and why."""
    run, lines, kept = current().look(
        "imports show", lambda tx, grant: _shown(tx, grant, ref)
    )
    if as_json:
        files = [
            {**_line_as_json(line), "original": is_kept}
            for line, is_kept in zip(lines, kept, strict=True)
        ]
        say_json({**_run_as_json(run), "files": files})
        return
    say(f"Import {run.number}, {_STATES.get(run.state, run.state)}:")
    say_table(
        ("number", "file", "outcome", "activities", "original", "reason"),
        [
            (i, line.name, line.outcome, line.activities, _KEPT[is_kept], why(line))
            for i, (line, is_kept) in enumerate(zip(lines, kept, strict=True), 1)
        ],
    )


def _shown(
    tx: Tx, grant: Grant, ref: str
) -> tuple[ListedRun, list[FileLine], list[bool]]:
    run, lines = service.shown(tx, grant, ref)
    return run, lines, originals.kept(tx, grant, lines)


@app.command("original")
def original(
    ref: Ref,
    number: Annotated[
        int, typer.Argument(metavar="FILE", help="The file's number in imports show.")
    ],
    to: Annotated[Path, typer.Option("--to", help="A new file to write it to.")],
    as_json: AsJson = False,
) -> None:
    """Write a file that was kept, byte for byte as it came, to a new file."""
    if os.path.lexists(to):
        raise PathTakenError
    content = current().look(
        "imports original", lambda tx, grant: originals.held(tx, grant, ref, number)
    )
    try:
        write_private_file(to, content)
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise PathUnwritableError from None
    if as_json:
        say_json({"bytes": len(content), "sha256": sha256(content).hexdigest()})
    else:
        say(f"Written as it came: {count(len(content), 'byte')}.")


def undo(ref: Ref, as_json: AsJson = False) -> None:
    """Take one import back: its recordings are deleted."""
    session = current()
    with session.gate() as gate:
        run, gone = gate.act(
            session.owner("undo"), lambda tx, grant: service.undo(tx, grant, ref)
        )
    if as_json:
        say_json({"id": run.id, "number": run.number, "recordings_deleted": gone})
    else:
        deleted = count(gone, "recording")
        say(f"Import {run.number} taken back: {deleted} deleted.")


def planned(found: list[Path]) -> Plan:
    """Return what an import of these would do; archives are opened by workers."""
    if not found:
        return Plan()
    with Parsers(1) as parsers:
        return finding.plan(found, parsers)


def run_import(
    session: Session, found: list[Path], *, keep_originals: bool = False
) -> service.Import:
    """Import files with a progress bar, and keep what is done on Ctrl-C.

    An export's privacy zones are the person's own from before its first activity is
    in.

    Raises:
        KeyboardInterrupt: The person stopped it.
    """
    call = session.owner("import")
    with progress_bar() as bar:
        task = bar.add_task("looking", total=None)
        plan = planned(found)
        job = service.Import(plan, SystemClock(), originals=keep_originals)
        bar.reset(task, total=len(plan.entries), description="reading")

        def listen(progress: Progress) -> None:
            bar.update(task, completed=progress.done, description=progress.word)

        with session.gate() as gate, Brake() as brake:
            if plan.zones:
                gate.act(
                    session.owner("import zones"),
                    lambda tx, grant: places.hide(tx, grant, plan.zones),
                )
            try:
                with closing(job.steps()) as steps:
                    pump(gate, call, brake.between(steps), listen=listen)
            except KeyboardInterrupt:
                gate.step(call, job.interrupted())
                raise
            if job.due:
                renew(session, gate, brake, listen)
            retention.after_import(session, gate, brake, listen)
    return job


def _list(plan: Plan, *, as_json: bool) -> None:
    names = [entry.place for entry in plan.entries]
    if as_json:
        say_json(names)
    elif names:
        say("\n".join(map(clean, names)))
    else:
        say(_NOTHING)


def summarise(session: Session, job: service.Import) -> None:
    """Say what became of the files, and how to take it back."""
    lines = [outcome.line for outcome in job.outcomes]
    if not lines:
        say(_NOTHING)
        return
    telling = [line for line in lines if line.outcome in _SHOWN]
    for line in telling[:_MOST_LINES]:
        say(sentence(line))
    if len(telling) > _MOST_LINES:
        say(f"... and {len(telling) - _MOST_LINES} more")
    run = job.run()
    activities, files = count(run.activities, "activity"), count(len(lines), "file")
    say(f"{activities} from {files}: {_counts(run.outcomes)}.")
    if job.zones:
        say(f"Private for every assistant from now on: {count(job.zones, 'zone')}.")
    if job.originals:
        kept, unkept = job.originals.kept, job.originals.unkept
        lacking = f", {unkept} could not be" if unkept else ""
        say(f"Kept as they came: {count(kept, 'file')}{lacking}.")
    if run.activities:
        say(f"Take it back with: {session.settings.command} undo {job.id[:8]}")


def _counts(outcomes: Mapping[FileOutcome, int]) -> str:
    return (
        ", ".join(f"{n} {o}" for o in FileOutcome if (n := outcomes.get(o, 0)))
        or "none"
    )


def _as_json(job: service.Import) -> dict[str, Any]:
    told = {"id": job.id, **job.run().model_dump(mode="json")}
    if job.originals:
        told["originals"] = {
            "kept": job.originals.kept,
            "not_kept": job.originals.unkept,
        }
    return {**told, "files": [_line_as_json(one.line) for one in job.outcomes]}


def _line_as_json(line: FileLine) -> dict[str, Any]:
    return line.model_dump(mode="json", exclude={"recording"})


def _run_as_json(run: ListedRun) -> dict[str, Any]:
    told = run.run.model_dump(mode="json")
    return {"id": run.id, "number": run.number, "state": run.state, **told}
