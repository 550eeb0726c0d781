"""Manifest rows of format ``S3BatchOperations_CSV_20180820``: written and read as streams.

A manifest is CSV in UTF-8 without header; keys are URL-encoded; either every row names a
version or none does.  Columns that S3 shall skip are declared ``Ignore``; here they carry what an
audit wants to remember.  Source: Amazon S3 User Guide, "Creating an S3 Batch Operations job",
section "Specifying a manifest".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from intact.batch.rows import MalformedRow, require_utf8, split_row
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef, decode_key, encode_key
from intact.s3.names import MAX_KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FORMAT = "S3BatchOperations_CSV_20180820"
FIELDS = ("Bucket", "Key")
VERSIONED_FIELDS = ("Bucket", "Key", "VersionId")
IGNORE = "Ignore"
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_PLAIN = re.compile(r"[!#-+\--~]+")
"""Printable ASCII that CSV need not quote; every bucket and version of S3 is of this kind."""


class ManifestFormat(Enum):
    """How a job's list of objects is written; the values are S3 Control's words."""

    CSV = FORMAT
    """Bare CSV; a plus in a key has no documented meaning."""
    INVENTORY = "S3InventoryReport_CSV_20161130"
    """S3 Inventory: a ``manifest.json`` that lists CSV files; keys are form-encoded."""
    GENERATED = "S3InventoryReport_CSV_20211130"
    """What S3 Batch Operations generated for a job, in the manner of S3 Inventory."""

    @property
    def form_encoded(self) -> bool:
        """Whether a bare plus in a key is a space, in the list and in reports on it."""
        return self is not ManifestFormat.CSV


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One object that a job shall work on.

    Attributes:
        line: Number of its line in the manifest, from 1.
        source: The object; ``version_id`` is None where the manifest has no such column.
        raw_key: The key as the manifest spells it; the completion report repeats it so.
        extra: Cells of the ``Ignore`` columns, in order.
    """

    line: int
    source: ObjectRef
    raw_key: str
    extra: tuple[str, ...] = ()


def write_manifest(sources: Iterable[ObjectRef], *, fields: Sequence[str]) -> Iterator[bytes]:
    """Yield the lines of a manifest, one for each object, in order.

    Args:
        sources: The objects.  The null version is ``version_id="null"``.
        fields: ``FIELDS`` or ``VERSIONED_FIELDS``.

    Raises:
        UsageError: A version is missing in a versioned manifest or named in another, a bucket or
            version is none that S3 could have, or a key is empty or longer than S3 allows.
    """
    if tuple(fields) not in {FIELDS, VERSIONED_FIELDS}:
        raise UsageError(f"manifest fields are {list(fields)}; wanted Bucket,Key[,VersionId]")
    yield from write_rows(((source, ()) for source in sources), fields=fields)


def write_rows(
    rows: Iterable[tuple[ObjectRef, Sequence[str]]], *, fields: Sequence[str]
) -> Iterator[bytes]:
    """Yield the lines of a manifest whose rows carry more than S3 needs.

    Args:
        rows: The objects, each with one cell for every ``Ignore`` column; a cell may be empty.
        fields: ``FIELDS`` or ``VERSIONED_FIELDS``, then any number of ``Ignore``.

    Raises:
        UsageError: As ``write_manifest``, or a cell is not plain ASCII or is one too few or many.
    """
    names = tuple(name for name in fields if name != IGNORE)
    extras = len(fields) - len(names)
    if names not in {FIELDS, VERSIONED_FIELDS} or tuple(fields[: len(names)]) != names:
        raise UsageError(
            f"manifest fields are {list(fields)}; wanted Bucket,Key[,VersionId][,Ignore ...]"
        )
    versioned = names == VERSIONED_FIELDS
    for line, (source, extra) in enumerate(rows, 1):
        cells = _object_cells(source, line=line, versioned=versioned)
        if len(extra) != extras or not all(_PLAIN.fullmatch(cell) for cell in extra if cell):
            raise UsageError(
                f"manifest line {line}: extra cells are {list(extra)}; "
                f"wanted {extras} of plain ASCII without commas and quotes"
            )
        yield ",".join([*cells, *extra]).encode() + b"\n"


