"""Online audits through the lean client, beside plain boto3 in the same run.

``python benchmarks/bench_online.py`` audits made-up copies on ``canned.py``'s server, in a process
of its own: over HTTP, over TLS, and with 20 ms of latency; then reads objects of 64 MiB and hashes
them, over both.  Two HeadObject requests, the verdict and the line of the ledger are one object.
Contenders take turns; a figure is the median of the turns, and what counts is processor time, since
the machine may be shared.  ``--only`` leaves the rest out.  ``--memory 100000,1000000`` audits as
many objects, each in a process of its own, and prints the peaks.  ``--localstack`` audits the
objects of a real server that it starts, ``--endpoint-url`` those of one that runs; its processor
time is told where the ``--session`` is, whose processes are the server.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intact.adapters.collector import collect_rarely
from intact.adapters.http import lean_store
from intact.adapters.online import OnlineRunner
from intact.adapters.runner import Runner
from intact.adapters.writing import LedgerWriter
from intact.audit import Copy, Evidence, Policy, Verdict
from intact.audit.ledger import Header
from intact.checksum import new
from intact.rehearsal.localstack import LocalStack
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from intact.adapters.http import LeanStore
    from intact.adapters.ports import ObjectStore

MIB = 1 << 20
POLICY = Policy(reported=False, versioned=False)
HEADER = Header(
    policy=POLICY, subject="benchmark", created=datetime(2026, 1, 1, tzinfo=UTC), intact="0"
)
LARGE = hashlib.md5(b"large", usedforsecurity=False).hexdigest()
FEWER = 40  # boto3 audits so many times fewer objects in its turn


@contextmanager
def canned(*arguments: str, tls: bool = False) -> Iterator[str]:
    """Endpoint URL of a server with one answer."""
    with tempfile.TemporaryDirectory() as folder:
        more: tuple[str, ...] = ()
        if tls:
            import trustme  # noqa: PLC0415 - only here

            authority = trustme.CA()
            authority.cert_pem.write_to_path(f"{folder}/ca.pem")
            authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
                f"{folder}/server.pem"
            )
            os.environ["AWS_CA_BUNDLE"] = f"{folder}/ca.pem"
            more = ("--certificate", f"{folder}/server.pem")
        script = str(Path(__file__).with_name("canned.py"))
        with subprocess.Popen(  # noqa: S603 - ours
            (sys.executable, script, *arguments, *more), stdout=subprocess.PIPE, text=True
        ) as server:
            try:
                assert server.stdout is not None  # noqa: S101 - a pipe
                scheme = "https" if tls else "http"
                yield f"{scheme}://127.0.0.1:{int(server.stdout.readline())}"
            finally:
                server.kill()


def copies(count: int) -> Iterator[tuple[Copy, Evidence]]:
    """Made-up rows of a manifest, of which nothing is known."""
    unknown = Evidence()
    for row in range(count):
        key = f"photos/2026/{row % 12 + 1:02}/IMG_{row:012}.jpg"
        yield (
            Copy(
                row=row + 1,
                source=ObjectRef(bucket="source", key=key),
                destination=ObjectRef(bucket="copies", key=key),
            ),
            unknown,
        )


@dataclass
class Turn:
    """What one turn cost.

    Attributes:
        wall: Seconds that passed.
        used: Seconds of processor time, of this process.
        count: Objects, or bytes.
    """

    wall: float
    used: float
    count: int


def timed(work: Callable[[], int]) -> Turn:
    """Time some work, which returns its amount."""
    wall, used = time.perf_counter(), time.process_time()
    count = work()
    return Turn(time.perf_counter() - wall, time.process_time() - used, count)


def audit(run: Callable[[Any], Iterator[Any]], objects: int) -> int:
    """Audit, and write a ledger that is thrown away."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LedgerWriter(Path(folder) / "ledger", HEADER) as ledger,
    ):
        verified = 0
        for record in run(copies(objects)):
            verified += record.finding.verdict is Verdict.VERIFIED
            ledger.append(record)
        ledger.flush()
        assert ledger.rows == verified == objects  # noqa: S101 - no row is lost
    return objects


def read(store: ObjectStore, objects: int) -> int:
    """Read objects of 64 MiB and hash them with CRC64NVME."""
    ref = ObjectRef(bucket="copies", key="large")
    size = 0
    for _ in range(objects):
        hasher = new("CRC64NVME")
        for chunk in store.read(ref, etag=LARGE):
            hasher.update(chunk)
            size += len(chunk)
    return size


def compare(name: str, *, lean: Callable[[], int], boto: Callable[[], int], turns: int) -> None:
    """Print medians of both, and how many times less processor time the lean client takes."""
    taken = [(timed(lean), timed(boto)) for _ in range(turns)]
    ours, theirs = ([pair[which] for pair in taken] for which in (0, 1))
    cost, their_cost = (
        statistics.median(turn.used / turn.count for turn in each) for each in (ours, theirs)
    )
    rate, their_rate = (
        statistics.median(turn.count / turn.wall for turn in each) for each in (ours, theirs)
    )
    ratio = statistics.median(b.used / b.count / (a.used / a.count) for a, b in taken)
    unit = 1e9 if name.startswith("read") else 1
    scale = 1e3 if unit > 1 else 1e6
    print(
        f"| {name} | {rate / unit:,.2f} | {their_rate / unit:,.2f} | {rate / their_rate:.1f} "
        f"| {cost * unit * scale:,.0f} | {their_cost * unit * scale:,.0f} | {ratio:.1f} |",
        flush=True,
    )


