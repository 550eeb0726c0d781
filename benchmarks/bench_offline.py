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
LINES = "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x02')"


def generate(folder: Path, objects: int) -> None:
    """Write the inputs."""
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(
            "CREATE VIEW objects AS SELECT i, i % $every AS fault, 'data/' || "
            "lpad((i % 1000)::VARCHAR, 4, '0') || '/customer%20files/2026/part-' || "
            "md5(i::VARCHAR) || '.parquet' AS key, upper(md5(('d' || i)::VARCHAR)[:16]) AS hex "
            "FROM range($objects) AS t(i)".replace("$every", str(EVERY)).replace(
                "$objects", str(objects)
            )
        )

        def write(name: str, query: str) -> None:
            connection.execute(f"COPY ({query}) TO '{folder / name}' {LINES}")

        write(
            "manifest.csv",
            "SELECT 'sources,' || key || CASE fault WHEN 6 THEN '+' ELSE '' END FROM objects",
        )
        for file in range(FILES):
            some = f"FROM objects WHERE i % {FILES} = {file}"
            write(f"report-{file}.csv", _report(some))
            for side in ("sources", "copies"):
                write(f"{side}-{file}.csv", _computed(some, side))


def _report(some: str) -> str:
    row = "'sources,' || key || ',,' || "
    return (
        f"SELECT {row} CASE fault WHEN 2 THEN 'failed,200,AccessDenied,Access Denied' "
        f"WHEN 7 THEN 'succeded,200,,Successful' ELSE 'succeeded,200,,Successful' END {some} "
        f"AND fault NOT IN (3, 6) UNION ALL "
        f"SELECT {row} 'failed,200,InternalError,We encountered an internal error' {some} "
        "AND fault = 4"
    )


def _computed(some: str, side: str) -> str:
    hexed = "hex" if side == "sources" else "CASE fault WHEN 1 THEN reverse(hex) ELSE hex END"
    left = "6" if side == "sources" else "5, 6"
    spoilt = "''" if side == "sources" else "CASE fault WHEN 8 THEN '00' ELSE '' END"
    return (
        f'SELECT \'{side},\' || key || \',,succeeded,200,,"{{""checksum_base64"":""\' || '
        f'to_base64(unhex({hexed})) || \'"",""ETag"":""\' || md5(hex) || '
        '\'"",""checksumAlgorithm"":""CRC64NVME"",""checksumType"":""FULL_OBJECT'
        f'"",""checksum_hex"":""\' || {hexed} || {spoilt} || \'""}}"\' {some} '
        f"AND fault NOT IN ({left})"
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
