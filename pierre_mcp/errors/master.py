"""The master key cannot be had: each way has a sentence of its own, and ends with 78.

Absent is not unreadable, and neither ever makes a key.
"""

from typing import Self

from pierre_mcp.errors.kinds import KeyringError


class MasterKeyError(KeyringError):
    """The master key cannot be had."""

    code = "master_key"
    exit_status = 78

    def needing(self, mek_id: bytes) -> Self:
        """Return the same fault of a store that needs the key of this public id."""
        words = str(self).removesuffix(self.remedy).rstrip()
        needs = f"This store needs the key with the public id {mek_id.hex()}."
        return type(self)(f"{words} {needs} {self.remedy}".rstrip())


class MasterSourceError(MasterKeyError):
    """The setting PIERRE_MEK_SOURCE, or one of PREVIOUS, names no source as it should."""  # noqa: E501

    code = "master_key_source"
    remedy = (
        "It is env, dev, passphrase, file:/PATH, keychain:SERVICE/NAME, "
        'command:["PROGRAM", "ARGUMENT"] or a pkcs11: URI.'
    )


class MasterKeyMissingError(MasterKeyError):
    """No master key was given, and this store does not run without one."""

    code = "master_key_missing"
    remedy = "Set PIERRE_MASTER_ENCRYPTION_KEY, or name its place in PIERRE_MEK_SOURCE."


class MasterKeyMalformedError(MasterKeyError):
    """The master key is not the base64 text of exactly 32 random bytes."""

    code = "master_key_malformed"
    remedy = "Copy it again whole; for a new store, make one with: pierre-mcp keys new"


class MasterKeyWrongError(MasterKeyError):
    """The master key given is not the one this store was sealed under.

    Attributes:
        needed_id: The public id of the master key that opens it, in hexadecimal.
    """

    code = "master_key_wrong"

    def __init__(self, needed_id: bytes) -> None:
        self.needed_id = needed_id.hex()
        super().__init__(
            "The master key given is not the one this store was sealed under. "
            f"It needs the key with the public id {self.needed_id}."
        )


class MasterKeyRetiredError(MasterKeyError):
    """The master key set as primary has retired: nothing is wrapped under it again."""

    code = "master_key_retired"
    remedy = "Set the key that replaced it as primary, and this one as previous."


class MasterKeySameError(MasterKeyError):
    """The keys are wrapped already under the master key that is set as primary."""

    code = "master_key_same"
    remedy = "Set a new key as primary, and the one until now as previous."


class MasterKeyUnreadableError(MasterKeyError):
    """The master key is there, but cannot be read safely."""

    code = "master_key_unreadable"
    remedy = "Its file must be yours or root's and closed to others: chmod 600."


class MasterCommandError(MasterKeyError):
    """The command that gives the master key failed, was too slow, or said too much."""

    code = "master_key_command"
    remedy = (
        "It must end well within 10 seconds and print the key alone; try it by hand."
    )


class MasterKeychainError(MasterKeyError):
    """There is no keychain here that keeps its secrets sealed."""

    code = "master_key_keychain"
    remedy = "Those of macOS, Windows, GNOME (Secret Service) and KDE (KWallet) do."


class MasterKeychainLockedError(MasterKeyError):
    """The keychain is locked, or did not let us have the master key."""

    code = "master_key_keychain_locked"
    remedy = "Unlock it, allow this program, and try again."


class MasterPackageError(MasterKeyError):
    """The package that this source of the master key needs is not installed."""

    code = "master_key_package"
    remedy = "Install pierre-mcp with its extra: keychain or pkcs11."


class MasterTokenError(MasterKeyError):
    """The token of the master key cannot be used."""

    code = "master_key_token"
    remedy = "Check that it is there, and the module, token, object and PIN of its URI."


class MasterTokenKeyError(MasterKeyError):
    """The key in the token is none that stays there: AES-256, sensitive, not extractable."""  # noqa: E501

    code = "master_key_token_key"
    remedy = "Make one in the token, with the right to encrypt and to decrypt."


class MasterPinError(MasterKeyError):
    """A PIN does not stand in the URI of a token: settings are copied and shown."""

    code = "master_key_pin"
    remedy = "Keep it in a file that is yours alone, as pin-source=file:/PATH."


class PassphraseTerminalError(MasterKeyError):
    """The passphrase is asked for on a terminal, and there is none here."""

    code = "passphrase_terminal"
    remedy = "For a server, name another source of the master key."


class PassphraseShortError(MasterKeyError):
    """A passphrase has at least 15 characters."""

    code = "passphrase_short"
    remedy = "Five or six random words are easy to keep, and long enough."


class PassphrasesDifferError(MasterKeyError):
    """The two passphrases typed are not the same, so neither was taken."""

    code = "passphrases_differ"


class MasterKeyInTokenError(MasterKeyError):
    """The master key is in a token, which never gives it away."""

    code = "master_key_in_token"


class MasterKeyElsewhereError(MasterKeyError):
    """The master key is not kept by this program: it is shown where you keep it."""

    code = "master_key_elsewhere"


class MasterKeyTakenError(MasterKeyError):
    """There is a key at that place already, and it was left as it is."""

    code = "master_key_taken"
    remedy = "Name another place."
