"""``pierre-mcp privacy zone``: circles in which no place is shown to any assistant."""

import re
import sys
from typing import Annotated

import typer

from pierre_mcp.cli.challenge import challenge
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.session import (
    AsJson,
    Session,
    command,
    current,
    err,
    say,
    say_json,
    say_table,
)
from pierre_mcp.model.grant import Grant
from pierre_mcp.model.policy import PrivacyZone
from pierre_mcp.platform import has_terminal
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services import places, privacy
from pierre_mcp.services.privacy import Proposal
from pierre_mcp.store import policies
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.wording import count

_AT = re.compile(
    r"\s*([+-]?\d{1,3}(?:\.\d{1,10})?)\s*,\s*([+-]?\d{1,3}(?:\.\d{1,10})?)\s*"
)
_MOST_NAME = 40

app = typer.Typer(
    help="Circles in which no place is shown to any assistant, at any level. Where a "
    "circle really lies is shifted by a secret, so that no one can find its middle.",
    epilog="For example: pierre-mcp privacy zone add --at 47.37,8.54 --name home",
    no_args_is_help=True,
)

Radius = Annotated[
    float, typer.Option("--radius", min=100, max=20_000, help="Metres around it.")
]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List your privacy zones, as you gave them."""
    zones = current().look("privacy zone list", _zones)
    if as_json:
        told = {"name", "lat_deg", "lon_deg", "radius_m"}
        say_json([zone.model_dump(include=told) for zone in zones])
    elif not zones:
        say(f"No privacy zones. Find some with: {command()} privacy zone propose")
    else:
        say_table(
            ("no.", "name", "around", "metres"),
            [
                (
                    i,
                    z.name or "-",
                    f"{z.lat_deg:.5f}, {z.lon_deg:.5f}",
                    f"{z.radius_m:g}",
                )
                for i, z in enumerate(zones, 1)
            ],
        )


@app.command()
def add(
    at: Annotated[
        str | None, typer.Option(help="Around this place: latitude,longitude.")
    ] = None,
    start_of: Annotated[
        str | None,
        typer.Option(help="Around where this activity starts: its id, as call tells."),
    ] = None,
    radius_m: Radius = 400,
    name: Annotated[
        str, typer.Option(help="What you call it; shown to you alone.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a place private for every assistant, from its next call on.

    For example: pierre-mcp privacy zone add --at 47.37,8.54 --radius 400 --name home
    """
    if (at is None) == (start_of is None):
        msg = "Say where: with --at or with --start-of."
        raise NotTakenError(msg)
    place = None if at is None else _place(at)

    def work(tx: Tx, grant: Grant) -> int:
        where = place or privacy.start_of(tx, grant, start_of or "")
        return places.hide(tx, grant, [_zone(where, radius_m, name)])

    session = current()
    with session.gate() as gate:
        added = gate.act(session.owner("privacy zone add"), work)
    if as_json:
        say_json({"added": added})
    else:
        say("Private from now on." if added else "It was private already.")


@app.command()
def remove(
    which: Annotated[str, typer.Argument(help="Its name, or its number in the list.")],
    as_json: AsJson = False,
) -> None:
    """Take a privacy zone back: places in it are shown again as others are."""
    session = current()
    zone = privacy.find(session.look("privacy zone list", _zones), which)
    called = clean(zone.name) or f"the zone of {zone.radius_m:g} m"
    err().print(f"\nPlaces in {called} would be shown to whoever may read places.")
    challenge("take this zone back")
    session.widen(
        "privacy zone remove", lambda tx, grant: _remove(tx, grant, which, zone)
    )
    if as_json:
        say_json({"removed": 1})
    else:
        say("Taken back.")


@app.command()
def propose(
    radius_m: Radius = 400,
    as_json: AsJson = False,
) -> None:
    """Find places where your activities often start or end, and offer to hide them."""
    session = current()
    found = session.look("privacy zone propose", privacy.proposals)
    if as_json:
        say_json(
            [
                {"lat_deg": p.lat_deg, "lon_deg": p.lon_deg, "count": p.count}
                for p in found
            ]
        )
        return
    if not found:
        say("No place where activities often start or end lies open.")
    for proposal in found:
        say(_said(proposal))
        if has_terminal() and (name := _asked()) is not None:
            where = (proposal.lat_deg, proposal.lon_deg)
            _hide(session, _zone(where, radius_m, name))


def _hide(session: Session, zone: PrivacyZone) -> None:
    with session.gate() as gate:
        call = session.owner("privacy zone add")
        gate.act(call, lambda tx, grant: places.hide(tx, grant, [zone]))
    say("Private from now on.")


def _said(of: Proposal) -> str:
    times = count(of.count, "time")
    return f"{of.lat_deg:.4f}, {of.lon_deg:.4f}: a start or an end {times}."


def _asked() -> str | None:
    """Ask whether to hide a place, and as what; None where not."""
    sys.stderr.write("Make it private? Type a name for it, such as home; empty: no > ")
    sys.stderr.flush()
    return clean(sys.stdin.readline(), _MOST_NAME) or None


def _place(text: str) -> tuple[float, float]:
    """Read ``latitude,longitude`` in degrees.

    Raises:
        NotTakenError: It is no place.
    """
    found = _AT.fullmatch(text)
    if found and abs(float(found[1])) <= 90 and abs(float(found[2])) <= 180:
        return float(found[1]), float(found[2])
    msg = "A place is latitude,longitude in degrees, as 47.37,8.54."
    raise NotTakenError(msg)


def _zone(at: tuple[float, float], radius_m: float, name: str) -> PrivacyZone:
    return PrivacyZone(
        lat_deg=at[0], lon_deg=at[1], radius_m=radius_m, name=clean(name, _MOST_NAME)
    )


def _remove(tx: Tx, grant: Grant, which: str, shown: PrivacyZone) -> PrivacyZone:
    """Remove the zone that was shown; another may have come meanwhile by its number."""
    if privacy.find(policies.read(tx, grant).policy.zones, which) != shown:
        msg = "The zones changed meanwhile; nothing was taken back."
        raise NotTakenError(msg)
    return privacy.remove(tx, grant, which)


def _zones(tx: Tx, grant: Grant) -> tuple[PrivacyZone, ...]:
    return policies.read(tx, grant).policy.zones
