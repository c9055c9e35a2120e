"""Keys replaced as the program does it, for tests of what happens meanwhile."""

from pierre_mcp.keyring.ring import Purpose, Ring, person_scope
from pierre_mcp.model.grant import Grant
from pierre_mcp.services.rotation import Beginning, Replacing, Rotation, in_use
from pierre_mcp.services.steps import UpkeepStep
from pierre_mcp.store import rotation
from pierre_mcp.store.database import Store
from tests.fakes import StillClock
from tests.stores import NOW, maintenance


def rotate(store: Store, grant: Grant) -> int:
    """Replace the person's sealing key in use; return the new one's id.

    What is under the old one stays under it.
    """
    scope = person_scope(grant.tenant, grant.person)
    with store.writing() as tx:
        rotation.replace(tx, maintenance(), [(scope, Purpose.SEAL)], now=NOW)
        return tx.ring.active(scope, Purpose.SEAL)


def sealing_key(ring: Ring, grant: Grant) -> int:
    """The id of the person's sealing key in use."""
    return ring.active(person_scope(grant.tenant, grant.person), Purpose.SEAL)


def do(store: Store, step: UpkeepStep) -> None:
    """Do a step as the gate does."""
    store.refill()
    with store.reading() as tx:
        step.prepare(tx, maintenance())
    with store.writing() as tx:
        step.write(tx, maintenance())


def a_rotation(begin: Beginning | None = None) -> Rotation:
    """A routine rotation of everything, unless it begins otherwise."""
    clock = StillClock()
    return Rotation(clock, begin or Replacing(clock, in_use(None)))


def run(store: Store, job: Rotation, steps: int = 10_000) -> bool:
    """Do so many steps of a rotation; tell whether it came to its end."""
    for number, (step, _) in enumerate(job.steps()):
        if number == steps:
            return False
        do(store, step)
    return True
