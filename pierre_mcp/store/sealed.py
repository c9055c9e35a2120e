"""Every sealed cell there is, and where each lives: one entry a table.

Rotation seals each again, ``doctor --deep`` opens each. The modules of the single
tables know their own places; this knows all of them, and a test holds the two
together, and that no sealed table is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from pierre_mcp.keyring.cells import Place, column_piece
from pierre_mcp.keyring.ring import Purpose, Ring
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
        urgent: Which rows to seal again before its others where the key may be known.
        where: Which rows this entry is about; all where empty.
    """

    name: str
    cells: tuple[tuple[str, str], ...]
    row: str
    whose: str = OF_ROW
    beside: str = _ALONE
    join: str = ""
    purpose: Purpose = Purpose.SEAL
    urgent: str = ""
    where: str = ""

    def of_urgent(self) -> "Table":
        """Return the entry for the urgent rows alone."""
        return replace(self, where=self.urgent)


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
        urgent="t.name IN ('lat_deg', 'lon_deg', 'altitude_m', 'heart_rate_bpm')",
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
    Table("corrections", (("cell", "'corrections.cell/1'"),), "t.id"),
    Table("requests", (("cell", "'requests.cell/1'"),), "t.id"),
    Table("alerts", (("cell", "'alerts.cell/1'"),), "t.id"),
    Table("incidents", (("cell", "'incidents.cell/1'"),), "t.id"),
    Table("monitor", (("cell", "'monitor.cell/1'"),), "t.name"),
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

AUDIT_STATE: Final = TABLES[-1]
"""The two cells of the log's state, which each append rewrites."""


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

    def open(self, ring: Ring) -> list[bytes]:
        """Open every cell.

        Raises:
            SealBrokenError: One was altered or moved, or its key is not on the ring.
        """
        named = [(column_piece(place.column), cell) for _, place, cell in self.cells]
        return ring.open_row(self.cells[0][1], named)


def under(
    tx: Tx,
    maintenance: Maintenance,
    table: Table,
    kid: int,
    *,
    most: int,
    beyond: int = -1,
) -> Iterator[SealedRow]:
    """Give rows whose cells are under one key, as few as are taken, by their rowids.

    Args:
        tx: Any transaction.
        maintenance: From the gate.
        table: Which.
        kid: The key.
        most: How many at most.
        beyond: The rowid to begin after.
    """
    del maintenance
    # The index by key holds the rowids in order, so nothing is sorted.
    which = "t.kid = ? AND t.rowid > ?" + (table.where and f" AND {table.where}")
    sql = f"{_select(table)} WHERE {which} ORDER BY t.rowid LIMIT ?"
    return (_row(table, found) for found in tx.execute(sql, (kid, beyond, most)))


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
