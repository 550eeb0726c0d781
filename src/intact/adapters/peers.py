"""Other implementations that a Python program could call: one table, and how to load its rows."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
from dataclasses import dataclass
from enum import Enum
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from intact import _native
from intact.checksum import Algorithm, crc32, crc32c, crc64nvme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType

    Function = Callable[[bytes], int | bytes]

PUBLIC: Mapping[Algorithm, Function] = {
    Algorithm.CRC64NVME: crc64nvme,
    Algorithm.CRC32: crc32,
    Algorithm.CRC32C: crc32c,
}
"""What can be raced, and our own function for it."""


class Kind(Enum):
    """What a contender is."""

    PUBLIC = "public"
    """The function that this package offers."""
    KERNEL = "kernel"
    """One native kernel, called by name."""
    PEER = "peer"
    """The same checksum by somebody else."""
    ANCHOR = "anchor"
    """Another function over the same bytes, for scale."""


class Why(Enum):
    """Why a contender has no time."""

    NOT_INSTALLED = "not installed"
    BROKEN = "cannot be imported"
    NO_FUNCTION = "has no such function"
    DISAGREES = "disagrees with intact"
    RAISED = "raised an error"
    TOO_SLOW = "too slow to wait for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A function over bytes, and the algorithm whose value it returns."""

    name: str
    kind: Kind
    algorithm: Algorithm
    function: Function


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Who was not timed and why; from that size in bytes on, and for that race, where given."""

    name: str
    why: Why
    detail: str = ""
    algorithm: Algorithm | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One row: what to install and import, and where in the module each algorithm is.

    Attributes:
        name: Name of the distribution, or of the standard library's module.
        module: What to import.
        functions: Finds the function in the imported module.
        version: Finds the version in it; None asks the distribution's metadata.
    """

    name: str
    module: str
    functions: Mapping[Algorithm, Callable[[ModuleType], Function]]
    version: Callable[[ModuleType], str] | None = None


def _anycrc(model: str) -> Callable[[ModuleType], Function]:
    return lambda module: module.Model(model).calc


def _sha256(module: ModuleType) -> Function:
    return lambda data: module.sha256(data).digest()


_64, _32, _32C = Algorithm.CRC64NVME, Algorithm.CRC32, Algorithm.CRC32C
PEERS = (
    Peer(
        name="awscrt",
        module="awscrt.checksums",
        functions={
            _64: attrgetter("crc64nvme"),
            _32: attrgetter("crc32"),
            _32C: attrgetter("crc32c"),
        },
    ),
    Peer(
        name="zlib",
        module="zlib",
        functions={_32: attrgetter("crc32")},
        version=attrgetter("ZLIB_RUNTIME_VERSION"),
    ),
    Peer(name="zlib-ng", module="zlib_ng.zlib_ng", functions={_32: attrgetter("crc32")}),
    Peer(name="isal", module="isal.isal_zlib", functions={_32: attrgetter("crc32")}),
    Peer(name="google-crc32c", module="google_crc32c", functions={_32C: attrgetter("value")}),
    Peer(name="crc32c", module="crc32c", functions={_32C: attrgetter("crc32c")}),
    Peer(
        name="fastcrc",
        module="fastcrc",
        functions={
            _64: attrgetter("crc64.nvme"),
            _32: attrgetter("crc32.iso_hdlc"),
            _32C: attrgetter("crc32.iscsi"),
        },
    ),
    Peer(
        name="anycrc",
        module="anycrc",
        functions={
            _64: _anycrc("CRC64-NVME"),
            _32: _anycrc("CRC32-ISO-HDLC"),
            _32C: _anycrc("CRC32-ISCSI"),
        },
    ),
    Peer(
        name="xxhash",
        module="xxhash",
        functions={Algorithm.XXHASH3: attrgetter("xxh3_64_intdigest")},
    ),
    Peer(
        name="hashlib",
        module="hashlib",
        functions={Algorithm.SHA256: _sha256},
        version=lambda _: f"Python {platform.python_version()}",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The peers that are here, their versions by name, and those that are not here."""

    contenders: tuple[Contender, ...]
    versions: Mapping[str, str]
    left_out: tuple[LeftOut, ...]


def roster(peers: Iterable[Peer] = PEERS) -> Roster:
    """Import every peer that is installed; one that is missing or broken is named, not raised."""
    contenders: list[Contender] = []
    versions: dict[str, str] = {}
    left_out: list[LeftOut] = []
    for peer in peers:
        try:
            module = importlib.import_module(peer.module)
            versions[peer.name] = (peer.version or _version(peer.name))(module)
        except ModuleNotFoundError:
            left_out.append(LeftOut(name=peer.name, why=Why.NOT_INSTALLED))
        except Exception as error:  # noqa: BLE001 - whatever somebody else's module raises
            left_out.append(LeftOut(name=peer.name, why=Why.BROKEN, detail=repr(error)))
        else:
            for algorithm in peer.functions:
                found = _contender(peer, module, algorithm=algorithm)
                (contenders if isinstance(found, Contender) else left_out).append(found)  # type: ignore[arg-type]
    return Roster(contenders=tuple(contenders), versions=versions, left_out=tuple(left_out))


def own(algorithm: Algorithm) -> tuple[Contender, ...]:
    """Our public function, then every kernel that can run here, fastest first."""
    public = Contender(
        name="intact", kind=Kind.PUBLIC, algorithm=algorithm, function=PUBLIC[algorithm]
    )
    extend = partial(_native._extend, algorithm.value.lower())  # noqa: SLF001 - the one way to name a kernel
    kernels = (
        Contender(
            name=name,
            kind=Kind.KERNEL,
            algorithm=algorithm,
            function=partial(extend, kernel=name),
        )
        for name, usable in _native.kernels()
        if usable
    )
    return (public, *kernels)


def _version(distribution: str) -> Callable[[ModuleType], str]:
    return lambda _: importlib.metadata.version(distribution)


def _contender(peer: Peer, module: ModuleType, *, algorithm: Algorithm) -> Contender | LeftOut:
    kind = Kind.PEER if algorithm in PUBLIC else Kind.ANCHOR
    name = peer.name if kind is Kind.PEER else f"{peer.name} {algorithm.value.lower()}"
    try:
        function = peer.functions[algorithm](module)
    except Exception as error:  # noqa: BLE001 - an older or newer release
        return LeftOut(name=name, why=Why.NO_FUNCTION, detail=repr(error), algorithm=algorithm)
    return Contender(name=name, kind=kind, algorithm=algorithm, function=function)
