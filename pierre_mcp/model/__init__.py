"""Frozen values with their units in their names. Pure."""
