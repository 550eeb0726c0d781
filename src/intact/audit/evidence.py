"""What is known about one copy so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intact.batch import TaskResult
    from intact.checksum import Checksum
    from intact.s3 import ObjectFacts


class Slot(Enum):
    """A piece of evidence that ``decide`` can ask for; the values are fields of ``Evidence``."""

    TASK = "task"
    SOURCE = "source"
    DESTINATION = "destination"
    SOURCE_BYTES = "source_bytes"
    DESTINATION_BYTES = "destination_bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Whoever was asked knows of no such thing.

    Attributes:
        detail: What it answered.
    """

    detail: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """There was no usable answer.  This is evidence too: it forbids a verdict.

    Attributes:
        problem: What went wrong, without credentials.
    """

    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesRead:
    """What the bytes of one object version hashed to, here.

    Attributes:
        size: Bytes read.
        checksums: FULL_OBJECT checksums of all of them.
    """

    size: int
    checksums: frozenset[Checksum]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything known about one copy; None means: not asked yet.

    Attributes:
        row: Unreadable where the manifest's row was malformed.
        task: The job's own word: the row of its completion report.
        source: What S3 says of the source object.
        destination: What S3 says of the destination object.
        source_bytes: What the source's bytes hashed to.
        destination_bytes: What the destination's bytes hashed to.
    """

    row: Unreadable | None = None
    task: TaskResult | Absent | Unreadable | None = None
    source: ObjectFacts | Absent | Unreadable | None = None
    destination: ObjectFacts | Absent | Unreadable | None = None
    source_bytes: BytesRead | Unreadable | None = None
    destination_bytes: BytesRead | Unreadable | None = None
