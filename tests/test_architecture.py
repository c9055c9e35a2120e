"""What import contracts cannot say about the code."""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

import pierre_mcp

pytestmark = pytest.mark.unmeasured

ROOT = Path(pierre_mcp.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
WHERE = {path: path.relative_to(ROOT).as_posix() for path in MODULES}

SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM"
    r"|CREATE\s+(TABLE|INDEX|TRIGGER)|DROP\s|PRAGMA\s|BEGIN\s+IMMEDIATE|VACUUM)",
    re.DOTALL,
)
DEFINES = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
    ast.Assign, ast.AnnAssign,
)  # fmt: skip
ACTS = {
    "open", "print", "connect", "run", "Popen", "mkdir", "write_text", "write_bytes",
    "read_text", "read_bytes", "urlopen", "getenv", "exec", "eval", "Thread", "start",
    "token_bytes", "uuid4", "now", "load", "loads", "chdir", "umask", "signal",
}  # fmt: skip


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def nodes(path: Path) -> Sequence[ast.AST]:
    return tuple(ast.walk(tree(path)))


def name_of(func: ast.expr) -> str:
    if isinstance(func, ast.Call):  # ``app.command("undo")(undo)``
        return name_of(func.func)
    return func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")


def calls(within: Iterable[ast.AST]) -> set[str]:
    return {name_of(node.func) for node in within if isinstance(node, ast.Call)}


def at_import(path: Path) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported, definitions left out."""
    for node in tree(path).body:
        if isinstance(node, ast.If):
            if "__name__" not in ast.unparse(node.test):
                yield from (*node.body, *node.orelse)
        else:
            yield node


@pytest.mark.promise("consent.explicit")
def test_only_the_gate_makes_grants() -> None:
    for maker in ("Grant", "Maintenance", "Mint"):
        makers = {WHERE[p] for p in MODULES if maker in calls(nodes(p))}
        assert makers, maker
        assert {where.split("/")[0] for where in makers} == {"gate"}, maker
    made_by = {WHERE[p] for p in MODULES if "Maintenance" in calls(nodes(p))}
    assert made_by == {"gate/admission.py"}


@pytest.mark.promise("consent.human-only")
def test_nothing_that_serves_a_recipient_gives_consent() -> None:
    """``consents.give`` is the owner's commands' alone, and a new demo store's."""
    givers = {
        WHERE[path]
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr == "give"
        and isinstance(node.value, ast.Name)
    }
    assert {where.split("/")[0] for where in givers} == {"cli", "gate"}
    assert givers & {"gate/founding.py"} == {w for w in givers if w.startswith("gate")}


@pytest.mark.promise("consent.human-only")
def test_what_lets_more_out_is_the_owners_commands_alone() -> None:
    """No tool, and nothing of the server's, can as much as ask the gate for it."""
    users = {WHERE[p] for p in MODULES if "widen" in calls(nodes(p))}
    assert {where.split("/")[0] for where in users} == {"cli", "gate"}
    checks = {WHERE[p] for p in MODULES if "check_widens" in calls(nodes(p))}
    assert checks >= {"services/consents.py", "services/consent_lock.py"}
    makes = [
        WHERE[path]
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.Call) and name_of(node.func) == "Grant"
        if any(word.arg == "signature" for word in node.keywords)
    ]
    assert makes == ["gate/admission.py", "gate/founding.py"]


def test_modules_stay_readable() -> None:
    lengths = {WHERE[p]: len(p.read_text("utf-8").splitlines()) for p in MODULES}
    assert [where for where, length in lengths.items() if length > 400] == []


def test_no_statement_of_sql_outside_the_store() -> None:
    found = [
        WHERE[path]
        for path in MODULES
        if not WHERE[path].startswith("store/")
        for node in nodes(path)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SQL.match(node.value)
    ]
    assert found == []


def test_the_environment_is_read_by_the_settings_alone() -> None:
    readers = {WHERE[path] for path in MODULES if any(map(is_environment, nodes(path)))}
    assert readers == {"settings.py"}


def is_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in {"environ", "environb", "getenv", "putenv"}
    if not isinstance(node, ast.ImportFrom) or node.module != "os":
        return False
    return bool({a.name for a in node.names} & {"environ", "getenv"})


def test_importing_a_module_only_defines() -> None:
    acts = [
        f"{WHERE[path]}:{node.lineno}"
        for path in MODULES
        for node in at_import(path)
        if not only_defines(node)
    ]
    assert acts == []


def only_defines(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return not calls(ast.walk(node)) & ACTS
    if isinstance(node, ast.Expr):
        return calls(ast.walk(node)) <= {"command", "add_typer"}
    return isinstance(node, DEFINES)


def test_nothing_but_the_store_and_its_thread_waits() -> None:
    """Below the hop everything is synchronous (DESIGN 2)."""
    waiting = {
        WHERE[path]
        for path in MODULES
        if any(isinstance(node, ast.Await) for node in nodes(path))
    }
    beyond = {where for where in waiting if not where.startswith(("server/", "cli/"))}
    assert beyond == {"app.py", "desk.py", "store/worker.py"}
