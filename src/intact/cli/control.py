"""The commands of ``intact job`` that speak with S3 Control."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.batch.spec import to_json
from intact.cli.options import Aws, aws_options
from intact.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

_EXAMPLE = """\b
Example:
  $ intact job {name} --account-id 111122223333 {rest}"""


def _job_command(name: str, rest: str) -> Callable[[Callable[..., int]], click.Command]:
    """Make a command of one job, with its example and the options of AWS."""

    def wrap(function: Callable[..., int]) -> click.Command:
        wrapped = click.option("--account-id", required=True, help="Account that owns the job.")(
            aws_options(function)
        )
        if rest != "--status Active":
            wrapped = click.argument("job_id")(wrapped)
        return click.command(name, epilog=_EXAMPLE.format(name=name, rest=rest))(wrapped)

    return wrap


@click.command(
    epilog="""\b
Examples:
  $ intact job submit job.json
  $ intact job submit job.json --start --record monthly.json"""
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--start", is_flag=True, help="Let the job run without confirmation.")
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the request and its job are kept; FILE.submitted without.",
)
@aws_options
def submit(*, file: Path, start: bool, record: Path | None, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Create a job once, however often this is run, and print its id.

    The job waits, suspended, for ``intact job confirm``, unless --start is given.
    """
    from intact.adapters.boto import load_model  # noqa: PLC0415 - imports boto3
    from intact.adapters.submission import submit_once  # noqa: PLC0415 - as above
    from intact.batch import problems  # noqa: PLC0415 - as above
    from intact.cli.job import named, read_job  # noqa: PLC0415 - that module has this command

    request = read_job(file.read_bytes(), ConfirmationRequired=not start)
    if named(problems(request, model=load_model())):
        return ExitCode.USAGE
    path = record or file.with_name(f"{file.name}.submitted")
    click.echo(submit_once(Aws(**aws).control(), request, path=path))
    return ExitCode.VERIFIED


@_job_command("confirm", "JOB_ID")
def confirm(*, job_id: str, account_id: str, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Let a suspended job run."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    s3control.confirm(Aws(**aws).control(), account_id=account_id, job_id=job_id)
    return ExitCode.VERIFIED


@_job_command("cancel", "JOB_ID")
def cancel(*, job_id: str, account_id: str, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Stop a job; what it did stays done."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    s3control.cancel(Aws(**aws).control(), account_id=account_id, job_id=job_id)
    return ExitCode.VERIFIED


@_job_command("show", "JOB_ID")
def show(*, job_id: str, account_id: str, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Print what S3 Control says of a job, as JSON that ``intact job lint`` reads."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    found = s3control.describe_job(Aws(**aws).control(), account_id=account_id, job_id=job_id)
    click.echo(to_json({"Job": found["Job"]}))
    return ExitCode.VERIFIED


@_job_command("list", "--status Active")
@click.option("--status", "statuses", multiple=True, help="Only jobs that stand so; repeatable.")
def list_(*, account_id: str, statuses: tuple[str, ...], **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Print one line for each job that S3 Control still lists."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    for job in s3control.list_jobs(Aws(**aws).control(), account_id=account_id, statuses=statuses):
        done = f"{job.succeeded + job.failed}/{job.total} done, {job.failed} failed"
        click.echo(f"{job.job_id}  {job.status.value:<10} {job.operation}  {done}")
    return ExitCode.VERIFIED


@_job_command("priority", "JOB_ID --priority 20")
@click.option("--priority", required=True, type=click.IntRange(0, 2**31 - 1), help="New priority.")
def priority(*, job_id: str, account_id: str, priority: int, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Change how early a job runs; larger is earlier."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    client = Aws(**aws).control()
    s3control.set_priority(client, account_id=account_id, job_id=job_id, priority=priority)
    return ExitCode.VERIFIED


COMMANDS = (submit, confirm, cancel, show, list_, priority)
