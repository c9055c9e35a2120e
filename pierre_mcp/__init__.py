"""Pierre MCP: your fitness history, answered from behind a consent gate."""
