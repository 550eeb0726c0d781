"""What proves the bytes of an object, by what S3 says of it: claims, and their judgement.

Nothing here asks S3; ``intact.adapters.downloading`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.s3 import ObjectFacts


class Proof(Enum):
    """What licenses the bytes of a download; the strongest that agreed."""

    EXPECTED = "expected"
    """The checksum that the caller brought along is theirs."""
    FULL_OBJECT = "full_object"
    """The checksum that S3 stores over the whole object is theirs."""
    COMPOSITE = "composite"
    """The checksum that S3 stores over the object's parts is theirs, part for part."""
    ETAG = "etag"
    """Only the MD5 in the ETag is theirs, which is extra evidence and no proof."""
    NOTHING = "nothing"
    """Nothing could be compared with them."""

    @property
    def proven(self) -> bool:
        """Whether a checksum that was made to be compared covers every byte."""
        return self in {Proof.EXPECTED, Proof.FULL_OBJECT, Proof.COMPOSITE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A checksum that the bytes should have.

    Attributes:
        checksum: Its value; ``type`` says how to compute it.
        proof: What it licenses if the bytes have it.
        binding: Whether other bytes are wrong bytes: not so where the server did not say what its
            value covers.
    """

    checksum: Checksum
    proof: Proof
    binding: bool = True

    def agrees(self, found: Checksum) -> bool:
        """Whether the value computed from the bytes is the claimed one."""
        return self.checksum.digest == found.digest

    def __str__(self) -> str:
        """Type, algorithm and value, as S3 writes them."""
        kind = self.checksum.type.value if self.checksum.type else "untyped"
        return f"{kind} {self.checksum.algorithm.value} {self.checksum}"


def claims(facts: ObjectFacts, *, expected: Checksum | None = None) -> tuple[Claim, ...]:
    """Everything that the bytes of an object can be held against, strongest first.

    Args:
        facts: What HeadObject said.
        expected: FULL_OBJECT checksum that the caller knows from elsewhere.

    Raises:
        UsageError: ``expected`` is of another type.
    """
    found = []
    if expected is not None:
        if expected.type is not ChecksumType.FULL_OBJECT:
            raise UsageError(f"expected is {expected!r}; wanted a FULL_OBJECT checksum")
        found.append(Claim(checksum=expected, proof=Proof.EXPECTED))
    for stored in sorted(facts.checksums, key=lambda stored: stored.algorithm.value):
        if stored.type is ChecksumType.COMPOSITE:
            if stored.algorithm is not Algorithm.CRC64NVME:  # it has no such form
                found.append(Claim(checksum=stored, proof=Proof.COMPOSITE))
        else:
            typed = stored.type is ChecksumType.FULL_OBJECT
            found.append(Claim(checksum=stored, proof=Proof.FULL_OBJECT, binding=typed))
    if not found and facts.etag_is_md5 and facts.etag_md5 is not None:
        found.append(Claim(checksum=facts.etag_md5, proof=Proof.ETAG))
    return tuple(found)


def judge(found: Mapping[Claim, Checksum]) -> Proof | Claim:
    """Say what the bytes are proven by, or which claim they contradict.

    A contradiction beats any agreement.

    Args:
        found: The value that the bytes have, by claim; the strongest first.
    """
    for claim, value in found.items():
        if claim.binding and not claim.agrees(value):
            return claim
    agreed = [claim.proof for claim, value in found.items() if claim.agrees(value)]
    return agreed[0] if agreed else Proof.NOTHING
