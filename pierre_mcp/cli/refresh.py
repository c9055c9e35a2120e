"""``pierre-mcp refresh``: what an older version computed, computed again."""

from contextlib import closing

from pierre_mcp.cli.pace import Brake, listening
from pierre_mcp.cli.session import AsJson, Session, current, say, say_json
from pierre_mcp.gate.gate import Gate
from pierre_mcp.gate.jobs import pump
from pierre_mcp.services.renewal import Renewal
from pierre_mcp.services.steps import Listener
from pierre_mcp.tools.wording import count


def refresh(
    as_json: AsJson = False,
) -> None:
    """Compute again what an older version computed, and put copies together.

    Safe to run at any time, and again after Ctrl-C; an import does it by itself.
    """
    session = current()
    with listening("looking") as listen, session.gate() as gate, Brake() as brake:
        job = renew(session, gate, brake, listen)
    if as_json:
        say_json({"recordings_renewed": job.renewed, "activities_moved": job.moved})
        return
    say(
        f"{count(job.renewed, 'recording')} computed again; "
        f"{count(job.moved, 'activity')} put together or parted."
    )


def renew(session: Session, gate: Gate, brake: Brake, listen: Listener) -> Renewal:
    """Do all of it; what is done when the person stops it stays.

    Raises:
        KeyboardInterrupt: The person stopped it.
    """
    job = Renewal()
    with closing(job.steps()) as steps:
        pump(gate, session.owner("refresh"), brake.between(steps), listen=listen)
    return job
