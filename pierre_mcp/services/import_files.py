"""What an import does with the entries of one step: sealed, matched and written."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pierre_mcp.model.category import Category
from pierre_mcp.model.grant import Grant
from pierre_mcp.policy.retention import kept
from pierre_mcp.services import corrections, matching, outcomes, retention, strava
from pierre_mcp.services.entries import Entry
from pierre_mcp.services.parsed import Parsed, ParsedActivity
from pierre_mcp.store import athlete, imports, originals, people, recordings
from pierre_mcp.store.database import Tx
from pierre_mcp.store.imports import FileLine, FileOutcome

if TYPE_CHECKING:
    from pierre_mcp.services.imports import Import


class Files:
    """Some entries, in one step."""

    def __init__(self, files: Sequence["File"]) -> None:
        self._files = files

    def prepare(self, tx: Tx, grant: Grant) -> None:
        """Seal what the files gave, unless it was imported before."""
        home = people.profile(tx, grant).zone
        first_days = retention.first_days(tx, grant)
        for file in self._files:
            file.prepare(tx, grant, home, first_days)

    def write(self, tx: Tx, grant: Grant) -> None:
        """Write it, unless it was imported meanwhile."""
        written = [one for file in self._files for one in file.write(tx, grant)]
        matching.join(tx, grant, written)  # once: it reads the days around each
        athlete.note(tx, grant, written)


class File:
    """One entry, from what was parsed to what is written."""

    def __init__(self, job: "Import", seq: int, entry: Entry, parsed: Parsed) -> None:
        self.entry = entry
        self.line = FileLine(name=entry.name, outcome=FileOutcome.FAILED)
        self._job = job
        self.seq = seq
        self.parsed = parsed
        self._sealed: list[recordings.Sealed] = []

    def prepare(
        self, tx: Tx, grant: Grant, home: str, first_days: Mapping[Category, str]
    ) -> None:
        """Seal the recordings, unless they are there, or older than they are kept."""
        self._sealed = []
        found = self._found()
        if (found or self.entry.key) and self._known(tx, grant):
            self.line = self._duplicate()
        elif found is None:
            self.line = outcomes.without(self.entry, self.parsed)
        else:
            digest, activities = found
            every = (
                self._job.new(activity, part, home, self.entry)
                for part, activity in enumerate(activities)
            )
            right = (
                corrections.mended(tx, grant, new, digest, self._alone())
                for new in every
            )
            young = [one for new in right if (one := kept(new, first_days))]
            self._sealed = [
                recordings.seal(
                    tx.ring, grant, new, digest=digest, import_id=self._job.id
                )
                for new in young
            ]
            self.line = (
                outcomes.imported(
                    self.entry, self.parsed, [activities[new.part] for new in young]
                )
                if young
                else outcomes.too_old(self.entry)
            )

    def write(self, tx: Tx, grant: Grant) -> Sequence[recordings.Sealed]:
        """Write them, unless another process imported the same; return what was."""
        if self._sealed and self._known(tx, grant):
            self._sealed = []
            self.line = self._duplicate()
        alone, digest = self._alone(), self._digest()
        if self._sealed and alone and digest and self.parsed.activities:
            recordings.drop(tx, grant, alone, self.entry.where.source)
            corrections.follow(tx, grant, alone, digest, self.entry.where.source)
        recordings.add(tx, grant, self._sealed)
        if self._sealed and self.parsed.activities:
            self.line = self.line.model_copy(update={"recording": self._sealed[0].id})
        elif self._job.originals and digest:
            there = originals.recording_of(tx, grant, digest, self.entry.where.source)
            self.line = self.line.model_copy(update={"recording": there})
        imports.add_file(tx, grant, self._job.id, self.seq, self.line)
        return self._sealed

    def _found(self) -> tuple[bytes, Sequence[ParsedActivity]] | None:
        """Return what is to be stored and its digest; None where there is nothing."""
        row, activities = self.entry.row, self.parsed.activities
        digest = self._digest()
        if not activities and row is not None:
            return strava.row_digest(row), [strava.from_row(row)]
        if digest is None or not activities:
            return None
        if row is None:
            return digest, activities
        only = len(activities) == 1
        return digest, [strava.with_row(one, row, only=only) for one in activities]

    def _digest(self) -> bytes | None:
        key = self.entry.key
        return strava.file_digest(key) if key else self.parsed.digest

    def _alone(self) -> bytes | None:
        return strava.row_digest(self.entry.row) if self.entry.row else None

    def _known(self, tx: Tx, grant: Grant) -> bool:
        source, digest = self.entry.where.source, self._digest()
        if digest is not None and recordings.known(tx, grant, digest, source):
            return True
        alone = None if self.parsed.activities else self._alone()
        return alone is not None and recordings.known(tx, grant, alone, source)

    def _duplicate(self) -> FileLine:
        return FileLine(name=self.entry.name, outcome=FileOutcome.DUPLICATE)
