"""How fast the rehearsal endpoint plans a job over a long manifest, and in how much memory.

``python -m benchmarks.bench_planner [--rows 1000000] [--turns 3]`` submits a job that waits for
its confirmation, over a manifest of that many rows with versions and an escape in every key, to an
endpoint whose store is a stand-in that hands out the manifest from a file.  The clock runs from
CreateJob to Suspended: fetched, every row parsed, checked and kept for the tasks.  A second
endpoint then wakes over the same state, as after a crash.  Each turn is a process of its own.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any, cast

import boto3

from benchmarks.bench_manifest import blocks
from intact.adapters.s3control import s3control_client
from intact.batch.manifest import VERSIONED_FIELDS
from intact.rehearsal.endpoint import BatchEndpoint

ACCOUNT = "111122223333"


class Shelf:
    """Stands in for a store that holds one manifest and a bucket for reports."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get_object(self, **_: object) -> dict[str, Any]:
        """Hand out the manifest."""
        body: IO[bytes] = self.path.open("rb")
        return {"ETag": "etag", "Body": body}

    def head_bucket(self, **_: object) -> None:
        """Say that the bucket is there."""


def request() -> dict[str, Any]:
    """A job that would copy every row."""
    return {
        "AccountId": ACCOUNT,
        "ConfirmationRequired": True,
        "Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::copies"}},
        "Report": {"Enabled": False},
        "Manifest": {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": list(VERSIONED_FIELDS)},
            "Location": {"ObjectArn": "arn:aws:s3:::lists/m.csv", "ETag": "etag"},
        },
        "ClientRequestToken": "bench",
        "Priority": 1,
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/copier",
    }


def turn(manifest: Path, *, rows: int) -> None:
    """Plan once; print seconds to plan, seconds to wake, and the peak of memory in MiB."""
    session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret")  # noqa: S106 - of nobody
    store = cast("Any", Shelf(manifest))
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with BatchEndpoint(store, state=state) as endpoint:
            control = s3control_client(session, endpoint_url=endpoint.url, region="us-east-1")
            begin = time.perf_counter()
            job_id = control.create_job(**request())["JobId"]
            while True:
                job = control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
                if job["Status"] in {"Suspended", "Failed"}:
                    break
                time.sleep(0.05)
            planned = time.perf_counter() - begin
        total = job["ProgressSummary"]["TotalNumberOfTasks"]
        if (job["Status"], total) != ("Suspended", rows):
            raise SystemExit(f"job is {job['Status']} with {total} tasks; wanted {rows}")
        begin = time.perf_counter()
        BatchEndpoint(store, state=state).stop()
        woken = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(planned, woken, peak)


def main() -> None:
    """Print rows per second and the peak of memory, medians of the turns."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--manifest", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.manifest is not None:
        turn(given.manifest, rows=given.rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.csv"
        with path.open("wb") as file:
            file.writelines(blocks(given.rows))
        command = [
            sys.executable,
            "-m",
            "benchmarks.bench_planner",
            f"--rows={given.rows}",
            f"--manifest={path}",
        ]
        turns = [
            [float(cell) for cell in subprocess.check_output(command).split()]  # noqa: S603 - ourselves
            for _ in range(given.turns)
        ]
        size = path.stat().st_size
    planned, woken, peak = (statistics.median(cells) for cells in zip(*turns, strict=True))
    print(
        f"{given.rows:,} rows, {size / 1e6:,.0f} MB: planned in {planned:.1f} s, "
        f"{given.rows / planned:,.0f} rows/s; woken in {woken:.2f} s; peak {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
