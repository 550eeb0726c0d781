"""Lines of a report: which files DuckDB takes for the lines that they are, and lines by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.batch import MalformedRow, TaskResult, read_results

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 20
DELIMITER, NOTHING = "\x02", "\x03"
"""Bytes that DuckDB needs to be told of, and that no line it reads may hold."""
LINES = (
    "header = false, auto_detect = false, quote = '', escape = '', compression = 'none', "
    f"delim = '{DELIMITER}', nullstr = '{NOTHING}', new_line = '\\n', strict_mode = false, "
    "ignore_errors = true, max_line_size = 4194304, filename = true, columns = {'row': 'VARCHAR'}"
)
"""Options of ``read_csv`` for one column, ``row``; what it skips is missed when bytes are counted."""


def line_end(path: Path) -> int | None:
    """Bytes of the line ends of a file; None where DuckDB could see other lines than Python.

    That is a file with line ends of two kinds, or with a delimiter in it.
    """
    ends: set[int] = set()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if chunk.endswith(b"\r"):
                chunk += file.read(1)
            if DELIMITER.encode() in chunk or NOTHING.encode() in chunk:
                return None
            if b"\r" not in chunk:
                ends |= {1} if b"\n" in chunk else set()
            elif chunk.count(b"\r") == chunk.count(b"\n") == chunk.count(b"\r\n"):
                ends.add(2)
            else:
                return None
    return ends.pop() if len(ends) == 1 else None


def text_size(path: Path, *, end: int) -> int:
    """Bytes of a file, a line end behind its last line included whether it is there or not."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(size - 1)
        return size if file.read() == b"\n" else size + end


def alone(text: str) -> TaskResult | MalformedRow | None:
    """Read one line of a report, without its line end; None where its row may go on in the next."""
    lines = iter((text.encode() + b"\n", b""))
    found = next(read_results(lines))
    return None if next(lines, None) is None else found
