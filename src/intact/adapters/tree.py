"""Names of the files that somebody means: those given, and those below given folders."""

from __future__ import annotations

import errno
import os
import stat
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Found(NamedTuple):
    """One file.

    Attributes:
        path: Its path, that of the folder that was given included.
        below: Its path from the folder that was given; its last part where it was given itself.
    """

    path: bytes
    below: bytes


def files_below(
    names: Iterable[bytes], *, on_error: Callable[[bytes, OSError], object]
) -> Iterator[Found]:
    """Yield the regular files among these names and, folder by folder in byte order, below them.

    Links are followed.  A link back into its own path, a folder that cannot be read, and what is
    neither a file nor a folder, are told to ``on_error`` and left out.
    """
    for name in names:
        if name == b"-" or not os.path.isdir(name):  # noqa: PTH112 - bytes
            yield Found(name, os.path.basename(name))  # noqa: PTH119 - bytes
        else:
            yield from _below(name, b"", seen=frozenset(), on_error=on_error)


def _below(
    folder: bytes,
    below: bytes,
    *,
    seen: frozenset[tuple[int, int]],
    on_error: Callable[[bytes, OSError], object],
) -> Iterator[Found]:
    try:
        status = os.stat(folder)  # noqa: PTH116 - bytes
        if (status.st_dev, status.st_ino) in seen:
            raise OSError(errno.ELOOP, "a link back into its own path")  # noqa: TRY301 - one place
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=attrgetter("name"))
    except OSError as error:
        on_error(folder, error)
        return
    for entry in entries:
        inner = below + b"/" + entry.name if below else entry.name
        try:
            if entry.is_file():
                yield Found(entry.path, inner)
            elif entry.is_dir():
                yield from _below(
                    entry.path,
                    inner,
                    seen=seen | {(status.st_dev, status.st_ino)},
                    on_error=on_error,
                )
            elif stat.S_ISREG(entry.stat().st_mode):
                yield Found(entry.path, inner)
            else:
                raise OSError(errno.EINVAL, "neither a file nor a folder")  # noqa: TRY301 - one place
        except OSError as error:
            on_error(entry.path, error)
