"""What S3 reports about one object version, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

SSE_S3 = "AES256"
"""``ServerSideEncryption`` of an object whose ETag is made of MD5s."""
SSE_C = "SSE-C"
"""Encrypted with a key that the client sends; S3 names no ``ServerSideEncryption`` then."""
_ETAG = re.compile("([0-9a-f]{32})(?:-([1-9][0-9]{0,4}))?")
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
MEMBERS = {algorithm.member: algorithm for algorithm in Algorithm}
"""Members of responses that hold checksums."""
_OPAQUE_ETAGS = frozenset({"EXPRESS_ONEZONE"})
"""Storage classes whose ETags are no MD5 (Amazon S3 User Guide, "Differences for directory
buckets")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """Size, identity and stored checksums of one object version, as S3 reported them.

    Attributes:
        size: Length in bytes.
        etag: Entity tag without quotes.  A difference of ETags proves nothing.
        last_modified: When this version was written; S3 resolves whole seconds.
        version_id: Version that answered; None in a bucket that never had versions.
        checksums: Every additional checksum in the response.
        encryption: ``ServerSideEncryption``, or ``SSE-C``; None where the server names none.
        storage_class: S3's name; None for STANDARD, which S3 does not name.
        archived: Whether its bytes can be read only after a restore.
    """

    size: int
    etag: str
    last_modified: datetime
    version_id: str | None = None
    checksums: frozenset[Checksum] = frozenset()
    encryption: str | None = None
    storage_class: str | None = None
    archived: bool = False

    @property
    def etag_md5(self) -> Checksum | None:
        """The ETag read as the MD5 that it may be: of the bytes, or COMPOSITE with ``-N``.

        Equal to a real MD5 it cannot be by chance; whether it is one at all, only
        ``etag_is_md5`` tells.
        """
        return _md5_of(self.etag)

    @property
    def etag_is_md5(self) -> bool:
        """Whether S3 documents that the ETags of objects stored so are made of MD5s.

        See Amazon S3 API Reference, Object.  An object whose encryption was changed in place may
        keep an older ETag.
        """
        return self.encryption == SSE_S3 and self.storage_class not in _OPAQUE_ETAGS

    def may_be(self, version_id: str | None) -> bool:
        """Whether this answers a request for that version; None asks for the current one.

        S3 names the version that it answered about.  Of the null version, a bucket that never had
        versions names none.
        """
        if version_id is None:
            return True
        return version_id == (self.version_id or "null")

    @classmethod
    def from_head(cls, response: Mapping[str, Any]) -> Self:
        """Read a HeadObject response as boto3 returns it (``ChecksumMode=ENABLED``).

        Raises:
            FormatError: A member is missing or malformed.

        See Amazon S3 API Reference, HeadObject.
        """
        try:
            size, etag = response["ContentLength"], response["ETag"]
            last_modified = response["LastModified"]
        except KeyError as missing:
            raise FormatError(f"HeadObject response lacks {missing}") from None
        get = response.get
        storage_class = get("StorageClass")
        return cls(
            size=size,
            etag=etag.strip('"'),
            last_modified=last_modified,
            version_id=get("VersionId"),
            checksums=_checksums(response),
            encryption=SSE_C if get("SSECustomerAlgorithm") else get("ServerSideEncryption"),
            storage_class=storage_class,
            archived=_archived(storage_class, response),
        )


_SLOTS = [getattr(ObjectFacts, name).__set__ for name in ObjectFacts.__slots__]
_put_size, _put_etag, _put_moment, _put_version, *_rest = _SLOTS
_put_checksums, _put_encryption, _put_class, _put_archived = _rest


def facts(  # noqa: PLR0913, PLR0917 - the fields of ObjectFacts, in their order
    size: int,
    etag: str,
    last_modified: datetime,
    version_id: str | None,
    checksums: frozenset[Checksum],
    encryption: str | None,
    storage_class: str | None,
    archived: bool,  # noqa: FBT001 - as above
) -> ObjectFacts:
    """Make an ``ObjectFacts`` in a third of the time that it takes to look up each field by name.

    Frozen dataclasses do that; audits make two of these for each copy.
    """
    made = object.__new__(ObjectFacts)
    _put_size(made, size)
    _put_etag(made, etag)
    _put_moment(made, last_modified)
    _put_version(made, version_id)
    _put_checksums(made, checksums)
    _put_encryption(made, encryption)
    _put_class(made, storage_class)
    _put_archived(made, archived)
    return made


@lru_cache(maxsize=1 << 10)
def _md5_of(etag: str) -> Checksum | None:
    """Read an ETag; remembered, since a verdict asks several times on both sides."""
    found = _ETAG.fullmatch(etag)
    if found is None:
        return None
    digest, parts = found.groups()
    return Checksum(
        algorithm=Algorithm.MD5,
        type=ChecksumType.COMPOSITE if parts else ChecksumType.FULL_OBJECT,
        digest=bytes.fromhex(digest),
        parts=int(parts) if parts else None,
    )


def _checksums(response: Mapping[str, Any]) -> frozenset[Checksum]:
    named = sorted(MEMBERS.keys() & response.keys())
    found = [(MEMBERS[member], response[member]) for member in named if response[member]]
    return parsed(response.get("ChecksumType"), *found)


@lru_cache(maxsize=1 << 12)
def parsed(type_name: str | None, *found: tuple[Algorithm, str]) -> frozenset[Checksum]:
    """Read checksums; remembered, since a copy's are those of its source."""
    return frozenset(
        Checksum.parse(value, algorithm=algorithm, type_name=type_name)
        for algorithm, value in found
    )


def _archived(storage_class: str | None, response: Mapping[str, Any]) -> bool:
    if response.get("ArchiveStatus") is not None:
        return True
    restored = 'ongoing-request="false"' in response.get("Restore", "")
    return storage_class in _ARCHIVED and not restored


@dataclass(frozen=True, slots=True, kw_only=True)
class PartList:
    """Where the parts of a multipart object end, and their digests where S3 tells them.

    Attributes:
        sizes: Bytes of each part, in order.
        algorithm: Algorithm of the digests; None where there are none.
        digests: Raw digest of each part, or empty.
    """

    sizes: tuple[int, ...]
    algorithm: Algorithm | None = None
    digests: tuple[bytes, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of the whole object."""
        return sum(self.sizes)

    @classmethod
    def from_parts(cls, parts: Iterable[Mapping[str, Any]]) -> Self:
        """Read the members of ``ObjectParts.Parts``, or a HeadObject response for each part.

        Args:
            parts: All of them, in order; each with ``Size`` or ``ContentLength``.

        Raises:
            FormatError: A part lacks its size, its number is out of order, or a digest is
                malformed.

        See Amazon S3 API Reference, GetObjectAttributes.
        """
        taken = list(parts)
        sizes = tuple(_part_size(part, number) for number, part in enumerate(taken, 1))
        for algorithm in Algorithm:
            values = [part.get(algorithm.member) for part in taken]
            if taken and all(values):
                return cls(
                    sizes=sizes, algorithm=algorithm, digests=_digests(values, algorithm=algorithm)
                )
        return cls(sizes=sizes)


def _part_size(part: Mapping[str, Any], number: int) -> int:
    if part.get("PartNumber", number) != number:
        raise FormatError(f"part {part['PartNumber']} stands in place {number}")
    size = part.get("Size", part.get("ContentLength"))
    if not isinstance(size, int):
        raise FormatError(f"part {number} has size {size!r}; wanted bytes")
    return size


def _digests(values: Sequence[Any], *, algorithm: Algorithm) -> tuple[bytes, ...]:
    return tuple(Checksum.parse(value, algorithm=algorithm).digest for value in values)
