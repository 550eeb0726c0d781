"""Lists of objects in the manner of S3 Inventory: a ``manifest.json`` and the files it names.

S3 Inventory writes format ``S3InventoryReport_CSV_20161130``; S3 Batch Operations generates
``S3InventoryReport_CSV_20211130``, whose columns no document lists, so both are read by their own
``fileSchema``.  Keys are form-encoded: a plus is a space.  In a list of all versions an empty
version is the null version.  S3 Inventory writes ORC and Parquet too, which no batch job takes; see
``intact.batch.columns``.  Source: Amazon S3 User Guide, "Inventory list" and "Configuring inventory
reports for S3 Batch Operations"; cloud-custodian#1997 for the plus.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from intact.batch.columns import FileFormat, columns_of
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS, ManifestRow
from intact.batch.rows import MalformedRow, require_utf8, split_row
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef, decode_key
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

NULL_VERSION = "null"
_FLAGS = {"": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryFile:
    """One file of an inventory.

    Attributes:
        key: Its key in the bucket that ``InventoryManifest.bucket`` names.
        md5: MD5 of its bytes, compressed as they are, in lower-case hex.
    """

    key: str
    md5: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryManifest:
    """``manifest.json`` of an inventory.

    Attributes:
        bucket: Bucket that holds the files; None where the document does not say.
        schema: Names of the columns, in order; see ``columns_of``.
        files: The files, in the order listed.
        created: When S3 began to take it; None where the document does not say.
        file_format: What the files are.
    """

    bucket: str | None
    schema: tuple[str, ...]
    files: tuple[InventoryFile, ...]
    created: datetime | None = None
    file_format: FileFormat = FileFormat.CSV

    @property
    def fields(self) -> tuple[str, ...]:
        """Which columns bind an object, as a manifest's ``Fields`` would say it."""
        return VERSIONED_FIELDS if "VersionId" in self.schema else FIELDS

    @classmethod
    def parse(cls, document: bytes, *, formats: Sequence[FileFormat] = (FileFormat.CSV,)) -> Self:
        """Read the JSON document.

        Args:
            document: Its bytes.
            formats: What its files may be: CSV alone where a batch job is to take it.

        Raises:
            FormatError: Not the ``manifest.json`` of an inventory, or one without keys.
            UsageError: The inventory's files are of another format.
        """
        try:
            members: Mapping[str, Any] = json.loads(document)
            kind = members["fileFormat"]
            text = members["fileSchema"].strip()
            files = tuple(_file(member) for member in members["files"])
            bucket = members.get("destinationBucket")
            if bucket is not None and bucket.startswith("arn:"):
                bucket = bucket_of_arn(bucket)
            created = members.get("creationTimestamp")
            if created is not None:  # milliseconds since 1970
                created = datetime.fromtimestamp(int(created) / 1000, UTC)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise FormatError(f"inventory manifest.json: {error!r}") from None
        file_format = next((known for known in formats if known.value == kind), None)
        if file_format is None:
            wanted = " or ".join(repr(known.value) for known in formats)
            raise UsageError(f"inventory manifest.json: fileFormat is {kind!r}; wanted {wanted}")
        schema = columns_of(text, file_format)
        if (
            schema.count("Bucket") != 1
            or schema.count("Key") != 1
            or len(set(schema)) < len(schema)
        ):
            raise FormatError(
                f"inventory manifest.json: fileSchema is {', '.join(schema)}; "
                "wanted Bucket and Key, and no column twice"
            )
        return cls(
            bucket=bucket, schema=schema, files=files, created=created, file_format=file_format
        )


def _file(member: Mapping[str, str]) -> InventoryFile:
    named = {name.lower(): value for name, value in member.items()}
    return InventoryFile(key=named["key"], md5=named["md5checksum"].lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryRow:
    """One object version, or one delete marker, that an inventory lists.

    Attributes:
        line: Number of its row in the inventory, from 1 and over all its files.
        source: The object; the null version is ``"null"`` where the inventory lists versions.
        raw_key: The key as the inventory spells it; a completion report repeats it so.
        raw_version: The version as the inventory spells it: empty for the null version.
        size: Length in bytes; None where the inventory does not say.
        etag: Entity tag; None where the inventory does not say.
        delete_marker: Whether it is a delete marker, which nothing can copy.
        latest: Whether it is the current version; None where the inventory does not say.
    """

    line: int
    source: ObjectRef
    raw_key: str
    raw_version: str | None = None
    size: int | None = None
    etag: str | None = None
    delete_marker: bool = False
    latest: bool | None = None

    def manifest_row(self) -> ManifestRow:
        """Return what a job made of it: a delete marker is a task too, one that fails."""
        return ManifestRow(line=self.line, source=self.source, raw_key=self.raw_key)


def read_inventory(
    lines: Iterable[bytes], *, schema: Sequence[str], before: int = 0
) -> Iterator[InventoryRow | MalformedRow]:
    """Read one CSV file of an inventory; every line yields one value.

    Args:
        lines: The file's lines, with or without their line ends; encoded keys hold none.
        schema: ``InventoryManifest.schema``.
        before: Rows in the files before this one.
    """
    for line, raw in enumerate(lines, before + 1):
        text = raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        try:
            yield _parse(text, line=line, schema=schema)
        except FormatError as error:
            yield MalformedRow(line=line, text=text, problem=str(error))


def _parse(text: str, *, line: int, schema: Sequence[str]) -> InventoryRow:
    require_utf8(text)
    values = split_row(text)
    if len(values) != len(schema):
        raise FormatError(f"the row has {len(values)} columns; wanted {len(schema)}")
    cells = dict(zip(schema, values, strict=True))
    bucket, raw_key = cells["Bucket"], cells["Key"]
    if not bucket or not raw_key:
        raise FormatError("the row has an empty bucket or key; wanted both")
    if "+" in raw_key and "%20" in raw_key:
        raise FormatError(f"key {raw_key!r} has both '+' and '%20'; wanted one form of a space")
    version_id = (cells["VersionId"] or NULL_VERSION) if "VersionId" in cells else None
    key = decode_key(raw_key, plus_is_space=True)
    return InventoryRow(
        line=line,
        source=ObjectRef(bucket=bucket, key=key, version_id=version_id),
        raw_key=raw_key,
        raw_version=cells.get("VersionId"),
        size=_size(cells.get("Size", "")),
        etag=cells.get("ETag", "").strip('"') or None,
        delete_marker=bool(_flag(cells, "IsDeleteMarker")),
        latest=_flag(cells, "IsLatest"),
    )


def _size(cell: str) -> int | None:
    if cell and not (cell.isascii() and cell.isdigit()):
        raise FormatError(f"Size is {cell!r}; wanted digits")
    return int(cell) if cell else None


def _flag(cells: Mapping[str, str], name: str) -> bool | None:
    cell = cells.get(name, "").lower()
    if cell not in _FLAGS:
        raise FormatError(f"{name} is {cells[name]!r}; wanted 'true' or 'false'")
    return _FLAGS[cell]
