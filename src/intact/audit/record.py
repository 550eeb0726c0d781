"""One line of a ledger: which copy, what is known of it, what that proves."""

from dataclasses import dataclass

from intact.audit.evidence import Evidence
from intact.audit.verdict import Finding
from intact.batch.inventory import NULL_VERSION
from intact.s3 import ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One row of the manifest, as the job understands it.

    Attributes:
        row: Line of the manifest, from 1.
        source: What was to be copied; None where the row was malformed.
        destination: Where to; None where the row was malformed.
        text: The row as it stands in the manifest, kept only where it was malformed.
    """

    row: int
    source: ObjectRef | None
    destination: ObjectRef | None
    text: str = ""

    @property
    def replaces_source(self) -> bool:
        """Whether the copy takes the place of what it copied, which S3 then no longer has.

        Whoever asks for the source is told of the copy, so comparing the two proves nothing.
        """
        if self.source is None or self.destination is None:
            return False
        here = (self.source.bucket, self.source.key)
        there = (self.destination.bucket, self.destination.key)
        return here == there and self.source.version_id in {None, NULL_VERSION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One audited copy."""

    copy: Copy
    evidence: Evidence
    finding: Finding
