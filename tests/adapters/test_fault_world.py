"""A world of faults on a real S3 server: no wrong copy verified, no right one accused or lost."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.auditor import Auditor
from intact.adapters.clients import Asking, Client
from intact.adapters.ledger import LedgerReader
from intact.adapters.others import ComputedReport, ExpectedFile
from intact.audit import Level, ReadMode, Reason, Verdict, decide
from intact.checksum import Algorithm
from intact.s3 import ObjectFacts, ObjectRef
from tests.conftest import client
from tests.disguise import disguised
from tests.fault_world import BODY, FLIPPED, PREFIX, FaultWorld, all_cases, computed_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.audit import Counts, Record, Summary

CASES = all_cases()


class Silent:
    """Progress that nobody watches."""

    def phase(self, name: str, *, total: int | None = None) -> None: ...

    def advance(self) -> None: ...


@dataclass(frozen=True)
class Audited:
    """An audit of a world: its records by source key."""

    records: dict[str, Record]
    summary: Summary
    counts: Counts

    def verdict(self, key: str) -> Verdict:
        return self.records[key].finding.verdict


def audit(world: FaultWorld, folder: Path, read: ReadMode, **more: Any) -> Audited:  # noqa: ANN401 - fields of Auditor
    """What either client finds, which is the same to the last byte of the ledger."""
    found = {client: audit_by(client, world, folder, read, **more) for client in Client}
    assert found[Client.LEAN] == found[Client.BOTO3]
    return found[Client.BOTO3][0]


def audit_by(
    client: Client,
    world: FaultWorld,
    folder: Path,
    read: ReadMode,
    **more: Any,  # noqa: ANN401 - fields of Auditor
) -> tuple[Audited, list[bytes]]:
    auditor = Auditor(
        subject=world.subject,
        source=world.store,
        destination=world.store,
        service=world.store,
        read=read,
        workers=4,
        asking=Asking(client=client),
        **{"require": Level.RECORDED} | more,
    )
    ledger = folder / f"ledger-{client.value}"
    auditor.run(ledger, created=datetime.now(UTC), version="0", progress=Silent())
    reader = LedgerReader(ledger)
    summary, counts, records = reader.summary(), reader.counts, list(reader.records())
    found = {record.copy.source.key: record for record in records if record.copy.source}
    assert len(found) == len(records) == summary.rows
    for record in records:
        assert decide(record.evidence, auditor.policy()) == record.finding
    return Audited(found, summary, counts), [file.read_bytes() for file in reader.files()]


@pytest.fixture(scope="session")
def world(s3: S3Client, s3_server: str) -> Iterator[FaultWorld]:
    with disguised(s3_server) as disguise, closing(client(disguise.url)) as seen:
        yield FaultWorld(s3, CASES, disguise=disguise, seen=seen)


def require_sound(world: FaultWorld, audited: Audited) -> None:
    """Refuse a false ``verified``, a false ``mismatched`` and a lost row."""
    assert list(audited.records) == list(world.cases)
    assert audited.summary.imbalances(audited.counts) == []
    for key in world.cases:
        right, verdict = world.right[key], audited.verdict(key)
        if verdict is Verdict.VERIFIED:
            assert right, key
        if verdict is Verdict.MISMATCHED:
            assert not right, key


def test_there_are_enough_faults() -> None:
    assert len(CASES) >= 60
    assert {case.never for case in CASES.values()} == {*Verdict}


@pytest.mark.parametrize("mode", [ReadMode.NEVER, ReadMode.MISSING])
def test_every_fault_gets_its_verdict(world: FaultWorld, tmp_path: Path, mode: ReadMode) -> None:
    audited = audit(world, tmp_path, mode)
    require_sound(world, audited)
    wanted = {key: getattr(case, mode.value) for key, case in CASES.items()}
    got = {key: audited.verdict(key) for key in CASES}
    assert {
        key: (got[key], audited.records[key].finding.reason)
        for key in CASES
        if got[key] is not wanted[key]
    } == {}


@pytest.mark.parametrize("mode", [ReadMode.ALL, ReadMode.SAMPLE])
def test_whoever_asks_all_bytes_are_read_alike(
    world: FaultWorld, tmp_path: Path, mode: ReadMode
) -> None:
    require_sound(world, audit(world, tmp_path, mode))


@pytest.mark.parametrize("require", [Level.INDEPENDENT, Level.COMPUTED, Level.READ])
@pytest.mark.parametrize("mode", ReadMode)
def test_no_terms_make_an_audit_unsound(
    world: FaultWorld, tmp_path: Path, mode: ReadMode, require: Level
) -> None:
    audited, _ = audit_by(Client.LEAN, world, tmp_path, mode, require=require)
    require_sound(world, audited)
    verified = [
        r.finding.level for r in audited.records.values() if r.finding.verdict is Verdict.VERIFIED
    ]
    assert all(level.value >= require.value for level in verified)
    assert verified or mode is ReadMode.NEVER


def etag_of(world: FaultWorld, ref: ObjectRef) -> str:
    facts = world.store.head(ref)
    assert isinstance(facts, ObjectFacts)
    return facts.etag


def test_compute_checksum_rows_settle_what_they_speak_of(world: FaultWorld, tmp_path: Path) -> None:
    rows = []
    skipped = {"deleted", "source-deleted", "failed", "customer-key"}
    for key in CASES:
        if key in skipped:
            continue
        for ref in (
            ObjectRef(bucket=world.source, key=key),
            ObjectRef(bucket=world.target, key=world.at(key)),
        ):
            body = world.bytes_of(ref.bucket, ref.key)
            assert body is not None
            rows.append((ref, body, etag_of(world, ref)))
    report = ComputedReport(manifest=computed_report(tmp_path / "fresh", rows))
    audited = audit(world, tmp_path, ReadMode.NEVER, computed=(report,))
    require_sound(world, audited)
    for key, case in CASES.items():
        if key in skipped or case.missing in {Verdict.NOT_COPIED, Verdict.MISSING}:
            continue
        archived = key == "archived/unstored"
        assert audited.verdict(key) is (Verdict.VERIFIED if archived else case.missing), key
    assert audited.counts.computed_rows == len(rows)
    assert audited.counts.stray_computed_rows == 0


def test_stale_compute_checksum_rows_settle_nothing(world: FaultWorld, tmp_path: Path) -> None:
    rows = [
        (ObjectRef(bucket=bucket, key=name), b"what lay there before", "0" * 32)
        for key in CASES
        for bucket, name in ((world.source, key), (world.target, world.at(key)))
    ]
    report = ComputedReport(manifest=computed_report(tmp_path / "stale", rows))
    audited = audit(world, tmp_path, ReadMode.NEVER, computed=(report,))
    require_sound(world, audited)
    assert {key: audited.verdict(key) for key in CASES} == {k: c.never for k, c in CASES.items()}
    assert Reason.COMPUTED_OF_OTHER in {r.finding.reason for r in audited.records.values()}


def test_expected_digests_settle_what_s3_cannot(world: FaultWorld, tmp_path: Path) -> None:
    lines = []
    for key, body in world.copied.items():
        name = key.replace("\\", "\\\\").replace("\n", "\\n")
        escaped = "\\" if name != key else ""
        lines.append(f"{escaped}{hashlib.sha256(body).hexdigest()}  {name}\n")
    path = tmp_path / "SHA256SUMS"
    path.write_text("".join(lines))
    expected = ExpectedFile(path=path, algorithm=Algorithm.SHA256)
    audited = audit(world, tmp_path, ReadMode.MISSING, expected=(expected,))
    require_sound(world, audited)
    assert audited.counts.expected_rows == len(CASES)
    assert audited.counts.stray_expected_rows == 0
    for key in ("source-deleted", "source-replaced", "archived/other", "same/SHA256"):
        assert audited.verdict(key) is Verdict.VERIFIED, key
    wrong = audited.records["wrong-and-source-replaced"].finding
    assert wrong.reason is Reason.EXPECTED_DIFFERS


def test_wrong_expectations_never_verify(world: FaultWorld, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"something else").hexdigest()
    path = tmp_path / "SHA256SUMS"
    path.write_text("".join(f"{digest}  same/{name}\n" for name in ("SHA256", "CRC32")))
    expected = ExpectedFile(path=path, algorithm=Algorithm.SHA256)
    audited = audit(world, tmp_path, ReadMode.MISSING, expected=(expected,))
    assert audited.records["same/SHA256"].finding.reason is Reason.CONTRADICTION
    assert audited.verdict("same/CRC32") is Verdict.VERIFIED


def test_an_algorithm_that_was_not_honoured_proves_nothing(
    world: FaultWorld, tmp_path: Path
) -> None:
    operation = replace(world.subject.operation, checksum_algorithm=Algorithm.SHA256)
    subject = replace(world.subject, operation=operation)
    asked = FaultWorld.__new__(FaultWorld)
    asked.__dict__.update(world.__dict__ | {"subject": subject})
    audited = audit(asked, tmp_path, ReadMode.NEVER)
    require_sound(asked, audited)
    assert audited.records["same/CRC32"].finding.reason is Reason.ALGORITHM_NOT_HONOURED
    assert audited.verdict("same/SHA256") is Verdict.VERIFIED
    assert audited.verdict("same-wrong/CRC32") is Verdict.MISMATCHED


def test_what_lies_there_besides_is_extra(world: FaultWorld, tmp_path: Path) -> None:
    world.s3.put_object(Bucket=world.target, Key=f"{PREFIX}/extra", Body=BODY)
    world.s3.put_object(Bucket=world.target, Key="outside the prefix", Body=FLIPPED)
    audited = audit(world, tmp_path, ReadMode.NEVER, extras=True)
    assert audited.counts.extras == 1
    assert f"{PREFIX}/extra" in (tmp_path / "extras.csv").read_text()


def test_the_verdicts_add_up(world: FaultWorld, tmp_path: Path) -> None:
    audited = audit(world, tmp_path, ReadMode.MISSING)
    assert audited.summary.verdicts == Counter(case.missing for case in CASES.values())
    assert audited.counts.manifest_rows == len(CASES)
