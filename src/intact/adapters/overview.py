"""What a report says of a whole ledger; aggregates by DuckDB, so that memory stays bounded."""

from __future__ import annotations

import math
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from intact.adapters.arrow import EPOCH
from intact.adapters.patterns import exactly
from intact.audit import Level, Reason, Verdict
from intact.audit.summary import UNPROVEN, WRONG
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from intact.adapters.ledger import LedgerReader
    from intact.audit import Counts, Summary, Window
    from intact.audit.ledger import Header, Seal

PREFIXES = 12
"""Key prefixes that are named; the others are counted together."""
_DEEPEST = 6
_BARS = 60
ROUND = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
"""Seconds that divide a day, for the widths of bars and between the marks of an axis."""
_DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that ended in the same finding.

    Attributes:
        verdict: Theirs.
        reason: Theirs.
        level: Theirs.
        rows: How many.
        size: Their bytes, as far as S3 told them: the destinations', or else the sources'.
    """

    verdict: Verdict
    reason: Reason
    level: Level
    rows: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Rows whose keys begin alike.

    Attributes:
        name: What they begin with, up to a slash; empty for keys without one that deep.
        rows: How many.
        wrong: Those that are mismatched, missing or not copied.
        unproven: Those that are unverifiable or unchecked.
    """

    name: str
    rows: int
    wrong: int
    unproven: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Destinations that were written in a stretch of time.

    Attributes:
        begin: Its first moment.
        verified: Those that are verified.
        wrong: As in ``Prefix``.
        unproven: As in ``Prefix``.
    """

    begin: datetime
    verified: int
    wrong: int
    unproven: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """When the destinations were last written.

    Attributes:
        width: Length of a bar.
        bars: Every stretch of time in order, empty ones included.
        window: When the job wrote, where one is known; what lies outside is only counted.
        before: Destinations written before the window.
        after: Destinations written after it.
    """

    width: timedelta
    bars: Sequence[Bar]
    window: Window | None
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Answers of S3 that the ledger holds; a retry or a page is not told from the first.

    Attributes:
        objects: On one object: size, checksums.
        versions: Lists of versions.
        parts: Lists of parts.
        reads: Objects whose bytes were read.
        size: Bytes that were read.
    """

    objects: int
    versions: int
    parts: int
    reads: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A ledger, added up.

    Attributes:
        path: Where it lies, as the user named it.
        header: Its header.
        seal: Its seal.
        summary: What all findings add up to.
        groups: Rows by verdict, reason and level; the largest groups first.
        prefixes: Where most of what is not verified lies, worst first.
        elsewhere: Rows that are not verified below no such prefix.
        timeline: When the destinations were written; None where S3 told of none.
        asked: What S3 was asked.
    """

    path: str
    header: Header
    seal: Seal
    summary: Summary
    groups: Sequence[Group]
    prefixes: Sequence[Prefix]
    elsewhere: int
    timeline: Timeline | None
    asked: Asked

    @property
    def counts(self) -> Counts:
        """What the inputs held."""
        return self.seal.counts

    @property
    def unverified(self) -> int:
        """Rows that are not verified."""
        return self.summary.rows - self.summary.verdicts[Verdict.VERIFIED]


def overview(ledger: LedgerReader, *, memory_limit: str = "1GB") -> Overview:
    """Add a ledger up.

    Args:
        ledger: A finished one.
        memory_limit: DuckDB's ``memory_limit``; what exceeds it spills to disk.

    Raises:
        FormatError: A segment is damaged.
    """
    with _opened(ledger, memory_limit) as connection:
        prefixes, elsewhere = _prefixes(connection)
        return Overview(
            path=str(ledger.path),
            header=ledger.header,
            seal=ledger.seal,
            summary=ledger.summary(),
            groups=_groups(connection),
            prefixes=prefixes,
            elsewhere=elsewhere,
            timeline=_timeline(connection, ledger.header.policy.window),
            asked=_asked(connection),
        )


@contextmanager
def _opened(ledger: LedgerReader, memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with a view ``findings`` of every record."""
    with (
        tempfile.TemporaryDirectory(prefix="intact-") as spill,
        duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "temp_directory": spill,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        ) as connection,
    ):
        files = ", ".join(_literal(exactly(file)) for file in ledger.files())
        source = f"read_parquet([{files}])" if files else "nothing"
        try:
            connection.execute(_NOTHING)
            connection.execute(_VIEW.format(source=source))
            yield connection
        except duckdb.Error as error:
            raise FormatError(f"{ledger.path}: {error}") from None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _among(verdicts: frozenset[Verdict]) -> str:
    return f"verdict IN ({', '.join(sorted(_literal(verdict.value) for verdict in verdicts))})"


