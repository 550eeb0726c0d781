"""The rules: what the evidence on one copy proves.

``decide`` asks for one more piece of evidence or answers; it never fetches.  Its caller loops::

    while isinstance(step := decide(evidence, policy), Slot):
        evidence = evidence.answered(step, fetch(step))

Each slot is asked for at most once, so the loop ends.  The order of the rules is the order of
their force: what the job says of itself, what could not be read, what is not bound to this copy,
what contradicts itself, what differs, and only then what is equal.  Policy limits what proves
equality, never what proves difference.

Source: Amazon S3 User Guide, "Checking object integrity in Amazon S3", "Tracking job status and
completion reports".
"""

from __future__ import annotations

from intact.audit.bind import Pair, alike, bind
from intact.audit.evidence import Absent, Evidence, Slot, Unreadable, Withheld
from intact.audit.policy import Policy, ReadMode
from intact.audit.side import Side, any_differ
from intact.audit.verdict import Finding, Level, Reason, Verdict
from intact.audit.weigh import any_difference, etags_disagree, strength
from intact.batch import TaskStatus
from intact.checksum import Algorithm, ChecksumType
from intact.s3 import ObjectFacts


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
    pair = bind(evidence, policy)
    return _compare(pair, evidence, policy) if isinstance(pair, Pair) else pair


def _word_of_job(evidence: Evidence) -> Slot | Finding | None:
    """What the completion report settles; a task's success settles nothing.

    A failed one is told from what sits at its destination.
    """
    task = evidence.task
    if task is None:
        return Slot.TASK
    if isinstance(task, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.TASK_UNREADABLE)
    if isinstance(task, Absent):
        return Finding(verdict=Verdict.NOT_COPIED, reason=Reason.NO_RESULT)
    if task.status is TaskStatus.SUCCEEDED or evidence.destination is None:
        return None
    sits_there = isinstance(evidence.destination, ObjectFacts)
    reason = Reason.OLDER_OBJECT if sits_there else Reason.TASK_FAILED
    return Finding(verdict=Verdict.NOT_COPIED, reason=reason)


def _compare(pair: Pair, evidence: Evidence, policy: Policy) -> Slot | Finding:
    source, destination = pair.source, pair.destination
    if source.contradicts_itself() or destination.contradicts_itself():
        return _unverifiable(Reason.CONTRADICTION)
    if (reason := _difference(source, destination)) is not None:
        return _differing(reason, pair, evidence, policy)
    if isinstance(evidence.destination_bytes, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.DESTINATION_UNREADABLE)
    if isinstance(evidence.source_bytes, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.SOURCE_UNREADABLE)
    return _weigh(pair, evidence, policy)


def _difference(source: Side, destination: Side) -> Reason | None:
    if _sizes_differ(source, destination):
        return Reason.SIZE_DIFFERS
    if any_difference(source, destination):
        return Reason.CHECKSUM_DIFFERS
    return Reason.EXPECTED_DIFFERS if any_differ(source.known, destination.known) else None


def _differing(reason: Reason, pair: Pair, evidence: Evidence, policy: Policy) -> Slot | Finding:
    """A difference accuses the copy only where both versions are surely those of the copy."""
    if pair.acquits is not None:
        return _unverifiable(pair.acquits)
    step = _rivals(pair, evidence, policy)
    return Finding(verdict=Verdict.MISMATCHED, reason=reason) if step is None else step


def _rivals(pair: Pair, evidence: Evidence, policy: Policy) -> Slot | Finding | None:
    """Whether another version, written while the job ran, may be its copy.

    Each has to differ from the source too.  Equality needs no such look: it speaks of the version
    that it names, whoever wrote it.
    """
    copy = pair.destination.facts
    if policy.window is None or copy is None or copy.version_id is None:
        return None
    versions = evidence.destination_versions
    if versions is None:
        return Slot.DESTINATION_VERSIONS
    if isinstance(versions, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.DESTINATION_UNREADABLE)
    for version in versions if isinstance(versions, tuple) else ():
        if policy.window.holds(version.last_modified) and version.version_id != copy.version_id:
            differs = _difference(pair.source, Side(facts=version)) is not None
            if not differs and not alike(copy, version):
                return _unverifiable(Reason.SEVERAL_VERSIONS)
    return None


