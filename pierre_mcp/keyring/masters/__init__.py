"""Where a master key comes from: one module for each source, and one that chooses."""
