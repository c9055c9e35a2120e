"""Which source the settings name, and the keys that may only open."""

from dataclasses import replace
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    MasterKeyElsewhereError,
    MasterKeyInTokenError,
    MasterKeyMalformedError,
    MasterKeyMissingError,
    MasterKeyUnreadableError,
    MasterPinError,
    MasterSourceError,
    PassphraseTerminalError,
)
from pierre_mcp.keyring.master import LocalMaster, StoreNeed, as_text
from pierre_mcp.keyring.masters.files import DEVELOPMENT_KEY_NAME, write_new_key
from pierre_mcp.keyring.masters.sources import (
    MasterSettings,
    key_file,
    load_master,
    load_previous,
    revealed,
)
from tests.tokens import SoftToken

NEW, OLD, OLDER = (bytes(range(at, at + 32)) for at in (0, 32, 64))
PRIMARY = LocalMaster(NEW)
UNTOUCHED = StoreNeed("store", mek_ids=frozenset({PRIMARY.id}))
NEEDING_OLD = StoreNeed("store", mek_ids=frozenset({LocalMaster(OLD).id}))


def settings(tmp_path: Path, source: str = "") -> MasterSettings:
    return MasterSettings(source=source, config_dir=tmp_path / "config")


def previous(tmp_path: Path, text: str, need: StoreNeed = UNTOUCHED) -> list[bytes]:
    given = replace(settings(tmp_path), env_key=as_text(NEW), previous=text)
    return [master.id for master in load_previous(given, need, PRIMARY)]


def ids(*raws: bytes) -> list[bytes]:
    return [LocalMaster(raw).id for raw in raws]


def test_from_a_token(tmp_path: Path, soft_token: SoftToken) -> None:
    given = settings(tmp_path, soft_token.uri("mek"))
    master, origin = load_master(given, UNTOUCHED)
    assert (origin.kind, origin.development) == ("pkcs11", False)
    assert origin.public_id == master.id.hex()
    assert revealed_refuses(given, MasterKeyInTokenError)


def revealed_refuses(given: MasterSettings, error: type[Exception]) -> bool:
    with pytest.raises(error):
        revealed(given)
    return True


@pytest.mark.parametrize("source", ["env", "passphrase", 'command:["cat", "key"]'])
def test_what_the_person_keeps_is_not_ours_to_show(tmp_path: Path, source: str) -> None:
    assert revealed_refuses(settings(tmp_path, source), MasterKeyElsewhereError)


def test_what_is_kept_in_a_file_can_be_shown(tmp_path: Path) -> None:
    write_new_key(tmp_path / "key", OLD)
    given = settings(tmp_path, f"file:{tmp_path / 'key'}")
    assert revealed(given) == as_text(OLD)
    assert key_file(given) == tmp_path / "key"
    assert key_file(settings(tmp_path)) == tmp_path / "config" / DEVELOPMENT_KEY_NAME
    assert key_file(settings(tmp_path, "env")) is None


@pytest.mark.parametrize(
    "source",
    ["passphrase:words", "pkcs11:", "pkcs11", "command", "keychain:"],
)
def test_what_is_no_source(tmp_path: Path, source: str) -> None:
    with pytest.raises(MasterSourceError):
        load_master(settings(tmp_path, source), UNTOUCHED)


def test_a_pin_in_the_setting_is_refused(tmp_path: Path) -> None:
    source = "pkcs11:token=a;object=b?module-path=/x.so&pin-value=1234"
    with pytest.raises(MasterPinError):
        load_master(settings(tmp_path, source), UNTOUCHED)


def test_a_passphrase_without_a_terminal(tmp_path: Path) -> None:
    with pytest.raises(PassphraseTerminalError):
        load_master(settings(tmp_path, "passphrase"), UNTOUCHED)


@pytest.mark.promise("keys.mek-external")
def test_keys_that_may_only_open(tmp_path: Path, soft_token: SoftToken) -> None:
    write_new_key(tmp_path / "key", OLDER)
    assert previous(tmp_path, "") == previous(tmp_path, " , ") == []
    text = f" {as_text(OLD)} , file:{tmp_path / 'key'},"
    assert previous(tmp_path, text) == ids(OLD, OLDER)
    (in_token,) = previous(tmp_path, soft_token.uri("mek"))
    assert (
        in_token
        == load_master(settings(tmp_path, soft_token.uri("mek")), UNTOUCHED)[0].id
    )


def test_a_development_key_may_be_left_for_production(tmp_path: Path) -> None:
    config = tmp_path / "config"
    made, _ = load_master(settings(tmp_path), StoreNeed("store", is_new=True))
    assert (config / DEVELOPMENT_KEY_NAME).exists()
    given = MasterSettings(
        env_key=as_text(NEW), previous="dev", config_dir=config, production=True
    )
    need = StoreNeed("store", mek_ids=frozenset({made.id}))
    (old,) = load_previous(given, need, PRIMARY)
    assert old.id == made.id


@pytest.mark.promise("keys.no-overwrite")
@pytest.mark.parametrize("need", [UNTOUCHED, StoreNeed("store", is_new=True)])
def test_a_key_that_may_only_open_is_never_made(
    tmp_path: Path, need: StoreNeed
) -> None:
    assert previous(tmp_path, "dev", need) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.promise("keys.mek-external")
@pytest.mark.parametrize(
    ("text", "error"),
    [
        (as_text(OLD)[:-2], MasterKeyMalformedError),
        (as_text(bytes(32)), MasterKeyMalformedError),
        ("env", MasterKeyMalformedError),
        ("env:", MasterKeyMissingError),
        ("nonsense:x", MasterSourceError),
        ('command:["cat"', MasterSourceError),
        ("file:relative", MasterSourceError),
    ],
)
def test_one_that_is_wrong_is_said_at_once(
    tmp_path: Path, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        previous(tmp_path, f"{as_text(OLDER)},{text}", NEEDING_OLD)
    assert text not in str(caught.value)


@pytest.mark.promise("keys.no-overwrite")
def test_one_that_cannot_be_had_matters_where_it_is_needed(tmp_path: Path) -> None:
    write_new_key(tmp_path / "open", OLD)
    (tmp_path / "open").chmod(0o644)
    for name, error in (
        ("none", MasterKeyMissingError),
        ("open", MasterKeyUnreadableError),
    ):
        text = f"file:{tmp_path / name}"
        assert previous(tmp_path, text) == []
        with pytest.raises(error):
            previous(tmp_path, text, NEEDING_OLD)
        assert previous(tmp_path, f"{text},{as_text(OLD)}", NEEDING_OLD) == ids(OLD)


def test_what_is_set_shows_no_key(tmp_path: Path) -> None:
    given = replace(settings(tmp_path), env_key=as_text(NEW), previous=as_text(OLD))
    assert as_text(NEW) not in repr(given)
    assert as_text(OLD) not in repr(given)
