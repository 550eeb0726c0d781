"""What is known about one copy so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from datetime import datetime

    from intact.batch import TaskResult
    from intact.checksum import Checksum
    from intact.s3 import ObjectFacts, PartList


class Slot(Enum):
    """A piece of evidence that ``decide`` can ask for; the values are fields of ``Evidence``."""

    TASK = "task"
    SOURCE = "source"
    DESTINATION = "destination"
    SOURCE_VERSIONS = "source_versions"
    DESTINATION_VERSIONS = "destination_versions"
    SOURCE_PARTS = "source_parts"
    DESTINATION_PARTS = "destination_parts"
    SOURCE_BYTES = "source_bytes"
    DESTINATION_BYTES = "destination_bytes"


DELETE_MARKER = "delete marker"
"""What is answered of an object that a delete marker hides; its versions may still be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Whoever was asked knows of no such thing.

    Attributes:
        detail: What it answered.
        marker: Whether that was ``DELETE_MARKER``.
    """

    detail: str = field(default="", compare=False)
    marker: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Look whether a delete marker was answered."""
        object.__setattr__(self, "marker", self.detail == DELETE_MARKER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """There was no usable answer.  This is evidence too: it forbids a verdict.

    Attributes:
        problem: What went wrong, without credentials.
    """

    problem: str


UNLISTED = "the inventory does not list it"
"""Of an object that an inventory does not list: it is gone, or the inventory lags behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Nobody was asked, since the terms of the audit forbid it.

    Attributes:
        terms: Which ones.
        unlisted: Whether they are ``UNLISTED``.
    """

    terms: str
    unlisted: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look whether an inventory was asked instead."""
        object.__setattr__(self, "unlisted", self.terms == UNLISTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesRead:
    """What the bytes of one object version hashed to, here.

    Attributes:
        size: Bytes read.
        checksums: FULL_OBJECT checksums of all of them.
        by_source_parts: COMPOSITE checksums, cut where the source's parts end.
        by_destination_parts: COMPOSITE checksums, cut where the destination's parts end.
    """

    size: int
    checksums: frozenset[Checksum]
    by_source_parts: frozenset[Checksum] = frozenset()
    by_destination_parts: frozenset[Checksum] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """One object's row in the report of a Compute checksum job.

    Attributes:
        checksum: What S3 computed from the object at rest.
        etag: ETag of the object that it read, without quotes.
        version_id: Its version; None where the job's manifest named none.
        begun: When that job was created; None where that is not known.
    """

    checksum: Checksum
    etag: str
    version_id: str | None = None
    begun: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What someone other than S3 recorded of the source.

    Attributes:
        checksums: FULL_OBJECT checksums.
        size: Bytes, where that was recorded too.
    """

    checksums: frozenset[Checksum]
    size: int | None = None


@dataclass(frozen=True, kw_only=True)  # no slots: a dict is copied in one go, see ``answered``
class Evidence:
    """Everything known about one copy; None means: not asked yet.

    Attributes:
        row: Unreadable where the manifest's row was malformed.
        shared: Whether another row of the manifest copies another object to the same key.
        task: The job's own word: the row of its completion report.
        expected: What someone other than S3 recorded of the source; None where nobody did.
        source_computed: What Compute checksum jobs say of the source.
        destination_computed: What they say of the destination.
        source: What S3 says of the source object; Withheld where S3 may not be asked.
        destination: What S3 says of the destination object.
        source_versions: The source's other versions, newest first.
        destination_versions: The destination's versions that were written while the job ran,
            newest first.
        source_parts: Where the source's parts end.
        destination_parts: Where the destination's parts end.
        source_bytes: What the source's bytes hashed to.
        destination_bytes: What the destination's bytes hashed to.
    """

    row: Unreadable | None = None
    shared: bool = False
    task: TaskResult | Absent | Unreadable | None = None
    expected: Expected | None = None
    source_computed: tuple[Computed, ...] = ()
    destination_computed: tuple[Computed, ...] = ()
    source: ObjectFacts | Absent | Unreadable | Withheld | None = None
    destination: ObjectFacts | Absent | Unreadable | Withheld | None = None
    source_versions: tuple[ObjectFacts, ...] | Unreadable | Withheld | None = None
    destination_versions: tuple[ObjectFacts, ...] | Unreadable | Withheld | None = None
    source_parts: PartList | Absent | Unreadable | Withheld | None = None
    destination_parts: PartList | Absent | Unreadable | Withheld | None = None
    source_bytes: BytesRead | Unreadable | Withheld | None = None
    destination_bytes: BytesRead | Unreadable | Withheld | None = None

    def answered(self, slot: Slot, answer: object) -> Self:
        """Return the evidence with one slot filled, as ``replace`` does in ten times the time."""
        other = object.__new__(type(self))
        known = other.__dict__
        known.update(self.__dict__)
        known[slot._value_] = answer
        return other
