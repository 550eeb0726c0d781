"""``intact manifest``: lists of objects for batch jobs, written, checked and split."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from intact.adapters.files import whole_file
from intact.batch.listed import COLUMNS, EXTRAS, Listed, Tally, fields_of, manifest_of
from intact.batch.manifest import FIELDS, IGNORE, VERSIONED_FIELDS
from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.split import MOST_ROWS
from intact.cli.options import Aws, FileOrAddress, s3_options
from intact.cli.output import json_option
from intact.errors import ExitCode, UsageError
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intact.cli.output import Output

MAX_GUESSED = 1 << 16
"""Bytes of the first row that are looked at."""
MEMORY_MB = 600
_NAMES = ", ".join(COLUMNS)
KINDS = ("listing", "versions", "inventory", "keys", "csv", "parquet")
REMOTE = frozenset({"listing", "versions", "inventory"})


@click.group(
    epilog="""\b
Example:
  $ intact manifest write --from versions s3://source/2026/ --out m.csv
  $ intact manifest lint m.csv --target-key-prefix backup"""
)
def command() -> None:
    """Write, check and split the manifests of batch jobs."""


@command.command(
    epilog="""\b
Examples:
  $ intact manifest write --from versions s3://source/2026/ --extra Size > m.csv
  $ intact manifest write --from inventory s3://lists/inv/manifest.json --out m.csv
  $ find . -type f -print0 | intact manifest write --from keys -0 --bucket source - > m.csv
  $ intact manifest write --from csv --columns Key,Size --bucket source list.csv > m.csv"""
)
@click.argument("source")
@click.option("--from", "kind", required=True, type=click.Choice(KINDS), help="What SOURCE is.")
@click.option("--bucket", help="Bucket of keys, or of a table that has no such column.")
@click.option(
    "--columns",
    default=",".join(FIELDS),
    show_default=True,
    metavar="NAMES",
    help="Columns of a CSV file: Bucket, Key, VersionId, Size, ETag, Digest, IsDeleteMarker, "
    "and Ignore for any other.",
)
@click.option("--header", is_flag=True, help="The first row of a CSV file names its columns.")
@click.option(
    "--spelling",
    default="plain",
    show_default=True,
    type=click.Choice(["plain", "percent", "form"]),
    help="How a table spells keys: as they are, URL-encoded, or with a plus for a space.",
)
@click.option("-0", "--null", is_flag=True, help="Keys end in NUL, not in a line feed.")
@click.option(
    "--extra",
    multiple=True,
    type=click.Choice(EXTRAS),
    help="Add a column that S3 ignores and an audit may use; may be repeated.",
)
@click.option("--out", type=click.Path(path_type=Path), help="File that appears once it is whole.")
@json_option
@s3_options
def write(  # noqa: PLR0913 - one argument per option
    *,
    source: str,
    kind: str,
    bucket: str | None,
    columns: str,
    header: bool,
    spelling: str,
    null: bool,
    extra: tuple[str, ...],
    out: Path | None,
    output: Output,
    **aws: Any,  # noqa: ANN401 - options of Aws
) -> int:
    """Write a manifest of everything that SOURCE lists.

    SOURCE is s3://BUCKET/PREFIX for a listing of current objects or of all versions, the address
    of manifest.json of an inventory in CSV, ORC or Parquet, or a local file; - is standard input.
    Delete markers are left out and counted.  A row that cannot be read ends the command: no row is
    ever lost.
    """
    from intact.adapters.sources import Kind, Table, open_local, open_remote  # noqa: PLC0415 - imports boto3 and DuckDB
    from intact.adapters.tables import Spelling  # noqa: PLC0415 - imports DuckDB

    if out is None and output.json:
        raise click.UsageError("standard output takes either the manifest or --json; give --out")
    if kind in REMOTE:
        reach, place = Aws(**aws), parse_uri(source)
        opened = open_remote(
            Kind(kind), place, client=reach.client(workers=1), store=reach.store(workers=1)
        )
    else:
        if source != "-" and not Path(source).is_file():
            raise click.BadParameter(f"file {source!r} does not exist", param_hint="'SOURCE'")
        table = Table(
            bucket=bucket,
            columns=tuple(columns.split(",")),
            spelling=Spelling(spelling),
            header=header,
            end=b"\0" if null else b"\n",
        )
        opened = open_local(Kind(kind), source, table)
    with opened as (versioned, listed):
        _write(listed, output, versioned=versioned, extras=extra, out=out)
    return ExitCode.VERIFIED


@command.command(
    epilog="""\b
