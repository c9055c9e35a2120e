import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierre_mcp.errors import (
    KeyExhaustedError,
    KeyMissingError,
    KeyringTamperedError,
    SealBrokenError,
    SealBudgetError,
)
from pierre_mcp.keyring.cells import Place, column_piece, row_pieces, rows_pieces
from pierre_mcp.keyring.ring import (
    REFUSE_AT_SEALS,
    ROTATE_AT_SEALS,
    SEAL_BLOCK,
    SYSTEM,
    KeyInfo,
    KeyState,
    Purpose,
    Ring,
    count_after_block,
    person_scope,
    rotation_due,
    tenant_scope,
)

TENANT = "0e0e5e0c-0000-4000-8000-000000000001"
PERSON = "0e0e5e0c-0000-4000-8000-000000000002"
OTHER = "0e0e5e0c-0000-4000-8000-000000000009"
ANNA = person_scope(TENANT, PERSON)
HERE = Place("activities.summary/1", TENANT, PERSON, "41", "strava", "strava_export")

OLD = KeyInfo(1, ANNA, Purpose.SEAL, 1, KeyState.DECRYPT_ONLY, bytes(16))
NEW = KeyInfo(2, ANNA, Purpose.SEAL, 2, KeyState.ACTIVE, bytes(16))
INDEX = KeyInfo(3, ANNA, Purpose.INDEX, 1, KeyState.ACTIVE, bytes(16))
DEKS = {1: bytes(range(32)), 2: bytes(range(1, 33)), 3: bytes(range(2, 34))}


def ring_of(*infos: KeyInfo, seals: int = 1000) -> Ring:
    ring = Ring((info, DEKS[info.id]) for info in infos)
    for info in infos:
        ring.reserve(info.id, seals)
    return ring


def test_rotation_opens_old_and_seals_new() -> None:
    before = replace(OLD, state=KeyState.ACTIVE)
    old_id, old_cell = ring_of(before).seal(b"172 bpm", HERE, ANNA)
    ring = ring_of(OLD, NEW)
    new_id, new_cell = ring.seal(b"172 bpm", HERE, ANNA)

    assert (old_id, new_id) == (1, 2)
    assert ring.open(old_cell, HERE) == ring.open(new_cell, HERE) == b"172 bpm"
    with pytest.raises(SealBrokenError):
        ring_of(before).open(new_cell, HERE)


@pytest.mark.promise("keys.bound-cell")
def test_a_cell_relabelled_to_another_key_does_not_open() -> None:
    ring = ring_of(OLD, NEW)
    _, cell = ring.seal(b"172 bpm", HERE, ANNA)
    with pytest.raises(SealBrokenError):
        ring.open(cell[:5] + b"\x01" + cell[6:], HERE)


@pytest.mark.promise("keys.bound-cell")
@given(st.data())
def test_one_flipped_bit_breaks_the_seal(data: st.DataObject) -> None:
    ring = ring_of(OLD, NEW)
    cell = bytearray(ring.seal(b"172 bpm", HERE, ANNA)[1])
    bit = data.draw(st.integers(0, 8 * len(cell) - 1))
    cell[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBrokenError):
        ring.open(bytes(cell), HERE)


@pytest.mark.promise("keys.bound-cell")
def test_every_flipped_bit_is_refused_by_row_and_by_column_too() -> None:
    ring = ring_of(OLD, NEW)
    cell = ring.seal(b"172 bpm", HERE, ANNA)[1]
    column, row = column_piece(HERE.column), row_pieces(HERE)
    for bit in range(8 * len(cell)):
        altered = bytearray(cell)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBrokenError):
            ring.open_row(HERE, [(column, cell), (column, bytes(altered))])
        with pytest.raises(SealBrokenError):
            ring.open_column(column, [cell, bytes(altered)], [row, row])


@given(st.binary(max_size=60))
def test_noise_does_not_open(noise: bytes) -> None:
    with pytest.raises(SealBrokenError):
        ring_of(OLD, NEW).open(noise, HERE)


@pytest.mark.parametrize(
    "state", [KeyState.DECRYPT_ONLY, KeyState.COMPROMISED], ids=str
)
def test_a_key_out_of_use_does_not_seal(state: KeyState) -> None:
    with pytest.raises(KeyMissingError):
        ring_of(replace(OLD, state=state)).seal(b"x", HERE, ANNA)


def test_a_person_is_sealed_under_their_own_key_only() -> None:
    """Else their erasure would leave it readable."""
    with pytest.raises(ValueError, match="that person's key"):
        ring_of(NEW).seal(b"x", HERE._replace(person=OTHER), ANNA)


