"""Checks a ledger against its own digests, and its verdicts against the rules."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

from intact.adapters.ledger import LedgerReader, read_header, segment_records
from intact.adapters.signing import public_key, signed
from intact.audit import Finding, decide
from intact.audit.ledger import FINDINGS, HEADER, SEAL, SEGMENTS, SLICE, Seal, Segment, sha256
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intact.audit import Policy, Record


def problems(path: Path, *, key: Path | None = None) -> Iterator[str]:
    """Yield a sentence on everything about a ledger that is not as it was sealed.

    Nothing is yielded where every byte is.  Whoever changed a ledger and sealed it anew is found
    out only by ``key``.

    Args:
        path: The ledger's folder.
        key: File of the Ed25519 public key that must have signed it, as PEM.

    Raises:
        FormatError: The folder holds no ledger.
        UsageError: The key is none.
        OSError: A file cannot be read.
    """
    policy = read_header(path).policy
    header = sha256((path / HEADER).read_bytes())
    seal, trouble = _seal(path)
    yield from trouble
    if seal is not None:
        if header != seal.header:
            yield f"{HEADER}: SHA-256 is {header}; the seal says {seal.header}"
        yield from _signature(seal, key)
    segments, trouble = _segments(path)
    yield from trouble
    yield from _chain(segments, seal, header)
    yield from _strangers(path, segments)
    last = 0
    for segment in segments:
        yield from _file(path / FINDINGS / segment.name, segment, policy)
        if segment.name.startswith(SLICE):
            continue
        if segment.first <= last:
            yield f"{segment.name}: begins with row {segment.first}, behind row {last}"
        last = segment.last


def contradictions(reader: LedgerReader) -> Iterator[tuple[Record, Finding | None]]:
    """Yield every record whose evidence does not give its finding, and what it gives.

    None where the evidence would not do: ``decide`` asks for more.

    Raises:
        FormatError: A segment is damaged.
    """
    for record in reader.records():
        found = _replayed(record, reader.header.policy)
        if found != record.finding:
            yield record, found


def _replayed(record: Record, policy: Policy) -> Finding | None:
    step = decide(record.evidence, policy)
    return step if isinstance(step, Finding) else None


def _seal(path: Path) -> tuple[Seal | None, list[str]]:
    if not (path / SEAL).exists():
        return None, [f"{SEAL}: is missing, so the audit did not finish or the end was cut off"]
    try:
        return Seal.decode((path / SEAL).read_bytes()), []
    except FormatError as error:
        return None, [f"{SEAL}: {error}"]


def _signature(seal: Seal, key: Path | None) -> Iterator[str]:
    if key is None:
        return
    wanted = public_key(key)
    if seal.signature is None:
        yield f"{SEAL}: has no signature"
    elif not signed(wanted, seal.signature, seal.statement()):
        yield f"{SEAL}: its signature is not of {key} over these words"


def _segments(path: Path) -> tuple[list[Segment], list[str]]:
    """The lines of the list of segments, as far as each is one."""
    found, trouble = [], []
    if not (path / SEGMENTS).exists():
        return [], [f"{SEGMENTS}: is missing"]
    with (path / SEGMENTS).open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                found.append(Segment.decode(line))
            except FormatError as error:
                trouble.append(f"{SEGMENTS} line {number}: {error}")
    return found, trouble


def _chain(segments: list[Segment], seal: Seal | None, header: str) -> Iterator[str]:
    """Follow the chain from the header to the seal."""
    chain = header if seal is None else seal.header
    for number, segment in enumerate(segments, 1):
        if not segment.follows(chain):
            yield (
                f"{SEGMENTS} line {number}: does not follow the line before it; lines were "
                f"changed, dropped, repeated or moved at row {segment.first} or before"
            )
        chain = segment.chain
    if seal is None:
        return
    rows = sum(segment.rows for segment in segments)
    for name, got, wanted in (
        ("root", chain, seal.root),
        ("number of segments", len(segments), seal.segments),
        ("number of records", rows, seal.records),
    ):
        if got != wanted:
            yield f"{SEGMENTS}: its {name} is {got}; the seal says {wanted}"


def _strangers(path: Path, segments: list[Segment]) -> Iterator[str]:
    names = {segment.name for segment in segments}
    for file in sorted((path / FINDINGS).iterdir()) if (path / FINDINGS).is_dir() else ():
        if file.name not in names:
            yield f"{file.name}: is no segment of this ledger"


def _file(file: Path, segment: Segment, policy: Policy) -> Iterator[str]:
    """Compare a segment with its line; where it differs, look for what was done to it."""
    try:
        with file.open("rb") as content:
            got = hashlib.file_digest(content, "sha256").hexdigest()
    except FileNotFoundError:
        yield f"{file.name}: is missing, with rows {segment.first} to {segment.last}"
        return
    if got == segment.sha256:
        return
    yield (
        f"{file.name}: was changed, rows {segment.first} to {segment.last}: SHA-256 is {got}; "
        f"wanted {segment.sha256}"
    )
    try:
        yield from _suspects(file, segment, policy)
    except FormatError as error:
        yield str(error)


def _suspects(file: Path, segment: Segment, policy: Policy) -> Iterator[str]:
    rows = []
    for record in segment_records(file):
        rows.append(record.copy.row)
        found = _replayed(record, policy)
        if found != record.finding:
            yield (
                f"{file.name}: row {record.copy.row} is {words(record.finding)}; "
                f"its evidence says {words(found)}"
            )
    for row, following in pairwise(rows):
        if row == following:
            yield f"{file.name}: row {row} stands twice"
        elif row > following:
            yield f"{file.name}: row {following} stands behind row {row}"
    if len(rows) != segment.rows:
        yield f"{file.name}: holds {len(rows)} records; wanted {segment.rows}"


def words(finding: Finding | None) -> str:
    """A finding in a few words; None is evidence that does not suffice."""
    if finding is None:
        return "not enough for a verdict"
    return f"{finding.verdict.value} ({finding.reason.value}, {finding.level.name.lower()})"
