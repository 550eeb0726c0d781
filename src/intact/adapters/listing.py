"""Lists what a bucket holds: current objects or all versions, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.listed import Listed
from intact.errors import StoreError
from intact.s3 import ObjectRef, decode_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from types_boto3_s3 import S3Client


def list_objects(client: S3Client, bucket: str, *, prefix: str = "") -> Iterator[Listed]:
    """Yield the current objects whose keys begin with a prefix, in S3's order.

    Raises:
        StoreError: The bucket could not be listed to its end.
    """
    token: dict[str, str] = {}
    while True:
        page = _page(client.list_objects_v2, bucket, prefix=prefix, **token)
        for found in page.get("Contents", ()):
            yield _listed(found, bucket=bucket, page=page, version_id=None)
        if not page.get("IsTruncated"):
            return
        token = _onward(token, {"ContinuationToken": page["NextContinuationToken"]})


def list_versions(client: S3Client, bucket: str, *, prefix: str = "") -> Iterator[Listed]:
    """Yield all versions and delete markers whose keys begin with a prefix.

    Objects older than versioning have the version ``null``.

    Raises:
        StoreError: The bucket could not be listed to its end.
    """
    marker: dict[str, str] = {}
    while True:
        page = _page(client.list_object_versions, bucket, prefix=prefix, **marker)
        for found in page.get("Versions", ()):
            yield _listed(found, bucket=bucket, page=page, version_id=found["VersionId"])
        for found in page.get("DeleteMarkers", ()):
            source = ObjectRef(
                bucket=bucket, key=_key(found["Key"], page), version_id=found["VersionId"]
            )
            yield Listed(source=source, delete_marker=True)
        if not page.get("IsTruncated"):
            return
        following = {"KeyMarker": _key(page["NextKeyMarker"], page)}
        if page.get("NextVersionIdMarker"):
            following["VersionIdMarker"] = page["NextVersionIdMarker"]
        marker = _onward(marker, following)


def _onward(here: dict[str, str], following: dict[str, str]) -> dict[str, str]:
    """Refuse a server that sends us in circles.

    Raises:
        StoreError: The next page is this one.
    """
    if here == following:
        raise StoreError(f"listing: the page after {here} is the same page")
    return following


def _page(call: Callable[..., Any], bucket: str, *, prefix: str, **where: str) -> Mapping[str, Any]:
    """Ask for encoded keys ourselves: botocore's own decoding replaces what it cannot decode."""
    try:
        page: Mapping[str, Any] = call(Bucket=bucket, Prefix=prefix, EncodingType="url", **where)
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"listing s3://{bucket}/{prefix}: {error}") from error
    return page


def _key(text: str, page: Mapping[str, Any]) -> str:
    return decode_key(text, plus_is_space=True) if page.get("EncodingType") == "url" else text


def _listed(
    found: Mapping[str, Any], *, bucket: str, page: Mapping[str, Any], version_id: str | None
) -> Listed:
    source = ObjectRef(bucket=bucket, key=_key(found["Key"], page), version_id=version_id)
    return Listed(source=source, size=found["Size"], etag=found["ETag"].strip('"'))
