"""Every sealed cell there is, and where each lives: one entry a table.

Rotation seals each again, ``doctor --deep`` opens each. The modules of the single
tables know their own places; this knows all of them, and a test holds the two
together, and that no sealed table is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import Purpose
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store.database import Tx

# A person's key names its person: "person:" and two UUIDs with a slash between.
_OF_KEY = "substr(k.scope, 8, 36), substr(k.scope, 45, 36)"
OF_ROW = "t.tenant, t.person"
_ALONE = "'', '', ''"


@dataclass(frozen=True, slots=True)
class Table:
    """One table with sealed cells, in the words of its own SQL.

    Attributes:
        cells: Each cell's column, and the expression for its logical column; the first
            is never NULL.
        row: The expression for the row's id.
        whose: The expressions for tenant and person.
        beside: The expressions for source, origin and local day.
        join: What these need besides ``t``, the table, and ``k``, its row's key.
        purpose: Of the keys its cells are under.
    """

    name: str
    cells: tuple[tuple[str, str], ...]
    row: str
    whose: str = OF_ROW
    beside: str = _ALONE
    join: str = ""
    purpose: Purpose = Purpose.SEAL


_OF_RECORDING = "r.source, r.origin, r.local_day"
_RECORDING = "JOIN recordings r ON r.id = t.recording"

TABLES: Final = (
    Table(
        "recordings",
        tuple(
            (column, f"'recordings.{column}/1'")
            for column in ("activities", "heart_rate", "power", "location", "notes")
        ),
        "t.id",
        beside="t.source, t.origin, t.local_day",
    ),
    Table(
        "streams",
        (("cell", "'recordings.stream.' || t.name || '/1'"),),
        "r.id",
        "r.tenant, r.person",
        _OF_RECORDING,
        _RECORDING,
    ),
    Table(
        "details",
        (("cell", "'recordings.detail.' || t.category || '/1'"),),
        "r.id",
        "r.tenant, r.person",
        _OF_RECORDING,
        _RECORDING,
    ),
    Table(
        "originals",
        (("cell", "'originals.' || iif(t.seq = 0, 'head', t.seq) || '/1'"),),
        "r.id",
        "r.tenant, r.person",
        _OF_RECORDING,
        _RECORDING,
    ),
    Table(
        "athlete",
        (("cell", "'athlete.' || t.category || '/1'"),),
        "t.id",
        beside="t.source, '', ''",
    ),
    Table("people", (("profile", "'people.profile/1'"),), "t.person"),
    Table("policies", (("cell", "'policies.cell/1'"),), "t.person"),
    Table("audit_detail", (("cell", "'audit.detail/1'"),), "t.seq", _OF_KEY),
    Table("ledger", (("cell", "'ledger.cell/1'"),), "t.id"),
    Table("gear", (("cell", "'gear.cell/1'"),), "t.id", beside="t.source, '', ''"),
    Table("operations", (("cell", "'operations.cell/1'"),), "t.id"),
    Table("imports", (("cell", "'imports.cell/1'"),), "t.id"),
    Table(
        "import_files",
        (("cell", "'import_files.cell/1'"),),
        "t.import_id || '/' || t.seq",
        "i.tenant, i.person",
        join="JOIN imports i ON i.id = t.import_id",
    ),
    Table(
        "listings",
        (("cell", "'listings.cell/1'"),),
        "t.compromised || '/' || t.seq",
        _OF_KEY,
    ),
    Table(
        "audit_state",
        (("cell", "'audit.' || t.name || '/1'"),),
        "t.name",
        "'', ''",
        purpose=Purpose.AUDIT,
    ),
)
"""The most sensitive first: places, heart rate and names before what organises them."""


@dataclass(frozen=True, slots=True)
class SealedRow:
    """The cells of one row, as stored.

    Attributes:
        rowid: Of the row now: VACUUM may give it another, so a write also compares the
            first cell, which no other row has.
        kid: The key its cells are under.
        cells: Column, place and bytes of each that is there.
    """

    rowid: int
    kid: int
    cells: tuple[tuple[str, Place, bytes], ...]


def under(
    tx: Tx, maintenance: Maintenance, table: Table, kid: int, *, most: int
) -> Iterator[SealedRow]:
    """Give rows whose cells are under one key, as few as are taken."""
    del maintenance
    sql = f"{_select(table)} WHERE t.kid = ? LIMIT ?"
    return (_row(table, found) for found in tx.execute(sql, (kid, most)))


def every(tx: Tx, maintenance: Maintenance, table: Table) -> Iterator[SealedRow]:
    """Give every row of a table, as few as are taken."""
    del maintenance
    return (_row(table, found) for found in tx.execute(_select(table)))


def count(tx: Tx, maintenance: Maintenance, table: Table, kid: int) -> int:
    """Return how many rows of a table have their cells under one key."""
    del maintenance
    sql = f"SELECT count(*) FROM {table.name} WHERE kid = ?"  # noqa: S608 - our own
    (found,) = tx.one(sql, (kid,))
    return int(found)


def _select(table: Table) -> str:
    # CROSS JOIN keeps SQLite from walking the keys, or what is joined, first.
    cells = ", ".join(f"{name}, t.{column}" for column, name in table.cells)
    keys = "CROSS JOIN keyring k ON k.id = t.kid" if table.whose == _OF_KEY else ""
    join = table.join.replace("JOIN", "CROSS JOIN")
    return (
        f"SELECT t.rowid, t.kid, {table.whose}, {table.row}, {table.beside}, {cells}"  # noqa: S608 - our own words
        f" FROM {table.name} t {join} {keys}"
    )


def _row(table: Table, found: tuple[Any, ...]) -> SealedRow:
    rowid, kid, tenant, person, row, source, origin, day, *cells = found
    pairs = zip(cells[::2], cells[1::2], strict=True)
    return SealedRow(
        rowid,
        kid,
        tuple(
            (
                column,
                Place(str(name), tenant, person, str(row), source, origin, day),
                bytes(cell),
            )
            for (column, _), (name, cell) in zip(table.cells, pairs, strict=True)
            if cell is not None
        ),
    )
