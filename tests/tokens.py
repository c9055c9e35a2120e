"""A real token (SoftHSM) and a real keychain (GNOME's), one of each for all tests.

Both are Debian packages; where they are not installed the tests say so and are skipped.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PIN = "pin-4c1d9a77"
PASSWORD = b"keychain-password"
_BUS, _DAEMON = ("dbus-run-session", "--"), ("gnome-keyring-daemon",)
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class SoftToken:
    """A token of ours, and where its PIN is kept."""

    module: str
    config: Path
    pin_file: Path
    token: Any = field(repr=False)

    def make_key(self, label: str, *, bits: int = 256, **changed: bool) -> None:
        """Make an AES key in the token, which stays there unless told otherwise."""
        import pkcs11  # noqa: PLC0415 - an extra

        may = {"SENSITIVE": True, "EXTRACTABLE": False, **changed}
        template = {pkcs11.Attribute[name]: value for name, value in may.items()}
        with self._session() as session:
            session.generate_key(
                *(pkcs11.KeyType.AES, bits), label=label, store=True, template=template
            )

    def remove_key(self, label: str) -> None:
        import pkcs11  # noqa: PLC0415 - an extra

        with self._session() as session:
            for key in session.get_objects({pkcs11.Attribute.LABEL: label}):
                key.destroy()

    def uri(self, label: str, **changed: str) -> str:
        """The source of a key in it, as the setting takes it."""
        query = {
            "module-path": self.module,
            "pin-source": f"file:{self.pin_file}",
            **changed,
        }
        asked = "&".join(f"{name}={value}" for name, value in query.items() if value)
        return f"pkcs11:token=pierre;object={label}?{asked}"

    @contextlib.contextmanager
    def _session(self) -> Iterator[Any]:
        import pkcs11  # noqa: PLC0415 - an extra

        try:
            session = self.token.open(user_pin=PIN, rw=True)
        except pkcs11.UserAlreadyLoggedIn:
            session = self.token.open(rw=True)
        with session:
            yield session


@pytest.fixture(scope="session")
def soft_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftToken]:
    """A token of SoftHSM's that holds the key ``mek``."""
    pkcs11 = pytest.importorskip("pkcs11", reason="the extra pkcs11 is not installed")
    module = next((path for path in _MODULES if Path(path).is_file()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed (Debian: softhsm2)")
    home = tmp_path_factory.mktemp("token")
    (home / "tokens").mkdir()
    config = home / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {home / 'tokens'}\nlog.level = ERROR\n")
    pin_file = home / "pin"
    pin_file.write_text(f"{PIN}\n")
    pin_file.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(config))
        init = ["softhsm2-util", "--init-token", "--free", "--label", "pierre"]
        subprocess.run(
            [*init, "--so-pin", "so-pin-of-test", "--pin", PIN],
            check=True,
            capture_output=True,
        )
        token = pkcs11.lib(module).get_token(
            token_label="pierre"  # noqa: S106 - its name
        )
        made = SoftToken(module, config, pin_file, token)
        made.make_key("mek")
        yield made


@pytest.fixture(scope="session")
def keychain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An unlocked keychain on a bus of its own; the environment that finds it."""
    pytest.importorskip("keyring", reason="the extra keychain is not installed")
    for program in (_BUS[0], _DAEMON[0]):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: dbus, gnome-keyring)")
    home = tmp_path_factory.mktemp("keychain")
    home.chmod(0o700)
    # No display: a prompt fails at once, and never waits for somebody.
    env = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "XDG_RUNTIME_DIR": str(home),
        "XDG_DATA_DIRS": str(home),
        "LANG": "C.UTF-8",
    }
    with subprocess.Popen(
        [*_BUS, "sh", "-c", "echo $DBUS_SESSION_BUS_ADDRESS; cat"],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as bus:
        assert bus.stdin
        assert bus.stdout
        env["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
        try:
            unlock(env)
            with pytest.MonkeyPatch.context() as patch:
                for name, value in env.items():
                    if name != "HOME":
                        patch.setenv(name, value)
                yield env
        finally:
            bus.stdin.close()
            bus.wait(10)


def unlock(env: dict[str, str]) -> None:
    """Start the keychain's daemon, or unlock the one there is."""
    subprocess.run(
        [*_DAEMON, "--replace", "--unlock", "--components=secrets"],
        env=env,
        input=PASSWORD,
        check=True,
        capture_output=True,
        timeout=20,
    )
