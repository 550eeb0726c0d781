"""One audit from end to end: manifest and report in, ledger out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from intact.adapters.duckdb import TaskJoin
from intact.adapters.ledger import write_ledger
from intact.adapters.report import fetch_report
from intact.adapters.runner import Runner
from intact.audit import Absent, Copy, Counts, Evidence, Policy, Summary, Unreadable
from intact.audit.ledger import Header
from intact.batch import MalformedRow, read_manifest
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from datetime import datetime

    from intact.adapters.boto import BotoStore
    from intact.adapters.duckdb import Joined
    from intact.adapters.ports import Progress
    from intact.audit import Level, ReadMode, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """Audits one finished job.

    Attributes:
        subject: What to audit.
        source: Store that holds the sources.
        destination: Store that holds the copies.
        service: Store that holds the manifest and the report.
        manifest: Local copy of the manifest, where it is not to be fetched.
        read: When object bytes may be read.
        require: Weakest evidence of equality that is accepted.
        workers: Requests under way at a time.
    """

    subject: Subject
    source: BotoStore
    destination: BotoStore
    service: BotoStore
    read: ReadMode
    require: Level
    manifest: Path | None = None
    workers: int = 16

    def policy(self) -> Policy:
        """Return the terms that the verdicts are reached under."""
        return Policy(
            reported=self.subject.report is not None and self.subject.reports_all_tasks,
            versioned="VersionId" in self.subject.fields,
            algorithm=self.subject.operation.checksum_algorithm,
            window=self.subject.window,
            read=self.read,
            require=self.require,
        )

    def run(
        self, ledger: Path, *, created: datetime, version: str, progress: Progress
    ) -> tuple[Summary, Counts]:
        """Write the ledger and return what it adds up to.

        Args:
            ledger: Where the ledger appears once it is whole.
            created: The present moment.
            version: Version of this package.
            progress: Told what goes on.

        Raises:
            StoreError: The manifest, the report or the destination's bucket could not be read.
            AccessError: The credentials are of no use.
            FormatError: The report is not what its MD5s promise.
        """
        policy, summary = self.policy(), Summary()
        header = Header(policy=policy, subject=self.subject.name, created=created, intact=version)
        with (
            tempfile.TemporaryDirectory(dir=ledger.parent, prefix=".audit-") as folder,
            TaskJoin(Path(folder)) as join,
            write_ledger(ledger, header) as append,
        ):
            progress.phase("reading manifest and report")
            self._load(join, Path(folder))
            counts = join.counts(reported=self.subject.report is not None)
            progress.phase("auditing", total=counts.manifest_rows)
            runner = Runner(self.source, self.destination, policy, self.workers)
            for record in runner.run(map(self._copy, join.rows())):
                append(record)
                summary.add(record)
                progress.advance()
            append(counts)
        return summary, counts

    def _load(self, join: TaskJoin, folder: Path) -> None:
        subject = self.subject
        destination = subject.operation.destination(ObjectRef(bucket="", key="-"))
        self.destination.require_bucket(destination.bucket)
        path = self.manifest
        if path is None:
            path = folder / "manifest"
            self.service.save(subject.manifest, path, etag=subject.manifest_etag)
        with path.open("rb") as lines:
            join.load_manifest(read_manifest(lines, fields=subject.fields))
        if subject.report is not None:
            join.load_report(fetch_report(self.service, subject.report, scratch=folder))

    def _copy(self, joined: Joined) -> tuple[Copy, Evidence]:
        row, task = joined
        if isinstance(row, MalformedRow):
            copy = Copy(row=row.line, source=None, destination=None, text=row.text)
            return copy, Evidence(row=Unreadable(problem=row.problem))
        copy = Copy(
            row=row.line,
            source=row.source,
            destination=self.subject.operation.destination(row.source),
        )
        unreported = isinstance(task, Absent) and not self.policy().reported
        return copy, Evidence(task=None if unreported else task)
