"""One bucket of every input, joined and judged: what any engine does with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.arrow import SCHEMA
from intact.adapters.offline import assembling, joining
from intact.adapters.rows import known
from intact.audit import Evidence, Slot, Withheld, decide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from intact.adapters.offline.views import Views
    from intact.audit import Finding, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What one bucket of the inputs held.

    Attributes:
        rows: Rows of the manifest that could be read.
        first: The least of them; 0 where there are none.
        last: The greatest of them.
        duplicates: Rows that name an object that another row names.
        stray_results: Rows of the report that match none of the manifest.
        duplicate_results: Rows of the report on an object that another one is on.
        stray_computed: Rows of Compute checksum jobs on no object of the manifest.
        sorts: Sorts of rows that were judged.
    """

    rows: int
    first: int
    last: int
    duplicates: int
    stray_results: int
    duplicate_results: int
    stray_computed: int
    sorts: int


def joined(views: Views, bucket: int) -> tuple[list[pa.RecordBatch], pa.Table, Slice]:
    """Join one bucket.

    Returns its rows in columns of ``KNOWN``, the join itself, and what the bucket held, sorts not
    counted yet.
    """
    views.show(bucket)
    flat = views.joined()
    told = flat.drop_columns(["sort", *views.numbers])
    rows = [assembling.known(batch) for batch in told.to_batches()]
    held = Slice(
        rows=flat.num_rows,
        **_ends(flat.column("row")),
        duplicates=views.duplicates,
        **views.leftovers(flat),
        sorts=0,
    )
    return rows, flat, held


def judged(views: Views, bucket: int, policy: Policy) -> tuple[pa.Table, Slice]:
    """Join one bucket and judge its sorts; the rows are a ledger's, in no order."""
    rows, flat, held = joined(views, bucket)
    sorts = pc.dictionary_encode(flat.column("sort").combine_chunks())
    found = {sort: _decide(evidence, policy) for sort, evidence in _samples(rows, sorts.indices)}
    findings = [found[sort] for sort in range(len(sorts.dictionary))]
    tables, begin = [SCHEMA.empty_table()], 0
    for batch in rows:
        at = sorts.indices.slice(begin, batch.num_rows)
        tables.append(assembling.judged(batch, at, findings, terms=joining.OFFLINE))
        begin += batch.num_rows
    return pa.concat_tables(tables), replace(held, sorts=len(found))


def _decide(evidence: Evidence, policy: Policy) -> tuple[Finding, frozenset[Slot]]:
    asked: set[Slot] = set()
    while isinstance(step := decide(evidence, policy), Slot):
        asked.add(step)
        answer: dict[str, Any] = {step.value: Withheld(terms=joining.OFFLINE)}
        evidence = replace(evidence, **answer)
    return step, frozenset(asked)


def _samples(rows: Sequence[pa.RecordBatch], sorts: pa.Array) -> Iterator[tuple[int, Evidence]]:
    """The number of each sort, and the evidence of its first row."""
    places = pc.subtract(pc.cumulative_sum(pa.repeat(1, len(sorts))), 1)
    numbers = pa.table({"sort": sorts, "at": places})
    first = numbers.group_by("sort").aggregate([("at", "min")])
    begin = 0
    for batch in rows:
        at = pc.subtract(first["at_min"], begin)
        inside = pc.and_(pc.greater_equal(at, 0), pc.less(at, batch.num_rows))
        found = batch.take(at.filter(inside).combine_chunks())
        numbered = zip(first["sort"].filter(inside).to_pylist(), known(found), strict=True)
        yield from ((sort, evidence) for sort, (_, evidence) in numbered)
        begin += batch.num_rows


def _ends(rows: pa.ChunkedArray) -> dict[str, int]:
    ends = pc.min_max(rows)
    return {"first": ends["min"].as_py() or 0, "last": ends["max"].as_py() or 0}
