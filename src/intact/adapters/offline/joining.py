"""Stage two: the SQL that joins one bucket of every input.

Its columns are those of a ledger, flat: ``task.status`` is the member ``status`` of the column
``task``; what is not there is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.adapters.offline.inputs import Of
from intact.adapters.offline.reports import KINDS, RESPELT
from intact.adapters.offline.sorts import Claim, sort_of
from intact.adapters.offline.words import quoted
from intact.audit.evidence import UNLISTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from intact.audit import Window
    from intact.s3 import ObjectRef

OFFLINE = "the audit reads files alone"
TWICE = "the inventory lists it twice"
REPLACED = "its copy took its place"
LONE = ("kind", "digest", "parts", "etag", "naming")
"""Members of ``source_computed``, or of the destination's, where at most one report speaks once."""
_FACTS = ("size", "etag", "last_modified", "version", "encryption", "storage_class", "archived")
_ALGORITHMS = ", ".join(quoted(algorithm.value) for algorithm, _ in KINDS)
_TYPES = ", ".join("NULL" if kind is None else quoted(kind.value) for _, kind in KINDS)
_CHECKSUM = (
    f"struct_pack(algorithm := [{_ALGORITHMS}][kind], type := [{_TYPES}][kind], "
    "digest := digest, parts := parts)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedSet:
    """Rows of one Compute checksum report that speak of one side.

    Attributes:
        table: Name of their view.
        of: The side.
        begun: When the job was created; None where that is not known.
        named: Whether they name the version that the manifest's row names too.
    """

    table: str
    of: Of
    begun: datetime | None
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the join needs to know of the audit.

    Attributes:
        versioned: Whether the manifest names versions.
        reported: Whether there is a report of all tasks.
        has_report: Whether there is any report.
        malformed_results: Rows of that report that could not be read.
        copies: Bucket of the copies, and what stands before the source's key in theirs.
        window: When the job wrote; None where no job is known.
        computed: Reports of Compute checksum jobs.
        inventories: Sides that an inventory lists.
    """

    versioned: bool
    reported: bool
    has_report: bool
    malformed_results: int
    copies: ObjectRef
    window: Window | None
    computed: Sequence[ComputedSet]
    inventories: frozenset[Of]

    def alone(self, of: Of) -> int | None:
        """Number of the one report that speaks of a side; None where there is another, or none."""
        found = [number for number, made in enumerate(self.computed) if made.of is of]
        return found[0] if len(found) == 1 else None


def joined(terms: Terms, *, unique: bool) -> str:
    """Join the views ``rows``, ``tasks``, those of ``terms.computed``, ``source``, ``destination``.

    Args:
        terms: The audit.
        unique: Whether to take it that no input speaks of an object twice; a row of the manifest
            of which that is wrong comes out more than once.  What follows from other columns is
            left to ``assembling.filled``.
    """
    columns = dict(_copy(terms, unique=unique))
    joins = []
    if terms.has_report:
        joins.append(
            f"LEFT JOIN {_tasks(unique=unique)} AS t ON t.bucket = m.bucket AND t.key = m.key "
            "AND t.version = coalesce(m.version, '')"
        )
        columns |= {"words": "t.words", "results": "t.results"}
    columns |= _task(terms, unique=unique)
    claims = []
    for number, made in enumerate(terms.computed):
        joins.append(
            f"LEFT JOIN {_computed(made, unique=unique)} AS c{number} "
            f"ON {_speaks(made, f'c{number}', terms.copies)}"
        )
        columns[f"n{number}"] = f"c{number}.n"
        claims.append(Claim(alias=f"c{number}", of=made.of))
    for of in Of:
        sets = [f"c{n}.found" for n, made in enumerate(terms.computed) if made.of is of]
        if (alone := terms.alone(of)) is not None and unique:
            for name in LONE:
                columns[f"{of.value}_computed.{name}"] = f"c{alone}.{name}"
        elif sets:
            columns[f"{of.value}_computed"] = _together(sets)
        if not unique or of in terms.inventories:
            columns |= _object(of, terms)
        if of in terms.inventories:
            alias = of.value[0]
            bucket = "m.bucket" if of is Of.SOURCE else quoted(terms.copies.bucket)
            versioned = terms.versioned and of is Of.SOURCE
            version = f" AND {alias}.version = m.version" if versioned else ""
            joins.append(
                f"LEFT JOIN {_listed(of, unique=unique, versioned=versioned)} AS {alias} "
                f"ON {alias}.key = m.key AND {alias}.bucket = {bucket}{version}"
            )
    listed = [of.value[0] for of in Of if of in terms.inventories]
    columns["sort"] = sort_of(claims, listed, window=terms.window, has_report=terms.has_report)
    selected = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    return f"SELECT {selected} FROM rows AS m {' '.join(joins)}"


def _copy(terms: Terms, *, unique: bool) -> Iterator[tuple[str, str]]:
    yield "row", "m.line"
    for name in ("bucket", "key", "version"):
        yield f"source.{name}", f"m.{name}"
    yield "shared", "m.shared"
    if unique:
        yield "replaced", "m.replaced"
        return
    copies = terms.copies
    yield "destination.bucket", quoted(copies.bucket)
    yield "destination.key", f"{quoted(copies.key)} || m.key" if copies.key else "m.key"


def _tasks(*, unique: bool) -> str:
    """One row for each object of the report.

    ``words`` counts what it says of the object, ``results`` how often.
    """
    if unique:
        return "(SELECT *, 1 AS words, 1 AS results FROM results)"
    said = "struct_pack(raw_key := coalesce(raw_key, {}), status, http, error, message)".replace(
        "{}", RESPELT.format("key")
    )
    return (
        "(SELECT bucket, key, version, words, results, unnest(said) FROM (SELECT bucket, key, "
        f"version, count(DISTINCT status) AS words, count(*) AS results, min({said}) AS said "
        "FROM results GROUP BY ALL))"
    )


def _task(terms: Terms, *, unique: bool) -> Iterator[tuple[str, str]]:
    """The task's row, or why there is none, or nothing where nobody asked."""
    if not terms.has_report:
        if terms.reported:
            yield "task.absent", "'no row in the report'"
        return
    unreadable = ["WHEN t.words > 1 THEN 'the report has both succeeded and failed rows'"]
    if terms.malformed_results:
        problem = (
            f"{terms.malformed_results} rows of the report are malformed; "
            "this object's may be one of them"
        )
        unreadable.append(f"WHEN t.words IS NULL THEN {quoted(problem)}")
    elif terms.reported:
        yield "task.absent", "CASE WHEN t.words IS NULL THEN 'no row in the report' END"
    yield "task.unreadable", f"CASE {' '.join(unreadable)} END"
    members = {
        "raw_key": f"coalesce(t.raw_key, {RESPELT.format('m.key')})",
        "status": "t.status",
        "http_status": "t.http",
        "error_code": "t.error",
        "message": "t.message",
    }
    if not unique:
        members |= {"bucket": "t.bucket", "version": "nullif(t.version, '')"}
    for name, sql in members.items():
        yield f"task.{name}", f"CASE WHEN t.words = 1 THEN {sql} END"


def _computed(made: ComputedSet, *, unique: bool) -> str:
    """One row for each object, with everything that the report computed of it."""
    by = "bucket, key, version" if made.named else "bucket, key"
    begun = "NULL" if made.begun is None else quoted(made.begun.isoformat())
    row = (
        f"struct_pack(checksum := {_CHECKSUM}, etag := etag, version := nullif(version, ''), "
        f"begun := {begun}::TIMESTAMPTZ)"
    )
    if unique:
        flat = "1 AS n, kind, digest, parts, etag, nullif(version, '') AS naming"
        return f"(SELECT {by}, {flat}, [{row}] AS found FROM {made.table})"
    flat = (
        "len(found) AS n, kind, found[1].checksum.digest AS digest, found[1].etag AS etag, "
        "found[1].version AS naming"
    )
    rows = (
        f"SELECT {by}, any_value(kind) AS kind, list_sort(list(DISTINCT {row})) AS found "
        f"FROM {made.table} GROUP BY {by}"
    )
    return f"(SELECT {by}, {flat}, found FROM ({rows}))"


def _speaks(made: ComputedSet, alias: str, copies: ObjectRef) -> str:
    """Whether a row of a set, known by an alias, is on a row of the manifest."""
    bucket = "m.bucket" if made.of is Of.SOURCE else quoted(copies.bucket)
    words = [f"{alias}.key = m.key", f"{alias}.bucket = {bucket}"]
    if made.named:
        words.append(f"{alias}.version = m.version")
    if made.of is Of.SOURCE:
        words.append("NOT m.replaced")
        if not made.named and not copies.key:  # where copies take the keys, those hold copies
            words.append(f"m.bucket <> {quoted(copies.bucket)}")
    return " AND ".join(words)


def _together(sets: Sequence[str]) -> str:
    """What all reports computed of one object; null for nothing."""
    if len(sets) == 1:
        return sets[0]
    rows = " || ".join(f"coalesce({found}, [])" for found in sets)
    some = f"coalesce({', '.join(sets)}) IS NOT NULL"
    return f"CASE WHEN {some} THEN list_sort(list_distinct({rows})) END"


def _listed(of: Of, *, unique: bool, versioned: bool) -> str:
    """One row for each object that an inventory lists."""
    if unique:
        return f"(SELECT *, 1 AS n FROM {of.value})"
    by = "bucket, key, version" if versioned else "bucket, key"
    return (
        f"(SELECT * EXCLUDE (n), (count(*) OVER (PARTITION BY {by})) AS n FROM "
        f"(SELECT *, 1 AS n FROM {of.value}) "
        f"QUALIFY row_number() OVER (PARTITION BY {by}) = 1)"
    )


def _object(of: Of, terms: Terms) -> Iterator[tuple[str, str]]:
    """What the inventory says of one side: facts, or why there are none."""
    column, alias = f"{of.value}_object", of.value[0]
    gone = f"WHEN m.replaced THEN {quoted(REPLACED)}" if of is Of.SOURCE else ""
    there = "NOT m.replaced" if of is Of.SOURCE else "true"
    if of not in terms.inventories:
        yield f"{column}.absent", f"CASE {gone or 'WHEN false THEN NULL'} END"
        yield f"{column}.withheld", f"CASE WHEN {there} THEN {quoted(OFFLINE)} END"
        return
    lone = f"{there} AND {alias}.n = 1"
    yield f"{column}.absent", f"CASE {gone} WHEN {lone} AND {alias}.marker THEN 'delete marker' END"
    yield f"{column}.unreadable", f"CASE WHEN {there} AND {alias}.n > 1 THEN {quoted(TWICE)} END"
    unlisted = f"{there} AND {alias}.n IS NULL"
    yield f"{column}.withheld", f"CASE WHEN {unlisted} THEN {quoted(UNLISTED)} END"
    for name in _FACTS:
        yield (
            f"{column}.{name}",
            f"CASE WHEN {lone} AND NOT {alias}.marker THEN {alias}.{name} END",
        )
