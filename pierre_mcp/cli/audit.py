"""``pierre-mcp audit``: check the log, and look at its end."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from pierre_mcp.cli.audit_prove import prove
from pierre_mcp.cli.audit_prune import prune
from pierre_mcp.cli.audit_verify import verify, write_key
from pierre_mcp.cli.audit_witness import witness
from pierre_mcp.cli.session import AsJson, current, say_json, say_table
from pierre_mcp.store import audit

app = typer.Typer(help="Check the audit log, and look at it.", no_args_is_help=True)

app.command()(verify)
app.command("key")(write_key)


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
app.command()(witness)
