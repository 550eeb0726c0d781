"""S3ComputeObjectChecksum: streams an object through this package's own hashers.

Where S3 is silent: without an algorithm it is CRC64NVME, without a type FULL_OBJECT; a COMPOSITE
value has no ``-N``; an object of which the store tells no parts has no COMPOSITE value.  As in S3
the job wants a report with an expected owner, which the store compares or does not; S3 also takes
hours, and reads archives without a restore, which a store may refuse.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.checksum import Algorithm, ChecksumType, composite, new
from intact.checksum.encoding import encode
from intact.rehearsal.tasks import TaskFailure, address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from types_boto3_s3 import S3Client

    from intact.batch.manifest import ManifestRow
    from intact.rehearsal.tasks import Action, Context
    from intact.s3 import ObjectRef

CHUNK = 1 << 20
"""Bytes read at a time."""


def refused(members: Mapping[str, Any]) -> Iterator[str]:
    """Name what S3 has no value for."""
    algorithm, kind = _asked(members)
    if algorithm is Algorithm.CRC64NVME and kind is ChecksumType.COMPOSITE:
        yield "ChecksumType COMPOSITE of CRC64NVME: there is none"


def compute(context: Context, members: Mapping[str, Any]) -> Action:
    """Make the task that reports the checksum of one object."""
    algorithm, kind = _asked(members)

    def act(row: ManifestRow) -> str:
        try:
            if kind is ChecksumType.COMPOSITE:
                etag, sizes = _parts(context.s3, row.source)
                found, whole = _read(context.s3, row.source, etag=etag)
                parts = _digests(whole, sizes, algorithm)
                digest = composite(parts, algorithm=algorithm).digest
            else:
                found, whole = _read(context.s3, row.source)
                digest = _whole(whole, algorithm)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            raise _failure(status, error.response["Error"].get("Message", "")) from error
        except BotoCoreError as error:
            raise _failure(500, str(error)) from error
        return _message(digest, algorithm=algorithm, kind=kind, etag=found)

    return act


def _message(digest: bytes, *, algorithm: Algorithm, kind: ChecksumType, etag: str) -> str:
    """ResultMessage of a succeeded task, member by member as S3 writes it."""
    fields = {
        "checksum_base64": encode(digest),
        "ETag": etag.strip('"'),
        "checksumAlgorithm": algorithm.value,
        "checksumType": kind.value,
        "checksum_hex": digest.hex().upper(),
    }
    return json.dumps(fields, separators=(",", ":"))


def _asked(members: Mapping[str, Any]) -> tuple[Algorithm, ChecksumType]:
    algorithm = Algorithm.parse(members.get("ChecksumAlgorithm", "CRC64NVME"))
    return algorithm, ChecksumType(members.get("ChecksumType", "FULL_OBJECT"))


def _read(s3: S3Client, ref: ObjectRef, *, etag: str | None = None) -> tuple[str, Iterator[bytes]]:
    """Return the ETag, which must be the one given, and the bytes of an object."""
    condition: Any = {} if etag is None else {"IfMatch": etag}
    response = s3.get_object(**address(ref), **condition)
    return response["ETag"], response["Body"].iter_chunks(CHUNK)


def _whole(chunks: Iterable[bytes], algorithm: Algorithm) -> bytes:
    hasher = new(algorithm)
    for chunk in chunks:
        hasher.update(chunk)
    return hasher.digest()


def _parts(s3: S3Client, ref: ObjectRef) -> tuple[str, list[int]]:
    """ETag of a multipart object and the size of each part in bytes."""
    first: Any = s3.head_object(**address(ref), PartNumber=1)
    if not (count := first.get("PartsCount")):
        raise _failure(400, "The object has no parts")
    sizes = [first["ContentLength"]]
    for number in range(2, count + 1):
        part = s3.head_object(**address(ref), PartNumber=number, IfMatch=first["ETag"])
        sizes.append(part["ContentLength"])
    return first["ETag"], sizes


def _digests(
    chunks: Iterable[bytes], sizes: Iterable[int], algorithm: Algorithm
) -> Iterator[bytes]:
    """Digest of each part of a stream."""
    source, rest = iter(chunks), memoryview(b"")
    for size in sizes:
        hasher, left = new(algorithm), size
        while left:
            rest = rest or memoryview(next(source, b""))
            if not rest:
                raise _failure(500, "The object is shorter than its parts")
            hasher.update(rest[:left])
            left, rest = left - len(rest[:left]), rest[left:]
        yield hasher.digest()


def _failure(status: int, text: str) -> TaskFailure:
    """Build the failure whose row S3 writes with status 200 and the real one inside."""
    said = {"failureMessage": f"Task failed: {text}", "errorCode": str(status)}
    return TaskFailure(200, "PermanentFailure", f"error details: {json.dumps(said)}")
