import base64
import os
import pickle
import stat
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from pierre_mcp.errors import (
    KeyringError,
    MasterKeyMalformedError,
    MasterKeyMissingError,
    MasterKeyUnreadableError,
    MasterSourceError,
    PierreError,
    SealBrokenError,
    StorePermissionsError,
    StoreUnwritableError,
)
from pierre_mcp.keyring.master import LocalMaster, Master, MasterOrigin, StoreNeed
from pierre_mcp.keyring.masters.files import DEVELOPMENT_KEY_NAME
from pierre_mcp.keyring.masters.sources import MasterSettings, load_master, revealed

RAW = bytes(range(200, 232))
TEXT = base64.b64encode(RAW).decode()
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes")


def load(
    source: str,
    config_dir: Path,
    *,
    env_key: str | None = None,
    production: bool = False,
    may_create: bool = False,
) -> tuple[Master, MasterOrigin]:
    given = MasterSettings(
        source=source, env_key=env_key, config_dir=config_dir, production=production
    )
    return load_master(given, StoreNeed("store", is_new=may_create))


def reveal_development_key(config_dir: Path) -> str:
    return revealed(MasterSettings(source="dev", config_dir=config_dir))


def key_file(path: Path, content: bytes, mode: int = 0o600) -> str:
    path.write_bytes(content)
    path.chmod(mode)
    return f"file:{path}"


def test_the_public_id_is_frozen() -> None:
    """It is stored beside every wrapped key, so it may never change."""
    assert LocalMaster(RAW).id.hex() == "d7560fec933beb9098e38bdf5b37b042"


def test_wraps_and_unwraps() -> None:
    master = LocalMaster(RAW)
    blob = master.wrap(bytes(32), b"context")
    assert len(blob) == 12 + 32 + 16
    assert master.unwrap(blob, b"context") == bytes(32)
    for other, context in ((master, b"contexT"), (LocalMaster(RAW[::-1]), b"context")):
        with pytest.raises(SealBrokenError):
            other.unwrap(blob, context)
    for short in (b"", blob[:11], blob[:27]):
        with pytest.raises(SealBrokenError):
            master.unwrap(short, b"context")


def test_a_master_key_shows_nothing() -> None:
    master = LocalMaster(RAW)
    assert repr(master) == "<LocalMaster>"
    assert not hasattr(master, "__dict__")
    with pytest.raises(TypeError, match="never copied"):
        pickle.dumps(master)


@pytest.mark.promise("keys.mek-external")
def test_from_the_environment(tmp_path: Path) -> None:
    master, origin = load("env", tmp_path, env_key=TEXT, production=True)
    assert master.id == LocalMaster(RAW).id
    assert origin == MasterOrigin("env", master.id.hex(), development=False)
    assert load("", tmp_path, env_key=TEXT)[1] == origin, "as the unnamed source"


MALFORMED = [
    pytest.param("", id="empty"),
    pytest.param(TEXT + "\n", id="a line end"),
    pytest.param(" " + TEXT, id="a space"),
    pytest.param(TEXT[:-1], id="no padding"),
    pytest.param(TEXT[:-2] + "/=", id="idle bits set"),
    pytest.param(TEXT.replace("=", "é"), id="not ASCII"),
    pytest.param(base64.urlsafe_b64encode(b"\xff" * 32).decode(), id="URL-safe"),
    pytest.param(base64.b64encode(RAW[:31]).decode(), id="31 bytes"),
    pytest.param(base64.b64encode(RAW + b"!").decode(), id="33 bytes"),
    pytest.param(RAW.hex(), id="hexadecimal"),
    pytest.param(base64.b64encode(bytes(32)).decode(), id="zeros"),
    pytest.param(base64.b64encode(b"secret42" * 4).decode(), id="a word repeated"),
    pytest.param(
        base64.b64encode(b"5f2a9c0e7b41d8365f2a9c0e7b41d8a5").decode(),
        id="hexadecimal taken for bytes",
    ),
]


@pytest.mark.promise("keys.mek-external")
@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(MasterKeyMalformedError) as caught:
        load("env", tmp_path, env_key=text)
    assert str(caught.value) == str(MasterKeyMalformedError())
    assert caught.value.exit_status == 78
    assert list(tmp_path.iterdir()) == [], "and no other key is made in its place"


@pytest.mark.promise("keys.mek-external")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(RAW, id="raw"),
        pytest.param(TEXT.encode(), id="base64"),
        pytest.param(TEXT.encode() + b"\n", id="a line"),
        pytest.param(TEXT.encode() + b"\r\n", id="a line of Windows"),
    ],
)
def test_from_a_file(tmp_path: Path, content: bytes) -> None:
    source = key_file(tmp_path / "key", content)
    master, origin = load(source, tmp_path, production=True)
    assert master.id == LocalMaster(RAW).id
    assert origin == MasterOrigin("file", master.id.hex(), development=False)


