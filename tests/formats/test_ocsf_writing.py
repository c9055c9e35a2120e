"""Rows as OCSF events, held to the schema of version 1.8.0.

``ocsf_1_8_0.json`` is what that schema says of the five classes and the objects in
them, without profiles: the attributes, their types, which are required, which numbers
an enumeration has (https://schema.ocsf.io/1.8.0, Apache License 2.0).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pierre_mcp.formats.ocsf_writing import VERSION, event
from pierre_mcp.model.audit import Event, Outcome, Risk

SCHEMA = json.loads(Path(__file__).with_name("ocsf_1_8_0.json").read_text("utf-8"))
ROW: dict[str, Any] = {
    "seq": 7,
    "at_us": 1_772_323_200_123_456,
    "event": "data_access",
    "risk": "low",
    "outcome": "released",
    "door": "mcp",
    "action": "get_activities",
    "caller": "recipient",
    "session": "a-session",
    "recipient": "claude-desktop",
    "code": "",
    "policy_epoch": 4,
    "opened": ["files:activities", "files:heart_rate"],
    "arguments": "a" * 32,
    "answer": "b" * 32,
    "size": 812,
    "who": "c" * 32,
    "detail": "d" * 64,
    "v": 1,
}
ACT: dict[str, Any] = {
    "door": "cli",
    "caller": "owner",
    "recipient": "",
    "opened": [],
    "code": "",
}
TYPES: dict[str, type] = {
    "integer_t": int,
    "long_t": int,
    "timestamp_t": int,
    "port_t": int,
    "boolean_t": bool,
    "object_t": dict,
}


def wrong_with(told: Mapping[str, Any], of: Mapping[str, Any], where: str) -> list[str]:
    """What an object or event has that the schema has not, or lacks."""
    known, found = of["attributes"], []
    for name, one in known.items():
        if one.get("required") and name not in told:
            found.append(f"{where}.{name} is required")
    for name, value in told.items():
        if name not in known:
            found.append(f"{where}.{name} is not known")
            continue
        one = known[name]
        for item in value if one.get("array") else [value]:
            found += wrong_value(item, one, f"{where}.{name}")
    for rule, names in of["constraints"].items():
        count = len(set(names) & told.keys())
        if count < 1 or (rule == "just_one" and count > 1):
            found.append(f"{where}: {rule} of {names}")
    return found


def wrong_value(value: Any, one: Mapping[str, Any], where: str) -> list[str]:
    kind: Any = type(value)
    if kind is not TYPES.get(one["type"], str):
        return [f"{where} is no {one['type']}"]
    if "enum" in one and str(value) not in one["enum"]:
        return [f"{where} has no number {value}"]
    inner = SCHEMA["objects"].get(one.get("object"))
    return wrong_with(value, inner, where) if inner else []


def checked(**changed: Any) -> dict[str, Any]:
    """The event of a row, which the schema allows."""
    told = event({**ROW, **changed}, version="0.1.0")
    assert told["metadata"]["version"] == VERSION == SCHEMA["version"]
    of = SCHEMA["classes"][str(told["class_uid"])]
    assert wrong_with(told, of, of["name"]) == []
    assert told["category_uid"] == of["category"]
    assert told["type_uid"] == told["class_uid"] * 100 + told["activity_id"]
    return told


def test_the_check_finds_what_is_wrong() -> None:
    told = checked()
    of = SCHEMA["classes"]["6003"]
    wrongs: tuple[dict[str, Any], ...] = (
        {"severity_id": 9},
        {"time": "now"},
        {"activity_id": 12},
        {"colour": "red"},
        {"metadata": {"version": "1.8.0"}},
        {"actor": {}},
        {"status_id": True},
    )
    for wrong in wrongs:
        assert wrong_with({**told, **wrong}, of, "") != []
    del told["api"]
    assert wrong_with(told, of, "") == [".api is required"]


def test_a_call_of_an_assistant() -> None:
    told = checked()
    assert (told["class_uid"], told["activity_name"]) == (6003, "Read")
    assert told["time"] == 1_772_323_200_123
    assert told["actor"] == {"app_name": "claude-desktop"}
    assert told["api"]["operation"] == "get_activities"
    assert [one["name"] for one in told["resources"]] == ROW["opened"]
    assert (told["severity_id"], told["status_id"]) == (1, 1)


def test_no_digest_is_told() -> None:
    text = json.dumps(checked())
    for name in ("arguments", "answer", "who", "detail"):
        assert str(ROW[name]) not in text


@pytest.mark.parametrize(
    ("row", "uid", "activity"),
    [
        ({**ACT, "action": "keys rotate", "event": "key_rotation"}, 6005, "Encrypt"),
        ({**ACT, "action": "consent grant"}, 3005, "Assign Privileges"),
        ({**ACT, "action": "consent withdraw"}, 3005, "Revoke Privileges"),
        ({"action": "withdraw_consent", "opened": []}, 3005, "Revoke Privileges"),
        (
            {**ACT, "action": "consent token", "outcome": "done"},
            3003,
            "Assign Privileges",
        ),
        ({**ACT, "action": "expire", "event": "token_expired"}, 3003, "expire"),
        ({**ACT, "action": "consent passphrase"}, 3002, "Logon"),
        ({**ACT, "action": "login", "event": "login_failure"}, 3002, "Logon"),
        ({**ACT, "action": "start", "event": "session"}, 6003, "start"),
        ({**ACT, "action": "erase", "caller": "system"}, 6003, "Delete"),
        ({**ACT, "action": "backup", "door": ""}, 6003, "backup"),
        ({"action": "consent grant"}, 6003, "Read"),
        ({"action": "keys rotate", "event": "key_rotation"}, 6003, "Read"),
    ],
    ids=lambda value: value.get("action") if isinstance(value, dict) else str(value),
)
def test_classes(row: dict[str, Any], uid: int, activity: str) -> None:
    """The last two are an assistant's choice of words for a tool: no act."""
    told = checked(**row)
    assert (told["class_uid"], told["activity_name"]) == (uid, activity)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("risk", [*Risk, "unheard of"])
def test_every_outcome_and_risk(outcome: Outcome, risk: str) -> None:
    told = checked(outcome=str(outcome), risk=str(risk), code="consent_missing")
    assert told["status_detail"] == outcome
    assert told["status_code"] == "consent_missing"


@pytest.mark.parametrize("of", Event)
def test_every_event_of_everybody(of: Event) -> None:
    for caller in ("owner", "job", "system", ""):
        checked(event=str(of), **{**ACT, "caller": caller})
    checked(event=str(of))
