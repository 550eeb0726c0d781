"""Small files in one call: the same sums as their bytes, and nothing touched that must not be."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from intact import _native

posix = pytest.mark.skipif(sys.platform == "win32", reason="every file is left to Python there")


@posix
@pytest.mark.parametrize("model", ["crc64nvme", "crc32", "crc32c"])
def test_every_size_around_the_buffers_is_summed(model: str, kernel: str, tmp_path: Path) -> None:
    bodies = [os.urandom(size) for size in (0, 1, 15, 16, 4095, 262143, 262144, 262145)]
    paths = [os.fsencode(tmp_path / str(len(body))) for body in bodies]
    for path, body in zip(paths, bodies, strict=True):
        Path(os.fsdecode(path)).write_bytes(body)
    wanted = [(0, getattr(_native, model)(body), len(body)) for body in bodies]
    assert _native._files(model, paths, 1 << 20, kernel=kernel) == wanted  # noqa: SLF001


@posix
def test_what_is_large_or_no_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer
    paths = [os.fsencode(tmp_path / name) for name in ("large", "pipe", ".")]
    assert _native._files("crc32", paths, 4) == [(-1, 0, 0)] * 3  # noqa: SLF001


@posix
def test_an_error_is_its_number(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    paths = [os.fsencode(tmp_path / name) for name in ("absent", "file/x")]
    found = _native._files("crc32", paths, 4)  # noqa: SLF001
    assert found == [(errno.ENOENT, 0, 0), (errno.ENOTDIR, 0, 0)]


def test_arguments_are_checked() -> None:
    assert _native._files("crc32", [], 4) == []  # noqa: SLF001
    with pytest.raises(ValueError, match="null"):
        _native._files("crc32", [b"a\0b"], 4)  # noqa: SLF001
    with pytest.raises(TypeError):
        _native._files("crc32", ["text"], 4)  # type: ignore[list-item] # noqa: SLF001
    with pytest.raises(ValueError, match="no model"):
        _native._files("crc16", [], 4)  # noqa: SLF001


@pytest.mark.skipif(
    not Path("/proc/version").exists(), reason="no file here is longer than it says"
)
def test_a_file_that_holds_more_than_its_size_says_is_read_to_its_end() -> None:
    body = Path("/proc/version").read_bytes()
    assert Path("/proc/version").stat().st_size == 0
    [found] = _native._files("crc64nvme", [b"/proc/version"], 4)  # noqa: SLF001
    assert found == (0, _native.crc64nvme(body), len(body))
