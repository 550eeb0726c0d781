"""A sample of what a manifest lists, asked about on both sides, and how fast S3 answered.

The sample is the rows whose hashes are least, so it is the same whenever it is drawn, whatever the
order of the rows, and every row is in it with equal chance.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappush, heappushpop
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import TYPE_CHECKING

from intact.adapters.inventory import fetch_inventory, inventory_rows
from intact.adapters.runner import Runner
from intact.audit import Copy, ReadMode, Slot, decide
from intact.audit.adopt import first_known
from intact.audit.sampled import Measured
from intact.batch import MalformedRow, read_manifest
from intact.batch.expected import SIZE
from intact.batch.manifest import IGNORE, ManifestFormat
from intact.batch.span import Span
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from intact.adapters.boto import BotoStore
    from intact.adapters.ports import ObjectStore, Progress
    from intact.audit import Absent, Evidence, Policy, Subject
    from intact.s3 import ObjectFacts, ObjectRef, PartList

ALONE = 16
"""Copies that are asked about one by one, before the others many at a time."""
Row = tuple[int, "ObjectRef", int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a manifest lists, and a sample of it.

    Attributes:
        objects: Rows that name an object.
        malformed: Rows that do not.
        size: Bytes of all objects together; None where a row does not say.
        versioned: Whether the rows name versions.
        rows: The sample: line, object.
    """

    objects: int
    malformed: int
    size: int | None
    versioned: bool
    rows: tuple[tuple[int, ObjectRef], ...]


def draw(
    subject: Subject, store: BotoStore, *, local: Path | None, carried: Sequence[str], most: int
) -> Drawn:
    """Read a manifest once, count it, and keep a sample.

    Args:
        subject: Whose manifest.
        store: Where it lies.
        local: The manifest, where it is on disk; nobody is asked for it then.
        carried: What its ``Ignore`` columns hold, in order; ``Size`` is looked at.
        most: Rows to keep.

    Raises:
        UsageError: The columns that are described are not those of the manifest.
        StoreError: It could not be read.
        FormatError: It is not what its MD5 or its format promises.
    """
    with tempfile.TemporaryDirectory(prefix="intact-") as scratch:
        if subject.format is ManifestFormat.CSV:
            path = local or Path(scratch) / "manifest"
            if local is None:
                store.save(subject.manifest, path, etag=subject.manifest_etag)
            with path.open("rb") as lines:
                found = _csv(lines, subject.fields, carried)
                return _counted(found, versioned="VersionId" in subject.fields, most=most)
        inventory = fetch_inventory(
            store, subject.manifest, scratch=Path(scratch), etag=subject.manifest_etag
        )
        listed = inventory_rows(
            store, inventory, bucket=subject.manifest.bucket, scratch=Path(scratch)
        )
        rows = (
            row if isinstance(row, MalformedRow) else (row.line, row.source, row.size)
            for row in listed
        )
        return _counted(rows, versioned="VersionId" in inventory.fields, most=most)


def _csv(
    lines: Iterable[bytes], fields: Sequence[str], carried: Sequence[str]
) -> Iterator[Row | MalformedRow]:
    if carried and len(carried) != fields.count(IGNORE):
        raise UsageError(
            f"{len(carried)} Ignore columns are described; the manifest has {fields.count(IGNORE)}"
        )
    place = list(carried).index(SIZE) if SIZE in carried else None
    for row in read_manifest(lines, fields=fields):
        if isinstance(row, MalformedRow):
            yield row
            continue
        cell = "" if place is None else row.extra[place]
        if cell and not (cell.isascii() and cell.isdigit()):
            raise FormatError(f"manifest line {row.line}: size is {cell!r}; wanted digits")
        yield row.line, row.source, int(cell) if cell else None


def _counted(rows: Iterable[Row | MalformedRow], *, versioned: bool, most: int) -> Drawn:
    objects = malformed = size = 0
    sized = True
    kept: list[tuple[int, int, ObjectRef]] = []  # hashes below 0, so that the greatest goes first
    for row in rows:
        if isinstance(row, MalformedRow):
            malformed += 1
            continue
        line, ref, length = row
        objects += 1
        size += length or 0
        sized &= length is not None
        if most:
            item = (-_hash(ref), -line, ref)
            if len(kept) < most:
                heappush(kept, item)
            elif item > kept[0]:
                heappushpop(kept, item)
    return Drawn(
        objects=objects,
        malformed=malformed,
        size=size if sized else None,
        versioned=versioned,
        rows=tuple((-line, ref) for _, line, ref in sorted(kept, reverse=True)),
    )


