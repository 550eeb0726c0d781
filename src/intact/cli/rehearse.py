"""``intact rehearse``: S3 Batch Operations on this machine, over any S3 store."""

from __future__ import annotations

import signal
import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from intact.cli.options import Aws, s3_options
from intact.cli.output import json_option
from intact.errors import UsageError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from intact.cli.output import Output
    from intact.rehearsal.localstack import LocalStack


@click.command(
    epilog="""\b
Examples:
  $ intact rehearse
  $ intact rehearse --endpoint-url http://127.0.0.1:9000 --state jobs
  $ HTTP_PROXY=http://127.0.0.1:8650 aws s3control list-jobs \\
      --account-id 111122223333 --region us-east-1 \\
      --endpoint-url http://s3-control.us-east-1.amazonaws.com
  $ intact rehearse --endpoint-url http://127.0.0.1:9000 --faults corrupt=3+17,fail=100

\b
Faults, each counted in the order of the manifest:
  throttle=7         503 SlowDown for every 7th task; throttle=7:1 for its first try only
  fail=10:NoSuchKey  every 10th task fails with that code; AccessDenied without one
  die=100            the process ends at once after the 100th task; status 70
  delay=0.05         every task first waits so many seconds
  report=missing     the job ends without its report; report=late:5, report=torn

\b
Faults of tasks by number, as in corrupt=3+17:
  corrupt, truncate  a byte of the copy is flipped; the copy lacks its last byte
  lose, overwrite    the copy is deleted; it is overwritten once the job has ended
  skip, deny         reported as success, not done; reported as failure, and done
  duplicate          done twice: two versions of one copy
  algorithm          ChecksumAlgorithm is ignored
  omit, stray        no row in the report; a row that names an object of no manifest"""
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8650, show_default=True, help="Port; 0 takes a free one.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that remembers the jobs; without one they end with this command.",
)
@click.option(
    "--workers",
    default=8,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many at a time: tasks.",
)
@click.option("--faults", help="What shall go wrong: inline, or a file with it or with JSON.")
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="ARN=TARGET",
    help="What runs in place of a Lambda function: module:function or http://127.0.0.1:...; "
    "repeatable.",
)
@json_option
@s3_options
def command(  # noqa: PLR0913 - one argument per option
    *,
    host: str,
    port: int,
    state: Path | None,
    workers: int,
    faults: str | None,
    functions: tuple[str, ...],
    output: Output,
    **aws: Any,  # noqa: ANN401 - fields of Aws
) -> NoReturn:
    """Run S3 Batch Operations on this machine, over any S3 store, until Ctrl-C.

    Jobs work on the S3 server of --endpoint-url; without one, a server of its own is started, whose
    objects end with it.

    Any client of S3 Control reaches it as its HTTP proxy; boto3 also through
    intact.adapters.s3control.  It executes every operation of S3 Batch Operations as far as the
    store can: LambdaInvoke with local functions, S3ReplicateObject by the store's own replication
    configuration, S3UpdateObjectEncryption by copying an object onto itself.  What it cannot, event
    holds for example, it refuses with 501, by name.

    Unlike AWS it checks no signature and no role: whoever reaches the port acts with the
    credentials of this command.  It has no KMS, directory buckets, events or limits; tasks run in
    the manifest's order; jobs start at once, pause for any job of a higher priority, and are listed
    for ever.  Replicas have version ids of their own and no replication status; an object whose
    encryption is updated becomes a new version with an ETag of its own; an owner is expected of the
    store, which may compare it or not.

    With --state, jobs that had not ended go on when it starts again, without doing again more
    than the last few tasks; the report names every task once.
    """
    from intact.rehearsal.endpoint import BatchEndpoint  # noqa: PLC0415 - imports boto3
    from intact.rehearsal.faults import Faults  # noqa: PLC0415 - imports boto3
    from intact.rehearsal.invoking import load_functions  # noqa: PLC0415 - imports boto3
    from intact.rehearsal.localstack import LocalStack  # noqa: PLC0415 - only this command's

    reach = Aws(**aws)
    plan = Faults.parse(_text(faults or ""))
    sys.path.insert(0, "")  # modules of --function are looked for in this folder first
    stand_ins = load_functions(dict(map(_pair, functions)))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if reach.endpoint_url is not None:
        _require_answer(reach)
    with (
        LocalStack.start(progress=_note) if reach.endpoint_url is None else nullcontext() as own,
        closing(_client(own, reach, workers=2 * workers)) as s3,
        BatchEndpoint(
            s3,
            host=host,
            port=port,
            workers=workers,
            state=state,
            faults=plan,
            functions=stand_ins,
        ) as endpoint,
    ):
        address, at = s3.meta.endpoint_url, s3.meta.region_name
        members = {"url": endpoint.url, "s3_url": address, "region": at, "own": own is not None}
        text = f"S3 Batch Operations at {endpoint.url} over {address}; Ctrl-C ends it"
        output.datum("endpoint", members, text)
        if own is not None:
            output.tell("In another terminal:")
            output.tell(f"  export AWS_ENDPOINT_URL_S3={address}")
            output.tell(f"  export AWS_ENDPOINT_URL_S3_CONTROL={endpoint.url}")
            output.tell("  export AWS_ACCESS_KEY_ID=rehearsal AWS_SECRET_ACCESS_KEY=rehearsal")
            output.tell(f"  export AWS_REGION={at} AWS_DEFAULT_REGION={at}")
        output.flush()
        endpoint.wait()
    raise click.Abort


def _client(own: LocalStack | None, reach: Aws, *, workers: int) -> S3Client:
    """Make a client of the server that was named, or of the one that was started."""
    if own is None:
        return reach.client(workers=workers)
    import boto3  # noqa: PLC0415 - 200 ms that only this command pays

    from intact.adapters.boto import s3_client  # noqa: PLC0415 - imports boto3

    session = boto3.Session("rehearsal", "rehearsal", region_name=reach.region or "us-east-1")
    return s3_client(session, endpoint_url=own.endpoint_url, connections=workers)


def _require_answer(reach: Aws) -> None:
    """Ask the store once, in seconds, where the tasks of a job would try for minutes.

    Raises:
        StoreError: Nobody answers at its address.
    """
    from intact.adapters.boto import first_answer  # noqa: PLC0415 - imports boto3

    with closing(reach.client(workers=1)) as s3:
        first_answer(s3, reach.session())


def _note(line: str) -> None:
    click.echo(line, err=True)


def _text(faults: str) -> str:
    """Return the plan itself, or what the file of that name holds."""
    path = Path(faults)
    inline = not faults or "=" in faults or faults.lstrip().startswith("{")
    try:
        return faults if inline else path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(
            f"fault plan {faults}: {error.strerror}; wanted a file or NAME=NUMBER"
        ) from None
    except ValueError as error:
        raise UsageError(f"fault plan {faults}: {error}") from None


def _pair(text: str) -> tuple[str, str]:
    arn, equals, target = text.partition("=")
    if not equals:
        raise UsageError(f"--function is {text!r}; wanted ARN=TARGET")
    return arn, target
