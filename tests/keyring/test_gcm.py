"""NIST CAVP ``gcmtestvectors``, through the two functions that call AES-GCM."""

from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pierre_mcp.errors import SealBrokenError
from pierre_mcp.keyring import gcm

CAVP = Path(cryptography_vectors.__path__[0], "ciphers", "AES", "GCM")
OURS = {"IVlen": "96", "Taglen": "128"}


def cases(name: str) -> Iterator[dict[str, str]]:
    """Yield the cases of our shape: 96-bit nonce, 128-bit tag."""
    group: dict[str, str] = {}
    case: dict[str, str] = {}
    for line in [*CAVP.joinpath(name).read_text().splitlines(), ""]:
        field, _, value = line.strip("[]").partition(" =")
        if line.startswith("["):
            group[field] = value.strip()
        elif line and not line.startswith("#"):
            case[field] = value.strip()
        elif "Key" in case:
            if group.items() >= OURS.items():
                yield case
            case = {}


@pytest.mark.promise("keys.vectors")
def test_encrypts_as_nist_does() -> None:
    count = 0
    for case in cases("gcmEncryptExtIV256.rsp"):
        key, nonce, plain, aad, body = parts(case)
        sealed = gcm.encrypt(AESGCM(key), nonce, bytes.fromhex(case["PT"]), aad)
        assert sealed == body, case["Count"]
        assert gcm.decrypt(AESGCM(key), nonce, body, aad) == plain
        count += 1
    assert count == 375


@pytest.mark.promise("keys.vectors")
def test_decrypts_and_refuses_as_nist_does() -> None:
    opened = refused = 0
    for case in cases("gcmDecrypt256.rsp"):
        key, nonce, plain, aad, body = parts(case)
        if "FAIL" in case:
            with pytest.raises(SealBrokenError):
                gcm.decrypt(AESGCM(key), nonce, body, aad)
            refused += 1
        else:
            assert gcm.decrypt(AESGCM(key), nonce, body, aad) == plain
            opened += 1
    assert opened + refused == 375
    assert min(opened, refused) > 100


def parts(case: dict[str, str]) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    text = (
        case["Key"],
        case["IV"],
        case.get("PT", ""),
        case["AAD"],
        case["CT"] + case["Tag"],
    )
    key, nonce, plain, aad, body = map(bytes.fromhex, text)
    return key, nonce, plain, aad, body


@pytest.mark.parametrize("length", [0, 8, 11, 13, 16])
def test_a_nonce_of_another_length(length: int) -> None:
    cipher = AESGCM(bytes(32))
    with pytest.raises(ValueError, match="12 bytes"):
        gcm.encrypt(cipher, bytes(length), b"", b"")
    with pytest.raises(SealBrokenError):
        gcm.decrypt(cipher, bytes(length), bytes(16), b"")


def test_less_than_a_tag() -> None:
    with pytest.raises(SealBrokenError):
        gcm.decrypt(AESGCM(bytes(32)), bytes(12), bytes(15), b"")


def test_why_it_did_not_open_is_not_told() -> None:
    with pytest.raises(SealBrokenError) as caught:
        gcm.decrypt(AESGCM(bytes(32)), bytes(12), bytes(16), b"")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_many_open_as_one_does_and_any_that_differs_is_refused() -> None:
    cipher, nonce = AESGCM(bytes(32)), bytes(gcm.NONCE_BYTES)
    cells = [
        (b"head" + nonce + gcm.encrypt(cipher, nonce, b"plain", b"begin" + end), end)
        for end in (b"1", b"2")
    ]
    assert gcm.decrypt_each(cipher, cells, b"begin", 4) == [b"plain", b"plain"]
    (cell, end), other = cells
    for wrong in (cell[:8], cell[:20], cell[:-1], cell + b"x", b"head" + cell[5:]):
        with pytest.raises(SealBrokenError):
            gcm.decrypt_each(cipher, [other, (wrong, end)], b"begin", 4)
    with pytest.raises(SealBrokenError):
        gcm.decrypt_each(cipher, [(cell, b"2")], b"begin", 4)
