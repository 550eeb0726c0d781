"""``intact get``: one object to a file or a pipe, proven by its checksum."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from intact.cli.options import Address, Aws, s3_options
from intact.cli.output import checksum_members, json_option
from intact.errors import ExitCode
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from intact.cli.output import Output

WORKERS = 8


@click.command(
    epilog="""\b
Examples:
  $ intact get s3://my-bucket/photos/cat.jpg cat.jpg
  $ intact get s3://my-bucket/backup.tar - | tar x"""
)
@click.argument("source", type=Address())
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--version-id", help="The version, if not the current one.")
@click.option(
    "--allow-unproven", is_flag=True, help="Accept an object that S3 has no checksum of; status 3."
)
@json_option
@s3_options
def command(
    source: str,
    file: str,
    *,
    version_id: str | None,
    allow_unproven: bool,
    output: Output,
    **aws: Any,  # noqa: ANN401 - fields of Aws
) -> int:
    """Download the object SOURCE to FILE, which appears only when its bytes are proven.

    SOURCE is s3://BUCKET/KEY; FILE may be - for standard output.  There the last 8 MiB are kept
    back until all bytes are proven, so a reader must look at the exit code: 1 says that what it
    read was wrong.
    """
    from intact.adapters import DownloadStream, download  # noqa: PLC0415 - imports boto3

    ref = replace(parse_uri(source), version_id=version_id)
    if file == "-" and output.json:
        raise click.UsageError("standard output takes either the object or --json; name a FILE")
    client = Aws(**aws).client(workers=WORKERS)
    if file == "-":
        stream = DownloadStream(ref, client=client, allow_unproven=allow_unproven, workers=WORKERS)
        for piece in stream:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        done = stream.result
    else:
        done = download(ref, file, client=client, allow_unproven=allow_unproven, workers=WORKERS)
    values = ", ".join(f"{value.algorithm.value} {value}" for value in done.checksums)
    text = f"{done.ref}: {done.size:,} bytes, {done.proof.value} {values}".rstrip()
    output.tell(text, aside=True)
    members = {
        "file": file,
        "size": done.size,
        "proof": done.proof,
        "checksums": [checksum_members(value) for value in done.checksums],
    }
    output.record("object", asdict(done.ref) | members)
    return ExitCode.VERIFIED if done.proof.proven else ExitCode.UNPROVEN
