"""Copies one object inside S3: in one request where it fits, else in parts, side by side.

Every request is bound to the source's ETag and, where it has versions, to its version.  What is
carried over is what CopyObject carries over by itself: content headers, user metadata and tags.
The storage class is the one asked for, else STANDARD; ACL, encryption, Object Lock and redirect
are the destination bucket's defaults (S3 API Reference, CopyObject).  Annotations stay behind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from intact.adapters.copied import Begun, compared, require_equal
from intact.adapters.multipart import CRC, CopyError, Source, Upload, ask, changed, place
from intact.batch.multipart import combined, keep_parts, missing_parts, plan_parts
from intact.checksum import ChecksumType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor
    from threading import Event

    from types_boto3_s3 import S3Client

    from intact.adapters.copied import Copied
    from intact.batch import S3PutObjectCopy
    from intact.batch.multipart import Part, Receipt
    from intact.checksum import Checksum
    from intact.s3 import ObjectRef

_CARRIED = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "Metadata",
)
_HOPELESS = frozenset({"PreconditionFailed", "BadDigest", "NoSuchKey", "NoSuchVersion", "404"})
"""Errors after which an upload leads nowhere; after others a later try goes on with it."""
_NO_RANGE = frozenset({400, 416})
"""HTTP status for bytes that a source does not have; some servers look at ETags only later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copier:
    """Copies objects as an operation says.

    Attributes:
        client: Client of the destination's Region, used by all threads.
        operation: Where copies go, and in which storage class.
        pool: Runs the requests of parts; none of its threads calls ``copy``.
        stop: Once it is set, no further request is begun, and ``copy`` raises KeyboardInterrupt.
        part_size: Bytes of a part; an object of no more is copied in one request.
        keep_parts: Whether a copy ends its parts where its source does.
    """

    client: S3Client
    operation: S3PutObjectCopy
    pool: Executor
    stop: Event
    part_size: int
    keep_parts: bool = False

    def copy(
        self,
        ref: ObjectRef,
        *,
        begun: Begun | None = None,
        note: Callable[[Begun | None], None],
    ) -> Copied:
        """Copy an object, or go on where an earlier try ended.

        Args:
            ref: The source; without a version, the current one.
            begun: What the earlier try noted last.
            note: Told what a later try must know before anything is built on it; None says that
                the upload is no more.

        Raises:
            CopyError: The source changed, a checksum differs, or S3 refused.
            AccessError: The credentials are of no use.
            FormatError: A malformed answer.
            UsageError: S3 takes no object of such parts.
        """
        target = self.operation.destination(ref)
        if (target.bucket, target.key) == (ref.bucket, ref.key):
            raise CopyError(f"{ref}: source and copy are the same object", code="InvalidRequest")
        source = Source.find(self.client, ref)
        if ref.version_id is None and source.is_of_this_second:
            self.stop.wait(1)
        if begun is None and source.facts.size <= self.part_size and not self._kept(source):
            return self._in_one(source, target)
        if begun is not None:
            copied = _Task(self, source, target, begun, note).resume(self._plan)
            if copied is not None:
                return copied
        parts = self._plan(source)
        begun = self._begin(source, target)
        note(begun)
        return _Task(self, source, target, begun, note).finish(parts, {})

    def _kept(self, source: Source) -> bool:
        return self.keep_parts and source.is_multipart

    def _in_one(self, source: Source, target: ObjectRef) -> Copied:
        answer = ask(
            "CopyObject",
            source.ref,
            self.client.copy_object,
            ChecksumAlgorithm=CRC.value,
            **place(target),
            **source.bound,
            **self._storage_class(),
        )
        return compared(answer | answer["CopyObjectResult"], target, source=source)

    def _storage_class(self) -> dict[str, Any]:
        named = self.operation.storage_class
        return {} if named is None else {"StorageClass": named}

    def _plan(self, source: Source) -> list[Part]:
        if not self._kept(source):
            return plan_parts(source.facts.size, part_size=self.part_size)
        count = int(source.etag.strip('"').rpartition("-")[2])
        sizes = self.pool.map(
            lambda number: ask(
                f"HeadObject of part {number}",
                source.ref,
                self.client.head_object,
                PartNumber=number,
                IfMatch=source.etag,
                **place(source.ref),
            )["ContentLength"],
            range(1, count + 1),
        )
        return keep_parts(list(sizes), size=source.facts.size)

    def _begin(self, source: Source, target: ObjectRef) -> Begun:
        head = source.head
        unread = head.get("ExpiresString") if not head.get("Expires") else None
        if head.get("MissingMeta") or unread:
            got = f"Expires is {unread!r}" if unread else "S3 withholds some of it"
            message = f"{source.ref}: its metadata cannot be carried over: {got}"
            raise CopyError(message, code="InvalidRequest")
        find = self.client.get_object_tagging
        tags = ask("GetObjectTagging", source.ref, find, **place(source.ref))["TagSet"]
        tagging = urlencode([(tag["Key"], tag["Value"]) for tag in tags])
        answer = ask(
            "CreateMultipartUpload",
            target,
            self.client.create_multipart_upload,
            ChecksumAlgorithm=CRC.value,
            ChecksumType=ChecksumType.FULL_OBJECT.value,
            **place(target),
            **{name: head[name] for name in _CARRIED if head.get(name)},
            **({"Tagging": tagging} if tagging else {}),
            **self._storage_class(),
        )
        return Begun(
            upload_id=answer["UploadId"], etag=source.etag, version_id=source.facts.version_id
        )


