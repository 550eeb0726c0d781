"""Writes files whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when written to its end and on disk.

    An exception inside the block leaves whatever stood there before.  The file can be read back
    inside the block; its permissions are those of any new file.
    """
    scratch = path.parent / f".intact-{os.urandom(8).hex()}.partial"
    with scratch.open("x+b") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.close()
            scratch.unlink()
            raise
    try:
        scratch.replace(path)
    except BaseException:
        scratch.unlink()
        raise
