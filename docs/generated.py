"""What the pages say of the code, taken from the code: one Markdown text for each name.

A page asks for it by ``<!-- generated: NAME -->`` on a line of its own.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import click

from intact.audit import Level, Reason, Verdict
from intact.audit.schema import COLUMNS, REQUIRED
from intact.batch.rules import RULES
from intact.checksum import Algorithm
from intact.cli.main import cli
from intact.cli.output import VERSION
from intact.cli.records import RECORDS, kinds
from intact.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from enum import Enum

_MARK = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)
_MEMBER = re.compile(r'^    ([A-Z_]+) = [^\n]*\n    """(.*?)"""$', re.MULTILINE | re.DOTALL)


def expand(text: str) -> str:
    """Put what is generated in the place of each comment that asks for it.

    Raises:
        KeyError: Nothing of that name is generated.
    """
    return _MARK.sub(lambda found: PARTS[found[1]](), text)


def sentences(members: type[Enum]) -> dict[str, str]:
    """The sentence below each member of an enum, as it stands in the source, by its name."""
    pairs = _MEMBER.findall(inspect.getsource(members))
    return {name: " ".join(sentence.split()) for name, sentence in pairs}


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _enum(members: type[Enum], head: str) -> str:
    told = sentences(members)
    return _table((head, "meaning"), ((f"`{m.value}`", told[m.name]) for m in members))


def _levels() -> str:
    told = sentences(Level)
    rows = ((str(m.value), f"`{m.name.lower()}`", told[m.name]) for m in Level)
    return _table(("", "level", "what it shows"), rows)


def _reasons() -> str:
    rows = ((f"`{reason.value}`", reason.sentence, reason.remedy) for reason in Reason)
    return _table(("reason", "what it says", "what to do"), rows)


def _rules() -> str:
    rows = (
        (rule.name, "warns" if rule.warning else "refuses", rule.source)
        for rule in sorted(RULES, key=lambda rule: (rule.warning, rule.name))
    )
    return _table(("rule", "", "source"), rows)


def _algorithms() -> str:
    rows = ((f"`{a.value}`", str(a.digest_size), "yes" if a.combines else "no") for a in Algorithm)
    return _table(("algorithm", "bytes", "parts combine to the whole"), rows)


def _columns() -> str:
    rows = (
        (f"`{name}`", f"`{_type(kind)}`", "" if name in REQUIRED else "may be null")
        for name, kind in COLUMNS.items()
    )
    return _table(("column", "type", ""), rows)


def _type(kind: str | Mapping[str, object] | list[object]) -> str:
    if isinstance(kind, str):
        return kind
    if isinstance(kind, list):
        return f"list<{_type(kind[0])}>"  # type: ignore[arg-type] # the schema's own recursion
    return f"struct<{', '.join(kind)}>"


def _cli() -> str:
    root = click.Context(cli, info_name="intact")
    return "\n".join(
        f"{'#' * (len(path) + 1)} {' '.join(('intact', *path))}\n\n```text\n{text}\n```\n"
        for path, text in pages(cli, root)
    )


def _records() -> str:
    return "\n".join(
        f"## intact {command}\n\nSchema `intact.{command.replace(' ', '.')}/{VERSION}`.\n\n"
        + _table(
            ("record", "member", "type", ""),
            (
                ("" if number else f"`{kind}`", f"`{name}`", *_told(said))
                for kind, members in kinds(command).items()
                for number, (name, said) in enumerate(members.items())
            ),
        )
        for command in RECORDS
    )


def _told(said: str) -> tuple[str, str]:
    kind, _, sentence = said.partition(": ")
    return kind.replace("?", " or null"), sentence


def pages(group: click.Group, context: click.Context) -> Iterator[tuple[tuple[str, ...], str]]:
    """The help page of every command below a group, by its path."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        inner = click.Context(command, info_name=name, parent=context, terminal_width=88)
        path = tuple(inner.command_path.split()[1:])
        yield path, command.get_help(inner)
        if isinstance(command, click.Group):
            yield from pages(command, inner)


PARTS: Mapping[str, Callable[[], str]] = {
    "algorithms": _algorithms,
    "cli": _cli,
    "exit-codes": lambda: _enum(ExitCode, "code"),
    "ledger-columns": _columns,
    "levels": _levels,
    "reasons": _reasons,
    "records": _records,
    "rules": _rules,
    "verdicts": lambda: _enum(Verdict, "verdict"),
}
