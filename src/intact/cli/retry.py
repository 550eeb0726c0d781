"""``intact retry``: jobs over exactly what an audit did not prove."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from intact.audit import Reason, Verdict
from intact.audit.remedy import Remedy
from intact.batch import JobSpec, ManifestLocation, S3PutObjectCopy, problems
from intact.batch.again import compute, copy_again
from intact.batch.cost import Line, Prices, job_cost, total
from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.spec import to_json
from intact.batch.split import MOST_ROWS
from intact.checksum import Algorithm
from intact.cli.evidence import describe
from intact.cli.following import following
from intact.cli.job_plan import bill_members, money, tell_prices
from intact.cli.options import Aws, aws_options
from intact.cli.output import json_option
from intact.cli.resuming import reached
from intact.errors import ExitCode, UsageError
from intact.render.words import plural
from intact.s3.names import (
    ObjectRef,
    bucket_arn,
    bucket_of_arn,
    key_of_arn,
    object_arn,
    parse_uri,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.adapters.retry import Plan, Sheet
    from intact.audit.ledger import Header
    from intact.cli.output import Output

_OPEN = [verdict.value for verdict in Verdict if verdict is not Verdict.VERIFIED]
_ALGORITHMS = [algorithm.value for algorithm in Algorithm]


@click.command(
    epilog="""\b
