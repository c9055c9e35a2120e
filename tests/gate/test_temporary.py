"""A temporary demo store: filled, open to others, and gone at the end."""

import threading
from contextlib import suppress
from pathlib import Path

import pytest

from pierre_mcp.gate.house import opener
from pierre_mcp.gate.temporary import demo_store
from pierre_mcp.services import athlete
from pierre_mcp.services.steps import Progress
from pierre_mcp.settings import Settings
from pierre_mcp.store import people

pytestmark = pytest.mark.unmeasured


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A person's own settings, strict ones, of which nothing may be used."""
    return Settings(
        tmp_path / "data",
        tmp_path / "config",
        profile="anna",
        mek_source="env",
        production=True,
        master_key="not for the demo",
    )


def test_it_is_a_filled_demo_store_apart_from_the_persons_own(
    settings: Settings, tmp_path: Path
) -> None:
    seen: list[Progress] = []
    with demo_store(settings, seed=4, listen=seen.append) as (temporary, open_):
        store = open_()
        with store.reading() as tx:
            assert people.is_demo(tx)
            assert people.profile(tx, people.owner(tx)).zone == "Europe/Zurich"
            (count,) = tx.one("SELECT count(*) FROM recordings")
        store.close()
        opener(temporary)().close()  # by its settings alone, as another process does
    assert seen[-1] == Progress(count, count, "done")
    assert not temporary.data_dir.parent.exists()
    assert list(tmp_path.iterdir()) == []


def test_it_is_made_on_any_thread_and_gone_after_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(athlete, "plan", lambda *_: [])  # what is in it is not asked
    seen: list[tuple[bool, bool]] = []

    def make() -> None:
        with suppress(KeyError), demo_store(settings) as (temporary, _):
            where = temporary.store_dir
            made = where.exists()
            raise KeyError
        seen.append((made, where.exists() or where.parent.parent.exists()))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert seen == [(True, False)]
