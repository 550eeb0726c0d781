"""Which two object versions a copy is judged by, and what a difference between them would mean.

Evidence speaks of object versions; a verdict speaks of a copy.  Here the one is bound to the
other, by versions and by time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from intact.audit.evidence import Absent, BytesRead, Evidence, Slot, Unreadable, Withheld
from intact.audit.side import Side, any_differ, any_equal
from intact.audit.verdict import Finding, Reason, Verdict
from intact.batch.inventory import NULL_VERSION
from intact.s3 import ObjectFacts, PartList

if TYPE_CHECKING:
    from intact.audit.evidence import Computed
    from intact.audit.policy import Policy
    from intact.checksum import Checksum

_NOBODY: frozenset[Computed] = frozenset()
_NONE: frozenset[Checksum] = frozenset()


class Pair(NamedTuple):
    """The two object versions that a copy is judged by.

    Attributes:
        source: What was copied.
        destination: What the job wrote.
        acquits: Why a difference between them accuses nobody; None where it accuses the copy.
        equal: What to call equality.
        lacking: What to say where nothing is comparable.
    """

    source: Side
    destination: Side
    acquits: Reason | None
    equal: Reason
    lacking: Reason


class _Chosen(NamedTuple):
    """A version of one object.

    Attributes:
        facts: The version; None where only others than S3 speak of the object.
        acquits: Why it may not be what the copy read or wrote; None where it surely is.
        gone: Why there are no facts.
        superseded: Whether the key holds another version by now.
    """

    facts: ObjectFacts | None
    acquits: Reason | None = None
    gone: Reason | None = None
    superseded: bool = False


def bind(evidence: Evidence, policy: Policy) -> Pair | Slot | Finding:
    """Choose the versions, ask for others, or say why none can be chosen.

    Args:
        evidence: With an answer about both objects: neither of them unreadable, and the
            destination not absent.
        policy: The terms of the audit.
    """
    destination = _of_job(evidence, policy)
    if not isinstance(destination, _Chosen):
        return destination
    source = _as_copied(evidence, policy, destination.facts)
    if not isinstance(source, _Chosen):
        return source
    if _one_version(source.facts, destination.facts):
        return _unverifiable(Reason.DESTINATION_NOT_OF_JOB)
    ours = Side(
        facts=source.facts,
        parts=_parts(evidence.source_parts),
        computed=_checksums(_of_source(evidence.source_computed, source, policy)),
        expected=evidence.expected,
        read=(read := _read(source, evidence.source_bytes)),
        rebuilt=read.by_source_parts if read else frozenset(),
        recut=read.by_destination_parts if read else frozenset(),
    )
    theirs = Side(
        facts=destination.facts,
        parts=_parts(evidence.destination_parts),
        computed=_checksums(_of_copy(evidence.destination_computed, destination, policy)),
        read=(read := _read(destination, evidence.destination_bytes)),
        rebuilt=read.by_destination_parts if read else frozenset(),
        recut=read.by_source_parts if read else frozenset(),
    )
    if source.gone is not None and not ours.known:
        return _unverifiable(source.gone)
    return Pair(
        source=ours,
        destination=theirs,
        acquits=Reason.DESTINATION_SHARED
        if evidence.shared
        else destination.acquits or source.acquits,
        equal=Reason.EQUAL_SUPERSEDED if destination.superseded else Reason.EQUAL,
        lacking=source.gone or _lacking(evidence, ours, theirs),
    )


def _lacking(evidence: Evidence, source: Side, destination: Side) -> Reason:
    """What to say where nothing is comparable, of a source that is not known to be gone."""
    if evidence.source_computed and source.facts is None and not source.computed:
        return Reason.SOURCE_UNBOUND
    told = evidence.source_computed or evidence.destination_computed
    if told and not (source.computed or destination.computed):
        return Reason.COMPUTED_OF_OTHER
    return Reason.NOTHING_COMPARABLE


def chosen_destination(evidence: Evidence, policy: Policy) -> ObjectFacts | None:
    """Return the destination's version that the copy is judged by; None before it is known."""
    chosen = _of_job(evidence, policy)
    return chosen.facts if isinstance(chosen, _Chosen) else None


