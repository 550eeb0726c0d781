"""One of the two objects of a copy: every checksum that is known of it, by who says so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from intact.checksum import Algorithm, Checksum, ChecksumType, composite, full_object, new

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from intact.audit.evidence import BytesRead, Expected
    from intact.s3 import ObjectFacts, PartList

Checksums = frozenset[Checksum]
_NONE: Checksums = frozenset()
T = TypeVar("T")


class _once(Generic[T]):  # noqa: N801 - reads as what it does
    """A ``cached_property`` without the lock that Python below 3.12 takes, a fifth of a verdict."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute, self._name = compute, compute.__name__
        self.__doc__ = compute.__doc__

    def __get__(self, side: Any, owner: type) -> T:  # noqa: ANN401 - whatever has the method
        value = side.__dict__[self._name] = self._compute(side)
        return value


@dataclass(kw_only=True)  # no slots: what follows is computed once; frozen takes twice as long
class Side:
    """What is known of one object version; nobody changes it.

    Attributes:
        facts: What S3 says of it; None where only others speak of it.
        parts: Where its parts end.
        computed: What Compute checksum jobs say of this very version.
        expected: What someone other than S3 recorded of it.
        read: What its bytes hashed to here.
        rebuilt: COMPOSITE checksums of its bytes as read, cut where its own parts end.
        recut: The same, cut where the other object's parts end.
        stored: Checksums that S3 stores for these bytes.
        composites: Those of them that depend on where the parts end; of CRC64NVME S3 knows none,
            whatever a server says.
        hashed: FULL_OBJECT checksums of the bytes, computed here.
        recorded: Checksums that follow from what S3 stores, without anyone reading the bytes now: a
            part's CRCs combine to that of the whole; an object of no bytes has known checksums.
        own: Every FULL_OBJECT checksum that someone vouches for who saw the object.
        known: ``own``, and what was expected; the ETag is only presumed.
    """

    facts: ObjectFacts | None
    parts: PartList | None = None
    computed: Checksums = _NONE
    expected: Expected | None = None
    read: BytesRead | None = None
    rebuilt: Checksums = _NONE
    recut: Checksums = _NONE
    stored: Checksums = field(init=False)
    composites: Checksums = field(init=False)
    hashed: Checksums = field(init=False)
    recorded: Checksums = field(init=False)
    own: Checksums = field(init=False)
    known: Checksums = field(init=False)

    def __post_init__(self) -> None:
        """Gather what every verdict looks at."""
        self.stored = _NONE if self.facts is None else self._real(self.facts.checksums)
        if self.computed:
            self.computed = self._real(self.computed)
        composites = [
            c
            for c in self.stored
            if c.type is ChecksumType.COMPOSITE and c.algorithm is not Algorithm.CRC64NVME
        ]
        self.composites = frozenset(composites) if composites else _NONE
        self.hashed = _NONE if self.read is None else self.read.checksums
        self.recorded = self.stored
        if self.parts is not None or (self.facts is not None and self.facts.size == 0):
            self.recorded = self.stored | self._combined() | self._empty()
        self.own = self.recorded
        if self.computed or self.hashed:
            self.own = self.recorded | self.computed | self.hashed
        self.known = self.own if self.expected is None else self.own | self.expected.checksums

    def _real(self, checksums: Checksums) -> Checksums:
        """Those that can be of an object of this size.

        Some servers store the digest of no bytes for an object that has bytes (VersityGW 1.8.0,
        CopyObject of an object onto itself); two such objects of one size would seem equal.
        """
        if self.facts is None or self.facts.size == 0:
            return checksums
        real = [c for c in checksums if c.digest != _of_nothing(c.algorithm)]
        return checksums if len(real) == len(checksums) else frozenset(real)

    @_once
    def independent(self) -> Checksums:
        """Checksums that a copy of this object cannot have carried over."""
        given = _NONE if self.expected is None else self.expected.checksums
        return self.computed | self._combined() | self.hashed | self._etag() | given

    @_once
    def presumed(self) -> tuple[Checksum, ...]:
        """The ETag as an MD5, where S3 documents that it is one and no bytes refute it."""
        if self.facts is None or not self.facts.etag_is_md5:
            return ()
        md5 = self.facts.etag_md5
        if (
            md5 is None
            or any_differ((md5,), self.hashed)
            or composites_differ((md5,), self.rebuilt)
        ):
            return ()
        return (md5,)

    def contradicts_itself(self) -> bool:
        """Whether two who speak of this object cannot both be right.

        A flip on the way here looks like this too, so it accuses nobody.
        """
        known = self.known
        return (
            (len(known) > 1 and any_differ(known, known))
            or (self.parts is not None and self._misparted(self.parts, self.facts))
            or (not (self.read is None and self.expected is None) and self._missized())
            or composites_differ(self.composites, self.rebuilt)
        )

    def _misparted(self, parts: PartList, facts: ObjectFacts | None) -> bool:
        """Whether the parts do not make up the object that S3 describes."""
        if facts is not None and parts.size != facts.size:
            return True
        rebuilt = _composite_of(parts)
        return rebuilt is not None and composites_differ(self.composites, {rebuilt})

    def _missized(self) -> bool:
        told = [
            speaker.size
            for speaker in (self.facts, self.read, self.expected)
            if speaker is not None and speaker.size is not None
        ]
        return len(set(told)) > 1

    def _combined(self) -> Checksums:
        """What the CRCs of the parts combine to, once their composite is the stored one."""
        rebuilt = None if self.parts is None else _composite_of(self.parts)
        if self.parts is None or rebuilt is None or not rebuilt.algorithm.combines:
            return _NONE
        if not composites_equal(self.composites, {rebuilt}):
            return _NONE
        parts = zip(self.parts.digests, self.parts.sizes, strict=True)
        return frozenset({full_object(parts, algorithm=rebuilt.algorithm)})

    def _empty(self) -> Checksums:
        return _all_of_nothing() if self.facts is not None and self.facts.size == 0 else _NONE

    def _etag(self) -> Checksums:
        md5 = None if self.facts is None else self.facts.etag_md5
        return _NONE if md5 is None else frozenset({md5})


