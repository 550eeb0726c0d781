"""Stage two: the SQL that joins one bucket of every input into rows of a ledger.

The rules stand in ``intact.audit`` alone.  SQL gives each row, besides the ledger's columns, its
``sort``: all that the rules can tell apart, which is what evidence there is, of what kind, and
which of its values are equal.  Rows of one sort have one finding.  A row with several answers of
one input, or with an object of no bytes, is a sort of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from intact.adapters.offline.inputs import Of
from intact.s3.objects import SSE_S3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

OFFLINE = "the audit reads files alone"
UNLISTED = "the inventory does not list it"
TWICE = "the inventory lists it twice"
_CHECKSUM = (
    "struct_pack(algorithm := algorithm, type := type, digest := digest, parts := parts::INTEGER)"
)
_MD5_FORM = "'[0-9a-f]{32}(-[1-9][0-9]{0,4})?'"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedSet:
    """A staged report of a Compute checksum job.

    Attributes:
        table: Name of its view.
        of: Whose checksums it holds.
        begun: When the job was created; None where that is not known.
    """

    table: str
    of: Of
    begun: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the join needs to know of the audit.

    Attributes:
        versioned: Whether the manifest names versions.
        reported: Whether there is a report of all tasks.
        has_report: Whether there is any report.
        malformed_results: Rows of that report that could not be read.
        bucket: Bucket of the copies.
        prefix: What stands before the source's key in theirs.
        window: When the job wrote, skew included; None where no job is known.
        computed: Reports of Compute checksum jobs.
        inventories: Sides that an inventory lists.
    """

    versioned: bool
    reported: bool
    has_report: bool
    malformed_results: int
    bucket: str
    prefix: str
    window: tuple[datetime, datetime] | None
    computed: Sequence[ComputedSet]
    inventories: frozenset[Of]


def quoted(text: str) -> str:
    """Write text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def tasks(source: str, *, unique: bool) -> str:
    """One row for each object of the report; ``words`` counts what it says of the object."""
    said = "struct_pack(raw_key := raw_key, status := status, http := http, error := error, message := message)"
    if unique:
        return f"SELECT bucket, key, version, 1 AS words, {said} AS said FROM {source}"
    return (
        f"SELECT bucket, key, version, count(DISTINCT status) AS words, min({said}) AS said "  # noqa: S608 - names of our own
        f"FROM {source} GROUP BY bucket, key, version"
    )


def computed(source: str, made: ComputedSet, *, by: str, unique: bool) -> str:
    """One row for each object, with everything that the report computed of it.

    Args:
        source: The staged rows.
        made: What they are.
        by: Columns that name an object.
        unique: Whether no two rows have the same name.
    """
    begun = "NULL" if made.begun is None else quoted(made.begun.isoformat())
    row = (
        f"struct_pack(checksum := {_CHECKSUM}, etag := etag, version := nullif(version, ''), "
        f"begun := {begun}::TIMESTAMPTZ)"
    )
    if unique:
        flat = "1 AS n, algorithm, type, digest, etag, nullif(version, '') AS named"
        return f"SELECT {by}, {flat}, [{row}] AS found FROM {source}"
    flat = (
        "len(found) AS n, found[1].checksum.algorithm AS algorithm, found[1].checksum.type AS type, "
        "found[1].checksum.digest AS digest, found[1].etag AS etag, found[1].version AS named"
    )
    rows = f"SELECT {by}, list_sort(list(DISTINCT {row})) AS found FROM {source} GROUP BY {by}"
    return f"SELECT {by}, {flat}, found FROM ({rows})"


def objects(source: str, *, by: str, unique: bool) -> str:
    """One row for each object that an inventory lists, as the ledger's columns have it."""
    listed = _object(
        absent="CASE WHEN marker THEN 'delete marker' END",
        facts={
            "size": "size",
            "etag": "etag",
            "last_modified": "last_modified",
            "version": "version",
            "checksums": "[]",
            "encryption": "encryption",
            "storage_class": "storage_class",
            "archived": "archived",
        },
        given="NOT marker",
    )
    if unique:
        return f"SELECT {by}, {listed} AS found FROM {source}"
    twice = _object(unreadable=quoted(TWICE))
    return (
        f"SELECT {by}, CASE WHEN count(*) > 1 THEN {twice} ELSE min({listed}) END AS found "  # noqa: S608 - as above
        f"FROM {source} GROUP BY {by}"
    )


