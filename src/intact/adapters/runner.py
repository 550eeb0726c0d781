"""Bounded concurrency around the ``decide`` loop."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from intact.adapters.terms import ReadTerms
from intact.audit import (
    BytesRead,
    Copy,
    Evidence,
    Policy,
    Record,
    Slot,
    Unreadable,
    decide,
)
from intact.audit.bind import Pair, bind, chosen_destination
from intact.audit.decide import algorithms_by_parts, algorithms_to_read
from intact.checksum import Checksum, ChecksumType, CompositeHasher, new
from intact.checksum.parts import MAX_PARTS
from intact.errors import AccessError, FormatError, StoreError
from intact.s3 import ObjectFacts

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from concurrent.futures import Future

    from intact.adapters.ports import ObjectStore
    from intact.audit.side import Side
    from intact.s3 import ObjectRef

AHEAD = 8
"""Copies in work or waiting for each worker, so that one slow answer does not idle the rest."""
VERSIONS = 100
"""Versions of one key that are looked at; a retried task writes two."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Audits copies by asking two stores for what ``decide`` wants to know.

    Attributes:
        source: Store that holds the sources.
        destination: Store that holds the copies.
        policy: The terms.
        workers: Threads, each with one request under way.
        terms: Which objects' bytes may be read, where the policy wants them.
    """

    source: ObjectStore
    destination: ObjectStore
    policy: Policy
    workers: int = 16
    terms: ReadTerms = field(default_factory=ReadTerms)

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
        return evidence.answered(slot, self._fetch(slot, copy, evidence))

    def _fetch(self, slot: Slot, copy: Copy, evidence: Evidence) -> object:
        try:
            return self._ask(slot, copy, evidence)
        except AccessError:
            raise
        except (StoreError, FormatError) as error:
            return Unreadable(problem=str(error))

    def _ask(self, slot: Slot, copy: Copy, evidence: Evidence) -> object:
        if slot is Slot.TASK or copy.source is None or copy.destination is None:
            return Unreadable(problem=f"nobody supplied the {slot.value} of row {copy.row}")
        match slot:
            case Slot.SOURCE:
                return self.source.head(copy.source)
            case Slot.DESTINATION:
                return self.destination.head(copy.destination)
            case Slot.SOURCE_VERSIONS:
                return self._older(copy.source, evidence)
            case Slot.DESTINATION_VERSIONS:
                return self._written(copy.destination)
            case Slot.SOURCE_PARTS:
                facts = _facts(self._pair(evidence).source)
                return self.source.parts(_version(copy.source, facts), facts)
            case Slot.DESTINATION_PARTS:
                facts = _facts(self._pair(evidence).destination)
                return self.destination.parts(_version(copy.destination, facts), facts)
            case Slot.SOURCE_BYTES:
                pair = self._pair(evidence)
                facts = _facts(pair.source)
                return self.terms.refuse(copy.destination, size=facts.size) or hash_object(
                    self.source, copy.source, facts, pair
                )
            case Slot.DESTINATION_BYTES:
                pair = self._pair(evidence)
                facts = _facts(pair.destination)
                return self.terms.refuse(copy.destination, size=facts.size) or hash_object(
                    self.destination, copy.destination, facts, pair
                )
            case _:
                assert_never(slot)

    def _pair(self, evidence: Evidence) -> Pair:
        pair = bind(evidence, self.policy)
        if not isinstance(pair, Pair):
            raise StoreError("asked about a version before one was chosen")
        return pair

    def _written(self, ref: ObjectRef) -> tuple[ObjectFacts, ...]:
        """Versions of a destination that were written while the job ran."""
        window = self.policy.window
        found = [
            version_id
            for version_id, written in self.destination.versions(ref)
            if window is not None and window.holds(written)
        ]
        if len(found) > VERSIONS:
            raise StoreError(f"{ref} has {len(found)} versions of this job; wanted {VERSIONS}")
        return _heads(self.destination, ref, found)

    def _older(self, ref: ObjectRef, evidence: Evidence) -> tuple[ObjectFacts, ...]:
        """The version of a source that the copy may have read: the newest before the copy."""
        copied = chosen_destination(evidence, self.policy)
        for version_id, written in self.source.versions(ref):
            if copied is not None and written < copied.last_modified:
                return _heads(self.source, ref, [version_id])
        return ()


def _heads(store: ObjectStore, ref: ObjectRef, versions: Iterable[str]) -> tuple[ObjectFacts, ...]:
    """Describe versions; those that are gone by now are left out."""
    answers = [store.head(replace(ref, version_id=version_id)) for version_id in versions]
    return tuple(answer for answer in answers if isinstance(answer, ObjectFacts))


def _facts(side: Side) -> ObjectFacts:
    if side.facts is None:
        raise StoreError("bytes or parts were asked for of a version that S3 did not describe")
    return side.facts


def _version(ref: ObjectRef, facts: ObjectFacts) -> ObjectRef:
    """Name the very version that was described."""
    return replace(ref, version_id=facts.version_id)


def hash_object(store: ObjectStore, ref: ObjectRef, facts: ObjectFacts, pair: Pair) -> BytesRead:
    """Hash a version in one pass, with every algorithm that can be compared.

    Raises:
        StoreError: The object changed, or could not be read.
    """
    hashers = {algorithm: new(algorithm) for algorithm in algorithms_to_read(pair)}
    ours, theirs = (_by_parts(side) for side in (pair.source, pair.destination))
    size = 0
    for chunk in store.read(_version(ref, facts), etag=facts.etag):
        size += len(chunk)
        if size > facts.size:
            raise StoreError(f"{ref}: got more than the {facts.size} bytes that S3 describes")
        for hasher in hashers.values():
            hasher.update(chunk)
        for cutting in (*ours, *theirs):
            cutting.update(chunk)
    return BytesRead(
        size=size,
        checksums=frozenset(
            Checksum(algorithm=algorithm, type=ChecksumType.FULL_OBJECT, digest=hasher.digest())
            for algorithm, hasher in hashers.items()
        ),
        by_source_parts=frozenset(hasher.checksum() for hasher in ours),
        by_destination_parts=frozenset(hasher.checksum() for hasher in theirs),
    )


def _by_parts(side: Side) -> list[CompositeHasher]:
    """Hashers that cut where this side's parts end; none where that is not known.

    Parts that do not add up to the object contradict it, which ``decide`` sees before any read.
    More than S3 allows are not cut.
    """
    if side.parts is None or len(side.parts.sizes) > MAX_PARTS:
        return []
    return [CompositeHasher(algorithm, side.parts.sizes) for algorithm in algorithms_by_parts(side)]
