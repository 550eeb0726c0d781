"""Audits for programs: records as they come, in a loop or on an event loop, and their sum.

Whoever iterates over an ``Audit`` drives it; nothing runs before.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, TypedDict

import boto3
import pyarrow.parquet as pq

from intact.adapters.addresses import control_address, control_beside, server_at
from intact.adapters.auditor import Auditor
from intact.adapters.boto import BotoStore, s3_client, servers
from intact.adapters.clients import Asking
from intact.adapters.ledger import LedgerReader
from intact.adapters.pairs import Pairs
from intact.adapters.relay import relayed
from intact.adapters.s3control import describe_job, s3control_client
from intact.adapters.terms import ReadTerms
from intact.audit import Level, Policy, ReadMode, Subject
from intact.audit.ledger import LEDGER
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any, Unpack

    import pyarrow as pa
    from types_boto3_s3 import S3Client
    from types_boto3_s3control import S3ControlClient

    from intact.adapters.ports import Progress
    from intact.audit import Counts, Record, Summary, Window
    from intact.audit.ledger import Server
    from intact.checksum import Algorithm
    from intact.errors import ExitCode
    from intact.s3 import ObjectRef

WORKERS = 16


class AuditOptions(TypedDict, total=False):
    """The terms of an audit; each has a default."""

    client: S3Client
    """An S3 client; else one is made from the usual AWS configuration."""
    asking: Asking
    """Who asks: by default boto3 on threads; ``Asking(client=Client.LEAN)`` on an event loop."""
    read: ReadMode
    """When object bytes may be read; by default never."""
    terms: ReadTerms
    """Which of them, and how many bytes."""
    require: Level
    """Weakest proof accepted; by default ``Level.RECORDED``."""
    workers: int
    """Requests under way at a time; 16 by default."""
    progress: Callable[[int, int], object]
    """Called after each record with the number of records done, and of all there will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit that came to its end has found.

    Attributes:
        ledger: Folder that keeps every verdict beside its evidence.
        summary: What the findings add up to.
        counts: What the inputs held.
    """

    ledger: Path
    summary: Summary
    counts: Counts

    @classmethod
    def of(cls, ledger: Path) -> Audited:
        """Read it off a finished ledger.

        Raises:
            FormatError: The folder holds none.
        """
        reader = LedgerReader(ledger)
        return cls(ledger=ledger, summary=reader.summary(), counts=reader.counts)

    @property
    def exit_code(self) -> ExitCode:
        """What ``intact audit`` would have ended with; 0 only where every object is verified."""
        return self.summary.exit_code(self.counts)

    def records(self) -> Iterator[Record]:
        """Yield every record, those of an earlier, interrupted run included."""
        return LedgerReader(self.ledger).records()

    def to_arrow(self) -> pa.Table:
        """Return every verdict with its evidence as one Arrow table, all of it in memory."""
        return pq.read_table(LedgerReader(self.ledger).files())


class Audit:
    """An audit that is driven by whoever takes its records: ``for``, ``async for``, or ``run``.

    It can be driven once; what was not taken is not audited, and another ``Audit`` of the same
    thing with the same ``out`` goes on where this one ended, yielding only what is left.
    """

    def __init__(
        self,
        ledger: Path,
        records: Callable[[Progress], Generator[Record]],
        *,
        progress: Callable[[int, int], object] | None,
    ) -> None:
        """Take what makes the records, where they are kept, and who hears of them."""
        self._ledger = ledger
        self._records: Callable[[Progress], Generator[Record]] | None = records
        self._progress = progress
        self._result: Audited | None = None

    @property
    def result(self) -> Audited:
        """What it found.

        Raises:
            UsageError: It has not come to its end.
        """
        if self._result is None:
            raise UsageError("the audit has not come to its end; take all of its records first")
        return self._result

    def run(self) -> Audited:
        """Audit to the end, and return what was found."""
        for _ in self:
            pass
        return self.result

    def __iter__(self) -> Generator[Record]:
        """Yield each record when its verdict is reached, in the order of the copies.

        Raises:
            UsageError: The audit was driven before, or ``out`` holds another one.
            AccessError: The credentials are of no use.
            StoreError: The manifest, the report or the destination's bucket could not be read.
                What concerns one object only is in its record: ``Verdict.UNCHECKED``.
            FormatError: A report or an unfinished ledger is damaged.
            OSError: The disk is full, or its like.
        """
        records, self._records = self._records, None
        if records is None:
            raise UsageError("an audit is driven once; begin another one")
        with closing(records(_Teller(self._progress))) as found:
            yield from found
        self._result = Audited.of(self._ledger)

    async def __aiter__(self) -> AsyncGenerator[Record]:
        """As ``__iter__``, on a thread of its own; the event loop is never blocked."""
        async for record in relayed(iter(self)):
            yield record


def audit_job(
    job: str | Mapping[str, Any],
    /,
    *,
    out: Path,
    account_id: str = "",
    control: S3ControlClient | None = None,
    **options: Unpack[AuditOptions],
) -> Audit:
    """Audit a finished copy job.

    Args:
        job: Its id, or the response of DescribeJob.
        out: Folder for the ledger and its like; an unfinished audit in it is gone on with.
        account_id: Account that owns the job, where that is an id.
        control: An S3 Control client, where it is an id; else one is made for where S3 is.
        **options: See ``AuditOptions``.

    Raises:
        UsageError: The job has not ended, is no copy job, or its account is not given.
        StoreError: S3 Control did not answer, or refused to.
        FormatError: DescribeJob's response lacks a member.
    """
    store, workers = _store(options)
    if isinstance(job, str):
        if not account_id:
            raise UsageError(f"job is {job!r}; wanted its account_id too")
        control = control or _control(store)
        job = describe_job(control, account_id=account_id, job_id=job)
    auditor = Auditor(
        subject=Subject.from_describe(job),
        source=store,
        destination=store,
        service=store,
        read=options.get("read", ReadMode.NEVER),
        require=options.get("require", Level.RECORDED),
        workers=workers,
        terms=options.get("terms") or ReadTerms(),
        server=_server(store, control),
        asking=options.get("asking") or Asking(),
    )

    def records(progress: Progress) -> Generator[Record]:
        out.mkdir(parents=True, exist_ok=True)
        return auditor.records(
            out / LEDGER, created=datetime.now(UTC), version=version("intact"), progress=progress
        )

    return Audit(out / LEDGER, records, progress=options.get("progress"))


def audit_copies(
    pairs: Iterable[tuple[str | ObjectRef, str | ObjectRef]],
    /,
    *,
    out: Path,
    algorithm: Algorithm | None = None,
    window: Window | None = None,
    **options: Unpack[AuditOptions],
) -> Audit:
    """Audit copies that no job made: source and destination of each.

    All pairs are held in memory, about a kilobyte each; for many millions write a manifest.

    Args:
        pairs: References, or ``s3://BUCKET/KEY`` with the key as S3 stores it.
        out: Folder for the ledger; an unfinished audit of the same pairs in it is gone on with.
        algorithm: Checksum algorithm that the copies were to be stored with, where one was asked.
        window: When the copies were written, where that is known: what was written at another
            time is then not taken for them.
        **options: See ``AuditOptions``.

    Raises:
        UsageError: A pair names no object, some name versions and others none, or an option
            cannot be.
    """
    store, workers = _store(options)
    given = Pairs.of(pairs)
    policy = Policy(
        reported=False,
        versioned=given.versioned,
        algorithm=algorithm,
        window=window,
        read=options.get("read", ReadMode.NEVER),
        require=options.get("require", Level.RECORDED),
    )
    ask = (options.get("asking") or Asking()).about(
        store, store, policy=policy, workers=workers, terms=options.get("terms") or ReadTerms()
    )

    def records(progress: Progress) -> Generator[Record]:
        out.mkdir(parents=True, exist_ok=True)
        header = given.header(
            policy,
            created=datetime.now(UTC),
            version=version("intact"),
            server=_server(store, None),
            bound=servers(objects=store),
        )
        return given.records(out / LEDGER, ask, header=header, progress=progress)

    return Audit(out / LEDGER, records, progress=options.get("progress"))


class _Teller:
    """Implements ``Progress`` for a function."""

    def __init__(self, told: Callable[[int, int], object] | None) -> None:
        self._told, self._done, self._total = told, 0, 0

    def phase(self, name: str, *, total: int | None = None) -> None:  # noqa: ARG002 - numbers only
        self._done, self._total = 0, total or 0

    def advance(self) -> None:
        self._done += 1
        if self._told is not None:
            self._told(self._done, self._total)


def _control(store: BotoStore) -> S3ControlClient:
    """A client of the S3 Control that goes with a store."""
    session = boto3.Session()
    place = control_address(session, store.client.meta.endpoint_url)
    return s3control_client(session, endpoint_url=place)


def _server(store: BotoStore, control: S3ControlClient | None) -> Server | None:
    s3 = store.client.meta.endpoint_url
    return server_at(
        s3, control=control_beside(s3) if control is None else control.meta.endpoint_url
    )


def _store(options: AuditOptions) -> tuple[BotoStore, int]:
    if unknown := options.keys() - AuditOptions.__optional_keys__:
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    if (workers := options.get("workers", WORKERS)) < 1:
        raise UsageError(f"workers is {workers}; wanted at least 1")
    return BotoStore(options.get("client") or s3_client(connections=workers)), workers
