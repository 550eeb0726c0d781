"""A deployment package holds what Lambda can load, or is refused."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from intact.adapters.bundle import write_bundle
from intact.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

X86, ARM = 62, 183


def elf(machine: int = X86, needs: str = "2.17", libc: bytes = b"libc.so.6") -> bytes:
    head = b"\x7fELF\x02\x01\x01" + bytes(11) + machine.to_bytes(2, "little")
    return head + b"\0GLIBC_2.2.5\0GLIBC_" + needs.encode() + b"\0" + libc


def intact_wheel(folder: Path, native: bytes) -> Path:
    with zipfile.ZipFile(folder / "intact-1-cp311-abi3-any.whl", "w") as file:
        for name in ("__init__.py", "cli/main.py", "adapters/function.py", "batch/prices.json"):
            file.writestr(f"intact/{name}", name)
        file.writestr("intact/_native.abi3.so", native)
        file.writestr("intact-1.dist-info/METADATA", "")
    return folder / "intact-1-cp311-abi3-any.whl"


def xxhash_wheel(folder: Path, native: bytes, python: str = "312") -> Path:
    with zipfile.ZipFile(folder / "xxhash-4-any.whl", "w") as file:
        file.writestr("xxhash/__init__.py", "")
        file.writestr(f"xxhash/_xxhash.cpython-{python}-x86_64-linux-gnu.so", native)
    return folder / "xxhash-4-any.whl"


@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", X86), ("arm64", ARM)])
def test_wheels_take_the_place_of_what_is_installed(
    tmp_path: Path, architecture: str, machine: int
) -> None:
    wheels = [intact_wheel(tmp_path, elf(machine)), xxhash_wheel(tmp_path, elf(machine, "2.34"))]
    out = tmp_path / "out.zip"
    bundle = write_bundle(out, architecture=architecture, wheels=wheels)
    assert (bundle.runtime, bundle.architecture) == ("python3.12", architecture)
    with zipfile.ZipFile(out) as file:
        assert file.namelist() == [
            "intact/__init__.py",
            "intact/_native.abi3.so",
            "intact/adapters/function.py",
            "intact/batch/prices.json",
            "xxhash/__init__.py",
            "xxhash/_xxhash.cpython-312-x86_64-linux-gnu.so",
        ]
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    first = out.read_bytes()
    write_bundle(out, architecture=architecture, wheels=reversed(wheels))
    assert out.read_bytes() == first


@pytest.mark.parametrize(
    ("native", "python", "words"),
    [
        (elf(ARM), "312", "not of Linux on x86_64"),
        (b"MZ", "312", "not of Linux on x86_64"),
        (elf(needs="2.35"), "312", "needs glibc 2.35; wanted 2.34"),
        (elf(needs="2.27"), "311", "needs glibc 2.27; wanted 2.26"),
        (elf(libc=b"libc.musl-x86_64.so.1"), "312", "musl"),
    ],
    ids=["arm", "windows", "newer", "older runtime", "musl"],
)
def test_what_lambda_cannot_load_is_refused(
    tmp_path: Path, native: bytes, python: str, words: str
) -> None:
    wheels = [intact_wheel(tmp_path, native), xxhash_wheel(tmp_path, elf(), python)]
    with pytest.raises(UsageError, match=words):
        write_bundle(tmp_path / "out.zip", architecture="x86_64", wheels=wheels)
    assert not (tmp_path / "out.zip").exists()


def test_an_image_of_ones_own_may_have_a_newer_library(tmp_path: Path) -> None:
    wheels = [intact_wheel(tmp_path, elf(needs="2.39")), xxhash_wheel(tmp_path, elf())]
    out = tmp_path / "out.zip"
    write_bundle(out, architecture="x86_64", wheels=wheels, glibc=(2, 39))
    with pytest.raises(UsageError, match=r"2\.39; wanted 2\.38"):
        write_bundle(out, architecture="x86_64", wheels=wheels, glibc=(2, 38))


def test_wheels_of_something_else_are_refused(tmp_path: Path) -> None:
    (tmp_path / "numpy-2-any.whl").write_bytes((intact_wheel(tmp_path, elf())).read_bytes())
    with pytest.raises(UsageError, match="wheel of numpy"):
        write_bundle(
            tmp_path / "o.zip", architecture="x86_64", wheels=[tmp_path / "numpy-2-any.whl"]
        )
    (tmp_path / "xxhash-0.whl").write_bytes(b"no zip")
    with pytest.raises(UsageError, match="wanted a wheel"):
        write_bundle(tmp_path / "o.zip", architecture="x86_64", wheels=[tmp_path / "xxhash-0.whl"])


def test_a_wheel_without_native_code_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "intact-1-none.whl", "w") as file:
        file.writestr("intact/__init__.py", "")
    wheels = [tmp_path / "intact-1-none.whl", xxhash_wheel(tmp_path, elf())]
    with pytest.raises(UsageError, match="no extension module for Linux"):
        write_bundle(tmp_path / "o.zip", architecture="x86_64", wheels=wheels)


def test_modules_of_two_pythons_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(xxhash_wheel(tmp_path, elf()), "a") as file:
        file.writestr("xxhash/other.cpython-313-x86_64-linux-gnu.so", elf())
    wheels = [intact_wheel(tmp_path, elf()), tmp_path / "xxhash-4-any.whl"]
    with pytest.raises(UsageError, match="wanted one version"):
        write_bundle(tmp_path / "o.zip", architecture="x86_64", wheels=wheels)