def _weigh(pair: Pair, evidence: Evidence, policy: Policy) -> Slot | Finding:
    """Nothing differs: how strongly is equality shown?"""
    if policy.read.always and (unread := _unread(pair, evidence)) is not None:
        return unread
    honoured = _honoured(pair.destination, policy)
    level = strength(pair.source, pair.destination, honoured=honoured)
    proven = level._value_ >= policy.require._value_
    doubted = etags_disagree(pair.source, pair.destination)
    if proven and not doubted:
        return Finding(verdict=Verdict.VERIFIED, reason=pair.equal, level=level)
    helpful = None if proven else _helpful_parts(pair, evidence)
    if helpful is not None:
        return helpful
    if policy.read is ReadMode.MISSING and (unread := _unread(pair, evidence)) is not None:
        return unread
    if doubted:
        return Finding(verdict=Verdict.UNVERIFIABLE, reason=Reason.ETAG_DISAGREES, level=level)
    if level is not Level.NONE:
        return Finding(verdict=Verdict.UNVERIFIABLE, reason=Reason.BELOW_REQUIRED, level=level)
    return _unverifiable(_lacking(pair, evidence, policy, honoured=honoured))


def _lacking(pair: Pair, evidence: Evidence, policy: Policy, *, honoured: bool) -> Reason:
    """Why nothing shows that the two are equal."""
    if policy.read is not ReadMode.NEVER and any(map(_archived, (pair.source, pair.destination))):
        return Reason.ARCHIVED
    if Withheld in {type(evidence.source_bytes), type(evidence.destination_bytes)}:
        return Reason.NOT_READ
    return pair.lacking if honoured else Reason.ALGORITHM_NOT_HONOURED


def _honoured(destination: Side, policy: Policy) -> bool:
    """Whether the destination stores the full-object checksum that the job asked for."""
    return (
        policy.algorithm is None
        or destination.facts is None
        or any(
            checksum.algorithm is policy.algorithm and checksum.type is ChecksumType.FULL_OBJECT
            for checksum in destination.stored
        )
    )


def _unread(pair: Pair, evidence: Evidence) -> Slot | None:
    """The bytes to read next; the source's are often settled by what is known of them.

    Before any bytes, the parts of an object whose checksum can only be rebuilt part by part.
    """
    wanted = []
    if evidence.destination_bytes is None and _readable(pair.destination):
        wanted.append(Slot.DESTINATION_BYTES)
    if evidence.source_bytes is None and _readable(pair.source):
        wanted.append(Slot.SOURCE_BYTES)
    if not wanted:
        return None
    if evidence.source_parts is None and _rebuildable(pair.source):
        return Slot.SOURCE_PARTS
    if evidence.destination_parts is None and _rebuildable(pair.destination):
        return Slot.DESTINATION_PARTS
    return wanted[0]


def _readable(side: Side) -> bool:
    return side.facts is not None and not side.facts.archived


def _archived(side: Side) -> bool:
    return side.facts is not None and side.facts.archived


def _rebuildable(side: Side) -> bool:
    """Whether only a checksum of checksums is known of the object, besides its size."""
    md5 = None if side.facts is None else side.facts.etag_md5
    parted = md5 is not None and md5.type is ChecksumType.COMPOSITE
    full = any(checksum.type is ChecksumType.FULL_OBJECT for checksum in side.known)
    return not full and (parted or bool(side.composites))


def _helpful_parts(pair: Pair, evidence: Evidence) -> Slot | None:
    """The parts that may make two stored checksums comparable without reading bytes."""
    source, destination = pair.source, pair.destination
    if evidence.source_parts is None and _parts_help(source, destination):
        return Slot.SOURCE_PARTS
    if evidence.destination_parts is None and _parts_help(destination, source):
        return Slot.DESTINATION_PARTS
    return None


def _parts_help(side: Side, other: Side) -> bool:
    """Whether the other has a value that this one's parts combine to, or are cut like."""
    return any(
        own.algorithm is theirs.algorithm
        and (theirs.type is ChecksumType.COMPOSITE or own.algorithm.combines)
        for own in side.composites
        for theirs in other.known
    )


def algorithms_to_read(pair: Pair) -> frozenset[Algorithm]:
    """Algorithms to compute when bytes are read: every one that is known of either side.

    SHA-256 besides, which makes two sides comparable that have nothing in common, and MD5 where
    an ETag may be one.
    """
    sides = (pair.source, pair.destination)
    known = {c.algorithm for side in sides for c in side.known}
    etags = {Algorithm.MD5 for side in sides if side.facts and side.facts.etag_md5}
    return frozenset(known | etags | {Algorithm.SHA256})


def algorithms_by_parts(side: Side) -> frozenset[Algorithm]:
    """Algorithms whose COMPOSITE values, cut where this side's parts end, can be compared."""
    md5 = None if side.facts is None else side.facts.etag_md5
    parted = {Algorithm.MD5} if md5 and md5.type is ChecksumType.COMPOSITE else set()
    return frozenset({c.algorithm for c in side.composites} | parted)


def _sizes_differ(source: Side, destination: Side) -> bool:
    speakers = (source.facts, source.expected, destination.facts)
    told = {told.size for told in speakers if told is not None and told.size is not None}
    return len(told) > 1


def _unverifiable(reason: Reason) -> Finding:
    return Finding(verdict=Verdict.UNVERIFIABLE, reason=reason)
