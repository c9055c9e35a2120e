"""The assistant's door: transport, methods, rendering. The only importer of ``mcp``."""
