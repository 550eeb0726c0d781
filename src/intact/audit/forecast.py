"""What an audit by other means would find of a copy, as far as what is known of it already tells.

The rules are those of ``decide``, which is given the answers that a right copy would give: bytes
and computed checksums that agree with whatever is stored.  So a forecast says what a way could
prove, never that a copy is right; what already differs is wrong in every forecast that looks
there.  Nothing is assumed of an object that could not be asked about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from intact.audit.bind import Pair, bind
from intact.audit.decide import algorithms_by_parts, algorithms_to_read, decide
from intact.audit.evidence import (
    Absent,
    BytesRead,
    Computed,
    Evidence,
    Slot,
    Unreadable,
    Withheld,
)
from intact.audit.policy import Policy, ReadMode
from intact.audit.remedy import Remedy, remedy, sides_to_compute
from intact.audit.side import Side
from intact.audit.verdict import Finding, Verdict
from intact.batch.operations import MAX_COPY_SIZE
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.s3 import ObjectFacts, PartList
from intact.s3.objects import SSE_C

if TYPE_CHECKING:
    from collections.abc import Iterable


PAGE = 1000
"""Parts that one GetObjectAttributes request names."""
_KMS = "aws:kms"


class Way(Enum):
    """A way of auditing; the values are wire format, those with equal evidence stand together."""

    BOTO3 = "boto3"
    """HeadObject on both sides, by boto3."""
    LEAN = "lean"
    """HeadObject on both sides, by the lean client."""
    SPARK_ONLINE = "spark-online"
    """HeadObject on both sides, by the executors of a Spark cluster."""
    READ_MISSING = "read-missing"
    """As lean; bytes are read here where what S3 stores cannot decide."""
    READ_ALL = "read-all"
    """As lean; all bytes of both sides are read here."""
    RETRY = "retry"
    """As lean; then Compute checksum jobs over exactly what that left open."""
    COMPUTED = "computed"
    """Compute checksum jobs over both sides, bound to their versions by HeadObject."""
    OFFLINE = "offline"
    """Compute checksum jobs over both sides; no request per object."""
    OFFLINE_INVENTORY = "offline-inventory"
    """As offline, with inventories of both buckets."""
    SPARK = "spark"
    """As offline, on a Spark cluster."""
    INVOKED = "invoked"
    """A Lambda function reads both sides, called by a batch job."""

    @property
    def distributed(self) -> bool:
        """Whether a Spark cluster does the work."""
        return self in {Way.SPARK, Way.SPARK_ONLINE}

    @property
    def files(self) -> bool:
        """Whether it judges by files alone."""
        return self in {Way.OFFLINE, Way.OFFLINE_INVENTORY, Way.SPARK}


_READS = {
    Way.READ_MISSING: ReadMode.MISSING,
    Way.READ_ALL: ReadMode.ALL,
    Way.INVOKED: ReadMode.ALL,
}


class Trait(Enum):
    """What the objects of a copy are like, where it matters to an audit; wire format."""

    COMPARABLE = "comparable"
    """Both sides store a full-object checksum of one algorithm."""
    COMPOSITE = "composite"
    """The source stores a checksum of checksums only."""
    BARE = "bare"
    """One of the two stores no checksum."""
    ARCHIVED = "archived"
    """One of the two is readable only after a restore."""
    KMS = "kms"
    """One of the two is encrypted by SSE-KMS."""
    LARGE = "large"
    """The source is larger than a copy task can copy."""
    ABSENT = "absent"
    """One of the two is not there."""
    UNREADABLE = "unreadable"
    """About one of the two there was no answer; SSE-C is refused so, without its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a way would find of one copy, and what it takes.

    Attributes:
        finding: What it would find if the copy is right, as far as that is not known.
        reads: HEAD, GET and GetObjectAttributes requests.
        lists: LIST requests.
        read: Bytes that are read.
        computed: Bytes that Compute checksum jobs read, by side: source, destination.
        tasks: Tasks of those jobs, by side.
    """

    finding: Finding
    reads: int = 0
    lists: int = 0
    read: int = 0
    computed: tuple[int, int] = (0, 0)
    tasks: tuple[int, int] = (0, 0)

    @property
    def proven(self) -> bool:
        """Whether the way would prove the copy."""
        return self.finding.verdict is Verdict.VERIFIED

    @property
    def wrong(self) -> bool:
        """Whether the way would find it wrong."""
        return self.finding.verdict in {Verdict.MISMATCHED, Verdict.MISSING, Verdict.NOT_COPIED}


def forecast(seen: Evidence, way: Way, *, policy: Policy, algorithm: Algorithm) -> Forecast:
    """Forecast what a way would find.

    Args:
        seen: What an audit by HeadObject found, and the parts that reading would ask for; what
            is not there was not to be had.
        way: The way.
        policy: The terms of the audit; how bytes are read, the way says.
        algorithm: What Compute checksum jobs compute.
    """
    terms = replace(policy, reported=False, read=_READS.get(way, ReadMode.NEVER))
    if way.files:
        return _by_files(seen, way, terms, algorithm)
    ask = partial(
        _asking, seen=seen, policy=terms, largest=MAX_COPY_SIZE if way is Way.INVOKED else _ANY
    )
    if way is Way.COMPUTED:
        found = ask(_computing(Evidence(), seen, terms, algorithm, sides=_BOTH))
        return replace(found, **_work(seen, _BOTH))
    found = ask(Evidence())
    if way is not Way.RETRY or remedy(found.finding.reason, require=policy.require) is not (
        Remedy.COMPUTE
    ):
        return found
    sides = _sides(seen, policy, algorithm)
    after = ask(_computing(Evidence(), seen, terms, algorithm, sides=sides))
    return replace(
        after,
        reads=found.reads + after.reads,
        lists=found.lists + after.lists,
        **_work(seen, sides),
    )


_ANY = 1 << 63


_ASKED = tuple(slot for slot in Slot if slot is not Slot.TASK)


def traits(seen: Evidence) -> frozenset[Trait]:
    """What the objects of a copy are like, as far as they were asked about."""
    sides = (seen.source, seen.destination)
    facts = [side for side in sides if isinstance(side, ObjectFacts)]
    found = {
        Trait.ABSENT: any(isinstance(side, Absent) for side in sides),
        Trait.UNREADABLE: any(isinstance(side, Unreadable) for side in sides),
        Trait.ARCHIVED: any(known.archived for known in facts),
        Trait.KMS: any((known.encryption or "").startswith(_KMS) for known in facts),
        Trait.BARE: any(not known.checksums for known in facts),
    }
    if isinstance(seen.source, ObjectFacts):
        full = _full(seen.source)
        found[Trait.LARGE] = seen.source.size > MAX_COPY_SIZE
        found[Trait.COMPOSITE] = bool(seen.source.checksums) and not full
        if isinstance(seen.destination, ObjectFacts):
            found[Trait.COMPARABLE] = bool(full & _full(seen.destination))
    return frozenset(trait for trait, has in found.items() if has)


def usual_algorithm(seen: Iterable[Evidence]) -> Algorithm:
    """Algorithm of which most objects store a FULL_OBJECT checksum; CRC64NVME without any."""
    counts = dict.fromkeys(Algorithm, 0)
    for evidence in seen:
        for side in (evidence.source, evidence.destination):
            for algorithm in _full(side) if isinstance(side, ObjectFacts) else ():
                counts[algorithm] += 1
    most = max(counts.values(), default=0)
    return next(a for a in Algorithm if counts[a] == most) if most else Algorithm.CRC64NVME


def _full(facts: ObjectFacts) -> frozenset[Algorithm]:
    return frozenset(c.algorithm for c in facts.checksums if c.type is ChecksumType.FULL_OBJECT)


def _by_files(seen: Evidence, way: Way, policy: Policy, algorithm: Algorithm) -> Forecast:
    """By reports, and by what inventories list: all that HeadObject says but the checksums."""
    told: dict[str, Any] = {}
    for slot in _ASKED:
        facts = getattr(seen, slot.value) if slot in {Slot.SOURCE, Slot.DESTINATION} else None
        told[slot.value] = _WITHHELD
        if way is Way.OFFLINE_INVENTORY and isinstance(facts, ObjectFacts):
            told[slot.value] = replace(facts, checksums=frozenset())
    begun = _computing(Evidence(**told), seen, policy, algorithm, sides=_BOTH)
    finding = cast("Finding", decide(begun, policy))  # nothing is left to ask for
    return Forecast(finding=finding, **_work(seen, _BOTH))


_BOTH = (True, True)
_WITHHELD = Withheld(terms="the audit reads files alone")


def _asking(begun: Evidence, seen: Evidence, policy: Policy, *, largest: int) -> Forecast:
    """Ask ``seen`` until ``decide`` answers; bytes are those of a right copy."""
    evidence, reads, lists, read = begun, 0, 0, 0
    while isinstance(step := decide(evidence, policy), Slot):
        answer = getattr(seen, step.value)
        if step in _BYTES:
            answer = _right_bytes(evidence, policy, step, largest=largest)
            reads += isinstance(answer, BytesRead)
            read += answer.size if isinstance(answer, BytesRead) else 0
        elif step in _PARTS:
            reads += _requests_for_parts(_facts(_pair(evidence, policy), step), answer)
        elif step in _VERSIONS:
            lists += 1
            reads += len(answer) if isinstance(answer, tuple) else 0
        else:
            reads += 1
        if answer is None:
            answer = Unreadable(problem="not asked")
        told: dict[str, Any] = {step.value: answer}
        evidence = replace(evidence, **told)
    return Forecast(finding=step, reads=reads, lists=lists, read=read)


_BYTES = {Slot.SOURCE_BYTES, Slot.DESTINATION_BYTES}
_PARTS = {Slot.SOURCE_PARTS, Slot.DESTINATION_PARTS}
_VERSIONS = {Slot.SOURCE_VERSIONS, Slot.DESTINATION_VERSIONS}
_OF_SOURCE = {Slot.SOURCE_PARTS, Slot.SOURCE_BYTES}


def _pair(evidence: Evidence, policy: Policy) -> Pair:
    """The versions that are compared, which are known before parts or bytes are asked for."""
    return cast("Pair", bind(evidence, policy))


def _facts(pair: Pair, slot: Slot) -> ObjectFacts:
    side = pair.source if slot in _OF_SOURCE else pair.destination
    return cast("ObjectFacts", side.facts)


def _right_bytes(
    evidence: Evidence, policy: Policy, slot: Slot, *, largest: int
) -> BytesRead | Withheld:
    """Bytes that agree with whatever is stored of either side, and with the other side's."""
    pair = _pair(evidence, policy)
    size = _facts(pair, slot).size
    if size > largest:
        return Withheld(terms=f"{size} bytes; the function reads {largest}")
    sides = (pair.source, pair.destination)
    return BytesRead(
        size=size,
        checksums=frozenset(_right_value(a, sides) for a in algorithms_to_read(pair)),
        by_source_parts=_cut(pair.source),
        by_destination_parts=_cut(pair.destination),
    )


