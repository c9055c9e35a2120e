"""What there is to import at some paths: files, archives, and folders of exports.

A zip is listed by a worker, and of its members only those are ever opened that hold
activities, or that a Strava export is known to keep its tables in. What else lies in
an export (messages, contacts, log-ins) is passed over unread.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from pierre_mcp.errors import PathUnknownError
from pierre_mcp.formats.archive import Listed, Member
from pierre_mcp.formats.faults import Reason
from pierre_mcp.formats.limits import Limits
from pierre_mcp.services.entries import Entry, Plan, told
from pierre_mcp.services.strava import Held, export_root, plan_export
from pierre_mcp.services.work import Job, Reader, Work
from pierre_mcp.services.workers import Parsers

_SUFFIXES: Final = (".fit", ".gpx", ".tcx")
_ARCHIVE: Final = ".zip"
_TABLE: Final = "activities.csv"
_HOSTILE: Final = {Reason.UNSAFE_NAME, Reason.LINK_OR_DEVICE}
_MOST_TOLD: Final = 1_000


def find(given: Iterable[Path]) -> list[Path]:
    """Return what to import: files as given, and what folders hold, in order.

    Of folders, only ``.fit``, ``.gpx`` and ``.tcx`` are taken, plain or ``.gz``, and
    ``.zip``; a folder with ``activities.csv`` in it, at most one level down, is
    returned as itself. Links inside folders are not followed.

    Raises:
        PathUnknownError: There is nothing at a path.
    """
    found: dict[Path, None] = {}
    for path in given:
        if not os.path.lexists(path):
            raise PathUnknownError
        inside = sorted(_inside(path)) if path.is_dir() else [path]
        found.update(dict.fromkeys(inside))
    return list(found)


def plan(found: Iterable[Path], parsers: Parsers, limits: Limits | None = None) -> Plan:
    """Say what an import of these would do; archives are listed, tables are read.

    Args:
        found: As ``find`` returned them.
        parsers: Whose workers open what has to be opened.
        limits: What an archive may ask for.
    """
    whole = _Planner(parsers, limits or Limits())
    plans = [whole.of(path) for path in found]
    return Plan(
        tuple(entry for one in plans for entry in one.entries),
        tuple(piece for one in plans for piece in one.gear),
        tuple(zone for one in plans for zone in one.zones),
    )


def plan_files(found: Iterable[Path]) -> Plan:
    """Say what an import of the files among these would do, archives left alone.

    An export also brings privacy zones, which only the person may set; so it is for
    them to import.
    """
    files = [path for path in found if is_activity_file(path.name)]
    return Plan(tuple(Entry(told(p.name), str(p), job=Job(p)) for p in files))


def is_activity_file(name: str) -> bool:
    """Tell by its name whether a file may hold an activity."""
    return name.lower().removesuffix(".gz").endswith(_SUFFIXES)


def _inside(folder: Path) -> Iterator[Path]:
    below: list[Path] = []
    with suppress(OSError):  # a folder that may not be read holds nothing
        below = [path for path in folder.iterdir() if _real_folder(path)]
    exports = [root for root in (folder, *below) if _real_file(root / _TABLE)]
    yield from exports
    for path in folder.rglob("*"):
        name = path.name
        wanted = is_activity_file(name) or name.lower().endswith(_ARCHIVE)
        if not wanted or not _real_file(path):
            continue
        if not any(path.is_relative_to(root) for root in exports):
            yield path


def _real_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _real_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


class _Planner:
    """Plans one import; counts what its archives hold in all."""

    def __init__(self, parsers: Parsers, limits: Limits) -> None:
        self._parsers = parsers
        self._limits = limits
        self._left = limits.members

    def of(self, path: Path) -> Plan:
        """Return what there is to do with one path."""
        if path.is_dir():
            held = [
                Held(inner.relative_to(path).as_posix(), Job(inner))
                for inner in sorted(path.rglob("*"))
                if _real_file(inner)
            ]
            return self._content(held, str(path))
        if path.name.lower().endswith(_ARCHIVE):
            return self._archive(Job(path), str(path))
        return Plan((Entry(told(path.name), str(path), job=Job(path)),))

    def _archive(self, job: Job, place: str) -> Plan:
        """Return what there is to do with a zip, which may lie in others."""
        chain = job.work.chain
        alone = Entry(told(chain[-1].path if chain else job.path.name), place)
        if len(chain) >= self._limits.nesting:
            return Plan((replace(alone, refused=Reason.NESTED_TOO_DEEP),))
        listing = replace(job, work=Work(Reader.LISTING, chain))
        answer = self._parsers.answer(listing)
        members = [item for item in answer.items if isinstance(item, Listed)]
        self._left -= len(members)
        if answer.broken or self._left < 0:
            refused = answer.broken or Reason.TOO_MANY_MEMBERS
            return Plan((replace(alone, refused=refused),))
        held = [
            Held(one.member.path, _inside_of(job, one.member), one.refused)
            for one in members
        ]
        found = self._content(held, place)
        if found == Plan():
            return Plan((replace(alone, refused=Reason.NOTHING_TO_IMPORT),))
        return found

    def _content(self, held: list[Held], place: str) -> Plan:
        refused = Plan(tuple(_hostile(held, place)[:_MOST_TOLD]))
        sound = [one for one in held if one.refused not in _HOSTILE]
        root = export_root(sound)
        if root is not None:
            export = plan_export(sound, root, place, self._parsers)
            if export is not None:
                return export + refused
        files = [
            Entry(
                told(one.path),
                f"{place}: {one.path}",
                job=None if one.refused else one.job,
                refused=one.refused,
            )
            for one in sound
            if is_activity_file(one.path)
        ]
        found = Plan(tuple(files)) + refused
        for one in sound:
            if one.path.lower().endswith(_ARCHIVE):
                found += self._nested(one, f"{place}: {one.path}")
        return found

    def _nested(self, one: Held, place: str) -> Plan:
        if one.refused:
            return Plan((Entry(told(one.path), place, refused=one.refused),))
        return self._archive(one.job, place)


def _inside_of(job: Job, member: Member) -> Job:
    return Job(job.path, Work(Reader.TRACKS, (*job.work.chain, member)))


def _hostile(held: list[Held], place: str) -> list[Entry]:
    """Return what no archive needs to hold, whatever it would have been."""
    return [
        Entry(told(one.path), f"{place}: {one.path}", refused=one.refused)
        for one in held
        if one.refused in _HOSTILE
    ]
