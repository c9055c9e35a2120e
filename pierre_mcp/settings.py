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

from pierre_mcp.errors import (
    EnvironmentUnknownError,
    KeyAgeMalformedError,
    LogDaysMalformedError,
    ProfileMalformedError,
)

APP: Final = "pierre-mcp"
DEFAULT_PROFILE: Final = "default"
KEY_MAX_AGE_DAYS: Final = 365
AUDIT_DAYS: Final = 2_192
AUDIT_DETAIL_DAYS: Final = 90
"""Six years, leap days included, as 45 CFR 164.316(b)(2)(i) asks; and three months."""

_LEAST_AUDIT_DAYS: Final = 365
_LEAST_AUDIT_DETAIL_DAYS: Final = 30
_MOST_DAYS: Final = 36_500
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
        (
            "Where the master key comes from: `env`, `dev`, `file:/absolute/path`, "
            '`keychain:SERVICE/NAME`, `command:["PROGRAM", "ARGUMENT"]` (no '
            "shell), a `pkcs11:` URI with `module-path` and `pin-source`, or "
            "`passphrase`. It is copied into a client's entry: put no secret in it."
        ),
    ),
    "PIERRE_MASTER_ENCRYPTION_KEY": (
        "none",
        "The master key, base64 of 32 random bytes; taken out once read.",
    ),
    "PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS": (
        "none",
        (
            "Master keys that may only open, while they are replaced: a comma list of "
            "keys, or of sources as above but `env` and `command`; taken out once read."
        ),
    ),
    "PIERRE_KEY_MAX_AGE_DAYS": (
        "`365`",
        "Days after which the keys that seal are replaced, by the server itself.",
    ),
    "PIERRE_AUDIT_DAYS": (
        "`2192`",
        "Days after which rows of the log go, by the server itself; 365 at least.",
    ),
    "PIERRE_AUDIT_DETAIL_DAYS": (
        "`90`",
        "Days after which the details sealed beside them go; 30 at least.",
    ),
    "PIERRE_ALERT_COMMAND": (
        "none",
        (
            "A command that is told of each alert, as JSON on its standard input: a "
            "JSON list of words, or words as a shell has them (no shell reads them). "
            "It has ten seconds, and is copied into a client's entry: put no secret "
            "in it."
        ),
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
        previous_keys: Likewise; a comma list.
        key_max_age_days: When the server replaces a key that seals.
        audit_days: For how many days rows of the log are kept.
        audit_detail_days: For how many the details sealed beside them.
        alert_command: What is told of alerts; read when there is one.
    """

    data_dir: Path
    config_dir: Path
    profile: str = DEFAULT_PROFILE
    mek_source: str = field(default="", repr=False)
    production: bool = False
    master_key: str | None = field(default=None, repr=False)
    previous_keys: str = field(default="", repr=False)
    key_max_age_days: int = KEY_MAX_AGE_DAYS
    audit_days: int = AUDIT_DAYS
    audit_detail_days: int = AUDIT_DETAIL_DAYS
    alert_command: str = field(default="", repr=False)

    @property
    def store_dir(self) -> Path:
        """The directory of this profile's store."""
        return self.data_dir / self.profile

    @property
    def high_water_dir(self) -> Path:
        """The directory that tells, away from the stores, how far each has come."""
        return self.config_dir / "high-water"

    @property
    def rotation_lock(self) -> Path:
        """The file by whose lock one process at a time rotates keys by itself."""
        return self.store_dir / "rotation.lock"

    @property
    def retention_lock(self) -> Path:
        """The file by whose lock one process at a time deletes what has expired."""
        return self.store_dir / "retention.lock"

    @property
    def pruning_lock(self) -> Path:
        """The file by whose lock one process at a time prunes the log by itself."""
        return self.store_dir / "pruning.lock"

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
        InvalidError: The profile's name is not one, ``PIERRE_ENV`` is unknown, or the
            greatest age of a key is no number of days.
    """
    master_key = os.environ.pop("PIERRE_MASTER_ENCRYPTION_KEY", None)
    previous_keys = os.environ.pop("PIERRE_MASTER_ENCRYPTION_KEY_PREVIOUS", "")
    check_profile(profile)
    return Settings(
        data_dir=_path("PIERRE_DATA_DIR", user_data_path(APP, appauthor=False)),
        config_dir=_path("PIERRE_CONFIG_DIR", user_config_path(APP, appauthor=False)),
        profile=profile,
        mek_source=os.environ.get("PIERRE_MEK_SOURCE", ""),
        production=_production(os.environ.get("PIERRE_ENV", "")),
        master_key=master_key,
        previous_keys=previous_keys,
        key_max_age_days=_key_days(os.environ.get("PIERRE_KEY_MAX_AGE_DAYS", "")),
        audit_days=_log_days("PIERRE_AUDIT_DAYS", AUDIT_DAYS, _LEAST_AUDIT_DAYS),
        audit_detail_days=_log_days(
            "PIERRE_AUDIT_DETAIL_DAYS", AUDIT_DETAIL_DAYS, _LEAST_AUDIT_DETAIL_DAYS
        ),
        alert_command=os.environ.get("PIERRE_ALERT_COMMAND", "").strip(),
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
        "PIERRE_KEY_MAX_AGE_DAYS": str(settings.key_max_age_days),
        "PIERRE_AUDIT_DAYS": str(settings.audit_days),
        "PIERRE_AUDIT_DETAIL_DAYS": str(settings.audit_detail_days),
        "PIERRE_ALERT_COMMAND": settings.alert_command,
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
        "PIERRE_KEY_MAX_AGE_DAYS": str(settings.key_max_age_days),
        "PIERRE_AUDIT_DAYS": str(settings.audit_days),
        "PIERRE_AUDIT_DETAIL_DAYS": str(settings.audit_detail_days),
        "PIERRE_ALERT_COMMAND": settings.alert_command,
    }
    return {**os.environ, **own}


def environment_for_others() -> dict[str, str]:
    """Return the environment for a program that is not ours: none of our settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PIERRE_")}


def claude_desktop_dir() -> Path:
    """Return where Claude Desktop keeps its configuration on this system."""
    return user_config_path("Claude", appauthor=False, roaming=True)


def _production(life: str) -> bool:
    """Read ``PIERRE_ENV``: a word misspelt must not mean the weaker of the two."""
    known = _LIVES.get(life.strip().lower())
    if known is None:
        raise EnvironmentUnknownError
    return known


def _key_days(text: str) -> int:
    days = _days(text, KEY_MAX_AGE_DAYS, 1)
    if days is None:
        raise KeyAgeMalformedError
    return days


def _log_days(name: str, default: int, least: int) -> int:
    days = _days(os.environ.get(name, ""), default, least)
    if days is None:
        raise LogDaysMalformedError
    return days


def _days(text: str, default: int, least: int) -> int | None:
    """Read a whole number of days; None where it is none, ``default`` for nothing."""
    if not text.strip():
        return default
    if not text.strip().isdecimal() or not least <= int(text) <= _MOST_DAYS:
        return None
    return int(text)


def _path(name: str, default: Path) -> Path:
    value = os.environ.get(name)
    return Path(value).expanduser().absolute() if value else default
