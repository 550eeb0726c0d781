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
from typing import Any

from intact.audit.evidence import Absent, BytesRead, Evidence, Unreadable
from intact.audit.policy import Policy, ReadMode, Window
from intact.audit.record import Copy, Record
from intact.audit.summary import Counts
from intact.audit.verdict import Finding, Level, Reason, Verdict
from intact.batch import TaskResult, TaskStatus
from intact.checksum import Algorithm, Checksum
from intact.errors import FormatError
from intact.s3 import ObjectFacts, ObjectRef

FORMAT = "intact-ledger"
VERSION = 1

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
    slots = {
        "row": _slot(evidence.row),
        "task": _slot(evidence.task),
        "source": _slot(evidence.source),
        "destination": _slot(evidence.destination),
        "source_bytes": _slot(evidence.source_bytes),
        "destination_bytes": _slot(evidence.destination_bytes),
    }
    return line | {"evidence": _present(slots)}


def _parse_record(line: Line) -> Record:
    evidence = line["evidence"]
    return Record(
        copy=Copy(
            row=line["row"],
            source=_parse_ref(line.get("source")),
            destination=_parse_ref(line.get("destination")),
            text=line.get("text", ""),
        ),
        evidence=Evidence(
            row=_parse_failure(evidence.get("row")),
            task=_parse_task(evidence.get("task")),
            source=_parse_facts(evidence.get("source")),
            destination=_parse_facts(evidence.get("destination")),
            source_bytes=_parse_bytes(evidence.get("source_bytes")),
            destination_bytes=_parse_bytes(evidence.get("destination_bytes")),
        ),
        finding=Finding(
            verdict=Verdict(line["verdict"]),
            reason=_REASONS[line["reason"]],
            level=Level[line["level"].upper()],
        ),
    )


_REASONS = {reason.value: reason for reason in Reason}


def _slot(slot: TaskResult | ObjectFacts | BytesRead | Absent | Unreadable | None) -> Line | None:
    if slot is None:
        return None
    if isinstance(slot, Absent):
        return {"absent": slot.detail}
    if isinstance(slot, Unreadable):
        return {"unreadable": slot.problem}
    if isinstance(slot, BytesRead):
        return {"size": slot.size, "checksums": _checksums(slot.checksums)}
    if isinstance(slot, ObjectFacts):
        line = {
            "size": slot.size,
            "etag": slot.etag,
            "last_modified": slot.last_modified.isoformat(),
            "version": slot.version_id,
            "checksums": _checksums(slot.checksums),
        }
        return _present(line)
    return _present(asdict(slot) | {"status": slot.status.value})


def _checksums(checksums: frozenset[Checksum]) -> list[list[str | None]]:
    rows = [[c.algorithm.value, c.type and c.type.value, str(c)] for c in checksums]
    return sorted(rows, key=str)


def _present(line: Line) -> Line:
    return {name: value for name, value in line.items() if value is not None}


def _parse_ref(line: Line | None) -> ObjectRef | None:
    if line is None:
        return None
    return ObjectRef(bucket=line["bucket"], key=line["key"], version_id=line.get("version"))


def _parse_failure(line: Line | None) -> Unreadable | None:
    return None if line is None else Unreadable(problem=line["unreadable"])


def _parse_task(line: Line | None) -> TaskResult | Absent | Unreadable | None:
    if line is None or "absent" in line or "unreadable" in line:
        return _parse_empty(line)
    return TaskResult(
        bucket=line["bucket"],
        raw_key=line["raw_key"],
        version_id=line.get("version_id"),
        status=TaskStatus(line["status"]),
        http_status=line.get("http_status"),
        error_code=line["error_code"],
        message=line["message"],
    )


def _parse_facts(line: Line | None) -> ObjectFacts | Absent | Unreadable | None:
    if line is None or "absent" in line or "unreadable" in line:
        return _parse_empty(line)
    return ObjectFacts(
        size=line["size"],
        etag=line["etag"],
        last_modified=datetime.fromisoformat(line["last_modified"]),
        version_id=line.get("version"),
        checksums=_parse_checksums(line["checksums"]),
    )


def _parse_bytes(line: Line | None) -> BytesRead | Unreadable | None:
    if line is None or "unreadable" in line:
        return _parse_failure(line)
    return BytesRead(size=line["size"], checksums=_parse_checksums(line["checksums"]))


def _parse_empty(line: Line | None) -> Absent | Unreadable | None:
    if line is None or "unreadable" in line:
        return _parse_failure(line)
    return Absent(detail=line["absent"])


def _parse_checksums(rows: list[tuple[str, str | None, str]]) -> frozenset[Checksum]:
    return frozenset(
        Checksum.parse(text, algorithm=Algorithm.parse(name), type_name=kind)
        for name, kind, text in rows
    )
