"""The inbox: which folder ``setup --inbox`` takes, and what is wrong with it now."""

from pathlib import Path

from pierre_mcp.cli.faults import NotTakenError
from pierre_mcp.model.grant import Grant
from pierre_mcp.platform import is_own_dir
from pierre_mcp.policy.privacy import clean
from pierre_mcp.services.faults import InboxUnusableError
from pierre_mcp.services.health import Check, Verdict
from pierre_mcp.settings import Settings
from pierre_mcp.store import people
from pierre_mcp.store.database import Tx


def chosen(
    settings: Settings, folder: Path | None, *, none: bool
) -> dict[str, str | None]:
    """Return what ``--inbox`` and ``--no-inbox`` change of the person's settings.

    Raises:
        InboxUnusableError: The folder cannot be an inbox.
        NotTakenError: Both were given.
    """
    if folder is not None and none:
        msg = "It is either --inbox FOLDER or --no-inbox."
        raise NotTakenError(msg)
    if folder is None:
        return {"inbox": None} if none else {}
    path = folder.expanduser().absolute()
    if not usable(settings, path):
        raise InboxUnusableError
    return {"inbox": str(path)}


def usable(settings: Settings, path: Path) -> bool:
    """Tell whether a folder may be the inbox.

    It is the person's own, as ``is_own_dir`` has it, and apart from where store and
    keys are: what is imported is chosen by its name alone.
    """
    if not is_own_dir(path) or not str(path).isprintable():
        return False
    real = path.resolve()
    ours = (settings.data_dir.resolve(), settings.config_dir.resolve())
    return not any(real.is_relative_to(one) or one.is_relative_to(real) for one in ours)


def check(settings: Settings, tx: Tx, grant: Grant) -> Check:
    """Say which folder is the inbox, and whether it can be imported."""
    folder = people.profile(tx, grant).inbox
    if folder is None:
        return Check("inbox", Verdict.OK, "none: no assistant can import anything")
    words = clean(folder)
    if usable(settings, Path(folder)):
        return Check("inbox", Verdict.OK, words)
    fix = (
        f"{InboxUnusableError.remedy.partition(', or')[0]}, or name another with: "
        f"{grant.here.command} setup --inbox FOLDER"
    )
    return Check("inbox", Verdict.FAIL, f"{words} is not yours alone, or gone", fix)
