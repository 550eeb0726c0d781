"""An offline audit that was interrupted, and what it left is taken for."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from intact.adapters.boto import BotoStore, s3_client
from intact.adapters.ledger import LedgerReader
from intact.adapters.offline.auditor import WORK, OfflineAuditor
from intact.adapters.offline.inputs import Of
from intact.adapters.others import ComputedReport
from intact.audit import Level, Subject, Verdict, Window
from intact.audit.ledger import LEDGER
from intact.batch import ReportManifest, S3PutObjectCopy, TaskStatus
from intact.batch.columns import COLUMNS, FileFormat
from intact.batch.manifest import VERSIONED_FIELDS
from intact.batch.report import ReportPart
from intact.checksum import Algorithm, new
from intact.checksum.encoding import encode
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectFacts, ObjectRef
from tests.adapters.inventories import FORMATS, document, needs_orc, suffix, write_rows
from tests.scripted_server import BASE, Words, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BEGIN = datetime(2026, 11, 22, 3, tzinfo=UTC)
WINDOW = Window(begin=BEGIN, end=BEGIN + timedelta(hours=1))
MANIFEST = b"source,k,v1\n"
SUBJECT = Subject(
    name="job",
    operation=S3PutObjectCopy(target_resource="arn:aws:s3:::copies"),
    manifest=ObjectRef(bucket="lists", key="m.csv"),
    manifest_etag=None,
    fields=VERSIONED_FIELDS,
    report=None,
    reports_all_tasks=False,
    window=WINDOW,
)


class Interrupted:
    """Implements ``Progress``: Ctrl-C, once everything is joined."""

    def phase(self, name: str, *, total: int | None = None) -> None:
        if name.startswith("joined"):
            assert total is None
            raise KeyboardInterrupt

    def advance(self) -> None: ...


class Silent:
    """Implements ``Progress`` for nobody."""

    def phase(self, name: str, *, total: int | None = None) -> None: ...

    def advance(self) -> None: ...


class Listening(Silent):
    """Implements ``Progress``: keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def phase(self, name: str, *, total: int | None = None) -> None:
        assert total is None
        self.told.append(name)


def lists(method: str, key: str, _: int) -> Words:
    assert key == "m.csv"
    head = b"HTTP/1.1 200 OK\r\n" + BASE + b"Content-Length: %d\r\n\r\n" % len(MANIFEST)
    return [head if method == "HEAD" else head + MANIFEST]


@pytest.fixture
def store() -> Iterator[BotoStore]:
    with scripted(lists) as server:
        yield BotoStore(s3_client(endpoint_url=server.url, region="eu-west-1"))


def computed(folder: Path, *, copy: bytes, elsewhere: bytes = b"other") -> ComputedReport:
    """What a job computed of a source that holds ``one``, and of keys in two other buckets."""
    text = io.StringIO()
    for bucket, version, body in (
        ("source", "v1", b"one"),
        ("copies", "", copy),
        ("elsewhere", "", elsewhere),
    ):
        digest = new(Algorithm.CRC64NVME, body).digest()
        said = {
            "checksum_base64": encode(digest),
            "ETag": "e",
            "checksumAlgorithm": "CRC64NVME",
            "checksumType": "FULL_OBJECT",
            "checksum_hex": digest.hex(),
        }
        csv.writer(text).writerow(
            [bucket, "k", version, "succeeded", 200, "", json.dumps(said)],
        )
    body = text.getvalue().encode()
    folder.mkdir(exist_ok=True)
    (folder / "part.csv").write_bytes(body)
    part = ReportPart(
        bucket="reports",
        key="results/part.csv",
        md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
        status=TaskStatus.SUCCEEDED,
    )
    (folder / "manifest.json").write_bytes(ReportManifest(created="", parts=(part,)).write())
    begun = WINDOW.end + timedelta(hours=1)
    return ComputedReport(manifest=folder / "manifest.json", begun=begun)


