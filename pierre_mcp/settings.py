"""The settings: the only place that reads the environment.

Where the README lists them, the list is printed from ``SETTINGS``.
"""

import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

from platformdirs import user_config_path, user_data_path

from pierre_mcp.errors import EnvironmentUnknownError, ProfileMalformedError

APP: Final = "pierre-mcp"
DEFAULT_PROFILE: Final = "default"
_PROFILE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LIVES: Final = {"": False, "development": False, "production": True}

SETTINGS: Final = {
    "PIERRE_DATA_DIR": (
        "the system's place for application data",
        "Where the store is kept.",
    ),
    "PIERRE_CONFIG_DIR": (
        "the system's place for configuration",
        "Where the development key and high-water marks are, away from the store.",
    ),
    "PIERRE_MEK_SOURCE": (
        "`env` if a key is given there, else `dev`",
        "Where the master key comes from: `env`, `file:/absolute/path` or `dev`.",
    ),
    "PIERRE_MASTER_ENCRYPTION_KEY": (
        "none",
        "The master key, base64 of 32 random bytes; taken out once read.",
    ),
    "PIERRE_ENV": (
        "`development`",
        "`development` or `production`, which refuses to start on a development key.",
    ),
}
"""Each setting with its default and its meaning."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment and the command line set.

    Attributes:
        profile: Which person's store; each is a store of its own.
        master_key: As given, never shown.
    """

    data_dir: Path
    config_dir: Path
    profile: str = DEFAULT_PROFILE
    mek_source: str = ""
    production: bool = False
    master_key: str | None = field(default=None, repr=False)

    @property
    def store_dir(self) -> Path:
        """The directory of this profile's store."""
        return self.data_dir / self.profile

    @property
    def high_water_dir(self) -> Path:
        """The directory that tells, away from the stores, how far each has come."""
        return self.config_dir / "high-water"

    @property
    def command(self) -> str:
        """How the person calls this program for this profile."""
        if self.profile == DEFAULT_PROFILE:
            return APP
        return f"{APP} --profile {self.profile}"

    @property
    def server_name(self) -> str:
        """What this profile's entry is called in a client's configuration."""
        if self.profile == DEFAULT_PROFILE:
            return "pierre"
        return f"pierre-{self.profile}"


def from_environment(profile: str = DEFAULT_PROFILE) -> Settings:
    """Read the settings, and take the master key out of the environment.

    A child then does not inherit the key. What ``/proc`` still shows is closed by
    ``platform.harden``, which runs before.

    Raises:
        InvalidError: The profile's name is not one, or ``PIERRE_ENV`` is unknown.
    """
    check_profile(profile)
    master_key = os.environ.pop("PIERRE_MASTER_ENCRYPTION_KEY", None)
    return Settings(
        data_dir=_path("PIERRE_DATA_DIR", user_data_path(APP, appauthor=False)),
        config_dir=_path("PIERRE_CONFIG_DIR", user_config_path(APP, appauthor=False)),
        profile=profile,
        mek_source=os.environ.get("PIERRE_MEK_SOURCE", ""),
        production=_production(os.environ.get("PIERRE_ENV", "")),
        master_key=master_key,
    )


def check_profile(name: str) -> None:
    """Hold a profile's name to what can be a directory and part of a server's name.

    Raises:
        ProfileMalformedError: It cannot.
    """
    if not _PROFILE.fullmatch(name):
        raise ProfileMalformedError


def overrides(settings: Settings) -> dict[str, str]:
    """Return what a client's entry must repeat for the server to find this store.

    Never the master key: a client's configuration is a plain file.
    """
    chosen = {
        "PIERRE_DATA_DIR": str(settings.data_dir),
        "PIERRE_CONFIG_DIR": str(settings.config_dir),
        "PIERRE_MEK_SOURCE": settings.mek_source,
        "PIERRE_ENV": "production" if settings.production else "",
    }
    return {name: value for name, value in chosen.items() if os.environ.get(name)}


@cache
def zone_names() -> frozenset[str]:
    """Return every IANA zone there is here; ``localtime`` is a file, and no zone."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def machine_zone() -> str:
    """Return the IANA name of this machine's time zone, or ``UTC`` where none is told.

    Read from ``TZ``, ``/etc/timezone`` or where ``/etc/localtime`` points.
    """
    named = [os.environ.get("TZ", "").removeprefix(":"), _text("/etc/timezone")]
    named.append(str(Path("/etc/localtime").resolve()))
    names = (name.rpartition("zoneinfo/")[2] for name in named)
    return next((name for name in names if name in zone_names()), "UTC")


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def environment_for_child(settings: Settings) -> dict[str, str]:
    """Return the environment for a server we start ourselves (``demo``)."""
    own = {
        "PIERRE_DATA_DIR": str(settings.data_dir),
        "PIERRE_CONFIG_DIR": str(settings.config_dir),
        "PIERRE_MEK_SOURCE": settings.mek_source,
        "PIERRE_ENV": "production" if settings.production else "",
    }
    return {**os.environ, **own}


def claude_desktop_dir() -> Path:
    """Return where Claude Desktop keeps its configuration on this system."""
    return user_config_path("Claude", appauthor=False, roaming=True)


def _production(life: str) -> bool:
    """Read ``PIERRE_ENV``: a word misspelt must not mean the weaker of the two."""
    known = _LIVES.get(life.strip().lower())
    if known is None:
        raise EnvironmentUnknownError
    return known


def _path(name: str, default: Path) -> Path:
    value = os.environ.get(name)
    return Path(value).expanduser().absolute() if value else default
