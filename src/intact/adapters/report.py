"""Fetches a completion report and checks every byte of it against its MD5s."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from intact.batch import MalformedRow, ReportManifest, TaskResult, read_results
from intact.errors import FormatError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intact.adapters.boto import BotoStore

SIDECAR_DIGITS = 32


def fetch_report(
    store: BotoStore, report: ObjectRef, *, scratch: Path
) -> Iterator[TaskResult | MalformedRow]:
    """Yield every row of a completion report, one part on disk at a time.

    Args:
        store: Where the report lies.
        report: Its ``manifest.json``.
        scratch: Folder for the part that is being read.

    Raises:
        StoreError: The report or a part of it could not be read.
        FormatError: A file is not what its MD5 or its format promises.
    """
    path = scratch / "report"
    md5 = store.save(report, path)
    document = path.read_bytes()
    store.save(ObjectRef(bucket=report.bucket, key=f"{report.key}.md5"), path)
    require_md5(report, got=md5, wanted=path.read_text("ascii", "replace")[:SIDECAR_DIGITS])
    for part in ReportManifest.parse(document).parts:
        ref = ObjectRef(bucket=part.bucket, key=part.key)
        require_md5(ref, got=store.save(ref, path), wanted=part.md5)
        with path.open("rb") as lines:
            yield from read_results(lines)
    path.unlink()


def saved_report(path: Path) -> Iterator[TaskResult | MalformedRow]:
    """Yield every row of a completion report that was downloaded.

    Args:
        path: Its ``manifest.json``; the parts lie in ``results`` beside it, or beside it.

    Raises:
        OSError: A file cannot be read.
        FormatError: A file is not what its MD5 or its format promises.
    """
    for part in ReportManifest.parse(path.read_bytes()).parts:
        name = part.key.rpartition("/")[2]
        found = path.parent / "results" / name
        if not found.exists():
            found = path.parent / name
        with found.open("rb") as file:
            md5 = hashlib.file_digest(file, _md5).hexdigest()
            ref = ObjectRef(bucket=part.bucket, key=part.key)
            require_md5(ref, got=md5, wanted=part.md5)
            file.seek(0)
            yield from read_results(file)


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def require_md5(ref: ObjectRef, *, got: str, wanted: str) -> None:
    """Refuse an object whose bytes are not those that a list promised.

    Raises:
        FormatError: The MD5s, in hex, differ.
    """
    if got != wanted.lower():
        raise FormatError(f"{ref}: MD5 is {got}; wanted {wanted}")
