"""The one way to the data: admit, run, level, record, release."""
