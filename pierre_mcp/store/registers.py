"""Registers: a table of one sealed cell a row, in the order of their entering.

Plain are only our own ids and that order. A register is the person's own, and goes with
the person.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar
from uuid import uuid4

from pydantic import BaseModel

from pierre_mcp.keyring.cells import Place
from pierre_mcp.keyring.ring import person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.identity import Identity
from pierre_mcp.store.database import Tx

M = TypeVar("M", bound=BaseModel)

_NEXT: Final = "SELECT coalesce(max(seq), 0) + 1 FROM {}"
_ADD: Final = """
    INSERT INTO {} (id, tenant, person, seq, kid, cell) VALUES (?, ?, ?, ?, ?, ?)
"""
_AFTER: Final = """
    SELECT id, seq, cell FROM {}
     WHERE tenant = ? AND person = ? AND seq > ? ORDER BY seq
"""
_UPDATE: Final = """
    UPDATE {} SET kid = ?, cell = ? WHERE tenant = ? AND person = ? AND id = ?
"""


class Register(Generic[M]):
    """One such table.

    Args:
        table: Its name, which its cells are bound to.
        model: What a cell holds, as JSON.
    """

    def __init__(self, table: str, model: type[M]) -> None:
        self._table = table
        self._model = model
        self._next, self._add, self._after, self._update = (
            sql.format(table) for sql in (_NEXT, _ADD, _AFTER, _UPDATE)
        )

    def check(self, grant: Grant) -> None:
        """Let the owner pass alone.

        Raises:
            RuntimeError: The grant is a recipient's, or dead.
        """
        grant.check()
        if not grant.owner:
            msg = f"the register of {self._table} is the owner's"
            raise RuntimeError(msg)

    def add(self, tx: Tx, who: Grant | Identity, content: M) -> tuple[str, int]:
        """Enter a row; return its id, and its number, from 1."""
        row_id, (number,) = str(uuid4()), tx.one(self._next)
        kid, cell = self._sealed(tx, who, row_id, content)
        tx.execute(self._add, (row_id, who.tenant, who.person, number, kid, cell))
        return row_id, int(number)

    def listed(
        self, tx: Tx, who: Grant | Identity, *, after: int = 0
    ) -> Iterator[tuple[str, int, M]]:
        """Give id, number and content of the rows beyond a number, oldest first.

        Raises:
            SealBrokenError: A cell was altered or moved.
        """
        asked = (who.tenant, who.person, after)
        for row_id, number, cell in tx.execute(self._after, asked):
            plain = tx.ring.open(cell, self._place(who, row_id))
            yield row_id, number, self._model.model_validate_json(plain)

    def update(self, tx: Tx, who: Grant | Identity, row_id: str, content: M) -> None:
        """Write a row that was found, as it is now."""
        kid, cell = self._sealed(tx, who, row_id, content)
        tx.execute(self._update, (kid, cell, who.tenant, who.person, row_id))

    def _sealed(
        self, tx: Tx, who: Grant | Identity, row_id: str, content: M
    ) -> tuple[int, bytes]:
        plain = content.model_dump_json().encode()
        scope = person_scope(who.tenant, who.person)
        return tx.ring.seal(plain, self._place(who, row_id), scope)

    def _place(self, who: Grant | Identity, row_id: str) -> Place:
        return Place(f"{self._table}.cell/1", who.tenant, who.person, row_id)
