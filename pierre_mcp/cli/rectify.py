"""``pierre-mcp rectify``: correct what a recording got wrong, and take that back."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from pierre_mcp.cli.backup import require_store
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.rectify_values import NAMES, NOTHING, named, read, told
from pierre_mcp.cli.session import AsJson, current, say, say_json, say_table
from pierre_mcp.model.correction import Part
from pierre_mcp.model.grant import Grant
from pierre_mcp.services import corrections as service
from pierre_mcp.services.corrections import Corrected
from pierre_mcp.store.corrections import Held
from pierre_mcp.store.database import Tx

_MOST_WHY = 500
_WORDS = {Part.NAME, Part.DESCRIPTION, Part.GEAR}
_STAYS = (
    "Laps, curves, zones and load stay as they were measured, second by second; speed "
    "and totals follow."
)


def rectify(  # noqa: PLR0913, PLR0917 - each is an option or an argument
    activity: Annotated[
        str | None,
        typer.Argument(
            help="Its id, as get_activities gives it to you; or a day, YYYY-MM-DD, "
            "with one activity alone."
        ),
    ] = None,
    field: Annotated[
        str | None, typer.Argument(help=f"One of: {', '.join(NAMES.values())}.")
    ] = None,
    value: Annotated[
        str | None,
        typer.Argument(help=f"What is right; {NOTHING} for what was not measured."),
    ] = None,
    why: Annotated[str, typer.Option(help="Why, in your own words.")] = "",
    undo: Annotated[
        bool,
        typer.Option("--undo", help="Put back what was recorded, of FIELD or of all."),
    ] = False,
    list_: Annotated[
        bool, typer.Option("--list", help="List every correction.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Correct what a recording got wrong; it stays so when the file comes again.

    Every reader sees it from the next call on. What was recorded is kept beside it, and
    --undo puts it back.
    """
    require_store(current())
    if list_:
        _list(as_json=as_json)
        return
    session = current()
    part = _checked(activity, field, value, why, undo=undo)
    asked = None if part is None or value is None else read(part, value)

    def work(tx: Tx, grant: Grant) -> Sequence[Corrected]:
        ref, keep = activity or "", not dry_run
        if undo or part is None:
            return service.undo(tx, grant, ref, part, keep=keep)
        return [service.rectify(tx, grant, ref, part, asked, why=why, keep=keep)]

    if dry_run:
        done = session.look("rectify preview", work)
    else:
        # Not the value: in the log it would outlive the deletion of what it is of.
        said = {"activity": activity, "field": field, "why": why}
        action = "rectify undo" if undo else "rectify"
        with session.gate() as gate:
            done = gate.act(session.owner(action), work, detail=said)
    if as_json:
        say_json([_as_json(one) for one in done])
        return
    for one in done:
        verb = "would be" if dry_run else "is"
        was, now = (told(one.part, v, one.utc_offset_s) for v in (one.was, one.now))
        say(f"{NAMES[one.part]} of {one.day} {verb}: {now} (was: {was})")
    if not {one.part for one in done} <= _WORDS:
        say(_STAYS)


def _checked(
    activity: str | None, field: str | None, value: str | None, why: str, *, undo: bool
) -> Part | None:
    """Return what is to be corrected, or put back; None stands for all of it.

    Raises:
        NotTakenError: It is not said of what, or to what.
    """
    part = None if field is None else named(field)
    if activity is None or (value is None) != undo or (part is None and not undo):
        msg = (
            "Say which activity, what of it, and what is right: ACTIVITY FIELD VALUE; "
            "or ACTIVITY [FIELD] --undo."
        )
        raise NotTakenError(msg)
    if len(why) > _MOST_WHY:
        msg = f"--why takes at most {_MOST_WHY} characters."
        raise NotTakenError(msg)
    return part


def _list(*, as_json: bool) -> None:
    held = current().look("rectify list", service.listed)
    if as_json:
        say_json([_held_as_json(one) for one in held])
    elif not held:
        say("Nothing was corrected.")
    else:
        say_table(
            ("day", "activity", "what", "recorded", "corrected", "when (UTC)", "why"),
            [row for one in held for row in _rows(one)],
        )


def _rows(held: Held) -> list[tuple[str, ...]]:
    return [
        (
            held.day or "not imported now",
            held.activity or "",
            NAMES[part],
            told(part, change.was),
            told(part, change.now),
            f"{change.at:%Y-%m-%d %H:%M}",
            change.why,
        )
        for part, change in held.correction.changes.items()
    ]


def _as_json(one: Corrected) -> dict[str, Any]:
    return {
        "activity": one.activity,
        "day": one.day,
        "field": NAMES[one.part],
        **_values(one.part, one.was, one.now),
        "recordings": one.recordings,
    }


def _held_as_json(held: Held) -> dict[str, Any]:
    return {
        "activity": held.activity,
        "day": held.day,
        "changes": [
            {
                "field": NAMES[part],
                **_values(part, change.was, change.now),
                "at": change.at.isoformat(),
                "why": change.why,
            }
            for part, change in held.correction.changes.items()
        ],
    }


def _values(part: Part, was: Any, now: Any) -> dict[str, Any]:
    return {"stored_as": part.value, "was": was, "now": now}
