"""``intact job``: from intent to a CreateJob payload, and on to a job that has ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

import click

from intact.batch import JobSpec, ManifestLocation, ReportTarget, S3PutObjectCopy, problems
from intact.batch.document import read_document
from intact.batch.manifest import FIELDS
from intact.batch.rules import UNREAD, UNSOUND
from intact.batch.spec import client_request_token, to_json
from intact.checksum import Algorithm
from intact.cli.control import COMMANDS
from intact.cli.job_plan import plan
from intact.cli.options import Aws, s3_options
from intact.cli.output import json_option
from intact.errors import ExitCode
from intact.s3.names import bucket_arn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intact.batch import Model, Problem
    from intact.cli.output import Output


@click.group()
def command() -> None:
    """Build, check, submit and follow S3 Batch Operations jobs."""


@command.command(
    epilog="""\b
Example:
  $ intact job build --account-id 111122223333 \\
      --role-arn arn:aws:iam::111122223333:role/copy \\
      --manifest-arn arn:aws:s3:::lists/m.csv \\
      --manifest-etag 9bb58f26192e4ba00f01e2e7b136bbd8 \\
      --target-resource arn:aws:s3:::copies --report-bucket reports > job.json
  $ aws s3control create-job --cli-input-json file://job.json"""
)
@click.option("--account-id", required=True, help="Account that owns the job: twelve digits.")
@click.option("--role-arn", required=True, help="IAM role that the tasks run under.")
@click.option("--manifest-arn", required=True, help="ARN of the manifest object.")
@click.option("--manifest-etag", required=True, help="ETag of the manifest object.")
@click.option(
    "--fields", default=",".join(FIELDS), show_default=True, help="Columns of the manifest."
)
@click.option("--target-resource", required=True, help="ARN of the destination bucket.")
@click.option("--target-key-prefix", help="Put, with a slash, before every key.")
@click.option(
    "--checksum-algorithm",
    default=Algorithm.CRC64NVME.value,
    show_default=True,
    type=click.Choice([algorithm.value for algorithm in Algorithm], case_sensitive=False),
    help="Algorithm of the copies' checksums.",
)
@click.option("--storage-class", help="Storage class of the copies, by S3's name.")
@click.option("--report-bucket", required=True, help="Bucket for the completion report.")
@click.option("--report-prefix", help="Put before the report's keys.")
@click.option(
    "--priority",
    default=10,
    show_default=True,
    help="Priority: a larger one runs earlier.",
)
@click.option("--description", help="Shown in the job list.")
@click.option(
    "--confirmation-required/--no-confirmation-required",
    default=True,
    show_default=True,
    help="Whether the job waits until someone confirms it.",
)
@json_option
def build(  # noqa: PLR0913 - one argument per option
    *,
    account_id: str,
    role_arn: str,
    manifest_arn: str,
    manifest_etag: str,
    fields: str,
    target_resource: str,
    target_key_prefix: str | None,
    checksum_algorithm: str,
    storage_class: str | None,
    report_bucket: str,
    report_prefix: str | None,
    priority: int,
    description: str | None,
    confirmation_required: bool,
    output: Output,
) -> int:
    """Print the CreateJob payload of a copy job, checked against S3's model and rules.

    Problems go to standard error; a payload that S3 would refuse is not printed.
    """
    spec = JobSpec(
        account_id=account_id,
        role_arn=role_arn,
        operation=S3PutObjectCopy(
            target_resource=target_resource,
            target_key_prefix=target_key_prefix,
            checksum_algorithm=Algorithm.parse(checksum_algorithm),
            storage_class=storage_class,
        ),
        manifest=ManifestLocation(
            object_arn=manifest_arn, etag=manifest_etag, fields=tuple(fields.split(","))
        ),
        report=ReportTarget(bucket=bucket_arn(report_bucket), prefix=report_prefix),
        priority=priority,
        description=description,
        confirmation_required=confirmation_required,
    )
    request = spec.request()
    if tell_problems(problems(request, model=_model()), output):
        return ExitCode.USAGE
    output.datum("request", {"request": request}, to_json(request))
    return ExitCode.VERIFIED


@command.command(
    epilog="""\b
Examples:
  $ intact job lint job.json
  $ intact job lint job.yaml --live
  $ aws s3control describe-job --account-id 111122223333 --job-id ID | intact job lint -"""
)
@click.argument("file", type=click.File("rb"))
@click.option("--live", is_flag=True, help="Look at the buckets, the manifest and the account.")
@json_option
@s3_options
def lint(*, file: IO[bytes], live: bool, output: Output, **aws: Any) -> int:  # noqa: ANN401 - fields of Aws
    """Name everything wrong with a job, before S3 does.

    FILE is a CreateJob request, a filled skeleton of the AWS CLI, or a DescribeJob response, as
    JSON or YAML.  Exit code 2 says that S3 would refuse the job, or that it would do harm.  With
    --live, what the job names is looked at where it lies; what cannot be read is a warning, and
    makes the exit code 3.  Whose credentials these are, AWS is not asked where S3 is another
    server's, but the STS of AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_STS is.
    """
    request = read_job(file.read())
    found = problems(request, model=_model())
    if live and not any(problem.rule in UNSOUND for problem in found):
        from intact.adapters.facts import find_facts  # noqa: PLC0415 - imports boto3

        reach = Aws(**aws)
        facts = find_facts(request, s3=reach.client(workers=1), sts=reach.sts(), region=reach.here)
        found = problems(request, model=_model(), facts=facts)
    if tell_problems(found, output, aside=False):
        return ExitCode.USAGE
    if any(problem.rule == UNREAD for problem in found):
        output.tell("nothing wrong in what could be read")
        return ExitCode.UNPROVEN
    output.tell("nothing wrong")
    return ExitCode.VERIFIED


def read_job(text: bytes, **members: object) -> dict[str, Any]:
    """Read a job's document, some members set; what a skeleton left open goes to standard error.

    A request without token gets the one that derives from its content.
    """
    document = read_document(text, model=_model())
    for path in document.left_out:
        click.echo(f"note: {path}: left out, since it holds the skeleton's placeholder", err=True)
    for path in document.doubtful:
        click.echo(f"warning: {path}: kept, though the skeleton says the same", err=True)
    request = document.request | members
    return {"ClientRequestToken": client_request_token(request)} | request


def tell_problems(found: Iterable[Problem], output: Output, *, aside: bool = True) -> bool:
    """Name problems, beside the data or as the data; whether one is more than a warning."""
    forbidden = False
    for problem in found:
        output.count("warnings" if problem.warning else "errors")
        output.record("problem", asdict(problem))
        output.tell(f"{'warning' if problem.warning else 'error'}: {problem}", aside=aside)
        forbidden |= not problem.warning
    return forbidden


def _model() -> Model:
    from intact.adapters.boto import load_model  # noqa: PLC0415 - imports boto3

    return load_model()


for _command in (*COMMANDS, plan):
    command.add_command(_command)
