"""Terms: what a tool declares must make sense before it can be a row."""

import pytest

from pierre_mcp.model.category import Category
from pierre_mcp.model.scope import Purpose
from pierre_mcp.model.terms import Terms

READS = frozenset({Category.ACTIVITIES})
INSIGHTS = frozenset({Purpose.INSIGHTS})


def test_what_is_required_is_opened() -> None:
    with pytest.raises(ValueError, match="required"):
        Terms(required=Category.POWER, opens=READS, purposes=INSIGHTS)


def test_what_reads_says_what_for() -> None:
    with pytest.raises(ValueError, match="what for"):
        Terms(required=Category.ACTIVITIES, opens=READS)


def test_a_tool_may_need_nothing() -> None:
    assert Terms(required=None).needs_nothing
    assert Terms(required=None, opens=READS).needs_nothing
    assert not Terms(required=None, asks=True).needs_nothing
    full = Terms(required=Category.ACTIVITIES, opens=READS, purposes=INSIGHTS)
    assert not full.needs_nothing
