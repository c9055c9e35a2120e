"""Decisions as values: consent, levels. Pure: the caller tells the time."""