def _of_job(evidence: Evidence, policy: Policy) -> _Chosen | Slot | Finding:
    """Choose the destination's version that was written while the job ran."""
    facts = evidence.destination
    if isinstance(facts, Withheld) and facts.unlisted:
        return _unverifiable(Reason.DESTINATION_UNLISTED)
    if not isinstance(facts, ObjectFacts):
        return _Chosen(facts=None, acquits=Reason.DIFFERENCE_UNBOUND)
    if policy.window is None or policy.window.holds(facts.last_modified):
        return _Chosen(facts=facts)
    if facts.version_id is None:
        return _unverifiable(Reason.DESTINATION_NOT_OF_JOB)
    versions = evidence.destination_versions
    if versions is None:
        return Slot.DESTINATION_VERSIONS
    if isinstance(versions, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.DESTINATION_UNREADABLE)
    told = versions if isinstance(versions, tuple) else ()
    written = [version for version in told if policy.window.holds(version.last_modified)]
    if not written:
        return _unverifiable(Reason.DESTINATION_NOT_OF_JOB)
    latest, *others = written
    if not all(alike(latest, other) for other in others):
        return _unverifiable(Reason.SEVERAL_VERSIONS)
    return _Chosen(facts=latest, superseded=True)


def _as_copied(
    evidence: Evidence, policy: Policy, destination: ObjectFacts | None
) -> _Chosen | Slot | Finding:
    """Choose the source's version that the copy read.

    Where the manifest does not name it, it is the one that is older than the copy; of a copy that
    nobody dates, older than the job.  S3 resolves whole seconds: of the same second, nothing shows
    which came first.  The null version is no version to rely on: the next write takes its place.
    """
    facts = evidence.source
    if isinstance(facts, Absent):
        return _deleted(evidence, policy, destination, marker=facts.marker)
    known = facts if isinstance(facts, ObjectFacts) else None
    if policy.versioned and (known is None or not _replaceable(known.version_id)):
        return _Chosen(facts=known)
    if known is None:
        return _Chosen(facts=None, acquits=Reason.DIFFERENCE_UNBOUND)
    if destination is None:
        return _undated(known, policy)
    if known.last_modified < destination.last_modified:
        return _Chosen(facts=known)
    if _replaceable(known.version_id):
        return _Chosen(facts=None, gone=Reason.SOURCE_REPLACED)
    return _older(evidence, destination, gone=Reason.SOURCE_REPLACED)


def _undated(known: ObjectFacts, policy: Policy) -> _Chosen:
    """Choose the source's version of a copy that nobody dates, but by its job.

    No difference accuses such a copy, whichever it is.
    """
    window = policy.window
    if window is None or known.last_modified < window.begin - window.skew:
        return _Chosen(facts=known)
    during = window.holds(known.last_modified)
    gone = Reason.SOURCE_UNBOUND if during else Reason.SOURCE_REPLACED
    return _Chosen(facts=None, gone=gone)


def _deleted(
    evidence: Evidence, policy: Policy, destination: ObjectFacts | None, *, marker: bool
) -> _Chosen | Slot | Finding:
    """Choose the version of a deleted source that the copy may have read.

    Where a delete marker only hides it, it is asked for, unless the manifest names another, or
    somebody else recorded what the source held.  Without a job nothing tells that the source was
    still there; where S3 may not be asked, or nobody dates the copy, another audit may find it.
    """
    recorded = evidence.expected is not None and evidence.expected.checksums
    if policy.window is None or policy.versioned or recorded or not marker:
        return _Chosen(facts=None, gone=Reason.SOURCE_ABSENT)
    if destination is None or isinstance(evidence.source_versions, Withheld):
        return _Chosen(facts=None, gone=Reason.SOURCE_HIDDEN)
    return _older(evidence, destination, gone=Reason.SOURCE_ABSENT)


