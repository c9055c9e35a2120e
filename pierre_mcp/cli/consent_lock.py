"""``pierre-mcp consent lock`` and ``unlock``: a passphrase on what lets more out."""

from pathlib import Path

from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.passphrases import ask_new_passphrase
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    err,
    say,
    say_json,
)
from pierre_mcp.gate import consent_lock

_WARNING = (
    "The consent lock\n\n"
    "With it on, a passphrase is asked for before anything lets more out: consents, "
    "lower\nprivacy levels, exports, the master key, an erasure. Taking consent back "
    "never needs it.\n\n"
    "It is for assistants that have a shell: such a one can type what a screen shows, "
    "and\ncannot type what only you know. Never type it where an assistant can read "
    "along.\n\n"
    "Nobody can recover it. Forgotten, it leaves you all you have let out and lets you "
    "take\nit back, and nothing more: no new consent, no export, no erasure with a "
    "receipt. The\nonly way on is then to delete the store and import again."
)


def lock(as_json: AsJson = False) -> None:
    """Put the consent lock on, or give it another passphrase.

    With it on, new consents, lowered levels, exports, key reveals and erasures need the
    passphrase. What takes consent back never does.
    """
    changed = put_on(current())
    if as_json:
        say_json({"locked": True, "changed": changed})
    elif changed:
        say("The consent lock has another passphrase.")
    else:
        say(
            "The consent lock is on. Take it off with its passphrase: "
            f"{command()} consent unlock"
        )


def unlock(as_json: AsJson = False) -> None:
    """Take the consent lock off, with its passphrase."""
    session = current()
    with session.gate() as gate:
        call, outside = session.owner(consent_lock.UNLOCK), _outside(session)
        sign = session.unlocked(gate, call)
        was_on = consent_lock.take_off(gate, call, outside, sign=sign)
    if as_json:
        say_json({"locked": False, "changed": was_on})
    else:
        say("The consent lock is off." if was_on else "No consent lock is on.")


def put_on(session: Session) -> bool:
    """Warn, ask for a new passphrase, and put the lock on; tell whether one was.

    Raises:
        NoTerminalError: There is no terminal to ask on.
        PassphraseWeakError: The passphrase is one that is soon tried out.
    """
    require_terminal()
    err().print(f"\n{_WARNING}\n")
    with session.gate() as gate:
        call, outside = session.owner(consent_lock.LOCK), _outside(session)
        was_on = gate.lock(call) is not None
        sign = session.unlocked(gate, call)
        given = ask_new_passphrase("the consent lock")
        if not was_on:
            challenge("put the consent lock on")
        consent_lock.put_on(gate, call, outside, given, sign=sign)
    return was_on


def _outside(session: Session) -> Path:
    return session.settings.high_water_dir
