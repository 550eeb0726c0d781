"""Faults of buckets with versions on a real S3 server, by manifests with and without versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from intact.adapters.auditor import Auditor
from intact.adapters.boto import BotoStore
from intact.adapters.clients import Asking, Client
from intact.adapters.ledger import LedgerReader
from intact.audit import Level, ReadMode, Reason, Subject, Verdict, Window
from intact.batch import S3PutObjectCopy, write_manifest
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS
from intact.s3 import ObjectRef
from tests.fault_world import next_second

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.audit import Finding

VERIFIED, UNVERIFIABLE = Verdict.VERIFIED, Verdict.UNVERIFIABLE
WANTED = [
    ("right", VERIFIED, Reason.EQUAL),
    ("wrong", Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
    ("source-replaced", VERIFIED, Reason.EQUAL),
    ("source-replaced-wrong", Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
    ("version-deleted", UNVERIFIABLE, Reason.SOURCE_ABSENT),
    ("delete-marker", Verdict.MISSING, Reason.DESTINATION_ABSENT),
    ("superseded", VERIFIED, Reason.EQUAL_SUPERSEDED),
    ("superseded-wrong", Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
    ("retried", VERIFIED, Reason.EQUAL_SUPERSEDED),
    ("retried-otherwise", UNVERIFIABLE, Reason.SEVERAL_VERSIONS),
    ("overwritten", UNVERIFIABLE, Reason.SEVERAL_VERSIONS),
    ("twice-wrong", Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
    ("mended", VERIFIED, Reason.EQUAL),
    ("only-before", UNVERIFIABLE, Reason.DESTINATION_NOT_OF_JOB),
    ("null-kept", VERIFIED, Reason.EQUAL),
    ("null-replaced", UNVERIFIABLE, Reason.SOURCE_REPLACED),
    ("null-kept-wrong", Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
]
HIDDEN = [
    ("hidden", VERIFIED, Reason.EQUAL),
    ("hidden-wrong", UNVERIFIABLE, Reason.SOURCE_ABSENT),
    ("hidden-replaced", VERIFIED, Reason.EQUAL),
    ("hidden-renewed", UNVERIFIABLE, Reason.SOURCE_ABSENT),
    ("wiped", UNVERIFIABLE, Reason.SOURCE_ABSENT),
    ("kept", VERIFIED, Reason.EQUAL),
]
"""Sources of a manifest without versions: what a delete marker hides, and what is gone."""
NULL = [name for name, _, _ in WANTED if name.startswith("null")]


@dataclass
class Versions:
    """The two buckets, and each source's version."""

    s3: S3Client
    source: str
    target: str
    refs: list[ObjectRef]

    def put(self, bucket: str, key: str, body: bytes) -> str:
        return self.s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId", "null")

    def copy(self, ref: ObjectRef) -> None:
        where = {"Bucket": ref.bucket, "Key": ref.key, "VersionId": ref.version_id or "null"}
        self.s3.copy_object(Bucket=self.target, Key=ref.key, CopySource=where)  # type: ignore[arg-type]

    def delete(self, ref: ObjectRef, **version: str) -> None:
        self.s3.delete_object(Bucket=ref.bucket, Key=ref.key, **version)  # type: ignore[arg-type]

    def hide(self, ref: ObjectRef, version: str) -> None:
        """Delete the source once the job has ended, whose version was that one."""
        if ref.key == "hidden-replaced":
            self.put(self.source, ref.key, b"newer")
        if ref.key in {"hidden-renewed", "wiped"}:
            self.delete(ref, VersionId=version)
        if ref.key == "hidden-renewed":
            self.put(self.source, ref.key, b"some bytes")
        if ref.key.startswith("hidden"):
            self.delete(ref)

    def during(self, ref: ObjectRef) -> None:
        if ref.key in {"twice-wrong", "mended"}:
            self.put(self.target, ref.key, b"some bytez")
        if ref.key.endswith("wrong"):
            self.put(self.target, ref.key, b"some bytez")
        elif ref.key != "only-before":
            self.copy(ref)
        if ref.key == "retried":
            self.copy(ref)
        if ref.key in {"retried-otherwise", "overwritten"}:
            self.put(self.target, ref.key, b"otherwise")

    def after(self, ref: ObjectRef) -> None:
        if ref.key.startswith(("superseded", "retried")):
            self.put(self.target, ref.key, b"of a later job")
        if ref.key.startswith("source-replaced") or ref.key == "null-replaced":
            self.put(self.source, ref.key, b"newer")
        if ref.key == "version-deleted":
            assert ref.version_id is not None
            self.s3.delete_object(Bucket=self.source, Key=ref.key, VersionId=ref.version_id)
        if ref.key == "delete-marker":
            self.s3.delete_object(Bucket=self.target, Key=ref.key)


