"""Transcripts of commands: files that a person reads and a test replays.

    ## success: NAME            or `## failure: NAME`; the name is free, but the common ones
    $ VARIABLE=VALUE intact ... < FILE ^C
    what it printed
    [stderr]
    what it told people
    [exit CODE]

Each line is written where it says something.  ``<`` gives standard input, ``^C`` interrupts the
command once it has printed a line, and ``$S3`` is the address of the S3 server.  What differs from
run to run is written as a word in capitals.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING

import click

from intact.cli.main import cli, main

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pytest

_TITLE = re.compile(r"^## (success|failure): (.+)\n", re.MULTILINE)
_UNDER_WAY = "(New|Preparing|Ready|Active|Completing|Cancelling)"
_PASSING = "(New|Preparing|Ready|Active|Completing|Complete|Cancelling)"
_RACE = (
    r" +crc32$|  GB/s|.* [\d.]+ ±\d+%|  fastest peer|  intact, ns|  its time|not timed: "
    r"| ─+(?=\n.* ±\d+%)"
)
_RECORDS = "(machine|timing|left_out|kernel)"
_VARYING = (
    (re.compile(r" +$", re.MULTILINE), ""),
    (re.compile(rf"\b{re.escape(version('intact'))}\b"), "VERSION"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?"), "TIME"),
    (re.compile(r"\b20\d{6}T\d{6}Z\b"), "TIME"),
    (re.compile(r"127\.0\.0\.1:\d{4,5}\b"), "127.0.0.1:PORT"),
    (re.compile(r"\b(copy|intact-demo-(?:source|copies|service))-[0-9a-f]{12}\b"), r"\1-ID"),
    # How often a job was looked at before it stood still.
    (re.compile(rf"^{_PASSING}( \(\d+\))?\n", re.MULTILINE), ""),
    (re.compile(rf'^\{{.*"record": "job".*"status": "{_UNDER_WAY}".*\n', re.MULTILINE), ""),
    (re.compile(r'"(source|destination)_version": "[^"]+"'), r'"\1_version": "ID"'),
    # What depends on the machine, and on which peers are installed: tables of the race, kernels.
    (re.compile(r"^(CPU|features|system|kernel|versions): .*$", re.MULTILINE), r"\1: ..."),
    (re.compile(rf"^({_RACE}).*\n", re.MULTILINE), ""),
    (re.compile(rf'^\{{.*"record": "{_RECORDS}".*\n', re.MULTILINE), ""),
    (re.compile(r"^[\w-]+ +(yes|no)( +yes)?\n", re.MULTILINE), ""),
    (re.compile(r"^kernel +usable", re.MULTILINE), "kernel usable"),
    (re.compile(r"\d+ files for python3\.\d+"), "N files for PYTHON"),
    (re.compile(r'"runtime": "python3\.\d+"'), '"runtime": "PYTHON"'),
    (re.compile(r'"files": \d+\}'), '"files": N}'),
)
_ESCAPED = str.maketrans({"\0": "\\0", "\r": "\\r"})
INTERRUPT_SECONDS = 20.0


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that is no group, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


LEAVES = dict(leaves(cli))


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one command line did.

    Attributes:
        line: The command line.
        stdout: What it printed, with what varies in words.
        stderr: What it told people, the same.
        raw: What it printed.
        code: Its exit code.
    """

    line: str
    stdout: str
    stderr: str
    raw: bytes
    code: int

    def __str__(self) -> str:
        text = f"$ {self.line}\n{_ended(self.stdout)}"
        text += f"[stderr]\n{_ended(self.stderr)}" if self.stderr else ""
        return text + (f"[exit {self.code}]\n" if self.code else "")


@dataclass(slots=True)
class Case:
    """A section of a transcript.

    Attributes:
        kind: ``success`` or ``failure``.
        name: What it shows.
        lines: Its command lines.
        text: The whole section, as it is stored.
    """

    kind: str
    name: str
    text: str
    lines: list[str] = field(default_factory=list)

    def replayed(self, played: list[Played]) -> str:
        """The section as it would be stored now."""
        return f"## {self.kind}: {self.name}\n{''.join(map(str, played)).rstrip()}\n\n"


def cases(path: Path) -> list[Case]:
    """The sections of a stored transcript."""
    head, *rest = _TITLE.split(path.read_text(encoding="utf-8"))
    assert not head, f"{path}: wanted '## success: NAME' or '## failure: NAME' first"
    found = []
    for kind, name, body in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        text = f"## {kind}: {name}\n{body.rstrip()}\n\n"
        lines = re.findall(r"^\$ (.+)$", body, re.MULTILINE)
        assert lines, f"{path}: {name}: wanted a line that begins with '$ intact'"
        found.append(Case(kind, name, text, lines))
    return found


def play(line: str, *, folder: Path, s3: str, patch: pytest.MonkeyPatch) -> Played:
    """Run a command line in this process, in that folder."""
    words = shlex.split(line.replace("$S3", s3))
    interrupted = words[-1] == "^C"
    words = words[:-1] if interrupted else words
    stdin = b""
    if len(words) > 2 and words[-2] == "<":
        stdin, words = (folder / words[-1]).read_bytes(), words[:-2]
    with patch.context() as inner:
        inner.chdir(folder)
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            inner.setenv(name, value)
        assert words[0] == "intact", line
        inner.setattr(sys, "argv", words)
        inner.setattr(sys, "path", list(sys.path))
        out, err = io.BytesIO(), io.BytesIO()
        for name, stream in (("stdin", io.BytesIO(stdin)), ("stdout", out), ("stderr", err)):
            errors = "surrogateescape" if name == "stdout" else "backslashreplace"
            inner.setattr(
                sys, name, io.TextIOWrapper(stream, "utf-8", errors=errors, write_through=True)
            )
        with _interrupting(out) if interrupted else contextlib.nullcontext():
            code = _run()
        sys.stdout.flush()
        sys.stderr.flush()
        found = out.getvalue(), err.getvalue()
    texts = [_normal(each.decode(errors="backslashreplace"), folder) for each in found]
    return Played(line=line, stdout=texts[0], stderr=texts[1], raw=found[0], code=code)


def _run() -> int:
    handler = signal.getsignal(signal.SIGTERM)
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        signal.signal(signal.SIGTERM, handler)
    raise AssertionError("main returned")


@contextlib.contextmanager
def _interrupting(out: io.BytesIO) -> Iterator[None]:
    """Send this thread what Ctrl-C sends, once something was printed."""
    watched, over = threading.main_thread().ident, threading.Event()
    assert watched is not None

    def watch() -> None:
        until = time.monotonic() + INTERRUPT_SECONDS
        while b"\n" not in out.getvalue() and time.monotonic() < until and not over.is_set():
            over.wait(0.01)
        if not over.is_set():
            signal.pthread_kill(watched, signal.SIGINT)

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    over.set()
    thread.join()


def _normal(text: str, folder: Path) -> str:
    text = text.replace(f"{folder}{os.sep}", "").replace(str(folder), "FOLDER")
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text.translate(_ESCAPED)


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n[no line end]\n"


def environment(scene: Mapping[str, str]) -> dict[str, str]:
    """Variables that no transcript may depend on, as they are in all of them."""
    return {
        **scene,
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "TZ": "UTC",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
    }
