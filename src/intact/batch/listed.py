"""What a listing, an inventory or a table says of objects, and the manifest made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from intact.batch.manifest import FIELDS, IGNORE, VERSIONED_FIELDS, write_rows
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

EXTRAS = ("Size", "ETag", "Digest")
"""What a manifest may carry besides; S3 is told to ignore it."""
DELETE_MARKER = "IsDeleteMarker"
COLUMNS = (*VERSIONED_FIELDS, *EXTRAS, DELETE_MARKER, IGNORE)
"""Names that the columns of a table may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One object version, or one delete marker, in a list of any origin.

    Attributes:
        source: The object.
        size: Length in bytes; None where the list does not say.
        etag: Entity tag without quotes; None where the list does not say.
        digest: A digest that the list expects, as text; None where it does not say.
        delete_marker: Whether it is a delete marker, which nothing can copy.
    """

    source: ObjectRef
    size: int | None = None
    etag: str | None = None
    digest: str | None = None
    delete_marker: bool = False

    @classmethod
    def from_cells(cls, cells: Mapping[str, str], *, bucket: str | None = None) -> Listed:
        """Read one row of a table, its cells by their names in ``COLUMNS``.

        Args:
            cells: The cells; keys are decoded.
            bucket: Bucket of rows that have no such cell.

        Raises:
            FormatError: A cell is not what its column holds, or there is no bucket or key.
        """
        source = ObjectRef(
            bucket=cells.get("Bucket") or bucket or "",
            key=cells.get("Key", ""),
            version_id=cells.get("VersionId"),
        )
        if not source.bucket or not source.key:
            raise FormatError("the row has an empty bucket or key; wanted both")
        size, marker = cells.get("Size", ""), cells.get(DELETE_MARKER, "").lower()
        if size and not (size.isascii() and size.isdigit()):
            raise FormatError(f"Size is {size!r}; wanted digits")
        if marker not in {"", "true", "false"}:
            raise FormatError(f"{DELETE_MARKER} is {marker!r}; wanted 'true' or 'false'")
        return cls(
            source=source,
            size=int(size) if size else None,
            etag=cells.get("ETag", "").strip('"') or None,
            digest=cells.get("Digest") or None,
            delete_marker=marker == "true",
        )

    def cell(self, name: str) -> str:
        """Cell of one of ``EXTRAS``; empty where the list does not say."""
        value = {"Size": self.size, "ETag": self.etag, "Digest": self.digest}[name]
        return "" if value is None else str(value)


@dataclass(slots=True)
class Tally:
    """What became of a list; ``listed == written + delete_markers``.

    Attributes:
        listed: Rows of the list.
        written: Rows of the manifest.
        delete_markers: Delete markers, which were left out.
        named: The first few of them.
    """

    listed: int = 0
    written: int = 0
    delete_markers: int = 0
    named: list[ObjectRef] = field(default_factory=list)


MOST_NAMED = 5


def manifest_of(
    listed: Iterable[Listed], *, versioned: bool, extras: Sequence[str], tally: Tally
) -> Iterator[bytes]:
    """Yield the lines of a manifest of everything listed that can be copied.

    Args:
        listed: The objects.
        versioned: Whether the manifest names versions.
        extras: Names among ``EXTRAS``, one column each.
        tally: Counts as the lines are taken.

    Raises:
        UsageError: As ``write_rows``, or nothing was there to write.
    """

    def rows() -> Iterator[tuple[ObjectRef, list[str]]]:
        for entry in listed:
            tally.listed += 1
            if entry.delete_marker:
                tally.delete_markers += 1
                if len(tally.named) < MOST_NAMED:
                    tally.named.append(entry.source)
                continue
            tally.written += 1
            yield entry.source, [entry.cell(name) for name in extras]

    yield from write_rows(rows(), fields=fields_of(versioned=versioned, extras=extras))
    if not tally.written:
        raise UsageError("nothing is listed that can be copied; a job wants at least one row")


def fields_of(*, versioned: bool, extras: Sequence[str] = ()) -> tuple[str, ...]:
    """``Manifest.Spec.Fields`` of such a manifest."""
    return (VERSIONED_FIELDS if versioned else FIELDS) + (IGNORE,) * len(extras)