@pytest.fixture
def begun(store: BotoStore, tmp_path: Path) -> OfflineAuditor:
    """An audit of a right copy that was interrupted when all was joined."""
    auditor = OfflineAuditor(
        subject=SUBJECT,
        service=store,
        require=Level.RECORDED,
        computed=(computed(tmp_path / "report", copy=b"one"),),
        inventories={},
        buckets=1,
    )
    with pytest.raises(KeyboardInterrupt):
        auditor.run(tmp_path / LEDGER, created=BEGIN, version="0", progress=Interrupted())
    return auditor


def run(auditor: OfflineAuditor, folder: Path) -> list[Verdict]:
    auditor.run(folder / LEDGER, created=BEGIN, version="0", progress=Silent())
    return verdicts(folder)


def verdicts(folder: Path) -> list[Verdict]:
    return [record.finding.verdict for record in LedgerReader(folder / LEDGER).records()]


def test_the_same_audit_goes_on(begun: OfflineAuditor, tmp_path: Path) -> None:
    assert run(begun, tmp_path) == [Verdict.VERIFIED]
    assert not (tmp_path / WORK).exists()


def test_a_finished_audit_is_not_taken_for_a_new_one(begun: OfflineAuditor, tmp_path: Path) -> None:
    assert run(begun, tmp_path) == [Verdict.VERIFIED]
    (tmp_path / WORK).mkdir()  # as a kill right behind the seal leaves it
    assert run(begun, tmp_path) == [Verdict.VERIFIED]
    assert not (tmp_path / WORK).exists()
    with pytest.raises(UsageError, match="holds a finished audit"):
        run(begun, tmp_path)


def test_more_slices_than_files_may_be_open_are_refused(
    begun: OfflineAuditor, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="open files are needed"):
        run(replace(begun, buckets=1 << 40), tmp_path / "another")


def test_a_memory_that_does_not_suffice_is_no_fault(store: BotoStore, tmp_path: Path) -> None:
    report = computed(tmp_path / "report", copy=b"one")
    auditor = OfflineAuditor(
        subject=SUBJECT,
        service=store,
        require=Level.RECORDED,
        computed=(report,),
        inventories={},
        memory="100MB",
    )
    with pytest.raises(OSError, match=f"{tmp_path / WORK}: Out of Memory Error: [^\n]*$"):
        run(auditor, tmp_path)
    assert run(replace(auditor, memory="2GB"), tmp_path) == [Verdict.VERIFIED]


