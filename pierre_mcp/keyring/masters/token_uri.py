"""The URI of a key in a token (RFC 7512), as far as it is used here.

::

    pkcs11:token=LABEL;object=LABEL?module-path=/PATH&pin-source=file:/PATH

A token by its label, serial or slot, a key by its label or id, and the module by its
path. ``pin-value`` is refused: the setting is copied into clients' entries, and shown.
What is not known here is refused, not ignored: it could narrow what was meant.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from pierre_mcp.errors import MasterPinError, MasterSourceError

_IN_PATH: Final = {"token", "serial", "slot-id", "object", "id", "type"}
_IN_QUERY: Final = {"module-path", "pin-source"}
# RFC 7512, 2.3: pk11-pchar and pk11-qchar; a percent sign stands before two digits.
_VALUE = re.compile(r"(?:[A-Za-z0-9\-._~:\[\]@!$'()*+,=&/?|]|%[0-9A-Fa-f]{2})*")


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Which key, in which token, by which module.

    Attributes:
        module: The PKCS#11 module's absolute path.
        token: The token's label; None for any.
        serial: Its serial number; None for any.
        slot: Its slot's number; None for any.
        label: The key's label; None for any.
        id: The key's own id; None for any.
        pin_file: Holds the PIN; None for a token that needs none.
    """

    module: Path
    token: str | None
    serial: str | None
    slot: int | None
    label: str | None
    id: bytes | None
    pin_file: Path | None


def parse(rest: str) -> TokenUri:
    """Read what stands after ``pkcs11:``.

    Raises:
        MasterPinError: A PIN stands in it.
        MasterSourceError: It is no such URI, or does not say enough.
    """
    path, _, query = rest.partition("?")
    asked = _attributes(query, "&")
    if "pin-value" in asked:
        raise MasterPinError
    named = _attributes(path, ";")
    if not (named.keys() <= _IN_PATH and asked.keys() <= _IN_QUERY):
        raise MasterSourceError
    if named.get("type", b"secret-key") != b"secret-key":
        raise MasterSourceError
    if not (named.keys() & {"token", "serial", "slot-id"}):
        raise MasterSourceError
    if not (named.keys() & {"object", "id"}):
        raise MasterSourceError
    return TokenUri(
        module=_absolute(asked.get("module-path", b"")),
        token=_text(named.get("token")),
        serial=_text(named.get("serial")),
        slot=_number(named.get("slot-id")),
        label=_text(named.get("object")),
        id=named.get("id"),
        pin_file=_pin_file(asked.get("pin-source")),
    )


def _attributes(part: str, between: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for attribute in filter(None, part.split(between)):
        name, _, value = attribute.partition("=")
        if name in found or not value or not _VALUE.fullmatch(value):
            raise MasterSourceError
        found[name] = unquote_to_bytes(value)
    return found


def _text(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise MasterSourceError from None


def _number(value: bytes | None) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(rb"[0-9]{1,19}", value):
        raise MasterSourceError
    return int(value)


def _pin_file(value: bytes | None) -> Path | None:
    return None if value is None else _absolute(value.removeprefix(b"file:"))


def _absolute(value: bytes) -> Path:
    path = Path(_text(value) or "")
    if not path.is_absolute() or b"\0" in value:
        raise MasterSourceError
    return path
