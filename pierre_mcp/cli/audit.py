"""``pierre-mcp audit``: check the log, and look at its end."""

import typer

from pierre_mcp.cli.audit_export import export
from pierre_mcp.cli.audit_look import search, show, tail
from pierre_mcp.cli.audit_report import report
from pierre_mcp.cli.session import AsJson, current, say, say_json
from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.services.checking import verify_log

app = typer.Typer(help="Check the audit log, and look at it.", no_args_is_help=True)

_MEANS = {
    FindingKind.EDITED: "it was edited",
    FindingKind.MISSING: "it is missing",
    FindingKind.MOVED: "it was moved",
    FindingKind.INSERTED: "it was put in by something without the keys",
    FindingKind.CUT: "the rows after it were cut off",
    FindingKind.REDACTED: "its detail was removed, and no row says so",
    FindingKind.LEDGER: "the consent ledger beside it was edited",
}


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Check every row, link and consent; say the first thing wrong, if any."""
    session = current()
    with session.gate(put_back_too=True) as gate:
        found = gate.maintain(session.owner("audit verify"), verify_log)
    if isinstance(found, Finding):
        if as_json:
            say_json({"healthy": False, "row": found.seq, "finding": found.kind})
        else:
            say(f"NOT healthy: at row {found.seq}: {_MEANS[found.kind]}.")
            say(
                "Something without the keys changed the store, and nothing is released "
                "from it. Keep a copy of it, and put back a backup."
            )
        raise typer.Exit(1)
    if as_json:
        say_json({"healthy": True, "rows": found.rows})
    else:
        say(f"Healthy: {found.rows} rows, each linked to the one before.")


app.command()(tail)
app.command()(show)
app.command()(search)
app.command()(export)
app.command()(report)
