"""Everything held about a person, written to a package of theirs (GDPR Art. 15 and 20).

It is read in short snapshots and never in one long one, which would keep the store's
log from being emptied for as long as it is written. So the registers are of one moment,
and each activity is of the moment it was written at: what was deleted by then is left
out, and what was imported since is not in it. The manifest says so. Stopped, it begins
anew: there is no half of it to go on with.
"""

import json
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pierre_mcp.errors import ExportUnwritableError
from pierre_mcp.formats import csv_writing
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import Policy
from pierre_mcp.model.recording import FORMULA
from pierre_mcp.services import export_activities, export_files
from pierre_mcp.services.export_activities import Files
from pierre_mcp.services.export_registers import REGISTERS, Recipients
from pierre_mcp.services.export_words import READ_ME, in_words
from pierre_mcp.services.packing import Package
from pierre_mcp.services.steps import Progress, Step
from pierre_mcp.store import exporting, gear, imports, migrations, policies
from pierre_mcp.store.database import Tx

SECTIONS: Final = (
    *("profile", "athlete", "gear", "activities", "files", "imports", "consents"),
    *("recipients", "access", "corrections", "requests", "incidents", "settings"),
    "operations",
)
"""What an export is made of; all of it, unless the person names some."""

FORMAT: Final = 1
"""The version of the export's own layout."""

