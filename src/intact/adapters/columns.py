"""Records as Arrow columns, which is how segments of a ledger are written.

Built column by column from the objects: an object that is not there is ``_NOTHING``, whose every
attribute is None, so that each column is one comprehension.  Most columns hold one value over and
over, and much of what is known of a copy is known of its source too: what is alike is found out by
comparing lists, in a tenth of the time that it takes to make an array.
"""

from __future__ import annotations

from binascii import b2a_base64
from functools import lru_cache
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from intact.adapters.arrow import EPOCH, KNOWN, SCALARS, SCHEMA, WORDS, arrow_type
from intact.audit import BytesRead, Expected, Level
from intact.audit.schema import (
    BYTES,
    CHECKSUM,
    COMPUTED,
    EXPECTED,
    FACTS,
    MOMENT,
    OBJECT,
    PARTS,
    REF,
    TASK,
    VERSIONS,
)
from intact.batch import TaskResult
from intact.s3 import ObjectFacts, PartList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from intact.audit import Copy, Evidence, Record
    from intact.audit.schema import Type

Values = list[Any]

_LEVELS = [level.name.lower() for level in sorted(Level, key=lambda level: level.value)]


class _Nothing:
    def __getattr__(self, name: str) -> None:
        """Whatever is asked for is not there."""


_NOTHING = _Nothing()
_NONE = type(None)


class _Struct:
    """A struct of ``intact.audit.schema``, translated once.

    Attributes:
        type: Arrow's type.
        words: Type and attribute of what says why there is no better answer.
    """

    def __init__(self, kind: Mapping[str, Type]) -> None:
        self.type = arrow_type(kind)
        self.words = [WORDS[name] for name in kind if name in WORDS]
        self._fields = list(self.type)

    def of(self, arrays: Sequence[pa.Array], *, mask: pa.Array | None = None) -> pa.Array:
        return pa.StructArray.from_arrays(arrays, fields=self._fields, mask=mask)


class _Once:
    """Columns of the members that a copy has in common with its source, which are made once."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[Values, pa.Array]] = {}

    def __call__(self, member: str, values: Values, make: Callable[[Values], pa.Array]) -> pa.Array:
        """Return what ``make`` returns, or what it did of values that are equal."""
        known, array = self._latest.get(member, (None, None))
        if known != values:
            array = make(values)
            self._latest[member] = (values, array)
        return array


_REF, _CHECKSUM, _FACTS, _COMPUTED = map(_Struct, (REF, CHECKSUM, FACTS, COMPUTED))
_TASK, _EXPECTED, _OBJECT = map(_Struct, (TASK, EXPECTED, OBJECT))
_VERSIONS, _PARTS, _BYTES = map(_Struct, (VERSIONS, PARTS, BYTES))


def columns(records: Sequence[Record]) -> pa.Table:
    """Turn records into a table of ``SCHEMA``, losing nothing."""
    findings = [record.finding for record in records]
    made = _known([record.copy for record in records], [r.evidence for r in records])
    made["verdict"] = _texts([finding.verdict._value_ for finding in findings])
    made["reason"] = _texts([finding.reason._value_ for finding in findings])
    made["level"] = _texts([_LEVELS[finding.level._value_] for finding in findings])
    return _table(made, SCHEMA, rows=len(records))


def known_columns(copies: Sequence[Copy], evidence: Sequence[Evidence]) -> pa.Table:
    """Turn copies and what is known of them into a table of ``KNOWN``: no findings yet."""
    return _table(_known(copies, evidence), KNOWN, rows=len(copies))


def _table(made: Mapping[str, pa.Array], schema: pa.Schema, *, rows: int) -> pa.Table:
    arrays = [made[name] if name in made else _nulls(name, rows) for name in schema.names]
    return pa.Table.from_arrays(arrays, schema=schema)


@lru_cache(maxsize=32)
def _nulls(name: str, rows: int) -> pa.Array:
    return pa.nulls(rows, SCHEMA.field(name).type)


def _known(copies: Sequence[Copy], evidence: Sequence[Evidence]) -> dict[str, pa.Array]:
    """Columns by their names; where there is none, there is nothing in any row."""
    once = _Once()
    made = {
        "row": _integers([copy.row for copy in copies]),
        "source": _refs([copy.source for copy in copies], once),
        "destination": _refs([copy.destination for copy in copies], once),
        "row_text": _column([_raw(c.text) if c.text else None for c in copies], pa.binary()),
        "shared": _column([False] * len(evidence), pa.bool_()),
        "task": _answers([known.task for known in evidence], TaskResult, _TASK, _tasks, once),
        "source_object": _objects([known.source for known in evidence], once),
        "destination_object": _objects([known.destination for known in evidence], once),
    }
    rare = [
        known
        for known in evidence
        if known.row
        or known.shared
        or known.expected
        or known.source_computed
        or known.destination_computed
        or known.source_versions is not None
        or known.destination_versions is not None
        or known.source_parts
        or known.destination_parts
        or known.source_bytes
        or known.destination_bytes
    ]
    return made | _rare(evidence, once) if rare else made


def _rare(evidence: Sequence[Evidence], once: _Once) -> dict[str, pa.Array]:
    """What most copies need not be asked for, so that one look at each tells that all are null."""
    expected = [known.expected for known in evidence]
    return {
        "row_problem": _words([known.row and known.row.problem for known in evidence]),
        "shared": _column([known.shared for known in evidence], pa.bool_()),
        "expected": _answers(expected, Expected, _EXPECTED, _expected, once),
        "source_computed": _computed([known.source_computed for known in evidence]),
        "destination_computed": _computed([known.destination_computed for known in evidence]),
        "source_versions": _found([known.source_versions for known in evidence], once),
        "destination_versions": _found([known.destination_versions for known in evidence], once),
        "source_parts": _listed([known.source_parts for known in evidence], once),
        "destination_parts": _listed([known.destination_parts for known in evidence], once),
        "source_bytes": _read([known.source_bytes for known in evidence], once),
        "destination_bytes": _read([known.destination_bytes for known in evidence], once),
    }


def _column(values: Values, kind: pa.DataType) -> pa.Array:
    """An array of these; most columns hold one value over and over, which is told much faster."""
    if values and values[0] == values[-1] and values.count(values[0]) == len(values):
        return _repeated(values[0], kind, len(values))
    return pa.array(values, kind)


@lru_cache(maxsize=64)
def _repeated(value: object, kind: pa.DataType, rows: int) -> pa.Array:
    """Remembered, since chunk after chunk is of one length and holds the same thirty or so."""
    return pa.repeat(pa.scalar(value, kind), rows)


def _texts(values: Values) -> pa.Array:
    return _column(values, pa.string())


def _integers(values: Values) -> pa.Array:
    return _column(values, pa.int64())


def _raw(text: str) -> bytes:
    """The bytes that a manifest holds for a row; see ``MalformedRow.text``."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return text.encode("utf-8", "surrogatepass")


