"""Records from Arrow columns, which is how segments of a ledger are read."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from intact.adapters.arrow import EPOCH, WORDS
from intact.audit import (
    BytesRead,
    Computed,
    Copy,
    Evidence,
    Expected,
    Finding,
    Level,
    Reason,
    Record,
    Unreadable,
    Verdict,
)
from intact.batch import TaskResult, TaskStatus
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.checksum.encoding import decode
from intact.errors import FormatError
from intact.s3 import ObjectFacts, ObjectRef, PartList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    import pyarrow as pa

Values = list[Any]

_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_REASONS = {reason.value: reason for reason in Reason}
_LEVELS = {level.name.lower(): level for level in Level}
_ALGORITHMS = {algorithm.value: algorithm for algorithm in Algorithm}
_TYPES = {kind.value: kind for kind in ChecksumType} | {None: None}


_EVIDENCE = tuple(field.name for field in fields(Evidence) if field.name != "row")
"""Fields of ``Evidence``, in the order of the columns behind ``row_problem``."""
_JUDGED = ("verdict", "reason", "level")


def records(batch: pa.RecordBatch) -> Iterator[Record]:
    """Yield the record of each row.

    Args:
        batch: With the columns of ``intact.audit.schema``, in order.

    Raises:
        FormatError: A value is none that a ledger can hold.
    """
    try:
        judged = zip(*(_plain(batch.column(name)) for name in _JUDGED), strict=True)
        known = _known(batch.drop_columns(list(_JUDGED)))
        for (copy, evidence), (verdict, reason, level) in zip(known, judged, strict=True):
            yield Record(
                copy=copy,
                evidence=evidence,
                finding=Finding(
                    verdict=_VERDICTS[verdict], reason=_REASONS[reason], level=_LEVELS[level]
                ),
            )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"no record of a ledger ({error!r})") from None


def known(batch: pa.RecordBatch) -> Iterator[tuple[Copy, Evidence]]:
    """Yield the copy of each row, and what is known of it.

    Args:
        batch: With the columns of ``intact.adapters.arrow.KNOWN``, in order.

    Raises:
        FormatError: A value is none that ``known_columns`` writes.
    """
    try:
        yield from _known(batch)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"no record of an audit ({error!r})") from None


def _known(batch: pa.RecordBatch) -> Iterator[tuple[Copy, Evidence]]:
    columns = [
        _DECODERS[name](column) for name, column in zip(_DECODERS, batch.columns, strict=True)
    ]
    for row, source, destination, text, problem, *slots in zip(*columns, strict=True):
        yield (
            Copy(row=row, source=source, destination=destination, text=text),
            Evidence(row=problem, **dict(zip(_EVIDENCE, slots, strict=True))),
        )


def _plain(column: pa.Array) -> Values:
    values: Values = column.to_pylist()
    return values


def _texts(column: pa.Array) -> list[str]:
    return [(raw or b"").decode("utf-8", "surrogateescape") for raw in _plain(column)]


def _problems(column: pa.Array) -> list[Unreadable | None]:
    return [None if text is None else Unreadable(problem=text) for text in _plain(column)]


def _members(column: pa.Array) -> dict[str, pa.Array]:
    """The members of a struct, null where the struct is."""
    names = [field.name for field in column.type]
    return dict(zip(names, column.flatten(), strict=True))


def _slices(column: pa.Array, items: Values) -> list[Values | None]:
    """The items of each list, or None where the list is null."""
    found: list[Values | None] = []
    at = 0
    for length in _plain(column.value_lengths()):
        found.append(None if length is None else items[at : at + length])
        at += length or 0
    return found


def _refs(column: pa.Array) -> list[ObjectRef | None]:
    members = _members(column)
    cells = (_plain(members[name]) for name in ("bucket", "key", "version"))
    return [
        None if bucket is None else ObjectRef(bucket=bucket, key=key, version_id=version)
        for bucket, key, version in zip(*cells, strict=True)
    ]


def _answers(
    build: Callable[[dict[str, pa.Array], list[bool]], Values],
) -> Callable[[pa.Array], Values]:
    """Make a decoder of answers from one of their members, which is told which rows to build."""

    def decoder(column: pa.Array) -> Values:
        if column.null_count == len(column):
            return [None] * len(column)
        members = _members(column)
        given: list[bool] = _plain(column.is_valid())
        words: dict[int, object] = {}
        for name in [name for name in members if name in WORDS]:
            texts = members.pop(name)
            if texts.null_count < len(texts):
                kind, attribute = WORDS[name]
                for at, text in enumerate(_plain(texts)):
                    if text is not None:
                        words[at] = kind(**{attribute: text})
                        given[at] = False
        built = build(members, given)
        return [words.get(at, value) for at, value in enumerate(built)]

    return decoder


def _rows(members: dict[str, pa.Array], given: list[bool]) -> Iterator[tuple[Any, ...] | None]:
    """The members' values, row by row; None where none is wanted."""
    rows = zip(
        *(_VALUES.get(name, _plain)(column) for name, column in members.items()), strict=True
    )
    for row, wanted in zip(rows, given, strict=True):
        yield row if wanted else None


