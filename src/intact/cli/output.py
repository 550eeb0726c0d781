"""Where a command's words go: data to standard output, sentences for people to standard error.

With ``--json``, which ``json_option`` gives to every command that prints data, standard output
holds records alone: JSON Lines, each naming its schema and its kind, and at the end of whatever
happened a ``summary`` with the exit code.  ``intact.cli.records`` says what each holds.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import shlex
import sys
from collections import Counter
from datetime import datetime
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self

import click

from intact.checksum.listing import digest_text
from intact.cli.ending import ending
from intact.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from rich.console import Console

    from intact.checksum import Checksum
    from intact.cli.meter import Meter

VERSION = 1
"""Of every schema; one changes when a program that reads its records would have to."""
_SEVERITY = (
    *(ExitCode.VERIFIED, ExitCode.UNPROVEN, ExitCode.WRONG, ExitCode.UNFINISHED),
    ExitCode.USAGE,
)


class Output:
    """Lines of text, or records; use as a context manager.

    Attributes:
        code: The worst that was seen: 4 beats 1 beats 3 beats 0.
        json: Whether records are written in place of lines.
        meter: A progress bar that is hidden while something is written.
    """

    def __init__(self, schema: str, *, as_json: bool) -> None:
        """Write records of this schema, such as ``intact.sum/1``, or text."""
        self._schema = schema
        self._file = sys.stdout.buffer
        self._live = self._file.isatty()
        self._counts: Counter[str] = Counter()
        self._totals: dict[str, Any] = {}
        self.json = as_json
        self.code = ExitCode.VERIFIED
        self.meter: Meter | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the records with a summary, after what ended the command if it is an error."""
        if not self.json or isinstance(error, BrokenPipeError):
            return
        if error is not None:
            self.code, sentence, advice = ending(error)
            self.record("failure", {"error": sentence, "advice": advice})
        self.record("summary", {**self._counts, **self._totals, "exit_code": int(self.code)})
        self.flush()

    def line(self, text: bytes) -> None:
        """Write a line of data."""
        if self._live:
            with self._hidden():
                self._file.write(text)
                self._file.flush()
        else:
            self._file.write(text)

    def record(self, kind: str, members: Mapping[str, Any]) -> None:
        """Write a JSON document in a line of its own, if records are written at all."""
        if self.json:
            document = {"schema": self._schema, "record": kind, **_members(members)}
            self.line(json.dumps(document, default=_value).encode() + b"\n")

    def datum(self, kind: str, members: Mapping[str, Any], text: str) -> None:
        """Write a record, or in its place the text."""
        if self.json:
            self.record(kind, members)
        else:
            self.line(f"{text}\n".encode(errors="surrogateescape"))

    def tell(self, text: str, *, aside: bool = False) -> None:
        """Tell people: on standard output where it holds no records, nor is to be left alone."""
        click.echo(text, err=aside or self.json)

    def console(self, *, aside: bool = False) -> Console:
        """Tell people in tables; as ``tell``."""
        from rich.console import Console  # noqa: PLC0415 - 50 ms that only a table is worth

        return Console(highlight=False, stderr=aside or self.json)

    def complain(self, text: str, code: ExitCode | None = None) -> None:
        """Tell people, and remember how bad it is; what was said so far goes first."""
        if code is not None:
            self.worsen(code)
        self._file.flush()
        with self._hidden():
            sys.stderr.write(f"intact: {text}\n")

    def worsen(self, code: ExitCode) -> None:
        """Remember the worst."""
        self.code = max(self.code, code, key=_SEVERITY.index)

    def count(self, what: str, more: int = 1) -> None:
        """Count for the summary."""
        self._counts[what] += more

    def summarize(self, members: Mapping[str, Any]) -> None:
        """Add to the summary."""
        self._totals |= members

    def flush(self) -> None:
        """Let whoever reads see what was written so far."""
        self._file.flush()

    def _hidden(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext() if self.meter is None else self.meter.hidden()


def json_option(function: Callable[..., int]) -> Callable[..., int]:
    """Add ``--json``; the command receives its ``Output`` as the keyword ``output``.

    What the command returns is the exit code that its records end with.
    """

    @click.option("--json", "as_json", is_flag=True, help="Print records, as JSON Lines.")
    @functools.wraps(function)
    def command(*arguments: Any, as_json: bool, **options: Any) -> int:  # noqa: ANN401 - passed on
        schema = schema_of(click.get_current_context())
        with Output(schema, as_json=as_json) as output:
            output.worsen(ExitCode(function(*arguments, output=output, **options)))
        return output.code

    return command


def schema_of(context: click.Context) -> str:
    """The schema of a command's records: ``intact.job.list/1``."""
    names: list[str] = []
    while context.parent is not None:
        names.insert(0, context.info_name or "")
        context = context.parent
    return f"intact.{'.'.join(names)}/{VERSION}"


def _members(members: Mapping[str, Any]) -> dict[str, Any]:
    """Members as JSON can hold them: text that has no UTF-8 form is told twice, as below."""
    found: dict[str, Any] = {}
    for name, value in members.items():
        text = os.fspath(value) if isinstance(value, os.PathLike) else value
        if isinstance(text, str) and not text.isascii():
            found |= named(_bytes(text), member=name)
        elif isinstance(text, dict):
            found[name] = _members(text)
        else:
            found[name] = text
    return found


def named(name: bytes, *, member: str = "name") -> dict[str, str]:
    """Members that hold a name: text, and as ``_base64`` the bytes where they are no UTF-8."""
    try:
        return {member: name.decode()}
    except UnicodeDecodeError:
        encoded = base64.b64encode(name).decode()
        return {member: name.decode(errors="replace"), f"{member}_base64": encoded}


def checksum_members(value: Checksum) -> dict[str, Any]:
    """Members that hold a checksum as S3 names it."""
    return {
        "algorithm": value.algorithm,
        "type": value.type,
        "checksum": str(value),
        "hex": digest_text(value.digest, parts=value.parts),
        "parts": value.parts,
    }


def _bytes(text: str) -> bytes:
    """The bytes that text stands for: those of a file's name, or a surrogate of JSON's own."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")


def _value(value: object) -> object:
    """A value that JSON has no type for."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case _:
            raise TypeError(f"{value!r}; wanted what JSON can hold")


def shown(name: bytes) -> str:
    """Write a name for people as coreutils does: quoted for a shell where it needs to be."""
    text = os.fsdecode(name)
    if text.isprintable():  # which marks that turn the direction of writing are not
        if "'" in text and not set('"$`\\!') & set(text):
            return f'"{text}"'
        return shlex.quote(text)
    runs = groupby(text.replace("'", "'\\''"), str.isprintable)
    quoted = "".join("".join(run) if plain else _escaped("".join(run)) for plain, run in runs)
    return f"'{quoted}'".removesuffix("''")


def _escaped(text: str) -> str:
    usual = {10: "\\n", 13: "\\r", 9: "\\t"}
    codes = (usual.get(byte, f"\\{byte:03o}") for byte in os.fsencode(text))
    return f"'$'{''.join(codes)}''"
