"""What an audit can say about one object, and how strongly."""

from dataclasses import dataclass
from enum import Enum
from typing import Self


class Verdict(Enum):
    """The one answer that each row of a manifest ends in; the values are wire format."""

    VERIFIED = "verified"
    """A checksum over the whole object is equal on both sides."""
    MISMATCHED = "mismatched"
    """Comparable evidence differs.  The copy is wrong."""
    MISSING = "missing"
    """The destination does not exist."""
    NOT_COPIED = "not_copied"
    """The job itself reports failure, or no result, for this object."""
    UNVERIFIABLE = "unverifiable"
    """Everything allowed was read; nothing in it is comparable and bound to this copy."""
    UNCHECKED = "unchecked"
    """Evidence could not be read.  Says nothing about the copy."""


class Level(Enum):
    """How strongly a verdict of equality is proven; the values order the levels.

    The levels 1, 3 and 4 (MD5 ETags, values that the copy had to compute, Compute checksum
    jobs) are not produced yet.
    """

    NONE = 0
    """Nothing about the bytes."""
    RECORDED = 2
    """The full-object checksums that S3 stores on both sides are equal."""
    READ = 5
    """The destination's bytes were read and hashed here, and equal the source's checksum."""


class Reason(Enum):
    """Why a verdict was reached; the second half of each pair says what to do next."""

    sentence: str
    remedy: str

    EQUAL = (
        "equal",
        "Full-object checksums of the same algorithm are equal on both sides.",
        "",
    )
    SIZE_DIFFERS = (
        "size_differs",
        "The sizes differ.",
        "Copy the object again.",
    )
    CHECKSUM_DIFFERS = (
        "checksum_differs",
        "Full-object checksums of the same algorithm differ.",
        "Copy the object again.",
    )
    DESTINATION_ABSENT = (
        "destination_absent",
        "The destination does not exist.",
        "Copy the object again.",
    )
    TASK_FAILED = (
        "task_failed",
        "The job reports that this task failed.",
        "Mend the cause that the error code names, then copy the object again.",
    )
    OLDER_OBJECT = (
        "older_object",
        "The job reports that this task failed; what sits at the destination is not its copy.",
        "Mend the cause that the error code names, then copy the object again.",
    )
    NO_RESULT = (
        "no_result",
        "The completion report has no row for this object.",
        "Copy the object again.",
    )
    SOURCE_ABSENT = (
        "source_absent",
        "The source no longer exists.",
        "Compare with a checksum recorded before the source went away.",
    )
    SOURCE_REPLACED = (
        "source_replaced",
        "The source is not older than the copy, and the manifest names no version.",
        "Copy the object again, with a manifest that names versions.",
    )
    DESTINATION_NOT_OF_JOB = (
        "destination_not_of_job",
        "The destination was written before the job began or after it ended.",
        "Copy the object again, or audit it with the job that wrote it.",
    )
    ALGORITHM_NOT_HONOURED = (
        "algorithm_not_honoured",
        "The destination's checksum is not of the algorithm that the job asked for.",
        "Copy the object again, or audit with --read missing.",
    )
    NOTHING_COMPARABLE = (
        "nothing_comparable",
        "The two sides store no full-object checksum of the same algorithm.",
        "Audit with --read missing, or run Compute checksum jobs.",
    )
    BELOW_REQUIRED = (
        "below_required",
        "The evidence is equal, but weaker than required.",
        "Audit with --read missing.",
    )
    CONTRADICTION = (
        "contradiction",
        "The bytes read do not have the checksum that S3 stores for them.",
        "Read the object again; if it stays so, tell AWS Support.",
    )
    ROW_UNREADABLE = (
        "row_unreadable",
        "The manifest's row could not be read.",
        "Mend the row.",
    )
    TASK_UNREADABLE = (
        "task_unreadable",
        "The completion report does not say clearly what became of this task.",
        "Fetch the report again.",
    )
    SOURCE_UNREADABLE = (
        "source_unreadable",
        "The source could not be read.",
        "Mend the cause that the evidence names, then audit again.",
    )
    DESTINATION_UNREADABLE = (
        "destination_unreadable",
        "The destination could not be read.",
        "Mend the cause that the evidence names, then audit again.",
    )

    def __new__(cls, value: str, sentence: str, remedy: str) -> Self:
        """Keep the wire name as the member's value and the two sentences as attributes."""
        member = object.__new__(cls)
        member._value_ = value
        member.sentence = sentence
        member.remedy = remedy
        return member


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict on one object.

    Attributes:
        verdict: The answer.
        reason: Why.
        level: How strongly equality is proven; NONE unless verified.
    """

    verdict: Verdict
    reason: Reason
    level: Level = Level.NONE
