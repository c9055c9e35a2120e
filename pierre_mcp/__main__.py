"""``pierre-mcp``: without a command the server, else the person's own door.

A client waits for the server's first line, so what only the command line needs is not
imported for it; collecting garbage while importing would cost a seventh of the start.
"""

import gc
import sys
from collections.abc import Sequence

_ALLOCATIONS = 50_000
"""Between two collections; at Python's 700 a call is stopped several times for nothing,
since hardly anything here is in a cycle."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``pierre-mcp`` and exit with its status."""
    try:
        sys.exit(_run(profile_first(sys.argv[1:] if arguments is None else arguments)))
    except KeyboardInterrupt:  # while importing: nothing was begun
        sys.exit(130)


def _run(given: list[str]) -> int:
    gc.disable()
    # Imported here: with the collector off, and each door without the other's needs.
    if _is_server(given):
        from pierre_mcp import app as door  # noqa: PLC0415 - see above
    else:
        from pierre_mcp.cli import program as door  # type: ignore[no-redef]  # noqa: PLC0415
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    gc.enable()
    return door.run(given)


def profile_first(given: Sequence[str]) -> list[str]:
    """Return the words with ``--profile NAME`` before all others, where it is.

    It says whose store, to every command alike, so it may be typed anywhere.
    """
    words = list(given)
    for at, word in enumerate(words):
        if word == "--":
            break
        if word.startswith("--profile="):
            name = word.removeprefix("--profile=")
            return ["--profile", name, *words[:at], *words[at + 1 :]]
        if word == "--profile" and at + 1 < len(words):
            return [word, words[at + 1], *words[:at], *words[at + 2 :]]
    return words


def _is_server(given: Sequence[str]) -> bool:
    """Tell whether a client starts us: with no command, ``serve``, or its options."""
    words = given[2:] if given[:1] == ["--profile"] and len(given) > 1 else given
    if any(word in {"-h", "--help"} for word in words):
        return False
    return not words or words[0] in {"serve", "--client", "--demo"}


if __name__ == "__main__":
    main()
