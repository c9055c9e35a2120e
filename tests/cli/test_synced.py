"""Key and store in one folder that is copied elsewhere."""

from pathlib import Path

import pytest

from pierre_mcp.cli.synced import shared_by


@pytest.mark.parametrize(
    ("folder", "service"),
    [
        ("Dropbox", "Dropbox"),
        ("Dropbox (Personal)", "Dropbox"),
        ("OneDrive - Some Company", "OneDrive"),
        ("Library/Mobile Documents/com~apple~CloudDocs", "iCloud Drive"),
        ("iCloudDrive", "iCloud Drive"),
        ("Library/CloudStorage/GoogleDrive-a@example.org/My Drive", "Google Drive"),
        ("Nextcloud", "Nextcloud"),
        ("MEGA", "MEGA"),
    ],
)
def test_by_its_name(tmp_path: Path, folder: str, service: str) -> None:
    root = tmp_path / folder
    assert shared_by(root / "config" / "key", root / "data" / "store") == service
    assert shared_by(root / "config" / "key", tmp_path / "data") is None
    assert shared_by(tmp_path / "config" / "key", root / "data") is None


@pytest.mark.parametrize(
    ("mark", "service"),
    [
        (".stfolder", "Syncthing"),
        (".dropbox.cache", "Dropbox"),
        (".sync_0123.db", "Nextcloud or ownCloud"),
        (".sync/ID", "Resilio Sync"),
    ],
)
def test_by_what_is_left_in_it(tmp_path: Path, mark: str, service: str) -> None:
    root = tmp_path / "mine"
    (root / mark).parent.mkdir(parents=True)
    (root / mark).touch()
    assert shared_by(root / "a" / "key", root / "b") == service


def test_two_folders_of_one_service_are_two(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "Dropbox" / "key", tmp_path / "b" / "Dropbox" / "data"
    assert shared_by(one, other) is None


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "Dropbox" / "data").mkdir(parents=True)
    (tmp_path / "data").symlink_to(tmp_path / "Dropbox" / "data")
    assert shared_by(tmp_path / "Dropbox" / "key", tmp_path / "data" / "s") == "Dropbox"


@pytest.mark.parametrize("name", ["dropboxes", "Boxes", "MEGAhertz", "One", ".dropbox"])
def test_other_folders_are_nobodys(tmp_path: Path, name: str) -> None:
    assert shared_by(tmp_path / name / "key", tmp_path / name / "data") is None
