"""The ten checksum algorithms of Amazon S3 and what each may cover.

Source: Amazon S3 User Guide, "Checking object integrity for data uploads".
"""

from enum import Enum
from typing import Self

from intact.errors import UsageError


class ChecksumType(Enum):
    """What a checksum covers; the values are S3's own words."""

    __hash__ = object.__hash__  # as of Algorithm

    FULL_OBJECT = "FULL_OBJECT"
    """Every byte of the object in order."""
    COMPOSITE = "COMPOSITE"
    """The concatenated digests of the parts: depends on where the parts end."""


class Algorithm(Enum):
    """A checksum algorithm; the values are S3's names.

    Attributes:
        digest_size: Length of the raw digest in bytes.
        combines: Whether the value of ``a + b`` follows from those of ``a`` and ``b``.
    """

    digest_size: int
    combines: bool
    _member: str

    __hash__ = object.__hash__  # members are unique; hashing their names is the cost of a verdict

    CRC32 = ("CRC32", 4, True)
    CRC32C = ("CRC32C", 4, True)
    CRC64NVME = ("CRC64NVME", 8, True)
    MD5 = ("MD5", 16, False)
    SHA1 = ("SHA1", 20, False)
    SHA256 = ("SHA256", 32, False)
    SHA512 = ("SHA512", 64, False)
    XXHASH64 = ("XXHASH64", 8, False)
    XXHASH3 = ("XXHASH3", 8, False)
    XXHASH128 = ("XXHASH128", 16, False)

    def __new__(cls, value: str, digest_size: int, combines: bool) -> Self:  # noqa: FBT001 - a row of the table above
        """Keep S3's name as the member's value and the rest of the row as attributes."""
        member = object.__new__(cls)
        member._value_ = value
        member.digest_size = digest_size
        member.combines = combines
        member._member = f"Checksum{value}"
        return member

    @property
    def member(self) -> str:
        """The name of the value in S3's requests and responses, such as ``ChecksumCRC32C``."""
        return self._member

    @classmethod
    def parse(cls, name: str) -> Self:
        """Find an algorithm by S3's name in any case; inventories write ``SHA-256``.

        Raises:
            UsageError: S3 has no algorithm of that name.
        """
        try:
            return cls[name.upper().replace("-", "")]
        except KeyError:
            wanted = ", ".join(member.value for member in cls)
            raise UsageError(f"checksum algorithm is {name!r}; wanted one of {wanted}") from None