Examples:
  $ intact retry intact-audit-20261122T030000Z/ledger --job job.record
  $ intact retry audit/ledger --account-id 111122223333 \\
      --role-arn arn:aws:iam::111122223333:role/copy --report-bucket reports \\
      --target-resource arn:aws:s3:::copies --manifests s3://lists/retry \\
      --verdict missing --verdict not_copied --upload"""
)
@click.argument("ledger", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--job", help="The audited copy job: its id, its record, or its saved description.")
@click.option("--account-id", help="Account that owns the job; that of --job without.")
@click.option("--role-arn", help="IAM role that the tasks run under; that of --job without.")
@click.option("--target-resource", help="ARN of the destination bucket, without --job.")
@click.option("--target-key-prefix", help="Put, with a slash, before every key, without --job.")
@click.option(
    "--checksum-algorithm",
    type=click.Choice(_ALGORITHMS, case_sensitive=False),
    help="Algorithm of the copies' checksums, without --job; what the audit wanted, without.",
)
@click.option(
    "--report-bucket", help="Bucket for the completion report, of each job; that of --job without."
)
@click.option("--report-prefix", help="Put before the report's keys.")
@click.option(
    "--manifests",
    metavar="s3://BUCKET/PREFIX",
    help="Where the jobs find their manifests, in a folder named as --out is; "
    "without, beside the audited manifest.",
)
@click.option("--upload", is_flag=True, help="Put them there now.")
@click.option(
    "--verdict", "verdicts", multiple=True, type=click.Choice(_OPEN), help="Only these; repeatable."
)
@click.option(
    "--reason",
    "reasons",
    multiple=True,
    metavar="REASON",
    type=click.Choice([reason.value for reason in Reason]),
    help="Only these, by the ledger's words; repeatable.",
)
@click.option(
    "--algorithm",
    type=click.Choice(_ALGORITHMS, case_sensitive=False),
    help="What Compute checksum jobs compute; without, what most of the copies store.",
)
@click.option(
    "--most-rows",
    default=MOST_ROWS,
    show_default=True,
    type=click.IntRange(min=1),
    help="Rows of one manifest.",
)
@click.option("--prices", type=click.File("rb"), help="Another price list, as JSON.")
@click.option("--out", type=click.Path(path_type=Path), help="A new folder.")
@json_option
@aws_options
@click.pass_context
def command(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    /,
    *,
    ledger: Path,
    job: str | None,
    account_id: str | None,
    role_arn: str | None,
    target_resource: str | None,
    target_key_prefix: str | None,
    checksum_algorithm: str | None,
    report_bucket: str | None,
    report_prefix: str | None,
    manifests: str | None,
    upload: bool,
    verdicts: tuple[str, ...],
    reasons: tuple[str, ...],
    algorithm: str | None,
    most_rows: int,
    prices: IO[bytes] | None,
    out: Path | None,
    output: Output,
    **aws: Any,  # noqa: ANN401 - fields of Aws
) -> int:
    """Write manifests of exactly what LEDGER does not prove, and the jobs over them.

    What is wrong, missing or not copied goes to a copy job like the audited one, what lacks
    comparable checksums to Compute checksum jobs, objects over 5 GiB to intact copy, and what only
    reading decides to another audit.  What somebody has to look at, rows that could not be read
    among it, is in leftover.csv, and ends the command with exit code 3.  Nothing is submitted.
    Run the commands that it prints, and retry what they leave, until they end with exit code 0.
    """
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow
    from intact.adapters.retry import write_retry  # noqa: PLC0415 - beside it
    from intact.adapters.unproven import UnprovenRows  # noqa: PLC0415 - imports DuckDB

    reader, reach = LedgerReader(ledger), Aws(**aws)
    _require_its_server(reader.header, reach, ledger)
    policy, subject = reader.header.policy, reader.header.subject
    asked = checksum_algorithm or (policy.algorithm and policy.algorithm.value)
    audited = {} if job is None else describe(job, account_id=account_id, reach=reach)["Job"]
    spec = _spec(
        _operation(target_resource, target_key_prefix, asked)
        if job is None
        else _audited(audited, subject=subject),
        {
            "AccountId": account_id,
            "RoleArn": role_arn,
            "Report": None if report_bucket is None else _report(report_bucket, report_prefix),
        },
    )
    operation = spec.operation
    if not isinstance(operation, S3PutObjectCopy):
        raise UsageError("--job copies nothing; wanted the audited copy job")
    folder = out or Path(f"intact-retry-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    desk = _desk(manifests or _beside(audited, subject), folder)
    standard = resources.files("intact.batch").joinpath("prices.json")
    price_list = Prices.parse(prices.read() if prices else standard.read_bytes())
    with UnprovenRows(
        reader,
        verdicts=[Verdict(word) for word in verdicts],
        reasons=[reason for reason in Reason if reason.value in reasons],
        algorithm=None if algorithm is None else Algorithm.parse(algorithm),
    ) as rows:
        writing = _Writing(spec, desk, rows.algorithm, reach if upload else None, output)
        rows_left = rows.count()
        plan = write_retry(
            rows, folder, operation=operation, most_rows=most_rows, finish=writing.finish
        )
    if not plan.copies:
        output.tell("nothing is left to retry")
        return ExitCode.VERIFIED
    _tell(plan, folder, output, rows=rows_left)
    _bill(writing.jobs, price_list, output)
    output.tell(f"retry: {folder}")
    for told in reader.header.inputs:
        output.record("input", {"input": told})
        output.tell(f"note: the audit was also given {told}; give it to the next ones too")
    output.tell("next:")
    for line in following(
        plan,
        folder,
        desk=desk,
        operation=operation,
        policy=policy,
        uploaded=upload,
        reach=reached(context),
        s3_reach=reached(context, besides={"control_endpoint_url"}),
    ):
        output.datum("command", {"command": line}, f"  {line}")
    return ExitCode.UNPROVEN if plan.remedies[Remedy.ASK] else ExitCode.VERIFIED


def _require_its_server(header: Header, reach: Aws, ledger: Path) -> None:
    """Refuse to have AWS told of another server's job and objects.

    Whoever names a server is taken at their word: it may have moved.

    Raises:
        UsageError: The ledger is of another server, and none is named; or that has ended.
    """
    from intact.adapters.addresses import is_aws  # noqa: PLC0415 - imports boto3

    server = header.server
    if server is None:
        return
    if server.ended:
        raise UsageError(f"{ledger}: its S3 server has ended, and what it held is gone")
    options = [
        ("--endpoint-url", server.endpoint_url, reach.s3_address),
        ("--control-endpoint-url", server.control_endpoint_url, reach.control_address),
    ]
    for option, its, ours in options:
        if its is not None and (ours is None or is_aws(ours)) and not is_aws(its):
            raise UsageError(f"{ledger}: was made on {its}; wanted {option} {its}")


class _Writing:
    """Puts the payloads beside their manifests, whose ETags they name."""

    def __init__(
        self,
        spec: JobSpec,
        desk: ObjectRef,
        algorithm: Algorithm,
        reach: Aws | None,
        output: Output,
    ) -> None:
        self._output = output
        self.jobs: list[tuple[Sheet, JobSpec]] = []
        self._desk = desk
        self._client = None if reach is None else reach.client(workers=4)
        self._make = {
            "copy": partial(copy_again, spec),
            "compute-source": partial(compute, spec, algorithm=algorithm),
            "compute-destination": partial(compute, spec, algorithm=algorithm),
        }

    def finish(self, folder: Path, plan: Plan) -> None:
        """Write every payload.

        Raises:
            UsageError: S3 would refuse one, or nobody knows a manifest's ETag.
        """
        from intact.adapters.boto import load_model  # noqa: PLC0415 - imports boto3
        from intact.cli.job import tell_problems  # noqa: PLC0415 - that module has other commands

        model = load_model()
        for sheet in plan.sheets:
            location = self._location(folder, sheet)
            if sheet.kind not in self._make:
                continue
            job = self._make[sheet.kind](location)
            if tell_problems(problems(request := job.request(), model=model), self._output):
                raise UsageError(f"{sheet.job}: S3 would refuse it")
            (folder / sheet.job).write_text(to_json(request) + "\n", encoding="utf-8")
            self.jobs.append((sheet, job))

    def _location(self, folder: Path, sheet: Sheet) -> ManifestLocation:
        ref = ObjectRef(bucket=self._desk.bucket, key=f"{self._desk.key}{sheet.manifest}")
        etag, version = sheet.digest.hexdigest(), None
        if self._client is not None:
            from intact.adapters.putting import put_file  # noqa: PLC0415 - imports boto3

            etag, version = put_file(self._client, ref, folder / sheet.manifest)
        elif sheet.length > MAX_COPY_SIZE:
            raise UsageError(
                f"{sheet.manifest} has {sheet.length} bytes, too many to know the ETag that it "
                "will have; wanted --upload, or fewer --most-rows"
            )
        return ManifestLocation(
            object_arn=object_arn(ref.bucket, ref.key),
            version_id=version,
            etag=etag,
            fields=sheet.fields,
        )


def _audited(found: Mapping[str, Any], *, subject: str) -> dict[str, Any]:
    """Members of the audited job's request, as far as its description has them.

    Raises:
        UsageError: The ledger is that of another job.
    """
    names = {found.get("JobArn"), found.get("JobId")}
    if subject not in names:
        raise UsageError(f"the ledger is of {subject}; --job is {', '.join(filter(None, names))}")
    arn = found.get("JobArn", "").split(":")
    account = {"AccountId": arn[4]} if len(arn) > 4 else {}  # noqa: PLR2004 - arn:aws:s3:Region:account
    members = ("Operation", "Report", "Priority", "RoleArn")
    return account | {name: found[name] for name in members if name in found}


def _operation(target: str | None, prefix: str | None, algorithm: str | None) -> dict[str, Any]:
    if target is None:
        raise click.UsageError("give either --job or --target-resource")
    members = {
        "TargetResource": target,
        "TargetKeyPrefix": prefix,
        "ChecksumAlgorithm": algorithm,
    }
    copying = {name: value for name, value in members.items() if value is not None}
    return {"Operation": {"S3PutObjectCopy": copying}}


def _report(bucket: str, prefix: str | None) -> dict[str, Any]:
    report = {
        "Bucket": bucket_arn(bucket),
        "Format": "Report_CSV_20180820",
        "Enabled": True,
        "ReportScope": "AllTasks",
    }
    return report if prefix is None else report | {"Prefix": prefix}


_OPTIONS = {"AccountId": "--account-id", "RoleArn": "--role-arn", "Report": "--report-bucket"}


def _spec(base: dict[str, Any], given: dict[str, Any]) -> JobSpec:
    request = (
        {"Priority": 10}
        | base
        | {name: value for name, value in given.items() if value is not None}
    )
    if missing := [option for name, option in _OPTIONS.items() if not request.get(name)]:
        raise click.UsageError(f"nothing says {', '.join(missing)}")
    return JobSpec.parse(request)


def _desk(manifests: str, folder: Path) -> ObjectRef:
    """Bucket, and what the keys of this folder's manifests begin with."""
    bucket, _, prefix = manifests.removeprefix("s3://").partition("/")
    if not manifests.startswith("s3://") or not bucket:
        raise UsageError(f"--manifests is {manifests!r}; wanted s3://BUCKET/PREFIX")
    stem = f"{prefix.rstrip('/')}/" if prefix else ""
    return parse_uri(f"s3://{bucket}/{stem}{folder.name}/")


