"""No kernel touches a byte outside its buffer."""

import ctypes
import errno
import hashlib
import mmap
import os
import sys
from pathlib import Path

import pytest

from intact._native import _extend as extend
from tests.reference import MODELS, crc

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no mprotect to fence a page with")

PAGE = mmap.PAGESIZE
LENGTHS = range(701)
NOISE = hashlib.shake_128(b"bounds").digest(LENGTHS.stop)


@pytest.fixture(scope="module")
def fenced() -> memoryview:
    """One page between two that may not be read."""
    pages = mmap.mmap(-1, 3 * PAGE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    libc = ctypes.CDLL(None, use_errno=True)
    for fence in (address, address + 2 * PAGE):
        if libc.mprotect(ctypes.c_void_p(fence), ctypes.c_size_t(PAGE), 0) != 0:
            pytest.skip(f"mprotect: {os.strerror(ctypes.get_errno())}")
    return memoryview(pages)


def test_the_fence_cannot_be_read(fenced: memoryview, tmp_path: Path) -> None:
    with (tmp_path / "copy").open("wb", buffering=0) as file:
        assert file.write(fenced[PAGE : 2 * PAGE]) == PAGE
        for beyond in (PAGE - 1, 2 * PAGE):
            with pytest.raises(OSError, match=os.strerror(errno.EFAULT)):
                file.write(fenced[beyond : beyond + 1])


@pytest.mark.parametrize("model", MODELS)
def test_every_length_flush_against_both_fences(
    kernel: str, model: str, fenced: memoryview
) -> None:
    expected = 0
    for size in LENGTHS:
        for buffer in (fenced[PAGE : PAGE + size], fenced[2 * PAGE - size : 2 * PAGE]):
            buffer[:] = NOISE[:size]
            assert extend(model, buffer, kernel=kernel) == expected
        expected = crc(model, NOISE[size : size + 1], expected)
