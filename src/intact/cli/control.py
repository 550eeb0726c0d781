"""The commands of ``intact job`` that speak with S3 Control."""

from __future__ import annotations

import functools
import shlex
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.batch.outcome import JobOutcome, JobStatus
from intact.batch.spec import to_json
from intact.cli.advice import refused_as
from intact.cli.options import Aws, aws_options
from intact.cli.output import json_option
from intact.cli.resuming import reached
from intact.errors import ExitCode, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from intact.adapters.record import JobRecord
    from intact.cli.output import Output
    from intact.cli.progress import Bar

LOCAL_POLL_SECONDS = 0.5
PATIENCE = 6
"""Calls in a row that may fail before a watch gives up: after an hour on AWS."""
_EXAMPLE = """\b
Example:
  $ intact job {name} --account-id 111122223333 {rest}"""


def _job_command(name: str, rest: str) -> Callable[[Callable[..., int]], click.Command]:
    """Make a command of one job, with its example and the options of AWS.

    The job is named by its id and its account, or by its record, which knows both.
    """

    def wrap(function: Callable[..., int]) -> click.Command:
        @functools.wraps(function)
        def named(job: str, account_id: str | None, **options: Any) -> int:  # noqa: ANN401 - passed on
            return function(job=_found(job, account_id), **options)

        wrapped = click.option(
            "--account-id", help="Account that owns the job, where that is named by its id."
        )(json_option(aws_options(named)))
        wrapped = click.argument("job", metavar="JOB_ID|RECORD")(wrapped)
        return click.command(name, epilog=_EXAMPLE.format(name=name, rest=rest))(wrapped)

    return wrap


@dataclass(frozen=True, slots=True)
class _Job:
    """A job, and its record where it has one."""

    id: str
    account: str
    record: JobRecord | None

    @property
    def named(self) -> dict[str, str]:
        return {"account_id": self.account, "job_id": self.id}


def _found(job: str, account_id: str | None) -> _Job:
    from intact.adapters.record import JobRecord  # noqa: PLC0415 - imports boto3

    if not Path(job).is_file():
        if account_id is None:
            raise click.UsageError(f"{job!r} is no file, and a job's id needs --account-id")
        return _Job(job, account_id, None)
    record = JobRecord(Path(job))
    account = account_id or record.account_id
    if record.job_id is None or account is None:
        raise UsageError(f"{job}: names no job; run intact job submit again first")
    return _Job(record.job_id, account, record)


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
    help="File that keeps the request, its job and every state seen; FILE.submitted without.",
)
@json_option
@aws_options
def submit(
    *,
    file: Path,
    start: bool,
    record: Path | None,
    output: Output,
    **aws: Any,  # noqa: ANN401 - options of Aws
) -> int:
    """Create a job once, however often this is run, and print its id.

    The job waits, suspended, for intact job confirm, unless --start is given.
    """
    from intact.adapters.boto import load_model  # noqa: PLC0415 - imports boto3
    from intact.adapters.record import JobRecord, submit_once  # noqa: PLC0415 - as above
    from intact.batch import problems  # noqa: PLC0415 - as above
    from intact.cli.job import read_job, tell_problems  # noqa: PLC0415 - that module has this command

    request = read_job(file.read_bytes(), ConfirmationRequired=not start)
    if tell_problems(problems(request, model=load_model()), output):
        return ExitCode.USAGE
    path = record or file.with_name(f"{file.name}.submitted")
    job_id = submit_once(Aws(**aws).control(), request, record=JobRecord(path))
    members = {"account_id": request["AccountId"], "job_id": job_id, "path": path}
    output.datum("submitted", members, job_id)
    return ExitCode.VERIFIED


