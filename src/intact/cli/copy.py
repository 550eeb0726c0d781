"""``intact copy``: objects that no batch job can take, copied in parts from here."""

from __future__ import annotations

import contextlib
import hashlib
import shlex
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.adapters.files import whole_file
from intact.audit import Absent
from intact.batch import ManifestLocation, ReportTarget, S3PutObjectCopy, TaskStatus
from intact.batch.manifest import IGNORE, VERSIONED_FIELDS
from intact.batch.multipart import LARGEST_PART, SMALLEST_PART, USUAL_PART
from intact.batch.spec import NO_REPORT, to_json
from intact.checksum import Algorithm
from intact.cli.manifest import columns_of
from intact.cli.options import Aws, FileOrAddress, Size, s3_options
from intact.cli.output import json_option
from intact.cli.progress import Bar
from intact.cli.resuming import reached
from intact.errors import ExitCode, UsageError
from intact.s3.names import bucket_arn, bucket_of_arn, object_arn, parse_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intact.cli.output import Output

SPARE = 8
"""Connections besides those of the parts."""


@click.command(
    epilog="""\b
Examples:
  $ intact copy parts/large-00001.csv --columns Bucket,Key,Size \\
      --target-resource arn:aws:s3:::copies
  $ intact copy s3://lists/large.csv --target-resource arn:aws:s3:::copies \\
      --keep-parts --report-bucket reports --out copied
  $ intact audit copied/job.json"""
)
@click.argument("manifest", type=FileOrAddress())
@click.option(
    "--columns", metavar="NAMES", help="Columns of the manifest, as intact manifest lint has them."
)
@click.option("--target-resource", required=True, help="ARN of the destination bucket.")
@click.option("--target-key-prefix", help="Put, with a slash, before every key.")
@click.option(
    "--storage-class", help="Storage class of the copies, by S3's name; STANDARD without."
)
@click.option(
    "--part-size",
    default=USUAL_PART,
    show_default=True,
    metavar="SIZE",
    type=Size(least=SMALLEST_PART, most=LARGEST_PART),
    help="Size of a part, more where an object would have over 10,000; an object of no more "
    "is copied in one request.",
)
@click.option("--keep-parts", is_flag=True, help="End the parts where the source's parts end.")
@click.option("--report-bucket", help="Bucket for the completion report, for an audit.")
@click.option("--report-prefix", help="Put before the report's keys.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder that keeps the state.")
@click.option(
    "--workers",
    default=16,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many at a time: parts.",
)
@json_option
@s3_options
def command(  # noqa: PLR0913 - one argument per option
    *,
    manifest: str,
    columns: str | None,
    target_resource: str,
    target_key_prefix: str | None,
    storage_class: str | None,
    part_size: int,
    keep_parts: bool,
    report_bucket: str | None,
    report_prefix: str | None,
    out: Path | None,
    workers: int,
    output: Output,
    **aws: Any,  # noqa: ANN401 - fields of Aws
) -> int:
    """Copy every object of MANIFEST inside S3, in parts, and keep what was done.

    MANIFEST is a file or an s3:// address.  Run again, after a failure or a kill at any moment,
    the same command goes on where it ended.  Each request is bound to the source's version or
    ETag; copies get a full-object CRC64NVME, which is compared with that of the parts and, where
    S3 stores one, of the source.  Content headers, user metadata and tags are carried over; ACL,
    encryption, Object Lock and annotations are not.  Exit code 1 says that an object was not
    copied; 0 does not say that a copy is right: an audit does.
    """
    from intact.adapters.copying import Copying  # noqa: PLC0415 - imports boto3
    from intact.adapters.results import FinishedCopy, write_results  # noqa: PLC0415 - as above

    operation = S3PutObjectCopy(
        target_resource=target_resource,
        target_key_prefix=target_key_prefix,
        storage_class=storage_class,
        checksum_algorithm=Algorithm.CRC64NVME,
    )
    bucket_of_arn(target_resource)
    if report_bucket is not None and not manifest.startswith("s3://"):
        raise UsageError("--report-bucket needs a MANIFEST at s3://, which an audit reads again")
    folder, reach = out or Path(f"intact-copy-{Path(manifest).stem}"), Aws(**aws)
    client = reach.client(workers=workers + SPARE)
    with _input(manifest, reach) as (path, listed), Bar() as bar:
        with path.open("rb") as file:
            fields = _fields(columns_of(file, columns))
        copying = Copying(
            manifest=path,
            fields=fields,
            operation=operation,
            part_size=part_size,
            keep_parts=keep_parts,
            folder=folder,
        )
        bar.phase("copying")
        state = copying.run(client, created=datetime.now(UTC), workers=workers, advance=bar.advance)
    results = write_results(state.results(), folder)
    for status in TaskStatus:
        if status in results:
            rows, path = results[status].rows, results[status].path
            members = {"status": status, "rows": rows, "path": path}
            output.datum("results", members, f"{rows:>14,}  {status.value}  {path}")
    if TaskStatus.FAILED in results:
        path = results[TaskStatus.FAILED].path
        output.tell(f"{path} says why; the same command tries those again", aside=True)
    if listed is not None:
        finished = FinishedCopy(
            id=f"copy-{hashlib.sha256(state.created.encode()).hexdigest()[:12]}",
            operation=operation,
            manifest=replace(listed, fields=fields),
            report=NO_REPORT
            if report_bucket is None
            else ReportTarget(bucket=bucket_arn(report_bucket), prefix=report_prefix),
            created=state.created,
            ended=datetime.now(UTC),
        )
        if report_bucket is not None:
            finished.upload(client, results)
        with whole_file(folder / "job.json") as file:
            file.write(to_json(finished.describe(results)).encode())
        output.record("described", {"path": folder / "job.json"})
        words = ["intact", "audit", str(folder / "job.json")]
        output.tell(f"next: {shlex.join([*words, *reached(click.get_current_context())])}")
    return ExitCode.WRONG if TaskStatus.FAILED in results else ExitCode.VERIFIED


@contextlib.contextmanager
def _input(manifest: str, reach: Aws) -> Iterator[tuple[Path, ManifestLocation | None]]:
    """Path of a manifest, and where an audit finds it again, if it is not only here."""
    if not manifest.startswith("s3://"):
        yield Path(manifest), None
        return
    ref, store = parse_uri(manifest), reach.store(workers=1)
    facts = store.head(ref)
    if isinstance(facts, Absent):
        raise UsageError(f"{manifest}: {facts.detail}; wanted a manifest")
    with tempfile.TemporaryDirectory(prefix="intact-") as scratch:
        path = Path(scratch) / "manifest"
        store.save(replace(ref, version_id=facts.version_id), path, etag=facts.etag)
        yield (
            path,
            ManifestLocation(
                object_arn=object_arn(ref.bucket, ref.key),
                version_id=facts.version_id,
                etag=facts.etag,
            ),
        )


def _fields(columns: tuple[str, ...]) -> tuple[str, ...]:
    """``Manifest.Spec.Fields`` of a manifest whose columns have names of ours."""
    return tuple(name if name in VERSIONED_FIELDS else IGNORE for name in columns)
