"""An offline audit of a job, from its addresses to a sealed ledger."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from intact.adapters.auditor import as_it_is, in_words
from intact.adapters.boto import servers
from intact.adapters.duckdb import machine_errors
from intact.adapters.files import whole_file
from intact.adapters.layout import as_written, manifest_text
from intact.adapters.ledger import read_header, read_segments
from intact.adapters.offline.audit import OfflineAudit
from intact.adapters.offline.fetching import Fetcher
from intact.adapters.offline.inputs import ComputedInput, Inputs
from intact.adapters.writing import LedgerWriter, require_same
from intact.audit import Policy
from intact.audit.ledger import HEADER, SEAL, SEGMENTS, SLICE, Header
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from intact.adapters.boto import BotoStore
    from intact.adapters.offline.inputs import Of
    from intact.adapters.others import ComputedReport
    from intact.adapters.ports import Progress
    from intact.adapters.signing import Signer
    from intact.audit import Level, Subject
    from intact.audit.ledger import Server
    from intact.s3 import ObjectRef

WORK = "offline"
"""Beside the ledger: what is fetched, staged and joined, until the audit is finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineAuditor:
    """Audits one finished job by files alone.

    Attributes:
        subject: What to audit.
        service: Store that holds what is not on disk.
        require: Weakest evidence of equality that is accepted.
        computed: Reports of Compute checksum jobs.
        inventories: ``manifest.json`` of an inventory of either side.
        memory: Memory to stay in.
        buckets: Slices of the keys, each joined by itself; None for as many as the memory needs.
        server: Where the objects are; None for AWS.
    """

    subject: Subject
    service: BotoStore
    require: Level
    computed: tuple[ComputedReport, ...]
    inventories: Mapping[Of, ObjectRef | Path]
    memory: str = "2GB"
    buckets: int | None = None
    server: Server | None = None

    def policy(self) -> Policy:
        """Return the terms that the verdicts are reached under."""
        return Policy(
            reported=self.subject.report is not None and self.subject.reports_all_tasks,
            versioned="VersionId" in self.subject.fields,
            algorithm=self.subject.operation.checksum_algorithm,
            window=self.subject.window,
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

        Args:
            ledger: Folder of the ledger.
            created: The present moment.
            version: Version of this package.
            progress: Told what goes on.
            sign: Signs the finished ledger.

        Raises:
            UsageError: The inputs cannot prove anything, or the folder holds another audit.
            StoreError: An input could not be read.
            FormatError: An input is not what it promises.
            OSError: The disk is full, the memory does not suffice, or their like.
        """
        subject = as_it_is(self.subject, self.service)
        subject = as_written(subject, self.service, partial(manifest_text, subject, self.service))
        if subject != self.subject:
            bound = replace(self, subject=subject)
            bound.run(ledger, created=created, version=version, progress=progress, sign=sign)
            return
        told = [in_words(str(report), report.manifest) for report in self.computed]
        told += [in_words(f"{of.value}={at}", at) for of, at in self.inventories.items()]
        header = Header(
            policy=self.policy(),
            subject=self.subject.name,
            created=created,
            intact=version,
            inputs=("offline", *told),
            server=self.server,
            bound=(*self.subject.bound, *servers(lists=self.service)),
        )
        work = ledger.parent / WORK
        if (ledger / SEAL).exists():
            require_same(ledger, read_header(ledger), header)
            if not work.exists():
                raise UsageError(f"{ledger}: holds a finished audit; wanted another folder")
            progress.phase("this audit was just finished; nothing is read again")
        else:
            self._write(ledger, header, work, progress, sign)
        shutil.rmtree(work)

    def _write(
        self, ledger: Path, header: Header, work: Path, progress: Progress, sign: Signer | None
    ) -> None:
        _claim(work, ledger, header)
        with LedgerWriter(ledger, header) as writer, machine_errors(work):
            progress.phase("fetching the inputs")
            audit = self._audit(work)
            progress.phase(f"staging the inputs{_room(audit, work)}")
            audit.stage()
            if not writer.adopted:
                for record in audit.malformed_rows():
                    if record.copy.row > writer.last:
                        writer.append(record)
                writer.flush()
            for path, found in audit.segments():
                if found.rows:
                    writer.adopt(path, first=found.first, last=found.last, rows=found.rows)
                progress.phase(f"joined {path.stem} of {audit.buckets} slices")
            writer.seal(audit.counts(), sign=sign)

    def _audit(self, work: Path) -> OfflineAudit:
        files = work / "inputs"
        files.mkdir(parents=True, exist_ok=True)
        fetch, subject = Fetcher(self.service, files), self.subject
        inputs = Inputs(
            manifest=fetch.manifest(subject.manifest, etag=subject.manifest_etag),
            fields=subject.fields,
            report=fetch.report(subject.report, name="report") if subject.report else None,
            computed=[
                ComputedInput(
                    parts=fetch.report(made.manifest, name=f"computed{number}"),
                    written=made.written,
                    begun=made.begun,
                )
                for number, made in enumerate(self.computed)
            ],
            inventories=[fetch.inventory(where, of=of) for of, where in self.inventories.items()],
        )
        return OfflineAudit(
            subject,
            self.policy(),
            inputs,
            folder=work,
            buckets=self.buckets,
            memory_limit=self.memory,
        )


def _room(audit: OfflineAudit, work: Path) -> str:
    """Words for a disk that is short, while there is time to make room; nothing otherwise."""
    free = shutil.disk_usage(work).free
    how = ", compressed, since the disk is short" if audit.packed else ""
    if audit.disk <= free:
        return how
    return (
        f"{how}: about {audit.disk / 1e9:,.1f} GB of disk go to {work}, where {free / 1e9:,.1f} GB "
        "are free; make room meanwhile, or run this again once it has filled up"
    )


def _claim(work: Path, ledger: Path, header: Header) -> None:
    """Mark a folder as this audit's, so that what one has staged is never taken for another's.

    Raises:
        UsageError: Another audit has left something in it; or the ledger has slices of what lay
            there and is gone, beside which other slices would lack rows, or have them twice.
    """
    work.mkdir(parents=True, exist_ok=True)
    if (work / HEADER).exists():
        require_same(work, read_header(work), header)
        return
    if any(not file.name.startswith(".") for file in work.iterdir()):
        raise UsageError(f"{work}: holds files of another audit; wanted another folder")
    found = read_segments(ledger) if (ledger / SEGMENTS).exists() else ()
    if any(segment.name.startswith(SLICE) for segment in found):
        raise UsageError(f"{ledger}: lacks {work}, which it was made of; wanted another folder")
    with whole_file(work / HEADER) as file:
        file.write(header.encode())
