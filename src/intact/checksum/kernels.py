"""Which native kernels this CPU can run, and which one was chosen at import."""

from typing import NamedTuple

from intact import _native


class Kernels(NamedTuple):
    """The kernels of this process.

    Attributes:
        usable: Names of those that this CPU and operating system can run, fastest first.
        in_use: The one that serves every call; chosen once, at import.
    """

    usable: tuple[str, ...]
    in_use: str


def kernels() -> Kernels:
    """Names of the kernels usable here, fastest first, and the one in use."""
    return Kernels(
        usable=tuple(name for name, usable in _native.kernels() if usable),
        in_use=_native.selected(),
    )