@pytest.fixture(scope="session")
def versions(s3: S3Client) -> tuple[Versions, Window]:
    """The buckets after the job, and when it wrote; the last two rows name versions of one key."""
    name = f"versions-{uuid4().hex[:12]}"
    world = Versions(s3, f"{name}-s", f"{name}-d", [])
    for bucket in (world.source, world.target):
        s3.create_bucket(Bucket=bucket)
    for key in NULL:
        world.put(world.source, key, b"some bytes")
    enabled = {"Bucket": world.source, "VersioningConfiguration": {"Status": "Enabled"}}
    s3.put_bucket_versioning(**enabled)  # type: ignore[arg-type]
    s3.put_bucket_versioning(Bucket=world.target, VersioningConfiguration={"Status": "Enabled"})
    for key, _, _ in WANTED:
        version = "null" if key in NULL else world.put(world.source, key, b"some bytes")
        world.refs.append(ObjectRef(bucket=world.source, key=key, version_id=version))
    world.put(world.target, "only-before", b"some bytes")
    for body in (b"first", b"second"):
        version = world.put(world.source, "two-versions", body)
        world.refs.append(ObjectRef(bucket=world.source, key="two-versions", version_id=version))
    begin = next_second()
    for ref in world.refs:
        world.during(ref)
    end = next_second()
    next_second()
    suspended = {"Bucket": world.source, "VersioningConfiguration": {"Status": "Suspended"}}
    s3.put_bucket_versioning(**suspended)  # type: ignore[arg-type]
    for ref in world.refs:
        world.after(ref)
    return world, Window(begin=begin, end=end - timedelta(seconds=1), skew=timedelta(0))


@pytest.fixture(scope="session")
def hidden(s3: S3Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """Findings of either client on deleted sources, by a manifest that names no versions."""
    name = f"hidden-{uuid4().hex[:12]}"
    world = Versions(s3, f"{name}-s", f"{name}-d", [])
    for bucket in (world.source, world.target):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = [world.put(world.source, key, b"some bytes") for key, _, _ in HIDDEN]
    begin = next_second()
    for (key, _, _), version in zip(HIDDEN, versions, strict=True):
        world.during(ObjectRef(bucket=world.source, key=key, version_id=version))
        world.refs.append(ObjectRef(bucket=world.source, key=key))
    end = next_second()
    next_second()
    for ref, version in zip(world.refs, versions, strict=True):
        world.hide(ref, version)
    window = Window(begin=begin, end=end - timedelta(seconds=1), skew=timedelta(0))
    boto3, lean = (
        audit(world, window, tmp_path_factory.mktemp("hidden"), Asking(client=client), FIELDS)
        for client in Client
    )
    assert boto3 == lean
    return lean[0]


@pytest.fixture(scope="session")
def audited(
    versions: tuple[Versions, Window], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Finding]]:
    """Findings by key of either client, whose ledgers are the same."""
    boto3, lean = (
        audit(*versions, tmp_path_factory.mktemp("versions"), Asking(client=client))
        for client in Client
    )
    assert boto3 == lean
    return lean[0]


def audit(
    world: Versions,
    window: Window,
    folder: Path,
    asking: Asking,
    fields: tuple[str, ...] = VERSIONED_FIELDS,
) -> tuple[dict[str, list[Finding]], list[bytes]]:
    manifest = folder / "m.csv"
    manifest.write_bytes(b"".join(write_manifest(world.refs, fields=fields)))
    store = BotoStore(world.s3)
    auditor = Auditor(
        subject=Subject(
            name="versions",
            operation=S3PutObjectCopy(target_resource=f"arn:aws:s3:::{world.target}"),
            manifest=ObjectRef(bucket="none", key="m.csv"),
            manifest_etag=None,
            fields=fields,
            report=None,
            reports_all_tasks=False,
            window=window,
        ),
        source=store,
        destination=store,
        service=store,
        read=ReadMode.NEVER,
        require=Level.RECORDED,
        manifest=manifest,
        workers=4,
        asking=asking,
    )
    ledger = folder / "ledger"
    auditor.run(ledger, created=datetime.now(UTC), version="0", progress=Silent())
    reader = LedgerReader(ledger)
    summary, counts = reader.summary(), reader.counts
    assert summary.imbalances(counts) == []
    found: dict[str, list[Finding]] = {}
    for record in reader.records():
        assert record.copy.source is not None
        found.setdefault(record.copy.source.key, []).append(record.finding)
    return found, [file.read_bytes() for file in reader.files()]


class Silent:
    """Progress that nobody watches."""

    def phase(self, name: str, *, total: int | None = None) -> None: ...

    def advance(self) -> None: ...


@pytest.mark.parametrize(("key", "verdict", "reason"), WANTED)
def test_every_fault_gets_its_verdict(
    audited: dict[str, list[Finding]], key: str, verdict: Verdict, reason: Reason
) -> None:
    [finding] = audited[key]
    assert (finding.verdict, finding.reason) == (verdict, reason)


def test_of_two_versions_at_one_key_neither_is_accused(audited: dict[str, list[Finding]]) -> None:
    first, second = audited["two-versions"]
    assert (first.verdict, first.reason) == (UNVERIFIABLE, Reason.DESTINATION_SHARED)
    assert (second.verdict, second.reason) == (VERIFIED, Reason.EQUAL)


@pytest.mark.parametrize(("key", "verdict", "reason"), HIDDEN)
def test_a_deleted_source_is_sought_where_a_delete_marker_hides_it(
    hidden: dict[str, list[Finding]], key: str, verdict: Verdict, reason: Reason
) -> None:
    [finding] = hidden[key]
    assert (finding.verdict, finding.reason) == (verdict, reason)
