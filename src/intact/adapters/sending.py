"""Sends one object, each request with its checksum, and compares what S3 says it stores."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.adapters.boto import store_error
from intact.adapters.parallel import in_order
from intact.checksum import Algorithm, Checksum, ChecksumType, Crc64Nvme, crc64nvme
from intact.checksum.encoding import digest_of
from intact.errors import CorruptError, StoreError, UnprovenError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from types_boto3_s3 import S3Client

    from intact.s3 import ObjectRef

ATTEMPTS = 4
"""Most times that S3 is sent a body which it says did not arrive as declared."""

_DAMAGED = frozenset({"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
_MEMBER = Algorithm.CRC64NVME.member
_OURS = frozenset({"Body", "Bucket", "ContentLength", "ContentMD5", "Key", "WriteOffsetBytes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An object that S3 stores, having confirmed its checksum.

    Attributes:
        ref: The object, with its version where the bucket has versions.
        size: Its length in bytes.
        etag: Its entity tag.
        checksum: FULL_OBJECT CRC64NVME of what was sent, and of what S3 says it stores.
    """

    ref: ObjectRef
    size: int
    etag: str
    checksum: Checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends one object.

    Attributes:
        client: An S3 client.
        ref: The object.
        extra_args: More members of PutObject; every other request gets those that it has too.
        expected: What the bytes must have, if anybody knows.
        workers: Requests under way at a time.
        progress: Called with the number of bytes that S3 took since its last call.
    """

    client: S3Client
    ref: ObjectRef
    extra_args: Mapping[str, Any] = field(repr=False)  # may hold a customer's key
    expected: Checksum | None
    workers: int
    progress: Callable[[int], object]

    @classmethod
    def make(cls, client: S3Client, ref: ObjectRef, **rest: Any) -> Sender:  # noqa: ANN401 - the other attributes
        """Refuse at once what could never be sent.

        Raises:
            UsageError: The reference, an extra argument or the expected checksum cannot be.
        """
        sender = cls(client=client, ref=ref, **rest)
        if not ref.key or ref.version_id is not None:
            raise UsageError(f"target is {ref}; wanted s3://BUCKET/KEY without a version")
        known = sender._members("put_object") - _OURS
        for name in sender.extra_args:
            if name not in known or name.startswith("Checksum"):
                raise UsageError(f"extra_args has {name}; wanted members that PutObject leaves us")
        wanted = sender.expected
        if wanted is not None and replace(wanted, digest=b"") != replace(_checksum(0), digest=b""):
            raise UsageError(f"expected is {wanted!r}; wanted a FULL_OBJECT CRC64NVME")
        return sender

    def put(self, body: bytes) -> Upload:
        """Send all bytes in one request."""
        checksum = self._as_expected(_checksum(crc64nvme(body)))
        members = {"Body": body, _MEMBER: str(checksum)}
        answer = self._call("put_object", **members)
        self.progress(len(body))
        return self._confirmed(answer, checksum, size=len(body))

    def multipart(self, parts: Iterable[bytes]) -> Upload:
        """Send parts, several at a time, and declare the whole at the end."""
        kind = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
        upload_id = self._call("create_multipart_upload", **kind)["UploadId"]
        try:
            answer, checksum, size = self._parts(parts, upload_id)
        except BaseException as error:
            self._abort(upload_id, error)
            raise
        return self._confirmed(answer, checksum, size=size)

    def _parts(
        self, parts: Iterable[bytes], upload_id: str
    ) -> tuple[Mapping[str, Any], Checksum, int]:
        def send(numbered: tuple[int, bytes]) -> tuple[dict[str, Any], int, int]:
            number, body = numbered
            crc = crc64nvme(body)
            members = {"PartNumber": number, _MEMBER: str(_checksum(crc))}
            answer = self._call("upload_part", Body=body, UploadId=upload_id, **members)
            return members | {"ETag": answer["ETag"]}, crc, len(body)

        whole, size, listed = Crc64Nvme(), 0, []
        numbered = enumerate(parts, 1)
        for part, crc, length in in_order(send, numbered, threads=self.workers, ahead=self.workers):
            listed.append(part)
            whole.append_crc(crc, length)
            size += length
            self.progress(length)
        checksum = self._as_expected(
            Checksum(
                algorithm=Algorithm.CRC64NVME,
                type=ChecksumType.FULL_OBJECT,
                digest=whole.digest(),
            )
        )
        answer = self._call(
            "complete_multipart_upload",
            UploadId=upload_id,
            MultipartUpload={"Parts": listed},
            MpuObjectSize=size,
            ChecksumType="FULL_OBJECT",
            **{_MEMBER: str(checksum)},
        )
        return answer, checksum, size

    def _abort(self, upload_id: str, error: BaseException) -> None:
        """Leave no parts behind that cost money; what goes wrong here is told with the error."""
        try:
            self._call("abort_multipart_upload", UploadId=upload_id)
        except StoreError as problem:
            error.add_note(
                f"the upload {upload_id} may have left its parts, or an object: {problem}"
            )

    def _as_expected(self, checksum: Checksum) -> Checksum:
        if self.expected is not None and self.expected != checksum:
            raise CorruptError(
                f"{self.ref}: the CRC64NVME of what was to be sent is {checksum}; "
                f"wanted {self.expected}; nothing was stored"
            )
        return checksum

    def _call(self, name: str, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - a request's members
        """Ask S3, again where it says that the body was damaged on its way."""
        usable = self._members(name) - ({"IfNoneMatch"} if name == "head_object" else set())
        extra = {key: value for key, value in self.extra_args.items() if key in usable}
        members = {"Bucket": self.ref.bucket, "Key": self.ref.key, **extra, **members}
        call = self.client.meta.method_to_api_mapping[name]
        problem: StoreError = StoreError(f"{call} {self.ref}: never asked for")
        for _ in range(ATTEMPTS):
            try:
                answer: dict[str, Any] = getattr(self.client, name)(**members)
            except ClientError as error:
                problem = store_error(call, self.ref, error)
                if error.response.get("Error", {}).get("Code") not in _DAMAGED:
                    raise problem from error
            except BotoCoreError as error:
                raise store_error(call, self.ref, error) from error
            else:
                return answer
        raise CorruptError(f"{problem}, {ATTEMPTS} times; nothing was stored")

    def _confirmed(self, answer: Mapping[str, Any], checksum: Checksum, *, size: int) -> Upload:
        """Compare what S3 says it stores with what was sent.

        Raises:
            CorruptError: It is something else.
            UnprovenError: S3 does not say.
        """
        version = answer.get("VersionId")
        ref = replace(self.ref, version_id=version)
        stored = answer.get(_MEMBER), answer.get("ChecksumType")
        if stored[0] is None:
            found = self._call("head_object", ChecksumMode="ENABLED", IfMatch=answer["ETag"])
            stored = found.get(_MEMBER), found.get("ChecksumType")
        if stored[0] is None:
            raise UnprovenError(f"{ref} was stored, and the server confirms no CRC64NVME of it")
        if stored[0] != str(checksum) or stored[1] not in {None, "FULL_OBJECT"}:
            raise CorruptError(
                f"{ref} was stored, and its {stored[1]} CRC64NVME is {stored[0]}; "
                f"wanted FULL_OBJECT {checksum}"
            )
        return Upload(ref=ref, size=size, etag=answer["ETag"].strip('"'), checksum=checksum)

    def _members(self, name: str) -> frozenset[str]:
        """Members that a request can have, as the installed botocore knows it."""
        operation = self.client.meta.method_to_api_mapping[name]
        shape = self.client.meta.service_model.operation_model(operation).input_shape
        return frozenset(shape.members if shape else ())


def _checksum(crc: int) -> Checksum:
    return Checksum(
        algorithm=Algorithm.CRC64NVME,
        type=ChecksumType.FULL_OBJECT,
        digest=digest_of(crc, algorithm=Algorithm.CRC64NVME),
    )
