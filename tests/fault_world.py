"""A finished copy job with every fault that copies have, staged on a real S3 server, truth known.

The server does the copies.  What it cannot store, a key of KMS or one of the newer algorithms,
``tests.disguise`` puts into its answers, truthfully digested from the bytes that lie there.
"""

from __future__ import annotations

import hashlib
import json
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from intact.adapters.boto import BotoStore
from intact.audit import Subject, Verdict, Window
from intact.audit.subject import Tasks
from intact.batch import ReportManifest, S3PutObjectCopy, TaskResult, TaskStatus, write_manifest
from intact.batch.report import ReportPart
from intact.checksum import Algorithm, ChecksumType, new
from intact.checksum.encoding import encode
from intact.s3 import ObjectRef, encode_key
from intact.s3.objects import SSE_S3
from tests.disguise import Mask
from tests.worlds import full

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.disguise import Disguise

PREFIX = "2026"
PART = 5 << 20
LARGE = (b"a" * PART, b"tail")
WRONG_LARGE = (b"a" * (PART - 1) + b"b", b"tail")
STORED = [
    Algorithm.CRC32,
    Algorithm.CRC32C,
    Algorithm.CRC64NVME,
    Algorithm.SHA1,
    Algorithm.SHA256,
]
NEWER = [algorithm for algorithm in Algorithm if algorithm not in STORED]
PARTED = [algorithm for algorithm in STORED if algorithm is not Algorithm.CRC64NVME]
CRC, CRC32, SHA = Algorithm.CRC64NVME, Algorithm.CRC32, Algorithm.SHA256
COMPOSITE, FULL = ChecksumType.COMPOSITE, ChecksumType.FULL_OBJECT
VERIFIED, MISMATCHED, MISSING, NOT_COPIED, UNVERIFIABLE, UNCHECKED = Verdict
NFC = unicodedata.normalize("NFC", "odd/caf\N{LATIN SMALL LETTER E WITH ACUTE}")
ODD = (
    "odd/a+b",
    "odd/a b",
    "odd/100%",
    "odd/%2B",
    NFC,
    unicodedata.normalize("NFD", NFC),
    "odd/new\nline",
    'odd/comma, "quote"',
    "odd/=1+1",
    "odd//double",
)

