"""What a program may do about a copy that is not proven, and what only people can settle."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from intact.audit.verdict import Level, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping


class Remedy(Enum):
    """The next step; the values are wire format, their order is that of their force.

    Of two rows that name one source, the one whose remedy stands first speaks for both.
    """

    COPY = "copy"
    """A copy job over these objects mends it, once any cause that its error names is mended."""
    COMPUTE = "compute"
    """Compute checksum jobs give both sides a value that can be compared."""
    READ = "read"
    """Another audit decides, one that may ask S3 or read bytes."""
    ASK = "ask"
    """Somebody has to look: a job would hide what is wrong, or overwrite what is right."""
    NOTHING = "nothing"
    """Nothing is left to do."""


REMEDIES: Final[Mapping[Reason, Remedy]] = {
    Reason.EQUAL: Remedy.NOTHING,
    Reason.EQUAL_SUPERSEDED: Remedy.NOTHING,
    Reason.SIZE_DIFFERS: Remedy.COPY,
    Reason.CHECKSUM_DIFFERS: Remedy.COPY,
    # Which side is right, only people know; the next audit may not even be told what to expect.
    Reason.EXPECTED_DIFFERS: Remedy.ASK,
    Reason.DESTINATION_ABSENT: Remedy.COPY,
    Reason.TASK_FAILED: Remedy.COPY,
    Reason.OLDER_OBJECT: Remedy.COPY,
    Reason.NO_RESULT: Remedy.COPY,
    Reason.SOURCE_ABSENT: Remedy.ASK,
    Reason.SOURCE_HIDDEN: Remedy.READ,
    Reason.SOURCE_REPLACED: Remedy.COPY,
    Reason.SOURCE_UNBOUND: Remedy.READ,
    Reason.DESTINATION_NOT_OF_JOB: Remedy.ASK,  # somebody wrote it later, and may need it
    Reason.DESTINATION_UNLISTED: Remedy.READ,
    Reason.SEVERAL_VERSIONS: Remedy.COPY,
    Reason.DESTINATION_SHARED: Remedy.ASK,  # copied again, the rows overwrite each other again
    Reason.DIFFERENCE_UNBOUND: Remedy.READ,
    Reason.ETAG_DISAGREES: Remedy.READ,
    Reason.ALGORITHM_NOT_HONOURED: Remedy.COPY,
    Reason.NOTHING_COMPARABLE: Remedy.COMPUTE,
    Reason.BELOW_REQUIRED: Remedy.COMPUTE,
    Reason.COMPUTED_OF_OTHER: Remedy.COMPUTE,
    Reason.ARCHIVED: Remedy.COMPUTE,
    Reason.NOT_READ: Remedy.READ,
    Reason.CONTRADICTION: Remedy.READ,
    Reason.ROW_UNREADABLE: Remedy.ASK,
    Reason.TASK_UNREADABLE: Remedy.ASK,
    Reason.SOURCE_UNREADABLE: Remedy.ASK,
    Reason.DESTINATION_UNREADABLE: Remedy.ASK,
}
"""What helps against each reason, where the audit required no bytes to be read."""


def remedy(reason: Reason, *, require: Level) -> Remedy:
    """What helps against a reason.

    Args:
        reason: Why a copy is not proven.
        require: What the audit accepts; no Compute checksum job reaches READ.
    """
    found = REMEDIES[reason]
    return Remedy.READ if found is Remedy.COMPUTE and require is Level.READ else found


def sides_to_compute(
    *, source_stored: bool, destination_stored: bool, require: Level
) -> tuple[bool, bool]:
    """Whether the source and the destination have to be read by a Compute checksum job.

    A side that stores a FULL_OBJECT checksum of the jobs' algorithm has to be only where its own
    value is not proof enough: below COMPUTED the source's stored value will do, at RECORDED the
    destination's too.  Where both store one and still were not compared, both are computed.

    Args:
        source_stored: Whether the source stores one.
        destination_stored: Whether the destination does.
        require: What the audit accepts; COMPUTED or less.
    """
    source = not (source_stored and require.value < Level.COMPUTED.value)
    destination = not (destination_stored and require is Level.RECORDED)
    return (source, destination) if source or destination else (True, True)
