"""Records as JSON Lines, for programs that read no Parquet."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from intact.audit.evidence import (
    Absent,
    BytesRead,
    Computed,
    Evidence,
    Expected,
    Unreadable,
    Withheld,
)
from intact.batch import TaskResult
from intact.checksum.encoding import encode as encode_digest
from intact.s3 import ObjectFacts, PartList

if TYPE_CHECKING:
    from collections.abc import Callable

    from intact.audit.record import Record
    from intact.checksum import Checksum

Line = dict[str, Any]


def encode(record: Record) -> str:
    """Write one line, line end included; the text is ASCII whatever the keys hold."""
    return json.dumps(_record(record), separators=(",", ":")) + "\n"


def _record(record: Record) -> Line:
    copy, finding, evidence = record.copy, record.finding, record.evidence
    line: Line = {
        "row": copy.row,
        "verdict": finding.verdict.value,
        "reason": finding.reason.value,
        "level": finding.level.name.lower(),
    }
    for name, ref in (("source", copy.source), ("destination", copy.destination)):
        if ref is not None:
            line[name] = _present({"bucket": ref.bucket, "key": ref.key, "version": ref.version_id})
    if copy.text:
        line["text"] = copy.text
    slots = {name: slot_line(getattr(evidence, name)) for name in _SLOTS}
    for name in ("source_computed", "destination_computed"):
        slots[name] = slots[name] or None
    if evidence.shared:
        slots["shared"] = {}
    return line | {"evidence": _present(slots)}


def slot_line(slot: Any) -> Line | list[Line] | None:  # noqa: ANN401 - any field of Evidence
    """Write one slot of the evidence; None where nobody was asked."""
    match slot:
        case None:
            return None
        case tuple():
            return [_present(_ENCODERS[type(entry)](entry)) for entry in slot]
        case _:
            return _present(_ENCODERS[type(slot)](slot))


def _task(task: TaskResult) -> Line:
    return asdict(task) | {"status": task.status.value}


def _facts(facts: ObjectFacts) -> Line:
    return {
        "size": facts.size,
        "etag": facts.etag,
        "last_modified": facts.last_modified.isoformat(),
        "version": facts.version_id,
        "checksums": _checksums(facts.checksums),
        "encryption": facts.encryption,
        "storage_class": facts.storage_class,
        "archived": facts.archived or None,
    }


def _parts(parts: PartList) -> Line:
    return {
        "sizes": list(parts.sizes),
        "algorithm": parts.algorithm and parts.algorithm.value,
        "digests": [encode_digest(digest) for digest in parts.digests] or None,
    }


def _bytes(read: BytesRead) -> Line:
    return {
        "size": read.size,
        "checksums": _checksums(read.checksums),
        "by_source_parts": _checksums(read.by_source_parts) or None,
        "by_destination_parts": _checksums(read.by_destination_parts) or None,
    }


def _computed(row: Computed) -> Line:
    return {
        "checksum": _checksums(frozenset({row.checksum}))[0],
        "etag": row.etag,
        "version": row.version_id,
        "begun": row.begun and row.begun.isoformat(),
    }


_ENCODERS: dict[type, Callable[[Any], Line]] = {
    Absent: lambda absent: {"absent": absent.detail},
    Unreadable: lambda unreadable: {"unreadable": unreadable.problem},
    Withheld: lambda withheld: {"withheld": withheld.terms},
    TaskResult: _task,
    ObjectFacts: _facts,
    PartList: _parts,
    BytesRead: _bytes,
    Computed: _computed,
    Expected: lambda known: {"checksums": _checksums(known.checksums), "size": known.size},
}


def _checksums(checksums: frozenset[Checksum]) -> list[list[str | None]]:
    rows = [[c.algorithm.value, c.type and c.type.value, str(c)] for c in checksums]
    return sorted(rows, key=str)


def _present(line: Line) -> Line:
    return {name: value for name, value in line.items() if value is not None}


_SLOTS = tuple(field.name for field in fields(Evidence) if field.name != "shared")
"""Every field of ``Evidence`` that is an answer, in the order that a line has them."""
