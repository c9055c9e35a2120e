"""A Strava bulk export: its tables and its files, joined.

Rows and files are joined by the column that names the file, never by number: the one
in a file's name is that of the upload, not of the activity. Only these are opened:
``activities.csv``, ``shoes.csv``, ``bikes.csv``, ``privacy_zones.csv``, files that a
row names, and activity files in ``activities/``.

A file is known again by its name, which is the provider's number of the upload, and a
row without one by that of the activity; never by content: Strava writes the files of
its own app anew for each export, so that their bytes differ. A recording from a row
alone gives way to one from its file, once that can be read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from pierre_mcp.analytics.summary import ActivityFacts
from pierre_mcp.formats.faults import Reason
from pierre_mcp.model.athlete import Fact, Kind, Origin
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import NotesCell
from pierre_mcp.model.details import ActivityDetail
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.services.entries import STRAVA, Entry, Plan, told
from pierre_mcp.services.exported import (
    ActivityRow,
    Answered,
    GearFacts,
    UnreadRow,
    ZoneFacts,
)
from pierre_mcp.services.parsed import ParsedActivity
from pierre_mcp.services.work import Job, Reader
from pierre_mcp.services.workers import Parsers

TABLE: Final = "activities.csv"
_GEAR_TABLES: Final = {"shoes.csv": Reader.SHOES, "bikes.csv": Reader.BIKES}
_ZONES_TABLE: Final = "privacy_zones.csv"
_FOLDER: Final = "activities/"
_SUFFIXES: Final = (".fit", ".gpx", ".tcx")
_DEEPEST: Final = 3
MOST_GEAR: Final = 500
MOST_ZONES: Final = 200

_FILE_LABEL, _ROW_LABEL = b"pierre/strava/file/1", b"pierre/strava/row/1"
_FILLED: Final = (
    "moving_s",
    "distance_m",
    "ascent_m",
    "descent_m",
    "max_speed_m_s",
    "mean_cadence_rpm",
    "calories_kcal",
)


@dataclass(frozen=True, slots=True)
class Held:
    """A file that an archive or a folder holds.

    Attributes:
        path: From the top of what holds it, with ``/`` between folders.
        job: How to read it.
        refused: Why not to.
    """

    path: str
    job: Job
    refused: Reason | None = None


def export_root(held: Iterable[Held]) -> str | None:
    """Return the folder, ending in ``/`` or empty, in which an export seems to lie."""
    tables = [one.path for one in held if one.path.rpartition("/")[2] == TABLE]
    tables = [path for path in tables if path.count("/") <= _DEEPEST]
    return min(tables, key=lambda p: p.count("/"))[: -len(TABLE)] if tables else None


def plan_export(
    held: Sequence[Held], root: str, place: str, parsers: Parsers
) -> Plan | None:
    """Return what there is to do with an export; None where it is not Strava's.

    Args:
        held: Everything in it.
        root: The folder its tables lie in.
        place: Where the export is, for the person's own eyes.
        parsers: Whose workers read the tables.
    """
    by_path = {one.path: one for one in reversed(held)}
    table = _answer(by_path[root + TABLE], Reader.ACTIVITIES, parsers)
    rows = any(isinstance(row, ActivityRow) for row in table.items)
    if not rows and not _beside(held, root):
        return None
    entries = [*_Joined(held, root, place).entries(table)]
    if table.broken is not None:
        name = f"{place}: {root}{TABLE}"
        entries.append(Entry(TABLE, name, STRAVA, refused=table.broken))
    listed = [
        item
        for name, reader in _GEAR_TABLES.items()
        if (one := by_path.get(root + name)) is not None
        for item in _answer(one, reader, parsers).items
        if isinstance(item, GearFacts)
    ]
    zones = by_path.get(root + _ZONES_TABLE)
    circles = _answer(zones, Reader.ZONES, parsers).items if zones else ()
    return Plan(
        tuple(entries),
        _gear(listed, entries),
        tuple(
            PrivacyZone(**zone.model_dump())
            for zone in circles
            if isinstance(zone, ZoneFacts)
        )[:MOST_ZONES],
    )


def _beside(held: Iterable[Held], root: str) -> bool:
    """Tell whether a table that tells nothing lies among others of Strava's."""
    names = (_FOLDER, _ZONES_TABLE, *_GEAR_TABLES)
    marks = tuple(root + name for name in names)
    return any(one.path.startswith(marks) for one in held)


def file_digest(key: str) -> bytes:
    """Return what stands for the digest of a file of an export."""
    return sha256(_FILE_LABEL + b"\0" + key.encode()).digest()


def row_digest(row: ActivityRow) -> bytes:
    """Return what stands for the digest of a file where there is only a row."""
    number = row.provider_id.lstrip("0").encode()
    return sha256(_ROW_LABEL + b"\0" + number).digest()


def from_row(row: ActivityRow) -> ParsedActivity:
    """Return the activity that a row tells of by itself."""
    return ParsedActivity(
        sport=row.sport or Sport.OTHER,
        utc_offset_s=None,
        first_position_deg=None,
        repairs=(),
        activity=row.activity,
        heart_rate=row.heart_rate,
        power=row.power,
        location=None,
        notes=_notes(row, None),
        columns={},
        details={Category.ACTIVITIES: ActivityDetail()},
        athlete=_weight(row),
    )


def with_row(
    activity: ParsedActivity, row: ActivityRow, *, only: bool
) -> ParsedActivity:
    """Return a file's activity with what its row adds.

    The person's own words win: name, description and sport are the row's. Of numbers
    the file's win, and the row gives those that the file lacks; none where the file
    holds more than this one activity (``only``).
    """
    named = replace(
        activity,
        sport=row.sport or activity.sport,
        notes=_notes(row, activity.notes),
        athlete=_weight(row) + _without_weight(activity, row),
    )
    if not only:
        return named
    facts = activity.activity
    return replace(
        named,
        activity=_filled(facts, row.activity),
        heart_rate=activity.heart_rate or row.heart_rate,
        power=activity.power or row.power,
    )


