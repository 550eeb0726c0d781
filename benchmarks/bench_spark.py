"""A standalone Spark of two workers, one killed midway, against the audit on one machine.

    python benchmarks/bench_spark.py [--objects 5000000]

Ends with an error unless both find the same of every object.  Prints the bytes for each row of what
is read, of the pieces in ``--work``, and of the ledger on the driver's disk.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyspark
from pyspark.sql import SparkSession

from intact.adapters.ledger import LedgerReader
from intact.adapters.offline.audit import OfflineAudit
from intact.adapters.offline.inputs import ComputedInput, Inputs
from intact.adapters.spark.inputs import ComputedSource, Source, Sources
from intact.adapters.spark.job import SparkAudit
from intact.audit import Level, Policy, Subject, Window
from intact.audit.ledger import Header
from intact.batch import S3PutObjectCopy
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BEGIN = datetime(2026, 11, 22, 3, tzinfo=UTC)
WINDOW = Window(begin=BEGIN, end=BEGIN + timedelta(hours=1))
FIELDS = ("Bucket", "Key", "VersionId")
FILES = 4
INPUTS = ("manifest", "report", "source", "copies")


def write(folder: Path, objects: int) -> Inputs:
    """Write a job's inputs, with faults of every kind in one row of some thousands."""
    said = (
        '"{{""checksum_base64"":""{0}"",""etag"":""{1}"",""checksumAlgorithm"":""CRC64NVME"",'
        '""checksumType"":""FULL_OBJECT"",""checksum_hex"":""{2}""}}"'
    )
    names = ["report", "source", "copies"]
    files = {n: [(folder / f"{n}{i}.csv").open("w") for i in range(FILES)] for n in names}
    with (folder / "manifest.csv").open("w") as manifest:
        for number in range(objects):
            digest = hashlib.md5(b"%d" % number, usedforsecurity=False)
            key = f"data/{digest.hexdigest()}/part-{number:012d}-of-the-archive.parquet"
            version = digest.hexdigest()
            row = f"source-bucket,{key},{version}\n"
            manifest.write(row if number % 7919 else "one,too,many,cells\n")
            at = digest.digest()[0] % FILES
            status = "failed,403,AccessDenied" if number % 9973 == 1 else "succeeded,200,"
            if number % 8111 != 2:  # noqa: PLR2004 - a fault
                files["report"][at].write(f"source-bucket,{key},{version},{status},Successful\n")
            for name, bucket in (("source", "source-bucket"), ("copies", "copies")):
                crc = digest.digest()[:8]
                if name == "copies" and number % 9001 == 3:  # noqa: PLR2004 - a fault
                    crc = bytes(8)
                encoded = b64encode(crc).decode()
                row = said.format(encoded, digest.hexdigest(), crc.hex().upper())
                of = version if name == "source" else ""
                files[name][at].write(f"{bucket},{key},{of},succeeded,200,,{row}\n")
    for file in (file for parts in files.values() for file in parts):
        file.close()
    parts = {name: [Path(file.name) for file in found] for name, found in files.items()}
    late = WINDOW.end + timedelta(hours=1)
    return Inputs(
        manifest=folder / "manifest.csv",
        fields=FIELDS,
        report=parts["report"],
        computed=[ComputedInput(parts=parts[n], begun=late) for n in ("source", "copies")],
    )


def named(inputs: Inputs) -> Sources:
    """The same files by their names."""
    return Sources(
        manifest=Source(path=str(inputs.manifest)),
        fields=inputs.fields,
        report=[Source(path=str(part)) for part in inputs.report or ()],
        computed=[
            ComputedSource(parts=[Source(path=str(part)) for part in made.parts], begun=made.begun)
            for made in inputs.computed
        ],
    )


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a master and two workers on loopback; yield its address and the workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = Path(pyspark.__file__).parent
    address = f"spark://127.0.0.1:{port}"
    options = ["--host", "127.0.0.1", "--webui-port", "0"]
    memory = ["--cores", "1", "--memory", "2g"]
    started: list[subprocess.Popen[bytes]] = []
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}

    def start(kind: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            [str(home / "bin/spark-class"), f"org.apache.spark.deploy.{kind}", *arguments],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=(folder / f"{kind}-{len(started)}.log").open("wb"),
            start_new_session=True,
        )
        started.append(process)
        return process

    try:
        start("master.Master", *options, "--port", str(port))
        time.sleep(6)
        each = [*options, *memory]
        yield (
            address,
            [
                start("worker.Worker", *each, "--work-dir", str(folder / name), address)
                for name in ("one", "two")
            ],
        )
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def size(files: Iterable[Path]) -> int:
    """Bytes of files."""
    return sum(file.stat().st_size for file in files if file.is_file())


