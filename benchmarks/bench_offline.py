"""Audits generated objects offline, with faults whose truth is known.

    python benchmarks/bench_offline.py --objects 20000000

Inputs are a manifest, the copy job's report and Compute checksum reports of both sides; one object
in ten thousand has each of the faults below.  Prints one line of JSON.  Wants about 900 bytes of
disk for each object, and as much again while it runs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from intact.adapters.offline.audit import BUCKETS, OfflineAudit
from intact.adapters.offline.inputs import ComputedInput, Inputs
from intact.audit import Policy, Subject, Window
from intact.batch import S3PutObjectCopy
from intact.s3 import ObjectRef

EVERY = 10_000
FAULTS = {
    1: ("unverifiable", "difference_unbound"),  # nothing tells when the source was written
    2: ("not_copied", "task_failed"),
    3: ("unchecked", "task_unreadable"),  # no row in a report that has malformed ones
    4: ("unchecked", "task_unreadable"),  # succeeded and failed
    5: ("unverifiable", "nothing_comparable"),  # nothing computed of the copy
    6: ("unchecked", "row_unreadable"),  # a bare plus in the manifest
    7: ("unchecked", "task_unreadable"),  # a malformed row of the report
    8: ("unverifiable", "nothing_comparable"),  # base64 and hex are two digests
}
WINDOW = Window(
    begin=datetime(2026, 11, 22, 3, tzinfo=UTC), end=datetime(2026, 11, 22, 9, tzinfo=UTC)
)
FILES = 16
SIDES = ("sources", "copies")
LINES = "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x02')"


def generate(folder: Path, objects: int) -> None:
    """Write the inputs, in files of a part of the objects each."""
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        for file in range(FILES):
            begin, end = objects * file // FILES, objects * (file + 1) // FILES
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE objects AS SELECT *, md5(hex) AS etag, "
                f"to_base64(unhex(hex)) AS said FROM (SELECT i, i % {EVERY} AS fault, "
                "concat('data/', lpad((i % 1000)::VARCHAR, 4, '0'), '/customer%20files/2026/part-',"
                " md5(i::VARCHAR), '.parquet') AS key, lpad(hex(hash(i)), 16, '0') AS hex "
                f"FROM range({begin}, {end}) AS t(i))"
            )
            made = {f"report-{file}.csv": _REPORT, "manifest.part": _MANIFEST}
            made |= {f"{side}-{file}.csv": _computed(side) for side in SIDES}
            for name, query in made.items():
                connection.execute(f"COPY ({query}) TO '{folder / name}' {LINES}")
            with (folder / "manifest.csv").open("ab") as whole:
                whole.write((folder / "manifest.part").read_bytes())
            (folder / "manifest.part").unlink()


_MANIFEST = "SELECT concat('sources,', key, CASE fault WHEN 6 THEN '+' END) FROM objects"
_REPORT = (
    "SELECT concat('sources,', key, CASE fault WHEN 2 THEN ',,failed,200,AccessDenied,Access Denied'"
    " WHEN 7 THEN ',,succeded,200,,Successful' ELSE ',,succeeded,200,,Successful' END) "
    "FROM objects WHERE fault NOT IN (3, 6) UNION ALL SELECT concat('sources,', key, "
    "',,failed,200,InternalError,We encountered an internal error') FROM objects WHERE fault = 4"
)


def _computed(side: str) -> str:
    hexed, said, left, spoilt = "hex", "said", "6", "''"
    if side == "copies":
        hexed = "CASE fault WHEN 1 THEN reverse(hex) ELSE hex END"
        said = "CASE fault WHEN 1 THEN to_base64(unhex(reverse(hex))) ELSE said END"
        left, spoilt = "5, 6", "CASE fault WHEN 8 THEN '00' END"
    return (
        f"SELECT concat('{side},', key, ',,succeeded,200,,\"{{\"\"checksum_base64\"\":\"\"', {said}, "
        "'\"\",\"\"ETag\"\":\"\"', etag, '\"\",\"\"checksumAlgorithm\"\":\"\"CRC64NVME\"\",\"\"checksumType'"
        f", '\"\":\"\"FULL_OBJECT\"\",\"\"checksum_hex\"\":\"\"', {hexed}, {spoilt}, '\"\"}}\"') "
        f"FROM objects WHERE fault NOT IN ({left})"
    )


def audit(folder: Path, *, buckets: int, memory: str) -> Counter[tuple[str, str]]:
    """Audit the inputs; return rows by verdict and reason."""
    subject = Subject(
        name="benchmark",
        operation=S3PutObjectCopy(target_resource="arn:aws:s3:::copies"),
        manifest=ObjectRef(bucket="lists", key="manifest.csv"),
        manifest_etag=None,
        fields=("Bucket", "Key"),
        report=None,
        reports_all_tasks=True,
        window=WINDOW,
    )
    inputs = Inputs(
        manifest=folder / "manifest.csv",
        fields=subject.fields,
        report=sorted(folder.glob("report-*.csv")),
        computed=[
            ComputedInput(
                parts=sorted(folder.glob(f"{side}-*.csv")), begun=WINDOW.end + timedelta(hours=1)
            )
            for side in ("sources", "copies")
        ],
    )
    run = OfflineAudit(
        subject,
        Policy(reported=True, versioned=False, window=WINDOW),
        inputs,
        folder=folder / "work",
        buckets=buckets,
        memory_limit=memory,
    )
    found: Counter[tuple[str, str]] = Counter()
    for path, _ in run.segments():
        table = pq.read_table(path, columns=["verdict", "reason"])
        for row in table.group_by(table.column_names).aggregate([([], "count_all")]).to_pylist():
            found[row["verdict"], row["reason"]] += row["count_all"]
    for record in run.malformed_rows():
        found[record.finding.verdict.value, record.finding.reason.value] += 1
    return found


def truth(objects: int) -> Counter[tuple[str, str]]:
    """Rows by verdict and reason, as they were made."""
    wanted: Counter[tuple[str, str]] = Counter()
    for fault, finding in FAULTS.items():
        wanted[finding] += len(range(fault, objects, EVERY))
    wanted["verified", "equal"] = objects - wanted.total()
    return wanted


def main() -> None:
    """Generate, audit, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--buckets", type=int, default=BUCKETS)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--folder", type=Path, help="where to work; wants room")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        generator = multiprocessing.get_context("spawn").Process(
            target=generate, args=(folder, given.objects)
        )
        generator.start()
        generator.join()
        began, before = time.perf_counter(), time.process_time()
        found = audit(folder, buckets=given.buckets, memory=given.memory)
        seconds, cpu = time.perf_counter() - began, time.process_time() - before
    told = {
        "objects": given.objects,
        "buckets": given.buckets,
        "memory": given.memory,
        "seconds": round(seconds, 1),
        "objects_per_second": round(given.objects / seconds),
        "cpu_seconds_per_million": round(cpu / given.objects * 1e6, 2),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "exact": found == truth(given.objects),
    }
    print(json.dumps(told))
    if not told["exact"]:
        raise SystemExit(
            f"found {found - truth(given.objects)}, missed {truth(given.objects) - found}"
        )


if __name__ == "__main__":
    main()
