"""The only SQL: the worker, the database, and one module a noun."""
