"""Copies that no manifest lists, and their ledger."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from intact.adapters.writing import LedgerWriter
from intact.audit import Absent, Copy, Counts, Evidence
from intact.audit.ledger import Header, Server
from intact.errors import UsageError
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from intact.adapters.clients import Ask
    from intact.adapters.ports import Progress
    from intact.audit import Policy, Record
    from intact.s3 import ObjectRef


@dataclass(frozen=True, slots=True)
class Pairs:
    """Copies in order; each one's row is its place, from 1."""

    copies: tuple[Copy, ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str | ObjectRef, str | ObjectRef]]) -> Self:
        """Take source and destination of each: references, or ``s3://BUCKET/KEY``.

        Raises:
            UsageError: One names no object, or a version of its source where others name none: as
                in a manifest, what binds a source to its copy is the same for all.
        """
        copies = tuple(
            Copy(row=row, source=_ref(source), destination=_ref(destination))
            for row, (source, destination) in enumerate(pairs, 1)
        )
        named = sum(copy.source is not None and bool(copy.source.version_id) for copy in copies)
        if named not in {0, len(copies)}:
            raise UsageError(
                f"{named} of {len(copies)} sources name a version; wanted all of them, or none"
            )
        return cls(copies)

    @property
    def versioned(self) -> bool:
        """Whether every source is named with its version."""
        return all(copy.source is not None and copy.source.version_id for copy in self.copies)

    def header(
        self,
        policy: Policy,
        *,
        created: datetime,
        version: str,
        server: Server | None = None,
        bound: tuple[str, ...] = (),
    ) -> Header:
        """Head of their ledger, which no other pairs have, nor these elsewhere: ``bound``."""
        hasher = sha256()
        for copy in self.copies:
            hasher.update(f"{copy.source!r}\n{copy.destination!r}\n".encode("utf-8", "replace"))
        return Header(
            policy=policy,
            subject=f"{len(self.copies)} pairs",
            created=created,
            intact=version,
            inputs=(f"pairs {hasher.hexdigest()}",),
            server=server,
            bound=bound,
        )

    def records(
        self, ledger: Path, ask: Ask, *, header: Header, progress: Progress
    ) -> Generator[Record]:
        """Yield each record once the ledger has it; an unfinished ledger is gone on with."""
        with LedgerWriter(ledger, header) as writer:
            progress.phase("auditing", total=len(self.copies) - writer.rows)
            with closing(ask(self._evidence(after=writer.rows))) as found:
                for record in found:
                    writer.append(record)
                    progress.advance()
                    yield record
            distinct = {(copy.source, copy.destination) for copy in self.copies}
            repeated = len(self.copies) - len(distinct)
            writer.seal(Counts(manifest_rows=len(self.copies), duplicate_rows=repeated))

    def _evidence(self, *, after: int) -> Iterator[tuple[Copy, Evidence]]:
        """What is known beforehand: that one copy lies where another was put, or its source was."""
        distinct = {(copy.destination, copy.source) for copy in self.copies}
        sources = Counter(destination for destination, _ in distinct)
        for copy in self.copies[after:]:
            gone = Absent(detail="its copy took its place") if copy.replaces_source else None
            yield copy, Evidence(shared=sources[copy.destination] > 1, source=gone)


def _ref(given: str | ObjectRef) -> ObjectRef:
    ref = parse_uri(given) if isinstance(given, str) else given
    if not ref.bucket or not ref.key:
        raise UsageError(f"object is {str(given)!r}; wanted a bucket and a key")
    return ref
