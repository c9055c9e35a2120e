"""``pierre-mcp audit``: check the log, prove it, look into it, and report on it."""

import typer

from pierre_mcp.cli.audit_export import export
from pierre_mcp.cli.audit_look import search, show, tail
from pierre_mcp.cli.audit_prove import prove
from pierre_mcp.cli.audit_prune import prune
from pierre_mcp.cli.audit_report import report
from pierre_mcp.cli.audit_verify import verify, write_key
from pierre_mcp.cli.audit_witness import witness

app = typer.Typer(
    help="Check, prove, search and report on the audit log.",
    no_args_is_help=True,
)

app.command()(verify)
app.command("key")(write_key)
app.command()(prove)
app.command()(witness)
app.command()(prune)
app.command()(tail)
app.command()(show)
app.command()(search)
app.command()(export)
app.command()(report)
