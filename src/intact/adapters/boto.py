"""S3 through boto3: the object store, whole objects to disk, and botocore's service models."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's, of which its timeouts are
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.loaders import Loader

from intact.adapters.addresses import is_aws, public
from intact.adapters.contact import ATTEMPTS, FirstContact
from intact.adapters.interim import pass_over_interim
from intact.adapters.listing import list_objects
from intact.audit import Absent
from intact.audit.evidence import DELETE_MARKER
from intact.batch import Model
from intact.checksum import ChecksumType
from intact.errors import AccessError, FormatError, StoreError
from intact.s3 import ObjectFacts, PartList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from botocore.model import OperationModel
    from types_boto3_s3 import S3Client

    from intact.batch.listed import Listed
    from intact.s3 import ObjectRef

CHUNK = 1 << 20
"""Bytes per read; copies cost least between 256 KiB and 1 MiB."""

_NOT_FOUND = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
_NO_ACCESS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidToken",
        "InvalidAccessKeyId",
        "TokenRefreshRequired",
    }
)
_BAD_REQUEST, _FORBIDDEN = "400", "403"
_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)


def s3_client(  # noqa: PLR0913 - one argument per property of a client
    session: boto3.Session | None = None,
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    connections: int = 16,
    signed: bool = True,
    requester_pays: bool = False,
) -> S3Client:
    """Make an S3 client that retries as AWS advises and holds one connection per worker.

    It gives up at once where nobody can be reached: see ``FirstContact``.

    With ``endpoint_url`` buckets stand in the path, since few servers have a name per bucket.

    Args:
        session: Credentials and configuration; by default those of the environment.
        endpoint_url: Another S3 server.
        region: AWS Region.
        connections: Requests under way at a time.
        signed: Whether requests are signed; public buckets answer without.
        requester_pays: Whether we agree to pay, in every request that can say so.
    """
    style: Any = {"addressing_style": "path"} if endpoint_url else None
    config = Config(
        max_pool_connections=connections,
        proxies=proxies(endpoint_url),
        # decide() judges what the bytes hash to; botocore would hide a contradiction in an error.
        response_checksum_validation="when_required",
        retries={"mode": "standard", "max_attempts": ATTEMPTS},
        s3=style,
        signature_version=None if signed else UNSIGNED,
    )
    client: S3Client = (session or boto3.Session()).client(
        "s3", endpoint_url=endpoint_url, region_name=region, config=config
    )
    pass_over_interim(client)
    FirstContact().listen(client)
    if requester_pays:
        hook: Any = pay  # its type says that it returns nothing; botocore takes what it does
        client.meta.events.register("provide-client-params.s3.*", hook)
    return client


def pay(params: dict[str, Any], model: OperationModel, **_: object) -> dict[str, Any]:
    """Add ``RequestPayer`` to what knows it."""
    known = model.input_shape is not None and "RequestPayer" in model.input_shape.members
    return params | {"RequestPayer": "requester"} if known else params


def proxies(endpoint_url: str | None) -> dict[str, str] | None:
    """Return botocore's ``proxies``: none to this machine, the environment's to any other."""
    host = urlsplit(endpoint_url or "").hostname or ""
    return {} if host in {"localhost", "127.0.0.1", "::1"} else None


def servers(**stores: BotoStore) -> tuple[str, ...]:
    """Say which S3 server holds what; of AWS nothing, where the name of a bucket tells."""
    addresses = {what: store.client.meta.endpoint_url for what, store in stores.items()}
    return tuple(f"{what} at {public(url)}" for what, url in addresses.items() if not is_aws(url))


def first_answer(s3: S3Client, session: boto3.Session) -> None:
    """Ask the server of a client for anything, once; a refusal is an answer too.

    Raises:
        StoreError: Nobody answers within seconds.
    """
    address = s3.meta.endpoint_url
    once = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
    try:
        with contextlib.closing(
            session.client(
                "s3",
                endpoint_url=address,
                region_name=s3.meta.region_name,
                config=s3.meta.config.merge(once),
            )
        ) as asking:
            asking.list_buckets()
    except (ConnectionError, HTTPClientError) as error:
        raise StoreError(f"no S3 server answers at {address}: {error}") from error
    except ClientError:
        return


def load_model(service: str = "s3control") -> Model:
    """Shapes of a service as the installed botocore knows them."""
    return Model(Loader().load_service_model(service, "service-2")["shapes"])


class BotoStore:
    """An ``ObjectStore`` over a boto3 S3 client.

    Attributes:
        client: That client.
    """

    def __init__(self, client: S3Client) -> None:
        """Use a client made by ``s3_client``; it is shared by all threads."""
        pass_over_interim(client)
        self.client = client
        self._known_to_s3 = False  # our key, by a refusal that named another reason

    def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        """HeadObject with ``ChecksumMode=ENABLED``.

        A 404 means absent: without ``s3:ListBucket`` S3 answers 403 instead (Amazon S3 API
        Reference, HeadObject).

        Raises:
            StoreError: Any other refusal, no answer, or one about another version.
            AccessError: The credentials are of no use.
            FormatError: A malformed answer.
        """
        try:
            response = self.client.head_object(**_address(ref), ChecksumMode="ENABLED")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _NOT_FOUND:
                headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
                marker = headers.get("x-amz-delete-marker") == "true"
                return Absent(detail=DELETE_MARKER if marker else "404")
            raise store_error("HeadObject", ref, self._spelled_out(ref, error)) from error
        except BotoCoreError as error:
            raise store_error("HeadObject", ref, error) from error
        except (ValueError, RuntimeError) as error:  # numbers and moments that are none
            raise FormatError(f"HeadObject {ref}: {error}") from error
        facts = ObjectFacts.from_head(response)
        if not facts.may_be(ref.version_id):
            raise StoreError(f"HeadObject {ref}: the answer is about version {facts.version_id}")
        return facts

    def _spelled_out(self, ref: ObjectRef, error: ClientError) -> ClientError:
        """Return the error with its code where HeadObject, which has no body, hides it.

        S3 answers expired tokens with 400 and unknown keys with 403.  GetObject with an ETag that
        no object has is refused with a body, and costs no bytes.
        """
        code = error.response.get("Error", {}).get("Code")
        if code != _BAD_REQUEST and (code != _FORBIDDEN or self._known_to_s3):
            return error
        try:
            self.client.get_object(**_address(ref), IfMatch='"none"')["Body"].close()
        except ClientError as told:
            if told.response.get("Error", {}).get("Code") in _NO_ACCESS:
                return told
            self._known_to_s3 = True
        except BotoCoreError:
            pass  # the first error stands
        return error

    def parts(self, ref: ObjectRef, facts: ObjectFacts) -> PartList | Absent:
        """Where the parts of a version end, with their digests where S3 tells them.

        HeadObject with ``PartNumber=1`` goes first: servers that know no parts answer it with the
        whole object's head, while some answer GetObjectAttributes with the whole object's bytes.
        GetObjectAttributes then names the parts of objects with a COMPOSITE checksum, 1,000 on a
        page; of others HeadObject has to be asked part by part.

        Raises:
            StoreError: A refusal, no answer, or the object changed meanwhile.
            AccessError: The credentials are of no use.
            FormatError: A malformed answer.
        """
        first = self._head_part(ref, facts, 1)
        count = first.get("PartsCount")
        if count is None:
            return Absent(detail="HeadObject tells no PartsCount")
        if any(checksum.type is ChecksumType.COMPOSITE for checksum in facts.checksums):
            found = list(self._attributes(ref, facts))
            if found:
                if len(found) != count:
                    raise StoreError(f"{ref}: got {len(found)} parts; wanted {count}")
                return PartList.from_parts(found)
        rest = (self._head_part(ref, facts, number) for number in range(2, count + 1))
        return PartList.from_parts([first, *rest])

    def _head_part(self, ref: ObjectRef, facts: ObjectFacts, number: int) -> Mapping[str, Any]:
        call = f"HeadObject part {number}"
        try:
            response = self.client.head_object(
                **_address(ref),
                PartNumber=number,
                IfMatch=f'"{facts.etag}"',
                ChecksumMode="ENABLED",
            )
        except (BotoCoreError, ClientError) as error:
            raise store_error(call, ref, error) from error
        _require_version(call, ref, response)
        return response

    def _attributes(self, ref: ObjectRef, facts: ObjectFacts) -> Iterator[Mapping[str, Any]]:
        marker = 0
        while True:
            try:
                response = self.client.get_object_attributes(
                    **_address(ref),
                    ObjectAttributes=["ETag", "ObjectParts"],
                    MaxParts=1000,
                    PartNumberMarker=marker,
                )
            except (BotoCoreError, ClientError) as error:
                raise store_error("GetObjectAttributes", ref, error) from error
            require_etag("GetObjectAttributes", ref, response, etag=facts.etag)
            _require_version("GetObjectAttributes", ref, response)
            page = response.get("ObjectParts", {})
            yield from page.get("Parts", [])
            after = page.get("NextPartNumberMarker", 0)
            if not page.get("IsTruncated") or after <= marker:
                return
            marker = after

    def versions(self, ref: ObjectRef) -> Iterator[tuple[str, datetime]]:
        """ListObjectVersions of one key, newest first, delete markers left out.

        Raises:
            StoreError: A refusal, or no answer.
            AccessError: The credentials are of no use.
        """
        pages = self.client.get_paginator("list_object_versions").paginate(
            Bucket=ref.bucket, Prefix=ref.key
        )
        try:
            for page in pages:
                listed = page.get("Versions", [])
                found = [version for version in listed if version["Key"] == ref.key]
                yield from ((version["VersionId"], version["LastModified"]) for version in found)
                if len(found) < len(listed):
                    return
        except (BotoCoreError, ClientError) as error:
            raise store_error("ListObjectVersions", ref, error) from error

    def listing(self, beginning: ObjectRef) -> Iterator[Listed]:
        """Current objects of a bucket whose keys begin as the key given.

        Raises:
            StoreError: The bucket could not be listed to its end.
        """
        return list_objects(self.client, beginning.bucket, prefix=beginning.key)

    def read(self, ref: ObjectRef, *, etag: str) -> Iterator[bytes]:
        """GetObject bound to the ETag, chunk by chunk.

        Raises:
            StoreError: The object changed, the answer broke off, or there was none.
            AccessError: The credentials are of no use.
        """
        try:
            response = self.client.get_object(**_address(ref), IfMatch=f'"{etag}"')
            with contextlib.closing(response["Body"]) as body:
                require_etag("GetObject", ref, response, etag=etag)
                _require_version("GetObject", ref, response)
                yield from body.iter_chunks(CHUNK)
        except (BotoCoreError, ClientError) as error:
            raise store_error("GetObject", ref, error) from error

    def require_bucket(self, bucket: str) -> None:
        """HeadBucket, since HeadObject cannot tell a missing bucket from a missing object.

        Raises:
            StoreError: The bucket does not exist or is not ours to see.
        """
        try:
            self.client.head_bucket(Bucket=bucket)
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"HeadBucket s3://{bucket}: {error}") from error

    def save(self, ref: ObjectRef, path: Path, *, etag: str | None = None) -> str:
        """Write an object to a file and return the MD5 of its bytes in lower-case hex.

        Raises:
            StoreError: The object is absent, changed, or could not be read.
        """
        if etag is None:
            facts = self.head(ref)
            if isinstance(facts, Absent):
                raise StoreError(f"{ref} does not exist")
            etag = facts.etag
        digest = hashlib.md5(usedforsecurity=False)
        with path.open("wb") as file:
            for chunk in self.read(ref, etag=etag):
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()


def _address(ref: ObjectRef) -> dict[str, Any]:
    version = {"VersionId": ref.version_id} if ref.version_id is not None else {}
    return {"Bucket": ref.bucket, "Key": ref.key} | version


def require_etag(call: str, ref: ObjectRef, response: Mapping[str, Any], *, etag: str) -> None:
    """Refuse an answer about other bytes: not every server heeds ``If-Match``.

    Raises:
        StoreError: It names another ETag.
    """
    if response.get("ETag", etag).strip('"') != etag:
        raise StoreError(f"{call} {ref}: the object changed meanwhile")


def _require_version(call: str, ref: ObjectRef, response: Mapping[str, Any]) -> None:
    """Refuse an answer about another version than the one that was asked for, if it names one.

    Raises:
        StoreError: It does.
    """
    told = response.get("VersionId")
    if ref.version_id is not None and told not in {None, ref.version_id}:
        raise StoreError(f"{call} {ref}: the answer is about version {told}")


def is_denied(error: StoreError) -> bool:
    """Whether S3 refused a request because these credentials may not make it."""
    cause = error.__cause__
    return isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "AccessDenied"


def store_error(call: str, ref: ObjectRef, error: Exception) -> StoreError:
    """Say which call failed for which object, and whether every other call would fail too."""
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    fatal = code in _NO_ACCESS or isinstance(error, _NO_CREDENTIALS)
    return (AccessError if fatal else StoreError)(f"{call} {ref}: {error}")
