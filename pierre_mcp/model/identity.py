"""Whose data it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """One person of one tenant, by our own random ids."""

    tenant: str
    person: str
