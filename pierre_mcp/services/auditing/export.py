"""The log written out for another program: checked first, then row by row.

One snapshot is held from the check to the last row, so that what is written is what
was checked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from pierre_mcp.formats.audit_writing import json_line, table_line
from pierre_mcp.formats.ocsf_writing import event
from pierre_mcp.model.audit import Finding
from pierre_mcp.model.audit_report import Period
from pierre_mcp.model.grant import Maintenance
from pierre_mcp.model.identity import Identity
from pierre_mcp.services.auditing.rows import COLUMNS, moments, row_cells
from pierre_mcp.services.checking import verify_log
from pierre_mcp.services.steps import Listener, Progress, silent
from pierre_mcp.store import audit_reading
from pierre_mcp.store.audit_reading import Entry
from pierre_mcp.store.database import Tx

OCSF: Final = "ocsf"
CSV: Final = "csv"
_MORE: Final = ("size", "session", "policy_epoch")
_STEP: Final = 2_000


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        finding: The first thing wrong with the log; only rows before it were written.
    """

    rows: int
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Exporting:
    """What is written, and how.

    Attributes:
        write: Takes the text, piece by piece.
        form: ``ocsf``: an event a line; or ``csv``.
        version: Of this program.
    """

    write: Callable[[str], None]
    form: str
    period: Period
    version: str
    listen: Listener = silent


def exported(
    tx: Tx, maintenance: Maintenance, who: Identity | None, *, to: Exporting
) -> Exported:
    """Write rows of a time, oldest first; of a broken log, those before the break."""
    to.listen(Progress(0, None, "checking the log"))
    found = verify_log(tx, maintenance, who)
    finding = found if isinstance(found, Finding) else None
    since, until = moments(to.period)
    before = None if finding is None else finding.seq
    rows = audit_reading.span(tx, maintenance, since=since, until=until, before=before)
    for place, line in enumerate(
        _lines(audit_reading.entries(tx, maintenance, rows), to)
    ):
        to.write(line)
        if place % _STEP == 0:
            to.listen(Progress(place, len(rows), "rows"))
    return Exported(len(rows), finding)


def _lines(entries: Iterator[Entry], to: Exporting) -> Iterator[str]:
    if to.form == CSV:
        yield table_line((*COLUMNS, *_MORE))
        for row in entries:
            yield table_line((*row_cells(row), *(row.get(name) for name in _MORE)))
        return
    for row in entries:
        yield f"{json_line(event(row, version=to.version))}\n"