@_job_command("confirm", "JOB_ID")
def confirm(*, job: _Job, output: Output, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Let a suspended job run."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    s3control.confirm(Aws(**aws).control(), **job.named)
    output.record("asked", {**job.named, "asked": "confirm"})
    output.tell(f"{job.id}: was asked to run; intact job watch follows it", aside=True)
    return ExitCode.VERIFIED


@_job_command("cancel", "JOB_ID")
def cancel(*, job: _Job, output: Output, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Stop a job; what it did stays done."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    s3control.cancel(Aws(**aws).control(), **job.named)
    output.record("asked", {**job.named, "asked": "cancel"})
    output.tell(f"{job.id}: was asked to stop; intact job watch follows it", aside=True)
    return ExitCode.VERIFIED


@_job_command("show", "JOB_ID")
def show(*, job: _Job, output: Output, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Print what S3 Control says of a job, as JSON that intact job lint reads.

    Of a job that S3 Control no longer knows, a record's last state is shown, with a note.
    """
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    try:
        found = s3control.describe_job(Aws(**aws).control(), **job.named)
    except StoreError as error:
        gone = refused_as(error, "NoSuchJob", "NoSuchJobException")
        if not gone or job.record is None or job.record.described is None:
            raise
        found = job.record.described
        output.tell(f"note: as recorded at {job.record.at}: {error}", aside=True)
    output.datum("described", {"job": found["Job"]}, to_json({"Job": found["Job"]}))
    return ExitCode.VERIFIED


@click.command("list", epilog=_EXAMPLE.format(name="list", rest="--status Active"))
@click.option("--account-id", required=True, help="Account that owns the job.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    metavar="STATUS",
    type=click.Choice([status.value for status in JobStatus], case_sensitive=False),
    help="Only jobs that stand so, such as Active, Suspended or Complete; repeatable.",
)
@json_option
@aws_options
def list_(
    *,
    account_id: str,
    statuses: tuple[str, ...],
    output: Output,
    **aws: Any,  # noqa: ANN401 - options of Aws
) -> int:
    """Print one line for each job that S3 Control still lists."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    for job in s3control.list_jobs(Aws(**aws).control(), account_id=account_id, statuses=statuses):
        done = f"{job.succeeded + job.failed}/{job.total} done, {job.failed} failed"
        text = f"{job.job_id}  {job.status.value:<10} {job.operation}  {done}"
        output.datum("job", asdict(job), text)
    return ExitCode.VERIFIED


@_job_command("priority", "JOB_ID --priority 20")
@click.option(
    "--priority",
    required=True,
    type=click.IntRange(0, 2**31 - 1),
    help="Priority: a larger one runs earlier.",
)
def priority(*, job: _Job, priority: int, output: Output, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Change how early a job runs; larger is earlier."""
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3

    s3control.set_priority(Aws(**aws).control(), **job.named, priority=priority)
    output.record("asked", {**job.named, "asked": f"priority {priority}"})
    output.tell(f"{job.id}: has priority {priority} now", aside=True)
    return ExitCode.VERIFIED


@_job_command("watch", "JOB_ID")
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that keeps the request, its job and every state seen; RECORD does anyway.",
)
def watch(*, job: _Job, record: Path | None, output: Output, **aws: Any) -> int:  # noqa: ANN401 - options of Aws
    """Follow a job to its end, asking every 30 seconds, as AWS allows; a local server more often.

    Exit code 0 says that every task succeeded, 1 that one did not, that the job failed or was
    cancelled, and 4 that it waits for someone to confirm it.  None says that a copy is right.
    """
    from intact.adapters import s3control  # noqa: PLC0415 - imports boto3
    from intact.adapters.addresses import is_aws  # noqa: PLC0415 - as above
    from intact.adapters.record import JobRecord  # noqa: PLC0415 - as above
    from intact.cli.progress import Bar  # noqa: PLC0415 - imports rich

    options = Aws(**aws)
    control = options.control()
    kept = job.record if record is None else JobRecord(record)
    if kept is not None and kept.job_id is not None:
        kept.keep_job(job.id)  # which is refused if it is another
    s3control.describe(control, **job.named)  # a wrong id is no trouble that passes
    if kept is not None:
        kept.keep_job(job.id)
    local = not is_aws(control.meta.endpoint_url)
    with Bar() as bar:
        outcome = s3control.wait(
            control,
            account_id=job.account,
            job_id=job.id,
            poll_seconds=LOCAL_POLL_SECONDS if local else s3control.POLL_SECONDS,
            patience=PATIENCE,
            keep=None if kept is None else _keeper(kept),
            progress=_Watcher(bar, output),
        )
    counts = f"{outcome.succeeded} succeeded, {outcome.failed} failed, {outcome.not_run} not run"
    output.tell(f"{job.id}  {outcome.status.value}  {counts}")
    for reason in outcome.failure_reasons:
        output.tell(f"  {reason.code}: {reason.text}")
    if outcome.status is JobStatus.SUSPENDED:
        words = ["intact", "job", "confirm", job.id, "--account-id", job.account]
        told = reached(click.get_current_context())
        output.tell(f"next: {shlex.join([*words, *told])}", aside=True)
    if not outcome.status.terminal:
        return ExitCode.UNFINISHED
    return ExitCode.VERIFIED if outcome.all_succeeded else ExitCode.WRONG


def _keeper(record: JobRecord) -> Callable[[Mapping[str, Any]], None]:
    return lambda found: record.keep_state(found, at=datetime.now(UTC))


class _Watcher:
    """Draws every answer, and records each that says something new."""

    def __init__(self, bar: Bar, output: Output) -> None:
        self._bar = bar
        self._output = output
        self._told: JobOutcome | None = None
        self._shown: tuple[str, int] | None = None
        self._done = 0

    def __call__(self, outcome: JobOutcome) -> None:
        if outcome != self._told:
            self._told = outcome
            self._output.record("job", asdict(outcome) | {"not_run": outcome.not_run})
            self._output.flush()
        phase = (outcome.status.value, outcome.total)
        if phase != self._shown:
            self._shown, self._done = phase, 0
            self._bar.phase(phase[0], total=outcome.total or None)
        done = outcome.succeeded + outcome.failed
        for _ in range(done - self._done):
            self._bar.advance()
        self._done = done


COMMANDS = (watch, submit, confirm, cancel, show, list_, priority)