_NOTHING = """
CREATE TABLE nothing (
    verdict VARCHAR, reason VARCHAR, level VARCHAR,
    source STRUCT(key VARCHAR), destination STRUCT(key VARCHAR),
    source_object STRUCT(size BIGINT, absent VARCHAR, unreadable VARCHAR),
    destination_object STRUCT(size BIGINT, absent VARCHAR, unreadable VARCHAR,
                              last_modified TIMESTAMP),
    source_versions STRUCT(withheld VARCHAR), destination_versions STRUCT(withheld VARCHAR),
    source_parts STRUCT(withheld VARCHAR), destination_parts STRUCT(withheld VARCHAR),
    source_bytes STRUCT(size BIGINT), destination_bytes STRUCT(size BIGINT)
)
"""
"""What a ledger without a segment holds."""
_VIEW = f"""
CREATE VIEW findings AS
SELECT *, {_among(WRONG)} AS wrong, {_among(UNPROVEN)} AS unproven,
       coalesce(destination_object.size, source_object.size) AS size,
       coalesce(destination.key, source.key) AS key,
       epoch_us(destination_object.last_modified) // 1000000 AS written
FROM {{source}}
"""  # noqa: S608 - our own texts
_GROUPS = """
SELECT verdict, reason, level, count(*), coalesce(sum(size), 0)::BIGINT
FROM findings GROUP BY ALL ORDER BY count(*) DESC, verdict, reason, level
"""
_PREFIX = "regexp_extract(key, '^(?:[^/]*/){{1,{depth}}}')"
_DISTINCT = "SELECT {counted} FROM findings WHERE wrong OR unproven"
_WORST = f"""
WITH worst AS (
    SELECT {_PREFIX} AS prefix, count(*) AS found
    FROM findings WHERE (wrong OR unproven) AND key IS NOT NULL
    GROUP BY ALL ORDER BY found DESC, prefix LIMIT {PREFIXES}
)
SELECT prefix, count(*), count(*) FILTER (wrong), count(*) FILTER (unproven)
FROM findings JOIN worst ON {_PREFIX} = worst.prefix
GROUP BY ALL ORDER BY count(*) FILTER (wrong OR unproven) DESC, prefix
"""  # noqa: S608 - our own texts
_TIMES = """
SELECT ((written - $begin) // $width)::BIGINT AS bar, count(*) FILTER (NOT wrong AND NOT unproven),
       count(*) FILTER (wrong), count(*) FILTER (unproven)
FROM findings WHERE written BETWEEN $begin AND $end GROUP BY ALL ORDER BY ALL
"""
_ASKED = """
SELECT count(*) FILTER ({0}_object.size IS NOT NULL OR {0}_object.absent IS NOT NULL
                        OR {0}_object.unreadable IS NOT NULL),
       count(*) FILTER ({0}_versions IS NOT NULL AND {0}_versions.withheld IS NULL),
       count(*) FILTER ({0}_parts IS NOT NULL AND {0}_parts.withheld IS NULL),
       count({0}_bytes.size), coalesce(sum({0}_bytes.size), 0)::BIGINT
FROM findings
"""


def _groups(connection: duckdb.DuckDBPyConnection) -> list[Group]:
    levels = {level.name.lower(): level for level in Level}
    reasons = {reason.value: reason for reason in Reason}
    return [
        Group(
            verdict=Verdict(verdict),
            reason=reasons[reason],
            level=levels[level],
            rows=rows,
            size=size,
        )
        for verdict, reason, level, rows, size in connection.execute(_GROUPS).fetchall()
    ]


def _prefixes(connection: duckdb.DuckDBPyConnection) -> tuple[list[Prefix], int]:
    """The deepest prefixes that are few enough to name all, or the worst of the shallowest."""
    depths = range(1, _DEEPEST + 1)
    counted = ", ".join(f"approx_count_distinct({_PREFIX.format(depth=depth)})" for depth in depths)
    found = connection.execute(f"{_DISTINCT.format(counted=f'count(*), {counted}')}").fetchone()
    total, *distinct = found or (0,)
    few = [depth for depth, count in zip(depths, distinct, strict=True) if count <= PREFIXES]
    rows = connection.execute(_WORST.format(depth=max(few, default=1))).fetchall()
    prefixes = [
        Prefix(name=name, rows=count, wrong=wrong, unproven=unproven)
        for name, count, wrong, unproven in rows
    ]
    return prefixes, total - sum(prefix.wrong + prefix.unproven for prefix in prefixes)


def _timeline(connection: duckdb.DuckDBPyConnection, window: Window | None) -> Timeline | None:
    [first, last] = _only(connection, "SELECT min(written), max(written) FROM findings")
    if first is None:
        return None
    before = after = 0
    begin, end = first, last
    if window is not None:
        begin = _seconds(window.begin - window.skew)
        end = _seconds(window.end + window.skew)
        outside = "SELECT count(*) FILTER (written < $1), count(*) FILTER (written > $2)"
        [before, after] = _only(connection, f"{outside} FROM findings", begin, end)
    width = bar_width(end - begin)
    begin -= begin % width
    rows = connection.execute(_TIMES, {"begin": begin, "end": end, "width": width}).fetchall()
    found = {bar: counts for bar, *counts in rows}
    bars = []
    for bar in range((end - begin) // width + 1):
        verified, wrong, unproven = found.get(bar, (0, 0, 0))
        moment = EPOCH + timedelta(seconds=begin + bar * width)
        bars.append(Bar(begin=moment, verified=verified, wrong=wrong, unproven=unproven))
    return Timeline(
        width=timedelta(seconds=width), bars=bars, window=window, before=before, after=after
    )


def bar_width(span: int) -> int:
    """Seconds of a bar, a round number, such that not too many bars cover that many seconds."""
    fitting = [width for width in ROUND if span / width < _BARS]
    return fitting[0] if fitting else _DAY * max(1, math.ceil(span / _DAY / (_BARS - 1)))


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _asked(connection: duckdb.DuckDBPyConnection) -> Asked:
    sides = [_only(connection, _ASKED.format(side)) for side in ("source", "destination")]
    objects, versions, parts, reads, size = (sum(pair) for pair in zip(*sides, strict=True))
    return Asked(objects=objects, versions=versions, parts=parts, reads=reads, size=size)


def _only(connection: duckdb.DuckDBPyConnection, query: str, *values: int) -> tuple[Any, ...]:
    row = connection.execute(query, values).fetchone()
    return row or ()
