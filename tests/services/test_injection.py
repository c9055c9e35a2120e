"""Text from files stays text: it is shown clean, marked, and in no other place."""

import json
import logging
import os
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.model.caller import Call, Recipient
from pierre_mcp.model.category import Category
from pierre_mcp.model.fields import Level
from pierre_mcp.policy.privacy import MAX_DESCRIPTION, clean
from pierre_mcp.services.workers import Parsers
from pierre_mcp.tools.catalogue import RESOURCES, TOOLS
from tests.formats.exporting import Row, export, later, table_csv
from tests.formats.making import STARTED_AT, fit_activity, gpx_activity, ride
from tests.gate.world import CLAUDE, World, a_world
from tests.hostile import MARK, forms
from tests.services.test_strava import Importer
from tests.services.test_workers import REAL
from tests.stores import owner_grant

pytestmark = pytest.mark.skipif(
    not hasattr(os, "mkfifo"), reason="descriptors travel over POSIX sockets only"
)

FORMS = forms()
STRING = 7
_IN_XML = [f for f in FORMS if all(c in "\n\t" or c.isprintable() for c in f)]


def hostile_export() -> Mapping[str, bytes]:
    """Every form as a name, a description, a note and a piece of gear."""
    files: dict[str, bytes] = {}
    rows = []
    for i, form in enumerate(FORMS):
        rows.append(
            Row(i + 1, "", later(i), form, description=f"d {form}", note=form,
                gear=form if i % 4 == 0 else "", kind=form if i % 9 == 0 else "Run")
        )  # fmt: skip
    shoes = [["Shoe Name", "Shoe Brand", "Shoe Model", "Shoe Default Sport Types"]]
    shoes += [["", form, form, form] for form in FORMS[:30]]
    return export(rows, files, shoes=table_csv(shoes))


def hostile_files(importer: Importer) -> Path:
    """Files of their own, with forms where a format has room for text."""
    of = {}
    for i, form in enumerate(_IN_XML[::12]):
        at = later(200 + i)
        of[f"{i} {MARK.search(form)[0]}.gpx"] = gpx_activity(  # type: ignore[index]
            ride(60), started_at=at, name=form, kind=form
        )
    text = FORMS[0].encode()[:200] + b"\0"
    of["device.fit"] = fit_activity(
        ride(60), started_at=STARTED_AT, totals={110: (STRING, text)}
    )
    return importer.folder(of)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = tmp_path_factory.mktemp("hostile")
    with a_world(root / "store") as made, Parsers(1, command=REAL) as parsers:
        home = root / "home"
        home.mkdir()
        importer = Importer(made.store, owner_grant(made.store), parsers, home)
        importer.takes(hostile_export())
        importer.run(importer.planned(hostile_files(importer)))
        made.give_training(sources=("strava", "files"), extras=tuple(Category))
        made.give("analytics:predictions")
        yield made


def test_there_are_a_hundred_forms_and_they_came_in(world: World) -> None:
    assert len(set(FORMS)) >= 100
    assert len({m[0] for f in FORMS if (m := MARK.search(f))}) == len(FORMS)
    names = {
        name
        for page in pages(world)
        for name in page["activities"]["untrusted_text"]["name"]
    }
    assert {m[0] for n in names if n and (m := MARK.search(n))} >= {
        f"zq{i:03}zq" for i in range(100)
    }


def pages(world: World) -> Iterator[dict[str, Any]]:
    """The whole list."""
    asked: dict[str, Any] = {"limit": 60}
    while True:
        page = world.told("get_activities", asked)
        yield page
        if page["next_cursor"] is None:
            return
        asked["cursor"] = page["next_cursor"]


def everything(world: World, *, each: int = 1) -> Iterator[str]:
    """What every tool and resource says, of each such activity where it is of one."""
    ids = [an_id for page in pages(world) for an_id in page["activities"]["id"]]
    yield from (json.dumps(page, ensure_ascii=False) for page in pages(world))
    for tool in TOOLS:
        if tool.terms.writes:
            continue
        fields = tool.takes.model_fields
        if "ids" in fields:
            asked: list[dict[str, Any]] = [{"ids": ids[:5]}]
        elif "id" in fields:
            asked = [
                {"id": one}
                for one in (ids[::each] if tool.name == "get_activity" else ids[-3:])
            ]
        elif "metric" in fields:
            asked = [{"metric": "load"}]
        else:
            asked = [{}]
        yield from (world.ask(tool.name, of).text for of in asked)


@pytest.mark.promise("privacy.untrusted-text")
@pytest.mark.parametrize(("level", "each"), [(Level.MEDIUM, 5), (Level.LOW, 60)])
def test_it_is_nowhere_but_where_it_is_marked_and_clean(
    world: World, level: Level, each: int, capfd: Any, caplog: Any
) -> None:
    world.choose(level)
    seen = 0
    with caplog.at_level(logging.DEBUG):
        for text in everything(world, each=each):
            line, _, told = text.rpartition("\n")
            assert not MARK.search(line)
            assert all(map(harmless, line.split("\n")))  # a document has several
            if told.startswith("{"):
                seen += marked(json.loads(told), trusted=True)
    assert seen > len(FORMS)
    out, err = capfd.readouterr()
    assert not MARK.search(out + err + caplog.text)


def marked(value: Any, *, trusted: bool) -> int:
    """Count the texts with a mark; each is under ``untrusted_text`` and clean."""
    if isinstance(value, dict):
        return sum(
            marked(of, trusted=trusted and name != "untrusted_text")
            + marked(name, trusted=True)
            for name, of in value.items()
        )
    if isinstance(value, list):
        return sum(marked(one, trusted=trusted) for one in value)
    if not isinstance(value, str):
        return 0
    assert harmless(value)
    assert value == clean(value, MAX_DESCRIPTION) or trusted
    found = bool(MARK.search(value))
    assert not (found and trusted), "text from outside where none may be"
    return int(found)


def harmless(text: str) -> bool:
    kinds = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return not any(unicodedata.category(char) in kinds for char in text)


@pytest.mark.promise("privacy.untrusted-text")
def test_at_high_there_is_none_of_it(world: World) -> None:
    world.choose(Level.HIGH)
    try:
        assert not any(MARK.search(text) for text in everything(world, each=60))
    finally:
        world.choose(Level.MEDIUM)


@pytest.mark.promise("privacy.untrusted-text")
def test_what_is_sent_in_does_not_come_back_out(world: World, caplog: Any) -> None:
    """In an id, a source, a cursor, a name of a tool, an address or a prompt."""
    for form in FORMS[::10]:
        said = [
            world.ask("get_activity", {"id": form}).text,
            world.ask("get_activities", {"provider": form}).text,
            world.ask("get_activities", {"cursor": form, form: form}).text,
            world.ask(form, {}).text,
            world.gate.prompt(
                Call(Recipient(CLAUDE), "race_plan", "s"), {"distance": form}
            ).text,
            world.gate.prompt(Call(Recipient(CLAUDE), form, "s"), {}).text,
        ]
        uris = [r.uri.replace("{id}", form) for r in RESOURCES if "{id}" in r.uri]
        said += [world.ask(*world.table.behind(uri)).text for uri in (*uris, form)]
        for text in said:
            assert not MARK.search(text)
            assert harmless(text)
    assert not MARK.search(caplog.text)
