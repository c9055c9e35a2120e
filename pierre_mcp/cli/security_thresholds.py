"""``pierre-mcp security thresholds``: what raises an event, and from how many on."""

from typing import Annotated

import typer

from pierre_mcp.cli.session import AsJson, current, say, say_json, say_table
from pierre_mcp.errors import ThresholdValueError
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.rules import RULE, THRESHOLDS, Limits
from pierre_mcp.services import watching
from pierre_mcp.store.database import Tx

_DEFAULT = "default"

app = typer.Typer(
    invoke_without_command=True,
    help="See and set from how many on an event is raised, and who is slowed.",
)


@app.callback()
def thresholds(context: typer.Context, as_json: AsJson = False) -> None:
    """Show every rule and threshold, with its reason."""
    if context.invoked_subcommand is None:
        _show(as_json=as_json)


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """Show every rule and threshold, with its reason."""
    _show(as_json=as_json)


@app.command("set")
def set_(
    name: Annotated[str, typer.Argument(help="As thresholds shows it.")],
    value: Annotated[str, typer.Argument(help="A number, or: default.")],
    as_json: AsJson = False,
) -> None:
    """Set one threshold. With the consent lock on, its passphrase is asked for."""
    number = _number(value)

    def work(tx: Tx, grant: Grant) -> Limits:
        return watching.set_threshold(tx, grant, name, number)

    # The name may be any words, until it is found among ours.
    detail = {"threshold": name if name in THRESHOLDS else "", "value": value[:20]}
    limits = current().widen("security thresholds set", work, detail=detail)
    if as_json:
        say_json({name: limits.of(name)})
    else:
        say(f"{name} is {limits.of(name)} from now on.")


def _show(*, as_json: bool) -> None:
    limits = current().look("security thresholds", watching.limits_of)
    if as_json:
        say_json(
            {
                one.name: {
                    "value": limits.of(one.name),
                    "default": one.default,
                    "least": one.least,
                    "most": one.most,
                    "what": one.what,
                    "why": one.why,
                    "rule": one.name in RULE,
                }
                for one in THRESHOLDS.values()
            }
        )
        return
    say_table(
        ("name", "is", "default", "counts"),
        [(o.name, limits.of(o.name), o.default, o.what) for o in THRESHOLDS.values()],
    )


def _number(text: str) -> int | None:
    if text == _DEFAULT:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ThresholdValueError
    return int(text)
