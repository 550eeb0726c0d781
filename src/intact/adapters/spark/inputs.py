"""The files that a distributed audit reads, by names that every machine understands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intact.errors import FormatError
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from intact.adapters.offline.inputs import Of
    from intact.batch.manifest import ManifestFormat

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file.

    Attributes:
        path: ``s3://BUCKET/KEY``, or a path on a disk that every machine has.
        md5: Of its bytes, in hex; None where nobody promised any.
        etag: What the object in S3 must still have; None takes it as it is now.
    """

    path: str
    md5: str | None = None
    etag: str | None = None

    @property
    def remote(self) -> bool:
        """Whether it lies in S3."""
        return self.path.startswith("s3://")

    def size(self) -> int:
        """Return its bytes' number."""
        if not self.remote:
            return Path(self.path).stat().st_size
        ref = parse_uri(self.path)
        head = _client().head_object(Bucket=ref.bucket, Key=ref.key, **self._bound())
        return int(head["ContentLength"])

    def chunks(self, start: int, end: int | None) -> Iterator[bytes]:
        """Yield its bytes from ``start`` until before ``end``, if so many there are."""
        if self.remote:
            ref = parse_uri(self.path)
            last = "" if end is None else end - 1
            answer = _client().get_object(
                Bucket=ref.bucket,
                Key=ref.key,
                Range=f"bytes={start}-{last}",
                **self._bound(),
            )
            yield from answer["Body"].iter_chunks(_CHUNK)
            return
        with Path(self.path).open("rb") as file:
            file.seek(start)
            left = end - start if end is not None else None
            while chunk := file.read(_CHUNK if left is None else min(left, _CHUNK)):
                yield chunk
                left = left if left is None else left - len(chunk)

    def _bound(self) -> dict[str, str]:
        return {} if self.etag is None else {"IfMatch": f'"{self.etag}"'}

    def at_hand(self, folder: Path) -> Path:
        """Return where it lies on this machine, fetched into the folder where need be.

        Raises:
            FormatError: Its bytes are not those of its MD5.
        """
        if not self.remote:
            path = Path(self.path)
        else:
            ref = parse_uri(self.path)
            path = folder / Path(ref.key).name
            _client().download_file(ref.bucket, ref.key, str(path))
        if self.md5 is not None:
            with path.open("rb") as file:
                got = hashlib.file_digest(file, _md5).hexdigest()
            if got != self.md5.lower():
                raise FormatError(f"{self.path}: MD5 is {got}; wanted {self.md5}")
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedSource:
    """The completion report of a Compute checksum job; see ``ComputedInput``."""

    parts: Sequence[Source]
    written: ManifestFormat | None = None
    begun: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InventorySource:
    """An inventory of the bucket of one side; see ``InventoryInput``."""

    of: Of
    taken: datetime
    parts: Sequence[Source]
    schema: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Everything that the audit reads; see ``intact.adapters.offline.inputs.Inputs``."""

    manifest: Source
    fields: tuple[str, ...]
    report: Sequence[Source] | None = None
    computed: Sequence[ComputedSource] = ()
    inventories: Sequence[InventorySource] = ()


def _client() -> Any:  # noqa: ANN401 - botocore's, made at run time
    from intact.adapters.boto import s3_client  # noqa: PLC0415 - heavy

    return s3_client()


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
