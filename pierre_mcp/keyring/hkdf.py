"""Subkeys by HKDF-Expand (RFC 5869, 2.3).

Only the second half of HKDF is used: a data key and a master key are already 32
uniform bytes, and extraction is for input that is not (RFC 5869, 3.3).
"""

from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand


def expand(key: bytes, info: bytes, length: int = 32) -> bytes:
    """Derive ``length`` bytes for the use that ``info`` names, with SHA-256."""
    return HKDFExpand(SHA256(), length, info).derive(key)


def expand_sha512(key: bytes, info: bytes, length: int) -> bytes:
    """Derive ``length`` bytes with SHA-512: the master key's, which gives 96."""
    return HKDFExpand(SHA512(), length, info).derive(key)
