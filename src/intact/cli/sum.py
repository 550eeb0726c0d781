"""``intact sum``: S3 checksums of files and objects, in the format of coreutils."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from intact.checksum import Algorithm
from intact.cli.meter import Meter
from intact.cli.options import Aws, Size, s3_options
from intact.cli.output import json_option
from intact.cli.summing import Style, check, print_sums

if TYPE_CHECKING:
    from collections.abc import Callable

    from intact.cli.output import Output


class _ManyFiles(click.Command):
    """Takes ten thousand names without reading each as if it might be an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Have click read up to the first of the names at the end, which may be an option's value.

        It moves the whole list for every name that it takes, and looks at each four times.
        """
        start = len(args)
        while start and not args[start - 1].startswith("-"):
            start -= 1
        rest = super().parse_args(ctx, args[: start + 1])
        ctx.params["files"] += tuple(args[start + 1 :])
        return rest


def _loudness(*names: str, value: str, text: str) -> Callable[[Any], Any]:
    return click.option(*names, "loudness", flag_value=value, default=None, help=text)


@click.command(
    cls=_ManyFiles,
    epilog="""\b
Examples:
  $ printf 123456789 | intact sum -
  ae8b14860a799888  -
  $ intact sum -r photos > photos.sums
  $ intact sum --check --quiet photos.sums
  $ intact sum -a md5 --part-size 8MiB film.mp4
  $ intact sum s3://bucket/photos/
  $ intact sum -r photos --against s3://bucket/photos/""",
)
@click.argument("files", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-a",
    "--algorithm",
    type=click.Choice([algorithm.value for algorithm in Algorithm], case_sensitive=False),
    help="One of S3's ten checksum algorithms; CRC64NVME without.",
)
@click.option("-r", "--recursive", is_flag=True, help="Sum what lies below folders; links count.")
@click.option(
    "--part-size",
    type=Size(),
    metavar="SIZE",
    help="Size of a part: sum as S3 does objects uploaded so, COMPOSITE, with -N behind.",
)
@click.option("--base64", "as_base64", is_flag=True, help="Print base64, as S3 does, not hex.")
@click.option("--tag", is_flag=True, help="Print lines that name the algorithm.")
@click.option("-z", "--zero", is_flag=True, help="End lines with NUL, and escape no name.")
@click.option("-c", "--check", "checks", is_flag=True, help="Read sums from FILES and check them.")
@_loudness("--quiet", value="quiet", text="Print no OK for files that are right.")
@_loudness("--status", value="status", text="Print no results; the exit code says all.")
@_loudness("-w", "--warn", value="warn", text="Name each improperly formatted line.")
@click.option("--strict", is_flag=True, help="Fail for improperly formatted lines.")
@click.option("--ignore-missing", is_flag=True, help="Pass over listed files that are not here.")
@click.option(
    "--against",
    metavar="S3_ADDRESS",
    help="Compare the files with the checksums that S3 stores for the objects there.",
)
@click.option(
    "--workers",
    default=16,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many at a time: requests.",
)
@json_option
@s3_options
def command(  # noqa: PLR0913 - one argument per option
    *,
    files: tuple[str, ...],
    algorithm: str | None,
    recursive: bool,
    part_size: int | None,
    as_base64: bool,
    tag: bool,
    zero: bool,
    checks: bool,
    loudness: str | None,
    strict: bool,
    ignore_missing: bool,
    against: str | None,
    workers: int,
    output: Output,
    **aws: Any,  # noqa: ANN401 - options of Aws
) -> int:
    """Print, check or compare S3 checksums of FILES, or of standard input.

    Lines are those of sha256sum: digest, two spaces, name; a name with a backslash or a line end
    is escaped, and its line begins with a backslash.

    Of s3://BUCKET/KEY, what S3 stores is printed, with its type; no byte is read.  An address that
    is no whole key of an object means all objects whose keys begin with it.

    --against compares one file with the object of that address, or below it if it ends with a
    slash; several files, and folders, always with objects below it.  A COMPOSITE checksum is
    rebuilt by the parts that S3 names; what cannot be compared is never a success.

    Exit code 0: all printed, right or equal; 1: a file or object differs, is missing or could not
    be read; 3: none differs, but S3 stores nothing comparable for some; 4: S3 could not be asked.
    """
    names = _encoded(files)
    chosen = Algorithm.parse(algorithm) if algorithm else None
    _refuse(
        checks=checks,
        against=against,
        only_checking={
            "--quiet": loudness == "quiet",
            "--status": loudness == "status",
            "--warn": loudness == "warn" and against is None,
            "--strict": strict,
            "--ignore-missing": ignore_missing,
        },
        only_printing={"--tag": tag, "--zero": zero, "--base64": as_base64},
    )
    if (
        part_size is not None
        and (chosen or Algorithm.CRC64NVME) is Algorithm.CRC64NVME
        and not checks
    ):
        raise click.UsageError("CRC64NVME has no COMPOSITE form; name another with --algorithm")
    style = Style(
        algorithm=chosen,
        part_size=part_size,
        base64=as_base64,
        tag=tag,
        end=b"\0" if zero else b"\n",
    )
    reach = Aws(**aws)
    with Meter("hashing") as meter:
        output.meter = meter
        if checks:
            return check(
                names,
                output,
                meter,
                style=style,
                loudness=loudness,
                strict=strict,
                ignore_missing=ignore_missing,
            )
        if against is not None:
            from intact.cli.comparing import compare  # noqa: PLC0415 - imports boto3

            return compare(
                names,
                against,
                reach,
                output,
                meter,
                recursive=recursive,
                loudness=loudness,
                workers=workers,
            )
        names = names or [b"." if recursive else b"-"]
        for remote, group in _kinds(names):
            if remote:
                from intact.cli.comparing import print_stored  # noqa: PLC0415 - imports boto3

                print_stored(
                    group, reach, output, style=style, recursive=recursive, workers=workers
                )
            else:
                print_sums(group, output, meter, style=style, recursive=recursive)
        return output.code


def _encoded(files: tuple[str, ...]) -> list[bytes]:
    """All names in one go: a tenth of the time of one by one."""
    encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
    return "\0".join(files).encode(encoding, errors).split(b"\0") if files else []


def _kinds(names: list[bytes]) -> list[tuple[bool, list[bytes]]]:
    """Neighbours of one kind: objects, or files."""
    if b"\0s3://" not in b"\0" + b"\0".join(names):
        return [(False, names)]
    kinds = groupby(names, key=lambda name: name.startswith(b"s3://"))
    return [(kind, list(group)) for kind, group in kinds]


def _refuse(
    *,
    checks: bool,
    against: str | None,
    only_checking: dict[str, bool],
    only_printing: dict[str, bool],
) -> None:
    """Refuse what coreutils refuses, in its words."""
    if checks and against is not None:
        raise click.UsageError("give either --check or --against")
    if checks:
        wrong, why = only_printing, "is meaningless when verifying checksums"
    elif against is not None:
        wrong = only_printing | {
            name: only_checking[name] for name in ("--strict", "--ignore-missing")
        }
        why = "is meaningless with --against"
    else:
        wrong, why = only_checking, "is meaningful only when verifying checksums"
    for name, given in wrong.items():
        if given:
            raise click.UsageError(f"the {name} option {why}")
