"""Downloads whose bytes are proven by the object's checksum before anybody can use them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from intact.adapters.boto import s3_client
from intact.adapters.delivery import Delivery, Download, update
from intact.adapters.files import whole_file
from intact.adapters.objects import find
from intact.errors import UsageError
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping
    from typing import Unpack

    from types_boto3_s3 import S3Client

    from intact.checksum import Checksum
    from intact.s3 import ObjectRef

WORKERS = 8


class DownloadOptions(TypedDict, total=False):
    """The terms of a download; each has a default."""

    client: S3Client
    """An S3 client; else one is made from the usual AWS configuration."""
    expected: Checksum
    """FULL_OBJECT checksum that the bytes must have, known from elsewhere."""
    allow_unproven: bool
    """Whether to deliver bytes that nothing proves; ``Download.proof`` says which those are."""
    workers: int
    """Requests under way at a time; each has 8 MiB in memory."""
    extra_args: Mapping[str, Any]
    """Members for every request, such as ``RequestPayer`` or ``SSECustomerKey``."""
    progress: Callable[[int], object]
    """Called with the number of bytes that arrived since its last call."""


def download(
    source: str | ObjectRef,
    path: str | os.PathLike[str],
    /,
    **options: Unpack[DownloadOptions],
) -> Download:
    """Write an object to a file that appears under its name only when its bytes are proven.

    Args:
        source: ``s3://BUCKET/KEY``, the key as S3 stores it; or a reference, which may name a
            version.
        path: The file; one that is there is replaced, and stays if anything fails.
        **options: See ``DownloadOptions``.

    Raises:
        CorruptError: The bytes are not those of the object's checksum, however often they are read.
        UnprovenError: Nothing that S3 stores covers the bytes; nothing was written.
        UsageError: An argument cannot be.
        StoreError: The object does not exist, changed meanwhile, or could not be read.
        AccessError: The credentials are of no use.
        FormatError: S3's answer is malformed.
        OSError: The file cannot be written.
    """
    target = Path(path)
    if target.is_dir():
        raise UsageError(f"{target} is a folder; wanted the name of a file")
    if target.exists() and not target.is_file():
        raise UsageError(f"{target} is a device or a pipe; wanted the name of a file")
    delivery = _deliver(source, options)
    with whole_file(target) as file:
        return delivery.fill(file)


def download_bytes(source: str | ObjectRef, /, **options: Unpack[DownloadOptions]) -> bytes:
    """Return the bytes of an object once they are proven; all of them are in memory.

    Arguments and errors are those of ``download``.
    """
    buffer = io.BytesIO()
    _deliver(source, options).fill(buffer)
    return buffer.getvalue()


class DownloadStream:
    """The bytes of an object in order, for a pipe or a parser, in bounded memory.

    The last piece is handed out only when all bytes are proven, so whoever saw the iteration end
    by itself had the right ones.  Before that, what was handed out may yet turn out wrong: after
    an error it must be thrown away.  An object of at most 8 MiB is proven before its first byte.
    """

    def __init__(self, source: str | ObjectRef, /, **options: Unpack[DownloadOptions]) -> None:
        """Ask what there is to read; arguments and errors are those of ``download``."""
        self._delivery = _deliver(source, options)
        self._result: Download | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Read the object, from its beginning.

        Raises:
            CorruptError: The bytes so far, and the rest that is kept back, are wrong.
        """
        delivery = self._delivery
        if len(delivery.pieces) <= 1:
            buffer = io.BytesIO()
            self._result = delivery.fill(buffer)
            yield buffer.getvalue()
            return
        hashers, last = delivery.hashers(), b""
        for _, data in delivery.arrivals():
            if last:
                yield last
            update(hashers, data)
            last = data
        self._result = delivery.result(hashers)
        yield last

    @property
    def result(self) -> Download:
        """What licenses the bytes.

        Raises:
            UsageError: They have not all been read.
        """
        if self._result is None:
            raise UsageError(f"{self._delivery.remote.ref} has not been read to its end")
        return self._result


def _deliver(source: str | ObjectRef, options: DownloadOptions) -> Delivery:
    if unknown := options.keys() - DownloadOptions.__optional_keys__:
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}")
    workers = options.get("workers", WORKERS)
    if workers < 1:
        raise UsageError(f"workers is {workers}; wanted at least 1")
    ref = parse_uri(source) if isinstance(source, str) else source
    if not ref.key:
        raise UsageError(f"{ref} names no object; wanted s3://BUCKET/KEY")
    client = options.get("client") or s3_client(connections=workers)
    return Delivery.plan(
        find(client, ref, extra_args=options.get("extra_args", {})),
        expected=options.get("expected"),
        allow_unproven=options.get("allow_unproven", False),
        workers=workers,
        progress=options.get("progress") or (lambda _: None),
    )
