"""The audit log read for people: looked through, exported, and reported on."""
