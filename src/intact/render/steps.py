"""What to do next, and how to do the audit again: sentences with commands to copy."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.audit import ReadMode, Reason, Verdict
from intact.audit.ledger import Server
from intact.audit.summary import WRONG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from intact.adapters.overview import Overview
    from intact.audit.ledger import Header

_JOB = re.compile(r"arn:[^:]+:s3:(?P<region>[^:]*):(?P<account>\d+):job/(?P<id>[^/]+)")

_UNTOLD = {
    "--target-resource": "ARN",
    "--account-id": "ACCOUNT",
    "--role-arn": "ARN",
    "--report-bucket": "BUCKET",
}
"""What a ledger of a manifest does not tell."""


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
    ended = has_ended(overview.header)
    imbalances = overview.summary.imbalances(overview.counts)
    if imbalances:
        yield Step(
            title="Find out why the counts do not add up. Until they do, nothing else counts.",
            commands=[] if ended else [_audit(overview.header)],
        )
    if overview.unverified and ended:
        yield Step(
            title="The S3 server of this demo has ended and the objects with it, so nothing of it "
            "can be copied again. Of an audit of your own, intact retry writes the jobs that "
            "follow. What the ledger holds can still be proven.",
            rows=overview.unverified,
            commands=[replay_command(overview.path)],
        )
    elif overview.unverified:
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
    elif not imbalances:
        yield Step(title="Nothing. Keep the ledger: it is the proof.")


def reproduce(overview: Overview) -> Iterator[Step]:
    """Yield how to check this report, and how to reach its verdicts anew."""
    path = shlex.quote(overview.path)
    yield Step(
        title="Check that the ledger is as it was sealed, and show its verdicts.",
        commands=[f"intact report {path} --verify"],
    )
    yield Step(
        title="Compute every verdict again from its evidence.",
        commands=[replay_command(overview.path)],
    )
    if has_ended(overview.header):
        yield Step(title="Do the demo again.", commands=["intact demo"])
    else:
        yield Step(title="Audit again.", commands=[_audit(overview.header)])


def retry_command(header: Header, path: str, *, told: Sequence[str] = ()) -> str:
    """Return the command line that follows an audit whose ledger is at ``path``.

    Words in capitals are what the ledger does not tell.

    Args:
        header: The ledger's.
        path: Its folder.
        told: Options that say how to reach S3 and what was audited, where they are known.
    """
    words = ["intact", "retry", path]
    if job := _JOB.fullmatch(header.subject):
        words += ["--job", job["id"], *_owned(job)]
    else:
        for option, word in _UNTOLD.items():
            words += [] if option in told else [option, word]
    return shlex.join([*words, *_reached(header, job, besides=told), *told])


def replay_command(path: str) -> str:
    """Return the command line that asks nobody."""
    return shlex.join(["intact", "audit", "--replay", path])


def has_ended(header: Header) -> bool:
    """Whether nothing of what was audited is there any more."""
    return header.server is not None and header.server.ended


def _owned(job: re.Match[str]) -> list[str]:
    return ["--account-id", job["account"]]


def _reached(
    header: Header, job: re.Match[str] | None, *, besides: Sequence[str] = ()
) -> Iterator[str]:
    """Where the job and its objects are, as far as ``besides`` does not say it."""
    server = header.server or Server()
    options = {
        "--region": job and job["region"],
        "--endpoint-url": server.endpoint_url,
        "--control-endpoint-url": server.control_endpoint_url,
    }
    for option, value in options.items():
        if value and option not in besides:
            yield from (option, value)


def _audit(header: Header, *, read: ReadMode | None = None) -> str:
    """The command line of the same audit, as far as the ledger tells it."""
    job = _JOB.fullmatch(header.subject)
    words = ["intact", "audit"]
    if job is not None:
        words += [job["id"], *_owned(job)]
    else:
        words += ["--manifest", header.subject, "--target-resource", "ARN"]
    words += _reached(header, job)
    words += ["--read", (read or header.policy.read).value]
    return shlex.join([*words, "--require", header.policy.require.name.lower()])


def _commands(remedy: str, header: Header) -> list[str]:
    if has_ended(header):
        return []
    if "--read missing" in remedy and header.policy.read is ReadMode.NEVER:
        return [_audit(header, read=ReadMode.MISSING)]
    if remedy == Reason.SOURCE_UNREADABLE.remedy:
        return [_audit(header)]
    return []
