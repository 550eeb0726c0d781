"""The deployment package of ``intact.adapters.function``: a zip that is equal for equal inputs.

It holds what the handler imports: this package without its commands and its rehearsals, and
xxhash.  boto3 is part of Lambda's Python runtimes.  Extension modules are refused where Lambda
could not load them.

Source: AWS Lambda Developer Guide, "Lambda runtimes": Amazon Linux 2023 with glibc 2.34 for Python
3.12 and later, Amazon Linux 2 with glibc 2.26 for Python 3.11.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import intact
from intact.adapters.files import whole_file
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MACHINES = {"x86_64": 62, "arm64": 183}
"""``e_machine`` of ELF files, by Lambda's name of the architecture."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every file in the zip: the first that a zip can name."""
_GLIBC = {11: (2, 26)}
"""C library of Lambda's runtime, by minor version of Python 3, where it is an older one."""
_AMAZON_LINUX_2023 = (2, 34)
_ANY = 12
"""Minor version to name where every extension module loads in all of them."""
_PEOPLE = ("cli", "rehearsal", "render")
_EXTENSION = re.compile(r"\.cpython-3([0-9]+)")
_NEEDS = re.compile(rb"GLIBC_([0-9]+)\.([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What a package was made of.

    Attributes:
        runtime: Lambda's name of the Python that it runs on.
        architecture: Lambda's name of the processor.
        files: How many files are in it.
    """

    runtime: str
    architecture: str
    files: int


def write_bundle(
    path: Path,
    *,
    architecture: str,
    wheels: Iterable[Path] = (),
    glibc: tuple[int, int] | None = None,
) -> Bundle:
    """Write the zip, whole or not at all.

    Args:
        path: The zip.
        architecture: One of ``MACHINES``.
        wheels: Wheels of intact or xxhash, instead of what is installed here.
        glibc: C library of the machine it is to run on; None for that of Lambda's runtime.

    Raises:
        UsageError: Lambda could not load an extension module, or a wheel is of something else.
        OSError: A file cannot be read or written.
    """
    files: dict[str, bytes] = {}
    given = {_project(wheel): _wheel_files(wheel) for wheel in wheels}
    if unknown := sorted(given.keys() - {"intact", "xxhash"}):
        raise UsageError(f"wheel of {', '.join(unknown)}; wanted intact or xxhash")
    files |= _wanted(given.get("intact") or _installed())
    files |= given.get("xxhash") or _distributed("xxhash")
    extensions = {name: data for name, data in files.items() if name.endswith(".so")}
    minor = _python(extensions)
    for name, data in extensions.items():
        _require_machine(name, data, architecture=architecture)
        _require_glibc(name, data, allowed=glibc or _GLIBC.get(minor, _AMAZON_LINUX_2023))
    if not any(name.startswith("intact/_native") for name in extensions):
        raise UsageError("intact has no extension module for Linux here; give its --wheel")
    with whole_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # Unix; readable by all
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, files[name])
    return Bundle(runtime=f"python3.{minor}", architecture=architecture, files=len(files))


def _installed() -> dict[str, bytes]:
    """The files of this package as it runs here."""
    root = Path(intact.__file__).parent
    return {
        f"intact/{found.relative_to(root).as_posix()}": found.read_bytes()
        for found in root.rglob("*")
        if found.is_file()
    }


def _wanted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those that the handler may import or read."""
    return {
        name: data
        for name, data in files.items()
        if (path := PurePosixPath(name)).suffix in {".py", ".so", ".json"}
        and path.parts[0] == "intact"
        and path.parts[1] not in _PEOPLE
        and path.name != "__main__.py"
    }


def _distributed(name: str) -> dict[str, bytes]:
    found = distribution(name)
    files = {str(PurePosixPath(entry)): entry.locate() for entry in found.files or ()}
    return {
        entry: Path(str(place)).read_bytes()
        for entry, place in files.items()
        if entry.endswith((".py", ".so")) and not entry.startswith("..")
    }


def _project(wheel: Path) -> str:
    return wheel.name.partition("-")[0].lower()


def _wheel_files(wheel: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(wheel) as file:
            return {
                name: file.read(name) for name in file.namelist() if name.endswith((".py", ".so"))
            } | {name: file.read(name) for name in file.namelist() if name.endswith(".json")}
    except zipfile.BadZipFile as error:
        raise UsageError(f"{wheel}: {error}; wanted a wheel") from None


def _python(extensions: Iterable[str]) -> int:
    """Minor version of the one Python that all extension modules load in.

    Raises:
        UsageError: There is none.
    """
    tags = {int(found[1]) for name in extensions if (found := _EXTENSION.search(name))}
    if len(tags) > 1:
        raise UsageError(f"extension modules are of Python 3.{sorted(tags)}; wanted one version")
    return tags.pop() if tags else _ANY


def _require_machine(name: str, data: bytes, *, architecture: str) -> None:
    """Refuse an extension module of another system or processor.

    Raises:
        UsageError: It is one.
    """
    machine = int.from_bytes(data[18:20], "little")
    if data[:5] != b"\x7fELF\x02" or machine != MACHINES[architecture]:
        raise UsageError(f"{name} is not of Linux on {architecture}; give a --wheel that is")


def _require_glibc(name: str, data: bytes, *, allowed: tuple[int, int]) -> None:
    """Refuse an extension module of another C library, or of a newer one.

    Raises:
        UsageError: It is one.
    """
    if b"libc.musl" in data:
        raise UsageError(f"{name} is built with musl; give a manylinux --wheel")
    needs = max(((int(a), int(b)) for a, b in _NEEDS.findall(data)), default=(0, 0))
    if needs > allowed:
        got, wanted = (".".join(map(str, version)) for version in (needs, allowed))
        raise UsageError(f"{name} needs glibc {got}; wanted {wanted}: give a manylinux --wheel")
