"""One of the two objects of a copy: every checksum that is known of it, by who says so."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


@dataclass(frozen=True, kw_only=True)  # no slots: what follows from it is computed once
class Side:
    """What is known of one object version.

    Attributes:
        facts: What S3 says of it; None where only others speak of it.
        parts: Where its parts end.
        computed: What Compute checksum jobs say of this very version.
        expected: What someone other than S3 recorded of it.
        read: What its bytes hashed to here.
        rebuilt: COMPOSITE checksums of its bytes as read, cut where its own parts end.
        recut: The same, cut where the other object's parts end.
    """

    facts: ObjectFacts | None
    parts: PartList | None = None
    computed: Checksums = _NONE
    expected: Expected | None = None
    read: BytesRead | None = None
    rebuilt: Checksums = _NONE
    recut: Checksums = _NONE

    @_once
    def stored(self) -> Checksums:
        """Checksums that S3 stores for these bytes.

        Some servers store the digest of no bytes for an object that has bytes (VersityGW 1.8.0,
        CopyObject of an object onto itself); two such objects of one size would seem equal.
        """
        if self.facts is None:
            return _NONE
        if self.facts.size == 0:
            return self.facts.checksums
        checksums = self.facts.checksums
        real = [c for c in checksums if c.digest != _of_nothing(c.algorithm)]
        return checksums if len(real) == len(checksums) else frozenset(real)

    @_once
    def composites(self) -> Checksums:
        """Stored checksums that depend on where the parts end."""
        found = [c for c in self.stored if c.type is ChecksumType.COMPOSITE]
        return frozenset(found) if found else _NONE

    @_once
    def hashed(self) -> Checksums:
        """FULL_OBJECT checksums of the bytes, computed here."""
        return self.read.checksums if self.read is not None else _NONE

    @_once
    def recorded(self) -> Checksums:
        """Checksums that follow from what S3 stores, without anyone reading the bytes now.

        A part's CRCs combine to that of the whole; an object of no bytes has known checksums.
        """
        return self.stored | self._combined() | self._empty()

    @_once
    def independent(self) -> Checksums:
        """Checksums that a copy of this object cannot have carried over."""
        return self.computed | self._combined() | self.hashed | self._etag() | self._expected()

    @_once
    def known(self) -> Checksums:
        """Every FULL_OBJECT checksum that someone vouches for; the ETag is only presumed."""
        return self.recorded | self.computed | self.hashed | self._expected()

    @_once
    def vouched(self) -> Checksums:
        """``known``, and what else a copy of this object cannot have carried over."""
        return self.known | self.independent

    @_once
    def own(self) -> Checksums:
        """``known`` without what was expected."""
        return self.recorded | self.computed | self.hashed

    @_once
    def presumed(self) -> Checksum | None:
        """The ETag as an MD5, where S3 documents that it is one and no bytes refute it."""
        if self.facts is None or not self.facts.etag_is_md5:
            return None
        md5 = self.facts.etag_md5
        if (
            md5 is None
            or any_differ((md5,), self.hashed)
            or composites_differ((md5,), self.rebuilt)
        ):
            return None
        return md5

    def contradicts_itself(self) -> bool:
        """Whether two who speak of this object cannot both be right.

        A flip on the way here looks like this too, so it accuses nobody.
        """
        known = self.known
        return (
            (len(known) > 1 and any_differ(known, known))
            or composites_differ(self.composites, self.rebuilt)
            or self._misparted()
            or self._missized()
        )

    def _misparted(self) -> bool:
        """Whether the parts do not make up the object that S3 describes."""
        if self.facts is None or self.parts is None:
            return False
        if self.parts.size != self.facts.size:
            return True
        rebuilt = _composite_of(self.parts)
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

    def _expected(self) -> Checksums:
        return _NONE if self.expected is None else self.expected.checksums


def any_equal(ours: Collection[Checksum], theirs: Collection[Checksum]) -> bool:
    """Whether two of them cover the whole object by the same algorithm, and are equal."""
    return bool(ours and theirs) and any(
        a.digest == b.digest for a in ours for b in theirs if a.comparable(b)
    )


def any_differ(ours: Collection[Checksum], theirs: Collection[Checksum]) -> bool:
    """Whether two of them cover the whole object by the same algorithm, and differ."""
    return bool(ours and theirs) and any(
        a.digest != b.digest for a in ours for b in theirs if a.comparable(b)
    )


def composites_equal(ours: Collection[Checksum], theirs: Collection[Checksum]) -> bool:
    """Whether two COMPOSITE values, cut at the same places, are equal."""
    return bool(ours and theirs) and any(
        a.digest == b.digest for a in ours for b in theirs if _alike(a, b)
    )


def composites_differ(ours: Collection[Checksum], theirs: Collection[Checksum]) -> bool:
    """Whether two COMPOSITE values, cut at the same places, differ."""
    return bool(ours and theirs) and any(
        a.digest != b.digest for a in ours for b in theirs if _alike(a, b)
    )


def _alike(one: Checksum, other: Checksum) -> bool:
    return (
        one.algorithm is other.algorithm
        and one.type is ChecksumType.COMPOSITE
        and other.type is ChecksumType.COMPOSITE
    )


def _composite_of(parts: PartList) -> Checksum | None:
    """COMPOSITE value of the parts' digests; None where there is no such thing."""
    if parts.algorithm is None or parts.algorithm is Algorithm.CRC64NVME:
        return None
    return composite(parts.digests, algorithm=parts.algorithm)


@cache
def _of_nothing(algorithm: Algorithm) -> bytes:
    return new(algorithm).digest()


@cache
def _all_of_nothing() -> Checksums:
    empty = Checksum(algorithm=Algorithm.MD5, type=ChecksumType.FULL_OBJECT, digest=b"")
    return frozenset(replace(empty, algorithm=a, digest=_of_nothing(a)) for a in Algorithm)