Examples:
  $ intact manifest lint m.csv --target-key-prefix backup
  $ intact manifest lint s3://lists/m.csv --columns Bucket,Key,VersionId,Size"""
)
@click.argument("manifest", type=FileOrAddress())
@click.option(
    "--columns",
    metavar="NAMES",
    help="Columns of the manifest: Bucket, Key, VersionId, Size, IsDeleteMarker, and Ignore for "
    "any other; where left out, Bucket, Key and a VersionId where the first row has three cells.",
)
@click.option(
    "--target-key-prefix", default="", help="Put, with a slash, before every key, by the job."
)
@click.option(
    "--show",
    default=10,
    show_default=True,
    type=click.IntRange(min=0),
    help="Lines to show of each rule.",
)
@click.option(
    "--memory-mb",
    default=MEMORY_MB,
    show_default=True,
    type=click.IntRange(min=100),
    help="Megabytes that the search for duplicates may take; the rest goes to disk.",
)
@json_option
@s3_options
def lint(  # noqa: PLR0913 - one argument per option
    *,
    manifest: str,
    columns: str | None,
    target_key_prefix: str,
    show: int,
    memory_mb: int,
    output: Output,
    **aws: Any,  # noqa: ANN401 - options of Aws
) -> int:
    """Check MANIFEST, a file or an s3:// address, before a job runs into it.

    Exits with 1 where a row breaks a rule that is more than a warning.
    """
    from intact.adapters.lint import lint_file  # noqa: PLC0415 - imports DuckDB
    from intact.batch.lint import RULES  # noqa: PLC0415 - only here

    prefix_size = len(f"{target_key_prefix}/".encode()) if target_key_prefix else 0
    with open_manifest(manifest, Aws(**aws)) as file:
        names = columns_of(file, columns)
        found = lint_file(
            file,
            columns=names,
            prefix_size=prefix_size,
            most=show,
            memory_limit=f"{memory_mb}MB",
        )
    for name, kept in found.items():
        rule = RULES[name]
        lines = ", ".join(map(str, kept.lines)) + (", ..." if kept.count > len(kept.lines) else "")
        members = {"rule": name, "warning": rule.warning, "sentence": rule.sentence}
        seen = {"rows": kept.count, "lines": kept.lines, "source": rule.source}
        output.record("problem", members | seen)
        output.tell(f"{'warning' if rule.warning else 'error'}: {name}: {rule.sentence}")
        output.tell(f"  {kept.count:,} rows; lines {lines or 'none'} [{rule.source}]")
    if any(not RULES[name].warning for name in found):
        return ExitCode.WRONG
    output.tell("no errors")
    return ExitCode.VERIFIED


