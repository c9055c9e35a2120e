"""The faults of the command line; like all others, they quote no value."""

from pierre_mcp.errors import CancelledCallError, InvalidError, RefusedError


class NoTerminalError(RefusedError):
    """Only a person at a terminal does this, and there is none here."""

    code = "no_terminal"
    remedy = "Run the command yourself, in a terminal window."


class ChallengeFailedError(RefusedError):
    """The words typed were not the words shown, so nothing was changed."""

    code = "challenge_failed"


class ExpiryMalformedError(InvalidError):
    """An expiry is 30d, 6m, 1y or a date as 2027-03-01, and lies in the future."""

    code = "expiry_malformed"


class NothingImportedError(InvalidError):
    """There is nothing to consent to yet."""

    code = "nothing_imported"
    remedy = "Import first, with: pierre-mcp import PATH"


class ConfigUnreadableError(InvalidError):
    """The client's configuration file is not JSON that can be added to."""

    code = "config_unreadable"
    remedy = "Mend or move it, and run the command again; it was left as it is."


class PathTakenError(InvalidError):
    """There is something at that path already, and it was left as it is."""

    code = "path_taken"
    remedy = "Name another."


class PathUnwritableError(InvalidError):
    """The file cannot be made there."""

    code = "path_unwritable"
    remedy = "Name a path in a folder that is there and is yours."


class ExportStoppedError(RefusedError):
    """The export was stopped, and nothing of it is left."""

    code = "export_stopped"
    exit_status = 130


class NotTakenError(InvalidError):
    """What was given is not among what the command takes."""

    code = "not_taken"


class OthersConsentError(RefusedError):
    """Other assistants still have your consent for some of it; nothing was changed."""

    code = "others_consent"
    remedy = "To delete it all the same, add --anyway."


class HistoryTamperedError(RefusedError):
    """The history of your consents was changed from outside."""

    code = "history_tampered"
    remedy = "Run: pierre-mcp doctor --deep"


class ReceiptInvalidError(InvalidError):
    """This is no receipt of a consent that holds."""

    code = "receipt_invalid"


class NoScreenError(RefusedError):
    """A key is shown on a terminal only, and this output goes elsewhere."""

    code = "no_screen"
    remedy = "Run the command yourself, in a terminal window, without a pipe."


class NoStoreError(InvalidError):
    """There is no store here yet."""

    code = "no_store"
    remedy = "Make it with: pierre-mcp setup"


class StoreThereError(RefusedError):
    """There is a store already, and it was left as it is."""

    code = "store_there"
    remedy = "To replace it, add --replace."


class ReaderGoneError(CancelledCallError):
    """Whoever was to read it has read enough."""

    code = "reader_gone"


class PassphraseWeakError(InvalidError):
    """A passphrase has at least 12 characters, 6 of them different, so that trying out is slow."""  # noqa: E501

    code = "passphrase_weak"
    remedy = "Four random words are easy to keep, and long enough."


class PassphrasesUnlikeError(InvalidError):
    """The two passphrases typed are not the same, so neither was taken."""

    code = "passphrases_unlike"
