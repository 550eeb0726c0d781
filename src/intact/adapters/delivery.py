"""The bytes of one object on their way here, and whether they are the right ones.

Every piece is a ranged request, several at a time; checksums are rebuilt as pieces arrive in
order.  A wrong total cannot say which piece the wire damaged, so pieces are then read until two
reads of each agree, and the total is rebuilt from what the file holds: if it is still wrong, the
stored object is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import IO, TYPE_CHECKING

from intact.adapters.parallel import in_order
from intact.adapters.proof import Claim, Proof, claims, judge
from intact.checksum import Checksum, ChecksumType, CompositeHasher, crc64nvme, new
from intact.checksum.encoding import encode
from intact.errors import CorruptError, UnprovenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from intact.adapters.objects import RemoteObject
    from intact.checksum import Hasher
    from intact.s3 import ObjectRef, PartList

PIECE = 8 << 20
"""Bytes per request, a size at which its fixed cost is small beside its bytes."""
READS = 4
"""Most reads of one piece: the first, and those that look for two that agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """An object whose bytes have arrived, and what licenses them.

    Attributes:
        ref: The object, with the version that answered.
        size: Its length in bytes.
        etag: Its entity tag; every request was bound to it.
        proof: What says that these are its bytes.
        checksums: The checksums that the bytes should have and do have.
        reread: Pieces that had arrived wrong and were replaced.
    """

    ref: ObjectRef
    size: int
    etag: str
    proof: Proof
    checksums: tuple[Checksum, ...]
    reread: int = 0


