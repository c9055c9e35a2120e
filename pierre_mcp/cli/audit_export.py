"""``pierre-mcp audit export``: the log for a security system, or a spreadsheet."""

from functools import partial
from importlib.metadata import version
from typing import Annotated, Final

import typer

from pierre_mcp.cli.audit_out import Out, form, writing
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.pace import listening
from pierre_mcp.cli.periods import From, To, period
from pierre_mcp.cli.session import AsJson, current, err, say, say_json
from pierre_mcp.model.audit import Finding
from pierre_mcp.services.auditing.export import CSV, OCSF, Exporting, exported
from pierre_mcp.settings import APP
from pierre_mcp.tools.wording import count

_FORMS: Final = {".jsonl": OCSF, ".json": OCSF, ".ndjson": OCSF, ".csv": CSV}


def export(
    as_form: Annotated[
        str | None, typer.Option("--format", help="ocsf (JSON Lines) or csv.")
    ] = None,
    out: Out = None,
    first: From = None,
    last: To = None,
    as_json: AsJson = False,
) -> None:
    """Write rows of the log for another program, of the last 30 days unless you say.

    As OCSF 1.8 events, one a line, or as comma-separated values. The log is checked
    first; of a broken one only the rows before the break are written. Digests and what
    is sealed stay here.
    """
    if as_json and out is None:
        msg = "With --json, name a file with --out."
        raise NotTakenError(msg)
    days = period(first, last)
    chosen = form(as_form, out, _FORMS) or OCSF
    session = current()
    with (
        writing(out) as write,
        listening("checking the log") as listen,
        session.gate(put_back_too=True) as gate,
    ):
        to = Exporting(write, chosen, days, version(APP), listen)
        done = gate.maintain(session.owner("audit export"), partial(exported, to=to))
    if as_json:
        say_json({"written_to": out, "rows": done.rows, "healthy": not done.finding})
    elif out is not None:
        say(f"Written to {out}: {count(done.rows, 'row')}.")
    if done.finding is not None:
        warn_broken(done.finding)
        raise typer.Exit(1)


def warn_broken(found: Finding) -> None:
    """Say on stderr from where on nothing can be told."""
    err().print(
        f"The log is NOT healthy at {found.where}: only rows before are told. "
        "Look with: pierre-mcp audit verify"
    )
