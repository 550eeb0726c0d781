"""A checksum as S3 reports it: algorithm, what it covers, digest."""

import re
from dataclasses import dataclass
from typing import Self

from intact.checksum.algorithm import Algorithm, ChecksumType
from intact.checksum.encoding import decode, encode
from intact.errors import FormatError

_PARTS = re.compile("[1-9][0-9]{0,4}")
"""Number of parts: 1 to 10,000 (Amazon S3 User Guide, "Amazon S3 multipart upload limits")."""

_TYPES = {member.value: member for member in ChecksumType}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """One digest and what it covers.

    Attributes:
        algorithm: Which function.
        type: Whole object, or the digests of its parts; None where the server did not say, so
            that the value compares to nothing.
        digest: Raw big-endian bytes.
        parts: Number of parts of a composite value where S3 told it, else None.
    """

    algorithm: Algorithm
    type: ChecksumType | None
    digest: bytes
    parts: int | None = None

    @classmethod
    def parse(cls, text: str, *, algorithm: Algorithm, type_name: str | None = None) -> Self:
        """Read a value from a response: base64, ``-N`` behind a composite one.

        HeadObject keeps the suffix, GetObjectAttributes drops it, so ``ChecksumType`` decides
        where the response names it; a suffix contradicting it is an error.

        Args:
            text: The value of ``ChecksumCRC32`` and its like.
            algorithm: The algorithm that the member's name says.
            type_name: ``ChecksumType`` of the response; None where the server sent none.

        Raises:
            FormatError: The value is malformed or contradicts the type.
        """
        encoded, dash, suffix = text.partition("-")
        if dash and not _PARTS.fullmatch(suffix):
            raise FormatError(f"{algorithm.value} value is {text!r}; wanted base64 or base64-N")
        if type_name is None:
            kind = ChecksumType.COMPOSITE if dash else None  # S3 itself may drop the suffix
        elif type_name in _TYPES:
            kind = _TYPES[type_name]
        else:
            raise FormatError(f"ChecksumType is {type_name!r}; wanted one of {', '.join(_TYPES)}")
        if dash and kind is ChecksumType.FULL_OBJECT:
            raise FormatError(f"{algorithm.value} value {text!r} has parts, yet is FULL_OBJECT")
        return cls(
            algorithm=algorithm,
            type=kind,
            digest=decode(encoded, algorithm=algorithm),
            parts=int(suffix) if dash else None,
        )

    def comparable(self, other: Self) -> bool:
        """Whether equal bytes force equal values: same algorithm, both over the whole object.

        Two composite values of the same bytes differ where their parts end differently.
        """
        return (
            self.algorithm is other.algorithm
            and self.type is ChecksumType.FULL_OBJECT
            and other.type is ChecksumType.FULL_OBJECT
        )

    def __str__(self) -> str:
        """S3's written form, with the number of parts where known."""
        return encode(self.digest) + (f"-{self.parts}" if self.parts else "")
