"""The ledger: JSON Lines that hold every verdict beside the evidence that licenses it.

The first line is the header (policy, and what was audited), the last one the trailer (counts of
the inputs); between them stands one record for each row of the manifest, in its order.  A ledger
without trailer is unfinished.  ``decide(record.evidence, header.policy) == record.finding`` holds
for every record, so anyone can recompute every verdict offline.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
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
from intact.audit.policy import Policy, ReadMode, Window
from intact.audit.record import Copy, Record
from intact.audit.summary import Counts
from intact.audit.verdict import Finding, Level, Reason, Verdict
from intact.batch import TaskResult, TaskStatus
from intact.checksum import Algorithm, Checksum
from intact.checksum.encoding import decode as decode_digest
from intact.checksum.encoding import encode as encode_digest
from intact.errors import FormatError
from intact.s3 import ObjectFacts, ObjectRef, PartList

if TYPE_CHECKING:
    from collections.abc import Callable

FORMAT = "intact-ledger"
VERSION = 2

Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line.

    Attributes:
        policy: The terms that every verdict was reached under.
        subject: What was audited, in words: a job's ARN or a manifest's address.
        created: When the audit began.
        intact: Version of the program that wrote the ledger.
    """

    policy: Policy
    subject: str
    created: datetime
    intact: str


def encode(entry: Header | Record | Counts) -> str:
    """Write one line, line end included; the text is ASCII whatever the keys hold."""
    if isinstance(entry, Header):
        line = _header(entry)
    elif isinstance(entry, Record):
        line = _record(entry)
    else:
        line = {"counts": asdict(entry)}
    return json.dumps(line, separators=(",", ":")) + "\n"


def decode(text: str) -> Header | Record | Counts:
    """Read one line.

    Raises:
        FormatError: The line is no line of a ledger of this version.
    """
    try:
        line = json.loads(text)
        if "format" in line:
            return _parse_header(line)
        if "counts" in line:
            return Counts(**line["counts"])
        return _parse_record(line)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"not a line of a ledger ({error!r}): {text[:200]!r}") from None


def _header(header: Header) -> Line:
    policy, window = header.policy, header.policy.window
    return {
        "format": FORMAT,
        "version": VERSION,
        "intact": header.intact,
        "subject": header.subject,
        "created": header.created.isoformat(),
        "policy": {
            "reported": policy.reported,
            "versioned": policy.versioned,
            "algorithm": policy.algorithm and policy.algorithm.value,
            "window": window
            and {
                "begin": window.begin.isoformat(),
                "end": window.end.isoformat(),
                "skew": window.skew.total_seconds(),
            },
            "read": policy.read.value,
            "require": policy.require.name.lower(),
        },
    }


def _parse_header(line: Line) -> Header:
    if (line["format"], line["version"]) != (FORMAT, VERSION):
        got = f"{line['format']} {line['version']}"
        raise FormatError(f"the file is {got}; wanted {FORMAT} {VERSION}")
    policy, window = line["policy"], line["policy"]["window"]
    return Header(
        policy=Policy(
            reported=policy["reported"],
            versioned=policy["versioned"],
            algorithm=policy["algorithm"] and Algorithm.parse(policy["algorithm"]),
            window=window
            and Window(
                begin=datetime.fromisoformat(window["begin"]),
                end=datetime.fromisoformat(window["end"]),
                skew=timedelta(seconds=window["skew"]),
            ),
            read=ReadMode(policy["read"]),
            require=Level[policy["require"].upper()],
        ),
        subject=line["subject"],
        created=datetime.fromisoformat(line["created"]),
        intact=line["intact"],
    )


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
    slots = {name: _slot(getattr(evidence, name)) for name in _SLOTS}
    for name in ("source_computed", "destination_computed"):
        slots[name] = slots[name] or None
    if evidence.shared:
        slots["shared"] = {}
    return line | {"evidence": _present(slots)}


