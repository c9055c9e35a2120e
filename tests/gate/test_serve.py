"""What is let in, and what it gets: consent, partial consent, and no consent at all."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pierre_mcp.model.answer import Answer
from pierre_mcp.model.caller import Call, Job, Owner, Recipient, System
from pierre_mcp.model.category import Category
from tests.gate.probes import NEEDS_NOTHING, Acting, probe
from tests.gate.world import CLAUDE, OTHER, World, a_world, content
from tests.stores import FILES, STRAVA, a_recording

KINDS = {
    "access": "files:activities",
    "processing": "analytics:insights",
    "transmission": f"share:{CLAUDE}",
    "execution": "tool:get_activities",
}
EVERYTHING = (
    "files:activities", "files:heart_rate", "files:power", "files:notes",
    "files:location", *list(KINDS.values())[1:], "tool:get_activity",
)  # fmt: skip


def command_of(answer: Answer) -> list[str]:
    """The words after ``pierre-mcp consent`` in the command a refusal names."""
    assert answer.code == "consent_missing"
    head, _, command = answer.text.rpartition("with: pierre-mcp consent ")
    assert head
    return command.split()


def obey(world: World, answer: Answer) -> None:
    """Run the command a refusal names, as the person would."""
    words = command_of(answer)
    if words[0] == "grant":
        *scopes, to, label = words[1:]
        assert to == "--to"
        world.give(*scopes, to=label)
    else:
        assert words[0] == "--to"
        world.give_training(to=words[1], sources=("files", "strava"))


# --- refused


@pytest.mark.promise("consent.explicit")
@pytest.mark.promise("audit.every-call")
def test_without_consent_there_is_no_data_and_one_row(world: World) -> None:
    before = len(world.rows())
    answer = world.ask("get_activities")
    assert answer.is_error
    assert answer.structured is None
    assert answer.code == "consent_missing"
    assert "2026-02-01" not in answer.text
    (row,) = world.rows()[before:]
    assert (row["outcome"], row["code"]) == ("refused", "consent_missing")
    assert (row["answer"], row["size"], row["opened"]) == ("", 0, [])


@pytest.mark.promise("consent.granular")
@pytest.mark.promise("mcp.errors")
@pytest.mark.parametrize("kind", KINDS)
def test_each_of_the_four_kinds_alone_refuses(world: World, kind: str) -> None:
    world.give(*(scope for other, scope in KINDS.items() if other != kind))
    refused = world.ask("get_activities", {"provider": "files"})
    assert command_of(refused) == ["grant", KINDS[kind], "--to", CLAUDE]
    obey(world, refused)
    assert world.told("get_activities", {"provider": "files"})["activities"]["id"]


def test_a_refusal_without_a_known_source_names_the_bundle(world: World) -> None:
    assert command_of(world.ask("get_activities")) == ["--to", CLAUDE]


@given(
    held=st.sets(st.sampled_from([*EVERYTHING, "strava:power", "strava:profile"])),
    provider=st.sampled_from([None, "files", "strava", "garmin"]),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_doing_what_a_refusal_says_is_enough(
    world: World, held: set[str], provider: str | None
) -> None:
    """Whatever is held, one command is named, and then the very call succeeds."""
    world.withdraw()
    world.give(*sorted(held))
    question = {} if provider is None else {"provider": provider}
    answer = world.ask("get_activities", question)
    if answer.is_error:
        obey(world, answer)
        answer = world.ask("get_activities", question)
    assert not answer.is_error, answer.text


@pytest.mark.parametrize("name", ["share", "tool", "analytics"])
def test_a_kind_of_scope_is_no_source(world: World, name: str) -> None:
    """Else ``share:activities``, given to send, would be asked for as if to read."""
    world.give_training()
    answer = world.ask("get_activities", {"provider": name})
    assert answer.code == "arguments_invalid"
    assert answer.text.endswith("provider: should be the name of a source.")


def test_a_consent_for_one_recipient_is_none_for_another(world: World) -> None:
    world.give_training(to=OTHER)
    assert world.ask("get_activities").code == "consent_missing"
    assert world.told("get_activities", of=OTHER)["activities"]["id"]


# --- partial


@pytest.mark.promise("consent.granular")
def test_what_is_not_consented_to_is_withheld_and_said(world: World) -> None:
    world.give("files:activities", *list(KINDS.values())[1:])
    told = world.told("get_activities")
    assert told["withheld"] == [
        {"source": "files", "category": "heart_rate"},
        {"source": "files", "category": "power"},
        {"source": "files", "category": "notes"},
    ]
    assert told["activities"]["distance_m"] == [10_000.0]
    for column in ("mean_bpm", "max_bpm", "mean_power_w", "max_power_w"):
        assert column not in told["activities"]
    assert told["activities"]["untrusted_text"] == {}
    assert world.last_row()["opened"] == ["files:activities"]


@pytest.mark.promise("consent.granular")
@pytest.mark.parametrize("tool", ["get_activities", "get_activity"])
def test_an_answer_does_not_tell_whether_withheld_data_exists(
    tmp_path: Path, tool: str
) -> None:
    told = []
    for bare in (True, False):
        with a_world(tmp_path / str(bare)) as world:
            world.put(a_recording(bare=bare))
            world.give(*KINDS.values(), "tool:get_activity")
            listed = world.told("get_activities")
            (an_id,) = listed["activities"]["id"]
            question = {"id": an_id} if tool == "get_activity" else {}
            text = world.ask(tool, question).text
            told.append(text.replace(an_id, "the id"))
    assert told[0] == told[1]


def test_a_source_that_is_not_held_adds_nothing(tmp_path: Path) -> None:
    """Not a row, not a count, not a name."""
    told = []
    for others in ((), (a_recording(where=STRAVA), a_recording(where=STRAVA))):
        with a_world(tmp_path / str(len(others))) as world:
            world.put(a_recording(where=FILES), *others)
            world.give_training(sources=("files",))
            listed = world.told("get_activities")
            assert len(listed["activities"].pop("id")) == 1
            told.append((listed, world.told("get_status")))
    assert told[0] == told[1]


def test_of_one_activity_only_its_own_source_is_withheld(world: World) -> None:
    world.give(*KINDS.values(), "tool:get_activity", "strava:activities")
    (an_id,) = world.told("get_activities")["activities"]["id"]
    told = world.told("get_activity", {"id": an_id})
    assert {pair["source"] for pair in told["withheld"]} == {"files"}


def test_null_in_a_column_is_withheld_for_one_source_and_unrecorded_for_the_other(
    world: World,
) -> None:
    world.put(
        a_recording(where=STRAVA, day="2026-02-02", bare=True),
        a_recording(where=STRAVA, day="2026-02-03"),
    )
    world.give(*KINDS.values(), "strava:activities", "strava:heart_rate")
    told = world.told("get_activities")
    assert told["activities"]["source"] == ["strava", "strava", "files"]
    assert told["activities"]["mean_bpm"] == [142.0, None, None]
    assert {"source": "files", "category": "heart_rate"} in told["withheld"]
    assert {"source": "strava", "category": "heart_rate"} not in told["withheld"]
    assert told["activities"]["ascent_m"] == [0.0, 0.0, 0.0], "zero is zero"


# --- needing nothing


def test_what_needs_nothing_tells_only_its_own_state(world: World) -> None:
    world.give_training(to=OTHER, extras=tuple(Category))
    for tool in ("get_status", "get_consents", "withdraw_consent"):
        text = world.ask(tool).text
        assert OTHER not in text
        for hidden in ("files", "2026-02-01", "Zurich", "heart_rate"):
            assert hidden not in text, tool
    status = world.told("get_status")
    assert status["consented"] is False
    assert status["next_steps"][-1] == f"pierre-mcp consent --to {CLAUDE}"


@pytest.mark.parametrize(
    ("scopes", "sources", "zone"),
    [
        pytest.param([], [], None, id="nothing"),
        pytest.param(["files:heart_rate"], [("files", None)], None, id="heart rate"),
        pytest.param(
            ["files:activities"], [("files", "2026-02-01")], None, id="summaries"
        ),
        pytest.param(["files:profile"], [("files", None)], "Europe/Zurich", id="zone"),
        pytest.param(["strava:activities"], [("strava", None)], None, id="no data"),
    ],
)
def test_status_says_what_is_held_and_no_more(
    world: World, scopes: list[str], sources: list[Any], zone: str | None
) -> None:
    if scopes:
        world.give(*scopes)
    status = world.told("get_status")
    assert [(s["source"], s.get("first_day")) for s in status["sources"]] == sources
    assert status.get("time_zone") == zone
    assert ("today" in status) == (zone is not None)
    assert status["consented"] == bool(scopes)
    for source in status["sources"]:
        assert [f"{source['source']}:{c}" for c in source["categories"]] == scopes


def test_a_tool_that_needs_nothing_runs_for_anyone(
    tmp_path: Path, acting: Acting
) -> None:
    with a_world(tmp_path, probe(acting, NEEDS_NOTHING)) as world:
        assert world.told("probe")["word"] == "run 1"


# --- who asks


def test_the_owner_sees_everything_whole(world: World) -> None:
    told = world.told("get_activities", of=Owner())
    assert told["activities"]["untrusted_text"]["name"] == ["Morning Run"]
    assert told["activities"]["started_local"] == ["2026-02-01T07:30:00"]
    assert told["withheld"] == []
    row = world.last_row()
    assert (row["caller"], row["door"], row["recipient"]) == ("owner", "cli", "")


@pytest.mark.parametrize("caller", [System()])
def test_the_system_is_never_shown_data(world: World, caller: System) -> None:
    world.give_training()
    answer = world.ask("get_activities", of=caller)
    assert (answer.code, answer.structured) == ("internal", None)


@pytest.mark.parametrize(
    "caller",
    [Recipient(CLAUDE), Owner(preview_as=CLAUDE), Job(Recipient(CLAUDE)), System()],
)
def test_only_the_owner_acts_and_looks(world: World, caller: Any) -> None:
    world.give_training()
    call = Call(caller, "act", "session")
    for way in (world.gate.act, world.gate.look):
        with pytest.raises(RuntimeError):
            way(call, lambda *_: pytest.fail("let in"))


@pytest.mark.promise("consent.human-only")
def test_nothing_that_is_served_gives_consent(world: World) -> None:
    """Whatever a recipient calls, with whatever it holds, it never holds more."""
    world.give_training()
    arguments: tuple[Any, ...] = (
        None,
        {"scopes": ["files:location"]},
        {"limit": 5, "scopes": ["files:location"], "confirm": True},
    )
    tools = (*world.table.tools, "grant_consent", "consent grant")
    before = set(world.told("get_consents")["scope"])
    for tool, said in ((t, a) for t in tools for a in arguments):
        world.ask(tool, said)
        assert set(world.told("get_consents")["scope"]) <= before


@pytest.mark.promise("privacy.minimised")
def test_an_answer_holds_only_what_the_tool_declares(world: World) -> None:
    """Location is held, but the list is no place for it: its cell is not opened."""
    world.give(*EVERYTHING)
    world.told("get_activities")
    assert "files:location" not in world.last_row()["opened"]


# --- preview


@pytest.mark.promise("privacy.every-exit")
@pytest.mark.parametrize("given_", [(), tuple(KINDS.values()), EVERYTHING])
def test_a_preview_is_byte_for_byte_what_the_recipient_gets(
    world: World, given_: tuple[str, ...]
) -> None:
    if given_:
        world.give(*given_)
    ids = [{"id": "A" * 22}]
    if given_ == EVERYTHING:
        (an_id,) = world.told("get_activities")["activities"]["id"]
        ids.append({"id": an_id})
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_status", {}),
        ("get_consents", {}),
        ("get_activities", {}),
        ("get_activities", {"limit": 0}),
        ("no_such_tool", {}),
        *(("get_activity", one) for one in ids),
    ]
    for tool, arguments in calls:
        got = world.ask(tool, arguments)
        theirs = world.last_row()
        seen = world.ask(tool, arguments, of=Owner(preview_as=CLAUDE))
        assert seen == got
        row = world.last_row()
        assert (row["caller"], row["recipient"]) == ("owner", CLAUDE)
        assert row["outcome"] == theirs["outcome"].replace("released", "preview")


def test_a_preview_changes_nothing(world: World, acting: Acting) -> None:
    world.give_training()
    before = world.told("get_consents")
    for tool in ("withdraw_consent", "scribe"):
        answer = world.ask(tool, of=Owner(preview_as=CLAUDE))
        assert answer.code == "preview_writes"
        assert world.last_row()["outcome"] == "refused"
    assert acting.runs == 0
    assert world.told("get_consents") == before


# --- two recipients


@pytest.mark.promise("tenant.isolation")
def test_two_recipients_share_no_id_and_no_cursor(world: World) -> None:
    world.put(*(a_recording(day=f"2026-01-{d:02}") for d in range(1, 5)))
    for to in (CLAUDE, OTHER):
        world.give_training(to=to)
    mine, theirs = (
        world.told("get_activities", {"limit": 2}, of=of) for of in (CLAUDE, OTHER)
    )
    assert not set(mine["activities"]["id"]) & set(theirs["activities"]["id"])
    an_id, cursor = mine["activities"]["id"][0], mine["next_cursor"]
    for of in (OTHER, Owner(), Owner(preview_as=OTHER)):
        assert world.ask("get_activity", {"id": an_id}, of=of).code == (
            "activity_unknown"
        )
        paged = world.ask("get_activities", {"cursor": cursor}, of=of)
        assert paged.code == "cursor_invalid"


@pytest.mark.promise("tenant.isolation")
def test_another_persons_ids_and_cursors_do_not_work(
    world: World, tmp_path: Path
) -> None:
    world.put(a_recording(day="2026-01-01"))
    world.give_training()
    told = world.told("get_activities", {"limit": 1})
    with a_world(tmp_path / "another", own=True) as another:
        another.put(a_recording(), a_recording(day="2026-01-01"))
        another.give_training()
        (an_id,) = told["activities"]["id"]
        assert another.ask("get_activity", {"id": an_id}).code == "activity_unknown"
        paged = another.ask("get_activities", {"cursor": told["next_cursor"]})
        assert paged.code == "cursor_invalid"


@pytest.mark.parametrize(
    "other",
    [{"sport": "running"}, {"provider": "files"}, {"from_day": "2026-01-01"}],
)
def test_a_cursor_goes_on_with_its_own_question_only(
    world: World, other: dict[str, str]
) -> None:
    world.put(a_recording(day="2026-01-01"))
    world.give_training()
    cursor = world.told("get_activities", {"limit": 1})["next_cursor"]
    further = {"cursor": cursor, "limit": 7}
    assert len(world.told("get_activities", further)["activities"]["id"]) == 1
    assert world.ask("get_activities", {**further, **other}).code == "cursor_invalid"


@pytest.mark.parametrize("text", ["", "A", "A" * 22, "../..", "é", "\ud800", "x" * 999])
def test_a_made_up_cursor_does_not_work(world: World, text: str) -> None:
    world.give_training()
    answer = world.ask("get_activities", {"cursor": text})
    assert answer.code in {"cursor_invalid", "arguments_invalid"}


def test_the_ids_on_the_wire_are_not_ours(world: World) -> None:
    world.give_training()
    ours = world.by_hand("SELECT id, activity_id, tenant, person FROM recordings")
    told = world.ask("get_activities").text
    assert not any(one in told for one in chain(*ours))


def test_resources_give_what_tools_give(world: World) -> None:
    world.give_training()
    (an_id,) = world.told("get_activities")["activities"]["id"]
    for uri in ("pierre://status", f"pierre://activities/{an_id}"):
        tool, arguments = world.table.behind(uri)
        assert content(world.ask(tool, arguments)) == world.told(tool, arguments)
    for uri in ("pierre://none", "pierre://activities/", "pierre://activities/a/b"):
        assert world.ask(*world.table.behind(uri)).code == "resource_unknown"
        assert world.last_row()["outcome"] == "invalid"


def test_everything_recorded_of_a_recipient_names_it(world: World) -> None:
    world.ask("get_status", of=OTHER)
    assert json.dumps(world.last_row()).count(OTHER) == 1
