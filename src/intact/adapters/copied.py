"""A copy in the making and a copy that is made, and what S3's checksum of it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from intact.adapters.multipart import CRC, CopyError
from intact.checksum import Checksum, ChecksumType
from intact.checksum.encoding import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.adapters.multipart import Source
    from intact.s3 import ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An upload that was begun, and the source that it is bound to.

    Attributes:
        upload_id: The upload.
        etag: Of the source, quotes included.
        version_id: Of the source; None in a bucket without versions.
        digest: CRC64NVME of the whole, from the moment on that completion was to be asked.
    """

    upload_id: str
    etag: str
    version_id: str | None
    digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What S3 answered when the copy was whole.

    Attributes:
        etag: Of the copy, without quotes.
        version_id: Of the copy; None in a bucket without versions.
        checksum: FULL_OBJECT CRC64NVME that S3 reported; None where it did not.
        parts: How many; none for a copy in one request.
        compared: What that checksum was compared with, and equal to: ``parts``, ``source``.
    """

    etag: str
    version_id: str | None
    checksum: Checksum | None
    parts: int
    compared: tuple[str, ...]


def compared(
    answer: Mapping[str, Any],
    target: ObjectRef,
    *,
    source: Source,
    parts: Checksum | None = None,
    count: int = 0,
) -> Copied:
    """Compare what S3 reports of a copy with its parts and with its source.

    Raises:
        CopyError: One differs.
    """
    text = answer.get(CRC.member)
    found: Checksum | None = None
    equal: list[str] = []
    if text is not None:
        digest = decode(text, algorithm=CRC)
        found = Checksum(algorithm=CRC, type=ChecksumType.FULL_OBJECT, digest=digest)
        for whose, wanted in (("parts", parts), ("source", source.whole)):
            if wanted is not None:
                require_equal(found, wanted, target=target, whose=whose)
                equal.append(whose)
    return Copied(
        etag=answer["ETag"].strip('"'),
        version_id=answer.get("VersionId"),
        checksum=found,
        parts=count,
        compared=tuple(equal),
    )


def require_equal(got: Checksum, wanted: Checksum, *, target: ObjectRef, whose: str) -> None:
    """Refuse a copy whose checksum is another.

    Raises:
        CopyError: The digests differ.
    """
    if got != wanted:
        message = f"{target}: CRC64NVME is {got}; that of its {whose} is {wanted}"
        raise CopyError(message, code="BadDigest")
