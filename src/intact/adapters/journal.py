"""An append-only file of JSON documents, one in each line, that survives a kill at any byte."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any

from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Journal:
    """What was appended is on disk; a line that a kill cut short never happened."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not exist."""
        self.path = path
        self._lock = threading.Lock()

    def records(self) -> Iterator[dict[str, Any]]:
        """Every whole record in order; none where there is no file.

        Raises:
            FormatError: A whole line is no JSON object.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line, text in enumerate(file, 1):
                if not text.endswith(b"\n"):
                    return
                yield _record(text, where=f"{self.path} line {line}")

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record and return when it is on disk; any thread may."""
        text = json.dumps(record, default=lambda moment: moment.isoformat()).encode() + b"\n"
        with self._lock, self.path.open("ab") as file:
            end = file.tell()
            whole = _whole(self.path, end)
            if whole < end:
                file.truncate(whole)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _record(text: bytes, *, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise FormatError(f"{where}: {error}; wanted JSON") from None
    if not isinstance(found, dict):
        raise FormatError(f"{where}: got {type(found).__name__}; wanted an object")
    return found


def _whole(path: Path, end: int) -> int:
    """Bytes of a file up to the end of its last whole line."""
    with path.open("rb") as file:
        while end:
            start = max(0, end - 4096)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