def test_a_key_for_another_purpose_does_not_serve() -> None:
    with pytest.raises(KeyMissingError):
        ring_of(INDEX).seal(b"x", HERE, ANNA)
    with pytest.raises(KeyMissingError):
        ring_of(NEW, INDEX).derive(ANNA, Purpose.INDEX, "file", key_id=2)


@pytest.mark.promise("keys.nonce-budget")
def test_no_seal_without_a_reserve() -> None:
    ring = Ring([(NEW, DEKS[2])])
    with pytest.raises(SealBudgetError):
        ring.seal(b"x", HERE, ANNA)
    ring.reserve(2, 2)
    ring.seal(b"x", HERE, ANNA)
    assert ring.seals_left(2) == 1
    ring.seal(b"x", HERE, ANNA)
    with pytest.raises(SealBudgetError):
        ring.seal(b"x", HERE, ANNA)


@pytest.mark.promise("keys.nonce-budget")
def test_rotation_is_due_at_2_30_and_sealing_stops_at_2_31() -> None:
    assert (ROTATE_AT_SEALS, REFUSE_AT_SEALS) == (2**30, 2**31)
    assert not rotation_due(2**30 - 1)
    assert rotation_due(2**30)
    assert count_after_block(0) == SEAL_BLOCK == 2**16
    assert count_after_block(2**31 - 2**16) == 2**31
    for seals in (2**31 - 2**16 + 1, 2**31, 2**40):
        with pytest.raises(KeyExhaustedError):
            count_after_block(seals)


@pytest.mark.promise("keys.nonce-budget")
def test_workers_that_share_a_ring_share_its_budget() -> None:
    ring = ring_of(NEW, seals=2000)

    def until_spent(_worker: int) -> int:
        count = 0
        while True:
            try:
                ring.open(ring.seal(b"x", HERE, ANNA)[1], HERE)
            except SealBudgetError:
                return count
            count += 1

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(until_spent, range(4))) == 2000


def test_a_reserve_is_of_a_key_on_the_ring_and_grows() -> None:
    with pytest.raises(KeyMissingError):
        ring_of(NEW).reserve(9, 1)
    with pytest.raises(KeyMissingError):
        ring_of(NEW).seals_left(9)
    with pytest.raises(ValueError, match="grows"):
        ring_of(NEW).reserve(2, -1)


def test_a_digest_depends_on_label_pieces_purpose_and_key() -> None:
    ring = ring_of(OLD, NEW, INDEX)
    digests = {
        ring.mac(ANNA, Purpose.INDEX, "file", b"ab", b"c"),
        ring.mac(ANNA, Purpose.INDEX, "file", b"a", b"bc"),
        ring.mac(ANNA, Purpose.INDEX, "file", b"abc"),
        ring.mac(ANNA, Purpose.INDEX, "who", b"ab", b"c"),
        ring.mac(ANNA, Purpose.SEAL, "file", b"ab", b"c"),
        ring.mac(ANNA, Purpose.SEAL, "file", b"ab", b"c", key_id=1),
    }
    assert len(digests) == 6
    assert {len(digest) for digest in digests} == {32}


def test_a_frozen_digest() -> None:
    """Stored in rows: it may never change."""
    assert ring_of(INDEX).mac(ANNA, Purpose.INDEX, "file", b"a", b"b").hex() == (
        "3e1bb6272e689ea1ce42a76d51edaeb40103ecf1340bef66ad486672fe5d1c4f"
    )


def test_no_subkey_is_the_cells_own() -> None:
    ring = ring_of(NEW)
    _, cell = ring.seal(b"x", HERE, ANNA)
    derived = ring.derive(ANNA, Purpose.SEAL, "pierre/cell/v1")
    impostor = Ring([(NEW, derived)])
    with pytest.raises(SealBrokenError):
        impostor.open(cell, HERE)


@pytest.mark.parametrize(
    "infos",
    [
        pytest.param([NEW, replace(NEW, version=3)], id="one id twice"),
        pytest.param([replace(OLD, state=KeyState.ACTIVE), NEW], id="two active"),
    ],
)
def test_a_ring_that_cannot_be(infos: list[KeyInfo]) -> None:
    with pytest.raises(KeyringTamperedError):
        ring_of(*infos)