def _beside(audited: Mapping[str, Any], subject: str) -> str:
    """The folder of the audited manifest: of the job's, or of the one that is the subject."""
    for holder in ("Manifest", "GeneratedManifestDescriptor"):
        if arn := audited.get(holder, {}).get("Location", {}).get("ObjectArn"):
            return f"s3://{bucket_of_arn(arn)}/{key_of_arn(arn).rpartition('/')[0]}"
    if not subject.startswith("s3://"):
        raise click.UsageError("nothing says --manifests")
    ref = parse_uri(subject)
    return f"s3://{ref.bucket}/{ref.key.rpartition('/')[0]}"


def _tell(plan: Plan, folder: Path, output: Output, *, rows: int) -> None:
    from intact.adapters.retry import LEFTOVER  # noqa: PLC0415 - as above

    output.summarize({"objects": plan.copies, "rows": rows, "malformed": plan.malformed})
    output.tell(f"{plural(plan.copies, 'object is', 'objects are')} not proven")
    if rows > plan.copies:
        output.tell(f"{rows - plan.copies:,} more rows name one of them again")
    for reason, count in plan.reasons.most_common():
        members = {"reason": reason, "objects": count, "remedy": reason.remedy}
        output.datum("reason", members, f"  {count:>14,}  {reason.value}: {reason.remedy}")
    for sheet in plan.sheets:
        members = {"kind": sheet.kind, "path": folder / sheet.manifest, "rows": sheet.rows}
        known = {"size": sheet.size, "unsized": sheet.unsized, "etag": sheet.digest.hexdigest()}
        output.datum("manifest", members | known, f"{sheet.rows:>16,}  {sheet.manifest}")
    if asked := plan.remedies[Remedy.ASK]:
        members = {"path": folder / LEFTOVER, "objects": asked}
        output.datum("leftover", members, f"{asked:>16,}  {LEFTOVER}, to be looked at")
    if plan.malformed:
        output.tell(f"{plan.malformed:,} rows could not be read, so cannot be retried")


def _bill(jobs: list[tuple[Sheet, JobSpec]], prices: Prices, output: Output) -> None:
    if not jobs:
        return
    tell_prices(prices, output)
    lines: list[Line] = []
    for sheet, job in jobs:
        cost = job_cost(job, sheet.load, prices=prices)
        lines += cost
        output.record("bill", bill_members(sheet.job, cost))
        output.tell(f"  {money(total(cost)):>14}  {sheet.job}")
        if sheet.unsized:
            of = plural(sheet.unsized, "object")
            output.tell(f"{'':>16}  the bytes of {of} are not known")
    output.tell(f"  {money(total(lines)):>14}  in all")
