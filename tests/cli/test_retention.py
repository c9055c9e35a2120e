"""``retention`` as a person gives it."""

import pytest

from tests.cli.terminal import Person


@pytest.mark.promise("privacy.retention")
def test_from_what_is_due_to_what_is_gone(runner: Person) -> None:
    kept = {one["category"]: one for one in runner.asks("retention")}
    assert {one["days"] for one in kept.values()} == {None}
    assert "kept until deleted" in runner.does("retention")

    said = runner.does("retention", "set", "heart_rate", "30", "--dry-run")
    assert "this goes now: 1 recording" in said
    assert runner.run("retention", "set", "heart_rate", "30").returncode == 1
    with runner.sits("retention", "set", "heart_rate", "30") as terminal:
        terminal.take_challenge(wrongly=True)
        assert terminal.end().status == 1
    with runner.sits("retention", "set", "heart_rate", "30") as terminal:
        terminal.take_challenge()
        screen = terminal.end()
    assert screen.status == 0
    assert "1 recording" in screen.text.split("Type these words")[0]
    assert "Deleted: heart_rate of 1." in screen.text
    assert runner.does("retention", "run") == "Nothing is due to be deleted.\n"
    assert runner.asks("retention", "run", "--dry-run") == {"due": {}}

    with runner.sits("retention", "set", "heart_rate", "--forever") as terminal:
        terminal.take_challenge()
        assert "until you delete it: heart_rate" in terminal.end().text
    assert runner.asks("audit", "verify")["healthy"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("heart_rate",), id="no days"),
        pytest.param(("heart_rate", "3", "--forever"), id="both"),
        pytest.param(("heart-rate", "3"), id="no category"),
        pytest.param(("heart_rate", "0"), id="no day"),
        pytest.param(("heart_rate", "36501"), id="too many"),
    ],
)
def test_what_is_no_retention(anna: Person, words: tuple[str, ...]) -> None:
    done = anna.run("retention", "set", *words)
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr
