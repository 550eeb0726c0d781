"""Manifest rows of format ``S3BatchOperations_CSV_20180820``: written and read as streams.

A manifest is CSV in UTF-8 without header; keys are URL-encoded; either every row names a
version or none does.  Source: Amazon S3 User Guide, "Creating an S3 Batch Operations job",
section "Specifying a manifest".
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.batch.rows import MalformedRow, require_utf8
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef, decode_key, encode_key
from intact.s3.names import MAX_KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FORMAT = "S3BatchOperations_CSV_20180820"
FIELDS = ("Bucket", "Key")
VERSIONED_FIELDS = ("Bucket", "Key", "VersionId")
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_PLAIN = re.compile(r"[!#-+\--~]+")
"""Printable ASCII that CSV need not quote; every bucket and version of S3 is of this kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One object that a job shall work on.

    Attributes:
        line: Number of its line in the manifest, from 1.
        source: The object; ``version_id`` is None where the manifest has no such column.
        raw_key: The key as the manifest spells it; the completion report repeats it so.
    """

    line: int
    source: ObjectRef
    raw_key: str


def write_manifest(sources: Iterable[ObjectRef], *, fields: Sequence[str]) -> Iterator[bytes]:
    """Yield the lines of a manifest, one for each object, in order.

    Args:
        sources: The objects.  The null version is ``version_id="null"``.
        fields: ``FIELDS`` or ``VERSIONED_FIELDS``.

    Raises:
        UsageError: A version is missing in a versioned manifest or named in another, a bucket or
            version is none that S3 could have, or a key is empty or longer than S3 allows.
    """
    versioned = tuple(fields) == VERSIONED_FIELDS
    if not versioned and tuple(fields) != FIELDS:
        raise UsageError(f"manifest fields are {list(fields)}; wanted Bucket,Key[,VersionId]")
    for line, source in enumerate(sources, 1):
        if versioned != bool(source.version_id):
            wanted = "a version on every row" if versioned else "no versions"
            raise UsageError(
                f"manifest line {line}: version is {source.version_id!r}; wanted {wanted}"
            )
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
        yield ",".join([source.bucket, encoded, *versions]).encode() + b"\n"


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
    columns = tuple(fields)
    named = sorted(name for name in columns if name != "Ignore")
    if named not in (sorted(FIELDS), sorted(VERSIONED_FIELDS)):
        raise UsageError(
            f"manifest fields are {list(fields)}; "
            "wanted Bucket and Key once, VersionId at most once, else Ignore"
        )
    for line, raw in enumerate(lines, 1):
        text = raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        try:
            yield _parse(text, line=line, columns=columns)
        except FormatError as error:
            yield MalformedRow(line=line, text=text, problem=str(error))


def _parse(text: str, *, line: int, columns: tuple[str, ...]) -> ManifestRow:
    require_utf8(text)
    if line == 1 and text.startswith(BYTE_ORDER_MARK):
        raise FormatError("the row starts with a byte order mark; wanted UTF-8 without one")
    if '"' in text:
        try:
            values = next(csv.reader([text], strict=True))
        except csv.Error as error:
            raise FormatError(f"the row is no CSV: {error}") from None
    else:
        values = text.split(",")
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
    return ManifestRow(line=line, source=source, raw_key=raw_key)