_FACTS = {
    "size": "BIGINT",
    "etag": "VARCHAR",
    "last_modified": "TIMESTAMPTZ",
    "version": "VARCHAR",
    "checksums": "STRUCT(algorithm VARCHAR, type VARCHAR, digest VARCHAR, parts INTEGER)[]",
    "encryption": "VARCHAR",
    "storage_class": "VARCHAR",
    "archived": "BOOLEAN",
}


def _object(
    *,
    absent: str = "NULL",
    unreadable: str = "NULL",
    withheld: str = "NULL",
    facts: dict[str, str] | None = None,
    given: str = "true",
) -> str:
    members = {
        name: f"(CASE WHEN {given} THEN {facts[name]} END)::{kind}" if facts else f"NULL::{kind}"
        for name, kind in _FACTS.items()
    }
    words = {"absent": absent, "unreadable": unreadable, "withheld": withheld}
    every = {name: f"({word})::VARCHAR" for name, word in words.items()} | members
    return "struct_pack(" + ", ".join(f"{name} := {sql}" for name, sql in every.items()) + ")"


def joined(terms: Terms, *, versions: frozenset[str]) -> str:
    """Join the views ``rows``, ``tasks``, ``computed-N``, ``source`` and ``destination``.

    Args:
        terms: The audit.
        versions: Views that name versions to join on.
    """
    joins, select = [], dict(_copy(terms))
    if terms.has_report:
        joins.append(
            "LEFT JOIN tasks AS t ON t.bucket = m.bucket AND t.key = m.key "
            "AND t.version = coalesce(m.version, '')"
        )
    select["task"] = _task(terms)
    for number, made in enumerate(terms.computed):
        bucket = "m.bucket" if made.of is Of.SOURCE else quoted(terms.bucket)
        version = f"AND c{number}.version = m.version" if made.table in versions else ""
        joins.append(
            f'LEFT JOIN "{made.table}" AS c{number} ON c{number}.key = m.key '
            f"AND c{number}.bucket = {bucket} {version}"
        )
    for of in Of:
        found = [f"coalesce(c{n}.found, [])" for n, c in enumerate(terms.computed) if c.of is of]
        rows = " || ".join(found)
        select[f"{of.value}_computed"] = f"CASE WHEN {rows} <> [] THEN {rows} END" if found else _NO_COMPUTED
    for of in Of:
        alias = of.value[0]
        if of in terms.inventories:
            bucket = "m.bucket" if of is Of.SOURCE else quoted(terms.bucket)
            version = f"AND {alias}.version = m.version" if of.value in versions else ""
            joins.append(
                f'LEFT JOIN "{of.value}" AS {alias} ON {alias}.key = m.key '
                f"AND {alias}.bucket = {bucket} {version}"
            )
            unlisted = _object(withheld=quoted(UNLISTED))
            select[f"{of.value}_object"] = f"coalesce({alias}.found, {unlisted})"
        else:
            select[f"{of.value}_object"] = _object(withheld=quoted(OFFLINE))
    select["sort"] = _sort(terms)
    columns = ", ".join(f"{sql} AS {name}" for name, sql in select.items())
    return f"SELECT {columns} FROM rows AS m " + " ".join(joins)  # noqa: S608 - as above


_NO_COMPUTED = (
    "NULL::STRUCT(checksum STRUCT(algorithm VARCHAR, type VARCHAR, digest VARCHAR, parts INTEGER), "
    "etag VARCHAR, version VARCHAR, begun TIMESTAMPTZ)[]"
)


def _copy(terms: Terms) -> Iterator[tuple[str, str]]:
    yield "row", "m.line"
    yield "source", "struct_pack(bucket := m.bucket, key := m.key, version := m.version)"
    key = f"{quoted(terms.prefix)} || m.key" if terms.prefix else "m.key"
    yield (
        "destination",
        f"struct_pack(bucket := {quoted(terms.bucket)}, key := {key}, version := NULL::VARCHAR)",
    )
    yield "shared", "m.shared"