def _parse_record(line: Line) -> Record:
    evidence = line["evidence"]
    slots = {name: _parse_slot(name, evidence[name]) for name in _SLOTS if name in evidence}
    return Record(
        copy=Copy(
            row=line["row"],
            source=_parse_ref(line.get("source")),
            destination=_parse_ref(line.get("destination")),
            text=line.get("text", ""),
        ),
        evidence=Evidence(shared="shared" in evidence, **slots),
        finding=Finding(
            verdict=Verdict(line["verdict"]),
            reason=_REASONS[line["reason"]],
            level=Level[line["level"].upper()],
        ),
    )


_REASONS = {reason.value: reason for reason in Reason}


def _slot(slot: Any) -> Line | list[Line] | None:  # noqa: ANN401 - any field of Evidence
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


def _parse_ref(line: Line | None) -> ObjectRef | None:
    if line is None:
        return None
    return ObjectRef(bucket=line["bucket"], key=line["key"], version_id=line.get("version"))


def _parse_slot(name: str, line: Any) -> Any:  # noqa: ANN401 - any field of Evidence
    if isinstance(line, list):
        return tuple(_SLOTS[name](entry) for entry in line)
    if "absent" in line:
        return Absent(detail=line["absent"])
    if "unreadable" in line:
        return Unreadable(problem=line["unreadable"])
    if "withheld" in line:
        return Withheld(terms=line["withheld"])
    return _SLOTS[name](line)


def _parse_row(line: Line) -> Unreadable:
    raise FormatError(f"a row's evidence is {line!r}; wanted why it is unreadable")


def _parse_task(line: Line) -> TaskResult:
    return TaskResult(
        bucket=line["bucket"],
        raw_key=line["raw_key"],
        version_id=line.get("version_id"),
        status=TaskStatus(line["status"]),
        http_status=line.get("http_status"),
        error_code=line["error_code"],
        message=line["message"],
    )


def _parse_facts(line: Line) -> ObjectFacts:
    return ObjectFacts(
        size=line["size"],
        etag=line["etag"],
        last_modified=datetime.fromisoformat(line["last_modified"]),
        version_id=line.get("version"),
        checksums=_parse_checksums(line["checksums"]),
        encryption=line.get("encryption"),
        storage_class=line.get("storage_class"),
        archived=line.get("archived", False),
    )


def _parse_parts(line: Line) -> PartList:
    algorithm = Algorithm.parse(line["algorithm"]) if "algorithm" in line else None
    digests = line.get("digests", [])
    return PartList(
        sizes=tuple(line["sizes"]),
        algorithm=algorithm,
        digests=tuple(decode_digest(digest, algorithm=algorithm) for digest in digests)
        if algorithm
        else (),
    )


def _parse_bytes(line: Line) -> BytesRead:
    return BytesRead(
        size=line["size"],
        checksums=_parse_checksums(line["checksums"]),
        by_source_parts=_parse_checksums(line.get("by_source_parts", [])),
        by_destination_parts=_parse_checksums(line.get("by_destination_parts", [])),
    )


def _parse_computed(line: Line) -> Computed:
    (checksum,) = _parse_checksums([line["checksum"]])
    begun = line.get("begun")
    return Computed(
        checksum=checksum,
        etag=line["etag"],
        version_id=line.get("version"),
        begun=begun and datetime.fromisoformat(begun),
    )


def _parse_expected(line: Line) -> Expected:
    return Expected(checksums=_parse_checksums(line["checksums"]), size=line.get("size"))


_SLOTS: dict[str, Callable[[Line], Any]] = {
    "row": _parse_row,
    "task": _parse_task,
    "expected": _parse_expected,
    "source_computed": _parse_computed,
    "destination_computed": _parse_computed,
    "source": _parse_facts,
    "destination": _parse_facts,
    "source_versions": _parse_facts,
    "destination_versions": _parse_facts,
    "source_parts": _parse_parts,
    "destination_parts": _parse_parts,
    "source_bytes": _parse_bytes,
    "destination_bytes": _parse_bytes,
}
"""Every field of ``Evidence`` that is an answer, in the order that a line has them."""


def _parse_checksums(rows: list[tuple[str, str | None, str]]) -> frozenset[Checksum]:
    return frozenset(
        Checksum.parse(text, algorithm=Algorithm.parse(name), type_name=kind)
        for name, kind, text in rows
    )
