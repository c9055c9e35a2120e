"""The gate said no."""

from math import ceil

from pierre_mcp.errors.kinds import RefusedError


class PolicyTamperedError(RefusedError):
    """The consents stored are not those last recorded, so nothing is released."""

    code = "policy_tampered"
    remedy = "Run: pierre-mcp doctor"


class AuditTamperedError(RefusedError):
    """The audit log was changed from outside, so nothing is released."""

    code = "audit_tampered"
    remedy = "Run: pierre-mcp audit verify"


class ConsentMissingError(RefusedError):
    """No consent in force covers what the tool would read.

    Attributes:
        scopes: Every scope the call lacks; empty where only the bundle can be named.
        command: The one command by which the person gives them all.
    """

    code = "consent_missing"

    def __init__(self, scopes: tuple[str, ...], command: str) -> None:
        lacking = f" for {', '.join(scopes)}" if scopes else ""
        super().__init__(
            f"No consent in force{lacking}. Only the person can give it, on a "
            f"terminal, with: {command}"
        )
        self.scopes = scopes
        self.command = command


class ObjectedError(RefusedError):
    """The person objects to this, whatever is consented to.

    Attributes:
        objections: In the words of the policy.
        commands: Those by which the person lifts them.
    """

    code = "objected"

    def __init__(self, objections: tuple[str, ...], commands: tuple[str, ...]) -> None:
        super().__init__(
            f"The person objects to {', '.join(objections)}, whatever is consented to. "
            f"Only the person can lift that, on a terminal, with: {'; '.join(commands)}"
        )
        self.objections = objections
        self.commands = commands


class NoticeChangedError(RefusedError):
    """What consent was given upon is worded differently by now, so it does not count.

    Attributes:
        command: The one command by which the person gives it anew.
    """

    code = "notice_changed"

    def __init__(self, command: str) -> None:
        super().__init__(
            "The notice that consent was given upon has changed since, so it does not "
            "count until it is given anew. Only the person can do that, on a terminal, "
            f"with: {command}"
        )
        self.command = command


class ClockSuspectError(RefusedError):
    """The clock was moved by more than a day while this ran; nothing is released.

    Attributes:
        command: By which the person says that it is right as it is now.
    """

    code = "clock_suspect"

    def __init__(self, command: str) -> None:
        super().__init__(
            "The clock of this machine was moved by more than a day while this ran, so "
            "it cannot be told which consents have ended. Set it right; or, if it is "
            f"right now, the person confirms it on a terminal with: {command}"
        )
        self.command = command


class PolicyChangedError(RefusedError):
    """The person changed what they consent to while this ran; nothing is released."""

    code = "policy_changed"
    remedy = "Ask again."


class PreviewWritesError(RefusedError):
    """A preview changes nothing, and this tool would."""

    code = "preview_writes"


class DemoStoreError(RefusedError):
    """This is a demo store: it never holds anyone's real data."""

    code = "demo_store"
    remedy = "Set up your own with: pierre-mcp setup"


class DemoRecipientError(RefusedError):
    """A demo is served to the recipient demo, and to no other."""

    code = "demo_recipient"


class ConsentLockedError(RefusedError):
    """The consent lock is on, and this was not done with its passphrase."""

    code = "consent_locked"
    remedy = "Run the command yourself, in a terminal window."


class LockPassphraseWrongError(RefusedError):
    """That is not the passphrase of the consent lock, so nothing was changed."""

    code = "passphrase_wrong"


class LockWaitsError(RefusedError):
    """The consent lock was tried with wrong passphrases too often, and waits."""

    code = "lock_waits"

    def __init__(self, wait_s: float) -> None:
        minutes = max(1, ceil(wait_s / 60))
        super().__init__(
            "The consent lock was tried with wrong passphrases too often. Try again in "
            f"{minutes} min; what takes consent back needs no passphrase."
        )
        self.wait_s = wait_s


class RateLimitedError(RefusedError):
    """This assistant asks faster than it is let in.

    Attributes:
        retry_after_s: When it may ask again, at the earliest.
        command: By which the person lifts that.
    """

    code = "rate_limited"

    def __init__(self, retry_after_s: float, command: str) -> None:
        self.retry_after_s = max(1, ceil(retry_after_s))
        super().__init__(
            f"These were too many calls. Ask again in {self.retry_after_s} s. The "
            f"person sees why, and can lift it, on a terminal, with: {command}"
        )
        self.command = command


class TokenRefusedError(RefusedError):
    """The consent token is not one of this store's in use, as it gave it out."""

    code = "token_refused"
    remedy = "Issue another with: pierre-mcp consent token"


class TokenExpiredError(TokenRefusedError):
    """The consent token has run out."""

    code = "token_expired"
