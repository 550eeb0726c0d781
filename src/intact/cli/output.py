"""Where a command's words go: data to standard output, sentences for people to standard error."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from intact.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.cli.meter import Meter

_SEVERITY = (ExitCode.VERIFIED, ExitCode.UNPROVEN, ExitCode.WRONG, ExitCode.UNFINISHED)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa1-\ud7ff\ue000-\U0010ffff]+")


class Output:
    """Lines of text, or JSON Lines that each name their schema and end with a summary.

    Attributes:
        code: The worst that was seen: 4 beats 1 beats 3 beats 0.
        json: Whether records are written in place of lines.
    """

    def __init__(self, schema: str, *, as_json: bool, meter: Meter) -> None:
        """Write records of this schema, such as ``intact.sum/1``; hide the meter meanwhile."""
        self._schema = schema
        self._file = sys.stdout.buffer
        self._meter = meter
        self._live = self._file.isatty()
        self._counts: Counter[str] = Counter()
        self.json = as_json
        self.code = ExitCode.VERIFIED

    def line(self, text: bytes) -> None:
        """Write a line of data."""
        if self._live:
            with self._meter.hidden():
                self._file.write(text)
                self._file.flush()
        else:
            self._file.write(text)

    def record(self, kind: str, members: Mapping[str, Any]) -> None:
        """Write a JSON document in a line of its own."""
        document = {"schema": self._schema, "record": kind, **members}
        self.line(json.dumps(document).encode() + b"\n")

    def complain(self, text: str, code: ExitCode | None = None) -> None:
        """Tell people, and remember how bad it is; what was said so far goes first."""
        if code is not None:
            self.worsen(code)
        self._file.flush()
        with self._meter.hidden():
            sys.stderr.write(f"intact: {text}\n")

    def worsen(self, code: ExitCode) -> None:
        """Remember the worst."""
        self.code = max(self.code, code, key=_SEVERITY.index)

    def count(self, what: str, more: int = 1) -> None:
        """Count for the summary."""
        self._counts[what] += more

    def summary(self) -> ExitCode:
        """End the records, if there are any, with what was counted; return the exit code."""
        if self.json:
            self.record("summary", {**self._counts, "exit_code": int(self.code)})
        return self.code


def named(name: bytes) -> dict[str, str]:
    """Members that hold a file's name: text, and the bytes too where they are no UTF-8."""
    try:
        return {"name": name.decode()}
    except UnicodeDecodeError:
        encoded = base64.b64encode(name).decode()
        return {"name": name.decode(errors="replace"), "name_base64": encoded}


def shown(name: bytes) -> str:
    """Write a name for people as coreutils does: quoted for a shell where it needs to be."""
    text = os.fsdecode(name)
    if not _UNPRINTABLE.search(text):
        if "'" in text and not set('"$`\\!') & set(text):
            return f'"{text}"'
        return shlex.quote(text)
    quoted = _UNPRINTABLE.sub(_escaped, text.replace("'", "'\\''"))
    return f"'{quoted}'".removesuffix("''")


def _escaped(found: re.Match[str]) -> str:
    usual = {10: "\\n", 13: "\\r", 9: "\\t"}
    codes = (usual.get(byte, f"\\{byte:03o}") for byte in os.fsencode(found[0]))
    return f"'$'{''.join(codes)}''"
