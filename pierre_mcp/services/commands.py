"""A command of the person's own that is told something: no shell, and not for long.

It is a list of words, started as it stands. What it is told stands on its standard
input, and that is then at its end; what it says is thrown away unread, so it cannot
flood us. When its seconds are over it is killed, with all that it started. It inherits
our environment without our settings.
"""

import subprocess
from collections.abc import Sequence
from typing import Final

from pierre_mcp.platform import end_with_children
from pierre_mcp.settings import environment_for_others

WITHIN_S: Final = 10.0
_ENDS_WITHIN_S: Final = 1.0


def told(words: Sequence[str], content: bytes, *, within_s: float = WITHIN_S) -> bool:
    """Tell a command something; return whether it ended well, and in time.

    Args:
        words: The program and its arguments.
        content: For its standard input.
        within_s: How long it may take, seconds.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the person's own, and no shell
            list(words),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment_for_others(),
            start_new_session=True,  # so that what it starts ends with it
        )
    except (OSError, ValueError):
        return False
    with process:
        try:
            process.communicate(content, timeout=within_s)
        except BaseException as error:
            end_with_children(process.pid)
            process.wait(_ENDS_WITHIN_S)
            if isinstance(error, subprocess.TimeoutExpired):
                return False
            raise
    return process.returncode == 0
