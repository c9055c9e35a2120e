"""A program started afresh does what a ``Fork`` does: other tests lean on it."""

import signal
import subprocess

import pytest

from tests.cli.terminal import Person
from tests.forks import PIPE, PROGRAM, Fork

pytestmark = pytest.mark.unmeasured

GIVING = ("consent", "--to", "claude-desktop")


@pytest.mark.promise("consent.human-only")
@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("imprt",),
        ("serve", "--client", "A"),
        ("imports", "--json"),
        GIVING,
    ],
    ids=" ".join,
)
def test_without_a_terminal(runner: Person, words: tuple[str, ...]) -> None:
    fresh = subprocess.run(
        [*PROGRAM, *words],
        env=runner.env,
        cwd=runner.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    fork = runner.run(*words)
    assert (fork.returncode, fork.stderr) == (fresh.returncode, fresh.stderr)
    assert fork.stdout == fresh.stdout


@pytest.mark.promise("consent.human-only")
def test_on_a_terminal(runner: Person) -> None:
    for command in (PROGRAM, ()):
        for wrongly in (True, False):
            with runner.sits(*GIVING, command=command) as terminal:
                terminal.take_challenge(wrongly=wrongly)
                screen = terminal.end()
            assert screen.status == int(wrongly)
            held = runner.asks("consent", "list")
            assert bool(held) is not wrongly
        runner.does("consent", "withdraw")


def test_killed(anna: Person) -> None:
    process = Fork([], env=anna.env, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    assert process.poll() is None
    process.kill()
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL
