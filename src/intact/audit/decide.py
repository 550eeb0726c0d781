"""The rules: what the evidence on one copy proves.

``decide`` asks for one more piece of evidence or answers; it never fetches.  Its caller loops::

    while isinstance(step := decide(evidence, policy), Slot):
        evidence = replace(evidence, **{step.value: fetch(step)})

Each slot is asked for at most once, so the loop ends.  The order of the rules is the order of
their force: what the job says of itself, what could not be read, what is not bound to this copy,
what differs, and only then what is equal.  Policy limits what proves equality, never what proves
difference.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from intact.audit.evidence import Absent, BytesRead, Evidence, Slot, Unreadable
from intact.audit.policy import Policy, ReadMode
from intact.audit.verdict import Finding, Level, Reason, Verdict
from intact.batch import TaskStatus
from intact.checksum import Algorithm, ChecksumType, new
from intact.s3 import ObjectFacts

if TYPE_CHECKING:
    from intact.checksum import Checksum


def decide(evidence: Evidence, policy: Policy) -> Slot | Finding:
    """Answer what the evidence proves, or name the piece that is needed next."""
    if evidence.row is not None:
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE)
    if policy.reported or evidence.task is not None:
        step = _word_of_job(evidence)
        if step is not None:
            return step
    if evidence.destination is None:
        return Slot.DESTINATION
    if isinstance(evidence.destination, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.DESTINATION_UNREADABLE)
    if isinstance(evidence.destination, Absent):
        return Finding(verdict=Verdict.MISSING, reason=Reason.DESTINATION_ABSENT)
    if evidence.source is None:
        return Slot.SOURCE
    if isinstance(evidence.source, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.SOURCE_UNREADABLE)
    if isinstance(evidence.source, Absent):
        return Finding(verdict=Verdict.UNVERIFIABLE, reason=Reason.SOURCE_ABSENT)
    return _compare(
        _Side(evidence.source, evidence.source_bytes),
        _Side(evidence.destination, evidence.destination_bytes),
        policy,
    )


def algorithms_to_read(evidence: Evidence) -> frozenset[Algorithm]:
    """Algorithms to compute when bytes are read: all that either side stores, and SHA-256.

    SHA-256 makes two sides comparable that store nothing in common.
    """
    sides = (evidence.source, evidence.destination)
    stored = {c.algorithm for s in sides if isinstance(s, ObjectFacts) for c in s.checksums}
    return frozenset(stored | {Algorithm.SHA256})


def _word_of_job(evidence: Evidence) -> Slot | Finding | None:
    """What the completion report settles alone; a task's success settles nothing."""
    task = evidence.task
    if task is None:
        return Slot.TASK
    if isinstance(task, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.TASK_UNREADABLE)
    if isinstance(task, Absent):
        return Finding(verdict=Verdict.NOT_COPIED, reason=Reason.NO_RESULT)
    if task.status is TaskStatus.SUCCEEDED:
        return None
    if evidence.destination is None:
        return Slot.DESTINATION
    sits_there = isinstance(evidence.destination, ObjectFacts)
    reason = Reason.OLDER_OBJECT if sits_there else Reason.TASK_FAILED
    return Finding(verdict=Verdict.NOT_COPIED, reason=reason)


class _Side(NamedTuple):
    """One of the two objects: what S3 says of it, and what its bytes hashed to if read."""

    facts: ObjectFacts
    read: BytesRead | Unreadable | None

    def hashed(self) -> frozenset[Checksum]:
        """Checksums of the bytes, computed here."""
        return self.read.checksums if isinstance(self.read, BytesRead) else frozenset()

    def stored(self) -> frozenset[Checksum]:
        """Checksums that S3 stores for these bytes.

        Some servers store the digest of no bytes for an object that has bytes (VersityGW 1.8.0,
        CopyObject of an object onto itself); two such objects of one size would seem equal.
        """
        if self.facts.size == 0:
            return self.facts.checksums
        return frozenset(c for c in self.facts.checksums if c.digest != _of_nothing(c.algorithm))

    def checksums(self) -> frozenset[Checksum]:
        """Checksums stored by S3 or computed here."""
        return self.stored() | self.hashed()

    def contradicts_itself(self) -> bool:
        """Whether the bytes read are not those that S3 describes.

        A flip on the way here looks like this too, so it accuses nobody.
        """
        if not isinstance(self.read, BytesRead):
            return False
        return self.read.size != self.facts.size or _any_differ(self.stored(), self.hashed())


