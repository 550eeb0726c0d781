"""How strongly two object versions that nowhere differ are shown to be equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.audit.side import any_differ, any_equal, composites_differ, composites_equal
from intact.audit.verdict import Level
from intact.checksum import ChecksumType

if TYPE_CHECKING:
    from intact.audit.side import Side
    from intact.checksum import Checksum


def strength(source: Side, destination: Side, *, honoured: bool) -> Level:
    """Return the strongest level that the evidence reaches.

    Args:
        source: What was copied.
        destination: What was written; of the source's size, and nowhere different.
        honoured: Whether the destination stores what the job was to store.  If not, somebody else
            wrote it, and only its bytes count.

    See Amazon S3 User Guide, "Checking object integrity": a copy with the algorithm that the
    source has may carry the value over, any other value it has to compute.
    """
    if _read(source, destination):
        return Level.READ
    if any_equal(source.computed, destination.computed):
        return Level.COMPUTED
    if _vouches(source, destination.computed):
        return Level.INDEPENDENT
    if not honoured:
        return Level.NONE
    forced = _forced(source, destination)
    if forced and any_equal(source.independent, forced):
        return Level.INDEPENDENT
    if _vouches(source, destination.recorded) or _composed(source, destination):
        return Level.RECORDED
    return _by_etag(source, destination)


def any_difference(source: Side, destination: Side) -> bool:
    """Whether the two hold different bytes, as far as S3 and the bytes themselves tell."""
    return (
        any_differ(source.own, destination.own)
        or _cut_otherwise(source, destination)
        or _cut_otherwise(destination, source)
    )


def etags_disagree(source: Side, destination: Side) -> bool:
    """Whether an ETag, if it is the MD5 that S3 documents, belongs to other bytes."""
    ours, theirs = source.presumed, destination.presumed
    return (
        any_differ(ours, destination.known)
        or any_differ(ours, theirs)
        or any_differ(theirs, source.known)
        or (_same_layout(source, destination) and composites_differ(ours, theirs))
        or composites_differ(ours, destination.recut)
        or composites_differ(theirs, source.recut)
    )


def _vouches(source: Side, theirs: frozenset[Checksum]) -> bool:
    """Whether one of them is what somebody says of the source, or what its ETag says."""
    return bool(theirs) and (
        any_equal(source.known, theirs) or any_equal(source.independent, theirs)
    )


def _cut_otherwise(model: Side, other: Side) -> bool:
    """Whether COMPOSITE values differ, though cut at the same places."""
    ours = model.composites
    return bool(ours) and composites_differ(ours, _cut_as(model, other))


def _read(source: Side, destination: Side) -> bool:
    if _vouches(source, destination.hashed):
        return True
    return bool(destination.recut) and composites_equal(
        source.composites | source.independent, destination.recut
    )


def _forced(source: Side, destination: Side) -> frozenset[Checksum]:
    """What the destination stores and the source does not: the copy had to compute it."""
    if source.facts is None:
        return frozenset()
    carried = {c.algorithm for c in source.stored if c.type is not ChecksumType.COMPOSITE}
    return frozenset([c for c in destination.stored if c.algorithm not in carried])


def _composed(source: Side, destination: Side) -> bool:
    """Whether both store equal COMPOSITE values, cut at the same places."""
    ours = source.composites
    return bool(ours) and composites_equal(ours, _cut_as(source, destination))


def _by_etag(source: Side, destination: Side) -> Level:
    ours, theirs = source.presumed, destination.presumed
    equal = any_equal(ours, theirs) or (
        _same_layout(source, destination) and composites_equal(ours, theirs)
    )
    return Level.ETAG if equal else Level.NONE


def _cut_as(model: Side, other: Side) -> frozenset[Checksum]:
    """COMPOSITE values of the other side that are surely cut where the model's parts end."""
    if model.parts is None or not model.parts.digests:
        return frozenset()
    return other.recut | (other.composites if _same_layout(model, other) else frozenset())


def _same_layout(one: Side, other: Side) -> bool:
    return (
        one.parts is not None and other.parts is not None and one.parts.sizes == other.parts.sizes
    )
