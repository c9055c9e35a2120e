"""``pierre-mcp retention``: how long what is kept, and deleting what is older."""

from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from pierre_mcp.cli.challenge import challenge, require_terminal
from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.cli.pace import Brake, listening
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
from pierre_mcp.clock import SystemClock
from pierre_mcp.errors import PersonErasedError
from pierre_mcp.gate import retentions
from pierre_mcp.gate.gate import Gate
from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant, Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.policy.retention import MOST_DAYS
from pierre_mcp.services import retention as service
from pierre_mcp.services.expunging import Due, Expunging
from pierre_mcp.services.retention import Kept
from pierre_mcp.services.steps import Listener
from pierre_mcp.store.database import Tx
from pierre_mcp.tools.wording import count

FOR_EVER: Final = "kept until deleted"
_NAMES: Final = ", ".join(Category)
_NOTHING: Final = {"recordings": 0, "values": 0}

app = typer.Typer(
    invoke_without_command=True,
    help="Say how long what is kept; older data is deleted by itself.",
)

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only tell what would be deleted.")
]


@app.callback()
def retention(context: typer.Context, as_json: AsJson = False) -> None:
    """Show by category how long data is kept, and what is due to be deleted now."""
    if context.invoked_subcommand is not None:
        return
    session = current()
    with session.gate() as gate:
        found = _overview(session, gate)
    if as_json:
        say_json([_as_json(one) for one in found])
        return
    say_table(
        ("category", "kept", "from day", "due now"),
        [
            (
                one.category,
                FOR_EVER if one.days is None else count(one.days, "day"),
                one.first_day or "",
                described(one.due) if one.due and one.due.any else "",
            )
            for one in found
        ],
    )


