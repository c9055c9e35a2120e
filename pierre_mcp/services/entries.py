"""What an import is to do: entries, each a file, a row of an export, or both."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from pierre_mcp.formats.faults import Reason
from pierre_mcp.model.gear import Gear
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.model.recording import Where
from pierre_mcp.services.exported import ActivityRow
from pierre_mcp.services.work import Job

FILES: Final = Where("files", "file")
STRAVA: Final = Where("strava", "strava_export")

WITHHELD: Final = "(name withheld)"
_ADDRESS: Final = ("@", "%40")
_MOST_CHARS: Final = 255


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to import.

    Attributes:
        name: As it is told and kept: see ``told``.
        place: Where it lies, for the person's own eyes.
        where: What it is filed under.
        job: What to have read; None where there is no file, or it must not be.
        row: What an export's table says of it.
        refused: Why its file is not read, known before.
        key: What its file is known again by; None: by the digest of its content.
    """

    name: str
    place: str
    where: Where = FILES
    job: Job | None = None
    row: ActivityRow | None = None
    refused: Reason | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import found to do, before any of it is done."""

    entries: tuple[Entry, ...] = ()
    gear: tuple[Gear, ...] = ()
    zones: tuple[PrivacyZone, ...] = ()

    def __add__(self, other: "Plan") -> "Plan":
        """Do both, one after the other."""
        return Plan(
            self.entries + other.entries,
            self.gear + other.gear,
            self.zones + other.zones,
        )


def told(path: str) -> str:
    """Return a file's own name as it may be told, kept and shown.

    On some systems a name is any bytes; and one may hold an e-mail address (Garmin's
    do), which is then left out of it.
    """
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = name.encode("utf-8", "replace").decode("utf-8")
    if any(mark in name for mark in _ADDRESS):
        suffixes = PurePosixPath(name).suffixes[-2:]
        known = [s for s in suffixes if s.lower() in _SUFFIXES]
        return WITHHELD + "".join(known)
    return name[:_MOST_CHARS]


_SUFFIXES: Final = {".fit", ".gpx", ".tcx", ".gz", ".zip"}
