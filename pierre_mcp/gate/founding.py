"""A demo store: marked so for ever, with its one consent that no challenge gave.

The mark is the store id's prefix, set only in the creating transaction and bound into
every key wrap. The one grant without a challenge, the ``training`` bundle for the
recipient ``demo``, is in that same transaction: no store that holds a person's data can
come to have it.
"""

from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import version

from pierre_mcp.clock import Clock, SystemClock
from pierre_mcp.gate.house import Opener, opener
from pierre_mcp.gate.lines import Facts, line_of
from pierre_mcp.model.audit import Outcome
from pierre_mcp.model.caller import Call, System
from pierre_mcp.model.grant import Grant, Mint
from pierre_mcp.model.here import Here
from pierre_mcp.model.identity import Identity
from pierre_mcp.model.profile import Profile
from pierre_mcp.policy.bundles import training
from pierre_mcp.services import consents
from pierre_mcp.settings import APP, Settings
from pierre_mcp.store import audit, policies
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.late_table import TABLE

DEMO_RECIPIENT = "demo"
DEMO_SOURCES = ("strava", "files")
DEMO_PROFILE = Profile(zone="Europe/Zurich")
_LASTS = timedelta(days=365)


def demo_opener(settings: Settings, clock: Clock | None = None) -> Opener:
    """Return what makes (or opens) a demo store where ``settings`` say."""
    clock = clock or SystemClock()
    tools = TABLE.readers()  # imported here, and not in the step that makes the store

    def found(tx: Tx, who: Identity) -> None:
        _give_training(tx, who, tools, clock, settings.command)

    return opener(settings, clock=clock, profile=DEMO_PROFILE, demo=True, found=found)


def _give_training(
    tx: Tx, who: Identity, tools: Sequence[str], clock: Clock, command: str
) -> None:
    now = clock.now()
    here = Here(now, DEMO_PROFILE, command, version(APP))
    grant = Grant(Mint(), who=who, here=here, recipient=None, pairs=None, signature="")
    scopes = training(DEMO_RECIPIENT, sources=DEMO_SOURCES, tools=tools)
    consents.give(
        tx, grant, DEMO_RECIPIENT, scopes, expires_at=now + _LASTS, by="founding"
    )
    grant.kill()
    epoch = policies.read(tx, who).policy.policy_epoch
    call = Call(System(), "demo", session="")
    line = line_of(call, Outcome.DONE, Facts(), tx.ring, who, policy_epoch=epoch)
    audit.append(tx, line, now=now, who=who)