@pytest.mark.parametrize(
    ("info", "dek"),
    [
        pytest.param(NEW, bytes(31), id="a short key"),
        pytest.param(replace(NEW, state=KeyState.DESTROYED), bytes(32), id="destroyed"),
    ],
)
def test_a_key_that_cannot_be_on_a_ring(info: KeyInfo, dek: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Ring([(info, dek)])


def test_a_ring_shows_no_key_and_is_not_copied() -> None:
    ring = ring_of(OLD, NEW, INDEX)
    assert repr(ring) == "<Ring of 3>"
    assert ring.infos() == (OLD, NEW, INDEX)
    assert not hasattr(ring, "__dict__")
    assert ring != ring_of(OLD, NEW, INDEX)
    for copier in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never copied"):
            copier(ring)


def test_scopes() -> None:
    assert tenant_scope(TENANT) == f"tenant:{TENANT}"
    assert person_scope(TENANT, PERSON) == f"person:{TENANT}/{PERSON}"
    assert SYSTEM == "system"


def test_purposes_of_the_design() -> None:
    """DESIGN.md 5: they are stored, so none is ever renamed."""
    assert set(Purpose) == {
        "seal", "index", "audit", "checkpoint-sign", "receipt-sign", "consent-lock",
        "token-mac", "pseudonym", "zone", "manifest", "ledger",
    }  # fmt: skip


def test_a_column_opens_as_its_cells_do_whatever_key_sealed_them() -> None:
    before = ring_of(replace(OLD, state=KeyState.ACTIVE))
    ring = ring_of(OLD, NEW)
    places = [HERE._replace(row=str(n)) for n in range(4)]
    cells = [
        (before if n % 2 else ring).seal(b"%d bpm" % n, place, ANNA)[1]
        for n, place in enumerate(places)
    ]
    pieces = rows_pieces(
        (TENANT, PERSON), [(p.row, p.source, p.origin, p.day) for p in places]
    )
    assert pieces == [row_pieces(place) for place in places]
    column = column_piece(HERE.column)
    opened = ring.open_column(column, cells, pieces)
    assert opened == [ring.open(*pair) for pair in zip(cells, places, strict=True)]
    assert ring.open_column(column, [], []) == []
    with pytest.raises(SealBrokenError):
        ring.open_column(column, cells, pieces[::-1])
    with pytest.raises(SealBrokenError):
        ring.open_column(column_piece("elsewhere/1"), cells, pieces)
    with pytest.raises(SealBrokenError):
        ring_of(NEW).open_column(column, cells, pieces)
    for cut in (b"", cells[0][:5], cells[0][:17], cells[0][:33]):
        with pytest.raises(SealBrokenError):
            ring.open_column(column, [cells[0], cut], pieces[:2])


def test_few_seals_in_hand_are_told() -> None:
    """Of keys in use for sealing: what opens, and what makes digests, needs none."""
    ring = ring_of(OLD, NEW, INDEX, seals=10)
    assert ring.short_of(10) == []
    ring.seal(b"172 bpm", HERE, ANNA)
    assert ring.short_of(10) == [NEW.id]


def test_a_scopes_name_is_of_the_key_in_use() -> None:
    ring = ring_of(INDEX)
    name = ring.name(ANNA, "who/1")
    assert name == ring.mac(ANNA, Purpose.INDEX, "who/1")
    assert name == ring.name(ANNA, "who/1") != ring.name(ANNA, "who/2")
    newer = replace(INDEX, id=4, version=2)
    turned = ring.altered(
        [replace(INDEX, state=KeyState.DECRYPT_ONLY)], [(newer, bytes(range(3, 35)))]
    )
    assert turned.name(ANNA, "who/1") == turned.mac(ANNA, Purpose.INDEX, "who/1")
    assert turned.name(ANNA, "who/1") != name
    compromised = ring.altered([replace(INDEX, state=KeyState.COMPROMISED)])
    with pytest.raises(KeyMissingError):
        compromised.name(ANNA, "who/1")


def test_what_the_system_sealed_opens_as_any_cell() -> None:
    key = KeyInfo(2, SYSTEM, Purpose.AUDIT, 1, KeyState.ACTIVE, bytes(16))
    place = Place("audit.tail/1", "", "", "tail")
    ring, column, row = ring_of(key), column_piece(place.column), row_pieces(place)
    key_id, cell = ring.seal_system(b"7", column, row, Purpose.AUDIT)
    assert (key_id, ring.open(cell, place)) == (2, b"7")
    assert ring.open_at(cell, column, row) == b"7"
    for broken in (cell[:-1], cell[:20], cell[:6], b""):
        with pytest.raises(SealBrokenError):
            ring.open_at(broken, column, row)
    with pytest.raises(KeyMissingError):
        ring.seal_system(b"7", column, row, Purpose.SEAL)
