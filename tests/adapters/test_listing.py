"""Listings of real servers name every object and version, whatever its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from intact.adapters.listing import list_objects, list_versions
from intact.errors import StoreError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from intact.batch.listed import Listed

KEYS = ["a b", "a+b", "a%20b", "a%2Bb", "n\nl", "ü", "z"]


@pytest.fixture(params=["s3", "versity"])
def client(request: pytest.FixtureRequest) -> S3Client:
    found: S3Client = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def filled(client: S3Client) -> str:
    bucket = f"list-{uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    for key in KEYS:
        client.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


def keys(listed: list[Listed]) -> list[str]:
    return sorted(entry.source.key for entry in listed)


def test_every_key_is_listed_as_it_is(client: S3Client, filled: str) -> None:
    listed = list(list_objects(client, filled))
    assert keys(listed) == sorted(KEYS)
    assert {entry.source.version_id for entry in listed} == {None}
    assert [entry.size for entry in listed] == [len(entry.source.key.encode()) for entry in listed]


def test_a_prefix_narrows_the_list(client: S3Client, filled: str) -> None:
    assert keys(list(list_objects(client, filled, prefix="a+"))) == ["a+b"]


class Pages:
    """A server that answers with scripted pages and keeps what it was asked."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages, self.asked = iter(pages), list[dict[str, Any]]()

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - a request
        self.asked.append(asked)
        return {"EncodingType": "url"} | next(self._pages)

    list_object_versions = list_objects_v2


def found(key: str, **members: str) -> dict[str, Any]:
    return {"Key": key, "Size": 1, "ETag": '"e"'} | members


def test_pages_of_objects_follow_on_each_other() -> None:
    server: Any = Pages(
        {"Contents": [found("a+b")], "IsTruncated": True, "NextContinuationToken": "t+"},
        {"Contents": [found("a%2Bb")], "IsTruncated": False},
    )
    assert [entry.source.key for entry in list_objects(server, "b", prefix="a")] == ["a b", "a+b"]
    common = {"Bucket": "b", "Prefix": "a", "EncodingType": "url"}
    assert server.asked == [common, common | {"ContinuationToken": "t+"}]


def test_pages_of_versions_follow_on_each_other() -> None:
    server: Any = Pages(
        {"IsTruncated": True, "NextKeyMarker": "a%2Bb", "NextVersionIdMarker": "v"},
        {"IsTruncated": True, "NextKeyMarker": "c+d"},
        {"Versions": [found("e", VersionId="null")]},
    )
    assert [entry.source.version_id for entry in list_versions(server, "b")] == ["null"]
    assert [asked.get("KeyMarker") for asked in server.asked] == [None, "a+b", "c d"]
    assert [asked.get("VersionIdMarker") for asked in server.asked] == [None, "v", None]


def test_a_server_that_sends_us_in_circles_is_left() -> None:
    page = {"IsTruncated": True, "NextContinuationToken": "t"}
    server: Any = Pages(page, page, page)
    with pytest.raises(StoreError, match="is the same page"):
        list(list_objects(server, "b"))


def test_versions_and_delete_markers_are_told_apart(s3: S3Client) -> None:
    bucket = f"versions-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a+b", Body=b"1")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    newer = s3.put_object(Bucket=bucket, Key="a+b", Body=b"22")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="a+b")["VersionId"]
    listed = {entry.source.version_id: entry for entry in list_versions(s3, bucket)}
    assert {version: entry.delete_marker for version, entry in listed.items()} == {
        "null": False,
        newer: False,
        marker: True,
    }
    assert (listed["null"].size, listed[newer].size) == (1, 2)
    assert {entry.source.key for entry in listed.values()} == {"a+b"}


def test_a_bucket_that_cannot_be_listed_is_no_empty_one(client: S3Client) -> None:
    for listing in (list_objects, list_versions):
        with pytest.raises(StoreError, match="listing s3://no-such-bucket-here/x"):
            list(listing(client, "no-such-bucket-here", prefix="x"))
