"""What is wrong with a manifest: every rule with its source, row by row and over all rows.

``lint`` is the reference: it keeps a digest of every row in memory.  ``intact.adapters.lint``
answers the same in bounded memory, and a property test holds the two equal.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from intact.batch.manifest import BYTE_ORDER_MARK
from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.rows import require_utf8, split_row
from intact.errors import FormatError
from intact.s3 import decode_key
from intact.s3.names import MAX_KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_GUIDE = 'S3 User Guide, "Creating an S3 Batch Operations job"'
_INVENTORY = 'S3 User Guide, "Configuring inventory reports for S3 Batch Operations"'
_COPY = 'S3 User Guide, "Copy objects"'


class LintRule(NamedTuple):
    """One rule.

    Attributes:
        sentence: What a row that breaks it does.
        source: Who says so.
        warning: True where a job may still do what its author means.
    """

    sentence: str
    source: str
    warning: bool = False


RULES: Mapping[str, LintRule] = {
    "empty file": LintRule("The manifest has no rows.", _GUIDE),
    "byte order mark": LintRule("The file begins with a byte order mark.", _GUIDE),
    "header row": LintRule("The first row names the columns; S3 takes it for an object.", _GUIDE),
    "blank line": LintRule("The line is empty.", _GUIDE),
    "not UTF-8": LintRule("The row holds bytes that are no UTF-8.", _GUIDE),
    "not CSV": LintRule("A quote is not closed, or text follows one that is.", _GUIDE),
    "column count": LintRule("The row has more or fewer columns than declared.", _GUIDE),
    "empty cell": LintRule("The bucket or the key is empty.", _GUIDE),
    "missing version": LintRule("The version is empty; the null version is null.", _INVENTORY),
    "bare plus": LintRule(
        "The key has a plus, which S3 documents neither as plus nor as space.",
        "undocumented; %2B or %20 says which",
    ),
    "unencoded key": LintRule("The key holds what URL encoding would have escaped.", _GUIDE),
    "undecodable key": LintRule("The key decodes to bytes that are no UTF-8.", _GUIDE),
    "long key": LintRule(
        f"The copy's key would exceed {MAX_KEY_SIZE} bytes.",
        'S3 User Guide, "Naming Amazon S3 objects"',
    ),
    "unreadable size": LintRule("The size is no number.", "the columns given here"),
    "too large": LintRule("The object is larger than one copy task can copy.", _COPY),
    "delete marker": LintRule("The row is a delete marker; its task will fail.", _INVENTORY),
    "duplicate": LintRule(
        "An earlier row names the same object.", "tasks run once for every row", warning=True
    ),
    "several versions": LintRule(
        "An earlier row names another version of the key; the last copy wins.", _COPY, warning=True
    ),
    "several buckets": LintRule("The bucket is not that of the first row.", _COPY),
}
_UNENCODED = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=:@/%-]|%(?![0-9A-Fa-f]{2})")
"""What no path of a URL holds (RFC 3986, section 3.3)."""


class Named(NamedTuple):
    """The object that a row names beyond doubt."""

    bucket: str
    key: str
    version_id: str


@dataclass(slots=True)
class Found:
    """Rows that break one rule: how many, and the lines of the first few."""

    count: int = 0
    lines: list[int] = field(default_factory=list)


def check_row(
    text: str, *, line: int, columns: Sequence[str], prefix_size: int = 0
) -> tuple[list[str], Named | None]:
    """Names of the rules that a row breaks by itself, and the object that it names.

    Args:
        text: The row without its line end; bytes that are no UTF-8 are surrogate-escaped.
        line: Its number, from 1.
        columns: Meaning of its columns, names of ``intact.batch.listed``.
        prefix_size: Bytes that the job puts before every key.
    """
    if not text:
        return ["blank line"], None
    try:
        require_utf8(text)
    except FormatError:
        return ["not UTF-8"], None
    if line == 1 and text.startswith(BYTE_ORDER_MARK):
        return ["byte order mark"], None
    try:
        values = split_row(text)
    except FormatError:
        return ["not CSV"], None
    if line == 1 and {"bucket", "key"} <= {value.lower() for value in values}:
        return ["header row"], None
    if len(values) != len(columns):
        return ["column count"], None
    return _check_cells(dict(zip(columns, values, strict=True)), prefix_size=prefix_size)


def _check_cells(cells: Mapping[str, str], *, prefix_size: int) -> tuple[list[str], Named | None]:
    found = _check_size(cells.get("Size", ""))
    if cells.get("IsDeleteMarker", "").lower() == "true":
        found.append("delete marker")
    bucket, raw_key, version_id = cells["Bucket"], cells["Key"], cells.get("VersionId")
    if version_id == "":
        found.append("missing version")
    if not bucket or not raw_key:
        return [*found, "empty cell"], None
    if "+" in raw_key:
        found.append("bare plus")
    if _UNENCODED.search(raw_key):
        found.append("unencoded key")
    try:
        key = decode_key(raw_key)
    except FormatError:
        return [*found, "undecodable key"], None
    if prefix_size + len(key.encode()) > MAX_KEY_SIZE:
        found.append("long key")
    if "+" in raw_key or version_id == "":
        return found, None
    return found, Named(bucket, key, version_id or "")


def _check_size(size: str) -> list[str]:
    if size and not re.fullmatch(r"[0-9]{1,18}", size):
        return ["unreadable size"]
    return ["too large"] if size and int(size) > MAX_COPY_SIZE else []


def lint(
    lines: Iterable[bytes], *, columns: Sequence[str], prefix_size: int = 0, most: int = 10
) -> dict[str, Found]:
    """Check a manifest; memory grows with its rows.

    Args:
        lines: Its lines.
        columns: As ``check_row``.
        prefix_size: As ``check_row``.
        most: Lines to keep for each rule.
    """
    found: defaultdict[str, Found] = defaultdict(Found)
    seen: set[Named] = set()
    versions: dict[tuple[str, str], str] = {}
    first_bucket, line = "", 0
    for line, raw in enumerate(lines, 1):
        text = raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
        broken, named = check_row(text, line=line, columns=columns, prefix_size=prefix_size)
        if named is not None:
            first_bucket = first_bucket or named.bucket
            if named.bucket != first_bucket:
                broken.append("several buckets")
            if named in seen:
                broken.append("duplicate")
            if versions.setdefault(named[:2], named.version_id) != named.version_id:
                broken.append("several versions")
            seen.add(named)
        for rule in broken:
            found[rule].count += 1
            found[rule].lines += [line] * (len(found[rule].lines) < most)
    if not line:
        found["empty file"].count = 1
    return {rule: found[rule] for rule in RULES if rule in found}
