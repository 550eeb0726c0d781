r"""What an S3ComputeObjectChecksum job reports of one object.

The result stands in ``ResultMessage`` as JSON::

    {"checksum_base64":"Jc59MrAghVY=","ETag":"4e166f...","checksumAlgorithm":"CRC64NVME",
     "checksumType":"FULL_OBJECT","checksum_hex":"25CE7D32B0208556"}

Reports spell ``etag`` too, and escape characters (``\u003d``).  Whether a COMPOSITE value ends in
``-N`` is not documented; both are read.  Source: Amazon S3 User Guide, "Compute checksums", and
reports of live jobs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from intact.batch.report import TaskStatus
from intact.checksum import Algorithm, Checksum
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from intact.batch.report import TaskResult


OF_COPY = "equalTo"
"""Member of messages that look like these, in reports of ``intact copy``: what they say of a copy
stands under its source's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedRow:
    """One succeeded row of a Compute checksum job's report.

    Attributes:
        raw_key: The key as the job's manifest spells it.
        bucket: Bucket of the object.
        version_id: Its version; None where the manifest named none.
        etag: ETag of the object that was read, without quotes.
        checksum: What S3 computed from its bytes at rest.
    """

    bucket: str
    raw_key: str
    version_id: str | None
    etag: str
    checksum: Checksum

    @classmethod
    def parse(cls, result: TaskResult) -> Self | None:
        """Read a row of the report; None for a task that failed, which computed nothing.

        Raises:
            FormatError: A succeeded row's message is not what such a job writes, or its base64
                and its hex are not the same digest.
        """
        if result.status is not TaskStatus.SUCCEEDED:
            return None
        members = _members(result.message)
        etag = _text(members, "ETag" if "ETag" in members else "etag")
        checksum = _checksum(members)
        if not etag.strip('"'):
            raise FormatError("ETag is empty; wanted that of the object that was read")
        return cls(
            bucket=result.bucket,
            raw_key=result.raw_key,
            version_id=result.version_id,
            etag=etag.strip('"'),
            checksum=checksum,
        )


def _members(message: str) -> dict[str, Any]:
    try:
        members = json.loads(message)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise FormatError(f"ResultMessage is {message[:200]!r}; wanted the JSON of a checksum")
    if OF_COPY in members:
        raise FormatError("the row is of intact copy, on a copy under its source's name")
    return members


def _checksum(members: dict[str, Any]) -> Checksum:
    try:
        algorithm = Algorithm.parse(_text(members, "checksumAlgorithm"))
    except UsageError as error:
        raise FormatError(str(error)) from None
    checksum = Checksum.parse(
        _text(members, "checksum_base64"),
        algorithm=algorithm,
        type_name=_text(members, "checksumType"),
    )
    written = _text(members, "checksum_hex")
    if written.partition("-")[0].lower() != checksum.digest.hex():
        raise FormatError(f"checksum_hex is {written!r}; wanted {checksum.digest.hex()!r}")
    return checksum


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise FormatError(f"{name} is {value!r}; wanted text")
    return value