def _words(texts: Values) -> pa.Array:
    """Text for people, whose lone surrogates, if any, are spelt out."""
    try:
        return _texts(texts)
    except UnicodeEncodeError:
        spelt = [text and text.encode("utf-8", "backslashreplace") for text in texts]
        return pa.array(spelt, pa.string())


def _list(items: pa.Array, lengths: list[int], *, mask: pa.Array | None = None) -> pa.Array:
    single = lengths.count(1) == len(lengths)
    offsets = _ascending(len(lengths)) if single else _offsets(accumulate(lengths, initial=0))
    return pa.ListArray.from_arrays(offsets, items, mask=mask)


def _offsets(numbers: Iterable[int]) -> pa.Array:
    return pa.array(list(numbers), pa.int32())


@lru_cache(maxsize=1)
def _ascending(rows: int) -> pa.Array:
    return _offsets(range(rows + 1))


def _refs(refs: Values, once: _Once) -> pa.Array:
    mask = None
    if not all(refs):
        mask = pa.array([ref is None for ref in refs])
        refs = [_NOTHING if ref is None else ref for ref in refs]
    arrays = [
        _texts([ref.bucket for ref in refs]),
        once("key", [ref.key for ref in refs], _texts),
        once("version", [ref.version_id for ref in refs], _texts),
    ]
    return _REF.of(arrays, mask=mask)


def _answers(
    values: Values,
    kind: type,
    struct: _Struct,
    build: Callable[[Values, _Once], list[pa.Array]],
    once: _Once,
) -> pa.Array:
    """One struct for each value: a word, or what ``build`` makes of those of that kind."""
    if values == [None] * len(values):
        return pa.nulls(len(values), struct.type)
    kinds = set(map(type, values))
    given = values if kinds == {kind} else [v if type(v) is kind else _NOTHING for v in values]
    arrays = []
    for word, attribute in struct.words:
        if word in kinds:
            texts = [getattr(v, attribute) if type(v) is word else None for v in values]
            arrays.append(_words(texts))
        else:
            arrays.append(_repeated(None, pa.string(), len(values)))
    mask = pa.array([v is None for v in values]) if _NONE in kinds else None
    return struct.of([*arrays, *build(given, once)], mask=mask)


def _objects(answers: Values, once: _Once) -> pa.Array:
    return _answers(answers, ObjectFacts, _OBJECT, _facts, once)


def _found(answers: Values, once: _Once) -> pa.Array:
    return _answers(answers, tuple, _VERSIONS, _versions, once)


def _listed(answers: Values, once: _Once) -> pa.Array:
    return _answers(answers, PartList, _PARTS, _parts, once)


