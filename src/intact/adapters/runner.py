"""Bounded concurrency around the ``decide`` loop."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, assert_never

from intact.audit import (
    Absent,
    BytesRead,
    Copy,
    Evidence,
    Policy,
    Record,
    Slot,
    Unreadable,
    decide,
)
from intact.audit.decide import algorithms_to_read
from intact.checksum import Checksum, ChecksumType, new
from intact.errors import AccessError, FormatError, StoreError
from intact.s3 import ObjectFacts

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from concurrent.futures import Future

    from intact.adapters.ports import ObjectStore
    from intact.s3 import ObjectRef

AHEAD = 8
"""Copies in work or waiting for each worker, so that one slow answer does not idle the rest."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Audits copies by asking two stores for what ``decide`` wants to know.

    Attributes:
        source: Store that holds the sources.
        destination: Store that holds the copies.
        policy: The terms.
        workers: Threads, each with one request under way.
    """

    source: ObjectStore
    destination: ObjectStore
    policy: Policy
    workers: int = 16

    def run(self, copies: Iterable[tuple[Copy, Evidence]]) -> Generator[Record]:
        """Yield one record for each copy, in order; memory does not grow with their number.

        Args:
            copies: Each with the evidence that is already at hand.

        Raises:
            AccessError: The credentials are of no use; what was yielded before stands.
        """
        with ThreadPoolExecutor(self.workers, thread_name_prefix="intact-audit") as pool:
            waiting: deque[Future[Record]] = deque()
            try:
                for copy, evidence in copies:
                    waiting.append(pool.submit(self.audit, copy, evidence))
                    if len(waiting) > AHEAD * self.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def audit(self, copy: Copy, evidence: Evidence) -> Record:
        """Ask until ``decide`` answers."""
        while isinstance(step := decide(evidence, self.policy), Slot):
            evidence = self.supplement(step, copy, evidence)
        return Record(copy=copy, evidence=evidence, finding=step)

    def supplement(self, slot: Slot, copy: Copy, evidence: Evidence) -> Evidence:
        """Return the evidence with one more slot filled, by an answer or by why there is none."""
        answer: dict[str, Any] = {slot.value: self._fetch(slot, copy, evidence)}
        return replace(evidence, **answer)

    def _fetch(
        self, slot: Slot, copy: Copy, evidence: Evidence
    ) -> ObjectFacts | BytesRead | Absent | Unreadable:
        try:
            return self._ask(slot, copy, evidence)
        except AccessError:
            raise
        except (StoreError, FormatError) as error:
            return Unreadable(problem=str(error))

    def _ask(
        self, slot: Slot, copy: Copy, evidence: Evidence
    ) -> ObjectFacts | BytesRead | Absent | Unreadable:
        if slot is Slot.TASK or copy.source is None or copy.destination is None:
            return Unreadable(problem=f"nobody supplied the {slot.value} of row {copy.row}")
        if slot is Slot.SOURCE:
            return self.source.head(copy.source)
        if slot is Slot.DESTINATION:
            return self.destination.head(copy.destination)
        if slot is Slot.SOURCE_BYTES:
            return _hash(self.source, copy.source, evidence.source, evidence)
        if slot is Slot.DESTINATION_BYTES:
            return _hash(self.destination, copy.destination, evidence.destination, evidence)
        assert_never(slot)


def _hash(store: ObjectStore, ref: ObjectRef, facts: object, evidence: Evidence) -> BytesRead:
    """Hash the version that HeadObject spoke of, with every algorithm that can be compared."""
    if not isinstance(facts, ObjectFacts):
        raise StoreError(f"{ref}: bytes were asked for before HeadObject answered")
    hashers = {algorithm: new(algorithm) for algorithm in algorithms_to_read(evidence)}
    size = 0
    for chunk in store.read(replace(ref, version_id=facts.version_id), etag=facts.etag):
        size += len(chunk)
        for hasher in hashers.values():
            hasher.update(chunk)
    return BytesRead(
        size=size,
        checksums=frozenset(
            Checksum(algorithm=algorithm, type=ChecksumType.FULL_OBJECT, digest=hasher.digest())
            for algorithm, hasher in hashers.items()
        ),
    )
