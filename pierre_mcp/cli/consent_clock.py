"""``pierre-mcp consent clock``: say that a clock that was moved is right as it is."""

from pierre_mcp.cli.challenge import challenge
from pierre_mcp.cli.session import AsJson, current, err, say, say_json
from pierre_mcp.clock import SystemClock, offset_us
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import consents
from pierre_mcp.store.database import Tx


def clock(as_json: AsJson = False) -> None:
    """Confirm the clock of this machine, after it was moved by more than a day.

    Assistants' servers that were running then refuse every call until the clock is set
    back, or you confirm here that it is right now.
    """
    session, machine = current(), SystemClock()
    err().print(f"\nThe clock of this machine says {machine.now():%Y-%m-%d %H:%M} UTC.")
    err().print("Consents end by it, so confirm it only if that is the time.")
    challenge("confirm that this is the time")

    def work(tx: Tx, grant: Grant) -> None:
        consents.confirm_clock(tx, grant, offset_us(machine))

    session.widen("consent clock", work)
    if as_json:
        say_json({"confirmed_at": machine.now()})
    else:
        say("Confirmed. Running servers go on with their next call.")
