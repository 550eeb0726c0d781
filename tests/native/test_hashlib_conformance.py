"""CPython's own tests of hash objects, run against ours."""

import functools
import hashlib
from pathlib import Path
from typing import Any

import pytest

from intact import _native

upstream = pytest.importorskip(
    "test.test_hashlib", reason="this Python comes without the standard library's tests"
)

Case = Any  # CPython's test case; it has no types
Hash = _native.Crc64Nvme | _native.Crc32 | _native.Crc32c

CLASSES: dict[str, type[Hash]] = {
    "crc64nvme": _native.Crc64Nvme,
    "crc32": _native.Crc32,
    "crc32c": _native.Crc32c,
}
GENERIC = [
    "test_hash_array",
    "test_hexdigest",
    "test_large_update",
    "test_gil",
    "test_name_attribute",
    "test_usedforsecurity_false",
    "test_usedforsecurity_true",
]


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    """An instance of CPython's test case that knows our classes only."""
    new = hashlib.new

    def new_or_ours(name: str, data: bytes = b"", *, usedforsecurity: bool = True) -> object:
        constructor = CLASSES.get(name, functools.partial(new, name))
        return constructor(data, usedforsecurity=usedforsecurity)

    monkeypatch.setattr(hashlib, "new", new_or_ours)
    case = upstream.HashLibTestCase("test_hexdigest")
    case.constructors_to_test = {
        name: {constructor, functools.partial(new_or_ours, name)}
        for name, constructor in CLASSES.items()
    }
    return case


@pytest.mark.parametrize("test", GENERIC)
def test_generic(case: Case, test: str) -> None:
    getattr(case, test)()


@pytest.mark.parametrize(("name", "size"), [("crc64nvme", 8), ("crc32", 4), ("crc32c", 4)])
def test_sizes_and_name(case: Case, name: str, size: int) -> None:
    case.check_blocksize_name(name, block_size=1, digest_size=size)


@pytest.mark.parametrize("name", CLASSES)
def test_no_unicode(case: Case, name: str) -> None:
    case.check_no_unicode(name)


@pytest.mark.parametrize(
    ("name", "digest"),
    [("crc64nvme", "ae8b14860a799888"), ("crc32", "cbf43926"), ("crc32c", "e3069283")],
)
def test_check_value_and_file_digest(
    case: Case, name: str, digest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    case.check(name, b"123456789", digest)


@pytest.mark.parametrize("constructor", CLASSES.values(), ids=CLASSES)
def test_threaded_hashing(
    case: Case, constructor: type[Hash], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashlib, "sha1", constructor)
    case.test_threaded_hashing()
