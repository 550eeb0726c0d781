"""``intact audit``: proves what a finished copy job did."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.audit import Level, ReadMode, Subject
from intact.batch import S3PutObjectCopy
from intact.batch.manifest import FIELDS
from intact.checksum import Algorithm
from intact.cli.options import Aws, aws_options
from intact.cli.present import present
from intact.cli.progress import Bar
from intact.cli.resuming import resumable
from intact.errors import ExitCode, FormatError, UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping

LEDGER = "ledger"
_LEVELS = {level.name.lower(): level for level in Level if level is not Level.NONE}


@click.command(
    epilog="""\b
Examples:
  $ intact audit 6a4d1f20-... --account-id 111122223333
  $ intact audit described-job.json --read missing
  $ intact audit --manifest s3://lists/m.csv --target-resource arn:aws:s3:::copies
  $ intact audit --replay intact-audit-20261122T030000Z/ledger"""
)
@click.argument("job", required=False)
@click.option("--account-id", help="Account that owns the job, where JOB is an id.")
@click.option("--manifest", help="s3://BUCKET/KEY of a manifest, where no job is known.")
@click.option("--fields", default=",".join(FIELDS), show_default=True, help="Its columns.")
@click.option("--target-resource", help="ARN of the destination bucket, with --manifest.")
@click.option("--target-key-prefix", help="What the copies' keys begin with, with --manifest.")
@click.option(
    "--checksum-algorithm",
    type=click.Choice([algorithm.value for algorithm in Algorithm], case_sensitive=False),
    help="What the copies' checksums must be of, with --manifest.",
)
@click.option(
    "--read",
    default=ReadMode.NEVER.value,
    show_default=True,
    type=click.Choice([mode.value for mode in ReadMode]),
    help="When to read object bytes, which costs money: never, where S3's checksums are missing "
    "or cannot be compared, or always.",
)
@click.option(
    "--require",
    default="recorded",
    show_default=True,
    type=click.Choice(list(_LEVELS)),
    help="Weakest proof accepted: checksums that S3 recorded, or bytes read here.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the ledger; an unfinished audit in it is gone on with.",
)
@click.option("--sign-key", type=click.Path(path_type=Path), help="Ed25519 private key, as PEM.")
@click.option(
    "--replay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Ask nobody: recompute every verdict of this ledger from its evidence.",
)
@click.option("--workers", default=16, show_default=True, help="Requests under way at a time.")
@aws_options
@click.pass_context
def command(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    /,
    *,
    job: str | None,
    account_id: str | None,
    manifest: str | None,
    fields: str,
    target_resource: str | None,
    target_key_prefix: str | None,
    checksum_algorithm: str | None,
    read: str,
    require: str,
    out: Path | None,
    sign_key: Path | None,
    replay: Path | None,
    workers: int,
    **aws: str | None,
) -> int:
    """Prove what a finished copy job did, object by object.

    JOB is the id of a job, or a file with the JSON that ``aws s3control describe-job`` printed.
    Every row of the manifest ends in exactly one verdict; the ledger keeps it with its evidence.
    What interrupts an audit, a kill included, costs the last seconds: run it again with the same
    --out.
    """
    from intact.adapters.auditor import Auditor  # noqa: PLC0415 - imports boto3 and DuckDB
    from intact.adapters.signing import signer  # noqa: PLC0415 - used here only

    if replay is not None:
        if job is not None or manifest is not None:
            raise click.UsageError("--replay asks nobody, so it takes neither JOB nor --manifest")
        return _replay(replay)
    reach = Aws(**aws)
    if (job is None) == (manifest is None):
        raise click.UsageError("give either JOB or --manifest")
    if job is not None:
        subject = Subject.from_describe(_describe(job, account_id=account_id, reach=reach))
    else:
        if target_resource is None:
            raise click.UsageError("--manifest needs --target-resource")
        subject = _manual(
            manifest or "",
            fields=tuple(fields.split(",")),
            operation=S3PutObjectCopy(
                target_resource=target_resource,
                target_key_prefix=target_key_prefix,
                checksum_algorithm=Algorithm.parse(checksum_algorithm)
                if checksum_algorithm
                else None,
            ),
        )
    created = datetime.now(UTC)
    store = reach.store(workers=workers)
    auditor = Auditor(
        subject=subject,
        source=store,
        destination=store,
        service=store,
        read=ReadMode(read),
        require=_LEVELS[require],
        workers=workers,
    )
    sign = signer(sign_key) if sign_key is not None else None
    folder = out or Path(f"intact-audit-{created:%Y%m%dT%H%M%SZ}")
    folder.mkdir(parents=True, exist_ok=True)
    with Bar() as progress, resumable(context, folder):
        auditor.run(
            folder / LEDGER,
            created=created,
            version=version("intact"),
            progress=progress,
            sign=sign,
        )
    return present(folder / LEDGER)


def _replay(ledger: Path) -> int:
    """Say what of a ledger does not follow from its evidence.

    Raises:
        FormatError: Something does not.
    """
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow
    from intact.adapters.verify import contradictions, words  # noqa: PLC0415 - imports pyarrow

    reader, found = LedgerReader(ledger), 0
    for record, replayed in contradictions(reader):
        found += 1
        named = f"row {record.copy.row}: the ledger says {words(record.finding)}"
        click.echo(f"{named}; its evidence says {words(replayed)}")
    if found:
        raise FormatError(f"{ledger}: {found:,} of {reader.seal.records:,} verdicts do not follow")
    click.echo(f"All {reader.seal.records:,} verdicts follow from their evidence.")
    return ExitCode.VERIFIED


def _describe(job: str, *, account_id: str | None, reach: Aws) -> Mapping[str, Any]:
    if Path(job).is_file():
        saved: dict[str, Any] = json.loads(Path(job).read_bytes(), object_hook=_with_times)
        return saved
    if account_id is None:
        raise click.UsageError(f"{job!r} is no file, and a job's id needs --account-id")
    from intact.adapters.s3control import describe_job  # noqa: PLC0415 - imports boto3

    return describe_job(reach.control(), account_id=account_id, job_id=job)


def _with_times(members: dict[str, Any]) -> dict[str, Any]:
    for name in {"CreationTime", "TerminationDate"} & set(members):
        members[name] = datetime.fromisoformat(members[name])
    return members


def _manual(manifest: str, *, fields: tuple[str, ...], operation: S3PutObjectCopy) -> Subject:
    bucket, slash, key = manifest.removeprefix("s3://").partition("/")
    if not manifest.startswith("s3://") or not slash:
        raise UsageError(f"--manifest is {manifest!r}; wanted s3://BUCKET/KEY")
    return Subject(
        name=manifest,
        operation=operation,
        manifest=ObjectRef(bucket=bucket, key=key),
        manifest_etag=None,
        fields=fields,
        report=None,
        reports_all_tasks=False,
        window=None,
    )