def _older(
    evidence: Evidence, destination: ObjectFacts, *, gone: Reason
) -> _Chosen | Slot | Finding:
    """Choose the source's version that the copy may have read, before it was replaced or deleted.

    Equality with it proves the copy; a difference proves nothing, since S3 does not tell when the
    copy read its source.
    """
    versions = evidence.source_versions
    if versions is None:
        return Slot.SOURCE_VERSIONS
    if isinstance(versions, Unreadable):
        return Finding(verdict=Verdict.UNCHECKED, reason=Reason.SOURCE_UNREADABLE)
    for version in versions if isinstance(versions, tuple) else ():
        if version.last_modified < destination.last_modified:
            return _Chosen(facts=version, acquits=gone)
    return _Chosen(facts=None, gone=gone)


def _one_version(source: ObjectFacts | None, destination: ObjectFacts | None) -> bool:
    """Whether both are one version, as where a copy onto its own source never happened."""
    return (
        source is not None
        and destination is not None
        and not _replaceable(source.version_id)
        and source.version_id == destination.version_id
    )


def alike(one: ObjectFacts, other: ObjectFacts) -> bool:
    """Whether two versions are recorded to hold the same bytes."""
    ours, theirs = Side(facts=one).recorded, Side(facts=other).recorded
    return one.size == other.size and any_equal(ours, theirs) and not any_differ(ours, theirs)


def _of_source(rows: tuple[Computed, ...], source: _Chosen, policy: Policy) -> frozenset[Computed]:
    """Rows that speak of the very version that was copied.

    Where nobody describes it, only its name in the manifest binds a row to it: what else the key
    held when a Compute checksum job came by, nothing shows to be what the copy read, whenever that
    job began.
    """
    if source.facts is not None:
        return _of_version(rows, source.facts)
    named = policy.versioned and source.gone in {None, Reason.SOURCE_ABSENT}
    return frozenset(row for row in rows if named and not _replaceable(row.version_id))


def _of_copy(
    rows: tuple[Computed, ...], destination: _Chosen, policy: Policy
) -> frozenset[Computed]:
    """Rows that speak of the very version that the job wrote.

    Where nobody describes it, it is what the key held when a Compute checksum job came by that
    began when the copy job had ended.
    """
    if destination.facts is not None:
        return _of_version(rows, destination.facts)
    return frozenset(row for row in rows if _of_current(row, policy))


def _of_version(rows: tuple[Computed, ...], facts: ObjectFacts) -> frozenset[Computed]:
    return frozenset(row for row in rows if _is_version(row, facts)) if rows else _NOBODY


def _is_version(row: Computed, facts: ObjectFacts) -> bool:
    named = row.version_id is not None and not (
        row.version_id == facts.version_id
        or (_replaceable(row.version_id) and _replaceable(facts.version_id))
    )
    return row.etag == facts.etag and not named


def _of_current(row: Computed, policy: Policy) -> bool:
    """Whether the row speaks of what the key held some time after the copy."""
    late = row.begun is not None and policy.window is not None and row.begun >= policy.window.end
    return late and _replaceable(row.version_id)


def _replaceable(version_id: str | None) -> bool:
    """Whether a write to the key takes this version's place."""
    return version_id is None or version_id == NULL_VERSION


def _checksums(rows: frozenset[Computed]) -> frozenset[Checksum]:
    return frozenset(row.checksum for row in rows) if rows else _NONE


def _parts(answer: object) -> PartList | None:
    return answer if isinstance(answer, PartList) else None


def _read(chosen: _Chosen, answer: object) -> BytesRead | None:
    return answer if chosen.facts is not None and isinstance(answer, BytesRead) else None


def _unverifiable(reason: Reason) -> Finding:
    return Finding(verdict=Verdict.UNVERIFIABLE, reason=reason)
