"""Notes and keys of the log: what is written is read again, and nothing else is."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pierre_mcp.errors import LogKeyMalformedError, NoteMalformedError
from pierre_mcp.keyring import chain, notes
from pierre_mcp.keyring.log_key import LogKey
from pierre_mcp.keyring.notes import Checkpoint
from pierre_mcp.keyring.pae import pae
from pierre_mcp.keyring.ring import SYSTEM, KeyInfo, KeyState, Purpose, Ring
from pierre_mcp.store.audit_state import Epoch, Tail
from pierre_mcp.store.outside_notes import notes_in

hashes = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 10**12)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - given below
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
made = st.builds(
    Checkpoint,
    origin=st.sampled_from(["pierre-mcp/a", "pierre-mcp/demo-1"]),
    size=st.integers(1, 10**12),
    root=hashes,
    epoch=numbers,
    at=moments,
    link=hashes,
    macs=hashes,
    previous=hashes,
    anchor=numbers,
    fresh=st.booleans(),
)

SAID = Checkpoint(
    origin="pierre-mcp/00000000-0000-4000-8000-000000000000",
    size=7,
    root=bytes(range(32)),
    epoch=2,
    at=datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC),
    link=b"\x01" * 32,
    macs=b"\x02" * 32,
    previous=b"\x03" * 32,
    anchor=4,
    fresh=True,
)
NOTE = """\
pierre-mcp/00000000-0000-4000-8000-000000000000
7
AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
epoch 2
time 2026-03-01T12:00:01Z
link 0101010101010101010101010101010101010101010101010101010101010101
macs 0202020202020202020202020202020202020202020202020202020202020202
previous 0303030303030303030303030303030303030303030303030303030303030303
anchor 4
key fresh
"""


def ring(seed: int = 0) -> Ring:
    info = KeyInfo(1, SYSTEM, Purpose.CHECKPOINT_SIGN, 1, KeyState.ACTIVE, bytes(16))
    return Ring([(info, bytes([seed]) * 32)])


def test_a_note_is_as_it_was_first_written() -> None:
    """A known answer: notes are kept for years, where nobody could write them anew."""
    note = notes.signed(ring(), SAID)
    text, _, signature = note.partition("\n\n")
    assert f"{text}\n" == NOTE
    vkey = notes.vkey(ring(), SAID.origin)
    name, key_id, typed = vkey.split("+", 2)
    public = base64.b64decode(typed)
    named = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    assert (name, key_id, public[:1]) == (SAID.origin, named.hex(), b"\x01")
    assert signature.startswith(f"— {SAID.origin} ")
    assert base64.b64decode(signature.split()[2])[:4] == named
    assert hashlib.sha256(note.encode()).hexdigest() == KNOWN


KNOWN = "5b1a948bd10dbb64b536a3f0a3fce75cd7c1501b4a78273cb3d1d85765b99dd1"


@settings(max_examples=25, deadline=None)
@given(made)
def test_what_is_written_is_read_again(said: Checkpoint) -> None:
    note = notes.signed(ring(), said)
    vkey = notes.vkey(ring(), said.origin)
    assert notes.parsed(note) == said
    assert notes.signed_by(vkey, note)
    assert not notes.signed_by(notes.vkey(ring(1), said.origin), note)
    assert not notes.signed_by(notes.vkey(ring(), "pierre-mcp/other"), note)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_note_with_one_letter_changed_is_none_or_not_signed(
    data: st.DataObject,
) -> None:
    note = notes.signed(ring(), SAID)
    at = data.draw(st.integers(0, len(note) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    assume(letter != note[at])
    other = note[:at] + letter + note[at + 1 :]
    try:
        notes.parsed(other)
        assert not notes.signed_by(notes.vkey(ring(), SAID.origin), other)
    except NoteMalformedError:
        pass


def test_a_witness_may_sign_below() -> None:
    note = notes.signed(ring(), SAID)
    witness = notes.signed(ring(1), replace(SAID, origin="witness")).split("\n")[-2]
    both = f"{note}{witness}\n"
    assert notes.parsed(both) == SAID
    assert notes.signed_by(notes.vkey(ring(), SAID.origin), both)
    assert not notes.names(notes.vkey(ring(1), SAID.origin), both)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n0\n"),
        ("epoch 2", "epoch 02"),
        ("2026-03-01", "2026-02-30"),
        ("Hh8=", "Hh9="),
        ("anchor 4\n", "anchor 0\n"),
        ("key fresh\n", "key fresh\nmore\n"),
        ("\n\n", "\n"),
        ("— ", "- "),
        ("0101", "01010"),
    ],
)
def test_what_is_no_note_is_refused(old: str, new: str) -> None:
    note = notes.signed(ring(), SAID)
    assert old in note
    with pytest.raises(NoteMalformedError):
        _read(note.replace(old, new, 1))


def _read(note: str) -> Checkpoint:
    notes.signed_by(notes.vkey(ring(), SAID.origin), note)
    return notes.parsed(note)


@settings(max_examples=25, deadline=None)
@given(st.lists(made, max_size=4), st.data())
def test_of_a_torn_file_every_whole_note_is_read(
    said: list[Checkpoint], data: st.DataObject
) -> None:
    """Cut anywhere by a crash, and appended to after that."""
    whole = [notes.signed(ring(), one) for one in said]
    content = "".join(f"\n{note}" for note in whole).encode()
    cut = content[: data.draw(st.integers(0, len(content)))]
    left = notes_in(cut)
    assert left == whole[: len(left)]
    assert len(left) >= cut.count(b"\n\xe2\x80\x94 ") - 1
    after = notes.signed(ring(), SAID)
    # The line end that comes first may be all that the torn one lacked.
    seen = notes_in(cut + f"\n{after}".encode())
    assert seen in ([*left, after], [*whole[: len(left) + 1], after])


@settings(max_examples=25, deadline=None)
@given(numbers, st.binary(min_size=32, max_size=32), st.integers(0, 20))
def test_a_key_of_the_log_is_read_again_and_leads_on(
    epoch: int, key: bytes, steps: int
) -> None:
    kept = LogKey(notes.vkey(ring(), "pierre-mcp/a"), epoch, key)
    assert LogKey.parsed(kept.text()) == kept
    assert kept.origin == "pierre-mcp/a"
    assert " key=" not in repr(kept)
    later = kept.at(epoch + steps)
    assert chain.next_epoch_key(later) == kept.at(epoch + steps + 1)
    assert len({kept.at(epoch + n) for n in range(steps + 1)}) == steps + 1


def test_what_is_no_key_of_a_log_is_refused() -> None:
    good = LogKey(notes.vkey(ring(), "pierre-mcp/a"), 1, bytes(32)).text()
    for bad in (
        "", good[:-1], f"{good}\n", good.replace("epoch 1", "epoch 01"),
        good.replace("vkey pierre-mcp/a", "vkey pierre-mcp/b"), good.upper(),
    ):  # fmt: skip
        with pytest.raises(LogKeyMalformedError):
            LogKey.parsed(bad)


epochs = st.builds(
    Epoch, hashes, numbers, numbers, numbers, hashes, hashes,
    st.lists(hashes).map(b"".join),
)  # fmt: skip
tails = st.builds(Tail, numbers, hashes, numbers, numbers, numbers, numbers)


@settings(max_examples=25, deadline=None)
@given(epochs, tails)
def test_the_sealed_state_is_read_again(epoch: Epoch, tail: Tail) -> None:
    assert Epoch.from_bytes(bytes(epoch)) == epoch
    assert Tail.from_bytes(bytes(tail)) == tail
    assert "key=" not in repr(epoch)
    # As they were before there were checkpoints:
    assert Epoch.from_bytes(epoch.key) == Epoch(epoch.key)
    assert Tail.from_bytes(bytes(tail)[:56]) == replace(tail, epoch=0, since_us=0)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=600))
def test_a_link_is_the_hash_of_its_encoding(previous: bytes, entry: bytes) -> None:
    encoded = pae(b"pierre/audit", previous, entry)
    assert chain.link(previous, entry) == hashlib.sha256(encoded).digest()
