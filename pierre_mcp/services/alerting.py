"""Telling an alert to a command that the operator names: any mailer or pager.

No shell reads the command. It is a process of its own, gets the alert as one JSON
object on its standard input, and has ten seconds; what it says goes nowhere, so it can
neither flood nor block. It inherits our environment without our settings.
"""

import json
import shlex
import subprocess
import threading
from typing import Any, Final

from pierre_mcp.errors import AlertCommandMalformedError
from pierre_mcp.platform import end_with_children
from pierre_mcp.settings import environment_for_others
from pierre_mcp.store.alerts import ListedAlert

WITHIN_S: Final = 10.0
_ENDS_WITHIN_S: Final = 1.0


class AlertCommand:
    """The operator's command; one for all threads of a process.

    Args:
        text: A JSON list of words, or words as a shell would have them.
        within_s: How long one telling may take.

    Raises:
        AlertCommandMalformedError: It is neither.
    """

    def __init__(self, text: str, *, within_s: float = WITHIN_S) -> None:
        self._words = words_of(text)
        self._within_s = within_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    def tell(self, told: ListedAlert) -> bool:
        """Tell an alert, and wait for the command; return whether it took it."""
        with self._lock:
            if self._ended:
                return False
            try:
                process = self._process = subprocess.Popen(  # noqa: S603 - the operator's own, and no shell
                    self._words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment_for_others(),
                    start_new_session=True,  # so that what it starts ends with it
                )
            except (OSError, ValueError):
                return False
        try:
            process.communicate(as_json(told), timeout=self._within_s)
        except (OSError, subprocess.TimeoutExpired):
            end_with_children(process.pid)
            process.wait(_ENDS_WITHIN_S)
            return False
        return process.returncode == 0

    def end(self) -> None:
        """Let the command go that runs, and tell nothing more: the process ends."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is not None and process.poll() is None:
            end_with_children(process.pid)


def as_json(told: ListedAlert) -> bytes:
    """Return an alert as the command is given it: labels, counts and our own words."""
    alert: dict[str, Any] = told.alert.model_dump(mode="json")
    said = {"program": "pierre-mcp", "alert": told.number, "id": told.id, **alert}
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def words_of(text: str) -> list[str]:
    """Read a command: a JSON list of words, or words as a shell would have them.

    Raises:
        AlertCommandMalformedError: It is neither.
    """
    try:
        listed = text.lstrip().startswith("[")
        words = json.loads(text) if listed else shlex.split(text)
    except (ValueError, RecursionError):
        raise AlertCommandMalformedError from None
    if not words or not all(isinstance(w, str) and w and "\0" not in w for w in words):
        raise AlertCommandMalformedError
    return list(words)
