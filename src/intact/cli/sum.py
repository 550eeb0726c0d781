"""``intact sum``: S3 checksums of local files, in the format of coreutils."""

from __future__ import annotations

import os
import sys

import click

from intact import file_digest
from intact.checksum import Algorithm
from intact.checksum.encoding import encode
from intact.errors import ExitCode

_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}


@click.command(
    epilog="""\b
Example:
  $ printf 123456789 | intact sum -
  ae8b14860a799888  -"""
)
@click.argument("files", nargs=-1, type=click.Path(path_type=bytes, allow_dash=True))
@click.option(
    "-a",
    "--algorithm",
    default=Algorithm.CRC64NVME.value,
    show_default=True,
    type=click.Choice([algorithm.value for algorithm in Algorithm], case_sensitive=False),
    help="One of S3's ten checksum algorithms.",
)
@click.option("--base64", "as_base64", is_flag=True, help="Print base64, as S3 does, not hex.")
def command(files: tuple[bytes, ...], algorithm: str, *, as_base64: bool) -> int:
    """Print the S3 checksum of each of FILES, or of standard input.

    The lines are those of sha256sum: digest, two spaces, name; a name with a backslash or a line
    end is escaped, and its line begins with a backslash.
    """
    code = ExitCode.VERIFIED
    for name in files or (b"-",):
        try:
            digest = file_digest(sys.stdin.buffer if name == b"-" else name, algorithm)
        except OSError as error:
            click.echo(f"intact: {os.fsdecode(name)!r}: {error.strerror}", err=True)
            code = ExitCode.WRONG
            continue
        text = encode(digest.digest()) if as_base64 else digest.hexdigest()
        sys.stdout.buffer.write(_line(text.encode(), name))
    return code


def _line(digest: bytes, name: bytes) -> bytes:
    escaped = name
    for plain, escape in _ESCAPES.items():
        escaped = escaped.replace(plain, escape)
    mark = b"" if escaped == name else b"\\"
    return mark + digest + b"  " + escaped + b"\n"
