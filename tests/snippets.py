"""Fenced blocks of Markdown pages, and the run of one page from top to bottom.

A comment in the line above a block says what is unusual about it:

    <!-- shown only: REASON -->   it is not run; Python, JSON and TOML are still parsed
    <!-- run: NAME -->            `.ci/run` runs it, from a clean checkout
    <!-- exit: CODE -->           it ends with that code, not with 0
    <!-- file: NAME -->           it is written to that file, which later blocks use

Everything else runs: `sh` as it stands, `console` command by command with what it prints compared
(`...` stands for anything; blanks at the end of a line do not count), `python` in a process of its
own, `sql` in DuckDB.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BLOCK = re.compile(
    r"^(?:<!-- ([\w ]+?): ([^\n]+?) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
RUNNABLE = frozenset({"sh", "console", "python", "sql"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One block.

    Attributes:
        where: Page and line of its fence.
        mark: What the comment says that it is: ``shown only``, ``run``, ``exit`` or ``file``.
        value: What the comment says about that.
    """

    where: str
    language: str
    code: str
    mark: str
    value: str


def snippets(page: Path) -> list[Snippet]:
    text = page.read_text(encoding="utf-8")
    return [
        Snippet(
            where=f"{page.name}:{text.count(chr(10), 0, found.start(3)) + 1}",
            language=found[3],
            code=found[4],
            mark=found[1] or "",
            value=found[2] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def parses(snippet: Snippet) -> None:
    """Raise where a block that nobody runs is not even of its language."""
    match snippet.language:
        case "python":
            ast.parse(snippet.code)
        case "json":
            json.loads(snippet.code)
        case "toml":
            tomllib.loads(snippet.code)
        case _:
            assert snippet.code.strip()


def play(page: Path, *, folder: Path, environment: Mapping[str, str]) -> int:
    """Run every block of a page in order; how many commands and programs that were."""
    ran = 0
    for snippet in snippets(page):
        if snippet.mark == "file":
            (folder / snippet.value).write_text(snippet.code, encoding="utf-8")
        elif snippet.mark in {"shown only", "run"} or snippet.language not in RUNNABLE:
            parses(snippet)
        else:
            ran += _play(snippet, folder=folder, environment=environment)
    return ran


def _play(snippet: Snippet, *, folder: Path, environment: Mapping[str, str]) -> int:
    code = int(snippet.value) if snippet.mark == "exit" else 0
    match snippet.language:
        case "sh":
            command = ["bash", "-euo", "pipefail", "-c", snippet.code]
            _run(command, snippet, code=code, folder=folder, environment=environment)
        case "python":
            command = [sys.executable, "-W", "error", "-c", snippet.code]
            _run(command, snippet, code=code, folder=folder, environment=environment)
        case "sql":
            with duckdb.connect() as engine:
                engine.execute("SET file_search_path = ?", [str(folder)])
                assert engine.execute(snippet.code).fetchall(), snippet.where
        case _:
            return _console(snippet, code=code, folder=folder, environment=environment)
    return 1


def _console(snippet: Snippet, *, code: int, folder: Path, environment: Mapping[str, str]) -> int:
    shown = list(_commands(snippet.code))
    assert shown, snippet.where
    for number, (command, wanted) in enumerate(shown, 1):
        got = _run(
            ["bash", "-euo", "pipefail", "-c", command],
            snippet,
            code=code if number == len(shown) else 0,
            folder=folder,
            environment=environment,
        )
        got = re.sub(r" +$", "", got, flags=re.MULTILINE)
        right = re.fullmatch(_pattern(wanted), got)
        assert right, f"{snippet.where}: wanted\n{wanted}\ngot\n{got}"
    return len(shown)


def _commands(code: str) -> Iterator[tuple[str, str]]:
    """Each command, continued lines included, with the output below it."""
    for part in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        found = re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.DOTALL)
        assert found
        yield found[1], found[2]


def _pattern(wanted: str) -> str:
    lines = [
        r"(?:.*\n)*?" if line == "...\n" else ".*".join(map(re.escape, line.split("...")))
        for line in wanted.splitlines(keepends=True)
    ]
    return "".join(lines)


def _run(
    command: list[str],
    snippet: Snippet,
    *,
    code: int,
    folder: Path,
    environment: Mapping[str, str],
) -> str:
    result = subprocess.run(  # noqa: S603 - our own pages
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == code, (
        f"{snippet.where}: exit code {result.returncode}, wanted {code}\n{snippet.code}\n"
        f"{result.stdout}{result.stderr}"
    )
    return result.stdout