@app.command("set", short_help="Say for how many days a category is kept.")
def set_(
    category: Annotated[str, typer.Argument(help=f"One of: {_NAMES}.")],
    days: Annotated[
        int | None, typer.Argument(min=1, max=MOST_DAYS, help="After its day.")
    ] = None,
    forever: Annotated[
        bool, typer.Option("--forever", help="Keep it until you delete it.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say for how many days a category is kept, counted from its own local day.

    Older data is deleted at once, after it was told how much that is, and from then on
    by itself. Of activities the whole recordings go. A kept file holds everything, so
    it goes with whatever of it is too old. An import keeps nothing that is older.
    """
    if (days is None) is not forever:
        msg = "Say a number of days, or --forever."
        raise NotTakenError(msg)
    if category not in set(Category):
        msg = f"What is kept is one of: {_NAMES}."
        raise NotTakenError(msg)
    session, of = current(), Category(category)
    before = session.look("retention", lambda tx, g: service.days_of(tx, g, of))
    if days is None or (before is not None and days > before):
        _lengthen(session, of, days, dry_run=dry_run, as_json=as_json)
    else:
        _shorten(session, of, days, dry_run=dry_run, as_json=as_json)


@app.command("run")
def run(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Delete now what is older than it is kept; servers and imports do so too."""
    session = current()
    with session.gate() as gate:
        if dry_run:
            due = [one.due for one in _overview(session, gate) if one.due]
            _telldescribed([one for one in due if one.any], as_json=as_json)
            return
        job = Expunging(service.expired(SystemClock().now()))
        free = delete(session, gate, retentions.RETENTION, job)
    tell_deleted(job, free=free, as_json=as_json)


def after_import(session: Session, gate: Gate, brake: Brake, listen: Listener) -> None:
    """Delete what is too old by now, where anything is."""
    call, clock = session.owner(retentions.RETENTION), SystemClock()
    if retentions.waits(gate, call, clock):
        job = retentions.by_itself(clock)
        retentions.carry_through(gate, call, job, listen=listen, between=brake.between)


def delete(session: Session, gate: Gate, action: str, job: Expunging) -> bool:
    """Delete, with a bar; what is done when the person stops it stays deleted.

    Returns:
        Whether nothing of it is left in the store's files.

    Raises:
        KeyboardInterrupt: The person stopped it.
    """
    with listening("looking") as listen, Brake() as brake:
        return retentions.carry_through(
            gate, session.owner(action), job, listen=listen, between=brake.between
        )


def tell_deleted(job: Expunging, *, free: bool, as_json: bool) -> None:
    """Say what went."""
    if as_json:
        say_json(_deleted(job, free=free))
        return
    what = ", ".join(f"{of} of {n}" for of, n in sorted(job.counts.items()))
    say(f"Deleted: {what}." if what else "Nothing is due to be deleted.")
    if job.broken:
        say(
            f"{count(job.broken, 'recording')} cannot be read, and so stayed. Look "
            f"with: {command()} doctor --deep"
        )
    if not free:
        say(
            "Pieces of it are still in the store's files, since another process reads "
            "there, or the disk is full. They go with the next deletion or backup."
        )


def _deleted(job: Expunging, *, free: bool) -> dict[str, Any]:
    return {"deleted": job.counts, "not_readable": job.broken, "swept": free}


def _lengthen(
    session: Session,
    category: Category,
    days: int | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    said = {"category": category, "days": days}
    if dry_run:
        if as_json:
            say_json({**said, "due": _NOTHING})
        else:
            say("Nothing would be deleted.")
        return
    require_terminal()
    length = "until you delete it" if days is None else f"for {count(days, 'day')}"
    challenge(f"keep {category} {length}")
    session.widen("retention set", _setting(category, days), detail=said)
    if as_json:
        say_json({**said, "deleted": {}})
    else:
        say(f"Kept {length}: {category}.")


def _shorten(
    session: Session, category: Category, days: int, *, dry_run: bool, as_json: bool
) -> None:
    if not dry_run:
        require_terminal()

    def work(tx: Tx, maintenance: Maintenance, who: Identity | None) -> Due:
        now = SystemClock().now()
        return service.would_go(tx, maintenance, _there(who), now, (category, days))

    with session.gate() as gate:
        due = gate.maintain(session.owner("retention preview"), work)
    kept = f"{category} is kept for {count(days, 'day')} after its day"
    detail = {"category": category, "days": days}
    if dry_run and as_json:
        say_json({**detail, "due": _counted(due)})
        return
    if dry_run:
        say(f"If {kept}, this goes now: {described(due)}.")
        return
    err().print(f"Once {kept}, this goes now, for good: {described(due)}.")
    challenge("delete it, now and as it gets older")
    job = Expunging(service.expired(SystemClock().now()))
    # Behind the consent lock, like every erasure.
    session.widen("retention set", _setting(category, days), detail=detail)
    with session.gate() as gate:
        free = delete(session, gate, retentions.RETENTION, job)
    if as_json:
        say_json({**detail, **_deleted(job, free=free)})
        return
    say(f"Kept for {count(days, 'day')}: {category}.")
    tell_deleted(job, free=free, as_json=False)


def _setting(category: Category, days: int | None) -> Callable[[Tx, Grant], bool]:
    return lambda tx, grant: service.set_days(tx, grant, category, days)


def _overview(session: Session, gate: Gate) -> list[Kept]:
    def work(tx: Tx, maintenance: Maintenance, who: Identity | None) -> list[Kept]:
        return service.overview(tx, maintenance, _there(who), SystemClock().now())

    return gate.maintain(session.owner("retention"), work)


def _there(who: Identity | None) -> Identity:
    if who is None:
        raise PersonErasedError
    return who


def _telldescribed(due: list[Due], *, as_json: bool) -> None:
    if as_json:
        say_json({"due": {str(one.target.category): _counted(one) for one in due}})
    elif not due:
        say("Nothing is due to be deleted.")
    for one in () if as_json else due:
        say(f"Due: {one.target.category} of {described(one)}")


def described(due: Due) -> str:
    """Say how much is held of something."""
    said = count(due.recordings, "recording")
    return f"{said}, {count(due.values, 'value')} told" if due.values else said


def _counted(due: Due) -> dict[str, int]:
    return {"recordings": due.recordings, "values": due.values}


def _as_json(one: Kept) -> dict[str, Any]:
    return {
        "category": one.category,
        "days": one.days,
        "first_day": one.first_day,
        "due": _counted(one.due) if one.due else _NOTHING,
    }
