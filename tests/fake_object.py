"""One object of S3 in memory, behind a client that damages bodies as it is told to."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from intact.checksum import Algorithm, Checksum, ChecksumType, composite, new

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_s3 import S3Client

ETAG = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True, kw_only=True)
class FakeObject:
    """Answers HeadObject and GetObject for ``s3://b/k`` as S3 does.

    Attributes:
        body: What is stored.
        promised: What the checksums are of; as ``body`` unless the store is rotten.
        stored: Type of each algorithm's checksum.
        part_sizes: Layout of the upload.
        tells_parts: Whether HeadObject knows part numbers, and part checksums.
        fault: What becomes of each body that is read, by its range.
        etag: The ETag.
        more: Other members of HeadObject's answer.
        asked: Every request.
    """

    body: bytes
    promised: bytes | None = None
    stored: Mapping[Algorithm, ChecksumType | None] = field(
        default_factory=lambda: {Algorithm.CRC64NVME: ChecksumType.FULL_OBJECT}
    )
    part_sizes: tuple[int, ...] = ()
    tells_parts: bool = True
    tells_digests: bool = True
    fault: Callable[[range, bytes], bytes] = lambda _, body: body
    etag: str = ETAG
    more: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def client(self) -> S3Client:
        return cast("S3Client", self)

    def _parts(self) -> list[bytes]:
        body, parts = self.promised if self.promised is not None else self.body, []
        for size in self.part_sizes or (len(body),):
            parts.append(body[:size])
            body = body[size:]
        assert not body
        return parts

    def value(self, algorithm: Algorithm) -> str:
        parts = self._parts()
        if self.stored[algorithm] is ChecksumType.COMPOSITE:
            digests = [new(algorithm, part).digest() for part in parts]
            return str(composite(digests, algorithm=algorithm))
        return str(
            Checksum(
                algorithm=algorithm,
                type=ChecksumType.FULL_OBJECT,
                digest=new(algorithm, b"".join(parts)).digest(),
            )
        )

    def head_object(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - a request's members
        with self.lock:
            self.asked.append(("head", request))
        self._require_etag(request, "HeadObject")
        answer: dict[str, Any] = {
            "ContentLength": len(self.body),
            "ETag": f'"{self.etag}"',
            "LastModified": datetime(2026, 11, 22, tzinfo=UTC),
            **self.more,
        }
        number = request.get("PartNumber")
        if number is None or not self.tells_parts:
            types = {kind.value for kind in self.stored.values() if kind is not None}
            answer |= {name.member: self.value(name) for name in self.stored}
            return answer | ({"ChecksumType": types.pop()} if types else {})
        part = self._parts()[number - 1]
        answer |= {"ContentLength": len(part), "PartsCount": len(self.part_sizes)}
        for algorithm, kind in self.stored.items():
            if kind is ChecksumType.COMPOSITE and self.tells_digests:
                digest = new(algorithm, part).digest()
                value = Checksum(algorithm=algorithm, type=kind, digest=digest)
                answer |= {algorithm.member: str(value), "ChecksumType": "COMPOSITE"}
        return answer

    def get_object(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        self._require_etag(request, "GetObject")
        first, last = map(int, request["Range"].removeprefix("bytes=").split("-"))
        assert 0 <= first <= last < len(self.body)
        whole = self.body[first : last + 1]
        with self.lock:
            self.asked.append(("get", request))
            sent = self.fault(range(first, last + 1), whole)
        return {
            "Body": StreamingBody(io.BytesIO(sent), len(whole)),
            "ContentLength": len(whole),
            "ContentRange": f"bytes {first}-{last}/{len(self.body)}",
        }

    def _require_etag(self, request: Mapping[str, Any], call: str) -> None:
        if request.get("IfMatch", f'"{self.etag}"') != f'"{self.etag}"':
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": ""}}, call)
