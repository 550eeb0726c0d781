"""What all findings of an audit add up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from intact.audit.verdict import Level, Reason, Verdict
from intact.errors import ExitCode
from intact.s3 import ObjectFacts

if TYPE_CHECKING:
    from intact.audit.record import Record

WRONG = frozenset({Verdict.MISMATCHED, Verdict.MISSING, Verdict.NOT_COPIED})
UNPROVEN = frozenset({Verdict.UNVERIFIABLE, Verdict.UNCHECKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the inputs held, for the balance against the findings.

    Attributes:
        manifest_rows: Rows of the manifest, malformed ones included.
        duplicate_rows: Rows that name an object that an earlier row names.
        report_rows: Readable rows of the completion report; None without a report.
        malformed_report_rows: Rows of the report that could not be read.
        stray_report_rows: Rows of the report that match no row of the manifest.
    """

    manifest_rows: int
    duplicate_rows: int = 0
    report_rows: int | None = None
    malformed_report_rows: int = 0
    stray_report_rows: int = 0


@dataclass(slots=True, kw_only=True)
class Summary:
    """A fold over records.

    Attributes:
        verdicts: Rows by verdict.
        reasons: Rows by reason.
        levels: Verified rows by level.
        verified_bytes: Total size of the verified objects.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)
    levels: Counter[Level] = field(default_factory=Counter)
    verified_bytes: int = 0

    def add(self, record: Record) -> None:
        """Count one record."""
        finding, destination = record.finding, record.evidence.destination
        self.count(
            finding.verdict,
            finding.reason,
            finding.level,
            size=destination.size if isinstance(destination, ObjectFacts) else 0,
        )

    def count(
        self, verdict: Verdict, reason: Reason, level: Level, *, rows: int = 1, size: int = 0
    ) -> None:
        """Count records that have the same finding.

        Args:
            verdict: Theirs.
            reason: Theirs.
            level: Theirs.
            rows: How many.
            size: Bytes of their destinations.
        """
        self.verdicts[verdict] += rows
        self.reasons[reason] += rows
        if verdict is Verdict.VERIFIED:
            self.levels[level] += rows
            self.verified_bytes += size

    @property
    def rows(self) -> int:
        """Rows that ended in a verdict."""
        return self.verdicts.total()

    def imbalances(self, counts: Counts) -> list[str]:
        """Sentences on every count that does not add up; empty when all do."""
        found = []
        if self.rows != counts.manifest_rows:
            found.append(f"{self.rows} verdicts for {counts.manifest_rows} rows of the manifest")
        if counts.stray_report_rows:
            found.append(f"{counts.stray_report_rows} report rows match no row of the manifest")
        if not counts.manifest_rows:
            found.append("the manifest has no rows, so nothing is proven")
        return found

    def exit_code(self, counts: Counts) -> ExitCode:
        """What the command returns for these findings."""
        if self.imbalances(counts):
            return ExitCode.UNFINISHED
        if any(self.verdicts[verdict] for verdict in WRONG):
            return ExitCode.WRONG
        if any(self.verdicts[verdict] for verdict in UNPROVEN):
            return ExitCode.UNPROVEN
        return ExitCode.VERIFIED
