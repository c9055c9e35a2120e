"""What is asked to be proven, and where the proof goes."""

from pathlib import Path

import pytest

from tests.cli.terminal import Person
from tests.proving import verifier


def test_a_proof_on_standard_output(runner: Person) -> None:
    V = verifier()  # noqa: N806 - as if it were imported
    proof = V.json_object(runner.does("audit", "prove", "2"))
    assert "Row 2 is among the first 2 of" in V.check(proof, None, None)
    rows = runner.asks("audit", "tail", "-n", "2")
    assert [row["action"] for row in rows] == ["audit checkpoint", "audit prove"]
    # A row that has a checkpoint needs none of its own.
    runner.does("audit", "prove", "1")
    (row,) = runner.asks("audit", "tail", "-n", "1")
    assert (row["action"], row["outcome"]) == ("audit prove", "done")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param((), "Say the number of a row", id="nothing"),
        pytest.param(("1", "--since", "x"), "Say the number", id="both"),
        pytest.param(("99",), "no row of that number", id="no such row"),
        pytest.param(("--since", "none"), "nothing at one", id="no such file"),
        pytest.param(("--since", "files/ride.fit"), "no checkpoint", id="other file"),
        pytest.param(("1", "--out", "files/ride.fit"), "at that path", id="taken"),
        pytest.param(("1", "--out", "no/proof"), "cannot be made", id="no folder"),
    ],
)
def test_what_is_not_proven(runner: Person, words: tuple[str, ...], said: str) -> None:
    done = runner.run("audit", "prove", *words)
    assert done.returncode == 1
    assert said in done.stderr
    assert not Path(runner.home / "no").exists()
