"""A master key that a person remembers: Argon2id of a passphrase.

::

    MEK  = Argon2id(NFKC(passphrase), salt, t = 3, m = 64 MiB, p = 4, 32 bytes)
    salt = SHA-256(PAE("pierre/passphrase/v1", store id)), the first 16 bytes

The parameters are the second recommended option of RFC 9106, section 4. The store id is
random and kept in the store, so a backup opens with the same words. The passphrase is
asked for on a terminal, twice where it becomes that of a store; a server has none, and
says so.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from pierre_mcp.errors import (
    PassphrasesDifferError,
    PassphraseShortError,
    PassphraseTerminalError,
)
from pierre_mcp.keyring.master import LocalMaster, StoreNeed
from pierre_mcp.keyring.pae import pae
from pierre_mcp.keyring.stretching import LOW_MEMORY, SALT_BYTES, stretch
from pierre_mcp.platform import ask_unseen, has_terminal

LEAST_CHARACTERS: Final = 15
_COST = LOW_MEMORY

Ask = Callable[[str], str]


def key_of_passphrase(passphrase: str, store_id: str) -> bytes:
    """Return the key that a passphrase gives for one store."""
    salt = hashlib.sha256(pae(b"pierre/passphrase/v1", store_id.encode())).digest()
    return stretch(passphrase, salt[:SALT_BYTES], _COST)


def asked_key(
    need: StoreNeed, *, replacing: bool = False, ask: Ask = ask_unseen
) -> bytes:
    """Ask for the passphrase of a store, and return the key it gives.

    Args:
        need: Of the store.
        replacing: Another key may open the store while this one takes its place, so
            that words it does not know are new ones, and not wrong ones.
        ask: Asks one question on the terminal, without an echo.

    Raises:
        PassphraseTerminalError: There is no terminal to ask on.
        PassphraseShortError: A new one has fewer than 15 characters.
        PassphrasesDifferError: A new one was typed differently the second time.
    """
    if not has_terminal():
        raise PassphraseTerminalError
    given = ask(f"{'New passphrase' if need.is_new else 'Passphrase'} of this store: ")
    raw = key_of_passphrase(given, need.store_id)
    known = LocalMaster(raw).id in need.mek_ids
    if need.is_new or (replacing and not known):
        _settle(given, ask)
    return raw


def _settle(given: str, ask: Ask) -> None:
    """Have a new passphrase be long enough, and typed the same again."""
    if len(given) < LEAST_CHARACTERS:
        raise PassphraseShortError
    if ask("The same again: ") != given:
        raise PassphrasesDifferError
