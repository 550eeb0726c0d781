"""Writes files whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from intact.errors import UsageError

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

_ANY = 100
"""Files that any process has open: libraries, connections, standard streams."""
_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when written to its end and on disk.

    An exception inside the block leaves whatever stood there before.  The file can be read back
    inside the block; its permissions are those of any new file.  A device or a pipe of that name
    stays what it is, and gets the bytes once they are whole.

    Raises:
        OSError: The disk is full, or its like; it names the file.
    """
    try:
        with (_passed_on if _is_outlet(path) else _put_in_place)(path) as file:
            yield file
    except OSError as error:
        if error.filename is None and error.errno in _FULL:
            error.filename = str(path)
        raise


def _is_outlet(path: Path) -> bool:
    """Whether a name is that of a device or a pipe, or of one of a process's open files."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    plain = stat.S_ISREG(mode) and not path.absolute().is_relative_to("/dev")
    return not plain and not stat.S_ISDIR(mode)


@contextmanager
def _passed_on(path: Path) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(prefix="intact-") as file:
        yield file
        file.flush()
        file.seek(0)
        with path.open("ab") as outlet:
            shutil.copyfileobj(file, outlet)


@contextmanager
def _put_in_place(path: Path) -> Iterator[IO[bytes]]:
    scratch = path.parent / f".intact-{os.urandom(8).hex()}.partial"
    with scratch.open("x+b") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.close()
            scratch.unlink(missing_ok=True)  # whoever was given its name may have done so
            raise
    try:
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def named_whole(path: Path) -> Iterator[Path]:
    """Yield the name of a file for another program to write; as ``whole_file`` otherwise."""
    with whole_file(path) as file:
        yield Path(file.name)


def allow_open(files: int) -> None:
    """Let this process have so many files open at a time; most systems allow 1,024 unasked.

    Args:
        files: How many, besides those that any process has.

    Raises:
        UsageError: The system does not allow it at all.
    """
    files += _ANY
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft == unlimited or soft >= files:
        return
    if hard != unlimited and hard < files:
        raise UsageError(
            f"{files:,} open files are needed at a time, and the system allows {hard:,} (ulimit "
            "-Hn); wanted more memory, in another folder, or more open files"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))


def expect(path: Path) -> None:
    """Have the system read a file into its cache while other things are done."""
    _advise(path, "POSIX_FADV_WILLNEED")


def forget(path: Path) -> None:
    """Have the system keep its cache for others than a file that is not read again."""
    _advise(path, "POSIX_FADV_DONTNEED")


def _advise(path: Path, advice: str) -> None:
    if (known := getattr(os, advice, None)) is not None:  # Linux and others; not macOS, Windows
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, known)


def sync_folder(folder: Path) -> None:
    """Have the disk remember which files the folder holds; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
