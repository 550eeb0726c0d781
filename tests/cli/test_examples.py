"""Every example of a help page is a command line that the command accepts."""

from __future__ import annotations

import re
import shlex
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

import click
import pytest

from intact.cli.main import cli
from intact.cli.options import FileOrAddress
from tests.transcripts import LEAVES

if TYPE_CHECKING:
    from collections.abc import Iterator


def epilogs(group: click.Group) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield command.epilog or ""
        if isinstance(command, click.Group):
            yield from epilogs(command)


def shown(text: str) -> Iterator[str]:
    """The shown lines, each on one line."""
    for line in re.findall(r"^ +\$ ((?:.*\\\n)*.*)$", text, re.MULTILINE):
        yield re.sub(r"\\\n *", "", line)


def invocations(text: str) -> Iterator[list[str]]:
    """The words behind each ``intact`` of the shown lines, up to a pipe or a redirection."""
    for line in shown(text):
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&<>;")
        lexer.whitespace_split = True
        for ends, words in groupby(lexer, key=lambda word: set(word) <= set("|&;")):
            command = list(takewhile(lambda word: word not in {"<", ">"}, words))
            if not ends and command[0] == "intact":
                yield command[1:]


EXAMPLES = list(dict.fromkeys(tuple(words) for text in epilogs(cli) for words in invocations(text)))


def accepts(parameter: click.Parameter, value: object, context: click.Context) -> None:
    """Convert a value as the command would; files and folders need not be there."""
    unset = value is None or type(value).__name__ == "Sentinel"
    assert not (unset and parameter.required), parameter.name
    if not unset and not isinstance(parameter.type, click.Path | click.File | FileOrAddress):
        parameter.type_cast_value(context, value)


@pytest.mark.parametrize("words", EXAMPLES, ids=" ".join)
def test_an_example_is_accepted(words: tuple[str, ...]) -> None:
    group: click.Group = cli
    context = click.Context(cli, info_name="intact")
    for number, name in enumerate(words, 1):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            group = command
            continue
        inner = click.Context(command, info_name=name, parent=context)
        given, left, _ = command.make_parser(inner).parse_args(list(words[number:]))
        assert not left
        for parameter in command.params:
            accepts(parameter, given.get(parameter.name or ""), inner)
        return
    pytest.fail("no command is named")


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_is_in_an_example(path: str) -> None:
    words = tuple(path.split())
    assert [each for each in EXAMPLES if each[: len(words)] == words]


def test_a_wrong_option_would_be_noticed() -> None:
    assert len(EXAMPLES) > 30
    with pytest.raises(click.NoSuchOption):
        test_an_example_is_accepted(("sum", "--nonsense"))
    with pytest.raises(click.BadParameter):
        test_an_example_is_accepted(("sum", "-a", "crc65"))