@dataclass(frozen=True, slots=True)
class _Task:
    """One object whose upload was begun."""

    copier: Copier
    source: Source
    target: ObjectRef
    begun: Begun
    note: Callable[[Begun | None], None]

    @property
    def upload(self) -> Upload:
        return Upload(client=self.copier.client, target=self.target, id=self.begun.upload_id)

    def resume(self, plan: Callable[[Source], list[Part]]) -> Copied | None:
        """Go on with what an earlier try begun; None where that upload is no more."""
        if (self.begun.etag, self.begun.version_id) != (
            self.source.etag,
            self.source.facts.version_id,
        ):
            raise self._dropped(changed(self.source.ref))
        parts, there = plan(self.source), self.upload.receipts()
        if there is None:
            if (done := self._done(len(parts))) is None:
                self.note(None)
            return done
        sizes = {part.number: part.size for part in parts}
        return self.finish(
            parts,
            {
                number: receipt
                for number, (size, receipt) in there.items()
                if sizes.get(number) == size
            },
        )

    def finish(self, parts: list[Part], receipts: Mapping[int, Receipt]) -> Copied:
        """Copy the parts that S3 has no receipt of, and complete the upload."""
        try:
            left = missing_parts(parts, receipts)
            filled = self.upload.fill(
                self.source, left, pool=self.copier.pool, stop=self.copier.stop
            )
            every = {**receipts, **filled}
            whole, stored = combined(parts, every), self.source.whole
            if whole is not None and stored is not None:
                require_equal(whole, stored, target=self.target, whose="source")
            self.note(replace(self.begun, digest=None if whole is None else whole.digest))
            return self._complete(every, whole)
        except CopyError as error:
            reason = self._shrunk() if error.status in _NO_RANGE else None
            if reason is not None or error.code in _HOPELESS:
                raise self._dropped(reason or error) from error
            raise

    def _shrunk(self) -> CopyError | None:
        """Why a range of the source was refused, if that is for the source being another now."""
        now = Source.find(self.copier.client, self.source.ref)
        return None if now.etag == self.source.etag else changed(self.source.ref)

    def _complete(self, receipts: Mapping[int, Receipt], whole: Checksum | None) -> Copied:
        size = self.source.facts.size
        try:
            answer = self.upload.complete(receipts, size=size, whole=whole)
        except CopyError as error:
            # A completion whose answer was lost is asked again, and finds no upload.
            asked = None if whole is None else whole.digest
            if error.code != "NoSuchUpload" or (done := self._done(len(receipts), asked)) is None:
                raise
            return done
        return compared(answer, self.target, source=self.source, parts=whole, count=len(receipts))

    def _done(self, count: int, asked: bytes | None = None) -> Copied | None:
        """The copy, if the upload became it: its completion was asked, and here it is."""
        digest = asked or self.begun.digest
        try:
            found = Source.find(self.copier.client, self.target)
        except CopyError as error:
            if error.code in {"404", "NoSuchKey"}:
                return None
            raise
        whole = found.whole
        same_size = found.facts.size == self.source.facts.size
        if whole is None or whole.digest != digest or not same_size:
            return None
        answer = {**found.head, "VersionId": found.facts.version_id}
        return compared(answer, self.target, source=self.source, parts=whole, count=count)

    def _dropped(self, error: CopyError) -> CopyError:
        """Abort an upload that leads nowhere; return the error, which says if that failed."""
        try:
            self.upload.abort()
        except CopyError as trouble:
            message = f"{error}; its upload {self.begun.upload_id} is left: {trouble}"
            return CopyError(message, code=error.code, status=error.status)
        self.note(None)
        return error
