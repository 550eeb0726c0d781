"""The requests of one multipart upload that is filled by copying, bound to one source."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, wait
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.adapters.boto import store_error
from intact.batch.multipart import Receipt
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.checksum.encoding import decode, encode
from intact.errors import AccessError, StoreError
from intact.s3 import ObjectFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor, Future
    from threading import Event

    from types_boto3_s3 import S3Client

    from intact.batch.multipart import Part
    from intact.s3 import ObjectRef

CRC = Algorithm.CRC64NVME
_CHANGED = frozenset({"PreconditionFailed", "412"})


class CopyError(StoreError):
    """One object was not copied.

    Attributes:
        code: S3's error code, or what S3 would have called it.
        status: HTTP status; None where there was no answer.
    """

    def __init__(self, message: str, *, code: str, status: int | None = None) -> None:
        """Say why."""
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An object as HeadObject answered: bound to its ETag and, where it has one, its version.

    Attributes:
        ref: The object, with the version that answered.
        facts: Its size and checksums.
        head: The whole answer.
    """

    ref: ObjectRef
    facts: ObjectFacts
    head: Mapping[str, Any]

    @classmethod
    def find(cls, client: S3Client, ref: ObjectRef) -> Source:
        """Ask for an object.

        Raises:
            CopyError: It is absent, S3 refused, or answered about another version.
            FormatError: A malformed answer.
        """
        head = ask("HeadObject", ref, client.head_object, **place(ref), ChecksumMode="ENABLED")
        facts = ObjectFacts.from_head(head)
        if not facts.may_be(ref.version_id):
            message = f"HeadObject {ref}: the answer is about version {facts.version_id}"
            raise CopyError(message, code="NoSuchVersion")
        return cls(ref=replace(ref, version_id=facts.version_id), facts=facts, head=head)

    @property
    def etag(self) -> str:
        """As answered, quotes included."""
        etag: str = self.head["ETag"]
        return etag

    @property
    def is_of_this_second(self) -> bool:
        """Whether it was written in the second in which the server answered, if that tells time.

        S3 tells whole seconds, and nothing would show that a copy of the same one came later.
        """
        told = self.head.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            answered = parsedate_to_datetime(told)
        except ValueError:
            return False
        return answered.tzinfo is not None and self.facts.last_modified >= answered

    @property
    def is_multipart(self) -> bool:
        """Whether it was uploaded in parts, if only one."""
        return "-" in self.etag

    @property
    def whole(self) -> Checksum | None:
        """Its FULL_OBJECT CRC64NVME, where S3 stores one."""
        kept = (one for one in self.facts.checksums if one.algorithm is CRC)
        return next((one for one in kept if one.type is ChecksumType.FULL_OBJECT), None)

    @property
    def bound(self) -> dict[str, Any]:
        """Where to copy from, and only as long as it is the same."""
        return {"CopySource": place(self.ref), "CopySourceIfMatch": self.etag}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A multipart upload that exists.

    Attributes:
        client: Client of the destination's Region.
        target: What it will become.
        id: Its id.
    """

    client: S3Client
    target: ObjectRef
    id: str

    @property
    def place(self) -> dict[str, Any]:
        """Members that name it in every request."""
        return place(self.target) | {"UploadId": self.id}

    def receipts(self) -> dict[int, tuple[int, Receipt]] | None:
        """Size and receipt of every part that is there; None where the upload is no more.

        Raises:
            CopyError: S3 refused.
        """
        found: dict[int, tuple[int, Receipt]] = {}
        marker = 0
        while True:
            where = self.place | {"PartNumberMarker": marker}
            try:
                page = ask("ListParts", self.target, self.client.list_parts, **where)
            except CopyError as error:
                if error.code == "NoSuchUpload":
                    return None
                raise
            for part in page.get("Parts", ()):
                found[part["PartNumber"]] = part["Size"], _receipt(part)
            if not page.get("IsTruncated") or page["NextPartNumberMarker"] == marker:
                return found
            marker = page["NextPartNumberMarker"]

    def fill(
        self, source: Source, parts: Sequence[Part], *, pool: Executor, stop: Event
    ) -> dict[int, Receipt]:
        """Copy parts side by side; when it raises, no request is under way any more.

        Raises:
            CopyError: The source changed, or S3 refused.
            KeyboardInterrupt: ``stop`` was set.
        """

        def copy(part: Part) -> Receipt:
            if stop.is_set():
                raise KeyboardInterrupt
            return self._part(source, part)

        futures = {part.number: pool.submit(copy, part) for part in parts}
        try:
            wait(futures.values(), return_when=FIRST_EXCEPTION)
        finally:
            running = [future for future in futures.values() if not future.cancel()]
            wait(running)
        _raise_first(running)
        return {number: future.result() for number, future in futures.items()}

    def _part(self, source: Source, part: Part) -> Receipt:
        where = self.place | {"PartNumber": part.number}
        if not part.size:  # no range of bytes names an empty part
            empty = {"Body": b""} | value(bytes(CRC.digest_size))
            return _receipt(
                ask("UploadPart", self.target, self.client.upload_part, **where, **empty)
            )
        answer = ask(
            f"UploadPartCopy of part {part.number}",
            source.ref,
            self.client.upload_part_copy,
            CopySourceRange=part.range,
            **where,
            **source.bound,
        )
        return _receipt(answer["CopyPartResult"])

    def complete(
        self, receipts: Mapping[int, Receipt], *, size: int, whole: Checksum | None
    ) -> Mapping[str, Any]:
        """Make the object of its parts; S3 itself refuses another size or checksum.

        Raises:
            CopyError: S3 refused.
        """
        parts = [
            {"PartNumber": number, "ETag": receipt.etag} | value(receipt.digest)
            for number, receipt in sorted(receipts.items())
        ]
        answer: Mapping[str, Any] = ask(
            "CompleteMultipartUpload",
            self.target,
            self.client.complete_multipart_upload,
            MultipartUpload={"Parts": parts},
            ChecksumType=ChecksumType.FULL_OBJECT.value,
            MpuObjectSize=size,
            **self.place,
            **value(None if whole is None else whole.digest),
        )
        return answer

    def abort(self) -> None:
        """Give up the upload and its parts; one that is no more is no error.

        Raises:
            CopyError: S3 refused.
        """
        try:
            abort = self.client.abort_multipart_upload
            ask("AbortMultipartUpload", self.target, abort, **self.place)
        except CopyError as error:
            if error.code != "NoSuchUpload":
                raise


def place(ref: ObjectRef) -> dict[str, Any]:
    """Members that name an object in a request."""
    version = {"VersionId": ref.version_id} if ref.version_id else {}
    return {"Bucket": ref.bucket, "Key": ref.key} | version


def value(digest: bytes | None) -> dict[str, str]:
    """Member that says a CRC64NVME in a request; none for None."""
    return {} if digest is None else {CRC.member: encode(digest)}


def ask(call: str, ref: ObjectRef, function: Callable[..., Any], **members: Any) -> Any:  # noqa: ANN401 - of any request and answer
    """Send a request.

    Raises:
        CopyError: S3 refused or did not answer.
        AccessError: The credentials are of no use.
    """
    try:
        return function(**members)
    except (BotoCoreError, ClientError) as error:
        found = store_error(call, ref, error)
        if isinstance(found, AccessError):
            raise found from error
        answer = error.response if isinstance(error, ClientError) else {}
        code = answer.get("Error", {}).get("Code", type(error).__name__)
        if code in _CHANGED:
            raise changed(ref) from error
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        raise CopyError(str(found), code=code, status=status) from error


def changed(ref: ObjectRef) -> CopyError:
    """What is wrong with a source that is not the one that the copy began with."""
    message = f"{ref}: the source changed while it was copied"
    return CopyError(message, code="PreconditionFailed", status=412)


def _receipt(part: Mapping[str, Any]) -> Receipt:
    text = part.get(CRC.member)
    digest = None if text is None else decode(text, algorithm=CRC)
    return Receipt(etag=part["ETag"], digest=digest)


def _raise_first(futures: Sequence[Future[Receipt]]) -> None:
    for future in futures:
        if (error := future.exception()) is not None:
            raise error
