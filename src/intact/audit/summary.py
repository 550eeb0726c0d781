"""What all findings of an audit add up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from intact.audit.verdict import Level, Reason, Verdict
from intact.errors import ExitCode
from intact.s3 import ObjectFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intact.audit.record import Record

WRONG = frozenset({Verdict.MISMATCHED, Verdict.MISSING, Verdict.NOT_COPIED})
UNPROVEN = frozenset({Verdict.UNVERIFIABLE, Verdict.UNCHECKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the inputs held, for the balance against the findings and the job's own numbers.

    Attributes:
        manifest_rows: Rows of the manifest, malformed ones included.
        duplicate_rows: Rows that name an object that an earlier row names.
        report_rows: Readable rows of the completion report; None without a report.
        succeeded_rows: Those of tasks that succeeded.
        failed_rows: Those of tasks that failed.
        duplicate_report_rows: Those on an object that an earlier one is on.
        malformed_report_rows: Rows of the report that could not be read.
        stray_report_rows: Rows of the report that match no row of the manifest.
        tasks: Tasks of the job, as DescribeJob counts them; None where no job is known.
        tasks_succeeded: Those that succeeded.
        tasks_failed: Those that failed.
        ended_early: Whether the job was cancelled or failed, so that tasks may not have run.
        all_tasks_reported: Whether the report names succeeded tasks too.
        computed_rows: Rows of Compute checksum jobs that hold a checksum.
        failed_computed_rows: Rows of such jobs whose task failed.
        malformed_computed_rows: Rows of such jobs that could not be read.
        stray_computed_rows: Rows of such jobs on no object of the manifest.
        expected_rows: Expected digests.
        malformed_expected_rows: Expected digests that could not be read or bound to one object.
        stray_expected_rows: Expected digests of no object of the manifest.
        invoked_rows: Answers of functions on copies of this job.
        failed_invoked_rows: Rows of LambdaInvoke jobs whose task failed.
        malformed_invoked_rows: Rows of such jobs that could not be read or hold no answer.
        unbound_invoked_rows: Rows of such jobs on other copies, or from before the job's end.
        stray_invoked_rows: Answers on objects that are in no row of the manifest.
        extras: Objects at the destination that no row accounts for; None where nobody looked.
    """

    manifest_rows: int
    duplicate_rows: int = 0
    report_rows: int | None = None
    succeeded_rows: int | None = None
    failed_rows: int | None = None
    duplicate_report_rows: int = 0
    malformed_report_rows: int = 0
    stray_report_rows: int = 0
    tasks: int | None = None
    tasks_succeeded: int | None = None
    tasks_failed: int | None = None
    ended_early: bool = False
    all_tasks_reported: bool = False
    computed_rows: int = 0
    failed_computed_rows: int = 0
    malformed_computed_rows: int = 0
    stray_computed_rows: int = 0
    expected_rows: int = 0
    malformed_expected_rows: int = 0
    stray_expected_rows: int = 0
    invoked_rows: int = 0
    failed_invoked_rows: int = 0
    malformed_invoked_rows: int = 0
    unbound_invoked_rows: int = 0
    stray_invoked_rows: int = 0
    extras: int | None = None

    def imbalances(self) -> list[str]:
        """Sentences on every count that does not add up; empty when all do."""
        return [sentence.format(number) for number, sentence in self._faults() if number] + [
            *self._against_job()
        ]

    def notes(self) -> list[str]:
        """Sentences on what is worth knowing and proves nothing wrong."""
        told = (
            (self.malformed_report_rows, "{:,} rows of the report could not be read"),
            (self.duplicate_rows, "{:,} rows of the manifest name an object again"),
            (self.duplicate_report_rows, "{:,} rows of the report are on an object again"),
            (self.failed_computed_rows, "{:,} Compute checksum tasks failed"),
            (self.stray_computed_rows, "{:,} Compute checksum rows are on other objects"),
            (self.stray_expected_rows, "{:,} expected digests are of other objects"),
            (self.failed_invoked_rows, "{:,} tasks of the function failed"),
            (
                self.unbound_invoked_rows,
                "{:,} answers of the function are early, or on other copies",
            ),
            (self.stray_invoked_rows, "{:,} answers of the function fit no row of the manifest"),
            (self.extras, "{:,} objects at the destination are in no row of the manifest"),
        )
        return [sentence.format(number) for number, sentence in told if number]

    def _faults(self) -> tuple[tuple[int, str], ...]:
        return (
            (self.stray_report_rows, "{:,} report rows match no row of the manifest"),
            (self.malformed_computed_rows, "{:,} Compute checksum rows could not be read"),
            (
                self.malformed_expected_rows,
                "{:,} expected digests could not be read or bound to one object",
            ),
            (self.malformed_invoked_rows, "{:,} answers of the function could not be read"),
            (not self.manifest_rows, "the manifest has no rows, so nothing is proven"),
        )

    def _against_job(self) -> Iterator[str]:
        """Compare with the numbers of DescribeJob.

        A row that could not be read may be of either kind.  A job that ended early may not have
        counted all its tasks, nor run them.
        """
        if self.tasks is None:
            return
        if self.tasks > self.manifest_rows or (
            self.tasks < self.manifest_rows and not self.ended_early
        ):
            yield f"{self.manifest_rows:,} rows of the manifest for {self.tasks:,} tasks of the job"
        for name, rows, tasks in (
            ("succeeded", self.succeeded_rows, self.tasks_succeeded),
            ("failed", self.failed_rows, self.tasks_failed),
        ):
            if (
                rows is None
                or tasks is None
                or (name == "succeeded" and not self.all_tasks_reported)
            ):
                continue
            if not rows <= tasks <= rows + self.malformed_report_rows:
                yield f"{rows:,} report rows {name} for {tasks:,} tasks of the job that {name}"
        ran = (self.tasks_succeeded or 0) + (self.tasks_failed or 0)
        if not self.ended_early and ran != self.tasks:
            yield f"{ran:,} tasks ran of the job's {self.tasks:,}, yet it completed"


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
        self, verdict: Verdict, reason: Reason, level: Level, *, size: int, rows: int = 1
    ) -> None:
        """Count records that have the same finding.

        Args:
            verdict: Theirs.
            reason: Theirs.
            level: Theirs.
            size: Bytes of their destinations.
            rows: How many.
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
        return found + counts.imbalances()

    def exit_code(self, counts: Counts) -> ExitCode:
        """What the command returns for these findings."""
        if self.imbalances(counts):
            return ExitCode.UNFINISHED
        if any(self.verdicts[verdict] for verdict in WRONG):
            return ExitCode.WRONG
        if any(self.verdicts[verdict] for verdict in UNPROVEN):
            return ExitCode.UNPROVEN
        return ExitCode.VERIFIED

    def _repr_html_(self) -> str:
        """Render as a table in a notebook; holds numbers and our own words only."""
        rows = [(verdict.value, self.verdicts[verdict]) for verdict in Verdict]
        rows.append(("rows of the manifest", self.rows))
        body = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th><td>{count:,}</td></tr>'
            for name, count in rows
        )
        head = '<tr><th scope="col">verdict</th><th scope="col">objects</th></tr>'
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"
