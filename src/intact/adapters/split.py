"""Splits a manifest into a folder of manifests, which appears whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intact.batch.split import Placed


@dataclass(slots=True)
class Part:
    """One manifest of a split.

    Attributes:
        rows: Its rows.
        digest: MD5 of its bytes: the ETag of an upload in one part.
    """

    rows: int = 0
    digest: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))


def write_parts(placed: Iterable[Placed], folder: Path) -> dict[str, Part]:
    """Write every row to the manifest it was placed in, and return what each of them holds.

    Args:
        placed: The rows; those of one kind fill one manifest after the other.
        folder: Must not exist; those above it are made.

    Raises:
        UsageError: The folder exists, or there was no row.
        FormatError: A row is malformed.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists; wanted the name of a new folder")
    parts: dict[str, Part] = {}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        whole = Path(scratch) / "parts"
        whole.mkdir()
        files: dict[str, tuple[str, IO[bytes]]] = {}
        with contextlib.ExitStack() as stack:
            for name, row in placed:
                kind = name.partition("-")[0]
                if files.get(kind, ("", None))[0] != name:
                    if kind in files:
                        files[kind][1].close()
                    files[kind] = name, stack.enter_context((whole / f"{name}.csv").open("wb"))
                    parts[name] = Part()
                files[kind][1].write(row)
                parts[name].digest.update(row)
                parts[name].rows += 1
        if not parts:
            raise UsageError("the manifest has no rows; there is nothing to split")
        for path in whole.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        whole.rename(folder)
    return parts
