"""The person's own door: every command of ``pierre-mcp``."""
