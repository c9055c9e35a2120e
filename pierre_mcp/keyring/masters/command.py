"""A master key that a command prints: any key service or password manager.

The command is a JSON list of words, started as it stands: no shell reads it. It gets no
input, its errors are thrown away (they could quote the key), it has ten seconds, and
its answer is the key alone. It inherits our environment without our settings, from
which the key was taken when they were read.
"""

import json
import subprocess
import threading
import time
from typing import Final

from pierre_mcp.errors import MasterCommandError, MasterSourceError
from pierre_mcp.keyring.master import key_of_content
from pierre_mcp.platform import end_with_children
from pierre_mcp.settings import environment_for_others

WITHIN_S: Final = 10.0
MOST_BYTES: Final = 4_096
_ENDS_WITHIN_S = 1.0


def key_of_command(text: str, *, within_s: float = WITHIN_S) -> bytes:
    """Return the key that a command prints.

    Args:
        text: The command as a JSON list of words.
        within_s: How long it may take.

    Raises:
        MasterSourceError: It is no list of words.
        MasterCommandError: It cannot be started, failed, took too long or said too
            much.
        MasterKeyMalformedError: What it said is no key.
    """
    return key_of_content(_said(_words(text), time.monotonic() + within_s))


def _words(text: str) -> list[str]:
    try:
        words = json.loads(text)
    except (ValueError, RecursionError):
        raise MasterSourceError from None
    if not (isinstance(words, list) and words and all(map(_is_word, words))):
        raise MasterSourceError
    return words


def _is_word(word: object) -> bool:
    return isinstance(word, str) and word != "" and "\0" not in word


def _said(words: list[str], until_s: float) -> bytes:
    try:
        process = subprocess.Popen(  # noqa: S603 - the person's own, and no shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment_for_others(),
            start_new_session=True,  # so that what it starts ends with it
        )
    except (OSError, ValueError):
        raise MasterCommandError from None
    try:
        said = _heard(process, until_s)
        status = process.wait(max(0.0, until_s - time.monotonic()))
    except (MasterCommandError, subprocess.TimeoutExpired):
        end_with_children(process.pid)
        process.wait(_ENDS_WITHIN_S)
        raise MasterCommandError from None
    if status != 0:
        raise MasterCommandError
    return said


def _heard(process: subprocess.Popen[bytes], until_s: float) -> bytes:
    """Read to the end; on a thread, since a pipe knows no deadline everywhere."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    pipe, heard = process.stdout, list[bytes]()

    def read() -> None:
        with pipe:
            heard.append(pipe.read(MOST_BYTES + 1))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(max(0.0, until_s - time.monotonic()))
    if not heard or len(heard[0]) > MOST_BYTES:
        raise MasterCommandError
    return heard[0]
