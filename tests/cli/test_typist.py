"""A command on a pseudo-terminal, and the words typed to it."""

import os
import signal
import sys

import pytest

from pierre_mcp.cli import typist
from pierre_mcp.cli.typist import can_open_terminal, sit

pytestmark = pytest.mark.skipif(
    not can_open_terminal(), reason="needs a pseudo-terminal"
)

ASKING = """
import sys
sys.stderr.write("Type these words to try this: one two three\\n> ")
sys.stderr.flush()
sys.exit(0 if sys.stdin.readline() == "one two three\\n" else 3)
"""


def test_the_words_shown_are_typed() -> None:
    sitting = sit([sys.executable, "-c", ASKING], os.environ)
    assert sitting.status == 0
    assert sitting.shown.endswith("try this: one two three\n> one two three\n")


def test_nothing_is_typed_where_nothing_asks() -> None:
    sitting = sit([sys.executable, "-c", "print('no'); raise SystemExit(1)"], {})
    assert (sitting.status, sitting.shown) == (1, "no\n")


def test_a_command_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typist, "WITHIN_S", 0.3)
    monkeypatch.setattr(typist, "END_WITHIN_S", 0.1)
    assert sit([sys.executable, "-c", "input()"], {}).status == -signal.SIGKILL
