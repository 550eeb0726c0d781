"""Uploads that declare the CRC64NVME of what they send, so that S3 stores that or nothing."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, TypedDict

from intact.adapters.blocks import MAX_PART, MIN_PART, open_source
from intact.adapters.boto import s3_client
from intact.adapters.sending import Sender, Upload
from intact.errors import UsageError
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from typing import Unpack

    from types_boto3_s3 import S3Client
    from typing_extensions import Buffer

    from intact.adapters.local import Readable
    from intact.checksum import Checksum
    from intact.s3 import ObjectRef

PART = 8 << 20
"""Bytes of a part; what is not larger goes in one PutObject."""
WORKERS = 8


class UploadOptions(TypedDict, total=False):
    """The terms of an upload; each has a default."""

    client: S3Client
    """An S3 client; else one is made from the usual AWS configuration."""
    expected: Checksum
    """FULL_OBJECT CRC64NVME that the bytes must have, known from elsewhere."""
    part_size: int
    """Bytes of a part, 8 MiB by default; larger where there would be more than 10,000."""
    workers: int
    """Requests under way at a time; each has a part in memory."""
    extra_args: Mapping[str, Any]
    """More members of PutObject's request, such as ``ContentType`` or ``IfNoneMatch``."""
    progress: Callable[[int], object]
    """Called with the number of bytes that S3 took since its last call."""


def upload(
    source: str | os.PathLike[str] | Buffer | Readable,
    target: str | ObjectRef,
    /,
    **options: Unpack[UploadOptions],
) -> Upload:
    """Store bytes as an object whose FULL_OBJECT CRC64NVME is declared before it exists.

    Every request carries the checksum of its body, computed from the very bytes that it sends; of
    a multipart upload CompleteMultipartUpload declares the whole, combined from the parts.  After
    an error there is no object, or the one that was there before, unless the error says otherwise.

    Args:
        source: A path; bytes; or a file, pipe or other stream, read from where it stands to its
            end, which needs no more than ``read``.
        target: ``s3://BUCKET/KEY``, the key as S3 stores it; or a reference without a version.
        **options: See ``UploadOptions``.

    Raises:
        CorruptError: The bytes are not those expected, or S3 did not receive or store them right.
        UnprovenError: The server stored the object and does not confirm any CRC64NVME.
        UsageError: An argument cannot be.
        StoreError: S3 refused, or did not answer.
        AccessError: The credentials are of no use.
        OSError: The source cannot be read, or is a file that changed meanwhile.
    """
    if unknown := options.keys() - UploadOptions.__optional_keys__:
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    workers, part_size = options.get("workers", WORKERS), options.get("part_size", PART)
    if workers < 1:
        raise UsageError(f"workers is {workers}; wanted at least 1")
    if not MIN_PART <= part_size <= MAX_PART:
        raise UsageError(f"part_size is {part_size}; wanted {MIN_PART} to {MAX_PART}")
    sender = Sender.make(
        options.get("client") or s3_client(connections=workers),
        parse_uri(target) if isinstance(target, str) else target,
        extra_args=options.get("extra_args", {}),
        expected=options.get("expected"),
        workers=workers,
        progress=options.get("progress") or (lambda _: None),
    )
    with open_source(source) as opened:
        parts = opened.blocks(part_size)
        first, second = next(parts, b""), next(parts, None)
        if second is None:
            return sender.put(first)
        return sender.multipart(chain((first, second), parts))
