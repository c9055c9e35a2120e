"""Strava exports made for tests: tables in several languages and widths, and a zip.

Nothing here is anybody's: names, numbers and places are made up.
"""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

FIRST = datetime(2022, 3, 4, 7, 0, 0, tzinfo=UTC)
WIDTHS = (11, 12, 13, 86, 87, 92, 94, 99, 101, 103)


def english(at: datetime) -> str:
    clock = f"{at.hour % 12 or 12}:{at:%M:%S}\u202f{at:%p}"
    return f"{at:%b} {at.day}, {at.year}, {clock}"


def german(at: datetime) -> str:
    return f"{at:%d.%m.%Y, %H:%M:%S}"


def czech(at: datetime) -> str:
    return f"{at.day}. {at.month}. {at.year} {at.hour}:{at:%M:%S}"


def french(at: datetime) -> str:
    months = "janv févr mars avr mai juin juil août sept oct nov déc".split()  # noqa: SIM905 - shorter so
    return f"{at.day} {months[at.month - 1]}. {at.year} à {at:%H:%M:%S}"


@dataclass(frozen=True)
class Language:
    """How an account's tables are written."""

    header: str
    date: object
    decimal: str
    run: str
    ride: str


ENGLISH = Language("Activity ID", english, ".", "Run", "Ride")
GERMAN = Language("Aktivitäts-ID", german, ",", "Lauf", "Radfahrt")
CZECH = Language("ID aktivity", czech, ",", "Běh", "Jízda")
FRENCH = Language(
    '<span class="translation_missing">horton_values</span>',
    french,
    ",",
    "Course à pied",
    "Sortie à vélo",
)
LANGUAGES = {
    "english": ENGLISH,
    "german": GERMAN,
    "czech": CZECH,
    "french": FRENCH,
}


@dataclass
class Row:
    """One activity as a table tells it; ``km`` is shown, ``totals`` is the machine's.

    ``totals`` is by column of the second block, counted from that of the file.
    """

    number: int
    file: str = ""
    at: datetime | str = FIRST
    name: str = "Made-up run"
    kind: str = "Run"
    description: str = ""
    note: str = ""
    gear: str = ""
    elapsed_s: int = 3_600
    km: float = 10.0
    totals: Mapping[int, object] = field(default_factory=dict)

    def cells(self, language: Language, width: int) -> list[str]:
        at = language.date(self.at) if isinstance(self.at, datetime) else self.at  # type: ignore[operator]
        shown = f"{self.km:.2f}".replace(".", language.decimal)
        first = [str(self.number), at, self.name, self.kind, self.description]
        first += [str(self.elapsed_s), shown]
        middle = {11: ["7", "false"], 12: ["171", "7", "false"]}.get(
            width, ["171", "7", "false", self.note]
        )
        row = [*first, *middle, self.gear, self.file]
        if width > 13:
            place = len(row) - 1
            row += [""] * (width - len(row))
            second = {3: float(self.elapsed_s), 5: self.km * 1_000, **self.totals}
            for column, value in second.items():
                row[place + column] = str(value)
        return row


def activities_csv(
    rows: Sequence[Row], language: Language = ENGLISH, width: int = 94
) -> bytes:
    header = [language.header, *(f"column {i}" for i in range(1, width))]
    return table_csv([header, *(row.cells(language, width) for row in rows)])


def table_csv(rows: Sequence[Sequence[str]], *, bom: bool = True) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


SHOES = table_csv(
    [
        ["Shoe Name", "Shoe Brand", "Shoe Model", "Shoe Default Sport Types"],
        ["", "Brandless", "Glider 3", "Run"],
        ["Old ones", "Brandless", "Glider 1", ""],
    ]
)
BIKES = table_csv(
    [
        ["Bike Name", "Bike Brand", "Bike Model", "Bike Default Sport Types"],
        ["Silver", "Nobody", "Road", "Ride"],
    ]
)
ZONES = table_csv(
    [
        ["Address", "Radius", "Latitude & Longitude"],
        ["1 Made-up Street", "400", "-48.9, -123.4"],
    ]
)
PRIVATE = (
    "messaging.json",
    "contacts.csv",
    "logins.csv",
    "mobile_device_identifiers.csv",
    "profile.csv",
    "media/1.jpg",
    "routes/1.gpx",
)
"""What no import ever opens."""

Files = Mapping[str, bytes]


def export(
    rows: Sequence[Row],
    files: Files,
    *,
    language: Language = ENGLISH,
    width: int = 94,
    **tables: bytes,
) -> dict[str, bytes]:
    """The files of an export, by path."""
    return {
        "activities.csv": activities_csv(rows, language, width),
        "shoes.csv": SHOES,
        "bikes.csv": BIKES,
        "privacy_zones.csv": ZONES,
        **dict.fromkeys(PRIVATE, b"\x00private\x00"),
        **{f"{name}.csv": data for name, data in tables.items()},
        **files,
    }


def zipped(files: Files, folder: str = "", *, deflate: bool = True) -> bytes:
    """A zip of files, as an archiver makes it."""
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
    return out.getvalue()


def later(days: int) -> datetime:
    return FIRST + timedelta(days=days)