def _compare(source: _Side, destination: _Side, policy: Policy) -> Slot | Finding:
    written = destination.facts.last_modified
    if policy.window is not None and not policy.window.holds(written):
        return _unverifiable(Reason.DESTINATION_NOT_OF_JOB)
    if not policy.versioned and source.facts.last_modified > written:
        return _unverifiable(Reason.SOURCE_REPLACED)
    if source.facts.size != destination.facts.size:
        return _differing(Reason.SIZE_DIFFERS, source, destination, policy)
    if source.contradicts_itself() or destination.contradicts_itself():
        return _unverifiable(Reason.CONTRADICTION)
    if _any_differ(source.checksums(), destination.checksums()):
        return _differing(Reason.CHECKSUM_DIFFERS, source, destination, policy)
    if isinstance(destination.read, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.DESTINATION_UNREADABLE)
    if isinstance(source.read, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.SOURCE_UNREADABLE)
    return _weigh(source, destination, policy)


def _differing(reason: Reason, source: _Side, destination: _Side, policy: Policy) -> Finding:
    """A difference accuses the copy only where the source provably stood before it.

    S3 resolves whole seconds: a source of the same second may have been replaced after the copy.
    """
    if not policy.versioned and source.facts.last_modified == destination.facts.last_modified:
        return _unverifiable(Reason.SOURCE_REPLACED)
    return Finding(verdict=Verdict.MISMATCHED, reason=reason)


def _weigh(source: _Side, destination: _Side, policy: Policy) -> Slot | Finding:
    """Nothing differs: how strongly is equality proven?"""
    unread = _unread(source, destination)
    if policy.read is ReadMode.ALL and unread is not None:
        return unread
    level = Level.NONE
    honoured = _honoured(destination, policy)
    if honoured and _any_equal(source.stored(), destination.stored()):
        level = Level.RECORDED
    if _any_equal(source.checksums(), destination.hashed()):
        level = Level.READ
    if level is not Level.NONE and level.value >= policy.require.value:
        return Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=level)
    if policy.read is ReadMode.MISSING and unread is not None:
        return unread
    if level is not Level.NONE:
        return _unverifiable(Reason.BELOW_REQUIRED)
    return _unverifiable(Reason.NOTHING_COMPARABLE if honoured else Reason.ALGORITHM_NOT_HONOURED)


def _honoured(destination: _Side, policy: Policy) -> bool:
    """Whether the destination stores the full-object checksum that the job asked for."""
    return policy.algorithm is None or any(
        checksum.algorithm is policy.algorithm and checksum.type is ChecksumType.FULL_OBJECT
        for checksum in destination.stored()
    )


def _unread(source: _Side, destination: _Side) -> Slot | None:
    """The side whose bytes to read next; the source's are often settled by what S3 stores."""
    if destination.read is None:
        return Slot.DESTINATION_BYTES
    return Slot.SOURCE_BYTES if source.read is None else None


@cache
def _of_nothing(algorithm: Algorithm) -> bytes:
    return new(algorithm).digest()


def _any_equal(ours: frozenset[Checksum], theirs: frozenset[Checksum]) -> bool:
    return any(a.digest == b.digest for a, b in product(ours, theirs) if a.comparable(b))


def _any_differ(ours: frozenset[Checksum], theirs: frozenset[Checksum]) -> bool:
    return any(a.digest != b.digest for a, b in product(ours, theirs) if a.comparable(b))


def _unverifiable(reason: Reason) -> Finding:
    return Finding(verdict=Verdict.UNVERIFIABLE, reason=reason)
