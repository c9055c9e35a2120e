"""Real stores in a temporary directory, and what is put into them.

Every store here is sealed under ``MASTER``, a fixed key, so that another process can
open it by importing this module.
"""

import shutil
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from pierre_mcp.clock import Clock
from pierre_mcp.keyring.master import LocalMaster
from pierre_mcp.model.alert import Alert, Reason
from pierre_mcp.model.audit import Event, Line, Outcome, Risk
from pierre_mcp.model.category import Category, Sport
from pierre_mcp.model.cells import (
    ActivityCell,
    HeartRateCell,
    LocationCell,
    NotesCell,
    PowerCell,
)
from pierre_mcp.model.correction import Change, Correction, Part
from pierre_mcp.model.details import (
    ActivityDetail,
    HeartRateDetail,
    PowerDetail,
)
from pierre_mcp.model.fields import Level
from pierre_mcp.model.grant import Grant, Maintenance, Mint
from pierre_mcp.model.here import Here
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.incident import Incident, IncidentLevel
from pierre_mcp.model.operation import Operation
from pierre_mcp.model.profile import Profile
from pierre_mcp.model.recording import NewRecording, Where
from pierre_mcp.model.request import Law, Request, RequestKind
from pierre_mcp.model.scope import Pair
from pierre_mcp.platform import (
    make_private_dir,
    replace_private_file,
    write_private_file,
)
from pierre_mcp.settings import Settings
from pierre_mcp.store import (
    alerts,
    athlete,
    audit,
    corrections,
    imports,
    incidents,
    monitor,
    people,
    recordings,
    requests,
)
from pierre_mcp.store.audit_state import Closing
from pierre_mcp.store.database import Store, Tx
from pierre_mcp.store.imports import Run
from pierre_mcp.store.opening import FILE, Opening, open_store
from tests.fakes import StillClock

MASTER = LocalMaster(bytes(range(32)))
OTHER_MASTER = LocalMaster(bytes(range(32, 64)))

NOW = StillClock().at
LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)
FILES = Where("files", "file")
STRAVA = Where("strava", "strava_export")


def opening(
    directory: Path, *, master: LocalMaster = MASTER, clock: Clock | None = None
) -> Opening:
    """How to open the store in ``directory``; ``replace`` it for more."""
    return Opening(
        directory=directory,
        high_water=marks_of(directory),
        masters=lambda _: (master,),
        clock=clock or StillClock(),
        profile=Profile(zone="Europe/Zurich"),
    )


def marks_of(directory: Path) -> Path:
    """Where the outside file of the store in ``directory`` is.

    Of a whole home in its configuration, else beside the store.
    """
    if directory.parent.name == "data":
        return directory.parent.with_name("config") / "high-water"
    return directory.with_name(f"{directory.name}-config") / "high-water"


def copy_store(made: Path, directory: Path) -> Path:
    """Copy a closed store and its outside file; return where the copy is."""
    shutil.copytree(made, directory)
    shutil.copytree(marks_of(made), marks_of(directory))
    return directory


def new_store(directory: Path, *, demo: bool = False, own: bool = False) -> Store:
    """Open the store in ``directory``, made if there is none; close it yourself.

    One that is made is a copy of one made before, ids and keys included, which takes a
    tenth of the time; with ``own`` it has its own.
    """
    if not own and not database(directory).exists():
        content, mark = _made(demo=demo)
        make_private_dir(directory)
        write_private_file(database(directory), content)
        make_private_dir(marks_of(directory))
        store_id = mark.split()[0].decode()
        replace_private_file(marks_of(directory) / f"{store_id}.log", mark)
    return open_store(replace(opening(directory), demo=demo))


@cache
def _made(*, demo: bool) -> tuple[bytes, bytes]:
    """Return the database of a new store, and its outside file."""
    with TemporaryDirectory() as temporary:
        directory = Path(temporary) / "store"
        open_store(replace(opening(directory), demo=demo)).close()
        [mark] = marks_of(directory).glob("*.log")
        return database(directory).read_bytes(), mark.read_bytes()


@contextmanager
def a_store(
    directory: Path, *, demo: bool = False, own: bool = False
) -> Iterator[Store]:
    """Open the store in ``directory`` for the body."""
    store = new_store(directory, demo=demo, own=own)
    try:
        yield store
    finally:
        store.close()


def settings_of(directory: Path, *, key: bytes = bytes(range(32))) -> Settings:
    """The settings by which the program itself opens the store in ``directory``."""
    return Settings(
        data_dir=directory.parent,
        config_dir=marks_of(directory).parent,
        profile=directory.name,
        master_key=b64encode(key).decode(),
    )


def database(directory: Path) -> Path:
    """The database file of the store in ``directory``."""
    return directory / FILE


def owner_of(store: Store) -> Identity:
    with store.reading() as tx:
        return people.owner(tx)


def a_grant(
    who: Identity,
    *,
    pairs: frozenset[Pair] | set[Pair] | None = None,
    recipient: str | None = None,
    withheld: tuple[Pair, ...] = (),
    now: datetime = NOW,
    level: Level = Level.MEDIUM,
) -> Grant:
    """A grant: the owner's, or with ``pairs`` a recipient's for just these."""
    return Grant(
        Mint(),
        who=who,
        here=Here(now, Profile(zone="Europe/Zurich"), "pierre-mcp", "0"),
        recipient=recipient or (None if pairs is None else "claude-desktop"),
        pairs=None if pairs is None else frozenset(pairs),
        withheld=withheld,
        level=level,
        session="session",
        signature="" if pairs is None else None,
    )


