"""Writes files whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    sync_folder(path.parent)


@contextmanager
def named_whole(path: Path) -> Iterator[Path]:
    """Yield the name of a file for another program to write; as ``whole_file`` otherwise."""
    with whole_file(path) as file:
        yield Path(file.name)


def sync_folder(folder: Path) -> None:
    """Have the disk remember which files the folder holds; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
