"""The files that a distributed audit reads, by names that every machine understands."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.adapters.boto import require_etag, s3_client, store_error
from intact.adapters.parallel import in_order
from intact.batch.columns import FileFormat
from intact.errors import FormatError, StoreError
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from intact.adapters.offline.inputs import Of
    from intact.batch.manifest import ManifestFormat

_CHUNK = 1 << 20
_AT_ONCE = 32
"""HeadObject requests under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file.

    Attributes:
        path: ``s3://BUCKET/KEY``, or a path on a disk that every machine has.
        md5: Of its bytes, in hex; None where nobody promised any.
        etag: What the object in S3 must still have; None takes it as it is now.
        endpoint_url: Another S3 server that it lies on.
        region: AWS Region to ask.
    """

    path: str
    md5: str | None = None
    etag: str | None = None
    endpoint_url: str | None = None
    region: str | None = None

    @property
    def remote(self) -> bool:
        """Whether it lies in S3."""
        return self.path.startswith("s3://")

    def size(self, client: Any = None) -> int:  # noqa: ANN401 - boto3's
        """Return its bytes' number.

        Args:
            client: Asks S3; None makes one.

        Raises:
            StoreError: It is not in S3, is another one, or could not be read.
            OSError: The same, on disk.
        """
        if not self.remote:
            return Path(self.path).stat().st_size
        with self._asked("HeadObject", client) as (asked, place):
            return int(asked.head_object(**place, **self._bound())["ContentLength"])

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yield its bytes from ``start`` on.

        Raises:
            StoreError: It is not in S3, is another one, or could not be read.
            OSError: The same, on disk.
        """
        if self.remote:
            part = {"Range": f"bytes={start}-"} if start else {}  # an empty object has no range
            with self._asked("GetObject") as (client, place):
                answer = client.get_object(**place, **part, **self._bound())
                self._require(answer, start)
                yield from answer["Body"].iter_chunks(_CHUNK)
            return
        with Path(self.path).open("rb") as file:
            file.seek(start)
            while chunk := file.read(_CHUNK):
                yield chunk

    @contextmanager
    def _asked(
        self,
        call: str,
        client: Any = None,  # noqa: ANN401 - boto3's
    ) -> Iterator[tuple[Any, dict[str, str]]]:
        """Give a client, and where it is to look; what botocore raises is an error of ours."""
        ref = parse_uri(self.path)
        client = client or s3_client(endpoint_url=self.endpoint_url, region=self.region)
        try:
            yield client, {"Bucket": ref.bucket, "Key": ref.key}
        except (BotoCoreError, ClientError) as error:
            raise store_error(call, ref, error) from error

    def _require(self, answer: Mapping[str, Any], start: int) -> None:
        """Refuse other bytes than those asked for: not every server heeds every header.

        Raises:
            StoreError: The answer is of another object, or begins elsewhere.
        """
        ref = parse_uri(self.path)
        if self.etag is not None:
            require_etag("GetObject", ref, answer, etag=self.etag)
        told = answer.get("ContentRange")
        if start and not (told or "").startswith(f"bytes {start}-"):
            raise StoreError(f"GetObject {ref}: got {told!r}; wanted the bytes from {start} on")

    def _bound(self) -> dict[str, str]:
        return {} if self.etag is None else {"IfMatch": f'"{self.etag}"'}

    def at_hand(self, folder: Path) -> Path:
        """Return where it lies on this machine, fetched into the folder where need be.

        Two files may have one name there, so each needs a folder of its own.

        Raises:
            FormatError: Its bytes are not those of its MD5.
            StoreError: It is not in S3, or could not be read.
            OSError: The same, on disk.
        """
        if not self.remote:
            path = Path(self.path)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / Path(parse_uri(self.path).key).name
            with path.open("wb") as file:
                file.writelines(self.chunks())
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
    file_format: FileFormat = FileFormat.CSV


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Everything that the audit reads; see ``intact.adapters.offline.inputs.Inputs``."""

    manifest: Source
    fields: tuple[str, ...]
    report: Sequence[Source] | None = None
    computed: Sequence[ComputedSource] = ()
    inventories: Sequence[InventorySource] = ()

    def every(self) -> list[Source]:
        """All files."""
        parts = [part for made in self.computed for part in made.parts]
        parts += [part for listed in self.inventories for part in listed.parts]
        return [self.manifest, *(self.report or ()), *parts]


def sizes_of(sources: Iterable[Source]) -> dict[Source, int]:
    """Bytes of each file; see ``Source.size``.  A billion rows are in thousands of files."""
    found = list(dict.fromkeys(sources))
    places = {(source.endpoint_url, source.region) for source in found if source.remote}
    clients = {
        (url, region): s3_client(endpoint_url=url, region=region, connections=_AT_ONCE)
        for url, region in places
    }

    def measure(source: Source) -> int:
        return source.size(clients.get((source.endpoint_url, source.region)))

    counted = in_order(measure, found, threads=_AT_ONCE, ahead=_AT_ONCE)
    return dict(zip(found, counted, strict=True))


def all_at_hand(sources: Iterable[Source], folder: Path) -> list[Path]:
    """Return where files lie on this machine; see ``Source.at_hand``."""
    return [source.at_hand(folder / f"{n}") for n, source in enumerate(sources)]


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