_ACTIVITIES_A_STEP: Final = 32
_BYTES_A_STEP: Final = 16 << 20
_ROWS_A_STEP: Final = 2_000
_GEAR: Final = (
    *("gear_id", "title", "kind", "name", "brand", "model", "retired", "initial_m"),
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an export would hold.

    Attributes:
        originals: Files kept as they came.
        rows: Of the log, the person's and the store's.
    """

    recordings: int
    activities: int
    originals: int
    rows: int


def outlook(tx: Tx, grant: Grant) -> Outlook:
    """Count what there is to export."""
    listed = exporting.recordings(tx, grant)
    return Outlook(
        len(listed),
        len({one.activity for one in listed}),
        len({one.original for one in listed if one.original}),
        exporting.rows(tx, grant),
    )


class Export:
    """One export, to its end.

    Args:
        package: Where it is written.
        sections: What is written, of ``SECTIONS``.
    """

    def __init__(self, package: Package, sections: Collection[str]) -> None:
        self.activities = 0
        self._package = package
        self._sections = frozenset(sections)
        self._counts: dict[str, int] = {}

    def steps(self) -> Generator[tuple[Step, Progress]]:
        """Give a step for the registers, then for a few activities or files at a time.

        Raises:
            ExportUnwritableError: The disk is full, or gone.
        """
        try:
            yield from self._steps()
        except OSError:
            raise ExportUnwritableError from None

    def _steps(self) -> Generator[tuple[Step, Progress]]:
        first = _Registers(self._sections)
        yield first, Progress(0, None, "looking")
        self._write("README.txt", READ_ME.encode())
        for name, value in first.values.items():
            self._write_json(name, value)
        if "gear" in self._sections:
            rows = first.values["gear.json"]
            table = csv_writing.table(_GEAR, rows)
            self._write("gear.csv", "".join(table).encode())
        files = export_activities.named(first.recordings, first.lines)
        total = len(first.recordings)
        if "activities" in self._sections:
            yield from self._activities(first, files, total)
        if "files" in self._sections:
            yield from self._files(files)
        if self._sections & {"access", "recipients"}:
            yield from self._accesses(first)
        self._manifest(first)

    def _activities(
        self, first: "_Registers", files: Mapping[str, Files], total: int
    ) -> Generator[tuple[Step, Progress]]:
        ids = list(dict.fromkeys(one.activity for one in first.recordings))
        rows: list[bytes] = []  # a member cannot be begun before the other's end
        with self._package.member("activities.jsonl") as write:
            for start in range(0, len(ids), _ACTIVITIES_A_STEP):
                some = ids[start : start + _ACTIVITIES_A_STEP]
                step = _Activities(some, files, first.gear)
                yield step, Progress(start + len(some), len(ids), "activities")
                for one in step.told:
                    write(_json_line(one.line))
                    rows.append(_csv_line(one.row))
        with self._package.member("activities.csv") as write:
            write(csv_writing.line(export_activities.COLUMNS).encode())
            write(b"".join(rows))
        self.activities = len(rows)
        self._counts |= {"activities": len(rows), "recordings": total}

    def _files(self, files: Mapping[str, Files]) -> Generator[tuple[Step, Progress]]:
        left, done = list(files.items()), 0
        while left:
            step = _Files(left)
            yield step, Progress(done, len(files), "files")
            for file in (one for loaded in step.loaded for one in loaded.files):
                with self._package.member(file.name) as write:
                    for piece in file.content():
                        write(piece)
            done += len(step.loaded)
            left = left[len(step.loaded) :]

    def _accesses(self, first: "_Registers") -> Generator[tuple[Step, Progress]]:
        recipients, written = Recipients(), "access" in self._sections
        with ExitStack() as stack:
            member = self._package.member("access_history.jsonl")
            write = stack.enter_context(member) if written else _unwritten
            step, rows = _Accesses(0), 0
            while True:
                yield step, Progress(rows, None, "log")
                for row in step.rows:
                    recipients.see(row)
                    write(_json_line({"in_words": in_words(row), **row}))
                rows += len(step.rows)
                if len(step.rows) < _ROWS_A_STEP:
                    break
                step = _Accesses(step.last)
        if written:
            self._counts["rows of the access history"] = rows
        if "recipients" in self._sections:
            told = recipients.told(first.policy, first.at)
            self._write_json("recipients.json", told)

    def _manifest(self, first: "_Registers") -> None:
        members = [
            {"name": one.name, "bytes": one.size, "sha256": one.sha256}
            for one in self._package.members
        ]
        self._write_json(
            "manifest.json",
            {
                "export_format": FORMAT,
                "made_by": f"pierre-mcp {first.version}",
                "made_at": first.at,
                "schema_version": migrations.VERSION,
                "formula_version": FORMULA,
                "sections": [one for one in SECTIONS if one in self._sections],
                "as_of": "The registers are as of made_at; each activity is as of the "
                "moment it was written. What was deleted meanwhile is left out, and "
                "what was imported meanwhile is not in it.",
                "encrypted": False,
                "counts": self._counts,
                "members": members,
            },
        )

    def _write_json(self, name: str, value: Any) -> None:
        text = json.dumps(value, indent=2, default=_plain, ensure_ascii=False)
        self._write(name, f"{text}\n".encode())
        if isinstance(value, list):
            self._counts[name.removesuffix(".json").replace("_", " ")] = len(value)

    def _write(self, name: str, content: bytes) -> None:
        with self._package.member(name) as write:
            write(content)


class _Reading:
    """A step that only reads."""

    def write(self, tx: Tx, grant: Grant) -> None:
        """Nothing to write."""


class _Registers(_Reading):
    """The registers, and the list of what there is, in one snapshot."""

    def __init__(self, sections: Collection[str]) -> None:
        self._sections = sections

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Read them."""
        self.at, self.version = grant.here.now, grant.here.version
        self.values = {
            name: read(tx, grant)
            for section, parts in REGISTERS.items()
            if section in self._sections
            for name, read in parts.items()
        }
        self.policy: Policy = policies.read(tx, grant).policy
        self.gear: Mapping[str, Gear] = gear.listed(tx, grant)
        self.recordings = exporting.recordings(tx, grant)
        self.lines = [
            line
            for run in imports.listed(tx, grant)
            for line in imports.files(tx, grant, run.id)
        ]


class _Activities(_Reading):
    """A few activities, each read whole."""

    def __init__(
        self, ids: Sequence[str], files: Mapping[str, Files], gear: Mapping[str, Gear]
    ) -> None:
        self._ids = ids
        self._files = files
        self._gear = gear
        self.told: list[export_activities.Told] = []

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Read them."""
        found = (
            export_activities.told(tx, grant, one, self._files, self._gear)
            for one in self._ids
        )
        self.told = [one for one in found if one is not None]


class _Files(_Reading):
    """The files of as many recordings as fit in one step, of one at least."""

    def __init__(self, wanted: Sequence[tuple[str, Files]]) -> None:
        self._wanted = wanted
        self.loaded: list[export_files.Loaded] = []

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Read them."""
        self.loaded, size = [], 0
        for recording, named in self._wanted:
            self.loaded.append(export_files.load(tx, grant, recording, named))
            size += self.loaded[-1].size
            if size > _BYTES_A_STEP or len(self.loaded) == _ACTIVITIES_A_STEP:
                return


class _Accesses(_Reading):
    """Some rows of the log."""

    def __init__(self, after: int) -> None:
        self.last = after
        self._after = after
        self.rows: list[Mapping[str, Any]] = []

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Read them."""
        found = list(
            exporting.accesses(tx, grant, after=self._after, most=_ROWS_A_STEP)
        )
        self.rows = [row for _, row in found]
        self.last = found[-1][0] if found else self._after


def _unwritten(piece: bytes) -> None:
    del piece


def _json_line(value: Any) -> bytes:
    text = json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _csv_line(row: Mapping[str, Any]) -> bytes:
    values = (row[name] for name in export_activities.COLUMNS)
    return csv_writing.line(values).encode()


def _plain(moment: datetime) -> str:
    """Return as text the one value of ours that JSON has no word for."""
    return moment.isoformat().replace("+00:00", "Z")
