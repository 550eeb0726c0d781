"""A kill at any moment loses nothing that was durable, and nothing is doubled."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from intact.adapters import writing
from intact.adapters.ledger import LedgerReader, read_segments
from intact.adapters.parquet import parquet
from intact.adapters.verify import problems
from intact.adapters.writing import LedgerWriter
from intact.audit import Counts
from intact.audit.ledger import FINDINGS, HEADER, SEAL, SEGMENTS
from intact.errors import FormatError, UsageError
from tests.ledgers import GOLDEN, OTHER, many, written
from tests.ledgers import HEADER as HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pyarrow as pa

    from intact.audit import Record

ROOT = Path(__file__).parents[2]
TOTAL = 1_000
KILLS = 4
APPENDING = f"""
import sys, pathlib
from intact.adapters import writing
from intact.audit import Counts
from tests.ledgers import HEADER, many
writing.ROWS, writing.SECONDS = 50, 0.01
with writing.LedgerWriter(pathlib.Path(sys.argv[1]), HEADER) as writer:
    records = many({TOTAL})[writer.last:]
    print(writer.last, flush=True)
    for record in records:
        writer.append(record)
        print(writer.last, flush=True)
    writer.seal(Counts(manifest_rows={TOTAL}))
"""


def append(path: Path, records: Iterable[Record]) -> None:
    with LedgerWriter(path, HEAD) as writer:
        for record in records:
            writer.append(record)


def seal(path: Path, rows: int) -> LedgerReader:
    with LedgerWriter(path, HEAD) as writer:
        assert writer.rows == rows
        writer.seal(Counts(manifest_rows=rows))
    assert list(problems(path)) == []
    return LedgerReader(path)


def names(path: Path) -> list[str]:
    return sorted(file.name for file in (path / FINDINGS).iterdir())


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    moments, durable = random.Random(0), 0  # noqa: S311 - moments, no secrets
    for _ in range(KILLS):
        with subprocess.Popen(  # noqa: S603 - our own code
            [sys.executable, "-c", APPENDING, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
        ) as process:
            assert process.stdout is not None
            assert int(process.stdout.readline()) >= durable  # acknowledged before the last kill
            time.sleep(moments.uniform(0, 0.2))
            process.kill()
            told = process.stdout.read().splitlines(keepends=True)
        assert process.returncode in {0, -signal.SIGKILL}
        durable = max([durable, *(int(line) for line in told if line.endswith(b"\n"))])
        if (tmp_path / SEAL).exists():
            break
    else:
        command = [sys.executable, "-c", APPENDING, str(tmp_path)]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - as above
    assert list(LedgerReader(tmp_path).records()) == many(TOTAL)
    assert list(problems(tmp_path)) == []


def test_an_exception_leaves_what_was_found(tmp_path: Path) -> None:
    records = many(7)

    def interrupted() -> Iterable[Record]:
        yield from records[:4]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        append(tmp_path, interrupted())
    append(tmp_path, records[4:])
    assert list(seal(tmp_path, 7).records()) == records


def test_a_slow_audit_is_durable_every_few_seconds_in_one_growing_segment(tmp_path: Path) -> None:
    seconds = count(0, 2)
    records = many(9)
    with LedgerWriter(tmp_path, HEAD, clock=lambda: float(next(seconds))) as writer:
        for record in records[:8]:
            writer.append(record)
        assert writer.last == 6
        assert len(names(tmp_path)) == 1
        writer.append(records[8])
        assert writer.last == 9
    assert names(tmp_path) == ["rows-000000000001-000000000009.parquet"]
    assert len(list(read_segments(tmp_path))) == 3
    assert list(seal(tmp_path, 9).records()) == records
    assert len(list(read_segments(tmp_path))) == 1


def test_a_kill_before_the_shorter_segment_is_gone_doubles_nothing(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path, HEAD) as writer:
        records = many(5)
        for record in records[:2]:
            writer.append(record)
        writer.flush()
        [shorter] = (tmp_path / FINDINGS).iterdir()
        kept = shorter.read_bytes()
        for record in records[2:]:
            writer.append(record)
    shorter.write_bytes(kept)
    assert list(seal(tmp_path, 5).records()) == records


def test_a_full_segment_is_followed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ROWS", 10)
    append(tmp_path, many(25))
    assert [segment.rows for segment in read_segments(tmp_path)] == [10, 10, 5]
    assert list(seal(tmp_path, 25).records()) == many(25)


@pytest.mark.parametrize("torn", [b"", b"{", b'{"chain":"', b"\0" * 80, b"{}\n"])
def test_a_torn_line_is_forgotten(tmp_path: Path, torn: bytes) -> None:
    append(tmp_path, many(3))
    with (tmp_path / SEGMENTS).open("ab") as index:
        index.write(torn)
    assert list(seal(tmp_path, 3).records()) == many(3)


def test_a_torn_segment_is_forgotten(tmp_path: Path) -> None:
    append(tmp_path, many(3))
    append(tmp_path, many(3, first=4))
    [_, last] = names(tmp_path)
    file = tmp_path / FINDINGS / last
    file.write_bytes(file.read_bytes()[:-1])
    with LedgerWriter(tmp_path, HEAD) as writer:
        assert writer.last == 3
    assert len(names(tmp_path)) == 1
    assert list(seal(tmp_path, 3).records()) == many(3)


def test_what_a_kill_left_half_written_is_removed(tmp_path: Path) -> None:
    append(tmp_path, many(3))
    for name in ("rows-000000000004-000000000009.parquet", ".rows-4.parquet.x.partial"):
        (tmp_path / FINDINGS / name).write_bytes(b"PAR1")
    (tmp_path / ".seal.json.x.partial").write_bytes(b"{")
    assert list(seal(tmp_path, 3).records()) == many(3)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        [HEADER, SEAL, SEGMENTS, FINDINGS]
    )


@pytest.mark.parametrize("what", ["segment", "line"])
def test_damage_that_no_kill_does_is_refused(tmp_path: Path, what: str) -> None:
    append(tmp_path, many(3))
    append(tmp_path, many(3, first=4))
    if what == "segment":
        (tmp_path / FINDINGS / names(tmp_path)[0]).write_bytes(b"PAR1")
    else:
        index = tmp_path / SEGMENTS
        index.write_bytes(b"{}\n" + index.read_bytes())
    with pytest.raises(FormatError, match="has changed" if what == "segment" else "line 1"):
        append(tmp_path, [])


def test_another_audit_does_not_go_on_with_a_ledger(tmp_path: Path) -> None:
    append(tmp_path, many(3))
    with pytest.raises(UsageError, match="reported is True; wanted False"):
        LedgerWriter(tmp_path, OTHER)


def test_a_finished_ledger_takes_nothing_more(tmp_path: Path) -> None:
    written(tmp_path, many(3))
    with pytest.raises(UsageError, match="finished"):
        LedgerWriter(tmp_path, HEAD)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no lock of that kind")
def test_two_writers_exclude_each_other(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path, HEAD), pytest.raises(UsageError, match="another process"):
        LedgerWriter(tmp_path, HEAD)
    append(tmp_path, many(1))


@pytest.mark.parametrize("rows", [(2, 1), (1, 1), (0,)], ids=str)
def test_rows_must_ascend(tmp_path: Path, rows: tuple[int, ...]) -> None:
    records = [many(1, first=row)[0] for row in rows]
    with pytest.raises(UsageError, match="do not ascend"):
        append(tmp_path, records)


@pytest.mark.parametrize("chunk", [1, 3, 7])
def test_a_segment_is_the_same_however_its_records_were_gathered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    append(tmp_path / "at once", many(7))
    monkeypatch.setattr(writing, "CHUNK", chunk)
    with LedgerWriter(tmp_path / "gathered", HEAD) as writer:
        for record in many(7):
            writer.append(record)
            if record.copy.row == 4:
                writer.flush()
    (at_once,) = (tmp_path / "at once" / FINDINGS).iterdir()
    (gathered,) = (tmp_path / "gathered" / FINDINGS).iterdir()
    assert at_once.name == gathered.name
    assert at_once.read_bytes() == gathered.read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file sizes")
def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(tmp_path: Path) -> None:
    append(tmp_path, many(3))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            append(tmp_path, many(3, first=4))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    append(tmp_path, many(3, first=4))
    assert list(seal(tmp_path, 6).records()) == many(6)


def test_a_ledger_can_be_copied_whole(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN, tmp_path / "copy")
    assert list(problems(tmp_path / "copy")) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError()])
def test_a_segment_that_fails_while_the_next_one_comes_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    turns = count(1)

    def fail_third(table: pa.Table) -> pa.Buffer:
        if next(turns) == 3:
            raise error
        return parquet(table)

    def go_on_all_the_same() -> None:
        with LedgerWriter(tmp_path, HEAD) as writer:
            for record in many(100):
                with suppress(OSError, MemoryError):
                    writer.append(record)

    monkeypatch.setattr(writing, "ROWS", 10)
    monkeypatch.setattr(writing, "parquet", fail_third)
    with pytest.raises(type(error)):
        go_on_all_the_same()
    append(tmp_path, many(80, first=21))
    assert list(seal(tmp_path, 100).records()) == many(100)


def test_an_interrupt_while_a_segment_is_full_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun_and_interrupted(
        pool: ThreadPoolExecutor, work: Callable[..., None], *given: object
    ) -> None:
        ThreadPoolExecutor.submit(pool, work, *given).result()
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "ROWS", 10)
    with monkeypatch.context() as patch:
        pool = type("Pool", (ThreadPoolExecutor,), {"submit": begun_and_interrupted})
        patch.setattr(writing, "ThreadPoolExecutor", pool)
        with pytest.raises(KeyboardInterrupt):
            append(tmp_path, many(25))
    append(tmp_path, many(15, first=11))
    assert list(seal(tmp_path, 25).records()) == many(25)
