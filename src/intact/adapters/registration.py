"""Lets botocore compute and check with our code the checksums for which it wants ``awscrt``.

botocore offers no way to add an algorithm, so this one changes the two tables of its private
module ``botocore.httpchecksum`` that name the algorithms, in place.  It does so only where the
source of that module is one of those it was written for, to the byte; most releases of botocore
change service models alone and share it.
"""

from __future__ import annotations

import hashlib
import inspect
import threading
from typing import TYPE_CHECKING, Any

import botocore
from botocore import httpchecksum

from intact.checksum import Algorithm, new
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Buffer

KNOWN = {
    "b14306709992934d8d35cf632968a37ef31163ec0fc073081450dba94e1dc78d": "1.42.94 to 1.43.96",
    "a5cee8b14d1bab4dbe398f27f4517be32bb35028a636d58029890abf1dd600af": "1.43.97 to 1.44.5",
}
"""SHA256 of the module's source, and releases of botocore that were seen to have it."""

ALGORITHMS = (
    Algorithm.CRC32C,
    Algorithm.CRC64NVME,
    Algorithm.XXHASH64,
    Algorithm.XXHASH3,
    Algorithm.XXHASH128,
)
"""What botocore leaves to ``awscrt``; the rest it computes with the standard library."""

_lock = threading.Lock()
_replaced: dict[str, type | None] = {}
"""Names in botocore's table that hold our classes, and what stood there."""


class _Checksum(httpchecksum.BaseChecksum):
    """What botocore asks of a checksum; a subclass names the algorithm."""

    algorithm: Algorithm

    def __init__(self) -> None:
        self._hasher = new(self.algorithm)

    def update(self, chunk: Buffer) -> None:
        self._hasher.update(chunk)

    def digest(self) -> bytes:
        return self._hasher.digest()


_CLASSES: Mapping[str, type] = {
    algorithm.value.lower(): type(
        f"Intact{algorithm.value.capitalize()}", (_Checksum,), {"algorithm": algorithm}
    )
    for algorithm in ALGORITHMS
}


def register_checksums(*, replace: bool = False) -> frozenset[Algorithm]:
    """Let every client of botocore in this process compute and check what it could not before.

    It concerns CRC32C, CRC64NVME, XXHASH64, XXHASH3 and XXHASH128.  botocore then sends these
    checksums when asked to, and checks them on a GetObject of a whole object whose ``Body`` is read
    to its end.  It still never checks composite values, nor ranges, of which ``download_file``
    makes what is larger than its threshold, nor the raw stream that ``with response["Body"] as``
    binds.  ``intact.adapters.download`` checks all that can be.

    A second call changes nothing more; ``unregister_checksums`` undoes it.  Requests
    that are under way while either runs may fail.

    Args:
        replace: Take over what ``awscrt`` computes too, where it is installed.

    Returns:
        The algorithms that our code computes now.

    Raises:
        UsageError: This botocore is none of those that the registration was written for.
    """
    with _lock:
        _require_known()
        table, names = _tables()
        for name, ours in _CLASSES.items():
            present = table.get(name)
            if present is ours or (present is not None and not replace):
                continue
            _replaced[name] = present
            table[name] = ours
            if name not in names:
                names.append(name)
        return _registered(table)


def unregister_checksums() -> None:
    """Put back what stood there before ``register_checksums``; bodies being read stay checked.

    What somebody else put in our place since then is left alone.
    """
    with _lock:
        table, names = _tables()
        while _replaced:
            name, before = _replaced.popitem()
            if table.get(name) is not _CLASSES[name]:
                continue
            if before is None:
                names.remove(name)  # first, so that no thread finds a name without its class
                del table[name]
            else:
                table[name] = before


def _tables() -> tuple[dict[str, type], list[str]]:
    """Return botocore's class of each algorithm, and the names that it accepts."""
    module: Any = httpchecksum  # its stubs do not tell of what is private
    return module._CHECKSUM_CLS, module._SUPPORTED_CHECKSUM_ALGORITHMS  # noqa: SLF001 - as the module's docstring says


def _registered(table: Mapping[str, type]) -> frozenset[Algorithm]:
    return frozenset(
        Algorithm.parse(name) for name, ours in _CLASSES.items() if table.get(name) is ours
    )


def _require_known() -> None:
    try:
        source = inspect.getsource(httpchecksum)
    except (OSError, TypeError):
        found = "has no source to be known by"
    else:
        digest = hashlib.sha256(source.encode()).hexdigest()
        if digest in KNOWN:
            return
        found = f"has the SHA256 {digest}"
    wanted = ", or ".join(KNOWN.values())
    raise UsageError(
        f"botocore {botocore.__version__}: its module httpchecksum {found}; "
        f"wanted that of botocore {wanted}"
    )
