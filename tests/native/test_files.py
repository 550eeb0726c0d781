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
    octets = 8 if model == "crc64nvme" else 4
    wanted = [getattr(_native, model)(body).to_bytes(octets, "big") for body in bodies]
    digests, sizes, others = _native._files(model, paths, 1 << 20, kernel=kernel)  # noqa: SLF001
    assert (digests, others) == (b"".join(wanted), [])
    assert memoryview(sizes).cast("Q").tolist() == list(map(len, bodies))


@posix
def test_what_is_large_or_no_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer
    paths = [os.fsencode(tmp_path / name) for name in ("large", "pipe", ".")]
    digests, sizes, others = _native._files("crc32", paths, 4)  # noqa: SLF001
    assert others == [(0, -1), (1, -1), (2, -1)]
    assert (len(digests), len(sizes)) == (3 * 4, 3 * 8)


@posix
def test_places_are_kept_by_those_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("first", "third"):
        (tmp_path / name).write_bytes(name.encode())
    paths = [os.fsencode(tmp_path / name) for name in ("first", "second", "third")]
    digests, sizes, others = _native._files("crc32c", paths, 5)  # noqa: SLF001
    assert others == [(1, errno.ENOENT)]
    assert digests[:4] == _native.crc32c(b"first").to_bytes(4, "big")
    assert digests[8:] == _native.crc32c(b"third").to_bytes(4, "big")
    assert memoryview(sizes).cast("Q")[::2].tolist() == [5, 5]


@posix
def test_an_error_is_its_number(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    paths = [os.fsencode(tmp_path / name) for name in ("absent", "file/x")]
    assert _native._files("crc32", paths, 4)[2] == [(0, errno.ENOENT), (1, errno.ENOTDIR)]  # noqa: SLF001


def test_arguments_are_checked() -> None:
    assert _native._files("crc32", [], 4) == (b"", b"", [])  # noqa: SLF001
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
    digests, sizes, others = _native._files("crc64nvme", [b"/proc/version"], 4)  # noqa: SLF001
    assert (digests, others) == (_native.crc64nvme(body).to_bytes(8, "big"), [])
    assert memoryview(sizes).cast("Q").tolist() == [len(body)]
