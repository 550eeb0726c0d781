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
    wrong = sum(overview.summary.verdicts[verdict] for verdict in WRONG)
    if overview.summary.imbalances(overview.counts):
        yield Step(
            title="Find out why the counts do not add up. Until they do, nothing else counts.",
            commands=[_audit(overview.header)],
        )
    if wrong:
        yield Step(
            title="Write a manifest of what is mismatched, missing or not copied; copy it again.",
            rows=wrong,
            commands=[
                _again(overview, WRONG),
                "intact manifest write --from parquet again.parquet --out again.csv",
            ],
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


def _audit(header: Header, *, read: ReadMode | None = None) -> str:
    """The command line of the same audit, as far as the ledger tells it."""
    job = _JOB.fullmatch(header.subject)
    words = ["intact", "audit"]
    if job is not None:
        words += [job["id"], "--account-id", job["account"]]
        words += ["--region", job["region"]] if job["region"] else []
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


def _again(overview: Overview, verdicts: frozenset[Verdict]) -> str:
    """SQL for DuckDB that keeps the sources of some verdicts, versions where the manifest had."""
    version = ", source.version AS VersionId" if overview.header.policy.versioned else ""
    named = ", ".join(f"'{verdict.value}'" for verdict in Verdict if verdict in verdicts)
    files = f"{overview.path}/findings/*.parquet".replace("'", "''")
    query = (
        f"COPY (SELECT source.bucket AS Bucket, source.key AS Key{version} FROM '{files}' "  # noqa: S608 - to be read and run by a person
        f"WHERE verdict IN ({named})) TO 'again.parquet'"
    )
    return f"duckdb -c {_quoted(query)}"


def _quoted(text: str) -> str:
    """In double quotes where they need no escape, which reads best around SQL."""
    return shlex.quote(text) if re.search(r'["$`\\!]', text) else f'"{text}"'
