"""Writes what follows an audit: manifests of what is not proven, and the jobs over them.

The folder appears whole or not at all.  Memory does not grow with the number of rows.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from intact.adapters.files import sync_folder
from intact.audit.remedy import Remedy
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS, write_manifest
from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.split import MOST_ROWS
from intact.batch.workload import Workload
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from intact.adapters.unproven import Unproven
    from intact.audit import Reason
    from intact.batch import S3PutObjectCopy
    from intact.s3 import ObjectRef

COPY, LARGE, READ = "copy", "large", "read"
COMPUTE_SOURCE, COMPUTE_DESTINATION = "compute-source", "compute-destination"
PROVE = "compute-audit"
"""Sources that a Compute checksum job speaks of on either side, for the audit after it."""
LEFTOVER = "leftover.csv"
_COLUMNS = ("row", "verdict", "reason", "remedy", "source", "text")


@dataclass(slots=True)
class Sheet:
    """One manifest of what is not proven.

    Attributes:
        kind: What it is for: one of the words above.
        name: Its files' stem.
        fields: Meaning of its columns.
        rows: Its rows.
        size: Their bytes together, as far as they are known.
        unsized: Rows whose bytes are not known.
        length: Bytes of the manifest itself.
        digest: MD5 of the manifest: the ETag of an upload in one part.
    """

    kind: str
    name: str
    fields: tuple[str, ...]
    rows: int = 0
    size: int = 0
    unsized: int = 0
    length: int = 0
    digest: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))

    @property
    def manifest(self) -> str:
        """Name of the manifest's file."""
        return f"{self.name}-manifest.csv"

    @property
    def job(self) -> str:
        """Name of the payload's file."""
        return f"{self.name}-job.json"

    @property
    def load(self) -> Workload:
        """How much a job over it works on, at least."""
        return Workload(objects=self.rows, size=self.size)


@dataclass(slots=True)
class Plan:
    """What follows an audit.

    Attributes:
        sheets: The manifests, in the order of their first rows.
        remedies: Copies by what helps.
        reasons: Copies by reason.
        malformed: Rows of the audited manifest that could not be read, so cannot be retried.
    """

    sheets: list[Sheet] = field(default_factory=list)
    remedies: Counter[Remedy] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)
    malformed: int = 0

    @property
    def copies(self) -> int:
        """Copies that are not proven."""
        return self.remedies.total()

    def of(self, *kinds: str) -> list[Sheet]:
        """Manifests of these kinds."""
        return [sheet for sheet in self.sheets if sheet.kind in kinds]


def write_retry(
    rows: Iterable[Unproven],
    folder: Path,
    *,
    operation: S3PutObjectCopy,
    most_rows: int = MOST_ROWS,
    finish: Callable[[Path, Plan], None],
) -> Plan:
    """Write a folder with a manifest for each remedy, and let the caller add what belongs to them.

    Where some rows name versions and others do not, each kind has a manifest of its own, since S3
    takes no mixed one.

    Args:
        rows: One for each copy.
        folder: Must not exist; not made where there is no row.  Those above it are made.
        operation: Where the audited job copied to.
        most_rows: Rows in one manifest.
        finish: Called with the folder, not yet under its name, and the plan.

    Raises:
        UsageError: The folder exists, or the audited job copied to another place.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists; wanted the name of a new folder")
    plan = Plan()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        whole = Path(scratch) / "retry"
        whole.mkdir()
        with _Sheets(whole, plan, most_rows=most_rows) as sheets:
            for row in rows:
                _require_target(row, operation)
                plan.remedies[row.remedy] += 1
                plan.reasons[row.reason] += 1
                plan.malformed += row.source is None
                sheets.place(row)
        if plan.copies:
            finish(whole, plan)
            for path in whole.iterdir():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            whole.rename(folder)
            sync_folder(folder.parent)
    return plan


def _require_target(row: Unproven, operation: S3PutObjectCopy) -> None:
    """Refuse to copy to where the audited job did not."""
    if row.source is None or row.destination is None:
        return
    wanted, got = row.destination, operation.destination(row.source)
    if (wanted.bucket, wanted.key) != (got.bucket, got.key):
        raise UsageError(
            f"row {row.row}: the job would copy to {got}; wanted s3://{wanted.bucket} and the key "
            f"of the audited copy, {wanted.key!r}"
        )


class _Sheets:
    """Open files: the manifests that rows are placed in, and the list of what is left."""

    def __init__(self, folder: Path, plan: Plan, *, most_rows: int) -> None:
        self._folder, self._plan, self._most = folder, plan, most_rows
        self._open: dict[tuple[str, bool], tuple[Sheet, IO[bytes]]] = {}
        self._left: IO[bytes] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def place(self, row: Unproven) -> None:
        """Write a row to every list that it belongs to."""
        placed = list(_placed(row)) if row.source is not None else []
        for kind, ref, size in placed:
            self._write(kind, ref, size)
        if row.remedy is Remedy.ASK or not placed:
            self._leave(row)

    def _write(self, kind: str, ref: ObjectRef, size: int | None) -> None:
        versioned = bool(ref.version_id)
        fields = VERSIONED_FIELDS if versioned else FIELDS
        found = self._open.get((kind, versioned))
        if found is None or found[0].rows >= self._most:
            if found is not None:
                found[1].close()
            number = 1 + len(self._plan.of(kind))
            name = kind if number == 1 else f"{kind}-{number}"
            sheet = Sheet(kind=kind, name=name, fields=fields)
            self._plan.sheets.append(sheet)
            opened = self._stack.enter_context((self._folder / sheet.manifest).open("wb"))
            found = self._open[kind, versioned] = (sheet, opened)
        sheet, file = found
        [line] = write_manifest([ref], fields=fields)
        file.write(line)
        sheet.digest.update(line)
        sheet.length += len(line)
        sheet.rows += 1
        sheet.size += size or 0
        sheet.unsized += size is None

    def _leave(self, row: Unproven) -> None:
        if self._left is None:
            self._left = self._stack.enter_context((self._folder / LEFTOVER).open("wb"))
            self._left.write(_csv(_COLUMNS))
        found = (row.verdict.value, row.reason.value, row.reason.remedy)
        source = "" if row.source is None else str(row.source)
        self._left.write(_csv((str(row.row), *found, source, ascii(row.text) if row.text else "")))


def _placed(row: Unproven) -> Iterator[tuple[str, ObjectRef, int | None]]:
    """Every list that a row belongs to, and its object and size there."""
    source, destination = row.source, row.destination
    if source is None or destination is None:
        return
    match row.remedy:
        case Remedy.COPY:
            large = row.too_large or (row.size or 0) > MAX_COPY_SIZE
            yield LARGE if large else COPY, source, row.size
        case Remedy.COMPUTE:
            yield PROVE, source, row.size
            if row.compute_source:
                yield COMPUTE_SOURCE, source, row.size
            if row.compute_destination:
                yield COMPUTE_DESTINATION, destination, row.destination_size
        case Remedy.READ:
            yield READ, source, row.size
        case Remedy.ASK | Remedy.NOTHING:
            return


def _csv(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