def _task(terms: Terms) -> str:
    """The task's column: its row, or why there is none, or null where nobody asked."""
    names = ("absent", "unreadable", "bucket", "raw_key", "version", "status", "http_status", "error_code", "message")
    kinds = {name: "VARCHAR" for name in names} | {"http_status": "INTEGER"}

    def pack(**given: str) -> str:
        members = ", ".join(f"{n} := ({given.get(n, 'NULL')})::{kinds[n]}" for n in names)
        return f"struct_pack({members})"

    if not terms.has_report:
        return pack(absent="'no report'") if terms.reported else f"CASE WHEN false THEN {pack()} END"
    if terms.malformed_results:
        missing = pack(
            unreadable=quoted(
                f"{terms.malformed_results} rows of the report are malformed; "
                "this object's may be one of them"
            )
        )
    else:
        missing = pack(absent="'no row in the report'") if terms.reported else f"CASE WHEN false THEN {pack()} END"
    said = pack(
        bucket="t.bucket",
        raw_key="t.said.raw_key",
        version="nullif(t.version, '')",
        status="t.said.status",
        http_status="TRY_CAST(nullif(t.said.http, '') AS INTEGER)",
        error_code="t.said.error",
        message="t.said.message",
    )
    both = pack(unreadable="'the report has both succeeded and failed rows'")
    return f"CASE WHEN t.words IS NULL THEN {missing} WHEN t.words > 1 THEN {both} ELSE {said} END"


def _sort(terms: Terms) -> str:
    """Return the expression that is equal for rows that no rule can tell apart.

    Each part is one thing that a rule looks at; none can hold a bar but where all rows have it.
    """
    parts = ["m.shared"]
    if terms.has_report:
        parts += ["t.words", "t.said.status"]
    listed = [of for of in Of if of in terms.inventories]
    for of in listed:
        parts += _object_parts(of.value[0])
    if len(listed) == len(Of):
        parts += [
            "s.found.size = d.found.size",
            "s.found.last_modified < d.found.last_modified",
            "s.found.last_modified = d.found.last_modified",
            "split_part(s.found.etag, '-', 1) = split_part(d.found.etag, '-', 1)",
        ]
    if Of.DESTINATION in listed and terms.window is not None:
        begin, end = (f"{quoted(moment.isoformat())}::TIMESTAMPTZ" for moment in terms.window)
        parts.append(f"d.found.last_modified BETWEEN {begin} AND {end}")
    for number, made in enumerate(terms.computed):
        parts += _claim_parts(f"c{number}", made.of, listed)
    claims = [f"c{number}.digest" for number in range(len(terms.computed))]
    parts += [f"{one} = {other}" for one, other in combinations(claims, 2)]
    alone = [f"c{number}.n > 1" for number in range(len(terms.computed))]
    alone += [f"{of.value[0]}.found.size = 0" for of in listed]
    if alone:
        parts.append(f"CASE WHEN {' OR '.join(alone)} THEN m.line END")
    return "concat_ws('|', " + ", ".join(f"coalesce(({part})::VARCHAR, '-')" for part in parts) + ")"


def _object_parts(alias: str) -> Iterator[str]:
    yield f"{alias}.found IS NULL"
    yield f"{alias}.found.absent IS NULL"
    yield f"{alias}.found.unreadable IS NULL"
    yield f"{alias}.found.version IS NULL"
    yield f"{alias}.found.version = 'null'"
    yield f"regexp_full_match({alias}.found.etag, {_MD5_FORM})"
    yield f"contains({alias}.found.etag, '-')"
    yield f"{alias}.found.encryption = {quoted(SSE_S3)}"
    yield f"{alias}.found.storage_class = 'EXPRESS_ONEZONE'"
    yield f"{alias}.found.archived"


def _claim_parts(alias: str, of: Of, listed: Sequence[Of]) -> Iterator[str]:
    yield f"{alias}.algorithm"
    yield f"{alias}.type"
    yield f"{alias}.named IS NULL"
    yield f"{alias}.named = 'null'"
    if of is Of.SOURCE:
        yield f"{alias}.named = m.version"
    if of in listed:
        own = of.value[0]
        yield f"{alias}.etag = {own}.found.etag"
        yield f"{alias}.named = {own}.found.version"
    for side in listed:
        yield (
            f"CASE WHEN {alias}.algorithm = 'MD5' THEN lower(hex(from_base64({alias}.digest))) = "
            f"split_part({side.value[0]}.found.etag, '-', 1) END"
        )
