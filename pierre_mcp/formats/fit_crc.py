"""The checksum of FIT: CRC-16/ARC, many lanes of two bytes at a time.

Two bytes push the whole register out, so ``next = TABLE[crc ^ word]``. The CRC is
linear with initial value 0: leading zeros do not change it, and the CRC of two parts
joined is that of the first, shifted by the second's length, XOR that of the second. So
the words are cut into equal lanes which numpy steps through side by side; 512 more
lanes of zeros, started at every low and every high byte, give the table of that shift.
"""

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = np.uint16(0xA001)
_SHORT_BYTES = 512
_LONG_BYTES = 128 * 1024
_FEW_LANES_WORDS, _MANY_LANES_WORDS = 32, 128

_Words = NDArray[np.uint16]


def _table() -> _Words:
    crc = np.arange(65_536, dtype=np.uint16)
    for _ in range(16):
        crc = np.where(crc & 1, crc >> 1 ^ _POLYNOMIAL, crc >> 1).astype(np.uint16)
    return crc


_TABLE = _table()


def crc16(data: bytes) -> int:
    """Return the CRC-16/ARC of ``data``."""
    if len(data) <= _SHORT_BYTES:
        return _plain(data)
    lanes = _lanes(data)
    count = len(lanes)
    crc = np.zeros(count + 512, dtype=np.uint16)
    crc[count : count + 256] = np.arange(256)
    crc[count + 256 :] = np.arange(256) << 8
    for column in np.ascontiguousarray(lanes.T):
        crc[:count] ^= column
        crc = _TABLE[crc]
    return _joined(crc[:count].tolist(), crc[count:].tolist())


def _plain(data: bytes) -> int:
    """Step through a few bytes by words, with a zero before an odd first one."""
    crc = 0
    for word in np.frombuffer(bytes(len(data) % 2) + data, dtype="<u2").tolist():
        crc = int(_TABLE[crc ^ word])
    return crc


def _lanes(data: bytes) -> _Words:
    """Cut into rows of one lane each, zeros before the first byte."""
    words = _MANY_LANES_WORDS if len(data) > _LONG_BYTES else _FEW_LANES_WORDS
    lacking = -len(data) % (2 * words)
    return np.frombuffer(bytes(lacking) + data, dtype="<u2").reshape(-1, words)


def _joined(lanes: list[int], shift: list[int]) -> int:
    crc = 0
    for lane in lanes:
        crc = shift[crc & 0xFF] ^ shift[256 + (crc >> 8)] ^ lane
    return crc
