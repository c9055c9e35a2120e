"""Claude Desktop's configuration: our entry merged in, everything else left alone."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pierre_mcp.cli.faults import ConfigUnreadableError
from pierre_mcp.settings import Settings, claude_desktop_dir, overrides

CLAUDE_DESKTOP: Final = "claude-desktop"
_FILE: Final = "claude_desktop_config.json"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the configuration file.

    Attributes:
        backup: Where the file as it was is kept; None where there was none to keep.
    """

    path: Path
    changed: bool
    backup: Path | None


def entry(settings: Settings, recipient: str = CLAUDE_DESKTOP) -> dict[str, Any]:
    """Return the entry a client starts us by.

    The command is this Python by its absolute path: clients are not started from a
    shell, and do not know its PATH. ``-P``: some start us in a project's directory, and
    nothing is to be imported from there.
    """
    profile = (
        [] if settings.command == "pierre-mcp" else ["--profile", settings.profile]
    )
    arguments = ["-P", "-m", "pierre_mcp", *profile, "serve", "--client", recipient]
    made: dict[str, Any] = {"command": sys.executable, "args": arguments}
    own = overrides(settings)
    return made | {"env": own} if own else made


def config_path() -> Path:
    """Return the path of Claude Desktop's configuration on this system."""
    return claude_desktop_dir() / _FILE


def present(settings: Settings) -> dict[str, Any] | None:
    """Return our entry as the client has it, or None.

    Raises:
        ConfigUnreadableError: The file is not JSON of the expected shape.
    """
    found = _read(config_path()).get("mcpServers", {}).get(settings.server_name)
    return found if isinstance(found, dict) else None


def add(settings: Settings) -> Written:
    """Add or renew our entry, keeping the file as it was beside it.

    Raises:
        ConfigUnreadableError: The file is not JSON of the expected shape; it is left.
    """
    path = config_path().resolve()  # a link to it stays a link
    config = _read(path)
    servers = config.setdefault("mcpServers", {})
    ours = entry(settings)
    if servers.get(settings.server_name) == ours:
        return Written(path, changed=False, backup=None)
    servers[settings.server_name] = ours
    backup = _keep(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if backup is not None:
        draft.chmod(path.stat().st_mode & 0o777)
    draft.replace(path)
    return Written(path, changed=True, backup=backup)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise ConfigUnreadableError from None
    try:
        config = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise ConfigUnreadableError from None
    if not isinstance(config, dict) or not isinstance(
        config.get("mcpServers", {}), dict
    ):
        raise ConfigUnreadableError
    return config


def _keep(path: Path) -> Path | None:
    """Copy the file beside itself under the first free name."""
    if not path.exists():
        return None
    content = path.read_bytes()
    for number in range(1, 1_000):
        backup = path.with_name(f"{path.name}.backup-{number}")
        try:
            with backup.open("xb") as kept:
                kept.write(content)
        except FileExistsError:
            continue
        return backup
    raise ConfigUnreadableError