Hashers = dict[Claim, "Hasher | CompositeHasher"]
"""What is being computed for each claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Fetches the pieces of one object and holds them against what should be true of them.

    Attributes:
        remote: The object.
        layouts: For each claim, the parts it speaks of; None for the object as a whole.
        allow_unproven: Whether bytes that nothing proves may pass.
        workers: Requests under way at a time.
        progress: Told the number of bytes of each piece.
        doubt: Why what S3 stores cannot prove the bytes, if anything.
    """

    remote: RemoteObject
    layouts: Mapping[Claim, PartList | None]
    allow_unproven: bool
    workers: int
    progress: Callable[[int], object]
    doubt: str

    @classmethod
    def plan(
        cls,
        remote: RemoteObject,
        *,
        expected: Checksum | None,
        allow_unproven: bool,
        workers: int,
        progress: Callable[[int], object],
    ) -> Delivery:
        """Find out what can prove the object, and refuse at once what nothing ever could.

        Raises:
            UnprovenError: Nothing could, and the caller does not allow that.
            StoreError: S3 does not answer, or the object has changed.
            AccessError: The credentials are of no use.
            FormatError: S3's answer is malformed.
        """
        layouts, doubt = _layouts(remote, expected, workers=workers)
        delivery = cls(
            remote=remote,
            layouts=layouts,
            allow_unproven=allow_unproven,
            workers=workers,
            progress=progress,
            doubt=doubt,
        )
        if not any(claim.proof.proven for claim in layouts):
            delivery.admit(Proof.NOTHING)
        return delivery

    @property
    def pieces(self) -> list[range]:
        """Ranges of bytes that together are the object."""
        size = self.remote.facts.size
        return [range(start, min(start + PIECE, size)) for start in range(0, size, PIECE)]

    def admit(self, proof: Proof) -> Proof:
        """Let what is not proven pass only where the caller said so."""
        if not proof.proven and not self.allow_unproven:
            raise UnprovenError(f"{self.remote.ref} cannot be proven: {self.doubt}")
        return proof

    def hashers(self) -> Hashers:
        """Begin to compute what each claim speaks of."""
        return {
            claim: new(claim.checksum.algorithm)
            if parts is None
            else CompositeHasher(claim.checksum.algorithm, parts.sizes)
            for claim, parts in self.layouts.items()
        }

    def arrivals(self) -> Iterator[tuple[range, bytes]]:
        """Every piece with its bytes, in order, several being fetched at a time."""

        def fetch(piece: range) -> tuple[range, bytes]:
            return piece, self.remote.fetch(piece)

        for piece, data in in_order(fetch, self.pieces, threads=self.workers, ahead=self.workers):
            self.progress(len(data))
            yield piece, data

    def fill(self, file: IO[bytes]) -> Download:
        """Write the bytes to an empty file that can be read back; return what licenses them."""
        hashers, prints = self.hashers(), dict[range, int]()
        for piece, data in self.arrivals():
            file.write(data)
            prints[piece] = crc64nvme(data)
            update(hashers, data)
        if all(claim.agrees(_value(claim, hasher)) for claim, hasher in hashers.items()):
            return self.result(hashers)
        reread = self._settle(file, prints, self._suspects(hashers))
        return replace(self.result(self._read_back(file)), reread=reread)

    def _suspects(self, hashers: Hashers) -> list[range]:
        """Pieces of the parts whose digests are wrong; all where no part's digest is known."""
        touched: set[int] = set()
        for claim, parts in self.layouts.items():
            ends = list(accumulate(parts.sizes, initial=0)) if parts else []
            for number, _, _ in _wrong_parts(parts, hashers[claim]):
                touched.update(range(ends[number - 1] // PIECE, -(-ends[number] // PIECE)))
        pieces = self.pieces
        return [pieces[index] for index in sorted(touched)] or pieces

    def _settle(self, file: IO[bytes], prints: Mapping[range, int], suspects: list[range]) -> int:
        """Read pieces until two reads of each agree; return how many were replaced."""

        def again(piece: range) -> tuple[range, bytes | None]:
            seen = Counter([prints[piece]])
            for _ in range(1, READS):
                data = self.remote.fetch(piece)
                crc = crc64nvme(data)
                seen[crc] += 1
                if seen[crc] > 1:
                    return piece, None if crc == prints[piece] else data
            where = f"{self.remote.ref} bytes {piece.start}-{piece.stop - 1}"
            raise CorruptError(f"{where}: {READS} reads gave {len(seen)} different contents")

        replaced = 0
        for piece, data in in_order(again, suspects, threads=self.workers, ahead=self.workers):
            if data is not None:
                file.seek(piece.start)
                file.write(data)
                replaced += 1
        return replaced

    def _read_back(self, file: IO[bytes]) -> Hashers:
        hashers = self.hashers()
        file.seek(0)
        while data := file.read(PIECE):
            update(hashers, data)
        return hashers

    def result(self, hashers: Hashers) -> Download:
        """Judge what arrived.

        Raises:
            CorruptError: A claim contradicts it.
            UnprovenError: No claim licenses it.
        """
        found = {claim: _value(claim, hasher) for claim, hasher in hashers.items()}
        verdict = judge(found)
        if isinstance(verdict, Claim):
            raise CorruptError(self._contradiction(verdict, found[verdict], hashers[verdict]))
        return Download(
            ref=replace(self.remote.ref, version_id=self.remote.facts.version_id),
            size=self.remote.facts.size,
            etag=self.remote.facts.etag,
            proof=self.admit(verdict),
            checksums=tuple(
                claim.checksum for claim, value in found.items() if claim.agrees(value)
            ),
        )

    def _contradiction(
        self, claim: Claim, found: Checksum, hasher: Hasher | CompositeHasher
    ) -> str:
        """Where, what, got, wanted."""
        where = f"{self.remote.ref} (ETag {self.remote.facts.etag})"
        parts, algorithm = self.layouts[claim], found.algorithm.value
        for number, got, wanted in _wrong_parts(parts, hasher):
            return (
                f"{where}, part {number}: its {algorithm} is {encode(got)}; wanted {encode(wanted)}"
            )
        return f"{where}: its {algorithm} is {found}; wanted {claim}"


def update(hashers: Hashers, data: bytes) -> None:
    """Append the bytes that come next."""
    for hasher in hashers.values():
        hasher.update(data)


def _value(claim: Claim, hasher: Hasher | CompositeHasher) -> Checksum:
    if isinstance(hasher, CompositeHasher):
        return hasher.checksum()
    return replace(claim.checksum, type=ChecksumType.FULL_OBJECT, digest=hasher.digest())


def _wrong_parts(
    parts: PartList | None, hasher: Hasher | CompositeHasher
) -> Iterator[tuple[int, bytes, bytes]]:
    """Number of each part whose digest S3 tells and the bytes do not have; got and wanted."""
    if parts is None or not isinstance(hasher, CompositeHasher):
        return
    if parts.digests and parts.algorithm is hasher.algorithm:
        pairs = zip(hasher.digests, parts.digests, strict=True)
        for number, (got, wanted) in enumerate(pairs, 1):
            if got != wanted:
                yield number, got, wanted


def _layouts(
    remote: RemoteObject, expected: Checksum | None, *, workers: int
) -> tuple[dict[Claim, PartList | None], str]:
    """Return the claims that can be checked, with their parts, and why others cannot be."""
    layouts: dict[Claim, PartList | None] = {}
    doubt = "S3 stores no checksum of it"
    for claim in claims(remote.facts, expected=expected):
        layouts[claim] = None
        if claim.checksum.type is not ChecksumType.COMPOSITE:
            continue
        count = claim.checksum.parts or remote.response.get("PartsCount")
        parts = remote.parts(count, workers=workers) if count else None
        if parts is None:
            del layouts[claim]
            doubt = f"S3 stores {claim}, and does not tell the sizes of its parts"
        else:
            layouts[claim] = parts
    return layouts, doubt
