"""A world whose person has an inbox, and an assistant that may import it."""

from datetime import datetime, timedelta
from pathlib import Path

from pierre_mcp.gate.jobs import carry_out
from pierre_mcp.model.caller import Call, Job, Recipient
from pierre_mcp.model.grant import Grant
from pierre_mcp.services.inbox import InboxImport
from pierre_mcp.services.steps import Listener, silent
from pierre_mcp.store import people
from pierre_mcp.store.database import Tx
from tests.formats.making import STARTED_AT, fit_activity, ride
from tests.gate.world import CLAUDE, OWNER, World

NAME = "Kanarienvogel"
RIDE = ride(30)
CALL = Call(Job(Recipient(CLAUDE)), "import_inbox", "session")


def a_ride(day: int) -> bytes:
    return fit_activity(RIDE, started_at=STARTED_AT + timedelta(days=day))


def fill(folder: Path, count: int) -> Path:
    """A folder of the person's own with so many rides in it."""
    folder.mkdir(mode=0o755)
    for day in range(count):
        (folder / f"{NAME}-{day:02}.fit").write_bytes(a_ride(day))
    return folder


def name_inbox(world: World, folder: Path | None) -> None:
    """Set the inbox as ``setup`` does."""

    def work(tx: Tx, grant: Grant) -> None:
        profile = people.profile(tx, grant)
        inbox = None if folder is None else str(folder)
        people.set_profile(tx, grant, profile.model_copy(update={"inbox": inbox}))

    world.gate.act(Call(OWNER, "setup", "session"), work)


def allow(
    world: World, *more: str, to: str = CLAUDE, expires_at: datetime | None = None
) -> None:
    """Give what importing needs, and more."""
    needed = ("tool:import_inbox", f"share:{to}")
    world.give(*needed, *more, to=to, expires_at=expires_at)


def begin(world: World, of: str = CLAUDE) -> str:
    """Have an assistant begin an import; return its id."""
    operation_id: str = world.told("import_inbox", of=of)["operation_id"]
    return operation_id


def do(world: World, operation_id: str, listen: Listener = silent) -> InboxImport:
    """Carry an operation out on this thread, as the second worker does."""
    job = InboxImport(operation_id, world.clock)
    carry_out(world.gate, CALL, job, listen=listen)
    return job
