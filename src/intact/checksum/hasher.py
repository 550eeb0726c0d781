"""hashlib-shaped objects for all ten algorithms of S3."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, Self

from intact import _native
from intact.checksum.algorithm import Algorithm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import xxhash
    from typing_extensions import Buffer


class Hasher(Protocol):
    """What every digest object of this package can do; the contract is hashlib's."""

    @property
    def name(self) -> str:
        """Canonical name in lower case, accepted by ``new``."""

    @property
    def digest_size(self) -> int:
        """Length of the digest in bytes."""

    @property
    def block_size(self) -> int:
        """Internal block size in bytes."""

    def update(self, data: Buffer, /) -> None:
        """Append bytes."""

    def digest(self) -> bytes:
        """Digest of the bytes so far, big-endian."""

    def hexdigest(self) -> str:
        """The digest in lower-case hex, always at full width."""

    def copy(self) -> Self:
        """Return a second object with the same state."""


class _Xxhash:
    """An ``xxhash`` object under S3's name.

    ``digest()`` is the canonical big-endian form (xxHash specification, "Canonical
    representation"), which is what the AWS SDKs send.
    """

    __slots__ = ("_state", "block_size", "digest_size", "name")

    def __init__(self, state: xxhash.xxh64 | xxhash.xxh3_64 | xxhash.xxh3_128, name: str) -> None:
        self._state = state
        self.name = name
        self.digest_size = state.digest_size
        self.block_size = state.block_size

    def update(self, data: Buffer, /) -> None:
        self._state.update(data)

    def digest(self) -> bytes:
        return self._state.digest()

    def hexdigest(self) -> str:
        return self._state.hexdigest()

    def copy(self) -> _Xxhash:
        return _Xxhash(self._state.copy(), self.name)


def _hashlib(name: str) -> Hasher:
    import hashlib  # noqa: PLC0415 - 4 ms that whoever wants a CRC need not wait

    return hashlib.new(name, usedforsecurity=False)


def _xxhash(function: str, name: str) -> Hasher:
    import xxhash  # noqa: PLC0415 - as above

    return _Xxhash(getattr(xxhash, function)(), name)


_CONSTRUCTORS: Mapping[Algorithm, Callable[[], Hasher]] = {
    Algorithm.CRC32: _native.Crc32,
    Algorithm.CRC32C: _native.Crc32c,
    Algorithm.CRC64NVME: _native.Crc64Nvme,
    Algorithm.MD5: partial(_hashlib, "md5"),
    Algorithm.SHA1: partial(_hashlib, "sha1"),
    Algorithm.SHA256: partial(_hashlib, "sha256"),
    Algorithm.SHA512: partial(_hashlib, "sha512"),
    Algorithm.XXHASH64: partial(_xxhash, "xxh64", "xxhash64"),
    Algorithm.XXHASH3: partial(_xxhash, "xxh3_64", "xxhash3"),
    Algorithm.XXHASH128: partial(_xxhash, "xxh3_128", "xxhash128"),
}


def new(name: str | Algorithm, data: Buffer = b"") -> Hasher:
    """Return a digest object for one of S3's ten algorithms.

    Args:
        name: S3's name in any case, such as ``"CRC64NVME"`` or ``"sha256"``.
        data: First bytes, as if passed to ``update``.

    Raises:
        UsageError: S3 has no algorithm of that name.
        TypeError: ``data`` is a ``str`` or no buffer.
        BufferError: ``data`` is not contiguous.
    """
    algorithm = name if isinstance(name, Algorithm) else Algorithm.parse(name)
    hasher = _CONSTRUCTORS[algorithm]()
    hasher.update(data)
    return hasher