def _object_cells(source: ObjectRef, *, line: int, versioned: bool) -> list[str]:
    if versioned != bool(source.version_id):
        wanted = "a version on every row" if versioned else "no versions"
        raise UsageError(f"manifest line {line}: version is {source.version_id!r}; wanted {wanted}")
    encoded = encode_key(source.key)
    if not 0 < len(source.key.encode()) <= MAX_KEY_SIZE:
        raise UsageError(
            f"manifest line {line}: key {encoded!r} is {len(source.key.encode())} bytes; "
            f"wanted 1 to {MAX_KEY_SIZE}"
        )
    versions = [source.version_id] if source.version_id else []
    for name in (source.bucket, *versions):
        if not _PLAIN.fullmatch(name):
            raise UsageError(
                f"manifest line {line}: bucket or version is {name!r}; wanted plain ASCII"
            )
    return [source.bucket, encoded, *versions]


def read_manifest(
    lines: Iterable[bytes], *, fields: Sequence[str]
) -> Iterator[ManifestRow | MalformedRow]:
    """Read a manifest line by line; every line yields one value.

    A key with a bare ``+`` is malformed: S3 does not document whether it means a plus or a
    space, so the row cannot be bound to one object.

    Args:
        lines: The manifest's lines, with or without their line ends.
        fields: ``Manifest.Spec.Fields`` of the job: the meaning of each column.

    Raises:
        UsageError: ``fields`` lacks Bucket or Key, has one twice, or one that S3 does not know.
    """
    columns = require_fields(fields)
    for line, raw in enumerate(lines, 1):
        text = raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        yield read_row(text, line=line, fields=columns)


def require_fields(fields: Sequence[str]) -> tuple[str, ...]:
    """Refuse columns that bind no object, or that S3 does not know.

    Raises:
        UsageError: ``fields`` lacks Bucket or Key, has one twice, or one that S3 does not know.
    """
    named = sorted(name for name in fields if name != IGNORE)
    if named not in (sorted(FIELDS), sorted(VERSIONED_FIELDS)):
        raise UsageError(
            f"manifest fields are {list(fields)}; "
            "wanted Bucket and Key once, VersionId at most once, else Ignore"
        )
    return tuple(fields)


def read_row(text: str, *, line: int, fields: tuple[str, ...]) -> ManifestRow | MalformedRow:
    """Read one row of a manifest.

    Args:
        text: The row without its line end; bytes that are no UTF-8 are surrogate-escaped.
        line: Number of its line, from 1.
        fields: Meaning of each column, as ``require_fields`` returned them.
    """
    try:
        return _parse(text, line=line, columns=fields)
    except FormatError as error:
        return MalformedRow(line=line, text=text, problem=str(error))


def _parse(text: str, *, line: int, columns: tuple[str, ...]) -> ManifestRow:
    require_utf8(text)
    if line == 1 and text.startswith(BYTE_ORDER_MARK):
        raise FormatError("the row starts with a byte order mark; wanted UTF-8 without one")
    values = split_row(text)
    if len(values) != len(columns):
        raise FormatError(f"the row has {len(values)} columns; wanted {len(columns)}")
    cells = dict(zip(columns, values, strict=True))
    bucket, raw_key = cells["Bucket"], cells["Key"]
    if not bucket or not raw_key:
        raise FormatError("the row has an empty bucket or key; wanted both")
    if "+" in raw_key:
        raise FormatError(f"key {raw_key!r} has a bare '+'; wanted %2B or %20")
    version_id = cells.get("VersionId")
    if version_id is not None and not version_id:
        raise FormatError("the row has an empty version; wanted a version id or null")
    source = ObjectRef(bucket=bucket, key=decode_key(raw_key), version_id=version_id)
    extra = tuple(value for name, value in zip(columns, values, strict=True) if name == IGNORE)
    return ManifestRow(line=line, source=source, raw_key=raw_key, extra=extra)
