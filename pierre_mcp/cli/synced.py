"""Folders that a service copies elsewhere: key and store in one leave together.

Told by the names such folders have, and by the files the services leave in them, up the
path. A folder renamed that bears no mark is not known.
"""

import re
from collections.abc import Iterator
from pathlib import Path

_NAMES = {
    "Dropbox": r"Dropbox( \(.+\)|-.+)?",
    "OneDrive": r"OneDrive([ -].+)?",
    "iCloud Drive": r"iCloud ?Drive|Mobile Documents|com~apple~CloudDocs",
    "Google Drive": r"Google ?Drive(-.+)?|My Drive",
    "Nextcloud": r"Nextcloud\d*",
    "ownCloud": r"ownCloud",
    "pCloud": r"p[Cc]loud ?(Drive|Sync)?",
    "MEGA": r"MEGA(sync)?",
    "Proton Drive": r"Proton ?Drive(-.+)?",
    "Box": r"Box( Sync|-Box)?",
}
# Not .dropbox and .sync, which stand in many a home for settings.
_MARKS = {
    "Dropbox": (".dropbox.cache",),
    "Nextcloud or ownCloud": (
        *(".sync_*.db", "._sync_*.db", ".nextcloudsync.log", ".owncloudsync.log"),
    ),
    "Syncthing": (".stfolder", ".stignore"),
    "Resilio Sync": (".sync/ID",),
}


def shared_by(one: Path, other: Path) -> str | None:
    """Return the service that copies both paths, in one folder of its own; else None.

    Links are followed first: what is copied is where the file is.
    """
    ours = dict(_roots(one.resolve()))
    return next(
        (ours[root] for root, _ in _roots(other.resolve()) if root in ours), None
    )


def _roots(path: Path) -> Iterator[tuple[Path, str]]:
    """Give each folder above a path that is a service's, with the service's name."""
    for folder in path.parents:
        for told in (_by_name, _by_mark):
            service = told(folder)
            if service is not None:
                yield folder, service


def _by_name(folder: Path) -> str | None:
    names = _NAMES.items()
    return next((s for s, name in names if re.fullmatch(name, folder.name)), None)


def _by_mark(folder: Path) -> str | None:
    for service, marks in _MARKS.items():
        if any(_holds(folder, mark) for mark in marks):
            return service
    return None


def _holds(folder: Path, mark: str) -> bool:
    try:
        return any(True for _ in folder.glob(mark))
    except OSError:  # a folder we may pass but not list
        return False
