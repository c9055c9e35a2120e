"""What an export says of itself: its README, and each row of the log in words."""

from collections.abc import Mapping
from typing import Any, Final

READ_ME: Final = """\
Everything that pierre-mcp holds about you, as you asked for it (GDPR, Articles 15
and 20). It is NOT encrypted: whoever has it can read it. It is yours to keep or delete.

manifest.json        what is in here: counts, and a SHA-256 of every file
profile.json         what you set about yourself: home time zone, units, inbox folder
athlete.json         values told of you (weight, thresholds ...), by whom, on which days
gear.json, gear.csv  your shoes and bikes
activities.jsonl     one activity a line: each recording of it, with all that is stored
activities.csv       one activity a row, for a spreadsheet
originals/           files as they came, byte for byte, where you had them kept
streams/             else: every sample of a recording, as a table
tracks/              else: the same as TCX, which other programs import
imports.json         what you imported, file by file, and what became of each
consents.json        what you allow, to whom, until when
consent_history.json every consent given, changed or withdrawn
notices.json         the notices that consents were given upon, word for word
recipients.json      who holds or received anything of yours, and when last
access_history.jsonl every access to your data, in words and in fields
corrections.json     what you corrected: what was recorded, what is right, and why
requests.json        what you asked for by law, and what became of it
incidents.json       what went wrong, and what you did about it
alerts.json          what looked like misuse of your data, and why
settings.json        your privacy zones, objections and retention
operations.json      long work that assistants asked for

Units are those in the names: _m metres, _s seconds, _us microseconds since 1970 (UTC),
_bpm beats a minute, _w watts. A day is local, YYYY-MM-DD. In JSON null is "not
recorded"; in a table an empty cell is. In the tables a text that a spreadsheet could
take for a formula has a single quote before it; activities.jsonl has it as it is.

A track in tracks/ has your corrections to its sport, start and totals in it, as
activities.jsonl has. A file in originals/ is as it came: corrections are beside it, in
corrections.json. Keys, and how your privacy zones are shifted, are not in here.

To import activities elsewhere, or here again, take originals/ and tracks/.
"""

_DID: Final[Mapping[str, str]] = {
    "released": "received an answer of {action}",
    "preview": "previewed {action}",
    "refused": "was refused {action}",
    "invalid": "asked for {action} in a way that was not understood",
    "failed": "asked for {action}, which failed",
    "cancelled": "asked for {action}, which was cancelled",
    "done": "did: {action}",
    "started": "began: {action}",
    "stopped": "ended: {action}",
}
_WHO: Final = {"owner": "You", "job": "A job of yours", "system": "pierre-mcp itself"}


def in_words(row: Mapping[str, Any]) -> str:
    """Return what a row of the log says, as a sentence."""
    who = row["recipient"] or _WHO.get(row["caller"], "Something")
    if row["recipient"] and row["caller"] == "owner":
        previewed = row["outcome"] == "preview"
        who = f"You, as {who}," if previewed else f"A preview as {who}"
    did = _DID.get(row["outcome"], "{action}").format(action=row["action"])
    why = f" ({row['code']})" if row["code"] else ""
    opened = f", with {', '.join(map(str, row['opened']))}" if row["opened"] else ""
    return f"{who} {did}{why}{opened}."
