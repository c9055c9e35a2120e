"""The ring: data keys by id, each for one scope and one purpose.

    MEK ─► DEK(system) · DEK(tenant) · DEK(tenant, person)     each once a purpose

Of each scope and purpose one key is active and seals; the older ones only open
(DESIGN.md 5, "Hierarchy"). No key serves two purposes. A ring is what one load of the
keyring gave: it never changes, and when the keyring's generation moves it is replaced,
which is also how a destroyed key leaves the process.

What the store adds, because only it can see every process: that each write is under a
key still active, and that seals are counted before they are made.
"""

import hmac
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

from pierre_mcp.errors import (
    KeyMissingError,
    KeyringTamperedError,
    SealBrokenError,
)
from pierre_mcp.keyring.cells import (
    HEADER_BYTES,
    Place,
    cell_cipher,
    column_piece,
    key_id_of,
    open_beside,
    open_each,
    row_pieces,
    seal_beside,
)
from pierre_mcp.keyring.gcm import AnyCipher
from pierre_mcp.keyring.hkdf import expand
from pierre_mcp.keyring.in_hand import SealsInHand
from pierre_mcp.keyring.info import (
    DEK_BYTES,
    REFUSE_AT_SEALS,
    ROTATE_AT_SEALS,
    SEAL_BLOCK,
    SYSTEM,
    KeyInfo,
    KeyState,
    Purpose,
    count_after_block,
    person_scope,
    rotation_due,
    tenant_scope,
)
from pierre_mcp.keyring.pae import pae

__all__ = [
    "DEK_BYTES", "REFUSE_AT_SEALS", "ROTATE_AT_SEALS", "SEAL_BLOCK", "SYSTEM",
    "KeyInfo", "KeyState", "Purpose", "Ring", "count_after_block", "person_scope",
    "rotation_due", "tenant_scope",
]  # fmt: skip

_FOLD: Final = "fold/1"
_SEALING: Final = {Purpose.SEAL, Purpose.AUDIT}


