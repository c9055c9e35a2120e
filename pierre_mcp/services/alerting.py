"""Telling an alert to a command that the operator names: any mailer or pager.

It gets the alert as one JSON object on its standard input; how it is started, and for
how long, says ``commands``.
"""

import json
import shlex
from typing import Any

from pierre_mcp.errors import AlertCommandMalformedError
from pierre_mcp.services.commands import WITHIN_S, Command
from pierre_mcp.store.alerts import ListedAlert


class AlertCommand(Command):
    """The operator's command.

    Args:
        text: A JSON list of words, or words as a shell would have them.
        within_s: How long one telling may take, seconds.

    Raises:
        AlertCommandMalformedError: It is neither.
    """

    def __init__(self, text: str, *, within_s: float = WITHIN_S) -> None:
        super().__init__(words_of(text), within_s=within_s)

    def tell_alert(self, told: ListedAlert) -> bool:
        """Tell an alert, and wait for the command; return whether it took it."""
        return self.tell(as_json(told))


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
