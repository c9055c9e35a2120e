"""What is known of the keys without opening one: counts, ages, and what is due."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from pierre_mcp.keyring.manifest import RetiredMaster
from pierre_mcp.keyring.ring import KeyInfo, KeyState, rotation_due
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.store import keys, rotation
from pierre_mcp.store.database import Tx
from pierre_mcp.store.key_changes import Use, current_master

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS: Final = "SELECT id, seals, created_us FROM keyring ORDER BY id"
_DESTROYED: Final = "SELECT count(*) FROM keyring WHERE state = 'destroyed'"


class Due(StrEnum):
    """Why a key is due to be replaced, or what is to be done about it."""

    NOTHING = ""
    FINISH = "rotation to finish"
    AGE = "age"
    SEALS = "seals"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """One key that is not destroyed.

    Attributes:
        seals: Counted for it, in blocks.
        rows: Under it now.
    """

    info: KeyInfo
    seals: int
    rows: int
    created_at: datetime
    due: Due

    @property
    def compromised(self) -> bool:
        """Whether others may know it."""
        return self.info.state is KeyState.COMPROMISED


@dataclass(frozen=True, slots=True)
class ListedKeys:
    """The keyring, and the master keys around it, by public ids.

    Attributes:
        destroyed: How many keys were, and are not listed.
        master: The master key that the keys are wrapped under.
        primary: The one set as primary for this process.
        previous: The others it was given.
        retired: Those under which nothing is wrapped again.
    """

    keys: tuple[ListedKey, ...]
    destroyed: int
    master: bytes
    primary: bytes
    previous: tuple[bytes, ...]
    retired: tuple[RetiredMaster, ...]


def listed(
    tx: Tx, maintenance: Maintenance, *, now: datetime, max_age: timedelta
) -> ListedKeys:
    """Return every key that is not destroyed, in the order of their ids."""
    primary, *previous = tx.keys.masters
    (destroyed,) = tx.one(_DESTROYED)
    return ListedKeys(
        keys=tuple(
            ListedKey(
                info,
                seals,
                rotation.rows_under(tx, maintenance, [info.id]),
                created_at,
                _due(info, seals, now - created_at, max_age),
            )
            for info, seals, created_at in _known(tx)
        ),
        destroyed=int(destroyed),
        master=current_master(tx.ring),
        primary=primary.id,
        previous=tuple(master.id for master in previous),
        retired=tuple(keys.retired(tx.db)),
    )


def due(
    tx: Tx, maintenance: Maintenance, *, now: datetime, max_age: timedelta
) -> list[Use]:
    """Return the keys in use that are due by age or by the count of their seals."""
    del maintenance
    return [
        (info.scope, info.purpose)
        for info, seals, created_at in _known(tx)
        if _due(info, seals, now - created_at, max_age) in {Due.AGE, Due.SEALS}
    ]


def waits(tx: Tx, *, now: datetime, max_age: timedelta) -> bool:
    """Tell whether a rotation is due, or is to be finished."""
    return any(
        _due(info, seals, now - created_at, max_age)
        for info, seals, created_at in _known(tx)
    )


def states(tx: Tx) -> Counter[str]:
    """Return how many keys there are in each state, but for those destroyed."""
    return Counter(str(info.state) for info in tx.ring.infos())


def _known(tx: Tx) -> list[tuple[KeyInfo, int, datetime]]:
    infos = {info.id: info for info in tx.ring.infos()}
    return [
        (infos[key_id], seals, _EPOCH + timedelta(microseconds=created_us))
        for key_id, seals, created_us in tx.execute(_ROWS)
        if key_id in infos
    ]


def _due(info: KeyInfo, seals: int, age: timedelta, max_age: timedelta) -> Due:
    if info.state is not KeyState.ACTIVE:
        return Due.NOTHING if info.purpose in rotation.KEPT else Due.FINISH
    if info.purpose not in rotation.SEALING:
        return Due.NOTHING
    if rotation_due(seals):
        return Due.SEALS
    return Due.AGE if age >= max_age else Due.NOTHING
