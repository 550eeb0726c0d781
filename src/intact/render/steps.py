"""What to do next, and how to do the audit again: sentences with commands to copy."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.audit import ReadMode, Reason, Verdict
from intact.audit.summary import WRONG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from intact.adapters.overview import Overview
    from intact.audit.ledger import Header

_JOB = re.compile(r"arn:[^:]+:s3:(?P<region>[^:]*):(?P<account>\d+):job/(?P<id>[^/]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do.

    Attributes:
        title: What.
        rows: For how many rows of the manifest; None where it is not about some of them.
        commands: For a POSIX shell.
    """

    title: str
    rows: int | None = None
    commands: Sequence[str] = ()


def next_steps(overview: Overview) -> Iterator[Step]:
    """Yield what to do about everything that is not verified, the gravest first."""
    if overview.summary.imbalances(overview.counts):
        yield Step(
            title="Find out why the counts do not add up. Until they do, nothing else counts.",
            commands=[_audit(overview.header)],
        )
    if overview.unverified:
        yield Step(
            title="Write manifests of exactly what is not proven, the jobs that copy again or "
            "compute checksums, what they cost, and the commands to run then.",
            rows=overview.unverified,
            commands=[retry_command(overview.header, overview.path)],
        )
    remedies = Counter[str]()
    for group in overview.groups:
        if group.verdict not in WRONG and group.verdict is not Verdict.VERIFIED:
            remedies[group.reason.remedy] += group.rows
    for remedy, rows in remedies.most_common():
        yield Step(title=remedy, rows=rows, commands=_commands(remedy, overview.header))
    if overview.unverified:
        yield Step(
            title="Open every finding in a spreadsheet, or in any reader of Parquet.",
            commands=[
                f"intact report {shlex.quote(overview.path)} --csv findings.csv",
                f"intact report {shlex.quote(overview.path)} --parquet findings.parquet",
            ],
        )
    else:
        yield Step(title="Nothing. Keep the ledger: it is the proof.")


def reproduce(overview: Overview) -> Iterator[Step]:
    """Yield how to check this report, and how to reach its verdicts anew."""
    path = shlex.quote(overview.path)
    yield Step(
        title="Check that the ledger is as it was sealed, and show its verdicts.",
        commands=[f"intact report {path} --verify"],
    )
    yield Step(title="Audit again.", commands=[_audit(overview.header)])


def retry_command(header: Header, path: str) -> str:
    """Return the command line that follows an audit whose ledger is at ``path``.

    Words in capitals are what the ledger does not tell.
    """
    words = ["intact", "retry", path]
    if job := _JOB.fullmatch(header.subject):
        words += ["--job", job["id"], *_reached(job)]
    else:
        words += ["--target-resource", "ARN", "--account-id", "ACCOUNT"]
        words += ["--role-arn", "ARN", "--report-bucket", "BUCKET"]
    return shlex.join(words)


def _reached(job: re.Match[str]) -> list[str]:
    region = ["--region", job["region"]] if job["region"] else []
    return ["--account-id", job["account"], *region]


def _audit(header: Header, *, read: ReadMode | None = None) -> str:
    """The command line of the same audit, as far as the ledger tells it."""
    job = _JOB.fullmatch(header.subject)
    words = ["intact", "audit"]
    if job is not None:
        words += [job["id"], *_reached(job)]
    else:
        words += ["--manifest", header.subject, "--target-resource", "ARN"]
    words += ["--read", (read or header.policy.read).value]
    return shlex.join([*words, "--require", header.policy.require.name.lower()])


def _commands(remedy: str, header: Header) -> list[str]:
    if "--read missing" in remedy and header.policy.read is ReadMode.NEVER:
        return [_audit(header, read=ReadMode.MISSING)]
    if remedy == Reason.SOURCE_UNREADABLE.remedy:
        return [_audit(header)]
    return []
