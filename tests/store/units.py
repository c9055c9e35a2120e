"""What tests of units share."""

from pathlib import Path

from pierre_mcp.model.grant import Grant
from pierre_mcp.store import audit
from pierre_mcp.store.database import Store
from tests.stores import (
    NOW,
    a_line,
)
from tests.stores import database as file_of

HOLDER = """
import sys
from pathlib import Path
from pierre_mcp.store.lock import Turnstile
with Turnstile(Path(sys.argv[1])).hold(30):
    print("held", flush=True)
    sys.stdin.readline()
"""
WRITER = """
import sys
from pathlib import Path
from pierre_mcp.store import audit
from tests.stores import *
store = new_store(Path(sys.argv[1]))
grant = owner_grant(store)
while True:
    put(store, grant, a_recording())
    with store.writing() as tx:
        seq = audit.append(tx, a_line(), now=NOW, who=grant)
    store.tidy()
    print(seq, flush=True)
"""


def count(store: Store) -> int:
    with store.reading() as tx:
        return int(tx.one("SELECT count(*) FROM recordings")[0])


def append(store: Store, grant: Grant) -> int:
    with store.writing() as tx:
        return audit.append(tx, a_line(), now=NOW, who=grant)


def log_bytes(directory: Path) -> int:
    return file_of(directory).with_name("pierre.db-wal").stat().st_size
