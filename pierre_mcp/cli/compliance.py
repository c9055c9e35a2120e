"""``pierre-mcp compliance``: documents written from what this store does."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from pierre_mcp.cli.backup import require_store
from pierre_mcp.cli.faults import PathTakenError, PathUnwritableError
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    say,
    say_json,
    say_table,
)
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.audit import Finding
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.platform import create_private_file
from pierre_mcp.policy.log_retention import LogDays
from pierre_mcp.services.compliance.documents import written
from pierre_mcp.services.compliance.practice import Machine, Practice, practice
from pierre_mcp.services.compliance.titles import TITLES, Document
from pierre_mcp.services.disclosures import received
from pierre_mcp.store import audit
from pierre_mcp.store.database import Tx


def compliance(
    document: Annotated[
        Document | None, typer.Argument(help="Which; without one they are listed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write it to this new file instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a document from the running configuration, as Markdown.

    It says what this store does now: categories, recipients, keys, retention and
    measures. What only you can know is marked to be filled in.
    """
    if document is None:
        _list(as_json=as_json)
        return
    session = current()
    require_store(session)
    with session.gate() as gate:
        found = _practice(session, gate)
    text = written(document, found)
    if out is not None:
        write_document(out.expanduser(), text)
    if as_json:
        told = {"document": document, "file": out} if out else {"document": document}
        say_json({**told, "day": found.day, "markdown": text})
    else:
        say(text.rstrip() if out is None else f"Written to {out}.")


def _list(*, as_json: bool) -> None:
    if as_json:
        say_json([{"document": name, "title": TITLES[name]} for name in Document])
        return
    say_table(("document", "title"), [(name, TITLES[name]) for name in Document])
    say(f"\nFor example: {command()} compliance {Document.PRIVACY_NOTICE}")


def _practice(session: Session, gate: Gate) -> Practice:
    call = session.owner("compliance")

    def backed_up(
        tx: Tx, maintenance: Maintenance, _: Identity | None
    ) -> datetime | None:
        return audit.last_done(tx, maintenance, "backup")

    left = gate.maintain(call, received)
    settings, origin = session.settings, session.open_.masters.origin()
    machine = Machine(
        master_key=origin.kind,
        development=origin.development,
        production=settings.production,
        key_max_age_days=settings.key_max_age_days,
        backed_up_at=gate.maintain(call, backed_up),
        log=LogDays(settings.audit_days, settings.audit_detail_days),
    )
    disclosed = None if isinstance(left, Finding) else tuple(left)
    return gate.look(call, partial(practice, machine=machine, disclosed=disclosed))


def write_document(path: Path, text: str) -> None:
    """Write a document to a new file, the person's alone.

    Raises:
        PathTakenError: There is something there.
        PathUnwritableError: It cannot be made.
    """
    try:
        with create_private_file(path) as file:
            file.write(text.encode())
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise PathUnwritableError from None