def any_equal(ours: Collection[Checksum], theirs: Collection[Checksum]) -> bool:
    """Whether two of them cover the whole object by the same algorithm, and are equal."""
    for a in ours:
        for b in theirs:
            if a.digest == b.digest and a.comparable(b):
                return True
    return False


def any_differ(ours: Collection[Checksum], theirs: Collection[Checksum]) -> bool:
    """Whether two of them cover the whole object by the same algorithm, and differ."""
    for a in ours:
        for b in theirs:
            if a.algorithm is b.algorithm and a.digest != b.digest and a.comparable(b):
                return True
    return False


def composites_equal(ours: Collection[Checksum], theirs: Collection[Checksum]) -> bool:
    """Whether two COMPOSITE values, cut at the same places, are equal."""
    for a in ours:
        for b in theirs:
            if a.digest == b.digest and _alike(a, b):
                return True
    return False


def composites_differ(ours: Collection[Checksum], theirs: Collection[Checksum]) -> bool:
    """Whether two COMPOSITE values, cut at the same places, differ."""
    for a in ours:
        for b in theirs:
            if a.digest != b.digest and _alike(a, b):
                return True
    return False


def _alike(one: Checksum, other: Checksum) -> bool:
    return (
        one.algorithm is other.algorithm
        and one.type is ChecksumType.COMPOSITE
        and other.type is ChecksumType.COMPOSITE
    )


def _composite_of(parts: PartList) -> Checksum | None:
    """COMPOSITE value of the parts' digests; None where there is no such thing."""
    if parts.algorithm in {None, Algorithm.CRC64NVME} or not parts.digests:
        return None
    return composite(parts.digests, algorithm=parts.algorithm)


@cache
def _of_nothing(algorithm: Algorithm) -> bytes:
    return new(algorithm).digest()


@cache
def _all_of_nothing() -> Checksums:
    empty = Checksum(algorithm=Algorithm.MD5, type=ChecksumType.FULL_OBJECT, digest=b"")
    return frozenset(replace(empty, algorithm=a, digest=_of_nothing(a)) for a in Algorithm)