def _right_value(algorithm: Algorithm, sides: Iterable[Side]) -> Checksum:
    """What is known of either side; else a value that is made up, and the same for both."""
    for side in sides:
        for known in (*side.known, *side.presumed):
            if known.algorithm is algorithm and known.type is ChecksumType.FULL_OBJECT:
                return known
    digest = b"\x01" * algorithm.digest_size
    return Checksum(algorithm=algorithm, type=ChecksumType.FULL_OBJECT, digest=digest)


def _cut(side: Side) -> frozenset[Checksum]:
    """COMPOSITE values of right bytes, cut where this side's parts end."""
    if side.parts is None:
        return frozenset()
    known = {c.algorithm: c for c in (*side.presumed, *side.composites)}
    return frozenset(known[a] for a in algorithms_by_parts(side) if a in known)


def _requests_for_parts(facts: ObjectFacts, answer: object) -> int:
    """As ``BotoStore.parts`` asks: the first part, then pages of them, or one by one."""
    if not isinstance(answer, PartList):
        return 1
    if any(checksum.type is ChecksumType.COMPOSITE for checksum in facts.checksums):
        return 1 + -(-len(answer.sizes) // PAGE)
    return len(answer.sizes)


def _computing(
    evidence: Evidence,
    seen: Evidence,
    policy: Policy,
    algorithm: Algorithm,
    *,
    sides: tuple[bool, bool],
) -> Evidence:
    """Add rows of Compute checksum jobs, as a right copy would have them.

    An object that nobody could describe has none: its task may fail, as that of one under SSE-C.
    """
    facts = [_described(side) for side in (seen.source, seen.destination)]
    parts = (seen.source_parts, seen.destination_parts)
    sides_known = [
        Side(facts=some, parts=listed if isinstance(listed, PartList) else None)
        for some, listed in zip(facts, parts, strict=True)
    ]
    checksum = _right_value(algorithm, sides_known)
    rows: list[tuple[Computed, ...]] = []
    for some, wanted, named in zip(facts, sides, (policy.versioned, False), strict=True):
        if some is None or not wanted:
            rows.append(())
            continue
        version = some.version_id if named else None
        begun = None if policy.window is None else policy.window.end
        row = Computed(checksum=checksum, etag=some.etag, version_id=version, begun=begun)
        rows.append((row,))
    return replace(evidence, source_computed=rows[0], destination_computed=rows[1])


def _described(side: object) -> ObjectFacts | None:
    return side if isinstance(side, ObjectFacts) and side.encryption != SSE_C else None


def _sides(seen: Evidence, policy: Policy, algorithm: Algorithm) -> tuple[bool, bool]:
    """Which sides ``intact retry`` has computed."""
    ours, theirs = (
        isinstance(side, ObjectFacts) and algorithm in _full(side)
        for side in (seen.source, seen.destination)
    )
    return sides_to_compute(source_stored=ours, destination_stored=theirs, require=policy.require)


def _work(seen: Evidence, sides: tuple[bool, bool]) -> dict[str, Any]:
    """Bytes and tasks of Compute checksum jobs over these sides."""
    sizes = [s.size if isinstance(s, ObjectFacts) else 0 for s in (seen.source, seen.destination)]
    return {
        "computed": (sizes[0] * sides[0], sizes[1] * sides[1]),
        "tasks": (int(sides[0]), int(sides[1])),
    }
