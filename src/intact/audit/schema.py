"""The columns of a ledger's segments, for everyone who writes or reads them.

A segment is a Parquet file with exactly these columns, one row for each row of the manifest.  The
types are plain data, so that every engine can translate them: a word is a scalar, a mapping is a
struct, a list of one type is a list.  Each column may be null unless it stands in ``REQUIRED``.

An answer is null where nobody was asked; a struct whose ``absent``, ``unreadable`` or ``withheld``
is not null, where that was the answer; else a struct with the other members.  Algorithms and types
of checksums are S3's words, digests are base64, moments are UTC.  ``row_text`` is what the manifest
holds, byte for byte, where the row could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping

Type = str | Mapping[str, "Type"] | list["Type"]

TEXT, BINARY, BOOL, INT32, INT64 = "string", "binary", "bool", "int32", "int64"
MOMENT = "timestamp"
"""Microseconds since 1970, UTC."""

REF: Mapping[str, Type] = {"bucket": TEXT, "key": TEXT, "version": TEXT}
CHECKSUM: Mapping[str, Type] = {"algorithm": TEXT, "type": TEXT, "digest": TEXT, "parts": INT32}
CHECKSUMS: Type = [CHECKSUM]
FACTS: Mapping[str, Type] = {
    "size": INT64,
    "etag": TEXT,
    "last_modified": MOMENT,
    "version": TEXT,
    "checksums": CHECKSUMS,
    "encryption": TEXT,
    "storage_class": TEXT,
    "archived": BOOL,
}
TASK: Mapping[str, Type] = {
    "absent": TEXT,
    "unreadable": TEXT,
    "bucket": TEXT,
    "raw_key": TEXT,
    "version": TEXT,
    "status": TEXT,
    "http_status": INT32,
    "error_code": TEXT,
    "message": TEXT,
}
EXPECTED: Mapping[str, Type] = {"checksums": CHECKSUMS, "size": INT64}
COMPUTED: Mapping[str, Type] = {
    "checksum": CHECKSUM,
    "etag": TEXT,
    "version": TEXT,
    "begun": MOMENT,
}
OBJECT: Mapping[str, Type] = {"absent": TEXT, "unreadable": TEXT, "withheld": TEXT, **FACTS}
VERSIONS: Mapping[str, Type] = {"unreadable": TEXT, "withheld": TEXT, "found": [FACTS]}
PARTS: Mapping[str, Type] = {
    "absent": TEXT,
    "unreadable": TEXT,
    "withheld": TEXT,
    "sizes": [INT64],
    "algorithm": TEXT,
    "digests": [TEXT],
}
BYTES: Mapping[str, Type] = {
    "unreadable": TEXT,
    "withheld": TEXT,
    "size": INT64,
    "checksums": CHECKSUMS,
    "by_source_parts": CHECKSUMS,
    "by_destination_parts": CHECKSUMS,
}

COLUMNS: Mapping[str, Type] = {
    "row": INT64,
    "verdict": TEXT,
    "reason": TEXT,
    "level": TEXT,
    "source": REF,
    "destination": REF,
    "row_text": BINARY,
    "row_problem": TEXT,
    "shared": BOOL,
    "task": TASK,
    "expected": EXPECTED,
    "source_computed": [COMPUTED],
    "destination_computed": [COMPUTED],
    "source_object": OBJECT,
    "destination_object": OBJECT,
    "source_versions": VERSIONS,
    "destination_versions": VERSIONS,
    "source_parts": PARTS,
    "destination_parts": PARTS,
    "source_bytes": BYTES,
    "destination_bytes": BYTES,
}
"""Every column, in order."""
REQUIRED = frozenset({"row", "verdict", "reason", "level", "shared"})
"""Columns that are never null."""
