"""What Python reads of the inputs, put where it belongs: rows, or lines that say nothing."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from intact.batch import MalformedRow, TaskResult
from intact.batch.manifest import read_row
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Reader = Callable[[TaskResult], Iterator[dict[str, Any]]]


class Taker:
    """Takes what Python reads of a report to where it belongs."""

    def __init__(self, read: Reader, *, good: IO[str], bad: IO[str], tally: dict[str, int]) -> None:
        """Read results by ``read``, and count them."""
        self._read, self._good, self._bad, self._tally = read, good, bad, tally

    def take(self, part: Path, result: TaskResult | MalformedRow) -> None:
        """Keep what a row says, or the row itself where it says nothing."""
        if isinstance(result, MalformedRow):
            self._leave(part, result.text, result.problem)
            return
        try:
            rows = list(self._read(result))
        except FormatError as error:
            self._leave(part, result.row(), str(error))
            return
        self._good.writelines(_json(row) for row in rows)
        self._tally["rows"] += 1
        self._tally[result.status.value] += 1

    def _leave(self, part: Path, text: str, problem: str) -> None:
        self._bad.write(_json({"file": part.name, "text": text, "problem": problem}))
        self._tally["malformed"] += 1


def take_row(text: str, line: int, *, fields: tuple[str, ...], good: IO[str], bad: IO[str]) -> None:
    """Keep what a row of a manifest says, or the row itself where it cannot be read."""
    row = read_row(text, line=line, fields=fields)
    if isinstance(row, MalformedRow):
        bad.write(_json({"line": row.line, "text": row.text, "problem": row.problem}))
    else:
        source = row.source
        cells = {"bucket": source.bucket, "key": source.key, "version": source.version_id}
        good.write(_json({"line": line} | cells))


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row) + "\n"
