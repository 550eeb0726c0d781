"""The C sources for systems that are not here, built by Zig's compiler, which brings headers."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import pytest

from tests.native.compiling import FLAGS, ROOT, SOURCES, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("ziglang") is None, reason="ziglang is not installed"
    ),
    pytest.mark.skipif(not (ROOT / "csrc" / "crc.c").exists(), reason="the C sources are not here"),
]


@pytest.mark.parametrize(
    ("target", "flags", "magic"),
    [
        # Zig's CPUs have no instruction that they do not name, whatever other names imply.
        ("x86_64-macos", ["-mcrc32"], b"\xcf\xfa\xed\xfe\x07\x00\x00\x01"),
        ("aarch64-macos", [], b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01"),
    ],
)
def test_a_program_is_built_for(
    target: str, flags: list[str], magic: bytes, tmp_path: Path
) -> None:
    program = tmp_path / "driver"
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", target]
    run(*compiler, *FLAGS, *flags, *SOURCES, "-o", program)
    assert program.read_bytes().startswith(magic)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_an_object_is_built_for_windows_on_arm(source: Path, tmp_path: Path) -> None:
    compiler = [sys.executable, "-m", "ziglang", "cc", "-target", "aarch64-windows-gnu"]
    run(*compiler, *FLAGS, "-c", source, "-o", tmp_path / "object")
    assert (tmp_path / "object").read_bytes().startswith(b"\x64\xaa")  # IMAGE_FILE_MACHINE_ARM64
