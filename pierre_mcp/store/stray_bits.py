"""Bits that stand where nothing is stored: a disk or memory that changes bits.

SQLite leaves a fifth of a file's pages empty, where no cell and no check sees what
happens. What stands there is zero, or whole pieces of older pages, random to the eye;
one set bit alone among zeros is neither, and says that the medium is failing before it
reaches what is kept.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

PAGE_BYTES: Final = 4_096
_ALONE: Final = 16
_CHUNK: Final = 1_024


def count(path: Path) -> int:
    """Return how many single bits stand alone among zeros in a store's file.

    Only for a process that has the store closed: closing a file that SQLite has open
    here would drop its locks. Others may write meanwhile, so what is found is looked
    at twice.

    Raises:
        OSError: It cannot be read.
    """
    found = 0
    with path.open("rb", buffering=0) as file:
        for at, page in _pages(path):
            if _alone(page):
                file.seek(at)
                again = np.frombuffer(file.read(PAGE_BYTES), np.uint8)
                found += min(_alone(page), _alone(again))
    return found


def _pages(path: Path) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Give each whole page but the first, which holds the header, and where it is."""
    at = 0
    with path.open("rb", buffering=0) as file:
        while content := file.read(_CHUNK * PAGE_BYTES):
            for start in range(0, len(content) - PAGE_BYTES + 1, PAGE_BYTES):
                if at + start:
                    page = np.frombuffer(content, np.uint8, PAGE_BYTES, start)
                    yield at + start, page
            at += len(content)


def _alone(page: NDArray[np.uint8]) -> int:
    """Return how many bytes of one bit have sixteen zeros before and behind."""
    held = np.flatnonzero(page)
    value = page[held]
    before = np.diff(held, prepend=-_ALONE - 1) > _ALONE
    behind = np.diff(held, append=PAGE_BYTES + _ALONE) > _ALONE
    one_bit = (value & (value - 1)) == 0
    return int(np.count_nonzero(before & behind & one_bit))
