"""How much one file may ask of its reader."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one file; going over any of them ends the reading.

    Attributes:
        file_bytes: Size as stored, and after decompression for XML.
        fit_bytes: Size of a FIT after decompression; it is read into memory whole.
        ratio: Decompressed over compressed, once past the first mebibyte.
        samples: Samples in all tracks together.
        marks: Laps, lengths, events or other messages of one kind but samples.
        tracks: Activities in one file.
        depth: Nested XML elements.
        text_chars: Text in one XML element.
        directory_bytes: The central directory of a zip.
        members: Members of a zip, those of zips inside it included.
        nested_bytes: A zip inside a zip, which is read into memory whole.
        nesting: How many zips may lie in one another, the outermost included.
        table_bytes: A table (CSV), which is read into memory whole.
        columns: Of a table.
        rows: Of a table.
    """

    file_bytes: int = 512 * MIB
    fit_bytes: int = 64 * MIB
    ratio: int = 200
    samples: int = 2_000_000
    marks: int = 100_000
    tracks: int = 200
    depth: int = 40
    text_chars: int = 65_536
    directory_bytes: int = 16 * MIB
    members: int = 100_000
    nested_bytes: int = 128 * MIB
    nesting: int = 3
    table_bytes: int = 64 * MIB
    columns: int = 512
    rows: int = 200_000
