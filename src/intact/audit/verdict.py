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
    """How strongly equality is shown; the values order the levels.

    Every level trusts what S3 says of the bytes that it holds, except READ.  A CRC detects
    accidents, not tampering.
    """

    NONE = 0
    """Nothing about the bytes: a task's success, equal sizes."""
    ETAG = 1
    """Equal sizes, and equal ETags that S3 documents to be MD5s."""
    RECORDED = 2
    """Equal checksums are recorded on both sides; the copy may have carried the value over."""
    INDEPENDENT = 3
    """One side's value cannot have been carried over from the other's, and they are equal."""
    COMPUTED = 4
    """Compute checksum jobs read both objects at rest, and their values are equal."""
    READ = 5
    """The destination's bytes were read and hashed here, and equal the source's checksum."""


class Reason(Enum):
    """Why a verdict was reached; the second half of each pair says what to do next."""

    sentence: str
    remedy: str

    EQUAL = (
        "equal",
        "Checksums of the same algorithm over the same bytes are equal on both sides.",
        "",
    )
    EQUAL_SUPERSEDED = (
        "equal_superseded",
        "The version that the job wrote is equal; a later write has taken its place.",
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
    EXPECTED_DIFFERS = (
        "expected_differs",
        "The destination's checksum is not the one that was expected.",
        "Copy the object again, if the expected checksum is right.",
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
    SOURCE_HIDDEN = (
        "source_hidden",
        "A delete marker hides the source, and its older versions were not asked for.",
        "Audit again with requests to S3.",
    )
    SOURCE_REPLACED = (
        "source_replaced",
        "The source is not older than the copy, to the second, and the manifest names no version.",
        "Copy the object again, with a manifest that names versions.",
    )
    SOURCE_UNBOUND = (
        "source_unbound",
        "Nothing shows that what is known of the source is what was copied.",
        "Audit again with requests to S3, or with inventories of both sides.",
    )
    DESTINATION_NOT_OF_JOB = (
        "destination_not_of_job",
        "The destination was written before the job began or after it ended.",
        "Copy the object again, or audit it with the job that wrote it.",
    )
    DESTINATION_UNLISTED = (
        "destination_unlisted",
        "The inventory does not list the destination, whatever was computed of it.",
        "Audit again with requests to S3, or with a newer inventory.",
    )
    SEVERAL_VERSIONS = (
        "several_versions",
        "The job wrote several versions of the destination that are not shown to be equal.",
        "Delete the surplus versions, or copy the object again.",
    )
    DESTINATION_SHARED = (
        "destination_shared",
        "They differ, but other rows of the manifest copy to the same key.",
        "Copy each version to a key of its own.",
    )
    DIFFERENCE_UNBOUND = (
        "difference_unbound",
        "They differ, but nothing shows when the two were written.",
        "Audit again with requests to S3, or with an inventory.",
    )
    ETAG_DISAGREES = (
        "etag_disagrees",
        "Checksums agree, yet ETags that S3 documents to be MD5s do not.",
        "Audit with --read missing.",
    )
    ALGORITHM_NOT_HONOURED = (
        "algorithm_not_honoured",
        "The destination's checksum is not of the algorithm that the job asked for.",
        "Copy the object again, or audit with --read missing.",
    )
    NOTHING_COMPARABLE = (
        "nothing_comparable",
        "The two sides have no checksum of the same algorithm over the same bytes.",
        "Audit with --read missing, or run Compute checksum jobs.",
    )
    BELOW_REQUIRED = (
        "below_required",
        "The evidence is equal, but weaker than required.",
        "Audit with --read missing.",
    )
    COMPUTED_OF_OTHER = (
        "computed_of_other",
        "The Compute checksum row does not speak of the version that is audited.",
        "Run the Compute checksum job again.",
    )
    ARCHIVED = (
        "archived",
        "Only the bytes could decide, and they are archived.",
        "Run Compute checksum jobs, or restore the object and audit again.",
    )
    NOT_READ = (
        "not_read",
        "Only the bytes could decide, and the audit's terms did not let them be read.",
        "Audit again with a larger byte budget or sample.",
    )
    CONTRADICTION = (
        "contradiction",
        "What is known of one of the two objects contradicts itself.",
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
        level: How strongly equality is shown, even where that is not enough to verify; NONE
            where nothing shows it.
    """

    verdict: Verdict
    reason: Reason
    level: Level = Level.NONE
