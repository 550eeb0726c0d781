"""What S3 reports about one object version, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from intact.checksum import Algorithm, Checksum
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """Size, identity and stored checksums of one object version, as S3 reported them.

    Attributes:
        size: Length in bytes.
        etag: Entity tag without quotes.  Never proof of content.
        last_modified: When this version was written; S3 resolves whole seconds.
        version_id: Version that answered; None in a bucket that never had versions.
        checksums: Every additional checksum in the response.
    """

    size: int
    etag: str
    last_modified: datetime
    version_id: str | None = None
    checksums: frozenset[Checksum] = frozenset()

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
        type_name = response.get("ChecksumType")
        return cls(
            size=size,
            etag=etag.strip('"'),
            last_modified=last_modified,
            version_id=response.get("VersionId"),
            checksums=frozenset(
                Checksum.parse(response[algorithm.member], algorithm=algorithm, type_name=type_name)
                for algorithm in Algorithm
                if response.get(algorithm.member)
            ),
        )
