"""What can be asked: one row a tool, one module a noun."""
