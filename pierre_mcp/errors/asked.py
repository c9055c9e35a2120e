"""What was asked is not well formed, or names nothing there is."""

from pierre_mcp.errors.kinds import InvalidError, NotFoundError, PierreError


class ArgumentsInvalidError(InvalidError):
    """The arguments are not what the tool takes."""

    code = "arguments_invalid"


class ScopeMalformedError(InvalidError):
    """A scope is written as strava:activities, analytics:insights, share:NAME or tool:NAME."""  # noqa: E501

    code = "scope_malformed"


class KeyAgeMalformedError(InvalidError):
    """The greatest age of a key is a whole number of days, from 1 to 36500."""

    code = "key_age_malformed"
    exit_status = 78
    remedy = "Set PIERRE_KEY_MAX_AGE_DAYS to one, or leave it unset for a year."


class LogDaysMalformedError(InvalidError):
    """The log is kept for a whole number of days: rows from 365 to 36500, their details from 30."""  # noqa: E501

    code = "log_days_malformed"
    exit_status = 78
    remedy = "Set PIERRE_AUDIT_DAYS and PIERRE_AUDIT_DETAIL_DAYS so, or unset them."


class ObjectionUnknownError(InvalidError):
    """One objects to insights, to predictions, or to share, with --to to one assistant's."""  # noqa: E501

    code = "objection_unknown"


class LabelMalformedError(InvalidError):
    """A recipient's label is lower-case letters, digits and hyphens, 40 at most."""

    code = "label_malformed"


class ProfileMalformedError(InvalidError):
    """A profile's name is lower-case letters, digits and hyphens, 40 at most."""

    code = "profile_malformed"


class EnvironmentUnknownError(InvalidError):
    """The setting PIERRE_ENV is development or production."""

    code = "environment_unknown"
    exit_status = 78


class CursorInvalidError(InvalidError):
    """The cursor is not one given out for this question."""

    code = "cursor_invalid"
    remedy = "Ask again without it."


class WitnessFailedError(InvalidError):
    """That file or command took no checkpoint, so it was not added."""

    code = "witness_failed"
    remedy = "A file is in a folder that is there; a command ends with 0 within 10 s."


class WitnessForeignError(InvalidError):
    """There is something else in that file, and it was left as it is."""

    code = "witness_foreign"
    remedy = "Name another."


class WitnessTakenError(InvalidError):
    """It keeps checkpoints already, or eight others do, which is the most there are."""

    code = "witness_taken"


class WitnessUnknownError(NotFoundError):
    """No such file or command keeps checkpoints."""

    code = "witness_unknown"
    remedy = "Their numbers are shown by: pierre-mcp audit witness"


class ZoneUnknownError(InvalidError):
    """The time zone is not a name of the IANA database, as Europe/Berlin is."""

    code = "zone_unknown"


class ToolUnknownError(NotFoundError):
    """There is no tool of that name."""

    code = "tool_unknown"


class PromptUnknownError(NotFoundError):
    """There is no prompt of that name."""

    code = "prompt_unknown"


class ResourceUnknownError(NotFoundError):
    """There is no resource at that address."""

    code = "resource_unknown"


class ActivityUnknownError(NotFoundError):
    """There is no activity with this id among what you may read."""

    code = "activity_unknown"
    remedy = "Take an id from get_activities."


class PrivacyZoneUnknownError(NotFoundError):
    """There is no one privacy zone of this name or number."""

    code = "privacy_zone_unknown"
    remedy = "See them with: pierre-mcp privacy zone list"


class ImportUnknownError(NotFoundError):
    """There is no import with this id."""

    code = "import_unknown"
    remedy = "See them with: pierre-mcp imports"


class OriginalUnknownError(NotFoundError):
    """The original of this file is not kept."""

    code = "original_unknown"
    remedy = "Keep it with: pierre-mcp import --keep-originals PATH"


class AlertUnknownError(NotFoundError):
    """There is no alert with this number."""

    code = "alert_unknown"
    remedy = "See them with: pierre-mcp security alerts"


class ThresholdUnknownError(NotFoundError):
    """There is no threshold of that name."""

    code = "threshold_unknown"
    remedy = "See them with: pierre-mcp security thresholds"


class ThresholdValueError(InvalidError):
    """A threshold may not be set to that."""

    code = "threshold_value"
    remedy = "See what each takes with: pierre-mcp security thresholds"


class AlertCommandMalformedError(InvalidError):
    """PIERRE_ALERT_COMMAND is no command: a JSON list of words, or words as a shell has them."""  # noqa: E501

    code = "alert_command_malformed"
    exit_status = 78


class RequestUnknownError(NotFoundError):
    """There is no request with this number."""

    code = "request_unknown"
    remedy = "See them with: pierre-mcp requests"


class RequestUnboundError(InvalidError):
    """This law knows no such request, and so sets no deadline for it."""

    code = "request_unbound"
    remedy = "Name another kind, or another law with --by."


class RequestDayError(InvalidError):
    """A request is received today or earlier."""

    code = "request_day"


class RequestClosedError(InvalidError):
    """This request was answered."""

    code = "request_closed"


class ExtensionRefusedError(InvalidError):
    """A term is extended once, before it has passed, and where its law lets it be."""

    code = "extension_refused"


class IncidentUnknownError(NotFoundError):
    """There is no incident with this number."""

    code = "incident_unknown"
    remedy = "See them with: pierre-mcp incident"


class IncidentClosedError(InvalidError):
    """This incident is closed; only notes are still added to it."""

    code = "incident_closed"


class IncidentTimeError(InvalidError):
    """What is told of an incident has happened by now, and begins before it ends."""

    code = "incident_time"


class IncidentUnsettledError(InvalidError):
    """It is not settled whether the authority is to be told, or it was not told yet."""

    code = "incident_unsettled"
    remedy = "Settle it with: pierre-mcp incident assess, or: pierre-mcp incident told"


class OperationUnknownError(NotFoundError):
    """There is no operation with this id."""

    code = "operation_unknown"
    remedy = "Begin one with import_inbox."


class ActivityAmbiguousError(InvalidError):
    """More than one activity is on that day."""

    code = "activity_ambiguous"
    remedy = "Take an id from get_activities."


class CorrectionUnsoundError(InvalidError):
    """With this correction the activity would contradict itself."""

    code = "correction_unsound"


class CorrectionUnknownError(NotFoundError):
    """Nothing of that was corrected."""

    code = "correction_unknown"
    remedy = "See what was with: pierre-mcp rectify --list"


class GearUnknownError(NotFoundError):
    """There is no piece of gear of that name."""

    code = "gear_unknown"
    remedy = "See yours with: pierre-mcp athlete"


class ExportUnwritableError(PierreError):
    """The export could not be written to its end, and nothing of it is left."""

    code = "export_unwritable"
    remedy = "Make room there, or name a path on another disk."


class PathUnknownError(NotFoundError):
    """There is nothing at one of the paths given."""

    code = "path_unknown"


class CancelledCallError(PierreError):
    """The call was cancelled, and nothing was released."""

    code = "cancelled"


class ExpiryPassedError(InvalidError):
    """This consent would have ended before it began: the log is ahead of the clock."""

    code = "expiry_passed"
    remedy = "Set the clock of this machine right, or give it for longer."


class LedgerLineUnknownError(NotFoundError):
    """There is no consent of that id in the history: given, refused or ended."""

    code = "ledger_line_unknown"
    remedy = "Find it with: pierre-mcp consent history"
