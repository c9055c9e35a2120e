"""The challenge: words shown on a terminal, typed back on the same terminal.

It proves a terminal, not a human: a program running as this user can open one. No flag,
variable or setting skips it.
"""

import secrets
import sys

from pierre_mcp.cli.faults import ChallengeFailedError, NoTerminalError
from pierre_mcp.platform import has_terminal

_WORDS = (
    "acorn", "amber", "anchor", "apple", "arrow", "autumn", "badge", "bamboo",
    "barley", "basil", "beacon", "birch", "bread", "breeze", "brick", "bridge",
    "bronze", "butter", "button", "cabin", "cactus", "candle", "canyon", "carpet",
    "castle", "cedar", "cherry", "circle", "clover", "cobalt", "copper", "coral",
    "cotton", "crayon", "desert", "dragon", "eagle", "ember", "falcon", "feather",
    "fennel", "forest", "garden", "ginger", "glacier", "granite", "guitar",
    "harbor", "hazel", "honey", "island", "ivory", "jacket", "jasmine", "kettle",
    "ladder", "lantern", "lemon", "lilac", "linen", "magnet", "maple", "marble",
    "meadow", "mirror", "mustard", "nickel", "nutmeg", "olive", "orange", "orchid",
    "oyster", "paper", "pebble", "pepper", "pigeon", "planet", "pocket", "puzzle",
    "quartz", "rabbit", "ribbon", "river", "rocket", "saddle", "saffron", "sailor",
    "salmon", "shadow", "silver", "spider", "spring", "summer", "sunset", "temple",
    "thunder", "timber", "tulip", "tunnel", "valley", "velvet", "violet", "walnut",
    "willow", "window", "winter",
)  # fmt: skip
_COUNT = 3


def challenge(to_do: str) -> None:
    """Have the person type three words to ``to_do`` something.

    Raises:
        NoTerminalError: There is no terminal to ask on.
        ChallengeFailedError: Other words were typed.
    """
    require_terminal()
    words = " ".join(secrets.choice(_WORDS) for _ in range(_COUNT))
    sys.stderr.write(f"\nType these words to {to_do}: {words}\n> ")
    sys.stderr.flush()
    typed = sys.stdin.readline()
    if typed.lower().split() != words.split():
        raise ChallengeFailedError


def require_terminal() -> None:
    """Refuse where no person can be asked.

    Raises:
        NoTerminalError: Standard input and error are not one terminal.
    """
    if not has_terminal():
        raise NoTerminalError
