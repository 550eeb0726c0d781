"""The demo's path over real sockets: every damaged copy named, no right one accused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from intact.adapters.auditor import Auditor
from intact.adapters.boto import BotoStore
from intact.adapters.ledger import LedgerReader
from intact.adapters.s3control import describe_job, s3control_client
from intact.audit import Level, ReadMode, Reason, Subject, Verdict
from intact.errors import ExitCode, UsageError
from intact.rehearsal.demo import (
    ACCOUNT,
    COMPOSITE,
    OLDER,
    Buckets,
    rehearse,
    temporary_buckets,
)
from intact.rehearsal.endpoint import BatchEndpoint

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.audit import Counts, Record, Summary
    from intact.rehearsal.demo import Rehearsal

FILES = 12


class Silent:
    """Progress that nobody watches."""

    def phase(self, name: str, *, total: int | None = None) -> None: ...

    def advance(self) -> None: ...


class Audited:
    """A rehearsal and its audit."""

    def __init__(self, s3: S3Client, folder: Path, *, read: ReadMode) -> None:
        tree = folder / "tree"
        tree.mkdir()
        for number in range(FILES):
            (tree / f"{number}.py").write_bytes(os.urandom(1000 + number))
        with (
            BatchEndpoint(s3, workers=4) as endpoint,
            closing(s3control_client(endpoint_url=endpoint.url)) as control,
            temporary_buckets(s3, suffix=uuid4().hex[:12]) as buckets,
        ):
            self.rehearsal: Rehearsal = rehearse(
                s3, control, buckets=buckets, tree=tree, progress=Silent()
            )
            self.job = describe_job(control, account_id=ACCOUNT, job_id=self.rehearsal.job_id)
            store = BotoStore(s3)
            auditor = Auditor(
                subject=Subject.from_describe(self.job),
                source=store,
                destination=store,
                service=store,
                read=read,
                require=Level.RECORDED,
                workers=4,
            )
            ledger = folder / "ledger"
            auditor.run(ledger, created=datetime.now(UTC), version="0", progress=Silent())
        self.summary: Summary = LedgerReader(ledger).summary()
        self.counts: Counts = LedgerReader(ledger).counts
        self.records: dict[str, Record] = {
            record.copy.destination.key: record
            for record in LedgerReader(ledger).records()
            if record.copy.destination is not None
        }

    def keys(self, *verdicts: Verdict) -> set[str]:
        return {key for key, record in self.records.items() if record.finding.verdict in verdicts}


@pytest.fixture(scope="module", params=["s3", "versity"])
def audited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    s3: S3Client = request.getfixturevalue(str(request.param))
    return Audited(s3, tmp_path_factory.mktemp("demo"), read=ReadMode.MISSING)


def test_every_damaged_copy_is_named_and_no_right_one_accused(audited: Audited) -> None:
    damaged = set(audited.rehearsal.damaged)
    assert len(damaged) == 6
    assert audited.keys(*set(Verdict) - {Verdict.VERIFIED}) == damaged


def test_every_row_has_a_verdict_and_the_counts_add_up(audited: Audited) -> None:
    assert audited.summary.rows == audited.counts.manifest_rows == len(audited.records)
    assert audited.summary.imbalances(audited.counts) == []
    assert audited.counts.report_rows == audited.counts.manifest_rows
    assert audited.summary.exit_code(audited.counts) is ExitCode.WRONG


def test_each_damage_has_its_reason(audited: Audited) -> None:
    reasons = sorted(audited.records[key].finding.reason.value for key in audited.rehearsal.damaged)
    assert reasons == [
        "checksum_differs",
        "checksum_differs",
        "checksum_differs",
        "destination_absent",
        "older_object",
        "size_differs",
    ]


def test_a_failed_task_is_not_copied_though_an_object_sits_there(audited: Audited) -> None:
    finding = audited.records[OLDER].finding
    assert (finding.verdict, finding.reason) == (Verdict.NOT_COPIED, Reason.OLDER_OBJECT)


def test_a_composite_source_is_settled_by_reading(audited: Audited) -> None:
    assert audited.records[COMPOSITE].finding.level is Level.READ


def test_without_reading_a_composite_source_is_unverifiable(s3: S3Client, tmp_path: Path) -> None:
    audited = Audited(s3, tmp_path, read=ReadMode.NEVER)
    assert audited.keys(Verdict.UNVERIFIABLE) == {COMPOSITE}
    assert audited.records[COMPOSITE].finding.reason is Reason.NOTHING_COMPARABLE


def test_a_tree_of_few_files_is_refused(s3: S3Client, tmp_path: Path) -> None:
    (tmp_path / "only.py").touch()
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    buckets = Buckets(source="a", destination="b", service="c")
    with (
        BatchEndpoint(s3) as endpoint,
        closing(s3control_client(endpoint_url=endpoint.url)) as control,
        pytest.raises(UsageError, match="has 1 Python files; wanted at least 10"),
    ):
        rehearse(s3, control, buckets=buckets, tree=tmp_path, progress=Silent())


def test_an_interrupted_demo_cleans_up_after_itself(s3_server: str, tmp_path: Path) -> None:
    assert s3_server  # its environment is installed
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "intact", "demo", "--out", str(tmp_path / "out")],
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        text=True,
    )
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("uploading"):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert not list((tmp_path / "out").iterdir())
    deadline = time.monotonic() + 10
    while (left := [entry.name for entry in tmp_path.iterdir()]) != ["out"]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