def _hash(ref: ObjectRef) -> int:
    name = f"{ref.bucket}\0{ref.key}\0{ref.version_id or ''}".encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big")


class Timed:
    """An ``ObjectStore`` that remembers how long each answer to HeadObject took.

    Attributes:
        seconds: Of each.
    """

    def __init__(self, store: ObjectStore, clock: Callable[[], float]) -> None:
        """Ask ``store``; ``clock`` gives seconds."""
        self._store, self._clock = store, clock
        self.seconds: list[float] = []

    def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        """As the store's."""
        begun = self._clock()
        try:
            return self._store.head(ref)
        finally:
            self.seconds.append(self._clock() - begun)

    def parts(self, ref: ObjectRef, facts: ObjectFacts) -> PartList | Absent:
        """As the store's."""
        return self._store.parts(ref, facts)

    def versions(self, ref: ObjectRef) -> Iterator[tuple[str, datetime]]:
        """As the store's."""
        return self._store.versions(ref)

    def read(self, ref: ObjectRef, *, etag: str) -> Iterator[bytes | memoryview]:
        """As the store's."""
        return self._store.read(ref, etag=etag)


def ask(  # noqa: PLR0913 - keywords all but two
    drawn: Drawn,
    store: ObjectStore,
    *,
    destination: Callable[[ObjectRef], ObjectRef],
    policy: Policy,
    workers: int,
    progress: Progress,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[tuple[Evidence, ...], Measured | None]:
    """Audit the sample by HeadObject; return its evidence, and how S3 answered.

    The first copies are asked about one request at a time, the others ``workers`` at a time, which
    tells whether more at a time are answered sooner.

    Args:
        drawn: The sample.
        store: Holds both sides.
        destination: Where the copy of an object is.
        policy: The terms; no bytes are read.
        workers: Requests under way at a time.
        progress: Told what goes on.
        clock: Gives seconds.

    Raises:
        AccessError: The credentials are of no use.
    """
    if not drawn.rows:
        return (), None
    copies = [Copy(row=line, source=ref, destination=destination(ref)) for line, ref in drawn.rows]
    pairs = [(copy, first_known(copy)) for copy in copies]
    progress.phase("asking about the sample", total=len(pairs))
    seen: list[Evidence] = []
    alone = Timed(store, clock)
    one = Runner(alone, alone, policy, workers=1)
    for pair in pairs[:ALONE]:
        seen.append(look(one, *pair))
        progress.advance()
    if not alone.seconds:
        return tuple(seen), None
    many, begun = Timed(store, clock), clock()
    with ThreadPoolExecutor(workers, thread_name_prefix="intact-plan") as pool:
        for evidence in pool.map(partial(_look, Runner(many, many, policy)), pairs[ALONE:]):
            seen.append(evidence)
            progress.advance()
    passed = clock() - begun
    typical = median(alone.seconds)
    few = len(many.seconds) < workers
    seconds = alone.seconds if few else many.seconds
    return tuple(seen), Measured(
        alone=typical,
        latency=_spread(seconds),
        rate=1 / max(typical, _TICK) if few else len(seconds) / max(passed, _TICK),
        workers=1 if few else workers,
    )


def look(runner: Runner, copy: Copy, known: Evidence) -> Evidence:
    """Audit a copy, and ask besides for the parts that reading its bytes would ask for."""
    evidence = runner.audit(copy, known).evidence
    thorough = replace(runner.policy, read=ReadMode.ALL)
    while (step := decide(evidence, thorough)) in _PARTS:
        evidence = runner.supplement(step, copy, evidence)
    return evidence


_PARTS = {Slot.SOURCE_PARTS, Slot.DESTINATION_PARTS}


def _look(runner: Runner, pair: tuple[Copy, Evidence]) -> Evidence:
    return look(runner, *pair)


_TICK = 1e-9
"""Shortest time that a clock tells from none, in seconds."""


def _spread(seconds: Sequence[float]) -> Span:
    most = quantiles(seconds, n=10)[-1] if len(seconds) > 1 else seconds[0]
    return Span(low=min(seconds), likely=fmean(seconds), high=max(most, fmean(seconds)))