class Ring(SealsInHand):
    """The keys of one store, as one load of the keyring found them.

    Args:
        keys: Each key with its 32 bytes; a destroyed one has none, and is left out.

    Raises:
        KeyringTamperedError: Two keys share an id, or are active for the same use.
    """

    __slots__ = (
        "_active", "_by_header", "_ciphers", "_deks", "_infos", "_listed", "_names",
        "_subkeys",
    )  # fmt: skip

    def __init__(self, keys: Iterable[tuple[KeyInfo, bytes]]) -> None:
        super().__init__()
        self._infos: dict[int, KeyInfo] = {}
        self._deks: dict[int, bytes] = {}
        self._active: dict[tuple[str, Purpose], int] = {}
        self._ciphers: dict[int, AnyCipher] = {}
        self._by_header: dict[bytes, AnyCipher] = {}
        self._listed: dict[int, frozenset[bytes]] = {}
        self._subkeys: dict[tuple[int, str], bytes] = {}
        self._names: dict[tuple[str, str], bytes] = {}
        for info, dek in keys:
            self._add(info, dek)

    def __repr__(self) -> str:
        return f"<Ring of {len(self._deks)}>"

    def __reduce__(self) -> NoReturn:
        msg = "a ring is never copied or pickled: its keys would go along"
        raise TypeError(msg)

    def infos(self) -> tuple[KeyInfo, ...]:
        """Return what is known of each key, in id order."""
        return tuple(self._infos[key_id] for key_id in sorted(self._infos))

    def info(self, key_id: int) -> KeyInfo:
        """Return what is known of one key.

        Raises:
            KeyMissingError: The key is not on this ring.
        """
        try:
            return self._infos[key_id]
        except KeyError:
            raise KeyMissingError from None

    def active(self, scope: str, purpose: Purpose) -> int:
        """Return the id of the key in use.

        Raises:
            KeyMissingError: There is none: never made, or destroyed.
        """
        try:
            return self._active[scope, purpose]
        except KeyError:
            raise KeyMissingError from None

    def seal(
        self, plain: bytes, place: Place, scope: str, purpose: Purpose = Purpose.SEAL
    ) -> tuple[int, bytes]:
        """Seal ``plain`` for ``place``; return the id of the key in use, and the cell.

        Raises:
            KeyMissingError: No key is in use for this scope and purpose.
            SealBudgetError: No seals are left of the block reserved.
            ValueError: The scope is another person's than the place: their erasure
                would leave this readable.
        """
        column = column_piece(place.column)
        key_id, [cell] = self.seal_row(place, [(column, plain)], scope, purpose)
        return key_id, cell

    def open(self, cell: bytes, place: Place) -> bytes:
        """Open a cell under whichever key sealed it.

        Raises:
            SealBrokenError: It was altered, moved, or its key is not on the ring. Which
                of these is deliberately not said.
        """
        return self.open_at(cell, column_piece(place.column), row_pieces(place))

    def open_at(self, cell: bytes, column: bytes, row: bytes) -> bytes:
        """Open a cell at a place given as ``column_piece`` and ``row_pieces`` give it.

        Raises:
            SealBrokenError: As for ``open``.
        """
        cipher = self._by_header.get(cell[:HEADER_BYTES])
        if cipher is None:
            cipher = self._cipher_of(cell)
        return open_beside(cipher, cell, column, row)

    def open_row(
        self, place: Place, cells: Sequence[tuple[bytes, bytes]]
    ) -> list[bytes]:
        """Open several cells of the row that ``place`` names, each beside its column.

        Lists and totals open thousands: what a row's cells share is encoded once, and
        columns come as ``column_piece`` gives them.

        Raises:
            SealBrokenError: As for ``open``; of any of them.
        """
        row = row_pieces(place)
        return [self.open_at(cell, column, row) for column, cell in cells]

    def seal_row(
        self,
        place: Place,
        values: Sequence[tuple[bytes, bytes]],
        scope: str,
        purpose: Purpose = Purpose.SEAL,
    ) -> tuple[int, list[bytes]]:
        """Seal several values for the row that ``place`` names, as ``open_row`` opens.

        Returns:
            The id of the key in use, and the cells.

        Raises:
            KeyMissingError: As for ``seal``; SealBudgetError and ValueError too.
        """
        if scope.startswith("person:") and scope != place.owner:
            msg = "a person's cells are sealed under that person's key"
            raise ValueError(msg)
        key_id, row = self.active(scope, purpose), row_pieces(place)
        return key_id, [self._sealed(key_id, of, column, row) for column, of in values]

    def seal_system(
        self, plain: bytes, column: bytes, row: bytes, purpose: Purpose
    ) -> tuple[int, bytes]:
        """Seal what belongs to the system, at a place as ``open_at`` takes it.

        Raises:
            KeyMissingError: As for ``seal``; SealBudgetError too.
        """
        key_id = self.active(SYSTEM, purpose)
        return key_id, self._sealed(key_id, plain, column, row)

    def open_column(
        self, column: bytes, cells: Sequence[bytes], rows: Iterable[bytes]
    ) -> list[bytes]:
        """Open one cell of each of many rows, which ``row_pieces`` stand for.

        Totals open a whole history: nearly all of it was sealed under one key, and
        what such cells share is looked up once.

        Raises:
            SealBrokenError: As for ``open``; of any of them.
        """
        return open_each(self._cipher_of, column, zip(cells, rows, strict=True))

    def allow(self, key_id: int, listed: frozenset[bytes]) -> None:
        """Let a compromised key open what it had sealed when it was marked.

        Args:
            key_id: The key; until this is called it opens nothing.
            listed: As ``listed_as`` gives each cell.

        Raises:
            KeyMissingError: The key is not on this ring.
            ValueError: It is not compromised.
        """
        if self.info(key_id).state is not KeyState.COMPROMISED:
            msg = "only a compromised key is held to a list"
            raise ValueError(msg)
        self._listed[key_id] = listed
        self._ciphers.pop(key_id, None)
        self._by_header.clear()

    def altered(
        self,
        infos: Iterable[KeyInfo],
        added: Iterable[tuple[KeyInfo, bytes]] = (),
    ) -> "Ring":
        """Return a ring of the same keys under what is now known of them.

        A key that is destroyed is left out; the seals in hand are handed over.

        Args:
            infos: Of each key that is already on this ring.
            added: Keys that are new, each with its 32 bytes.
        """
        kept = [
            (info, self._deks[info.id])
            for info in infos
            if info.state is not KeyState.DESTROYED
        ]
        fresh = Ring([*kept, *added])
        for info, _ in kept:
            fresh.reserve(info.id, self.seals_left(info.id))
            if info.id in self._listed:
                fresh.allow(info.id, self._listed[info.id])
        return fresh

    def hand_over(self, before: "Ring") -> None:
        """Take over the seals that an earlier load had in hand, of the same keys.

        A copy put back may have made another key of the same number.
        """
        for key_id, dek in self._deks.items():
            if hmac.compare_digest(before.dek(key_id) or b"", dek):
                self.reserve(key_id, before.seals_left(key_id))

    def dek(self, key_id: int) -> bytes | None:
        """Return the 32 bytes of a key on this ring; for this package alone."""
        return self._deks.get(key_id)

    def mac(
        self,
        scope: str,
        purpose: Purpose,
        label: str,
        *pieces: bytes,
        key_id: int | None = None,
    ) -> bytes:
        """Return the keyed digest of ``pieces``, 32 bytes.

        HMAC-SHA256 over their PAE, under the subkey that ``label`` names. With
        ``key_id``, under that older key instead of the one in use.
        """
        key = self.derive(scope, purpose, label, key_id=key_id)
        return hmac.digest(key, pae(*pieces), "sha256")

    def name(self, scope: str, label: str) -> bytes:
        """Return what stands for a scope under its index key, 32 bytes.

        ``mac`` of nothing, under the subkey that ``label`` names: it is the same for as
        long as that key is in use, and kept beside it.
        """
        name = self._names.get((scope, label))
        if name is None:
            name = self._names[scope, label] = self.mac(scope, Purpose.INDEX, label)
        return name

    def derive(
        self, scope: str, purpose: Purpose, label: str, *, key_id: int | None = None
    ) -> bytes:
        """Return the 32-byte subkey that ``label`` names.

        Kept beside the key it is from, and gone with it. Labels are fixed words and
        recipients, so there are few.

        Raises:
            KeyMissingError: The key is not on the ring, is not of this use, or may be
                known to others.
        """
        if key_id is None:  # one in use is of this use, and not compromised
            return self._subkey(self.active(scope, purpose), label)
        info = self.info(key_id)
        if (info.scope, info.purpose) != (scope, purpose):
            raise KeyMissingError
        if info.state is KeyState.COMPROMISED:
            raise KeyMissingError
        return self._subkey(key_id, label)

    def digest(self, scope: str, label: str, *pieces: bytes) -> bytes:
        """Return the digest by which a stored row is known again, 32 bytes.

        ::

            digest = HMAC(K_n, ... HMAC(K_2, HMAC(K_1, pieces)))

        over all index keys of the scope in the order of their versions: what was
        stored cannot be computed anew without its file, but it can be led on by each
        new key (``fold``). With one version it is ``mac``.

        Raises:
            KeyMissingError: A version is not on the ring.
        """
        use = (scope, Purpose.INDEX)
        ids = {i.version: i.id for i in self.infos() if (i.scope, i.purpose) == use}
        # One left out would give another digest, under which nothing is found.
        if not ids or sorted(ids) != list(range(1, len(ids) + 1)):
            raise KeyMissingError
        found = hmac.digest(self._subkey(ids[1], label), pae(*pieces), "sha256")
        for version in range(2, len(ids) + 1):
            found = self._folded(ids[version], found)
        return found

    def fold(self, scope: str, digest: bytes) -> bytes:
        """Lead a stored digest on by the index key that is now in use."""
        return self._folded(self.active(scope, Purpose.INDEX), digest)

    def _folded(self, key_id: int, digest: bytes) -> bytes:
        return hmac.digest(self._subkey(key_id, _FOLD), pae(digest), "sha256")

    def _subkey(self, key_id: int, label: str) -> bytes:
        subkey = self._subkeys.get((key_id, label))
        if subkey is None:
            # A prefix of its own keeps every label apart from "pierre/cell/v1".
            name = pae(b"pierre/subkey/v1", label.encode())
            subkey = expand(self._deks[key_id], name)
            self._subkeys[key_id, label] = subkey
        return subkey

    def _add(self, info: KeyInfo, dek: bytes) -> None:
        if len(dek) != DEK_BYTES or info.state is KeyState.DESTROYED:
            msg = "a key on the ring has 32 bytes"
            raise ValueError(msg)
        use = (info.scope, info.purpose)
        active = info.state is KeyState.ACTIVE
        if info.id in self._infos or (active and use in self._active):
            raise KeyringTamperedError
        self._infos[info.id] = info
        self._deks[info.id] = dek
        self._left[info.id] = 0
        if active:
            self._active[use] = info.id
            if info.purpose in _SEALING:
                self._sealing.append(info.id)

    def _sealed(self, key_id: int, plain: bytes, column: bytes, row: bytes) -> bytes:
        self._count(key_id)
        return seal_beside(self._cipher(key_id), key_id, plain, column, row)

    def _cipher(self, key_id: int) -> AnyCipher:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            compromised = self._infos[key_id].state is KeyState.COMPROMISED
            listed = self._listed.get(key_id, frozenset()) if compromised else None
            cipher = cell_cipher(self._deks[key_id], listed)
            self._ciphers[key_id] = cipher
        return cipher

    def _cipher_of(self, cell: bytes) -> AnyCipher:
        """Return the cipher of the key that a cell names, once its header is sound."""
        key_id = key_id_of(cell)
        if key_id not in self._deks:
            raise SealBrokenError
        cipher = self._by_header[cell[:HEADER_BYTES]] = self._cipher(key_id)
        return cipher