def _read(answers: Values, once: _Once) -> pa.Array:
    return _answers(answers, BytesRead, _BYTES, _bytes, once)


def _tasks(tasks: Values, once: _Once) -> list[pa.Array]:
    return [
        _texts([task.bucket for task in tasks]),
        once("key", [task.raw_key for task in tasks], _texts),
        once("version", [task.version_id for task in tasks], _texts),
        _texts([task.status and task.status._value_ for task in tasks]),
        _column([task.http_status for task in tasks], pa.int32()),
        _texts([task.error_code for task in tasks]),
        _words([task.message for task in tasks]),
    ]


def _facts(facts: Values, once: _Once) -> list[pa.Array]:
    return [
        once("size", [known.size for known in facts], _integers),
        once("etag", [known.etag for known in facts], _texts),
        _moments([known.last_modified for known in facts]),
        once("version", [known.version_id for known in facts], _texts),
        once("checksums", [known.checksums for known in facts], _checksum_lists),
        _texts([known.encryption for known in facts]),
        _texts([known.storage_class for known in facts]),
        _column([known.archived for known in facts], pa.bool_()),
    ]


def _moments(moments: Values) -> pa.Array:
    since = [None if moment is None else moment - EPOCH for moment in moments]
    return pa.array(since, pa.duration("us")).view(SCALARS[MOMENT])


def _checksum_lists(sets: Values) -> pa.Array:
    """Lists of checksums, in one order whatever the sets' order is; None gives null."""
    mask = None
    if not all(sets) and None in sets:
        mask = pa.array([checksums is None for checksums in sets])
        sets = [checksums or () for checksums in sets]
    lengths = list(map(len, sets))
    if max(lengths, default=0) > 1:
        sets = [sorted(checksums, key=_order) for checksums in sets]
    return _list(_checksums(list(chain.from_iterable(sets))), lengths, mask=mask)


def _order(checksum: Any) -> tuple[str, str, bytes, int]:  # noqa: ANN401 - a column's items
    kind = checksum.type._value_ if checksum.type else ""
    return checksum.algorithm._value_, kind, checksum.digest, checksum.parts or 0


def _checksums(flat: Values) -> pa.Array:
    return _CHECKSUM.of(
        [
            _texts([checksum.algorithm._value_ for checksum in flat]),
            _texts([c.type and c.type._value_ for c in flat]),
            _digests([checksum.digest for checksum in flat]),
            _column([checksum.parts for checksum in flat], pa.int32()),
        ],
    )


def _digests(digests: Values) -> pa.Array:
    encoded = [b2a_base64(digest, newline=False) for digest in digests]
    return pa.array(encoded, pa.binary()).view(pa.string())  # base64 need not be proved UTF-8


def _expected(expected: Values, once: _Once) -> list[pa.Array]:
    return [
        once("checksums", [known.checksums for known in expected], _checksum_lists),
        once("size", [known.size for known in expected], _integers),
    ]


def _computed(rows: Values) -> pa.Array:
    if not any(rows):
        return pa.nulls(len(rows), pa.list_(_COMPUTED.type))
    flat = list(chain.from_iterable(rows))
    arrays = [
        _checksums([row.checksum for row in flat]),
        _texts([row.etag for row in flat]),
        _texts([row.version_id for row in flat]),
        _moments([row.begun for row in flat]),
    ]
    mask = pa.array([not row for row in rows])
    return _list(_COMPUTED.of(arrays), list(map(len, rows)), mask=mask)


def _versions(found: Values, once: _Once) -> list[pa.Array]:
    lists = [() if versions is _NOTHING else versions for versions in found]
    facts = _FACTS.of(_facts(list(chain.from_iterable(lists)), once))
    mask = pa.array([versions is _NOTHING for versions in found])
    return [_list(facts, list(map(len, lists)), mask=mask)]


def _parts(parts: Values, once: _Once) -> list[pa.Array]:
    mask = pa.array([listed is _NOTHING for listed in parts])
    sizes, digests = ([getattr(p, name) or () for p in parts] for name in ("sizes", "digests"))
    encoded = once("digests", list(chain.from_iterable(digests)), _digests)
    flat = once("sizes", list(chain.from_iterable(sizes)), _integers)
    return [
        _list(flat, list(map(len, sizes)), mask=mask),
        _texts([p.algorithm and p.algorithm._value_ for p in parts]),
        _list(encoded, list(map(len, digests)), mask=mask),
    ]


def _bytes(read: Values, once: _Once) -> list[pa.Array]:
    return [
        once("size", [known.size for known in read], _integers),
        once("checksums", [known.checksums for known in read], _checksum_lists),
        _checksum_lists([known.by_source_parts for known in read]),
        _checksum_lists([known.by_destination_parts for known in read]),
    ]