def owner_grant(store: Store) -> Grant:
    """The owner's own grant on a store."""
    return a_grant(owner_of(store))


def maintenance() -> Maintenance:
    return Maintenance(Mint())


def pairs_of(source: str, *categories: Category) -> set[Pair]:
    return {(source, category) for category in categories}


def a_recording(
    *,
    where: Where = FILES,
    sport: Sport = Sport.RUNNING,
    day: str = "2026-02-01",
    part: int = 0,
    name: str | None = "Morning Run",
    bare: bool = False,
) -> NewRecording:
    """A recording with every cell and one stream; ``bare``: only its summary."""
    started_at = datetime.fromisoformat(f"{day}T06:30:00+00:00")
    activity = ActivityCell(
        started_us=int(started_at.timestamp()) * 1_000_000,
        utc_offset_s=3_600,
        zone="Europe/Zurich",
        zone_source="position",
        elapsed_s=3_600.0,
        moving_s=3_500.0,
        distance_m=10_000.0,
        ascent_m=0.0,
    )
    made = NewRecording(
        where=where, sport=sport, local_day=day, part=part, activity=activity
    )
    if bare:
        return made
    return replace(
        made,
        heart_rate=HeartRateCell(mean_bpm=142.0, max_bpm=171.0),
        power=PowerCell(mean_power_w=210.0, max_power_w=502.0),
        location=LocationCell(
            along_m=[0.0, 5_000.0, 10_000.0],
            lat_deg=[47.37, 47.39, 47.41],
            lon_deg=[8.54, 8.56, 8.58],
        ),
        notes=NotesCell(name=name, description=None),
        streams={"heart_rate_bpm": b"packed"},
        details={
            Category.ACTIVITIES: ActivityDetail(),
            Category.HEART_RATE: HeartRateDetail(),
            Category.POWER: PowerDetail(),
        },
    )


def begin_import(tx: Tx, grant: Grant) -> str:
    """Begin an import run and return its id."""
    import_id = str(uuid4())
    imports.begin(tx, grant, import_id, Run(started_at=NOW))
    return import_id


def put(store: Store, grant: Grant, *new: NewRecording, one_file: bool = False) -> str:
    """Store recordings, each from a file of its own, as one import; return its id."""
    with store.writing() as tx:
        return put_within(tx, grant, *new, one_file=one_file)


def put_within(tx: Tx, grant: Grant, *new: NewRecording, one_file: bool = False) -> str:
    """Likewise, in a unit that does more."""
    import_id = begin_import(tx, grant)
    sealed = [
        recordings.seal(
            tx.ring,
            grant,
            one,
            digest=a_digest(f"{import_id}/{0 if one_file else i}"),
            import_id=import_id,
        )
        for i, one in enumerate(new)
    ]
    recordings.add(tx, grant, sealed)
    athlete.note(tx, grant, sealed)
    return import_id


def an_operation(recipient: str = "claude-desktop") -> Operation:
    """An operation of a recipient's that begins."""
    return Operation(recipient=recipient, tool="import_inbox", started_at=NOW)


def a_digest(of: str) -> bytes:
    """The SHA-256 of a file with this content."""
    return sha256(of.encode()).digest()


def a_line(
    action: str = "get_activities",
    *,
    outcome: Outcome = Outcome.RELEASED,
    policy_epoch: int | None = None,
) -> Line:
    """A line for the audit log."""
    return Line(
        event=Event.DATA_ACCESS,
        risk=Risk.LOW,
        outcome=outcome,
        door="mcp",
        action=action,
        caller="recipient",
        session="test",
        recipient="claude-desktop",
        policy_epoch=policy_epoch,
    )


def old_log(directory: Path) -> Path:
    """A store with a log of 2015: six rows, three details, two checkpoints."""
    with a_store(directory) as store:
        grant = owner_grant(store)
        for row in range(1, 7):
            detail = {"row": row} if row % 2 else None
            close = Closing() if row % 3 == 0 else None
            with store.writing() as tx:
                audit.append(
                    tx, a_line(), now=LONG_AGO, who=grant, detail=detail, close=close
                )
    return directory


def an_alert() -> Alert:
    """An alert as a scan raises it."""
    reason = Reason(rule="burst", measure=60, limit=60, words="60 calls")
    return Alert(
        at=NOW,
        recipients=("claude-desktop",),
        score=40,
        reasons=(reason,),
        first_seq=1,
        row=1,
    )


def an_incident() -> Incident:
    """An incident just opened."""
    return Incident(
        level=IncidentLevel.HIGH,
        what="the laptop is gone",
        opened_at=NOW,
        discovered_at=NOW,
        from_at=NOW,
    )


def add_what_came_later(tx: Tx, who: Identity) -> None:
    """Put in a row of each table that no earlier version had."""
    grant = a_grant(who)
    change = Change(was=1.0, now=2.0, at=NOW)
    mended = Correction(changes={Part.DISTANCE: change})
    corrections.put(tx, grant, corrections.Key(b"digest", 0), mended)
    asked = Request(
        kind=RequestKind.ACCESS, law=Law.GDPR, received_on=NOW.date(), entered_at=NOW
    )
    requests.add(tx, grant, asked)
    alerts.add(tx, maintenance(), who, an_alert())
    incidents.add(tx, grant, an_incident())
    monitor.put(tx, who, monitor.MEMORY, b"{}")
