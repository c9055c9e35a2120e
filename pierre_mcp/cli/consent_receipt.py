"""``pierre-mcp consent receipt``: a signed receipt of one consent, and its check."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from pierre_mcp.cli.faults import (
    NotTakenError,
    PathTakenError,
    PathUnwritableError,
    ReceiptInvalidError,
)
from pierre_mcp.cli.session import AsJson, Session, command, current, say, say_json
from pierre_mcp.errors import PathUnknownError
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.platform import write_private_file
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services import consent_receipts
from pierre_mcp.store import statements
from pierre_mcp.store.database import Tx

_MOST_BYTES: Final = 1_000_000


def receipt(
    entry_id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Of a line of consent history."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write it to this new file instead.")
    ] = None,
    verify: Annotated[
        Path | None, typer.Option(help="Check this receipt instead of making one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Issue a signed receipt of one consent, or check one.

    It holds the fields of ISO/IEC TS 27560 as JSON-LD, and the same as an EdDSA JWS,
    which anyone can check with the public key in it.
    """
    session = current()
    if (entry_id is None) == (verify is None):
        msg = "Name a line of consent history, or a file with --verify."
        raise NotTakenError(msg)
    if verify is not None:
        _verify(session, verify, as_json=as_json)
        return
    if out is not None and out.exists():
        raise PathTakenError
    text = _issued(session, entry_id or "")
    if out is None:
        say(text)
        return
    try:
        write_private_file(out, f"{text}\n".encode())
    except FileExistsError:
        raise PathTakenError from None
    except OSError:
        raise PathUnwritableError from None
    if as_json:
        say_json({"written": str(out)})
    else:
        say(f"Written. Check it with: {command()} consent receipt --verify FILE")


def _issued(session: Session, entry_id: str) -> str:
    call = session.owner("consent receipt")
    with session.gate() as gate:
        if not gate.look(call, lambda tx, _: statements.can_sign(tx)):
            gate.keep(call, _prepare)
        return gate.look(
            call, lambda tx, grant: consent_receipts.issue(tx, grant, entry_id)
        )


def _prepare(tx: Tx, leave: Maintenance, _: Identity | None) -> None:
    statements.prepare(tx, leave, now=datetime.now(UTC))


def _verify(session: Session, path: Path, *, as_json: bool) -> None:
    said = consent_receipts.check(_text(path))
    if said is None:
        raise ReceiptInvalidError

    def work(tx: Tx, grant: Grant) -> bool:
        return statements.signed_here(tx, grant, said)

    here = session.look("consent receipt", work)
    if as_json:
        say_json({"holds": True, "signed_by_this_store": here, "receipt": said})
        return
    say(_in_words(said))
    say(
        "Signed by the key this store has now."
        if here
        else "Signed by another key than this store has now: another store's, or an "
        "earlier one of this."
    )


def _in_words(said: Mapping[str, Any]) -> str:
    record = said["record"]
    event, processing = record["events"][0], record["pii_processing"]
    kinds = [f"{one['source']}:{one['pii_type']}" for one in _list(processing)]
    recipient = processing["recipient_third_parties"][0]["name"]
    return clean(
        f"The receipt holds: consent {event['event_state']} for {recipient} at "
        f"{event['event_time']}, of {', '.join(kinds) or 'no data'}.",
        2_000,
    )


def _list(processing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = processing["pii_information"]
    return found


def _text(path: Path) -> str:
    """Read a file that may be a receipt.

    Raises:
        PathUnknownError: It cannot be read.
        ReceiptInvalidError: It is none.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError):
        raise PathUnknownError from None
    if len(content) > _MOST_BYTES:
        raise ReceiptInvalidError
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ReceiptInvalidError from None
