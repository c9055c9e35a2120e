"""Everything imported into a store, written so that two stores can be compared."""

import json
from hashlib import sha256
from typing import Any

from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import Recording
from pierre_mcp.store import gear, recordings, streams
from pierre_mcp.store.activity import details_of, recordings_of
from pierre_mcp.store.database import Store, Tx


def dump(store: Store, grant: Grant) -> list[str]:
    """Return one line for each activity and piece of gear, without ids drawn by lot.

    A line of an activity holds all its recordings, each with its cells, its details
    and the SHA-256 of its streams.
    """
    with store.reading() as tx:
        titles = {i: g.title for i, g in gear.listed(tx, grant).items()}
        rows = list(recordings.newest(tx, grant, recordings.Wanted()))
        ids = dict.fromkeys(row.activity_id for row in rows)
        lines = [f"gear {title}" for title in titles.values()]
        lines += [json.dumps(_activity(tx, grant, one, titles)) for one in ids]
    return sorted(lines)


def _activity(tx: Tx, grant: Grant, of: str, titles: dict[str, str]) -> list[str]:
    packed = {kept.id: _streams(tx, grant, kept) for kept in
              streams.of_activity(tx, grant, of)}  # fmt: skip
    return sorted(
        json.dumps([_told(tx, grant, one, titles), packed[one.id]])
        for one in recordings_of(tx, grant, of)
    )


def _streams(tx: Tx, grant: Grant, kept: streams.Kept) -> dict[str, str]:
    held = streams.packed(tx, grant, kept, kept.names)
    return {name: sha256(data).hexdigest() for name, data in sorted(held.items())}


def _told(tx: Tx, grant: Grant, one: Recording, titles: dict[str, str]) -> list[Any]:
    used = titles.get(one.activity.gear or "")
    cells: list[Any] = [one.activity.model_copy(update={"gear": used})]
    cells += [one.heart_rate, one.power, one.location, one.notes]
    details = details_of(tx, grant, one)
    return [
        [one.where.source, one.where.origin, one.sport, one.local_day],
        [cell and cell.model_dump(mode="json") for cell in cells],
        {c.value: details[c].model_dump(mode="json") for c in sorted(details)},
    ]
