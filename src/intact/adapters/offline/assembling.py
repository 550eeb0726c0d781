"""Flat columns, made a ledger's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.arrow import KNOWN, SCALARS, SCHEMA, arrow_type
from intact.adapters.offline.inputs import Of
from intact.adapters.offline.joining import LONE, OFFLINE, REPLACED
from intact.adapters.offline.reports import KINDS
from intact.audit.schema import CHECKSUM, COLUMNS, COMPUTED, MOMENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from intact.adapters.offline.joining import Terms
    from intact.audit import Finding, Slot
    from intact.audit.schema import Type

Judged = tuple["Finding", frozenset["Slot"]]
"""A finding, and the slots that ``decide`` asked for to no avail."""


def filled(given: dict[str, pa.Array], terms: Terms) -> dict[str, pa.Array]:
    """Add what follows from the other columns of a join of unique rows; see ``joining.joined``."""
    replaced, key = given["replaced"], given["source.key"]
    columns = {name: array for name, array in given.items() if name != "replaced"}
    prefix = terms.copies.key
    columns["destination.bucket"] = pa.repeat(terms.copies.bucket, len(key))
    columns["destination.key"] = pc.binary_join_element_wise(prefix, key, "") if prefix else key
    if terms.has_report:
        for name in ("bucket", "version"):  # the join found them equal
            columns[f"task.{name}"] = _where(given["words"].is_valid(), given[f"source.{name}"])
    for of in Of:
        if of not in terms.inventories:
            withheld = pa.repeat(OFFLINE, len(key))
            if of is Of.SOURCE and replaced.true_count:
                withheld = _where(pc.invert(replaced), withheld)
                gone = _where(replaced, pa.repeat(REPLACED, len(key)))
                columns[f"{of.value}_object.absent"] = gone
            columns[f"{of.value}_object.withheld"] = withheld
        if (alone := terms.alone(of)) is not None:
            lone = {name: columns.pop(f"{of.value}_computed.{name}") for name in LONE}
            begun = terms.computed[alone].begun
            columns[f"{of.value}_computed"] = _computed(lone, begun=begun)
    return columns


def _where(condition: pa.BooleanArray, array: pa.Array) -> pa.Array:
    """The values of which that is so, null for the others."""
    if condition.false_count == 0:
        return array
    return pc.if_else(condition, array, pa.scalar(None, array.type))


def _computed(lone: Mapping[str, pa.Array], *, begun: datetime | None) -> pa.ListArray:
    """Make a column of what was computed of one side; null where nothing was.

    Args:
        lone: The columns of ``joining.LONE``; in a row without kind there is nothing.
        begun: When the job was created.
    """
    there = lone["kind"].is_valid()
    some = lone if there.false_count == 0 else {k: a.filter(there) for k, a in lone.items()}
    kinds = pc.subtract(some["kind"].cast(pa.int8()), 1)
    words = {
        "algorithm": pa.array([algorithm.value for algorithm, _ in KINDS]).take(kinds),
        "type": pa.array([kind and kind.value for _, kind in KINDS]).take(kinds),
        "digest": some["digest"],
        "parts": some["parts"],
    }
    rows = _struct(
        COMPUTED,
        {
            "checksum": _struct(CHECKSUM, words),
            "etag": some["etag"],
            "version": some["naming"],
            "begun": pa.repeat(pa.scalar(begun, SCALARS[MOMENT]), len(kinds)),
        },
    )
    ends = pc.cumulative_sum(there.cast(pa.int32()))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    return pa.ListArray.from_arrays(offsets, rows, mask=pc.invert(there))


def known(flat: pa.RecordBatch) -> pa.RecordBatch:
    """Make columns of ``KNOWN`` from flat ones, ``task.status`` and the like.

    Args:
        flat: Columns by their path; what is not there is null.
    """
    given = dict(zip(flat.schema.names, flat.columns, strict=True))
    arrays = [_array(given, name, COLUMNS[name]) for name in KNOWN.names]
    return pa.RecordBatch.from_arrays(
        [
            pa.nulls(flat.num_rows, field.type) if array is None else array
            for field, array in zip(KNOWN, arrays, strict=True)
        ],
        schema=KNOWN,
    )


def judged(known: pa.RecordBatch, at: pa.Array, found: Sequence[Judged], *, terms: str) -> pa.Table:
    """Add its finding to each row.

    Args:
        known: The rows.
        at: The place of each row's sort in the dictionary.
        found: What each sort was found to be, in the order of the dictionary.
        terms: Why the slots that were asked for were not answered.
    """
    verdicts = {
        "verdict": [finding.verdict.value for finding, _ in found],
        "reason": [finding.reason.value for finding, _ in found],
        "level": [finding.level.name.lower() for finding, _ in found],
    }
    columns = dict(zip(known.schema.names, known.columns, strict=True))
    columns |= {name: pa.array(words, pa.string()).take(at) for name, words in verdicts.items()}
    for slot in {slot for _, asked in found for slot in asked}:
        words = [terms if slot in asked else None for _, asked in found]
        flat = {f"{slot.value}.withheld": pa.array(words, pa.string()).take(at)}
        columns[slot.value] = _array(flat, slot.value, COLUMNS[slot.value])
    return pa.Table.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _struct(kind: Type, members: Mapping[str, pa.Array]) -> pa.StructArray:
    fields = list(arrow_type(kind))
    return pa.StructArray.from_arrays([members[field.name] for field in fields], fields=fields)


def _array(given: Mapping[str, pa.Array], name: str, kind: Type) -> pa.Array | None:
    """The column or member of that name; None where nothing of it is given."""
    if name in given:
        return given[name].cast(arrow_type(kind))
    if not isinstance(kind, Mapping):
        return None
    members = {member: _array(given, f"{name}.{member}", k) for member, k in kind.items()}
    some = [array for array in members.values() if array is not None]
    if not some:
        return None
    rows = len(some[0])
    mask = None
    if all(array.null_count for array in some):
        mask = reduce(pc.and_, (array.is_null() for array in some))
    arrays = [
        pa.nulls(rows, arrow_type(kind[member])) if array is None else array
        for member, array in members.items()
    ]
    return pa.StructArray.from_arrays(arrays, fields=list(arrow_type(kind)), mask=mask)
