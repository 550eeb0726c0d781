"""One audit from end to end: manifest and report in, ledger out."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from intact.adapters.boto import servers
from intact.adapters.clients import Asking
from intact.adapters.duckdb import TaskJoin, machine_errors
from intact.adapters.files import named_whole
from intact.adapters.inventory import fetch_inventory, inventory_rows
from intact.adapters.layout import as_written, manifest_text
from intact.adapters.ledger import read_header
from intact.adapters.report import fetch_report
from intact.adapters.staging import Staged, stage
from intact.adapters.terms import ReadTerms
from intact.adapters.writing import LedgerWriter, require_same
from intact.audit import Absent, Copy, Counts, Evidence, Policy, Unreadable
from intact.audit.adopt import adopt
from intact.audit.ledger import HEADER, SEAL, Header, Server
from intact.batch import MalformedRow, read_manifest
from intact.batch.manifest import IGNORE, ManifestFormat
from intact.errors import StoreError, UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from datetime import datetime

    from intact.adapters.boto import BotoStore
    from intact.adapters.duckdb import Joined
    from intact.adapters.others import ComputedReport, ExpectedFile
    from intact.adapters.ports import Progress
    from intact.adapters.signing import Signer
    from intact.audit import Level, ReadMode, Record, Subject
    from intact.batch import ManifestRow
    from intact.batch.inventory import InventoryManifest

STAGING = "joined.parquet"
"""What an unfinished audit keeps beside its ledger."""
LEFTOVERS = "leftovers.csv"
"""Beside the ledger: input rows that could not be read, or that match no row of the manifest."""
EXTRAS = "extras.csv"
"""Beside the ledger: objects at the destination that no row of the manifest accounts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """Audits one finished job.

    Attributes:
        subject: What to audit.
        source: Store that holds the sources.
        destination: Store that holds the copies.
        service: Store that holds the manifest and the report.
        manifest: Local copy of the CSV manifest, where it is not to be fetched.
        inventory: What the manifest's ``manifest.json`` says, once it was fetched.
        read: When object bytes may be read.
        require: Weakest evidence of equality that is accepted.
        workers: Requests under way at a time.
        terms: Which objects' bytes may be read, where they are wanted.
        computed: Reports of Compute checksum jobs over sources or copies.
        invoked: Reports of LambdaInvoke jobs whose function audited the copies.
        expected: Files of digests that somebody else recorded of the sources.
        carried: What the manifest's ``Ignore`` columns hold, in order: an algorithm, ``Size``, or
            any other name for what is not looked at; empty where nobody says.
        extras: Whether to look for objects at the destination that no row accounts for.
        server: Where the objects are; None for AWS.
        asking: How S3 is asked about the copies.
    """

    subject: Subject
    source: BotoStore
    destination: BotoStore
    service: BotoStore
    read: ReadMode
    require: Level
    manifest: Path | None = None
    inventory: InventoryManifest | None = None
    workers: int = 16
    terms: ReadTerms = field(default_factory=ReadTerms)
    computed: tuple[ComputedReport, ...] = ()
    invoked: tuple[ComputedReport, ...] = ()
    expected: tuple[ExpectedFile, ...] = ()
    carried: tuple[str, ...] = ()
    extras: bool = False
    server: Server | None = None
    asking: Asking = field(default_factory=Asking)

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
        self,
        ledger: Path,
        *,
        created: datetime,
        version: str,
        progress: Progress,
        sign: Signer | None = None,
    ) -> None:
        """Write the ledger, or finish the one that an interrupted run has left there.

        As ``records``, whose records are thrown away.
        """
        given = self.records(ledger, created=created, version=version, progress=progress, sign=sign)
        for _ in given:
            pass

    def records(
        self,
        ledger: Path,
        *,
        created: datetime,
        version: str,
        progress: Progress,
        sign: Signer | None = None,
    ) -> Generator[Record]:
        """Yield each record once it is in the ledger's hands, in the manifest's order.

        Whatever ends it early leaves a ledger that the next run goes on with: what is in its
        segments is not asked again, nor yielded.

        Args:
            ledger: Folder of the ledger; what was joined lies beside it until it is finished.
            created: The present moment.
            version: Version of this package.
            progress: Told what goes on.
            sign: Signs the finished ledger.

        Raises:
            UsageError: The folder holds the ledger of another audit, or a finished one.
            StoreError: The manifest, the report or the destination's bucket could not be read.
            AccessError: The credentials are of no use.
            FormatError: The report is not what its MD5s promise.
            OSError: The disk is full, or its like.
        """
        if self.subject.format is not ManifestFormat.CSV and self.inventory is None:
            yield from self._with_inventory().records(
                ledger, created=created, version=version, progress=progress, sign=sign
            )
            return
        subject = self.subject if self.manifest else as_it_is(self.subject, self.service)
        lists = self.manifest or self.service
        subject = as_written(subject, self.destination, partial(manifest_text, subject, lists))
        if subject != self.subject:
            yield from replace(self, subject=subject).records(
                ledger, created=created, version=version, progress=progress, sign=sign
            )
            return
        header = Header(
            policy=self.policy(),
            subject=self.subject.name,
            created=created,
            intact=version,
            inputs=self._inputs(),
            server=self.server,
            bound=self._bound(),
        )
        staging = ledger.parent / STAGING
        if (ledger / HEADER).exists():
            require_same(ledger, read_header(ledger), header)
        if (ledger / SEAL).exists():
            if not staging.exists():
                raise UsageError(f"{ledger}: holds a finished audit; wanted another folder")
            progress.phase("this audit was just finished; nothing is asked again")
        else:
            staged = self._staged(staging, header, progress)
            yield from self._finish(ledger, staged, progress, sign)
        staging.unlink(missing_ok=True)

    def _inputs(self) -> tuple[str, ...]:
        """What else is looked at, in words; files by their SHA-256, so that changed ones differ."""
        words = [
            *(in_words(str(report), report.manifest) for report in self.computed),
            *(in_words(f"invoked {report}", report.manifest) for report in self.invoked),
            *(in_words(str(file), file.path) for file in self.expected),
        ]
        carried = [f"carried={','.join(self.carried)}"] if self.carried else []
        return (*words, *carried, *(["extras"] if self.extras else []))

    def _bound(self) -> tuple[str, ...]:
        stores = {"source": self.source, "destination": self.destination, "lists": self.service}
        local = [] if self.manifest is None else [in_words("the manifest", self.manifest)]
        return (*self.subject.bound, *local, *servers(**stores))

    def _finish(
        self, ledger: Path, staged: Staged, progress: Progress, sign: Signer | None
    ) -> Generator[Record]:
        with LedgerWriter(ledger, staged.header) as writer:
            progress.phase("auditing", total=staged.counts.manifest_rows - writer.rows)
            ask = self.asking.about(
                self.source,
                self.destination,
                policy=staged.header.policy,
                workers=self.workers,
                terms=self.terms,
            )
            with closing(ask(staged.rows(after=writer.last))) as found:
                for record in found:
                    writer.append(record)
                    progress.advance()
                    yield record
            writer.seal(staged.counts, sign=sign)

    def _staged(self, path: Path, header: Header, progress: Progress) -> Staged:
        """Join manifest and report, unless an earlier run of this audit has."""
        if path.exists():
            staged = Staged(path)
            require_same(path.parent, staged.header, header)
            return staged
        progress.phase("reading manifest and report")
        with machine_errors(path.parent):
            return self._stage(path, header)

    def _stage(self, path: Path, header: Header) -> Staged:
        with (
            tempfile.TemporaryDirectory(dir=path.parent, prefix=".audit-") as folder,
            TaskJoin(Path(folder)) as join,
        ):
            self._load(join, Path(folder))
            counts = self._counts(join)
            self._leave(join, counts, path.parent)
            return stage(path, map(self._copy, join.rows()), header=header, counts=counts)

    def _load(self, join: TaskJoin, folder: Path) -> None:
        subject = self.subject
        carrying = subject.fields.count(IGNORE)
        if self.carried and len(self.carried) != carrying:
            raise UsageError(
                f"{len(self.carried)} Ignore columns are described; the manifest has {carrying}"
            )
        beginning = self._destinations()
        self.destination.require_bucket(beginning.bucket)
        join.load_manifest(self._rows(folder))
        if subject.report is not None:
            join.load_report(
                fetch_report(self.service, subject.report, scratch=folder),
                written=subject.format,
                versioned=self.policy().versioned,
            )
        for report in self.computed:
            join.others.load_computed(
                report.rows(self.service, scratch=folder),
                place=str(report.manifest),
                written=report.written,
                begun=report.begun,
            )
        self._load_invoked(join, folder)
        for file in self.expected:
            join.others.load_expected(file.rows(), place=str(file.path))
        if self.carried:
            join.others.load_carried(self.carried)
        if self.extras:
            join.load_listing(self.destination.listing(beginning))
        join.join(destination=beginning.bucket, prefix=beginning.key)

    def _load_invoked(self, join: TaskJoin, folder: Path) -> None:
        for report in self.invoked:
            window = self.subject.window
            if window is None:
                raise UsageError("answers of a function bind to no copy without its job's end")
            join.invoked.load(
                report.rows(self.service, scratch=folder),
                place=str(report.manifest),
                destination=self.subject.operation.destination,
                window=window,
                begun=report.begun,
            )

    def _destinations(self) -> ObjectRef:
        """Bucket of the copies, and what their keys begin with before the source's key."""
        any_copy = self.subject.operation.destination(ObjectRef(bucket="", key="-"))
        return replace(any_copy, key=any_copy.key.removesuffix("-"))

    def _counts(self, join: TaskJoin) -> Counts:
        subject = self.subject
        counts = join.counts(reported=subject.report is not None)
        if subject.tasks is None:
            return counts
        return replace(
            counts,
            tasks=subject.tasks.total,
            tasks_succeeded=subject.tasks.succeeded,
            tasks_failed=subject.tasks.failed,
            ended_early=not subject.tasks.complete,
            all_tasks_reported=self.policy().reported,
        )

    def _leave(self, join: TaskJoin, counts: Counts, folder: Path) -> None:
        """Write what no row of the manifest accounts for, and what could not be read."""
        if join.leftovers:
            with named_whole(folder / LEFTOVERS) as path:
                join.write_leftovers(path)
        if counts.extras is not None:
            with named_whole(folder / EXTRAS) as path:
                join.write_extras(path, bucket=self._destinations().bucket)

    def _with_inventory(self) -> Auditor:
        """Return the same audit, its fields as the inventory's ``manifest.json`` has them."""
        subject = self.subject
        with tempfile.TemporaryDirectory(prefix="intact-") as folder:
            inventory = fetch_inventory(
                self.service, subject.manifest, scratch=Path(folder), etag=subject.manifest_etag
            )
        return replace(self, inventory=inventory, subject=replace(subject, fields=inventory.fields))

    def _rows(self, folder: Path) -> Iterator[ManifestRow | MalformedRow]:
        """Every row of the manifest, delete markers included: they are tasks too."""
        subject = self.subject
        if self.inventory is not None:
            bucket = subject.manifest.bucket
            for row in inventory_rows(self.service, self.inventory, bucket=bucket, scratch=folder):
                yield row if isinstance(row, MalformedRow) else row.manifest_row()
            return
        path = self.manifest
        if path is None:
            path = folder / "manifest"
            self.service.save(subject.manifest, path, etag=subject.manifest_etag)
        with path.open("rb") as lines:
            yield from read_manifest(lines, fields=subject.fields)

    def _copy(self, joined: Joined) -> tuple[Copy, Evidence]:
        row, task, said, answer = joined
        if isinstance(row, MalformedRow):
            copy = Copy(row=row.line, source=None, destination=None, text=row.text)
            return copy, Evidence(row=Unreadable(problem=row.problem))
        copy = Copy(
            row=row.line,
            source=row.source,
            destination=self.subject.operation.destination(row.source),
        )
        unreported = isinstance(task, Absent) and not self.policy().reported
        evidence = Evidence(
            task=None if unreported else task,
            shared=said.shared,
            source=Absent(detail="its copy took its place") if copy.replaces_source else None,
            source_computed=() if copy.replaces_source else said.source_computed,
            destination_computed=said.destination_computed,
            expected=said.expected,
        )
        if isinstance(answer, Unreadable):
            return copy, replace(evidence, destination=answer)
        if answer is not None:
            return copy, adopt(answer, copy=copy, known=evidence, policy=self.policy())
        return copy, evidence


def as_it_is(subject: Subject, store: BotoStore) -> Subject:
    """Bind a subject to its list as that is now, unless a job has bound it.

    Raises:
        StoreError: There is no such list, or no answer.
    """
    if subject.manifest_etag is not None or subject.format is not ManifestFormat.CSV:
        return subject
    facts = store.head(subject.manifest)
    if isinstance(facts, Absent):
        raise StoreError(f"{subject.manifest} does not exist")
    return replace(subject, manifest_etag=facts.etag)


def in_words(text: str, where: object) -> str:
    """Say which input it is: a file on disk by its SHA-256 too, so that a changed one differs."""
    if not isinstance(where, Path):
        return text
    with where.open("rb") as file:
        return f"{text} {hashlib.file_digest(file, 'sha256').hexdigest()}"


def discard(ledger: Path) -> None:
    """Remove what an audit left, finished or not; a folder that is no ledger stays."""
    (ledger.parent / STAGING).unlink(missing_ok=True)
    if (ledger / HEADER).exists():
        read_header(ledger)
        shutil.rmtree(ledger)
