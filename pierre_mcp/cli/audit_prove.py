"""``pierre-mcp audit prove``: what others can check without the store."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pierre_mcp.cli.faults import NotTakenError, PathTakenError, PathUnwritableError
from pierre_mcp.cli.session import current, say
from pierre_mcp.errors import PathUnknownError
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.caller import Call
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.platform import write_private_file
from pierre_mcp.store import checkpoints, proofs
from pierre_mcp.store.database import Tx

CHECKPOINT: Final = "audit checkpoint"
"""The action under which one is taken because it is asked for."""

_MOST_BYTES: Final = 2**28


def prove(
    seq: Annotated[
        int | None, typer.Argument(metavar="ROW", min=1, help="Its number.")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(help="A file of kept checkpoints: prove that the log extends it."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write to this new file, readable by you.")
    ] = None,
) -> None:
    """Prove that a row is in the log, or that the log begins as a checkpoint says.

    The proof holds the row as it is stored, which names nobody, and a signed
    checkpoint; examples/verify_proof.py checks it with neither store nor keys.
    """
    if (seq is None) is (since is None):
        msg = "Say the number of a row, or --since FILE."
        raise NotTakenError(msg)
    session = current()
    call = session.owner("audit prove")
    with session.gate() as gate:
        if seq is not None:
            found = _of_row(gate, call, session.owner(CHECKPOINT), seq)
        else:
            kept = _read(since)
            found = gate.maintain(
                call, lambda tx, m, _: proofs.of_extension(tx, m, kept)
            )
    text = json.dumps(found, indent=2, ensure_ascii=False)
    if out is None:
        say(text)
        return
    _write(out, f"{text}\n")
    say(
        "Written. Anyone can check it with examples/verify_proof.py. Whose log it is, "
        f"this public key tells; give it to them some other way:\n{found['key']}"
    )


def _of_row(gate: Gate, call: Call, closing: Call, seq: int) -> dict[str, Any]:
    def lacks(tx: Tx, maintenance: Maintenance) -> bool:
        return not proofs.covers(tx, maintenance, seq)

    with gate.watched(call):
        uncovered = gate.peek(call, lacks)
    if uncovered:
        gate.keep(closing, lambda tx, m, _: checkpoints.close(tx, m))
    return gate.maintain(call, lambda tx, m, _: proofs.of_row(tx, m, seq))


def _read(path: Path | None) -> bytes:
    try:
        with (path or Path()).expanduser().open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError:
        raise PathUnknownError from None


def _write(path: Path, text: str) -> None:
    try:
        write_private_file(path.expanduser().absolute(), text.encode())
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise PathUnwritableError from None
