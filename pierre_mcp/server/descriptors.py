"""The standard descriptors, taken before anything else can use them.

The protocol owns stdout: one stray line breaks the client. So the real stdin and
stdout move to private descriptors, and what the rest of the process (and any child)
knows as 0 and 1 becomes the null device and stderr. Only the standard library is
imported here, so that this can be the first thing ``main`` does.
"""

import os


def take_stdio() -> tuple[int, int]:
    """Return private descriptors of stdin and stdout, and divert 0 and 1.

    A standard descriptor that was closed at start is the null device instead: the
    next file opened, perhaps the database, must not become stdout.
    """
    _fill_gaps()
    wire = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return wire


def _fill_gaps() -> None:
    # open() returns the lowest free descriptor, so this fills 0 to 2 and one more.
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)  # noqa: FBT003  # the API is positional
    os.close(opened)
