"""The README is printed from the code where it can be, and run where it cannot."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pierre_mcp.cli import clients
from pierre_mcp.cli.typist import sit
from pierre_mcp.policy.rules import THRESHOLDS
from pierre_mcp.settings import SETTINGS, Settings
from pierre_mcp.tools.catalogue import table
from pierre_mcp.tools.faces import as_markdown, prompts_as_markdown
from tests.cli.terminal import Terminal
from tests.formats.making import fit_activity
from tests.promises import PROMISES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
UPDATE = bool(os.environ.get("UPDATE_README"))


def settings_table() -> str:
    rows = [
        f"| `{name}` | {default} | {what} |"
        for name, (default, what) in SETTINGS.items()
    ]
    return "\n".join(("| setting | default | meaning |", "|---|---|---|", *rows))


def promises_table() -> str:
    rows = [f"| `{id_}` | {sentence} |" for id_, sentence in sorted(PROMISES.items())]
    return "\n".join(("| id | what holds |", "|---|---|", *rows))


def rules_table() -> str:
    rows = [
        f"| `{one.name}` | {one.default} | {one.what} | {one.why} |"
        for one in THRESHOLDS.values()
    ]
    head = ("| name | threshold | counts | why |", "|---|---|---|---|")
    return "\n".join((*head, *rows))


PRINTED = {
    "rules": rules_table(),
    "tools": as_markdown(table()),
    "prompts": prompts_as_markdown(table()),
    "settings": settings_table(),
    "promises": promises_table(),
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_readme_shows_what_the_code_prints(name: str) -> None:
    text = README.read_text("utf-8")
    block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    printed = block.sub(lambda m: f"{m[1]}{PRINTED[name]}\n{m[2]}", text)
    if UPDATE:
        README.write_text(printed, "utf-8")
    assert printed == text or UPDATE, "UPDATE_README=1 prints it anew"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: what it is in, and its lines."""

    language: str
    lines: tuple[str, ...]


def blocks() -> list[Block]:
    fences = re.findall(
        r"^```(\w+)\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return [Block(language, tuple(body.splitlines())) for language, body in fences]


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block, with the output shown under it."""
    command, shown = "", list[str]()
    for line in block.lines:
        if line.startswith("$ "):
            if command:
                yield command, shown
            command, shown = line[2:], []
        else:
            shown.append(line)
    yield command, shown


def test_every_block_is_one_we_run() -> None:
    assert {block.language for block in blocks()} == {"console", "json"}


def test_the_first_screen_has_the_two_commands() -> None:
    first = blocks()[0]
    assert len(first.lines) == 2
    above = README.read_text("utf-8").split("```")[0]
    assert len(above.splitlines()) < 10, "what it is, then the commands"


def test_the_windows_form_is_the_same_command() -> None:
    first = blocks()[0].lines[0][2:]
    windows = first.replace("python3", "py").replace(
        ".venv/bin/", r".venv\Scripts" + "\\"
    )
    assert f"`{windows}`" in README.read_text("utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Mapping[str, str]:
    """A person's home with one ride in it, and an environment that knows no other."""
    folder = tmp_path / "Downloads" / "activities"
    folder.mkdir(parents=True)
    (folder / "ride.fit").write_bytes(fit_activity())
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PIERRE_", "XDG_"))
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return kept | {"HOME": str(tmp_path), "PATH": path, "COLUMNS": "500"}


@pytest.mark.unmeasured
def test_the_readme_can_be_followed(home: Mapping[str, str]) -> None:
    """Every command after the first screen, in order, as one person would type them."""
    first, *others = [block for block in blocks()[1:] if block.language == "console"]
    for block in (first, *others):
        for command, shown in commands(block):
            program, *words = (
                word.replace("~", home["HOME"], 1) for word in shlex.split(command)
            )
            if block is first or program != "pierre-mcp":
                said = sit([program, *words], home).shown
            else:
                with Terminal(words, home) as terminal:
                    said = terminal.sit().text
            assert follows(said, shown), f"{command}\n{said}"


def follows(output: str, shown: list[str]) -> bool:
    """Tell whether the output is as shown, where ``...`` stands for anything."""
    wanted = "\n".join(shown)
    pattern = r".*?".join(re.escape(part) for part in wanted.split("..."))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", output)
    return re.search(pattern, plain, re.DOTALL) is not None


def test_the_entry_is_the_one_setup_writes_and_it_starts(tmp_path: Path) -> None:
    shown = json.loads(
        "\n".join(next(b for b in blocks() if b.language == "json").lines)
    )
    entry = shown["mcpServers"]["pierre"]
    made = clients.entry(Settings(data_dir=tmp_path, config_dir=tmp_path))
    assert entry["args"] == made["args"]
    environment = {
        **os.environ,
        "PIERRE_DATA_DIR": str(tmp_path / "data"),
        "PIERRE_CONFIG_DIR": str(tmp_path / "config"),
    }
    ended = subprocess.run(
        [sys.executable, *entry["args"]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0
    assert ended.stdout == b""
