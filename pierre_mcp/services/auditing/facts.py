"""What a report counts of rows: the kinds there are, and how many rows of each.

A log of years has few kinds of rows, so each row costs one look-up, and all that is
told of them is counted over the kinds.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pierre_mcp.model.audit_facts import Facts

OTHERS: Final = "others"
"""Counts together what is too rare to be named."""

_MOST_WORDS: Final = 20


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds of rows.

    Attributes:
        counts: How many rows there are of each.
        sizes: How many bytes their answers had.
    """

    counts: Mapping[Facts, int]
    sizes: Mapping[Facts, int]

    def only(self, belongs: Callable[[Facts], bool]) -> "Kinds":
        """Return the kinds that belong, and no others."""
        kept = [facts for facts in self.counts if belongs(facts)]
        return Kinds(
            {facts: self.counts[facts] for facts in kept},
            {facts: self.sizes[facts] for facts in kept},
        )

    @property
    def rows(self) -> int:
        """How many rows there are of all kinds."""
        return sum(self.counts.values())

    def number(self, **having: str) -> int:
        """Return how many rows have all of these facts."""
        return self.only(
            lambda facts: all(getattr(facts, n) == v for n, v in having.items())
        ).rows

    def tally(self, words: Callable[[Facts], Iterable[str]]) -> dict[str, int]:
        """Return how many rows have each word, the most frequent first.

        An empty word does not count. Beyond twenty words the rest are one.
        """
        found = Counter[str]()
        for facts, count in self.counts.items():
            for word in words(facts):
                if word:
                    found[word] += count
        ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
        kept = dict(ordered[:_MOST_WORDS])
        if rest := sum(count for _, count in ordered[_MOST_WORDS:]):
            kept[OTHERS] = kept.get(OTHERS, 0) + rest
        return kept

    def by(self, name: str) -> dict[str, int]:
        """Return how many rows have each value of one fact."""
        return self.tally(lambda facts: (getattr(facts, name),))
