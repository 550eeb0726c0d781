"""Digests of files."""

import hashlib
import io
import os
import socket
from pathlib import Path

import pytest

import intact
from intact.adapters.local import BUFFER
from intact.checksum import Algorithm
from intact.errors import UsageError

BODY = bytes(range(256)) * (BUFFER // 256) + b"tail"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_path_an_open_file_and_its_bytes_have_one_digest(
    tmp_path: Path, algorithm: Algorithm
) -> None:
    path = tmp_path / "file"
    path.write_bytes(BODY)
    wanted = intact.new(algorithm.value, BODY).digest()
    with path.open("rb") as file:
        assert intact.file_digest(file, algorithm.value).digest() == wanted
        assert not file.closed
    for name in (path, str(path), os.fsencode(path)):
        assert intact.file_digest(name, algorithm).digest() == wanted


def test_digests_equal_hashlib(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(BODY)
    with path.open("rb") as file:
        wanted = hashlib.file_digest(file, "sha256").hexdigest()
    assert intact.file_digest(path, "SHA256").hexdigest() == wanted


def test_hashlib_digests_files_with_our_classes() -> None:
    digest = hashlib.file_digest(io.BytesIO(BODY), intact.Crc64Nvme)
    assert digest.digest() == intact.new("CRC64NVME", BODY).digest()


def test_a_pipe_is_read_to_its_end() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        os.write(writer, b"123456789")
        os.close(writer)
        assert intact.file_digest(pipe, "CRC64NVME").hexdigest() == "ae8b14860a799888"


def test_an_open_file_is_read_from_where_it_stands() -> None:
    file = io.BytesIO(b"skipped123456789")
    file.seek(len(b"skipped"))
    assert intact.file_digest(file, "CRC64NVME").hexdigest() == "ae8b14860a799888"


class Reader:
    """A file that has only ``read``."""

    def __init__(self, body: bytes) -> None:
        self._file = io.BytesIO(body)

    def read(self, size: int) -> bytes:
        return self._file.read(size)


def test_a_file_needs_no_more_than_read() -> None:
    digest = intact.file_digest(Reader(BODY), "CRC32")
    assert digest.digest() == intact.new("CRC32", BODY).digest()


def test_a_file_without_bytes_at_hand_is_not_taken_for_an_empty_one() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with os.fdopen(reader, "rb", buffering=0) as pipe, pytest.raises(BlockingIOError):
        intact.file_digest(pipe, "CRC64NVME")
    os.close(writer)


def test_text_is_refused() -> None:
    with pytest.raises(TypeError):
        intact.file_digest(io.StringIO("text"), "CRC64NVME")  # type: ignore[arg-type]


def test_unknown_algorithms_and_absent_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="CRC65"):
        intact.file_digest(tmp_path, "CRC65")
    with pytest.raises(FileNotFoundError):
        intact.file_digest(tmp_path / "absent", "CRC32")


def test_a_socket_is_read_to_its_end() -> None:
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"123456789")
        far.shutdown(socket.SHUT_WR)
        assert intact.file_digest(near, "CRC64NVME").hexdigest() == "ae8b14860a799888"
