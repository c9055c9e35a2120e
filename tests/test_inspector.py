"""The MCP Inspector's command-line mode against the real server.

It needs Node 22, which npm installs beside it, once, outside the repository: in
``PIERRE_TEST_NODE_CACHE``, else in the user's cache. No npm, or no registry: skipped.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

from pierre_mcp.tools.catalogue import table
from pierre_mcp.tools.prompts import PROMPTS
from tests.cli.terminal import Person
from tests.formats.making import fit_activity, ride

pytestmark = pytest.mark.unmeasured

INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"
PACKAGES = ("node@22", INSPECTOR)
INSTALL_WITHIN_S = 400


@pytest.fixture(scope="module")
def inspector() -> list[str]:
    """How the Inspector is started; installed if it is not yet."""
    given = os.environ.get("PIERRE_TEST_NODE_CACHE")
    cache = Path(given) if given else user_cache_path("pierre-mcp-tests") / "inspector"
    command = started_by(cache)
    if command is None:
        install(cache)
        command = started_by(cache)
    if command is None:
        pytest.skip("npm installed no Inspector that starts on Node 22")
    return command


def started_by(cache: Path) -> list[str] | None:
    bin_ = cache / "node_modules" / ".bin"
    node, script = bin_ / "node", bin_ / "mcp-inspector"
    if not (node.exists() and script.exists()):
        return None
    version = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=False
    )
    return [str(node), str(script)] if version.stdout.startswith("v22.") else None


def install(cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here, and the Inspector comes by it")
    cache.mkdir(parents=True, exist_ok=True)
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    try:
        done = subprocess.run(
            [npm, "install", *quiet, "--prefix", str(cache), *PACKAGES],
            capture_output=True,
            text=True,
            timeout=INSTALL_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry did not answer in time")
    if done.returncode != 0:
        pytest.skip(f"npm could not install the Inspector: {done.stderr[-200:]}")


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Person:
    anna = Person(tmp_path_factory.mktemp("anna"))
    anna.file("ride.fit", fit_activity(ride(60)))
    anna.does("import", "files")
    anna.does("setup", "--yes", "--client", "claude-desktop")
    anna.consents("--to", "claude-desktop")
    return anna


def inspect(command: list[str], anna: Person, *words: str) -> Any:
    """Start the server by the entry that setup wrote, as a client does."""
    server = ("--config", str(anna.claude), "--server", "pierre")
    done = subprocess.run(
        [*command, "--cli", *server, *words, "--format", "json", "-q"],
        env=anna.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_it_lists_every_tool(inspector: list[str], runner: Person) -> None:
    found = inspect(inspector, runner, "--method", "tools/list", "--strict")
    names = [tool["name"] for tool in result_of(found)["tools"]]
    assert names == [tool.name for tool in table().listed()]


def test_it_calls_a_tool(inspector: list[str], runner: Person) -> None:
    words = ("--method", "tools/call", "--tool-name", "get_activities")
    found = inspect(inspector, runner, *words, "--tool-arg", "limit=5")
    rows = result_of(found)["structuredContent"]["activities"]
    assert rows["distance_m"] == [354.0]


def test_it_lists_every_prompt(inspector: list[str], runner: Person) -> None:
    found = inspect(inspector, runner, "--method", "prompts/list")
    names = [prompt["name"] for prompt in result_of(found)["prompts"]]
    assert names == [prompt.name for prompt in PROMPTS]


def test_it_gets_a_prompt(inspector: list[str], runner: Person) -> None:
    words = ("--method", "prompts/get", "--prompt-name", "weekly_review")
    found = inspect(inspector, runner, *words, "--prompt-args", "week=2026-02-04")
    (message,) = result_of(found)["messages"]
    assert "Monday 2026-02-02" in message["content"]["text"]


def result_of(found: Any) -> Any:
    """The result itself, whether the Inspector wraps it or not."""
    return found.get("result", found)
