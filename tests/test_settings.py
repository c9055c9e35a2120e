"""What the environment sets."""

import os
from pathlib import Path

import pytest

from pierre_mcp import settings
from pierre_mcp.errors import InvalidError
from pierre_mcp.settings import (
    SETTINGS,
    Settings,
    check_profile,
    environment_for_child,
    environment_for_others,
    from_environment,
    machine_zone,
    overrides,
    zone_names,
)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing."""
    for name in (*SETTINGS, "TZ"):
        monkeypatch.delenv(name, raising=False)


def test_where_things_are_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/data")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere/config")
    found = from_environment()
    assert found.data_dir.name == found.config_dir.name == "pierre-mcp"
    assert found.store_dir == found.data_dir / "default"
    assert found.data_dir != found.config_dir
    assert (found.mek_source, found.production, found.master_key) == ("", False, None)


def test_where_one_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIERRE_DATA_DIR", "data")
    monkeypatch.setenv("PIERRE_CONFIG_DIR", "~/config")
    found = from_environment("anna")
    assert found.store_dir == tmp_path / "data" / "anna"
    assert found.config_dir == tmp_path / "home" / "config"


def test_the_key_is_taken_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIERRE_MASTER_ENCRYPTION_KEY", "s3cret")
    found = from_environment()
    assert found.master_key == "s3cret"
    assert "s3cret" not in repr(found)
    assert "PIERRE_MASTER_ENCRYPTION_KEY" not in os.environ


def test_the_keys_before_it_are_taken_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS", "s3cret,s4cret")
    with pytest.raises(InvalidError):
        from_environment("No Profile")
    assert "PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS" not in os.environ
    monkeypatch.setenv("PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS", "s3cret,s4cret")
    found = from_environment()
    assert found.previous_keys == "s3cret,s4cret"
    assert "cret" not in repr(found)
    assert overrides(found) == {}


def test_another_program_is_told_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIERRE_DATA_DIR", "somewhere")
    monkeypatch.setenv("ANOTHER", "setting")
    told = environment_for_others()
    assert told["ANOTHER"] == "setting"
    assert not [name for name in told if name.startswith("PIERRE_")]


def test_the_key_is_taken_whatever_else_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIERRE_MASTER_ENCRYPTION_KEY", "s3cret")
    monkeypatch.setenv("PIERRE_ENV", "prod")
    with pytest.raises(InvalidError, match="development or production"):
        from_environment()
    assert "PIERRE_MASTER_ENCRYPTION_KEY" not in os.environ


@pytest.mark.promise("keys.production")
@pytest.mark.parametrize(
    ("life", "production"),
    [("", False), ("development", False), ("production", True), (" Production", True)],
)
def test_the_kind_of_life(
    monkeypatch: pytest.MonkeyPatch, life: str, *, production: bool
) -> None:
    monkeypatch.setenv("PIERRE_ENV", life)
    assert from_environment().production is production


@pytest.mark.parametrize(
    ("text", "days"), [("", 365), (" ", 365), ("1", 1), (" 90 ", 90), ("36500", 36_500)]
)
def test_how_old_a_key_may_be(
    monkeypatch: pytest.MonkeyPatch, text: str, days: int
) -> None:
    monkeypatch.setenv("PIERRE_KEY_MAX_AGE_DAYS", text)
    assert from_environment().key_max_age_days == days


@pytest.mark.parametrize("text", ["0", "-1", "36501", "1.5", "a year", "\u00b2"])
def test_what_is_no_age(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PIERRE_KEY_MAX_AGE_DAYS", text)
    with pytest.raises(InvalidError, match="number of days"):
        from_environment()


def test_how_long_the_log_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found = from_environment()
    assert (found.audit_days, found.audit_detail_days) == (2_192, 90)
    monkeypatch.setenv("PIERRE_AUDIT_DAYS", "365")
    monkeypatch.setenv("PIERRE_AUDIT_DETAIL_DAYS", " 30 ")
    found = from_environment()
    assert (found.audit_days, found.audit_detail_days) == (365, 30)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PIERRE_AUDIT_DAYS", "364"),
        ("PIERRE_AUDIT_DAYS", "six years"),
        ("PIERRE_AUDIT_DETAIL_DAYS", "29"),
        ("PIERRE_AUDIT_DETAIL_DAYS", "36501"),
    ],
)
def test_what_is_too_short_for_a_log(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(InvalidError, match="whole number of days"):
        from_environment()


@pytest.mark.parametrize("name", ["default", "anna", "a", "2nd", "a-b", "a" * 40])
def test_a_profile(name: str) -> None:
    check_profile(name)


@pytest.mark.parametrize(
    "name", ["", "-a", "Anna", "a b", "..", "a/b", "é", "a" * 41, "a\n"]
)
def test_what_is_no_profile(name: str) -> None:
    with pytest.raises(InvalidError, match="A profile's name is"):
        check_profile(name)


def test_how_it_is_called() -> None:
    default, anna = (
        Settings(Path("d"), Path("c"), name) for name in ("default", "anna")
    )
    assert (default.command, default.server_name) == ("pierre-mcp", "pierre")
    assert (anna.command, anna.server_name) == (
        *("pierre-mcp --profile anna", "pierre-anna"),
    )


def test_an_entry_repeats_what_is_set_and_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert overrides(from_environment()) == {}
    monkeypatch.setenv("PIERRE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PIERRE_CONFIG_DIR", "")
    monkeypatch.setenv("PIERRE_MASTER_ENCRYPTION_KEY", "s3cret")
    monkeypatch.setenv("PIERRE_ENV", "production")
    assert overrides(from_environment()) == {
        "PIERRE_DATA_DIR": str(tmp_path),
        "PIERRE_ENV": "production",
    }


def test_a_child_finds_the_same_store(tmp_path: Path) -> None:
    made = Settings(tmp_path / "d", tmp_path / "c", mek_source="dev")
    env = environment_for_child(made)
    assert env["PIERRE_DATA_DIR"] == str(tmp_path / "d")
    assert env["PIERRE_MEK_SOURCE"] == "dev"
    assert env["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("Europe/Zurich", "Europe/Zurich"),
        (":Asia/Tokyo", "Asia/Tokyo"),
        (":/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
    ],
)
def test_the_zone_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, said: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", said)
    assert machine_zone() == zone


def test_a_machine_that_does_not_say_is_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST")
    monkeypatch.setattr(settings, "_text", lambda _: "")
    monkeypatch.setattr(Path, "resolve", lambda _: Path("/etc/localtime"))
    assert machine_zone() == "UTC"


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff")
    assert settings._text(str(tmp_path / "x")) == ""
    assert settings._text(str(tmp_path / "y")) == ""


def test_zones_are_those_of_the_database() -> None:
    assert {"UTC", "Europe/Zurich"} <= zone_names()
    assert not {"localtime", "Factory", "posixrules", "right/UTC"} & zone_names()
