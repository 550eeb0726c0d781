"""One line of a ledger: which copy, what is known of it, what that proves."""

from dataclasses import dataclass

from intact.audit.evidence import Evidence
from intact.audit.verdict import Finding
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One audited copy."""

    copy: Copy
    evidence: Evidence
    finding: Finding