def gear_key(name: str) -> str:
    """Return how a name of gear is compared."""
    return " ".join(name.casefold().split())


def _answer(one: Held, reader: Reader, parsers: Parsers) -> Answered:
    if one.refused:
        return Answered(broken=one.refused)
    return parsers.answer(replace(one.job, work=replace(one.job.work, reader=reader)))


class _Joined:
    """The files of an export, found by what its rows call them; each is taken once."""

    def __init__(self, held: Sequence[Held], root: str, place: str) -> None:
        self._root = root
        self._place = place
        self._files = [one for one in held if one.path.startswith(root)]
        # Of one name the first is read: the others are refused.
        self._paths = {
            one.path[len(root) :].casefold(): one for one in reversed(self._files)
        }
        self._names: dict[str, Held | None] = {}
        for one in self._paths.values():
            name = one.path.rpartition("/")[2].casefold()
            self._names[name] = None if name in self._names else one
        self._taken: set[Held] = set()

    def entries(self, table: Answered) -> Iterator[Entry]:
        """Give an entry for each row, and for each file that no row names."""
        for row in table.items:
            if isinstance(row, ActivityRow):
                yield self._of_row(row)
            elif isinstance(row, UnreadRow):
                yield Entry(*self._row_name(row.row), STRAVA, refused=row.reason)
        folder = self._root + _FOLDER
        for one in self._files:
            activity = one.path.startswith(folder) and _fits(one.path)
            if activity and one not in self._taken:
                job = None if one.refused else one.job
                key = _key(one.path)
                yield Entry(*self._name(one), STRAVA, job, None, one.refused, key)

    def _of_row(self, row: ActivityRow) -> Entry:
        if row.file is None:
            return Entry(*self._row_name(row.row), STRAVA, row=row)
        one = self._named(row.file)
        if one is None:
            return Entry(
                told(row.file),
                self._row_name(row.row)[1],
                STRAVA,
                row=row,
                refused=Reason.FILE_MISSING,
                key=_key(row.file),
            )
        if one in self._taken:  # its tracks are in by the first row that named it
            return Entry(*self._name(one), STRAVA, refused=Reason.NAMED_TWICE)
        self._taken.add(one)
        job = None if one.refused else one.job
        key = _key(one.path)
        return Entry(*self._name(one), STRAVA, job, row, one.refused, key)

    def _named(self, file: str) -> Held | None:
        path = file.replace("\\", "/").casefold()
        found = self._paths.get(path) or self._names.get(path.rpartition("/")[2])
        return found if found is not None and _fits(found.path) else None

    def _name(self, one: Held) -> tuple[str, str]:
        return told(one.path), f"{self._place}: {one.path}"

    def _row_name(self, number: int) -> tuple[str, str]:
        name = f"{TABLE}, row {number}"
        return name, f"{self._place}: {self._root}{name}"


def _key(path: str) -> str:
    """Return a file's own name, by which it is known in any export, zipped anyhow."""
    name = path.replace("\\", "/").rpartition("/")[2].casefold()
    return name.removesuffix(".gz")


def _fits(path: str) -> bool:
    return path.lower().removesuffix(".gz").endswith(_SUFFIXES)


def _gear(listed: Sequence[GearFacts], entries: Sequence[Entry]) -> tuple[Gear, ...]:
    """Return each piece of gear once: those listed, and those that only rows name."""
    found: dict[str, Gear] = {}
    for facts in listed:
        piece = Gear(**facts.model_dump())
        found.setdefault(gear_key(piece.title), piece)
    known = set(titles(found.values()))
    for entry in entries:
        name = entry.row.gear if entry.row else None
        if name and gear_key(name) not in known:
            found.setdefault(gear_key(name), Gear(name=name))
    return tuple(found.values())[:MOST_GEAR]


def titles(gear: Iterable[Gear]) -> Mapping[str, Gear]:
    """Return gear by every name that a row may use for it."""
    by_title: dict[str, Gear] = {}
    for piece in gear:
        what = f"{piece.brand} {piece.model}"
        for title in (piece.title, what, f"{what} {piece.name}"):
            if key := gear_key(title):
                by_title.setdefault(key, piece)
    return by_title


def _weight(row: ActivityRow) -> tuple[Fact, ...]:
    if row.weight_kg is None:
        return ()
    kind, origin = Kind.WEIGHT, Origin.STRAVA_EXPORT
    return (Fact(kind=kind, value=row.weight_kg, origin=origin),)


def _without_weight(activity: ParsedActivity, row: ActivityRow) -> tuple[Fact, ...]:
    """Return what the file tells, its weight only where the row has none."""
    told = activity.athlete
    return tuple(f for f in told if f.kind is not Kind.WEIGHT or row.weight_kg is None)


def _notes(row: ActivityRow, of_file: NotesCell | None) -> NotesCell | None:
    """Return the row's words, else the file's."""
    file = of_file or NotesCell()
    notes = NotesCell(
        name=row.name or file.name,
        description=row.description or file.description,
        private_note=row.private_note,
    )
    return None if notes == NotesCell() else notes


def _filled(facts: ActivityFacts, row: ActivityFacts) -> ActivityFacts:
    lacking = [name for name in _FILLED if getattr(facts, name) is None]
    if not facts.elapsed_s:
        lacking.append("elapsed_s")
    return facts.model_copy(update={name: getattr(row, name) for name in lacking})
