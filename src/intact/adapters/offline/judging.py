"""One bucket of every input, joined and judged: what any engine does with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.offline import assembling, joining
from intact.adapters.rows import known
from intact.audit import Evidence, Slot, Withheld, decide

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def joined(views: Views, bucket: int) -> tuple[pa.RecordBatch, pa.RecordBatch, Slice]:
    """Join one bucket.

    Returns its rows in columns of ``KNOWN``, the join itself, and what the bucket held, sorts not
    counted yet.
    """
    views.show(bucket)
    flat = views.joined()
    rows = assembling.known(flat.drop_columns(["sort", *views.numbers]))
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
    sorts = pc.dictionary_encode(flat.column("sort"))
    found = [_decide(evidence, policy) for evidence in _samples(rows, sorts)]
    table = assembling.judged(rows, sorts, found, terms=joining.OFFLINE)
    return table, replace(held, sorts=len(found))


def _decide(evidence: Evidence, policy: Policy) -> tuple[Finding, frozenset[Slot]]:
    asked: set[Slot] = set()
    while isinstance(step := decide(evidence, policy), Slot):
        asked.add(step)
        answer: dict[str, Any] = {step.value: Withheld(terms=joining.OFFLINE)}
        evidence = replace(evidence, **answer)
    return step, frozenset(asked)


def _samples(rows: pa.RecordBatch, sorts: pa.DictionaryArray) -> Iterator[Evidence]:
    """The evidence of one row of each sort, in the order of the dictionary."""
    places = pc.subtract(pc.cumulative_sum(pa.repeat(1, rows.num_rows)), 1)
    numbers = pa.table({"sort": sorts.indices, "at": places})
    first = numbers.group_by("sort").aggregate([("at", "min")]).sort_by("sort")
    for _, evidence in known(rows.take(first["at_min"].combine_chunks())):
        yield evidence


def _ends(rows: pa.Array) -> dict[str, int]:
    ends = pc.min_max(rows)
    return {"first": ends["min"].as_py() or 0, "last": ends["max"].as_py() or 0}
