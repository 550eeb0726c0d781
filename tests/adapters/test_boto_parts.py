"""Parts and versions as a real S3 server tells them, and as one that tells little."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from intact.adapters.boto import BotoStore, s3_client
from intact.audit import Absent
from intact.checksum import Algorithm, Checksum, ChecksumType, composite, full_object, new
from intact.checksum.encoding import encode
from intact.errors import AccessError, StoreError
from intact.s3 import ObjectFacts, ObjectRef, PartList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

PART = 5 << 20
BODIES = [b"a" * PART, b"b" * PART, b"tail"]
SIZES = tuple(map(len, BODIES))
REF = ObjectRef(bucket="b", key="k", version_id="v")
COMPOSITE = Checksum(
    algorithm=Algorithm.CRC32, type=ChecksumType.COMPOSITE, digest=bytes(4), parts=2
)
FACTS = ObjectFacts(size=8, etag="e", last_modified=datetime(2026, 11, 22, tzinfo=UTC))
WHOLE = {"ContentLength": 8, "ETag": '"e"', "LastModified": FACTS.last_modified}


def upload(s3: S3Client, ref: ObjectRef, algorithm: Algorithm, kind: ChecksumType) -> None:
    where: Any = {"Bucket": ref.bucket, "Key": ref.key}
    created: Any = s3.create_multipart_upload(
        **where, ChecksumAlgorithm=algorithm.value, ChecksumType=kind.value
    )
    where["UploadId"] = created["UploadId"]
    done: list[Any] = []
    for number, body in enumerate(BODIES, 1):
        value: Any = {algorithm.member: encode(new(algorithm, body).digest())}
        part: Any = s3.upload_part(**where, PartNumber=number, Body=body, **value)
        done.append({"PartNumber": number, "ETag": part["ETag"], **value})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done}, ChecksumType=kind.value)


def facts_of(store: BotoStore, ref: ObjectRef) -> ObjectFacts:
    facts = store.head(ref)
    assert isinstance(facts, ObjectFacts)
    return facts


@pytest.mark.parametrize("algorithm", [Algorithm.CRC32, Algorithm.CRC32C, Algorithm.SHA256])
def test_the_parts_of_a_composite_object_come_with_their_digests(
    s3: S3Client, bucket: Callable[[], str], algorithm: Algorithm
) -> None:
    store, ref = BotoStore(s3), ObjectRef(bucket=bucket(), key="a +%.bin")
    upload(s3, ref, algorithm, ChecksumType.COMPOSITE)
    facts = facts_of(store, ref)
    parts = store.parts(ref, facts)
    digests = tuple(new(algorithm, body).digest() for body in BODIES)
    assert parts == PartList(sizes=SIZES, algorithm=algorithm, digests=digests)
    assert facts.checksums == {composite(digests, algorithm=algorithm)}


def test_the_parts_of_a_whole_object_come_with_their_sizes(
    s3: S3Client, bucket: Callable[[], str]
) -> None:
    store, ref = BotoStore(s3), ObjectRef(bucket=bucket(), key="full")
    upload(s3, ref, Algorithm.CRC64NVME, ChecksumType.FULL_OBJECT)
    facts = facts_of(store, ref)
    parts = store.parts(ref, facts)
    assert isinstance(parts, PartList)
    assert parts.sizes == SIZES
    told = [(new(Algorithm.CRC64NVME, body).digest(), len(body)) for body in BODIES]
    assert facts.checksums == {full_object(told, algorithm=Algorithm.CRC64NVME)}
    assert facts.etag_md5 == composite(
        (new(Algorithm.MD5, body).digest() for body in BODIES), algorithm=Algorithm.MD5
    )


def test_an_object_that_was_put_whole_has_no_parts(s3: S3Client, bucket: Callable[[], str]) -> None:
    store, ref = BotoStore(s3), ObjectRef(bucket=bucket(), key="whole")
    s3.put_object(Bucket=ref.bucket, Key=ref.key, Body=b"whole")
    assert store.parts(ref, facts_of(store, ref)) == Absent()


def test_parts_are_bound_to_the_object_that_was_described(
    s3: S3Client, bucket: Callable[[], str]
) -> None:
    store, ref = BotoStore(s3), ObjectRef(bucket=bucket(), key="changed")
    upload(s3, ref, Algorithm.SHA256, ChecksumType.COMPOSITE)
    before = facts_of(store, ref)
    s3.put_object(Bucket=ref.bucket, Key=ref.key, Body=b"another")
    with pytest.raises(StoreError, match="HeadObject part 1"):
        store.parts(ref, before)


def test_versions_of_a_key_come_newest_first_without_its_neighbours(
    s3: S3Client, bucket: Callable[[], str]
) -> None:
    store, ref = BotoStore(s3), ObjectRef(bucket=bucket(), key="k +%\N{SNOWMAN}")
    s3.put_object(Bucket=ref.bucket, Key=ref.key, Body=b"null")
    s3.put_bucket_versioning(Bucket=ref.bucket, VersioningConfiguration={"Status": "Enabled"})
    put: list[Any] = [
        s3.put_object(Bucket=ref.bucket, Key=key, Body=b"x")
        for key in (ref.key, f"{ref.key}/below", ref.key)
    ]
    s3.delete_object(Bucket=ref.bucket, Key=ref.key)
    found = list(store.versions(ref))
    assert [name for name, _ in found] == [put[2]["VersionId"], put[0]["VersionId"], "null"]
    for name, written in found:
        assert facts_of(store, replace(ref, version_id=name)).last_modified == written
    absent = store.head(ref)
    assert isinstance(absent, Absent)
    assert list(store.versions(replace(ref, key="k"))) == []


@pytest.fixture
def client() -> Iterator[S3Client]:
    with closing(s3_client(region="us-east-1")) as client:
        yield client


def page(*numbers: int, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - members of ObjectParts
    parts = [{"PartNumber": n, "Size": 4, "ChecksumCRC32": "AAAAAA=="} for n in numbers]
    return {"ETag": "e", "ObjectParts": {"Parts": parts} | members}


def parts_of(client: S3Client, *answers: tuple[str, dict[str, Any]]) -> PartList | Absent:
    with Stubber(client) as stub:
        for call, answer in answers:
            stub.add_response(call, answer)
        found = BotoStore(client).parts(REF, replace(FACTS, checksums=frozenset({COMPOSITE})))
        stub.assert_no_pending_responses()
    return found


ATTRIBUTES = "get_object_attributes"
FIRST = ("head_object", WHOLE | {"ContentLength": 4, "PartsCount": 2})
TWO = PartList(sizes=(4, 4), algorithm=Algorithm.CRC32, digests=(bytes(4), bytes(4)))


def test_pages_of_parts_are_joined(client: S3Client) -> None:
    more = page(1, IsTruncated=True, NextPartNumberMarker=1)
    assert parts_of(client, FIRST, (ATTRIBUTES, more), (ATTRIBUTES, page(2))) == TWO


def test_a_server_that_sends_us_in_circles_is_not_followed(client: S3Client) -> None:
    again = page(1, IsTruncated=True, NextPartNumberMarker=0)
    with pytest.raises(StoreError, match="got 1 parts; wanted 2"):
        parts_of(client, FIRST, (ATTRIBUTES, again))


def test_without_a_list_every_part_is_asked_for(client: S3Client) -> None:
    nothing = {"ETag": "e", "ObjectParts": {"TotalPartsCount": 2}}
    second = ("head_object", WHOLE | {"ContentLength": 4})
    assert parts_of(client, FIRST, (ATTRIBUTES, nothing), second) == PartList(sizes=(4, 4))


def test_a_server_that_counts_no_parts_knows_none(client: S3Client) -> None:
    assert parts_of(client, ("head_object", WHOLE)) == Absent()


@pytest.mark.parametrize(
    ("other", "problem"),
    [({"ETag": "another"}, "changed meanwhile"), ({"VersionId": "other"}, "about version other")],
    ids=["etag", "version"],
)
def test_attributes_of_another_object_are_refused(
    client: S3Client, other: dict[str, str], problem: str
) -> None:
    with pytest.raises(StoreError, match=problem):
        parts_of(client, FIRST, (ATTRIBUTES, page(1, 2) | other))


def test_parts_of_another_version_are_refused(client: S3Client) -> None:
    with pytest.raises(StoreError, match=r"part 1 .* is about version other"):
        parts_of(client, ("head_object", FIRST[1] | {"VersionId": "other"}))


@pytest.mark.parametrize(
    ("call", "before"), [("head_object", []), (ATTRIBUTES, [FIRST])], ids=["head", "attributes"]
)
def test_a_refusal_speaks_of_the_object_and_useless_credentials_of_all(
    client: S3Client, call: str, before: list[tuple[str, dict[str, Any]]]
) -> None:
    for code, error in (("AccessDenied", StoreError), ("ExpiredToken", AccessError)):
        with Stubber(client) as stub:
            for name, answer in before:
                stub.add_response(name, answer)
            stub.add_client_error(call, code)
            with pytest.raises(error, match=r"s3://b/k"):
                BotoStore(client).parts(REF, replace(FACTS, checksums=frozenset({COMPOSITE})))


def test_versions_that_cannot_be_listed_are_an_error(client: S3Client) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("list_object_versions", "AccessDenied")
        with pytest.raises(StoreError, match="ListObjectVersions s3://b/k"):
            list(BotoStore(client).versions(REF))