Step = Callable[["FaultWorld", str], None]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One object and what happens to it.

    Attributes:
        before: Stages the source, before the job.
        during: Does the job's work on it.
        after: What happens once the job has ended.
        never: Verdict without reading bytes.
        missing: Verdict where bytes are read when nothing else decides.
        status: What the report says; None for no row.
    """

    before: Step
    during: Step
    after: Step = lambda _, __: None
    never: Verdict
    missing: Verdict
    status: TaskStatus | None = TaskStatus.SUCCEEDED


class FaultWorld:
    """Two buckets before and after a job, and one for its papers.

    Attributes:
        copied: The bytes of each source as the job read them.
        right: The truth: whether what lies at the destination is what the job was to copy.
        subject: The job.
        store: Shows what S3 says, as auditors see it.
    """

    def __init__(
        self, s3: S3Client, cases: dict[str, Case], *, disguise: Disguise, seen: S3Client
    ) -> None:
        """Stage the cases on a server; ``seen`` asks it through the disguise."""
        self.s3, self.cases, self.disguise = s3, cases, disguise
        name = f"faults-{uuid4().hex[:12]}"
        self.source, self.target, self.desk = (f"{name}-{role}" for role in ("s", "d", "x"))
        for bucket in (self.source, self.target, self.desk):
            s3.create_bucket(Bucket=bucket)
        self.store = BotoStore(seen)
        self.copied: dict[str, bytes] = {}
        self._each("before")
        begin = next_second()
        self.copied = {key: self.bytes_of(self.source, key) or b"" for key in cases}
        self._each("during")
        end = next_second()
        next_second()
        self._each("after")
        self.right = {key: self._is_right(key) for key in cases}
        self.subject = self._papers(begin, end - timedelta(seconds=1))

    def _each(self, step: str) -> None:
        for key, case in self.cases.items():
            getattr(case, step)(self, key)

    def at(self, key: str) -> str:
        return f"{PREFIX}/{key}"

    def bytes_of(self, bucket: str, key: str) -> bytes | None:
        """What lies there, in clear; None where nothing does."""
        try:
            with self.s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
                return body.read()
        except self.s3.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"InvalidObjectState", "InvalidRequest"}:
                return self.copied[key.removeprefix(f"{PREFIX}/")]  # archived or locked as copied
            return None

    def _is_right(self, key: str) -> bool:
        return self.bytes_of(self.target, self.at(key)) == self.copied[key]

    def _papers(self, begin: datetime, end: datetime) -> Subject:
        refs = [ObjectRef(bucket=self.source, key=key) for key in self.cases]
        manifest = b"".join(write_manifest(refs, fields=("Bucket", "Key")))
        etag = self.s3.put_object(Bucket=self.desk, Key="m.csv", Body=manifest)["ETag"]
        parts = tuple(self._part(status) for status in TaskStatus)
        report = ReportManifest(created="", parts=parts).write()
        md5 = hashlib.md5(report, usedforsecurity=False).hexdigest().encode()
        self.s3.put_object(Bucket=self.desk, Key="job/manifest.json", Body=report)
        self.s3.put_object(Bucket=self.desk, Key="job/manifest.json.md5", Body=md5)
        statuses = [case.status for case in self.cases.values()]
        return Subject(
            name="faults",
            operation=S3PutObjectCopy(
                target_resource=f"arn:aws:s3:::{self.target}", target_key_prefix=PREFIX
            ),
            manifest=ObjectRef(bucket=self.desk, key="m.csv"),
            manifest_etag=etag.strip('"'),
            fields=("Bucket", "Key"),
            report=ObjectRef(bucket=self.desk, key="job/manifest.json"),
            reports_all_tasks=True,
            window=Window(begin=begin, end=end, skew=timedelta(0)),
            tasks=Tasks(
                total=len(statuses),
                succeeded=statuses.count(TaskStatus.SUCCEEDED),
                failed=statuses.count(TaskStatus.FAILED),
                complete=None not in statuses,
            ),
        )

    def _part(self, status: TaskStatus) -> ReportPart:
        rows = [
            TaskResult(
                bucket=self.source,
                raw_key=encode_key(key),
                version_id=None,
                status=status,
                http_status=200 if status is TaskStatus.SUCCEEDED else 404,
                error_code="" if status is TaskStatus.SUCCEEDED else "NoSuchKey",
                message="Successful" if status is TaskStatus.SUCCEEDED else "Not found",
            ).row()
            for key, case in self.cases.items()
            if case.status is status
        ]
        body = "".join(rows).encode()
        key = f"job/results/{status.value}.csv"
        self.s3.put_object(Bucket=self.desk, Key=key, Body=body)
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return ReportPart(bucket=self.desk, key=key, md5=md5, status=status)


def next_second() -> datetime:
    """Wait for the next whole second, since S3 resolves no finer, and return it."""
    now = time.time()
    time.sleep(1.02 - now % 1)
    return datetime.now(UTC).replace(microsecond=0)


def put(body: bytes = b"some bytes", algorithm: Algorithm = CRC, **more: Any) -> Step:  # noqa: ANN401 - parameters of PutObject
    """Store a source whole."""

    def step(world: FaultWorld, key: str) -> None:
        value: Any = {algorithm.member: encode(new(algorithm, body).digest())}
        world.s3.put_object(Bucket=world.source, Key=key, Body=body, **value, **more)

    return step


def write(body: bytes, algorithm: Algorithm = CRC, **more: Any) -> Step:  # noqa: ANN401 - as above
    """Store a destination whole, in place of a copy."""

    def step(world: FaultWorld, key: str) -> None:
        value: Any = {algorithm.member: encode(new(algorithm, body).digest())}
        world.s3.put_object(Bucket=world.target, Key=world.at(key), Body=body, **value, **more)

    return step


def parts(
    algorithm: Algorithm,
    kind: ChecksumType,
    *,
    bodies: tuple[bytes, ...] = LARGE,
    there: bool = False,
) -> Step:
    """Store an object in parts, as a source or in place of a copy."""

    def step(world: FaultWorld, key: str) -> None:
        where: Any = {"Bucket": world.target, "Key": world.at(key)}
        if not there:
            where = {"Bucket": world.source, "Key": key}
        created: Any = world.s3.create_multipart_upload(
            **where, ChecksumAlgorithm=algorithm.value, ChecksumType=kind.value
        )
        where["UploadId"] = created["UploadId"]
        done: list[Any] = []
        for number, body in enumerate(bodies, 1):
            value: Any = {algorithm.member: encode(new(algorithm, body).digest())}
            part: Any = world.s3.upload_part(**where, PartNumber=number, Body=body, **value)
            done.append({"PartNumber": number, "ETag": part["ETag"], **value})
        world.s3.complete_multipart_upload(
            **where, MultipartUpload={"Parts": done}, ChecksumType=kind.value
        )

    return step


def copy(algorithm: Algorithm | None = None, **more: Any) -> Step:  # noqa: ANN401 - parameters of CopyObject
    """Copy as the job does."""

    def step(world: FaultWorld, key: str) -> None:
        if algorithm is not None:
            more["ChecksumAlgorithm"] = algorithm.value
        world.s3.copy_object(
            Bucket=world.target,
            Key=world.at(key),
            CopySource={"Bucket": world.source, "Key": key},
            **more,
        )

    return step


def nothing(_world: FaultWorld, _key: str) -> None:
    """Do nothing."""


def delete(*, there: bool) -> Step:
    """Delete the destination or the source."""

    def step(world: FaultWorld, key: str) -> None:
        if there:
            world.s3.delete_object(Bucket=world.target, Key=world.at(key))
        else:
            world.s3.delete_object(Bucket=world.source, Key=key)

    return step


def both(*steps: Step) -> Step:
    """Do one after the other."""

    def step(world: FaultWorld, key: str) -> None:
        for each in steps:
            each(world, key)

    return step


def say(algorithm: Algorithm | None, *, encryption: str = SSE_S3, there: bool = True) -> Step:
    """Let an object be one that this server cannot store: its only checksum, its encryption."""

    def step(world: FaultWorld, key: str) -> None:
        place = (world.target, world.at(key)) if there else (world.source, key)
        checksum = None if algorithm is None else full(world.bytes_of(*place) or b"", algorithm)
        etag = None
        if encryption != SSE_S3:
            own = world.s3.head_object(Bucket=place[0], Key=place[1])["ETag"].strip('"')
            etag = hashlib.md5(repr((place, own)).encode(), usedforsecurity=False).hexdigest()
            world.disguise.etags[etag] = own
        world.disguise.masks[place] = Mask(encryption=encryption, checksum=checksum, etag=etag)

    return step


BODY, FLIPPED = b"some bytes", b"some bytez"


def _stored() -> Iterator[tuple[str, Case]]:
    """The source has a full-object checksum."""
    for algorithm in STORED:
        name, source = algorithm.value, put(BODY, algorithm)
        yield f"same/{name}", Case(before=source, during=copy(), never=VERIFIED, missing=VERIFIED)
        yield (
            f"same-wrong/{name}",
            Case(
                before=source,
                during=write(FLIPPED, algorithm),
                never=MISMATCHED,
                missing=MISMATCHED,
            ),
        )
        other = STORED[STORED.index(algorithm) - 1]
        yield (
            f"other/{name}",
            Case(before=source, during=copy(other), never=UNVERIFIABLE, missing=VERIFIED),
        )
        yield (
            f"other-wrong/{name}",
            Case(
                before=source, during=write(FLIPPED, other), never=UNVERIFIABLE, missing=MISMATCHED
            ),
        )
    for algorithm in NEWER:
        seen = both(say(algorithm, there=False), say(algorithm))
        for name, during in (("newer", copy()), ("newer-wrong", write(FLIPPED))):
            verdict = VERIFIED if name == "newer" else MISMATCHED
            yield (
                f"{name}/{algorithm.value}",
                Case(before=put(), during=during, after=seen, never=verdict, missing=verdict),
            )


def _parted() -> Iterator[tuple[str, Case]]:
    """The source was uploaded in parts."""
    for algorithm in PARTED:
        source = parts(algorithm, COMPOSITE)
        combines = algorithm.combines
        yield (
            f"composite/{algorithm.value}",
            Case(
                before=source,
                during=copy(algorithm),
                never=VERIFIED if combines else UNVERIFIABLE,
                missing=VERIFIED,
            ),
        )
        yield (
            f"composite-wrong/{algorithm.value}",
            Case(
                before=source,
                during=write(b"".join(WRONG_LARGE), algorithm),
                never=MISMATCHED if combines else UNVERIFIABLE,
                missing=MISMATCHED,
            ),
        )
    source = parts(SHA, COMPOSITE)
    for name, bodies, never, missing in (
        ("same-parts", LARGE, VERIFIED, VERIFIED),
        ("same-parts-wrong", WRONG_LARGE, MISMATCHED, MISMATCHED),
        ("one-part", (b"".join(LARGE),), UNVERIFIABLE, VERIFIED),
        ("one-part-wrong", (b"".join(WRONG_LARGE),), UNVERIFIABLE, MISMATCHED),
    ):
        there = parts(SHA, COMPOSITE, bodies=bodies, there=True)
        yield name, Case(before=source, during=there, never=never, missing=missing)
    source = parts(CRC, FULL)
    yield "whole/right", Case(before=source, during=copy(), never=VERIFIED, missing=VERIFIED)
    there = parts(CRC, FULL, bodies=WRONG_LARGE, there=True)
    yield "whole/wrong", Case(before=source, during=there, never=MISMATCHED, missing=MISMATCHED)
    bare = say(None, there=False)
    yield (
        "etag-of-parts/right",
        Case(before=source, during=copy(SHA), after=bare, never=UNVERIFIABLE, missing=VERIFIED),
    )
    wrong = write(b"".join(WRONG_LARGE), SHA)
    yield (
        "etag-of-parts/wrong",
        Case(before=source, during=wrong, after=bare, never=UNVERIFIABLE, missing=MISMATCHED),
    )


def _etags() -> Iterator[tuple[str, Case]]:
    """The source has no checksum but its ETag, which is an MD5 or is none."""
    md5 = both(say(None, there=False), say(Algorithm.MD5))
    locked = both(say(None, there=False, encryption="aws:kms"), say(Algorithm.MD5))
    neither = both(say(None, there=False), say(None))
    for name, during, right in (("right", copy(), True), ("wrong", write(FLIPPED), False)):
        after_read = VERIFIED if right else MISMATCHED
        yield (
            f"md5/{name}",
            Case(
                before=put(),
                during=during,
                after=md5,
                never=VERIFIED if right else UNVERIFIABLE,
                missing=after_read,
            ),
        )
        yield (
            f"kms/{name}",
            Case(before=put(), during=during, after=locked, never=UNVERIFIABLE, missing=after_read),
        )
        yield (
            f"etags/{name}",
            Case(
                before=put(), during=during, after=neither, never=UNVERIFIABLE, missing=after_read
            ),
        )


def _bound() -> Iterator[tuple[str, Case]]:
    """What the evidence speaks of may not be this copy."""
    good: Any = {"before": put(), "during": copy()}
    for name, after, never, missing in (
        ("source-replaced", put(b"newer bytes"), UNVERIFIABLE, UNVERIFIABLE),
        ("source-deleted", delete(there=False), UNVERIFIABLE, UNVERIFIABLE),
        ("overwritten", write(b"else bytes"), UNVERIFIABLE, UNVERIFIABLE),
        ("overwritten-alike", write(BODY), UNVERIFIABLE, UNVERIFIABLE),
        ("deleted", delete(there=True), MISSING, MISSING),
    ):
        yield name, Case(**good, after=after, never=never, missing=missing)
    wrong: Any = {"before": put(), "during": write(FLIPPED)}
    yield (
        "wrong-and-source-replaced",
        Case(**wrong, after=put(FLIPPED + b"!"), never=UNVERIFIABLE, missing=UNVERIFIABLE),
    )
    yield (
        "never-copied",
        Case(
            before=both(put(), write(BODY)),
            during=nothing,
            never=UNVERIFIABLE,
            missing=UNVERIFIABLE,
        ),
    )
    for name, body in (("failed", None), ("failed-older", b"older")):
        yield (
            name,
            Case(
                before=both(put(), write(body)) if body else put(),
                during=nothing,
                never=NOT_COPIED,
                missing=NOT_COPIED,
                status=TaskStatus.FAILED,
            ),
        )
    yield "unreported", Case(**good, never=NOT_COPIED, missing=NOT_COPIED, status=None)


def _odd() -> Iterator[tuple[str, Case]]:
    """Names, sizes, classes and locks."""
    for number, key in enumerate(ODD):
        right = number % 2 == 0
        during = copy() if right else write(FLIPPED)
        verdict = VERIFIED if right else MISMATCHED
        yield key, Case(before=put(), during=during, never=verdict, missing=verdict)
    nothing_in = put(b"")
    yield "empty", Case(before=nothing_in, during=copy(SHA), never=VERIFIED, missing=VERIFIED)
    yield "folder/", Case(before=nothing_in, during=copy(), never=VERIFIED, missing=VERIFIED)
    yield (
        "empty-wrong",
        Case(before=nothing_in, during=write(b"x", SHA), never=MISMATCHED, missing=MISMATCHED),
    )
    yield (
        "emptied",
        Case(before=put(), during=write(b"", SHA), never=MISMATCHED, missing=MISMATCHED),
    )
    yield (
        "cut-off",
        Case(before=put(), during=write(BODY[:-1], SHA), never=MISMATCHED, missing=MISMATCHED),
    )
    yield (
        "archived/comparable",
        Case(before=put(), during=copy(StorageClass="GLACIER"), never=VERIFIED, missing=VERIFIED),
    )
    yield (
        "archived/other",
        Case(
            before=put(),
            during=copy(SHA, StorageClass="DEEP_ARCHIVE"),
            never=UNVERIFIABLE,
            missing=VERIFIED,  # by the bytes of the source, which is not archived
        ),
    )
    yield (
        "archived/unstored",
        Case(
            before=put(),
            during=copy(StorageClass="DEEP_ARCHIVE"),
            after=say(None),
            never=UNVERIFIABLE,
            missing=UNVERIFIABLE,
        ),
    )
    lock: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32}
    yield (
        "customer-key",
        Case(before=put(), during=copy(**lock), never=UNCHECKED, missing=UNCHECKED),
    )


def all_cases() -> dict[str, Case]:
    """Every case by its key."""
    return dict([*_stored(), *_parted(), *_etags(), *_bound(), *_odd()])


def computed_report(folder: Path, rows: list[tuple[ObjectRef, bytes, str]]) -> Path:
    """Write the report of a Compute checksum job: object, bytes and ETag that it read."""
    results = []
    for ref, body, etag in rows:
        checksum = full(body, SHA)
        message = {
            "checksum_base64": str(checksum),
            "ETag": etag,
            "checksumAlgorithm": "SHA256",
            "checksumType": "FULL_OBJECT",
            "checksum_hex": checksum.digest.hex().upper(),
        }
        results.append(
            TaskResult(
                bucket=ref.bucket,
                raw_key=encode_key(ref.key),
                version_id=ref.version_id,
                status=TaskStatus.SUCCEEDED,
                http_status=200,
                error_code="",
                message=json.dumps(message),
            ).row()
        )
    text = "".join(results).encode()
    folder.mkdir()
    (folder / "1.csv").write_bytes(text)
    md5 = hashlib.md5(text, usedforsecurity=False).hexdigest()
    part = ReportPart(bucket="x", key="results/1.csv", md5=md5, status=TaskStatus.SUCCEEDED)
    path = folder / "manifest.json"
    path.write_bytes(ReportManifest(created="", parts=(part,)).write())
    return path
