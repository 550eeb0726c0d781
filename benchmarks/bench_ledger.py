"""How fast findings become durable, and what fifty kills lose.

Appends findings of the usual shape (report row, HeadObject of both sides, one CRC64NVME each) to a
ledger in a folder of the disk that is measured; every segment of 10,000 is synced before the next
begins.  Beside it, in turns: the same findings as JSON Lines, files of the same sizes written and
synced without any work, which is the disk's bound, and reading the ledger back.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from intact.adapters import writing
from intact.adapters.files import whole_file
from intact.adapters.ledger import LedgerReader
from intact.adapters.verify import problems
from intact.audit import (
    Copy,
    Counts,
    Evidence,
    Finding,
    Level,
    Policy,
    Reason,
    Record,
    Verdict,
)
from intact.audit.ledger import SEAL, Header
from intact.audit.lines import encode
from intact.batch import TaskResult, TaskStatus
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.s3 import ObjectFacts, ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable

BEGIN = datetime(2026, 11, 22, 3, tzinfo=UTC)
HEADER = Header(
    policy=Policy(reported=True, versioned=True), subject="benchmark", created=BEGIN, intact="0"
)
GOLDEN_RATIO = 0x9E3779B97F4A7C15F39CC0605CEDC835
KILLED_ROWS = 200_000


def record(row: int) -> Record:
    """A verified copy, whose key, versions, ETag, size and checksum are its own."""
    noise = row * GOLDEN_RATIO % 2**128
    key = f"data/2026/11/{row:09d}/part-{noise % 100_000:05d}.parquet"
    checksum = Checksum(
        algorithm=Algorithm.CRC64NVME,
        type=ChecksumType.FULL_OBJECT,
        digest=(noise >> 64).to_bytes(8, "big"),
    )
    source = ObjectFacts(
        size=noise % 10**9,
        etag=f"{noise:032x}",
        last_modified=BEGIN + timedelta(seconds=row // 100),
        version_id=f"s{noise:031d}"[:32],
        checksums=frozenset({checksum}),
        encryption="AES256",
    )
    return Record(
        copy=Copy(
            row=row,
            source=ObjectRef(bucket="source", key=key, version_id=source.version_id),
            destination=ObjectRef(bucket="copies", key=key),
        ),
        evidence=Evidence(
            task=TaskResult(
                bucket="source",
                raw_key=key,
                version_id=source.version_id,
                status=TaskStatus.SUCCEEDED,
                http_status=200,
                error_code="",
                message="Successful",
            ),
            source=source,
            destination=replace(source, version_id=f"d{noise:031d}"[:32]),
        ),
        finding=Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.RECORDED),
    )


def append(path: Path, records: list[Record]) -> None:
    """Make all of them durable."""
    with writing.LedgerWriter(path, HEADER) as writer:
        for found in records:
            writer.append(found)
        writer.seal(Counts(manifest_rows=len(records)))


def append_lines(path: Path, records: list[Record]) -> None:
    """Make all of them durable as JSON Lines, synced as often."""
    with path.open("wb") as file:
        for start in range(0, len(records), writing.ROWS):
            file.writelines(encode(r).encode() for r in records[start : start + writing.ROWS])
            file.flush()
            os.fsync(file.fileno())


def sync_alone(path: Path, sizes: list[int]) -> None:
    """Write as many files of the same sizes, and their list: the disk's bound."""
    path.mkdir()
    for number, size in enumerate(sizes):
        for name in (f"{number}", "list"):
            with whole_file(path / name) as file:
                file.write(bytes(size if name != "list" else 300))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that passed, and seconds that this process computed."""
    passed, computed = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - passed, time.process_time() - computed


def race(folder: Path, *, rows: int, turns: int) -> None:
    """Print the medians."""
    records = [record(row) for row in range(1, rows + 1)]
    found: dict[str, list[tuple[float, float]]] = {}
    for turn in range(turns):
        path, alone, lines = (folder / f"{name}-{turn}" for name in ("ledger", "alone", "lines"))
        found.setdefault("append", []).append(timed(partial(append, path, records)))
        reader = LedgerReader(path)
        sizes = [file.stat().st_size for file in reader.files()]
        contenders: dict[str, Callable[[], object]] = {
            "JSON Lines instead": partial(append_lines, lines, records),
            "such files, empty": partial(sync_alone, alone, sizes),
            "read": partial(deque, reader.records(), maxlen=0),
            "summary": reader.summary,
        }
        for name, contender in contenders.items():
            found.setdefault(name, []).append(timed(contender))
        if not turn:
            plain = lines.stat().st_size / rows
            print(f"{sum(sizes) / rows:.0f} bytes each; as JSON Lines {plain:.0f}")
    print(f"{'':<20}{'findings/s':>12}{'per CPU second':>16}{'append is, times':>18}")
    appended = [passed for passed, _ in found["append"]]
    for name, times in found.items():
        passed, computed = (median(column) for column in zip(*times, strict=True))
        ratio = median(t / ours for (t, _), ours in zip(times, appended, strict=True))
        print(f"{name:<20}{rows / passed:>12,.0f}{rows / computed:>16,.0f}{ratio:>18.2f}")


def killed(path: Path) -> None:
    """What the killed process does: append what is lacking, and tell what is durable."""
    with writing.LedgerWriter(path, HEADER) as writer:
        print(writer.last, flush=True)
        told = writer.last
        for row in range(writer.last + 1, KILLED_ROWS + 1):
            writer.append(record(row))
            if writer.last != told:
                told = writer.last
                print(told, flush=True)
        writer.seal(Counts(manifest_rows=KILLED_ROWS))


def kill(path: Path, *, kills: int) -> None:
    """Kill a writer at random moments and count what is lost and doubled."""
    moments, durable, done = random.Random(1), 0, 0  # noqa: S311 - moments, no secrets
    command = [sys.executable, __file__, "--killed", str(path)]
    while not (path / SEAL).exists():
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - this file
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            found = int(process.stdout.readline() or -1)
            if found < durable:
                sys.exit(f"row {durable} was durable before kill {done}; now the last is {found}")
            if done < kills:
                time.sleep(moments.uniform(0, 0.25))
                process.send_signal(signal.SIGKILL)
                done += 1
            lines = process.stdout.read().splitlines(keepends=True)
        durable = max([found, *(int(line) for line in lines if line.endswith(b"\n"))])
    rows = [found.copy.row for found in LedgerReader(path).records()]
    lost, doubled = len(set(range(1, KILLED_ROWS + 1)) - set(rows)), len(rows) - len(set(rows))
    wrong = len(list(problems(path)))
    print(
        f"{done} kills: {lost} lost, {doubled} doubled, {wrong} problems of {len(rows):,} findings"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    parser.add_argument("--killed", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.killed is not None:
        killed(given.killed)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        if given.turns:
            race(Path(folder), rows=given.rows, turns=given.turns)
        if given.kills:
            kill(Path(folder) / "killed", kills=given.kills)


if __name__ == "__main__":
    main()
