"""Takes into an audit what a function has found beside the data, as far as it binds to this copy.

An answer speaks of the moment when it was asked for, which must be after the copy job's end; then
it is what S3 would have answered to this audit then.  Bytes and parts count only where the
versions that the function compared are those that this audit chooses under its own terms.  What
the function withheld or could not read is not adopted: this audit may ask for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from intact.audit.bind import Pair, bind
from intact.audit.decide import algorithms_to_read, decide
from intact.audit.evidence import Absent, BytesRead, Evidence, Slot
from intact.audit.policy import Policy, ReadMode
from intact.audit.verdict import Reason, Verdict
from intact.s3 import ObjectFacts, PartList

if TYPE_CHECKING:
    from datetime import datetime

    from intact.audit.answer import Answer
    from intact.audit.policy import Window
    from intact.audit.record import Copy


_UNDECIDED = frozenset({Reason.BELOW_REQUIRED, Reason.ARCHIVED})
"""What is said of bytes that were read and do not suffice, though nothing differs."""


def function_policy(copy: Copy) -> Policy:
    """Return the terms that a function audits under: all bytes, and no word of any job."""
    versioned = copy.source is not None and copy.source.version_id is not None
    return Policy(reported=False, versioned=versioned, read=ReadMode.ALL)


def first_known(copy: Copy) -> Evidence:
    """Return what is known of a copy before anyone is asked."""
    replaced = Absent(detail="its copy took its place") if copy.replaces_source else None
    return Evidence(source=replaced)


def asked_after(answer: Answer, window: Window, *, begun: datetime | None) -> bool:
    """Whether an answer is surely from after the copy job's end.

    Args:
        answer: The answer.
        window: When the copy job wrote.
        begun: When the job that invoked the function was created, by the clock that tells the end
            of the copy job; None where that is not known, so that the function's own clock counts.
    """
    if begun is not None:
        return begun >= window.end
    return answer.asked >= window.end + window.skew


def adopt(answer: Answer, *, copy: Copy, known: Evidence, policy: Policy) -> Evidence:
    """Return the evidence with what an answer adds to it.

    Args:
        answer: On this very copy, from after its job's end.
        copy: The copy.
        known: What is known besides; neither of the two objects was asked for.
        policy: The terms of this audit.
    """
    if copy.replaces_source:
        return known
    told = answer.evidence
    source = told.source if isinstance(told.source, ObjectFacts | Absent) else None
    destination = told.destination if isinstance(told.destination, ObjectFacts | Absent) else None
    heads = replace(known, source=source, destination=destination)
    if not (isinstance(source, ObjectFacts) and isinstance(destination, ObjectFacts)):
        return heads
    versions = told.source_versions if isinstance(told.source_versions, tuple) else None
    theirs = Evidence(source=source, destination=destination, source_versions=versions)
    compared = bind(theirs, function_policy(copy))
    chosen = bind(replace(heads, source_versions=versions), policy)
    if not (isinstance(compared, Pair) and isinstance(chosen, Pair)):
        return heads
    if compared.source.facts != chosen.source.facts:  # the destination's are those that it told
        return heads
    parted = replace(
        heads,
        source_versions=versions,
        source_parts=_parts(told.source_parts),
        destination_parts=_parts(told.destination_parts),
    )
    whole = replace(
        parted,
        source_bytes=_read(told.source_bytes),
        destination_bytes=_read(told.destination_bytes),
    )
    return parted if _left_unread(whole, chosen, policy) else whole


def _left_unread(whole: Evidence, chosen: Pair, policy: Policy) -> bool:
    """Whether this audit would read more: algorithms that the function knew no reason for.

    What differs or contradicts itself is kept whatever it covers.
    """
    if policy.read is ReadMode.NEVER:
        return False
    wanted = algorithms_to_read(chosen)
    read = [s for s in (whole.source_bytes, whole.destination_bytes) if isinstance(s, BytesRead)]
    if all(wanted <= {checksum.algorithm for checksum in some.checksums} for some in read):
        return False
    step = decide(whole, policy)
    if isinstance(step, Slot):
        return step is not Slot.DESTINATION_VERSIONS  # asked for where something differs
    return step.verdict is Verdict.VERIFIED or step.reason in _UNDECIDED


def _parts(slot: object) -> PartList | None:
    return slot if isinstance(slot, PartList) else None


def _read(slot: object) -> BytesRead | None:
    return slot if isinstance(slot, BytesRead) else None
