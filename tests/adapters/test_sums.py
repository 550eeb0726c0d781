"""Many files at once: every one of them, in order, whatever its size or kind."""

from __future__ import annotations

import errno
import io
import os
import sys
import threading
from itertools import chain, repeat
from typing import TYPE_CHECKING

import pytest

from intact.adapters import local, parallel, sums
from intact.adapters.sums import Batch, Failed, Summed, Sums, batches, digests
from intact.checksum import Algorithm, CompositeHasher, new

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [0, 1, 1000, sums.SMALL, sums.SMALL + 1, 3 * sums.SMALL]


@pytest.fixture
def files(tmp_path: Path) -> dict[bytes, bytes]:
    """Bodies by name; enough for several batches."""
    bodies = {f"{number:03}": os.urandom(SIZES[number % len(SIZES)]) for number in range(60)}
    for name, body in bodies.items():
        (tmp_path / name).write_bytes(body)
    return {os.fsencode(tmp_path / name): body for name, body in bodies.items()}


def run(
    names: list[bytes],
    algorithm: Algorithm,
    part_size: int | None = None,
    threads: int | None = None,
) -> list[Summed | Failed]:
    work = batches(names, algorithm=algorithm, part_size=part_size)
    return list(chain.from_iterable(digests(work, threads=threads)))


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("threads", [1, 3])
def test_each_file_has_the_digest_of_its_bytes(
    algorithm: Algorithm, threads: int, files: dict[bytes, bytes]
) -> None:
    wanted = [
        Summed(name, new(algorithm, body).digest(), len(body)) for name, body in files.items()
    ]
    assert run(list(files), algorithm, threads=threads) == wanted


def test_parts_are_cut_where_s3_cuts_them(files: dict[bytes, bytes]) -> None:
    for found, body in zip(run(list(files), Algorithm.SHA1, 1000), files.values(), strict=True):
        hasher = CompositeHasher(Algorithm.SHA1, repeat(1000))
        hasher.update(body)
        checksum = hasher.checksum()
        assert found[1:] == (checksum.digest, len(body), checksum.parts)


def test_more_parts_than_s3_allows_are_an_error(files: dict[bytes, bytes]) -> None:
    name = max(files, key=lambda name: len(files[name]))
    (found,) = run([name], Algorithm.SHA1, 1)
    assert isinstance(found, Failed)
    assert found.error.errno == errno.EFBIG


def test_a_large_file_is_taken_by_all_threads(
    files: dict[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sums, local):
        monkeypatch.setattr(module, "PARALLEL_FROM", 2 * sums.SMALL)
    monkeypatch.setattr(parallel, "SHARE", sums.SMALL)
    alone = list(files.items())
    found = run([name for name, _ in alone], Algorithm.CRC64NVME)
    assert [one[1] for one in found] == [new("CRC64NVME", body).digest() for _, body in alone]


def test_standard_input_and_pipes_keep_their_places(
    files: dict[bytes, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Standard:
        buffer = io.BytesIO(b"123456789")

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"through",))
    writer.start()
    monkeypatch.setattr(sys, "stdin", Standard())
    names = [*files, b"-", os.fsencode(pipe), os.fsencode(tmp_path), b"absent"]
    found = run(names, Algorithm.CRC64NVME)
    writer.join()
    assert [one.name for one in found] == names
    assert found[-4][1:3] == (new("CRC64NVME", b"123456789").digest(), 9)
    assert found[-3][1:3] == (new("CRC64NVME", b"through").digest(), 7)
    for one, number in zip(found[-2:], (errno.EISDIR, errno.ENOENT), strict=True):
        assert isinstance(one, Failed)
        assert one.error.errno == number


def test_progress_hears_of_every_byte(files: dict[bytes, bytes]) -> None:
    heard: list[int] = []
    for algorithm in (Algorithm.CRC32, Algorithm.MD5):
        heard.clear()
        list(digests(batches(files, algorithm=algorithm), progress=heard.append))
        assert sum(heard) == sum(map(len, files.values()))


def test_functions_that_take_turns_keep_the_order(files: dict[bytes, bytes]) -> None:
    turns = [Algorithm.CRC32C, Algorithm.SHA256, Algorithm.CRC64NVME] * 9
    work = [Batch(list(files), algorithm) for algorithm in turns]
    done = list(digests(work, threads=3))
    assert len(done) == len(turns)
    for algorithm, found in zip(turns, done, strict=True):
        assert [one[:2] for one in found] == [
            (name, new(algorithm, body).digest()) for name, body in files.items()
        ]


def test_sums_of_a_batch_are_those_of_each_file(files: dict[bytes, bytes]) -> None:
    small = {name: body for name, body in files.items() if len(body) <= sums.SMALL}
    (found,) = digests([Batch(list(small), Algorithm.CRC32)], threads=1)
    assert isinstance(found, Sums)
    assert len(found) == len(small)
    wanted = [new("CRC32", body).digest() for body in small.values()]
    assert found.digests == b"".join(wanted)
    assert list(found) == list(map(Summed, small, wanted, map(len, small.values())))


def test_what_goes_wrong_on_a_thread_is_raised_here(files: dict[bytes, bytes]) -> None:
    work = [Batch([*files, b"a\0b"], algorithm) for algorithm in (Algorithm.MD5, Algorithm.CRC32)]
    for each in work:
        with pytest.raises(ValueError, match="null"):
            list(digests([each] * 2, threads=2))


@pytest.mark.parametrize("algorithm", [Algorithm.MD5, Algorithm.CRC32])
def test_leaving_early_waits_for_nobody(files: dict[bytes, bytes], algorithm: Algorithm) -> None:
    running = digests(
        batches(chain.from_iterable(repeat(list(files))), algorithm=algorithm), threads=3
    )
    assert next(running)
    running.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("intact-sum")]
