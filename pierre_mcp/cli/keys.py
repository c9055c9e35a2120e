"""``pierre-mcp keys``: what keys there are, and their rotation."""

from contextlib import closing
from enum import StrEnum
from typing import Annotated

import typer

from pierre_mcp.cli.pace import Brake, progress_bar
from pierre_mcp.cli.session import AsJson, Session, current, say, say_json
from pierre_mcp.clock import SystemClock
from pierre_mcp.gate.rotations import call_of, carry_through
from pierre_mcp.model.caller import Owner
from pierre_mcp.services.rotation import Rotation, in_use
from pierre_mcp.services.steps import Progress
from pierre_mcp.tools.wording import count

app = typer.Typer(no_args_is_help=True, help="List, rotate and wrap keys.")


class Kind(StrEnum):
    """Kinds of scope."""

    SYSTEM = "system"
    TENANT = "tenant"
    PERSON = "person"


@app.command("rotate")
def rotate(
    scope: Annotated[
        Kind | None, typer.Option("--scope", help="Only the keys of this kind.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replace the keys that seal, and seal everything again under the new ones.

    Reads and writes go on meanwhile. Ctrl-C stops it between two steps; it is gone on
    with by the next run.
    """
    session = current()
    job = Rotation(SystemClock(), in_use(scope and scope.value))
    emptied = run(session, job)
    if as_json:
        say_json({"resealed": job.resealed, "destroyed": job.destroyed, "emptied": emptied})
        return
    say(f"{count(job.resealed, 'row')} sealed again; {count(job.destroyed, 'key')} destroyed.")


def run(session: Session, job: Rotation) -> bool:
    """Rotate with a progress bar; what is done when the person stops it stays."""
    call = call_of(Owner(), session.id)
    with progress_bar() as bar:
        task = bar.add_task("looking", total=None)

        def listen(progress: Progress) -> None:
            bar.update(
                task,
                completed=progress.done,
                total=progress.total,
                description=progress.word,
            )

        with session.gate() as gate, Brake() as brake, closing(job.steps()) as steps:
            return carry_through(gate, call, brake.between(steps), listen=listen)
