"""Documents that say what this store does: written from its state, never by hand."""
