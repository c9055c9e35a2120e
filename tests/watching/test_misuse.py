"""Ten misuse scripts and more raise their event; ordinary weeks raise none."""

import pytest

from tests.watching import ordinary
from tests.watching.misuse import EXPECTED, Script
from tests.watching.stage import Stage

pytestmark = pytest.mark.unmeasured


@pytest.mark.promise("monitor.behaviour")
@pytest.mark.parametrize(
    ("script", "rule"), EXPECTED.items(), ids=[s.__name__ for s in EXPECTED]
)
def test_misuse_raises_its_event(stage: Stage, script: Script, rule: str) -> None:
    script(stage)
    stage.scan()
    assert rule in stage.rules()
    assert "suspicious_activity" in {row["event"] for row in stage.world.rows()}


@pytest.mark.promise("monitor.behaviour")
def test_an_ordinary_week_raises_nothing(stage: Stage) -> None:
    ordinary.a_week(stage)
    assert stage.rules() == set()