def heads(name: str, url: str, *, objects: int, turns: int) -> None:
    """Compare audits that read no bytes."""
    store = lean_store(endpoint_url=url, region="us-east-1")
    lean = OnlineRunner(store, store, POLICY).run
    boto = Runner(store.boto, store.boto, POLICY).run
    audit(lean, min(1000, objects))
    audit(boto, 50)
    compare(
        name,
        lean=lambda: audit(lean, objects),
        boto=lambda: audit(boto, max(100, objects // FEWER)),
        turns=turns,
    )


def real(url: str, *, objects: int, turns: int, session: int | None) -> None:
    """Compare on a real server, with objects that are put there; print the client's share."""
    store: LeanStore = lean_store(endpoint_url=url, region="us-east-1")
    client = store.boto.client
    for bucket in ("source", "copies"):
        client.create_bucket(Bucket=bucket)
        for copy, _ in copies(objects):
            assert copy.source is not None  # noqa: S101 - made above
            client.put_object(
                Bucket=bucket, Key=copy.source.key, Body=b"body", ChecksumAlgorithm="CRC64NVME"
            )
    lean = OnlineRunner(store, store, POLICY).run
    heads("real server", url, objects=objects, turns=turns)
    if session is not None:
        print("| real server | CPU us | server | client's share |")
        print("|---|---:|---:|---:|")
        for name, run in ("lean", lean), ("boto3", Runner(store.boto, store.boto, POLICY).run):
            before = used_by(session)
            turn = timed(lambda run=run: audit(run, objects))  # type: ignore[misc]
            theirs = used_by(session) - before
            share = turn.used / (turn.used + theirs)
            each = 1e6 / objects
            print(f"| {name} | {turn.used * each:,.0f} | {theirs * each:,.0f} | {share:.1%} |")


def used_by(session: int) -> float:
    """Seconds of processor time of all living processes of a session."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # that one has just ended
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def memory(objects: int) -> None:
    """Audit once and print the peak of this process."""
    with canned() as url:
        store = lean_store(endpoint_url=url, region="us-east-1")
        turn = timed(lambda: audit(OnlineRunner(store, store, POLICY).run, objects))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{objects:,} objects, {turn.count / turn.wall:,.0f}/s, peak {peak:,.0f} MiB", flush=True)


def race(only: str, *, objects: int, turns: int, reads: int) -> None:
    """Compare what is named, or everything."""
    print("| audit | per s | boto3 | ratio | CPU us, ms/GB | boto3 | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
    if "http" in only:
        with canned() as url:
            heads("HTTP", url, objects=objects, turns=turns)
    if "tls" in only:
        with canned(tls=True) as url:
            heads(f"TLS ({ssl.OPENSSL_VERSION.split()[1]})", url, objects=objects, turns=turns)
        del os.environ["AWS_CA_BUNDLE"]
    if "latency" in only:
        with canned("--latency", "0.02") as url:
            heads("20 ms of latency", url, objects=objects, turns=turns)
    for name, tls in ("read GB", False), ("read GB, TLS", True):
        if "read" in only:
            with canned("--size", str(64 * MIB), tls=tls) as url:
                reading(name, url, objects=reads, turns=turns)


def reading(name: str, url: str, *, objects: int, turns: int) -> None:
    """Compare reading and hashing."""
    store = lean_store(endpoint_url=url, region="us-east-1")
    compare(
        name,
        lean=lambda: read(store, objects),
        boto=lambda: read(store.boto, objects),
        turns=turns,
    )


def main() -> None:
    """Run every comparison, or the one that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, help="20,000, or 500 of a real server")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--reads", type=int, default=16, help="of 64 MiB in a turn")
    parser.add_argument("--only", default="http,tls,latency,read", help="some of them")
    parser.add_argument("--memory", help="objects of an audit; several numbers with commas")
    parser.add_argument("--endpoint-url", help="a real server, with empty buckets")
    parser.add_argument("--session", type=int, help="process id of the leader of its session")
    parser.add_argument("--localstack", action="store_true", help="a real server, started for this")
    given = parser.parse_args()
    collect_rarely()  # as ``intact audit`` does, whichever its client
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    if given.memory and "," in given.memory:
        for objects in given.memory.split(","):
            subprocess.run((sys.executable, __file__, "--memory", objects), check=True)  # noqa: S603 - this file
    elif given.memory:
        memory(int(given.memory))
    elif given.endpoint_url:
        real(
            given.endpoint_url,
            objects=given.objects or 500,
            turns=given.turns,
            session=given.session,
        )
    elif given.localstack:
        with LocalStack.start() as server:
            real(
                server.endpoint_url,
                objects=given.objects or 500,
                turns=given.turns,
                session=server.pid,
            )
    else:
        race(given.only, objects=given.objects or 20_000, turns=given.turns, reads=given.reads)


if __name__ == "__main__":
    main()
