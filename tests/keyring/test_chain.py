import hashlib
import hmac

import pytest

from pierre_mcp.keyring import chain
from pierre_mcp.keyring.chain import FIRST_LINK

KEY = bytes(range(32))


def test_a_link_by_hand() -> None:
    """What an outsider computes from the rows alone."""
    encoded = b"".join(
        [
            (3).to_bytes(8, "little"),
            (12).to_bytes(8, "little") + b"pierre/audit",
            (32).to_bytes(8, "little") + bytes(32),
            (5).to_bytes(8, "little") + b"entry",
        ]
    )
    assert chain.link(FIRST_LINK, b"entry") == hashlib.sha256(encoded).digest()


def test_a_link_holds_all_before_it() -> None:
    def last(entries: list[bytes]) -> bytes:
        link = FIRST_LINK
        for entry in entries:
            link = chain.link(link, entry)
        return link

    logs = [[b"a", b"b", b"c"], [b"b", b"a", b"c"], [b"a", b"c"], [b"x", b"b", b"c"]]
    assert len({last(log) for log in logs}) == len(logs)


def test_a_mac_by_hand() -> None:
    link = chain.link(FIRST_LINK, b"entry")
    mac = chain.mac(KEY, link)
    assert mac == hmac.digest(KEY, link, "sha256")
    assert chain.mac_holds(KEY, link, mac)
    assert not chain.mac_holds(KEY, link, bytes(32))
    assert not chain.mac_holds(bytes(32), link, mac)
    with pytest.raises(ValueError, match="32 bytes"):
        chain.mac(KEY, b"entry")


def test_epochs_go_one_way() -> None:
    keys = [KEY]
    for _ in range(5):
        keys.append(chain.next_epoch_key(keys[-1]))
    assert len(set(keys)) == 6
    assert {len(key) for key in keys} == {32}
    assert keys[1].hex() == (
        "210e4eb444675ca50177bb5cad3cc1b1b35c42185f68efe00d344651f941c590"
    )


def test_a_commitment_needs_its_salt_and_detail() -> None:
    salt = chain.new_salt()
    other = chain.new_salt()
    made = chain.commitment(salt, b"detail")
    assert made == chain.commitment(salt, b"detail")
    assert made not in {chain.commitment(other, b"detail"), chain.commitment(salt, b"")}
    with pytest.raises(ValueError, match="salt"):
        chain.commitment(salt[:15], b"detail")


def test_new_secrets_are_new() -> None:
    assert chain.new_epoch_key() != chain.new_epoch_key()
    assert len(chain.new_epoch_key()) == 32
    assert len(chain.new_salt()) == 16
