"""Audits generated objects offline, with faults whose truth is known.

    python benchmarks/bench_offline.py --objects 20000000

Inputs are a manifest that names versions, the copy job's report and Compute checksum reports of
both sides; one object in ten thousand has each of the faults below.  Prints a line of JSON for each
number of objects: processor seconds for each million, of staging and of the rest, and those that
DuckDB takes to read the same files and do nothing with them.  ``cpu_to_first`` is 1 where the cost
is linear.  Wants about 900 bytes of disk for each object, and as much again while it runs, or
with ``--packed`` two thirds of that.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq

from intact.adapters.offline.audit import OfflineAudit
from intact.adapters.offline.inputs import ComputedInput, Inputs
from intact.adapters.offline.lines import lines_of
from intact.audit import Policy, Subject, Window
from intact.batch import S3PutObjectCopy
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY = 10_000
FAULTS = {
    1: ("unverifiable", "difference_unbound"),  # nothing tells when the copy was written
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
MADE = "made"
"""Says that all inputs are there."""
SIDES = ("sources", "copies")
QUIET = "SET enable_progress_bar = false"
LINES = "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x02')"


def generate(folder: Path, objects: int) -> None:
    """Write the inputs, in files of a part of the objects each."""
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        connection.execute(f"{QUIET}; SET temp_directory = '{folder / 'spill'}'")
        for file in range(FILES):
            begin, end = objects * file // FILES, objects * (file + 1) // FILES
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE objects AS SELECT *, md5(hex) AS etag, "
                f"to_base64(unhex(hex)) AS said, md5(said) AS version "
                f"FROM (SELECT i, i % {EVERY} AS fault, "
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
    (folder / MADE).touch()


_MANIFEST = (
    "SELECT concat('sources,', key, CASE fault WHEN 6 THEN '+' END, ',', version) FROM objects"
)
_REPORT = (
    "SELECT concat('sources,', key, ',', version, ',', CASE fault WHEN 2 THEN "
    "'failed,200,AccessDenied,Access Denied' WHEN 7 THEN 'succeded,200,,Successful' "
    "ELSE 'succeeded,200,,Successful' END) FROM objects WHERE fault NOT IN (3, 6) UNION ALL "
    "SELECT concat('sources,', key, ',', version, "
    "',failed,200,InternalError,We encountered an internal error') FROM objects WHERE fault = 4"
)


def _computed(side: str) -> str:
    hexed, said, left, spoilt, version = "hex", "said", "6", "''", "version"
    if side == "copies":
        hexed = "CASE fault WHEN 1 THEN reverse(hex) ELSE hex END"
        said = "CASE fault WHEN 1 THEN to_base64(unhex(reverse(hex))) ELSE said END"
        left, spoilt, version = "5, 6", "CASE fault WHEN 8 THEN '00' END", "''"
    return (
        f"SELECT concat('{side},', key, ',', {version}, "
        f'\',succeeded,200,,"{{""checksum_base64"":""\', {said}, '
        '\'"",""ETag"":""\', etag, \'"",""checksumAlgorithm"":""CRC64NVME"",""checksumType\''
        f', \'"":""FULL_OBJECT"",""checksum_hex"":""\', {hexed}, {spoilt}, \'""}}"\') '
        f"FROM objects WHERE fault NOT IN ({left})"
    )


def audit(
    folder: Path, work: Path, *, buckets: int | None, memory: int, packed: bool
) -> tuple[OfflineAudit, Inputs]:
    """Make ready to audit the inputs."""
    subject = Subject(
        name="benchmark",
        operation=S3PutObjectCopy(target_resource="arn:aws:s3:::copies"),
        manifest=ObjectRef(bucket="lists", key="manifest.csv"),
        manifest_etag=None,
        fields=("Bucket", "Key", "VersionId"),
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
            for side in SIDES
        ],
    )
    policy = Policy(reported=True, versioned=True, window=WINDOW)
    run = OfflineAudit(
        subject,
        policy,
        inputs,
        folder=work,
        buckets=buckets,
        memory_limit=f"{memory}MB",
        packed=packed,
    )
    return run, inputs


def read(inputs: Inputs, *, memory: int) -> None:
    """Have DuckDB count what the same files hold, cell by cell: less work than that none can do."""
    cells = {1: [inputs.manifest], 7: inputs.report or []}
    cells[11] = [part for made in inputs.computed for part in made.parts]
    with duckdb.connect(config={"memory_limit": f"{memory // 2}MB"}) as connection:
        connection.execute(QUIET)
        for last, parts in cells.items():
            sizes = ", ".join(f"sum(strlen(h{place}))" for place in range(1, last + 1))
            connection.execute(f"SELECT count(*), {sizes} FROM {lines_of(parts)}").fetchall()


def measure(folder: Path, work: Path, objects: int, how: dict[str, Any]) -> dict[str, Any]:
    """Audit the inputs as ``audit`` does, in a process of its own, whose memory is measured."""
    began, before = time.perf_counter(), time.process_time()
    run, inputs = audit(folder, work, **how)
    run.stage()
    size = sum(file.stat().st_size for file in work.glob("**/*.arrow"))
    staged, cpu = time.perf_counter() - began, {"stage": time.process_time() - before}
    before = time.process_time()
    found: Counter[tuple[str, str]] = Counter()
    for path, _ in run.segments():
        table = pq.read_table(path, columns=["verdict", "reason"])
        for row in table.group_by(table.column_names).aggregate([([], "count_all")]).to_pylist():
            found[row["verdict"], row["reason"]] += row["count_all"]
        path.unlink()  # a ledger takes it away too
    for record in run.malformed_rows():
        found[record.finding.verdict.value, record.finding.reason.value] += 1
    cpu["join and write"] = time.process_time() - before
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    before = time.process_time()
    read(inputs, memory=how["memory"])
    floor = time.process_time() - before
    return {
        "objects": objects,
        "buckets": run.buckets,
        "packed": how["packed"],
        "staged_bytes_each": round(size / objects),
        "memory_bytes": how["memory"] * 1_000_000,
        "seconds": round(seconds, 1),
        "seconds_staging": round(staged, 1),
        "objects_per_second": round(objects / seconds),
        "cpu_seconds_per_million": {
            name: round(spent / objects * 1e6, 2)
            for name, spent in {**cpu, "all": sum(cpu.values()), "reading alone": floor}.items()
        },
        "times_reading_alone": round(sum(cpu.values()) / floor, 2),
        "peak_rss_bytes": peak,
        "exact": found == truth(objects),
    }


def truth(objects: int) -> Counter[tuple[str, str]]:
    """Rows by verdict and reason, as they were made."""
    wanted: Counter[tuple[str, str]] = Counter()
    for fault, finding in FAULTS.items():
        wanted[finding] += len(range(fault, objects, EVERY))
    wanted["verified", "equal"] = objects - wanted.total()
    return wanted


@contextmanager
def inputs(folder: Path | None, objects: int, *, keep: bool) -> Iterator[Path]:
    """Make a folder for the inputs, and remove it unless it is to be kept; what is in it is."""
    with ExitStack() as stack:
        if keep:
            place = (folder or Path(tempfile.gettempdir())) / f"objects-{objects}"
            place.mkdir(exist_ok=True)
        else:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        yield place


def main() -> None:
    """Generate, audit, compare, report; for one number of objects after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--buckets", type=int, help="slices; as many as the memory needs")
    parser.add_argument("--memory", type=int, default=2000, help="MB to stay in")
    parser.add_argument("--packed", action="store_true", help="compress what is staged")
    parser.add_argument("--keep", action="store_true", help="use the inputs again next time")
    parser.add_argument("--folder", type=Path, help="where to put the inputs; wants room")
    parser.add_argument("--work", type=Path, help="where to work; beside the inputs")
    given = parser.parse_args()
    per_million = []
    for objects in given.objects:
        with (
            inputs(given.folder, objects, keep=given.keep) as folder,
            tempfile.TemporaryDirectory(dir=given.work or folder) as work,
            ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as alone,
        ):
            if not (folder / MADE).exists():
                alone.submit(generate, folder, objects).result()
            told = alone.submit(
                measure,
                folder,
                Path(work),
                objects,
                {"buckets": given.buckets, "memory": given.memory, "packed": given.packed},
            ).result()
        per_million.append(told["cpu_seconds_per_million"]["all"])
        print(json.dumps(told | {"cpu_to_first": round(per_million[-1] / per_million[0], 3)}))
        if not told["exact"]:
            raise SystemExit("the findings are not the truth")


if __name__ == "__main__":
    main()
