"""One object of S3 for a download: what HeadObject says of it, its parts, its bytes by range.

Every request names the ETag that HeadObject gave, so that all bytes are of one version.
GetObjectAttributes is not used: it wants a permission of its own, and several servers answer it
with the whole object.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError
from urllib3.exceptions import HTTPError

from intact.adapters.boto import require_etag, store_error
from intact.adapters.interim import pass_over_interim
from intact.adapters.parallel import in_order
from intact.errors import CorruptError, FormatError, StoreError, UsageError
from intact.s3 import ObjectFacts, PartList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_s3 import S3Client

    from intact.s3 import ObjectRef

ATTEMPTS = 4
"""Most requests for one range whose body breaks off or is not what was asked for."""
_OURS = frozenset({"Bucket", "Key", "VersionId", "ChecksumMode", "IfMatch", "PartNumber", "Range"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteObject:
    """One version of an object, as HeadObject described it.

    Attributes:
        ref: Its name; the version only where the caller named one.
        facts: Size, ETag and checksums.
        response: HeadObject's answer as boto3 returned it.
        client: Who asks.
        address: Members of every request.
    """

    ref: ObjectRef
    facts: ObjectFacts
    response: Mapping[str, Any]
    client: S3Client
    address: Mapping[str, Any] = field(repr=False)  # may hold a customer's key

    def fetch(self, piece: range) -> bytes:
        """Read a range of the bytes, again where a body breaks off.

        Raises:
            StoreError: No whole body came, or the object is no longer the same.
            AccessError: The credentials are of no use.
            CorruptError: botocore checked each body, and found each of them wrong.
        """
        problem = StoreError(f"{self.ref} bytes {piece.start}-{piece.stop - 1}: never asked for")
        for _ in range(ATTEMPTS):
            try:
                response = self.client.get_object(
                    **self.address, Range=f"bytes={piece.start}-{piece.stop - 1}"
                )
            except (BotoCoreError, ClientError) as error:
                raise store_error("GetObject", self.ref, error) from error
            try:
                return self._body(response, piece)
            except StoreError as error:
                problem = error
        raise problem

    def _body(self, response: Mapping[str, Any], piece: range) -> bytes:
        where = f"GetObject {self.ref} bytes {piece.start}-{piece.stop - 1}"
        wanted = f"bytes {piece.start}-{piece.stop - 1}/{self.facts.size}"
        with contextlib.closing(response["Body"]) as body:
            require_etag("GetObject", self.ref, response, etag=self.facts.etag)
            if response.get("ContentRange") != wanted or response["ContentLength"] != len(piece):
                got = f"{response.get('ContentRange')!r}, {response['ContentLength']} bytes"
                raise StoreError(f"{where}: the answer has {got}; wanted {wanted!r}")
            try:
                data: bytes = body.read()
            except FlexibleChecksumError as error:
                raise CorruptError(f"{where}: {error}") from error
            except (BotoCoreError, HTTPError) as error:
                raise StoreError(f"{where}: {error}") from error
        if len(data) != len(piece):
            raise StoreError(f"{where}: got {len(data)} bytes; wanted {len(piece)}")
        return data

    def parts(self, count: int, *, workers: int) -> PartList | None:
        """Ask HeadObject for each part; None where the server does not know parts by number.

        Raises:
            StoreError: No answer, or the object is no longer the same.
            AccessError: The credentials are of no use.
            FormatError: The parts do not add up to the object.
        """
        if count == 1:
            return PartList(sizes=(self.facts.size,))
        numbers = range(1, count + 1)
        found = list(in_order(self._part, numbers, threads=workers, ahead=workers))
        counts = {response.get("PartsCount") for response in found}
        if None in counts:
            return None
        if counts != {count}:
            raise FormatError(
                f"HeadObject {self.ref}: the object has {counts.pop()} parts; "
                f"its checksum says {count}"
            )
        parts = PartList.from_parts(found)
        if parts.size != self.facts.size:
            raise FormatError(
                f"HeadObject {self.ref}: its {count} parts have {parts.size} bytes; "
                f"wanted {self.facts.size}"
            )
        return parts

    def _part(self, number: int) -> Mapping[str, Any]:
        try:
            return self.client.head_object(
                **self.address, ChecksumMode="ENABLED", PartNumber=number
            )
        except (BotoCoreError, ClientError) as error:
            raise store_error(f"HeadObject part {number} of", self.ref, error) from error


def find(client: S3Client, ref: ObjectRef, *, extra_args: Mapping[str, Any]) -> RemoteObject:
    """Ask HeadObject what there is to download.

    Args:
        client: An S3 client.
        ref: The object; the current version unless one is named.
        extra_args: More members for every request.

    Raises:
        UsageError: A member is one that a download sets itself.
        StoreError: The object does not exist, or there was no answer, or one about another version.
        AccessError: The credentials are of no use.
        FormatError: The answer is malformed.
    """
    if clash := sorted(_OURS & extra_args.keys()):
        raise UsageError(f"extra_args has {clash[0]}; a download sets it itself")
    pass_over_interim(client)
    address: dict[str, Any] = {**extra_args, "Bucket": ref.bucket, "Key": ref.key}
    if ref.version_id is not None:
        address["VersionId"] = ref.version_id
    try:
        response: Mapping[str, Any] = client.head_object(**address, ChecksumMode="ENABLED")
    except (BotoCoreError, ClientError) as error:
        raise store_error("HeadObject", ref, error) from error
    facts = ObjectFacts.from_head(response)
    if not facts.may_be(ref.version_id):
        raise StoreError(f"HeadObject {ref}: the answer is about version {facts.version_id}")
    return RemoteObject(
        ref=ref,
        facts=facts,
        response=response,
        client=client,
        address={**address, "IfMatch": f'"{facts.etag}"'},
    )
