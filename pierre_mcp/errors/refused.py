"""The gate said no."""

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
