"""``intact put``: one file to an object, whose CRC64NVME is declared and confirmed."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from intact.cli.options import Address, Aws, s3_options
from intact.cli.output import checksum_members, json_option
from intact.errors import ExitCode

if TYPE_CHECKING:
    from intact.cli.output import Output

WORKERS = 8


@click.command(
    epilog="""\b
Examples:
  $ intact put cat.jpg s3://my-bucket/photos/cat.jpg
  $ tar c photos | intact put - s3://my-bucket/photos.tar"""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.argument("target", type=Address())
@click.option("--no-clobber", is_flag=True, help="Fail where the object exists.")
@json_option
@s3_options
def command(
    file: str,
    target: str,
    *,
    no_clobber: bool,
    output: Output,
    **aws: Any,  # noqa: ANN401 - fields of Aws
) -> int:
    """Upload FILE as the object TARGET, and confirm that S3 stores what was read.

    TARGET is s3://BUCKET/KEY; FILE may be - for standard input.
    """
    from intact.adapters import upload  # noqa: PLC0415 - imports boto3

    done = upload(
        sys.stdin.buffer if file == "-" else file,
        target,
        client=Aws(**aws).client(workers=WORKERS),
        workers=WORKERS,
        extra_args={"IfNoneMatch": "*"} if no_clobber else {},
    )
    text = f"{done.ref}: {done.size:,} bytes, full_object CRC64NVME {done.checksum}"
    output.tell(text, aside=True)
    members = {"file": file, "size": done.size, "checksums": [checksum_members(done.checksum)]}
    output.record("object", asdict(done.ref) | members)
    return ExitCode.VERIFIED