@posix_only
def test_from_a_secret_that_kubernetes_mounts(tmp_path: Path) -> None:
    """A link to a link, and readable by the group (fsGroup)."""
    (tmp_path / "..2026").mkdir()
    key_file(tmp_path / "..2026" / "key", TEXT.encode(), 0o440)
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "key").symlink_to("..data/key")
    assert load(f"file:{tmp_path / 'key'}", tmp_path)[0].id == LocalMaster(RAW).id


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(TEXT.encode() + b"\n\n", id="two line ends"),
        pytest.param(TEXT[:32].encode(), id="base64 of 24 bytes, not 32 raw"),
        pytest.param(bytes(32), id="zeros"),
        pytest.param(RAW + b"\n", id="raw and a line end"),
        pytest.param(TEXT.encode() * 100, id="far too long"),
    ],
)
def test_a_malformed_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(MasterKeyMalformedError):
        load(key_file(tmp_path / "key", content), tmp_path)


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620, 0o602, 0o601, 0o666])
def test_a_file_open_to_others(tmp_path: Path, mode: int) -> None:
    with pytest.raises(MasterKeyUnreadableError) as caught:
        load(key_file(tmp_path / "key", RAW, mode), tmp_path)
    assert str(tmp_path) not in str(caught.value)


@posix_only
def test_a_file_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = key_file(tmp_path / "key", RAW)
    real = os.fstat

    def theirs(fd: int) -> os.stat_result:
        found = list(real(fd))
        found[stat.ST_UID] = os.geteuid() + 1
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", theirs)
    with pytest.raises(MasterKeyUnreadableError):
        load(source, tmp_path)


@posix_only
def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "loop", "."):
        with pytest.raises(MasterKeyUnreadableError):
            load(f"file:{tmp_path / name}", tmp_path)


@pytest.mark.promise("keys.no-overwrite")
@pytest.mark.parametrize("name", ["none", "none/key", "key/below"])
def test_an_absent_file_is_absent_and_nothing_is_made(
    tmp_path: Path, name: str
) -> None:
    key_file(tmp_path / "key", RAW)
    with pytest.raises(MasterKeyMissingError):
        load(f"file:{tmp_path / name}", tmp_path, may_create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize(
    "source", ["file:key", "file:", "file", "env:x", "dev:x", "keychain", "FILE:/x"]
)
def test_no_such_source(tmp_path: Path, source: str) -> None:
    with pytest.raises(MasterSourceError):
        load(source, tmp_path, env_key=TEXT, may_create=True)


@posix_only
@pytest.mark.promise("keys.dev-mode")
def test_a_development_key_is_made_once_and_kept(tmp_path: Path) -> None:
    config_dir = tmp_path / "config"
    master, origin = load("", config_dir, may_create=True)
    assert origin == MasterOrigin("dev", master.id.hex(), development=True)
    path = config_dir / DEVELOPMENT_KEY_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(config_dir.stat().st_mode) == 0o700
    assert list(config_dir.iterdir()) == [path]

    again, _ = load("dev", config_dir, may_create=True)
    assert again.id == master.id
    given, _ = load("env", tmp_path, env_key=reveal_development_key(config_dir))
    assert given.id == master.id, "revealed and given, it is the same key"


@pytest.mark.promise("keys.no-overwrite")
def test_a_store_that_exists_gets_no_new_key(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyMissingError):
        load("", tmp_path)
    with pytest.raises(MasterKeyMissingError):
        reveal_development_key(tmp_path)
    assert list(tmp_path.iterdir()) == []


@posix_only
@pytest.mark.promise("keys.no-overwrite")
@pytest.mark.parametrize(
    ("content", "mode", "error"),
    [
        pytest.param(b"", 0o600, MasterKeyMalformedError, id="empty"),
        pytest.param(b"half", 0o600, MasterKeyMalformedError, id="half"),
        pytest.param(TEXT.encode(), 0o644, MasterKeyUnreadableError, id="open"),
    ],
)
def test_an_unreadable_development_key_is_not_replaced(
    tmp_path: Path, content: bytes, mode: int, error: type[KeyringError]
) -> None:
    path = tmp_path / DEVELOPMENT_KEY_NAME
    key_file(path, content, mode)
    with pytest.raises(error):
        load("dev", tmp_path, may_create=True)
    assert path.read_bytes() == content


@posix_only
def test_no_key_in_an_open_directory(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(StorePermissionsError):
        load("dev", tmp_path, may_create=True)


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PierreError) as caught:
        load("dev", tmp_path / "file" / "x" / "y", may_create=True)
    assert isinstance(caught.value, StorePermissionsError | StoreUnwritableError)


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    tmp_path.chmod(0o700)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnwritableError):
        load("dev", tmp_path, may_create=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.promise("keys.production")
@pytest.mark.parametrize("source", ["", "dev", "env"])
def test_production_does_not_start_without_a_given_key(
    tmp_path: Path, source: str
) -> None:
    tmp_path.chmod(0o700)
    load("dev", tmp_path, may_create=True)
    with pytest.raises(MasterKeyMissingError) as caught:
        load(source, tmp_path, production=True, may_create=True)
    assert caught.value.exit_status == 78


def make_development_key(config_dir: Path) -> str:
    return load("dev", config_dir, may_create=True)[1].public_id


@pytest.mark.promise("keys.dev-mode")
def test_two_first_starters_make_one_key(tmp_path: Path) -> None:
    config_dir = tmp_path / "config"
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        ids = list(pool.map(make_development_key, [config_dir] * 16))
    assert len(set(ids)) == 1
    assert [path.name for path in config_dir.iterdir()] == [DEVELOPMENT_KEY_NAME]


def test_another_starter_was_just_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    theirs = tmp_path / DEVELOPMENT_KEY_NAME
    real = os.link

    def just_before(draft: Path, path: Path) -> None:
        key_file(theirs, TEXT.encode())
        real(draft, path)

    monkeypatch.setattr(os, "link", just_before)
    assert load("dev", tmp_path, may_create=True)[0].id == LocalMaster(RAW).id
    assert list(tmp_path.iterdir()) == [theirs]
