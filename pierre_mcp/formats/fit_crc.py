"""The checksum of FIT: CRC-16/ARC, in halves that numpy joins side by side.

Two bytes push the whole register out, so ``next = SHIFT[crc ^ word]``. The CRC is
linear with initial value 0: leading zeros do not change it, and the CRC of two parts
joined is that of the first, shifted by the second's length, XOR that of the second. A
shift by any length is a table of all 65,536 registers, and that by twice the length is
the table looked up in itself. So every few words become one CRC, then every two of
those one, and so on.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = np.uint16(0xA001)
_SHORT_BYTES = 64
_WORDS = 4

_Words = NDArray[np.uint16]


@cache
def _shift(words: int) -> _Words:
    """Return what each register becomes after so many words of zeros."""
    if words > 1:
        half = _shift(words // 2)
        whole: _Words = half[half]
        return whole if words % 2 == 0 else _shift(1)[whole]
    crc = np.arange(65_536, dtype=np.uint16)
    for _ in range(16):
        crc = np.where(crc & 1, crc >> 1 ^ _POLYNOMIAL, crc >> 1).astype(np.uint16)
    return crc


def crc16(data: bytes) -> int:
    """Return the CRC-16/ARC of ``data``."""
    lacking = -len(data) % (2 * _WORDS)
    words = np.frombuffer(bytes(lacking) + data, dtype="<u2")
    if len(data) <= _SHORT_BYTES:
        return _plain(words.tolist())
    first = words.reshape(-1, _WORDS)
    crc = _shift(_WORDS)[first[:, 0]]
    for i in range(1, _WORDS):
        crc ^= _shift(_WORDS - i)[first[:, i]]
    length = _WORDS
    while len(crc) > 1:
        if len(crc) % 2:
            crc = np.concatenate([np.zeros(1, dtype=np.uint16), crc])
        crc = _shift(length)[crc[0::2]] ^ crc[1::2]
        length *= 2
    return int(crc[0])


def _plain(words: list[int]) -> int:
    crc, shift = 0, _shift(1)
    for word in words:
        crc = int(shift[crc ^ word])
    return crc
