"""What ends the harm of an incident, each by the service that does it at any time.

It is entered in the incident in the same step, so neither is there without the other.
Keys are replaced by a job of many steps, and that is entered after it.
"""

from pierre_mcp.errors import IncidentClosedError
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.incident import Containment
from pierre_mcp.model.scope import share
from pierre_mcp.policy.objections import SHARE
from pierre_mcp.services import consents, incidents, objections
from pierre_mcp.services.incidents import Act, Standing
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx


def offered(tx: Tx, grant: Grant, ref: str) -> list[Act]:
    """Return what could be done about an incident, as the person is asked.

    Of the recipients it concerns, or where it names none, of all that hold anything.

    Raises:
        IncidentClosedError: It is closed.
        IncidentUnknownError: There is none of that number or id.
    """
    one, policy = incidents.shown(tx, grant, ref), policies.read(tx, grant).policy
    if not one.is_open:
        raise IncidentClosedError
    holders = [r for r, mine in sorted(policy.recipients.items()) if mine.scopes]
    whom = one.incident.recipients or tuple(holders)
    acts = [Act(Containment.WITHDRAW, label) for label in whom if label in holders]
    acts += [
        Act(Containment.BLOCK, label)
        for label in whom
        if not {SHARE, share(label)} & set(policy.blocks)
    ]
    return [*acts, Act(Containment.TOKENS), Act(Containment.KEYS)]


def contain(tx: Tx, grant: Grant, ref: str, act: Act) -> Standing:
    """Do what is asked, and enter it.

    Raises:
        IncidentClosedError: It is closed.
        IncidentUnknownError: There is none of that number or id.
    """
    done = Act(act.kind, act.whom, _done(tx, grant, act))
    return incidents.contained(tx, grant, ref, done)


def _done(tx: Tx, grant: Grant, act: Act) -> str:
    """Do it where it is done in one step; return what came of it."""
    match act.kind:
        case Containment.WITHDRAW:
            gone = consents.withdraw(tx, grant, act.whom, None, by="owner")
            return f"{len(gone)} scopes were held"
        case Containment.BLOCK:
            new = objections.object_to(tx, grant, share(act.whom))
            return "nothing goes there" if new else "that was so before"
        case Containment.TOKENS:
            consents.end_tokens(tx, grant)
            return "every consent token given out until now"
        case Containment.KEYS | Containment.OTHERWISE:
            return act.text
