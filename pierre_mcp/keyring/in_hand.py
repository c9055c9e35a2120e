"""The seals in hand: how many values each key may still seal in this process.

The store counts a block of them in a committed step before the first is used, since
only it can see every process (``info.SEAL_BLOCK``).
"""

from threading import Lock

from pierre_mcp.errors import KeyMissingError, SealBudgetError


class SealsInHand:
    """The part of ``Ring`` that counts; a new one has no key, and no seal in hand."""

    __slots__ = ("_left", "_lock", "_sealing")

    def __init__(self) -> None:
        self._left: dict[int, int] = {}
        self._sealing: list[int] = []
        self._lock = Lock()

    def reserve(self, key_id: int, count: int) -> None:
        """Allow ``count`` more seals, which the store has counted and committed.

        Raises:
            KeyMissingError: The key is not on this ring.
        """
        if count < 0:
            msg = "a reserve only grows"
            raise ValueError(msg)
        with self._lock:
            self._left[key_id] = self.seals_left(key_id) + count

    def seals_left(self, key_id: int) -> int:
        """Return how many seals this ring may still make under a key.

        Raises:
            KeyMissingError: The key is not on this ring.
        """
        try:
            return self._left[key_id]
        except KeyError:
            raise KeyMissingError from None

    def short_of(self, count: int) -> list[int]:
        """Return the keys in use for sealing that may make fewer than ``count`` seals.

        In the order of their ids.
        """
        left = self._left
        return sorted(key_id for key_id in self._sealing if left[key_id] < count)

    def _count(self, key_id: int) -> None:
        # Two workers share a ring; a count lost between them would be a nonce too many.
        with self._lock:
            if self._left[key_id] == 0:
                raise SealBudgetError
            self._left[key_id] -= 1
