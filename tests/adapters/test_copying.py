"""Objects copied in parts, as small as S3 allows, on two S3 servers of different makes."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from intact.adapters.boto import s3_client
from intact.adapters.copying import STATE, Copying, State
from intact.adapters.multipart import Source
from intact.batch import S3PutObjectCopy, TaskStatus, write_manifest
from intact.batch.computed import ComputedRow
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS
from intact.batch.multipart import SMALLEST_PART
from intact.checksum import new
from intact.checksum.encoding import encode
from intact.errors import AccessError, FormatError, UsageError
from intact.s3 import ObjectFacts, ObjectRef
from tests.scripted_server import plain, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.batch import TaskResult
    from tests.scripted_server import Words

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ODD = "odd/a+b %25 ü\n.bin"
MIB = 1 << 20


def body(size: int) -> bytes:
    return bytes(range(251)) * (size // 251) + bytes(size % 251)


class Yard:
    """Two buckets and a folder, and the copies between them."""

    def __init__(self, client: S3Client, folder: Path) -> None:
        self.client, self.folder = client, folder
        name = f"copy-{uuid4().hex[:12]}"
        self.source, self.target = f"{name}-source", f"{name}-target"
        client.create_bucket(Bucket=self.source)
        client.create_bucket(Bucket=self.target)

    def put(self, key: str, size: int, **members: Any) -> ObjectRef:  # noqa: ANN401 - of PutObject
        answer = self.client.put_object(
            Bucket=self.source, Key=key, Body=body(size), ChecksumAlgorithm="SHA256", **members
        )
        return ObjectRef(bucket=self.source, key=key, version_id=answer.get("VersionId"))

    def put_parts(self, key: str, *sizes: int, algorithm: str = "CRC32") -> ObjectRef:
        where: dict[str, Any] = {"Bucket": self.source, "Key": key}
        upload = self.client.create_multipart_upload(
            **where,
            ChecksumAlgorithm=algorithm,  # type: ignore[arg-type] # a word of S3's
            ChecksumType="FULL_OBJECT",
        )["UploadId"]
        parts: list[Any] = []
        whole, start = body(sum(sizes)), 0
        for number, size in enumerate(sizes, 1):
            sent = whole[start : start + size]
            digest: Any = {f"Checksum{algorithm}": encode(new(algorithm, sent).digest())}
            answer = self.client.upload_part(
                **where,
                UploadId=upload,
                PartNumber=number,
                Body=sent,
                **digest,
            )
            parts.append({"PartNumber": number, "ETag": answer["ETag"]} | digest)
            start += size
        self.client.complete_multipart_upload(
            **where,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
            ChecksumType="FULL_OBJECT",
        )
        return ObjectRef(bucket=self.source, key=key)

    def copying(self, *refs: ObjectRef, **changes: Any) -> Copying:  # noqa: ANN401 - of Copying
        fields = VERSIONED_FIELDS if refs[0].version_id else FIELDS
        manifest = self.folder / "m.csv"
        manifest.write_bytes(b"".join(write_manifest(refs, fields=fields)))
        operation = S3PutObjectCopy(
            target_resource=f"arn:aws:s3:::{self.target}",
            target_key_prefix="p",
            **changes.pop("operation", {}),
        )
        given: dict[str, Any] = {
            "manifest": manifest,
            "fields": fields,
            "operation": operation,
            "part_size": SMALLEST_PART,
            "keep_parts": False,
            "folder": self.folder / "state",
        }
        return Copying(**given | changes)

    def copy(self, *refs: ObjectRef, **changes: Any) -> list[TaskResult]:  # noqa: ANN401 - as above
        return list(self.copying(*refs, **changes).run(self.client, created=NOW).results())

    def head(self, key: str, **members: Any) -> Any:  # noqa: ANN401 - of HeadObject
        return self.client.head_object(
            Bucket=self.target, Key=f"p/{key}", ChecksumMode="ENABLED", **members
        )

    def uploads(self) -> list[str]:
        found = self.client.list_multipart_uploads(Bucket=self.target)
        return [upload["UploadId"] for upload in found.get("Uploads", [])]


@pytest.fixture(params=["s3", "versity"])
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Yard:
    return Yard(request.getfixturevalue(request.param), tmp_path)


@pytest.fixture
def local(s3: S3Client, tmp_path: Path) -> Yard:
    return Yard(s3, tmp_path)


@contextmanager
def before(
    client: S3Client, operation: str, act: Callable[[dict[str, Any]], object]
) -> Iterator[Counter[str]]:
    """Act before every request of an operation; counts the requests of all operations."""
    asked: Counter[str] = Counter()

    def see(*, params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        asked[model.name] += 1
        if model.name == operation:
            act(params)

    client.meta.events.register("before-parameter-build.s3", see)
    try:
        yield asked
    finally:
        client.meta.events.unregister("before-parameter-build.s3", see)


def nothing(_: dict[str, Any]) -> None:
    pass


def said(result: TaskResult) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(result.message)
    return message


def test_no_copy_is_of_the_second_of_its_source(yard: Yard) -> None:
    source = yard.put("k", 10)
    [result] = yard.copy(ObjectRef(bucket=source.bucket, key=source.key))
    assert result.status is TaskStatus.SUCCEEDED
    written = yard.client.head_object(Bucket=yard.source, Key="k")["LastModified"]
    assert yard.client.head_object(Bucket=yard.target, Key="p/k")["LastModified"] > written


@pytest.mark.parametrize(
    ("date", "same"),
    [
        ("Sun, 22 Nov 2026 00:00:00 GMT", True),
        ("Sat, 21 Nov 2026 23:59:59 GMT", True),
        ("Sun, 22 Nov 2026 00:00:01 GMT", False),
        ("Sun, 22 Nov 2026 00:00:00 -0000", False),
        ("yesterday", False),
        (None, False),
    ],
)
def test_a_source_is_of_this_second_by_the_clock_of_its_server(
    date: str | None, *, same: bool
) -> None:
    told = {} if date is None else {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    head = {"ETag": '"e"', "ContentLength": 1, "LastModified": NOW, **told}
    ref = ObjectRef(bucket="b", key="k")
    source = Source(ref=ref, facts=ObjectFacts.from_head(head), head=head)
    assert source.is_of_this_second is same


@pytest.mark.parametrize(
    ("size", "parts"),
    [(0, 0), (1, 0), (SMALLEST_PART, 0), (SMALLEST_PART + 1, 2), (2 * SMALLEST_PART, 2)],
)
def test_a_copy_has_the_bytes_and_their_crc64nvme(yard: Yard, size: int, parts: int) -> None:
    [result] = yard.copy(yard.put(ODD, size))
    assert result.status is TaskStatus.SUCCEEDED, result
    wanted = encode(new("CRC64NVME", body(size)).digest())
    assert said(result)["checksum_base64"] == wanted
    assert said(result)["parts"] == parts
    assert said(result)["equalTo"] == (["parts"] if parts else [])
    with pytest.raises(FormatError, match="intact copy"):  # the row names the source
        ComputedRow.parse(result)
    head = yard.head(ODD)
    assert (head["ChecksumCRC64NVME"], head["ChecksumType"]) == (wanted, "FULL_OBJECT")
    assert head["ContentLength"] == size
    with yard.client.get_object(Bucket=yard.target, Key=f"p/{ODD}")["Body"] as found:
        assert found.read() == body(size)
    assert yard.uploads() == []


def test_a_copy_is_compared_with_its_source_where_both_have_the_checksum(local: Yard) -> None:
    [result] = local.copy(local.put_parts("k", SMALLEST_PART, 9, algorithm="CRC64NVME"))
    assert said(result)["equalTo"] == ["parts", "source"]


def test_headers_metadata_and_tags_are_carried_over_and_the_class_is_as_asked(local: Yard) -> None:
    ref = local.put(
        "k",
        SMALLEST_PART + 1,
        CacheControl="no-cache",
        ContentDisposition='attachment; filename="a b"',
        ContentEncoding="gzip",
        ContentLanguage="de",
        ContentType="text/x-odd",
        Expires=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
        Metadata={"colour": "red & blue", "empty": ""},
        Tagging="a%2Bb=c%3Dd%20e&team=x",
        StorageClass="STANDARD_IA",
    )
    [result] = local.copy(ref, operation={"storage_class": "ONEZONE_IA"})
    assert said(result)["parts"] == 2
    one = local.client.head_object(Bucket=local.source, Key="k")
    names = {"CacheControl", "Expires", "TagCount"} | {
        name for name in one if name.startswith("Content")
    }
    found = local.head("k")
    assert {name: found.get(name) for name in names} == {name: one.get(name) for name in names}
    assert found["StorageClass"] == "ONEZONE_IA"
    assert found["Metadata"] == {"colour": "red & blue", "empty": ""}
    tags = local.client.get_object_tagging(Bucket=local.target, Key="p/k")["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"a+b": "c=d e", "team": "x"}


def test_metadata_that_cannot_be_carried_over_are_not_dropped(local: Yard) -> None:
    ref = local.put("k", SMALLEST_PART + 1)
    local.client.meta.events.register_first("after-call.s3.HeadObject", _unreadable)
    try:
        [result] = local.copy(ref)
    finally:
        local.client.meta.events.unregister("after-call.s3.HeadObject", _unreadable)
    assert result.status is TaskStatus.FAILED
    assert "metadata cannot be carried over" in result.message
    assert local.uploads() == []


def _unreadable(*, parsed: dict[str, Any], **_: object) -> None:
    parsed["MissingMeta"] = 1


@pytest.mark.parametrize(
    "sizes",
    [(7 * MIB, 5 * MIB, 6 * MIB, 1), (5 * MIB, 5 * MIB), (12 * MIB,), (9,), (0,)],
    ids=str,
)
def test_the_sources_parts_are_kept_when_asked_for(yard: Yard, sizes: tuple[int, ...]) -> None:
    ref = yard.put_parts("k", *sizes)
    [result] = yard.copy(ref, keep_parts=True)
    assert result.status is TaskStatus.SUCCEEDED, result
    head = yard.client.head_object(Bucket=yard.source, Key="k")
    assert yard.head("k")["ETag"] == head["ETag"]
    found = [yard.head("k", PartNumber=n + 1)["ContentLength"] for n in range(len(sizes))]
    assert found == list(sizes)


def test_a_source_of_no_parts_has_none_to_keep(local: Yard) -> None:
    ref = local.put("k", 11 * MIB)
    [result] = local.copy(ref, keep_parts=True, part_size=6 * MIB)
    assert said(result)["parts"] == 2


def test_every_version_is_copied_as_it_was(local: Yard) -> None:
    versioning: Any = {"Status": "Enabled"}
    for bucket in (local.source, local.target):
        local.client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)
    refs = [local.put("k", SMALLEST_PART + 1), local.put("j", SMALLEST_PART + 2)]
    local.put("k", 3)
    results = {result.raw_key: result for result in local.copy(*refs)}
    assert local.head("k")["ContentLength"] == SMALLEST_PART + 1
    assert results["k"].version_id == refs[0].version_id
    assert said(results["k"])["VersionId"] == local.head("k")["VersionId"]


def test_an_answer_about_another_version_is_none_to_copy_by(tmp_path: Path) -> None:
    def another(method: str, *_: object) -> Words:
        assert method == "HEAD"
        return [plain(3, more=b"x-amz-version-id: v2\r\n")]

    with scripted(another) as server:
        client = s3_client(endpoint_url=server.url, region="eu-west-1")
        manifest = tmp_path / "m.csv"
        manifest.write_text("source,k,v1\n")
        copying = Copying(
            manifest=manifest,
            fields=VERSIONED_FIELDS,
            operation=S3PutObjectCopy(target_resource="arn:aws:s3:::copies"),
            part_size=SMALLEST_PART,
            keep_parts=False,
            folder=tmp_path / "state",
        )
        [result] = copying.run(client, created=NOW).results()
    assert (result.status, result.error_code) == (TaskStatus.FAILED, "NoSuchVersion")
    assert "the answer is about version v2" in result.message


@pytest.mark.parametrize("size", [5, 4 * SMALLEST_PART], ids=["shorter", "as long"])
def test_a_source_that_changes_midway_is_given_up(yard: Yard, size: int) -> None:
    ref = yard.put("k", 4 * SMALLEST_PART)

    def change(params: dict[str, Any]) -> None:
        if params["PartNumber"] == 3:
            yard.client.put_object(Bucket=yard.source, Key="k", Body=bytes(size))

    with before(yard.client, "UploadPartCopy", change):
        [result] = list(yard.copying(ref).run(yard.client, created=NOW, workers=1).results())
    assert (result.status, result.http_status) == (TaskStatus.FAILED, 412)
    assert result.error_code == "PreconditionFailed"
    assert yard.uploads() == []
    with pytest.raises(yard.client.exceptions.ClientError, match="404"):
        yard.head("k")
    [again] = yard.copy(ref)  # a row that failed is tried again, from the start
    assert again.status is TaskStatus.SUCCEEDED
    assert yard.head("k")["ContentLength"] == size


def test_a_source_that_changed_between_two_runs_is_given_up(local: Yard) -> None:
    ref = local.put("k", 2 * SMALLEST_PART)
    interrupted(local, ref, at="CompleteMultipartUpload")
    local.put("k", 3 * SMALLEST_PART)
    [result] = local.copy(ref)
    assert result.error_code == "PreconditionFailed"
    assert local.uploads() == []


class StopError(BaseException):
    """As a signal would end the process."""


def interrupted(yard: Yard, *refs: ObjectRef, at: str, after: int = 0, **changes: Any) -> int:  # noqa: ANN401 - of Copying
    """Run a copy that ends before a request; returns how many parts were asked for."""
    left = [after]

    def stop(_: dict[str, Any]) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StopError

    with before(yard.client, at, stop) as asked, pytest.raises(StopError):
        yard.copying(*refs, **changes).run(yard.client, created=NOW, workers=1)
    return asked["UploadPartCopy"]


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_later_run_copies_only_the_parts_that_are_not_there(yard: Yard, after: int) -> None:
    ref = yard.put("k", 4 * SMALLEST_PART)
    interrupted(yard, ref, at="UploadPartCopy", after=after)
    with before(yard.client, "", nothing) as asked:
        [result] = yard.copy(ref)
    assert result.status is TaskStatus.SUCCEEDED
    assert asked["UploadPartCopy"] == 4 - after
    assert asked["CreateMultipartUpload"] == 0


def test_a_run_after_the_last_copies_nothing(local: Yard) -> None:
    refs = [local.put("k", SMALLEST_PART + 1), local.put("small", 1)]
    first = local.copy(*refs)
    with before(local.client, "", nothing) as asked:
        assert local.copy(*refs) == first
    assert not asked


def test_an_upload_that_became_the_copy_unseen_is_found_to_have(local: Yard) -> None:
    ref = local.put("k", 2 * SMALLEST_PART)

    def die(**_: object) -> None:
        raise StopError

    local.client.meta.events.register("after-call.s3.CompleteMultipartUpload", die)
    with pytest.raises(StopError):
        local.copy(ref)
    local.client.meta.events.unregister("after-call.s3.CompleteMultipartUpload", die)
    with before(local.client, "", nothing) as asked:
        [result] = local.copy(ref)
    assert said(result)["equalTo"] == ["parts"]
    assert not asked["UploadPartCopy"]


@pytest.mark.parametrize("there", [None, b"other"], ids=["nothing there", "another there"])
def test_an_upload_that_somebody_aborted_is_begun_anew(local: Yard, there: bytes | None) -> None:
    ref = local.put("k", 2 * SMALLEST_PART)
    interrupted(local, ref, at="CompleteMultipartUpload")
    [upload] = local.uploads()
    local.client.abort_multipart_upload(Bucket=local.target, Key="p/k", UploadId=upload)
    if there is not None:
        local.client.put_object(Bucket=local.target, Key="p/k", Body=there)
    with before(local.client, "", nothing) as asked:
        [result] = local.copy(ref)
    assert result.status is TaskStatus.SUCCEEDED
    assert asked["UploadPartCopy"] == 2
    assert local.head("k")["ContentLength"] == 2 * SMALLEST_PART


def test_a_completion_whose_answer_was_lost_is_found_to_have_succeeded(local: Yard) -> None:
    ref = local.put("k", 2 * SMALLEST_PART)

    def twice(params: dict[str, Any]) -> None:
        local.client.meta.events.unregister("before-parameter-build.s3", other)
        local.client.complete_multipart_upload(**params)

    def other(*, params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        if model.name == "CompleteMultipartUpload":
            twice(params)

    local.client.meta.events.register("before-parameter-build.s3", other)
    [result] = local.copy(ref)
    assert result.status is TaskStatus.SUCCEEDED


def test_a_part_of_another_length_is_copied_again(local: Yard) -> None:
    ref = local.put("k", 2 * SMALLEST_PART)
    interrupted(local, ref, at="CompleteMultipartUpload")
    [upload] = local.uploads()
    local.client.upload_part(
        Bucket=local.target,
        Key="p/k",
        UploadId=upload,
        PartNumber=1,
        Body=b"short",
        ChecksumCRC64NVME=encode(new("CRC64NVME", b"short").digest()),
    )
    with before(local.client, "", nothing) as asked:
        [result] = local.copy(ref)
    assert result.status is TaskStatus.SUCCEEDED
    assert asked["UploadPartCopy"] == 1


def test_a_part_that_is_not_the_sources_is_not_completed(local: Yard) -> None:
    ref = local.put_parts("k", SMALLEST_PART, SMALLEST_PART, algorithm="CRC64NVME")
    interrupted(local, ref, at="CompleteMultipartUpload")
    [upload] = local.uploads()
    local.client.upload_part(
        Bucket=local.target,
        Key="p/k",
        UploadId=upload,
        PartNumber=1,
        Body=bytes(SMALLEST_PART),
        ChecksumCRC64NVME=encode(new("CRC64NVME", bytes(SMALLEST_PART)).digest()),
    )
    [result] = local.copy(ref)
    assert (result.status, result.error_code) == (TaskStatus.FAILED, "BadDigest")
    assert "that of its source is" in result.message
    assert local.uploads() == []


def test_a_copy_that_reports_another_checksum_failed(local: Yard) -> None:
    def lie(*, parsed: dict[str, Any], **_: object) -> None:
        parsed["ChecksumCRC64NVME"] = "AAAAAAAAAAA="

    ref = local.put("k", 2 * SMALLEST_PART)
    local.client.meta.events.register_first("after-call.s3.CompleteMultipartUpload", lie)
    try:
        [result] = local.copy(ref)
    finally:
        local.client.meta.events.unregister("after-call.s3.CompleteMultipartUpload", lie)
    assert (result.status, result.error_code) == (TaskStatus.FAILED, "BadDigest")
    assert "that of its parts is" in result.message


def test_a_server_without_part_checksums_leaves_the_parts_uncompared(local: Yard) -> None:
    def silence(*, parsed: dict[str, Any], **_: object) -> None:
        parsed["CopyPartResult"].pop("ChecksumCRC64NVME", None)

    ref = local.put("k", 2 * SMALLEST_PART)
    local.client.meta.events.register_first("after-call.s3.UploadPartCopy", silence)
    try:
        [result] = local.copy(ref)
    finally:
        local.client.meta.events.unregister("after-call.s3.UploadPartCopy", silence)
    assert result.status is TaskStatus.SUCCEEDED
    assert said(result)["equalTo"] == []


def test_an_object_that_is_not_there_fails_alone(yard: Yard) -> None:
    gone = ObjectRef(bucket=yard.source, key="gone")
    results = {result.raw_key: result for result in yard.copy(gone, yard.put("k", 1))}
    assert results["gone"].status is TaskStatus.FAILED
    assert results["gone"].http_status == 404
    assert results["k"].status is TaskStatus.SUCCEEDED


def test_an_object_is_not_copied_onto_itself(local: Yard) -> None:
    ref = local.put("k", 1)
    operation = S3PutObjectCopy(target_resource=f"arn:aws:s3:::{local.source}")
    copying = replace(local.copying(ref), operation=operation)
    [result] = copying.run(local.client, created=NOW).results()
    assert result.error_code == "InvalidRequest"
    assert "same object" in result.message


def test_a_folder_keeps_one_copy(local: Yard) -> None:
    ref = local.put("k", 1)
    local.copy(ref)
    with pytest.raises(UsageError, match="another part_size; wanted a new folder"):
        local.copy(ref, part_size=SMALLEST_PART + 1)


def test_a_folder_keeps_the_copy_of_one_server(local: Yard) -> None:
    ref = local.put("k", 1)
    local.copy(ref)
    there = s3_client(endpoint_url="http://127.0.0.1:9", region="eu-west-1")
    with pytest.raises(UsageError, match="another servers; wanted a new folder"):
        local.copying(ref).run(there, created=NOW)


def test_a_malformed_row_is_found_before_anything_is_copied(local: Yard) -> None:
    copying = local.copying(local.put("k", 1))
    copying.manifest.write_bytes(copying.manifest.read_bytes() + b"b,a+b\n")
    with pytest.raises(FormatError, match=r"manifest line 2: .*lint it first"):
        copying.run(local.client, created=NOW)
    assert not (copying.folder / STATE).exists()


@pytest.mark.parametrize("line", ["{}", '{"row": 1, "ended": 3}', '{"row": 1, "begun": {"a": 1}}'])
def test_a_damaged_state_is_no_state(local: Yard, line: str) -> None:
    copying = local.copying(local.put("k", 1))
    copying.run(local.client, created=NOW)
    with (copying.folder / STATE).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(FormatError, match="wanted the state of a copy"):
        copying.run(local.client, created=NOW)


def test_credentials_that_are_of_no_use_end_the_run(local: Yard) -> None:
    ref = local.put("k", 2 * SMALLEST_PART)

    def expire(*, parsed: dict[str, Any], http_response: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        http_response.status_code = 400
        parsed["Error"] = {"Code": "ExpiredToken", "Message": "expired"}

    local.client.meta.events.register_first("after-call.s3.UploadPartCopy", expire)
    try:
        with pytest.raises(AccessError, match="ExpiredToken"):
            local.copy(ref)
    finally:
        local.client.meta.events.unregister("after-call.s3.UploadPartCopy", expire)
    [result] = local.copy(ref)
    assert result.status is TaskStatus.SUCCEEDED


def test_an_upload_that_cannot_be_aborted_is_named(local: Yard) -> None:
    ref = local.put("k", 2 * SMALLEST_PART)
    interrupted(local, ref, at="CompleteMultipartUpload")
    local.put("k", 3)

    def refuse(*, parsed: dict[str, Any], http_response: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        http_response.status_code = 403
        parsed["Error"] = {"Code": "AccessDenied", "Message": "no"}

    local.client.meta.events.register_first("after-call.s3.AbortMultipartUpload", refuse)
    try:
        [result] = local.copy(ref)
    finally:
        local.client.meta.events.unregister("after-call.s3.AbortMultipartUpload", refuse)
    assert result.error_code == "PreconditionFailed"
    assert "is left" in result.message


def test_the_state_counts_every_row(local: Yard) -> None:
    refs = [local.put(f"k{n}", n) for n in range(30)] + [ObjectRef(bucket=local.source, key="no")]
    ended: list[None] = []
    state = local.copying(*refs).run(local.client, created=NOW, advance=lambda: ended.append(None))
    assert isinstance(state, State)
    assert Counter(state.ended.values()) == {TaskStatus.SUCCEEDED: 30, TaskStatus.FAILED: 1}
    assert len(ended) == 31