def spent(sessions: set[int]) -> float:
    """Processor seconds of the processes of some sessions, those waited for included."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = path.read_text()
        except OSError:
            continue  # it has ended
        cells = told.rpartition(")")[2].split()
        if int(cells[3]) in sessions:
            ticks += sum(map(int, cells[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def kill_midway(worker: subprocess.Popen[bytes], work: Path, killed: threading.Event) -> None:
    """Kill a worker, and what it runs, when the first inputs are cut."""
    while not list(work.glob("intact-*/manifest/_SUCCESS")):
        time.sleep(0.2)
    time.sleep(1)
    os.killpg(worker.pid, signal.SIGKILL)
    killed.set()


def main() -> None:
    """Run both, compare, and print how long each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=200_000)
    parser.add_argument("--buckets", type=int, help="slices; as many as the audits choose")
    parser.add_argument("--whole", action="store_true", help="kill nobody")
    found = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = write(folder, found.objects)
        subject = Subject(
            name="benchmark",
            operation=S3PutObjectCopy(target_resource="arn:aws:s3:::copies"),
            manifest=ObjectRef(bucket="lists", key="manifest.csv"),
            manifest_etag=None,
            fields=FIELDS,
            report=ObjectRef(bucket="lists", key="report"),
            reports_all_tasks=True,
            window=WINDOW,
        )
        policy = Policy(reported=True, versioned=True, window=WINDOW, require=Level.RECORDED)
        begun, own = time.perf_counter(), time.process_time()
        alone = OfflineAudit(
            subject, policy, inputs, folder=folder / "alone", buckets=found.buckets
        )
        tables = [pq.ParquetFile(path).read() for path, _ in alone.segments()]
        lost = {record.copy.row for record in alone.malformed_rows()}
        one, own = time.perf_counter() - begun, time.process_time() - own
        expected = pa.concat_tables(tables).sort_by("row")
        work, killed = folder / "work", threading.Event()
        os.environ["PYSPARK_PYTHON"] = sys.executable
        with cluster(folder) as (address, workers):
            spark = (
                SparkSession.builder.master(address)
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.executor.memory", "1g")
                .config("spark.ui.enabled", "false")
                .getOrCreate()
            )
            if not found.whole:
                threading.Thread(
                    target=kill_midway, args=(workers[0], work, killed), daemon=True
                ).start()
            sessions = {os.getsid(0), *(worker.pid for worker in workers)}
            begun, before = time.perf_counter(), spent(sessions)
            header = Header(policy=policy, subject="benchmark", created=BEGIN, intact="0")
            SparkAudit(
                spark=spark,
                subject=subject,
                policy=policy,
                sources=named(inputs),
                work=str(work),
                buckets=found.buckets,
                keep=True,
            ).run(folder / "ledger", header)
            many, cpu = time.perf_counter() - begun, spent(sessions) - before
            spark.stop()
        reader = LedgerReader(folder / "ledger")
        got = pa.concat_tables([pq.ParquetFile(file).read() for file in reader.files()])
        bad = pa.array(sorted(lost), pa.int64())
        kept = got.filter(pc.invert(pc.is_in(got["row"], value_set=bad)))
        same = kept.equals(expected) and got.num_rows - kept.num_rows == len(lost)
        same &= asdict(alone.counts()) == asdict(reader.counts)
        counted = got["verdict"].value_counts().to_pylist()
        verdicts = {row["values"]: row["counts"] for row in counted}
        print(f"{found.objects:,} objects: {verdicts}")
        print(f"one machine {one:.0f} s; two workers {many:.0f} s, one killed: {killed.is_set()}")
        read = [Path(source.path) for source in named(inputs).every()]
        print(
            f"bytes a row: {size(read) / found.objects:.0f} read, "
            f"{size(work.rglob('part-*')) / found.objects:.0f} in --work, "
            f"{size((folder / 'ledger').rglob('*')) / found.objects:.0f} of ledger"
        )
        if found.whole:
            rows = len(INPUTS) * found.objects / 1e6
            print(
                f"processor seconds for a million rows of {len(INPUTS)} inputs: one machine "
                f"{own / rows:.1f}, Spark {cpu / rows:.1f}"
            )
        print("identical" if same else "NOT IDENTICAL")
        raise SystemExit(not (same and killed.is_set() != found.whole))


if __name__ == "__main__":
    main()