def _tasks(members: dict[str, pa.Array], given: list[bool]) -> Values:
    return [
        row
        and TaskResult(
            bucket=row[0],
            raw_key=row[1],
            version_id=row[2],
            status=TaskStatus(row[3]),
            http_status=row[4],
            error_code=row[5],
            message=row[6],
        )
        for row in _rows(members, given)
    ]


def _facts(members: dict[str, pa.Array], given: list[bool]) -> Values:
    return [
        row
        and ObjectFacts(
            size=row[0],
            etag=row[1],
            last_modified=row[2],
            version_id=row[3],
            checksums=row[4],
            encryption=row[5],
            storage_class=row[6],
            archived=row[7],
        )
        for row in _rows(members, given)
    ]


def _expected(members: dict[str, pa.Array], given: list[bool]) -> Values:
    return [row and Expected(checksums=row[0], size=row[1]) for row in _rows(members, given)]


def _versions(members: dict[str, pa.Array], given: list[bool]) -> Values:
    column = members["found"]
    items = column.flatten()
    facts = _facts(_members(items), [True] * len(items))
    lists = zip(_slices(column, facts), given, strict=True)
    return [tuple(found or ()) if wanted else None for found, wanted in lists]


def _parts(members: dict[str, pa.Array], given: list[bool]) -> Values:
    found: Values = []
    for row in _rows(members, given):
        if row is None:
            found.append(None)
            continue
        sizes, name, encoded = row
        algorithm = _ALGORITHMS[name] if name is not None else None
        digests = [decode(text, algorithm=algorithm) for text in encoded or ()] if algorithm else ()
        found.append(PartList(sizes=tuple(sizes), algorithm=algorithm, digests=tuple(digests)))
    return found


def _bytes(members: dict[str, pa.Array], given: list[bool]) -> Values:
    return [
        row
        and BytesRead(
            size=row[0], checksums=row[1], by_source_parts=row[2], by_destination_parts=row[3]
        )
        for row in _rows(members, given)
    ]


def _moments(column: pa.Array) -> list[datetime | None]:
    since = _plain(column.cast("int64"))
    return [None if value is None else EPOCH + timedelta(microseconds=value) for value in since]


def _checksum_sets(column: pa.Array) -> list[frozenset[Checksum]]:
    lists = _slices(column, _checksums(column.flatten()))
    return [frozenset(checksums or ()) for checksums in lists]


def _checksums(column: pa.Array) -> list[Checksum]:
    cells = map(_plain, column.flatten())
    return [
        Checksum(
            algorithm=(algorithm := _ALGORITHMS[name]),
            type=_TYPES[kind],
            digest=decode(digest, algorithm=algorithm),
            parts=parts,
        )
        for name, kind, digest, parts in zip(*cells, strict=True)
    ]


def _computed(column: pa.Array) -> Values:
    if column.null_count == len(column):
        return [()] * len(column)
    members = _members(column.flatten())
    cells = (
        _checksums(members["checksum"]),
        _plain(members["etag"]),
        _plain(members["version"]),
        _moments(members["begun"]),
    )
    rows = [
        Computed(checksum=checksum, etag=etag, version_id=version, begun=begun)
        for checksum, etag, version, begun in zip(*cells, strict=True)
    ]
    return [tuple(found or ()) for found in _slices(column, rows)]


_VALUES: dict[str, Callable[[pa.Array], Values]] = {
    "last_modified": _moments,
    "checksums": _checksum_sets,
    "by_source_parts": _checksum_sets,
    "by_destination_parts": _checksum_sets,
}
"""Members of answers that are more than scalars."""

_DECODERS: dict[str, Callable[[pa.Array], Values]] = {
    "row": _plain,
    "source": _refs,
    "destination": _refs,
    "row_text": _texts,
    "row_problem": _problems,
    "shared": _plain,
    "task": _answers(_tasks),
    "expected": _answers(_expected),
    "source_computed": _computed,
    "destination_computed": _computed,
    "source_object": _answers(_facts),
    "destination_object": _answers(_facts),
    "source_versions": _answers(_versions),
    "destination_versions": _answers(_versions),
    "source_parts": _answers(_parts),
    "destination_parts": _answers(_parts),
    "source_bytes": _answers(_bytes),
    "destination_bytes": _answers(_bytes),
}
