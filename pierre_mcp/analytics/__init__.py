"""Sports science over numpy arrays. Pure."""
