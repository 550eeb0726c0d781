"""How fast a manifest is written and checked, and in how much memory.

``python benchmarks/bench_manifest.py [--rows 10000000] [--threads 1] [--quoted]`` writes up to a
million rows as ``intact manifest write`` does, then makes a manifest of that many rows of about 100
bytes, an object in a thousand twice, every cell quoted if asked for, and checks it.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from intact.adapters.lint import lint_file
from intact.batch.manifest import VERSIONED_FIELDS, write_manifest
from intact.s3 import ObjectRef

REPEATED = 1000
BLOCK = 100_000


def blocks(rows: int) -> Iterator[bytes]:
    """Rows of a manifest, many at a time; every thousandth is the one before it again."""
    for start in range(0, rows, BLOCK):
        yield b"".join(
            b"source-bucket,photos/2026/%02d/a%%20folder/IMG_%012d.jpg,3sL4kqtJlcpXroDTDmJ.rm%010d\n"
            % (place % 12 + 1, place, place)
            for number in range(start, min(rows, start + BLOCK))
            for place in (number - (number % REPEATED == REPEATED - 1),)
        )


def quoted(block: bytes) -> bytes:
    """The same rows with every cell quoted."""
    return b'"' + block[:-1].replace(b",", b'","').replace(b"\n", b'"\n"') + b'"\n'


def write(rows: int) -> None:
    """Write rows as the command does, and print the rate and the peak of memory."""
    sources = (
        ObjectRef(bucket="source-bucket", key=f"photos/2026/a folder/{n:012d}.jpg", version_id="v")
        for n in range(rows)
    )
    begin, size = time.process_time(), 0
    for line in write_manifest(sources, fields=VERSIONED_FIELDS):
        size += len(line)
    used = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"written: {rows:,} rows, {size / 1e6:,.0f} MB, "
        f"{rows / used:,.0f} rows per second of processor, peak {peak:,.0f} MiB"
    )


def main() -> None:
    """Print rows per second and the peak of memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quoted", action="store_true")
    given = parser.parse_args()
    write(min(given.rows, 1_000_000))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.csv"
        with path.open("wb") as file:
            file.writelines(quoted(one) if given.quoted else one for one in blocks(given.rows))
        begin, processor = time.perf_counter(), time.process_time()
        with path.open("rb") as file:
            found = lint_file(file, columns=VERSIONED_FIELDS, threads=given.threads)
        wall, used = time.perf_counter() - begin, time.process_time() - processor
        size = path.stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"duckdb {duckdb.__version__}, {given.threads} threads; found {found}")
    print(
        f"checked: {given.rows:,} rows, {size / 1e6:,.0f} MB: {wall:.1f} s, "
        f"{given.rows / wall:,.0f} rows/s, "
        f"{given.rows / used:,.0f} rows per second of processor, peak {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
