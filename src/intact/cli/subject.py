"""Which finished copy job a command is about: words of the command line, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from intact.audit import Subject
from intact.batch import S3PutObjectCopy
from intact.batch.manifest import FIELDS
from intact.checksum import Algorithm
from intact.cli.evidence import describe
from intact.errors import UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from intact.cli.options import Aws


def subject_options(
    *, manifest: str, kind: click.ParamType[Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add JOB and the options that name a job, which ``subject_of`` takes as keywords.

    Args:
        manifest: Help of ``--manifest``.
        kind: What ``--manifest`` has to be.
    """
    algorithms = [algorithm.value for algorithm in Algorithm]
    options = (
        click.argument("job", required=False),
        click.option(
            "--account-id", help="Account that owns the job, where that is named by its id."
        ),
        click.option("--manifest", type=kind, help=manifest),
        click.option(
            "--fields", default=",".join(FIELDS), show_default=True, help="Columns of the manifest."
        ),
        click.option("--target-resource", help="ARN of the destination bucket, with --manifest."),
        click.option(
            "--target-key-prefix", help="Put, with a slash, before every key, with --manifest."
        ),
        click.option(
            "--checksum-algorithm",
            type=click.Choice(algorithms, case_sensitive=False),
            help="Algorithm of the copies' checksums, with --manifest.",
        ),
    )

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return add


def subject_of(  # noqa: PLR0913 - one argument per option
    job: str | None,
    *,
    account_id: str | None,
    manifest: str | None,
    fields: str,
    target_resource: str | None,
    target_key_prefix: str | None,
    checksum_algorithm: str | None,
    reach: Aws,
) -> Subject:
    """Return the job that JOB stands for, or what ``--manifest`` and its fellows make up for one.

    Raises:
        UsageError: Neither says enough, or the job has not ended.
    """
    if (job is None) == (manifest is None):
        raise click.UsageError("give either JOB or --manifest")
    if job is not None:
        return Subject.from_describe(describe(job, account_id=account_id, reach=reach))
    if target_resource is None:
        raise click.UsageError("--manifest needs --target-resource")
    algorithm = Algorithm.parse(checksum_algorithm) if checksum_algorithm else None
    return Subject(
        name=manifest or "",
        operation=S3PutObjectCopy(
            target_resource=target_resource,
            target_key_prefix=target_key_prefix,
            checksum_algorithm=algorithm,
        ),
        manifest=_address(manifest or ""),
        manifest_etag=None,
        fields=tuple(fields.split(",")),
        report=None,
        reports_all_tasks=False,
        window=None,
    )


def _address(manifest: str) -> ObjectRef:
    bucket, slash, key = manifest.removeprefix("s3://").partition("/")
    if not manifest.startswith("s3://") or not slash:
        raise UsageError(f"--manifest is {manifest!r}; wanted s3://BUCKET/KEY")
    return ObjectRef(bucket=bucket, key=key)
