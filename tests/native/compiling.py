"""Compiling driver.c and the kernels, and reading what the driver says."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
SOURCES = [Path(__file__).with_name("driver.c"), *sorted((ROOT / "csrc").rglob("*.c"))]
SECONDS = os.environ.get("INTACT_FUZZ_SECONDS", "0")  # 0 is a few hundred messages
FLAGS = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}"]


def tool(*names: str) -> str:
    """The first of the programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.skip(f"{names[0]} is not installed")


def run(*command: str | Path) -> str:
    """What the program prints; it must succeed."""
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(  # noqa: S603 - compilers, emulators and what they made
        command, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(
    directory: Path, compiler: str, *flags: str, sources: Iterable[Path] = tuple(SOURCES)
) -> Path:
    """The driver, compiled."""
    binary = directory / "driver"
    run(compiler, *FLAGS, *flags, *sources, "-o", binary)
    return binary


def builds(directory: Path, source: str, compiler: str, *flags: str) -> bool:
    """Whether the compiler has what the flags ask for."""
    (directory / "probe.c").write_text(source)
    command = [compiler, *flags, str(directory / "probe.c"), "-o", str(directory / "probe")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def outcomes(output: str) -> dict[str, str]:
    """What the driver says about each kernel, by its name."""
    return dict(line.split(": ") for line in output.splitlines())