@command.command(
    epilog="""\b
Example:
  $ intact manifest split m.csv --columns Bucket,Key,VersionId,Size --out parts"""
)
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--columns",
    metavar="NAMES",
    help="Columns of the manifest, as intact manifest lint has them; Size sets large ones apart.",
)
@click.option(
    "--most-rows",
    default=MOST_ROWS,
    show_default=True,
    type=click.IntRange(min=1),
    help="Rows of one manifest.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@json_option
def split(*, manifest: Path, columns: str | None, most_rows: int, out: Path, output: Output) -> int:
    """Split MANIFEST: objects too large for a copy task apart, and never too many rows together.

    The folder appears once it is whole; every row of MANIFEST is in one of its files.
    """
    from intact.adapters.split import write_parts  # noqa: PLC0415 - only here
    from intact.batch.split import split as place  # noqa: PLC0415 - only here

    with manifest.open("rb") as file:
        names = columns_of(file, columns)
        parts = write_parts(place(file, columns=names, most_rows=most_rows), out)
    for name, part in sorted(parts.items()):
        etag, path = part.digest.hexdigest(), out / f"{name}.csv"
        members = {"path": path, "rows": part.rows, "etag": etag}
        output.datum("manifest", members, f"{part.rows:>14,}  {etag}  {path}")
    rows = sum(part.rows for part in parts.values())
    output.summarize({"rows": rows})
    output.tell(f"{rows:>14,}  in all")
    return ExitCode.VERIFIED


@contextlib.contextmanager
def open_manifest(manifest: str, reach: Aws) -> Iterator[IO[bytes]]:
    """Open a local file, or a copy of an object that is here only as long."""
    if not manifest.startswith("s3://"):
        with Path(manifest).open("rb") as file:
            yield file
        return
    with tempfile.TemporaryDirectory(prefix="intact-") as folder:
        path = Path(folder) / "manifest"
        reach.store(workers=1).save(parse_uri(manifest), path)
        with path.open("rb") as file:
            yield file


def columns_of(file: IO[bytes], columns: str | None) -> tuple[str, ...]:
    """Columns as given, or by how many the first row has.

    Raises:
        UsageError: They bind no object, or the first row leaves them in doubt.
    """
    if columns is None:
        count = file.readline(MAX_GUESSED).count(b",") + 1
        file.seek(0)
        if count > len(VERSIONED_FIELDS):
            raise UsageError(f"the first row has {count} columns; wanted --columns")
        return VERSIONED_FIELDS if count == len(VERSIONED_FIELDS) else FIELDS
    names = tuple(columns.split(","))
    named = [name for name in names if name != IGNORE]
    if set(named) - set(COLUMNS) or len(set(named)) < len(named) or not set(FIELDS) <= set(named):
        raise UsageError(f"--columns is {columns}; wanted Bucket, Key and some of {_NAMES}")
    return names


def _write(
    listed: Iterable[Listed],
    output: Output,
    *,
    versioned: bool,
    extras: tuple[str, ...],
    out: Path | None,
) -> None:
    tally, digest, size = Tally(), hashlib.md5(usedforsecurity=False), 0
    with _output(out) as file:
        for line in manifest_of(listed, versioned=versioned, extras=extras, tally=tally):
            digest.update(line)
            size += len(line)
            file.write(line)
        file.flush()
    etag = digest.hexdigest() if size <= MAX_COPY_SIZE else None
    fields = fields_of(versioned=versioned, extras=extras)
    members = {"path": out, "fields": fields, "etag": etag, "rows": tally.written}
    left_out = {"listed": tally.listed, "delete_markers": tally.delete_markers}
    output.record("manifest", members | left_out)
    told = etag or "none: too large for one part"
    output.tell(f"Fields  {','.join(fields)}", aside=True)
    output.tell(f"ETag    {told} (uploaded in one part, without SSE-KMS)", aside=True)
    output.tell(f"rows    {tally.written:,} of {tally.listed:,} listed", aside=True)
    if tally.delete_markers:
        named = ", ".join(map(str, tally.named))
        output.tell(f"delete markers left out  {tally.delete_markers:,}: {named} ...", aside=True)


@contextlib.contextmanager
def _output(out: Path | None) -> Iterator[IO[bytes]]:
    if out is None:
        yield sys.stdout.buffer
    elif out.is_dir():
        raise UsageError(f"--out is the folder {out}; wanted a file")
    else:
        with whole_file(out) as file:
            yield file
