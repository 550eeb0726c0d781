"""Lines of a report: the files that DuckDB takes for the lines that they are, and lone lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.adapters.offline.words import quoted
from intact.adapters.patterns import exactly
from intact.batch import MalformedRow, TaskResult, read_results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CHUNK = 1 << 20
CELLS = 16
"""Cells of a line that are told apart; a message of S3's own has few commas."""
NOTHING = "\x03"
"""A byte that DuckDB needs to be told of, and that no line it reads may hold."""
ROW = f"concat_ws(',', {', '.join(f'h{place}' for place in range(1, CELLS + 1))})"
"""SQL of a line as it stands in the file: cells that it does not have are null."""
_OPTIONS = (
    "header = false, auto_detect = false, quote = '', escape = '', compression = 'none', "
    f"delim = ',', nullstr = '{NOTHING}', new_line = '\\n', null_padding = true, "
    "strict_mode = false, ignore_errors = true, max_line_size = 4194304, filename = true"
)


def lines_of(parts: Sequence[Path], *, cells: int = CELLS) -> str:
    """SQL that reads files line by line: ``h1`` and so on, what stands between commas.

    What DuckDB skips, or cuts off behind that many cells, is missed in the bytes.
    """
    files = ", ".join(quoted(exactly(part)) for part in parts)
    described = ", ".join(f"h{place}: 'VARCHAR'" for place in range(1, cells + 1))
    return f"read_csv([{files}], {_OPTIONS}, columns = {{{described}}})"


def line_end(path: Path) -> int | None:
    """Bytes of the line ends of a file; None where DuckDB could see other lines than Python.

    That is a file with line ends of two kinds, or with a byte in it that stands for nothing.
    """
    ends: set[int] = set()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if chunk.endswith(b"\r"):
                chunk += file.read(1)
            if NOTHING.encode() in chunk:
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