def test_a_disk_that_will_not_do_is_told_before_it_is_full(
    begun: OfflineAuditor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {}
    text = sum(file.stat().st_size for file in (tmp_path / "report").glob("*.csv")) + len(MANIFEST)
    for name, free in (("ample", text), ("scarce", text * 3 // 4), ("none", 0)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        told, folder = Listening(), tmp_path / name
        begun.run(folder / LEDGER, created=BEGIN, version="0", progress=told)
        [said[name]] = [text for text in told.told if text.startswith("staging the inputs")]
        assert verdicts(folder) == [Verdict.VERIFIED]
    assert said["ample"] == "staging the inputs"
    assert said["scarce"] == "staging the inputs, compressed, since the disk is short"
    assert said["none"].startswith(f"{said['scarce']}: about 0.0 GB of disk go to {tmp_path}")


def test_what_one_has_staged_is_not_anothers(begun: OfflineAuditor, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / LEDGER)
    other = replace(
        begun,
        subject=replace(SUBJECT, name="another"),
        computed=(computed(tmp_path / "another", copy=b"two"),),
    )
    with pytest.raises(UsageError, match="holds another audit, whose subject is job"):
        run(other, tmp_path)
    assert not (tmp_path / LEDGER).exists()
    shutil.rmtree(tmp_path / WORK)
    assert run(other, tmp_path) != [Verdict.VERIFIED]


def test_slices_go_with_what_they_were_cut_from(begun: OfflineAuditor, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / WORK)
    for _ in range(2):
        with pytest.raises(UsageError, match=r"ledger: lacks .*, which it was made of"):
            run(replace(begun, buckets=3), tmp_path)
    shutil.rmtree(tmp_path / LEDGER)
    assert run(replace(begun, buckets=3), tmp_path) == [Verdict.VERIFIED]


def test_a_report_that_changed_is_another(begun: OfflineAuditor, tmp_path: Path) -> None:
    computed(tmp_path / "report", copy=b"two")
    with pytest.raises(UsageError, match="holds another audit, whose inputs is"):
        run(begun, tmp_path)


def test_copies_elsewhere_are_others(begun: OfflineAuditor, tmp_path: Path) -> None:
    there = S3PutObjectCopy(target_resource="arn:aws:s3:::elsewhere")
    with pytest.raises(UsageError, match="holds another audit, whose bound is"):
        run(replace(begun, subject=replace(SUBJECT, operation=there)), tmp_path)


def test_a_folder_of_somebody_elses_files_is_left_alone(
    begun: OfflineAuditor, tmp_path: Path
) -> None:
    (tmp_path / "new" / WORK / "stage").mkdir(parents=True)
    with pytest.raises(UsageError, match="holds files of another audit"):
        run(begun, tmp_path / "new")


def inventory(folder: Path, of: Of, file_format: FileFormat) -> Path:
    """An inventory on disk, as it is downloaded, of a versioned source or of its copy."""
    folder.mkdir(parents=True)
    old = {
        "bucket": "source" if of is Of.SOURCE else "copies",
        "key": "k",
        "version_id": "v1" if of is Of.SOURCE else None,
        "is_latest": of is Of.DESTINATION,
        "is_delete_marker": False,
        "size": 3,
        "last_modified_date": BEGIN + timedelta(minutes=1 if of is Of.DESTINATION else -9),
        "e_tag": "e",
        "storage_class": "STANDARD",
        "encryption_status": "SSE-KMS",
    }
    gone = old | {
        "version_id": "v2",
        "is_latest": True,
        "is_delete_marker": True,
        "size": None,
        "e_tag": None,
        "storage_class": None,
        "encryption_status": None,
    }
    rows = [old, gone] if of is Of.SOURCE else [old]
    (folder / "data").mkdir()
    path = write_rows(
        folder / "data" / f"rows{suffix(file_format)}", rows, tuple(COLUMNS), file_format
    )
    taken = WINDOW.end + timedelta(days=1)
    body = document([path], tuple(COLUMNS), file_format, taken=taken)
    (folder / "manifest.json").write_bytes(body)
    return folder / "manifest.json"


@needs_orc
def test_an_audit_with_inventories_is_the_same_in_every_format(
    store: BotoStore, tmp_path: Path
) -> None:
    report = computed(tmp_path / "report", copy=b"one")
    found = []
    for file_format in FileFormat:
        folder = tmp_path / file_format.value
        listed = {of: inventory(folder / of.value, of, file_format) for of in Of}
        auditor = OfflineAuditor(
            subject=SUBJECT,
            service=store,
            require=Level.RECORDED,
            computed=(report,),
            inventories=listed,
            buckets=2,
        )
        assert run(auditor, folder) == [Verdict.VERIFIED]
        found.append(list(LedgerReader(folder / LEDGER).records()))
    assert found[0] == found[1] == found[2]
    [record] = found[0]
    assert isinstance(record.evidence.source, ObjectFacts)
    assert isinstance(record.evidence.destination, ObjectFacts)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_changed_inventory_proves_nothing(
    file_format: FileFormat, store: BotoStore, tmp_path: Path
) -> None:
    manifest = inventory(tmp_path / "list", Of.SOURCE, file_format)
    [part] = (tmp_path / "list" / "data").iterdir()
    part.write_bytes(part.read_bytes() + b"0")
    auditor = OfflineAuditor(
        subject=SUBJECT,
        service=store,
        require=Level.RECORDED,
        computed=(),
        inventories={Of.SOURCE: manifest},
        buckets=1,
    )
    with pytest.raises(FormatError, match="MD5 is"):
        run(auditor, tmp_path)
