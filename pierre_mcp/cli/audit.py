"""``pierre-mcp audit``: check the log, and look at its end."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pierre_mcp.cli.audit_prove import prove
from pierre_mcp.cli.audit_prune import prune
from pierre_mcp.cli.session import AsJson, current, say, say_json, say_table
from pierre_mcp.model.audit import Finding, FindingKind
from pierre_mcp.services.checking import verify_log
from pierre_mcp.store import audit

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


@app.command()
def tail(
    count: Annotated[
        int, typer.Option("-n", min=1, max=1000, help="How many rows.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the newest rows, oldest first. They name nobody."""
    session = current()
    with session.gate() as gate:
        rows = gate.maintain(
            session.owner("audit tail"), lambda tx, m, _: audit.last(tx, m, count)
        )
    if as_json:
        say_json(rows)
        return
    say_table(
        ("row", "when (UTC)", "door", "who asked", "what", "outcome", "why"),
        [
            (
                row["seq"],
                datetime.fromtimestamp(row["at_us"] / 1e6, UTC).strftime(
                    "%m-%d %H:%M:%S"
                ),
                row["door"],
                row["recipient"] or row["caller"],
                row["action"],
                row["outcome"],
                row["code"],
            )
            for row in rows
        ],
    )


app.command()(prove)
app.command()(prune)
