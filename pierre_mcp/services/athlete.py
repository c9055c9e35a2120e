"""The synthetic athlete: a demo store's data, made from a seed and a last day.

The same seed and day give the same recordings, which take the way of imported ones:
a track, summarised, packed, sealed. They go into a demo store and nowhere else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, timedelta
from hashlib import sha256
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from pierre_mcp.analytics.summary import Summary, summarise
from pierre_mcp.clock import Clock
from pierre_mcp.formats.columns import STEPS, pack
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.services import zones
from pierre_mcp.services.athlete_kit import GEAR, GEAR_SOURCE, facts, gear_of
from pierre_mcp.services.athlete_plan import ZONE, Session, plan
from pierre_mcp.services.athlete_tracks import track_of
from pierre_mcp.services.steps import Act, Progress, Step
from pierre_mcp.store import athlete, gear, imports, people, recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import FileLine, FileOutcome, Run, State

SEED: Final = 7
ORIGIN: Final = "demo"
BATCH: Final = 20


def yesterday(clock: Clock) -> date:
    """Return the day before today where the athlete lives."""
    return clock.now().astimezone(ZoneInfo(ZONE)).date() - timedelta(days=1)


def recording_of(seed: int, session: Session) -> NewRecording:
    """Return what a session left behind, as an import of it would."""
    track = track_of(seed, session)
    summary = summarise(track)
    at = session.starts_at.astimezone(UTC)
    local = zones.local_time(
        at, utc_offset_s=None, position_deg=_first_position(summary), home=ZONE
    )
    return NewRecording(
        where=Where(session.source, ORIGIN),
        sport=session.sport,
        local_day=zones.local_day(at, local),
        part=0,
        activity=summary.activity.at(
            utc_offset_s=local.utc_offset_s, zone=local.zone, source=local.source
        ),
        heart_rate=summary.heart_rate,
        power=summary.power,
        location=summary.location,
        notes=summary.notes,
        streams={n: pack(column, STEPS[n]) for n, column in track.columns.items()},
        details=summary.details,
        athlete=facts(session),
    )


def steps(
    clock: Clock, *, seed: int = SEED, end_on: date | None = None
) -> Iterator[tuple[Step, Progress]]:
    """Give the steps that fill a demo store, about 20 recordings each.

    Args:
        clock: Tells what yesterday was, and when the run began and ended.
        seed: Which athlete; 0 or more.
        end_on: The athlete's last day; yesterday if left out.

    Raises:
        RuntimeError: At the first step: the store is not a demo store.
    """
    sessions = plan(seed, end_on or yesterday(clock))
    filling, total = _Filling(clock, seed), len(sessions)
    yield Act(filling.begin), Progress(0, total, "training")
    for first in range(0, total, BATCH):
        some = sessions[first : first + BATCH]
        made = [(_digest(seed, s), filling.recording_of(s)) for s in some]
        yield _Batch(filling, made), Progress(first + len(some), total, "training")
    yield Act(filling.end), Progress(total, total, "done")


@dataclass(slots=True)
class _Filling:
    """The run under which the recordings are filed."""

    clock: Clock
    seed: int
    added: int = 0
    gear: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid4()))

    def begin(self, tx: Tx, grant: Grant) -> None:
        _check_demo(tx)
        imports.begin(tx, grant, self.id, Run(started_at=self.clock.now()))
        self.gear = {
            piece.name: gear.add(tx, grant, GEAR_SOURCE, piece, self.id)
            for piece in GEAR
        }

    def recording_of(self, session: Session) -> NewRecording:
        new = recording_of(self.seed, session)
        used = {"gear": gear_of(session, self.gear)}
        return replace(new, activity=new.activity.model_copy(update=used))

    def end(self, tx: Tx, grant: Grant) -> None:
        outcome = FileOutcome.IMPORTED if self.added else FileOutcome.DUPLICATE
        name = f"demo athlete, seed {self.seed}"
        line = FileLine(name=name, outcome=outcome, activities=self.added)
        imports.add_file(tx, grant, self.id, 1, line)
        run = Run(
            started_at=imports.find(tx, grant, self.id).run.started_at,
            finished_at=self.clock.now(),
            outcomes={outcome: 1},
            activities=self.added,
        )
        imports.update(tx, grant, self.id, State.FINISHED, run)


class _Batch:
    """Some recordings: sealed in a snapshot, written in one short transaction."""

    def __init__(
        self, filling: _Filling, made: Sequence[tuple[bytes, NewRecording]]
    ) -> None:
        self._filling = filling
        self._made = made
        self._sealed: list[recordings.Sealed] = []

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Seal them, but for those that are there from an earlier run."""
        self._sealed = [
            recordings.seal(
                tx.ring, grant, new, digest=digest, import_id=self._filling.id
            )
            for digest, new in self._made
            if not recordings.known(tx, grant, digest, new.where.source)
        ]

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write them."""
        _check_demo(tx)
        recordings.add(tx, grant, self._sealed)
        athlete.note(tx, grant, self._sealed)
        self._filling.added += len(self._sealed)


def _first_position(summary: Summary) -> tuple[float, float] | None:
    place = summary.location
    return None if place is None else (place.lat_deg[0], place.lon_deg[0])


def _digest(seed: int, session: Session) -> bytes:
    """Stand in for the digest of a file, which a made-up recording has not."""
    return sha256(f"pierre/demo/{seed}/{session.index}".encode()).digest()


def _check_demo(tx: Tx) -> None:
    if not people.is_demo(tx):
        msg = "the synthetic athlete goes into a demo store only"
        raise RuntimeError(msg)
