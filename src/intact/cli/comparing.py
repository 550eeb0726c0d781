"""The part of ``intact sum`` that asks S3: printing what it stores, and comparing files with it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from intact.adapters.against import Compared, Comparer, Pair
from intact.adapters.stored import heads, in_order
from intact.adapters.tree import Found, files_below
from intact.audit import Absent
from intact.checksum.listing import digest_text, line, result_line
from intact.cli.output import Output, checksum_members, named, shown
from intact.errors import ExitCode
from intact.s3 import ObjectFacts, ObjectRef
from intact.s3.likeness import Likeness
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from intact.cli.meter import Meter
    from intact.cli.options import Aws
    from intact.cli.summing import Style

_CODES = {
    Likeness.EQUAL: ExitCode.VERIFIED,
    Likeness.DIFFERENT: ExitCode.WRONG,
    Likeness.MISSING: ExitCode.WRONG,
    Likeness.NOT_COMPARABLE: ExitCode.UNPROVEN,
    Likeness.UNREAD: ExitCode.UNPROVEN,
}
_WORDS = {
    Likeness.EQUAL: "OK",
    Likeness.DIFFERENT: "FAILED",
    Likeness.MISSING: "MISSING",
    Likeness.NOT_COMPARABLE: "NOT COMPARABLE",
    Likeness.UNREAD: "UNREAD",
}


def print_stored(  # noqa: PLR0913 - one argument per option
    addresses: list[bytes],
    reach: Aws,
    output: Output,
    *,
    style: Style,
    recursive: bool,
    workers: int,
) -> None:
    """Print every checksum that S3 stores for the objects, and complain about those without."""
    from intact.adapters.boto import BotoStore  # noqa: PLC0415 - imports boto3

    client = reach.client(workers=workers)
    store = BotoStore(client)
    for address in addresses:
        place, count = parse_uri(os.fsdecode(address)), 0
        for ref, facts in heads(store, client, place, below=recursive, workers=workers):
            count += 1
            output.count("objects")
            _print_object(ref, facts, output, style=style)
        if not count:
            output.complain(f"{shown(address)}: no such object", ExitCode.WRONG)


def _print_object(
    ref: ObjectRef, facts: ObjectFacts | Absent | Exception, output: Output, *, style: Style
) -> None:
    name = f"s3://{ref.bucket}/{ref.key}".encode()
    if not isinstance(facts, ObjectFacts):
        reason = f"gone ({facts.detail})" if isinstance(facts, Absent) else str(facts)
        output.count("unread")
        output.complain(f"{shown(name)}: {reason}", ExitCode.UNPROVEN)
        output.record("error", {**named(name), "error": reason})
        return
    stored = sorted(
        (found for found in facts.checksums if style.algorithm in {None, found.algorithm}),
        key=lambda found: found.algorithm.value,
    )
    if not stored:
        what = style.algorithm.value if style.algorithm else "checksum"
        output.count("without_checksum")
        output.complain(f"{shown(name)}: S3 stores no {what} of it", ExitCode.UNPROVEN)
    if output.json:
        members = {"bucket": ref.bucket, "key": ref.key, "size": facts.size, "etag": facts.etag}
        output.record(
            "object",
            {**named(name), **members, "checksums": [checksum_members(each) for each in stored]},
        )
        return
    for each in stored:
        text = digest_text(each.digest, parts=each.parts, as_base64=style.base64)
        kind = f" {each.type.value}" if each.type else ""
        output.line(line(name, text, tag=f"{each.algorithm.value}{kind}", end=style.end))


def compare(  # noqa: PLR0913 - one argument per option
    names: list[bytes],
    address: str,
    reach: Aws,
    output: Output,
    meter: Meter,
    *,
    recursive: bool,
    loudness: str | None,
    workers: int,
) -> int:
    """Compare files with objects, one line for each, and return the exit code."""
    place = parse_uri(address)
    if any(name.startswith(b"s3://") for name in names):
        raise click.UsageError("--against compares local files; give no s3:// address as FILE")

    def complain(name: bytes, error: OSError) -> None:
        output.count(Likeness.UNREAD.value)
        output.complain(f"{shown(name)}: {error.strerror}", ExitCode.WRONG)

    names = names or [b"." if recursive else b"-"]
    pairs = _pairs(names, place, recursive=recursive, on_error=complain)
    comparer = Comparer(reach.store(workers=workers), progress=meter.add)
    compared = 0
    if names == [b"-"]:  # read by this thread, so that Ctrl-C ends the waiting for it
        answers: Iterator[Compared] = map(comparer.compare, pairs)
    else:
        asked = in_order(comparer.compare, pairs, workers=workers, stop=comparer.stop)
        answers = (found for _, found in asked)
    for found in answers:
        compared += 1
        _tell(found, output, loudness=loudness)
    if not compared:
        output.complain("no file was compared; name files, or folders with -r", ExitCode.UNPROVEN)
    return output.code


def _pairs(
    names: list[bytes],
    place: ObjectRef,
    *,
    recursive: bool,
    on_error: Callable[[bytes, OSError], object],
) -> Iterator[Pair]:
    folder = place.key if not place.key or place.key.endswith("/") else f"{place.key}/"
    alone = len(names) == 1 and not (recursive and os.path.isdir(names[0]))  # noqa: PTH112 - bytes
    if alone and folder != place.key:
        yield Pair(name=names[0], ref=place)
        return
    if b"-" in names:
        raise click.UsageError("standard input has no name; wanted the whole key of one object")
    found: Iterable[Found] = (Found(name, os.path.basename(name)) for name in names)  # noqa: PTH119 - bytes
    for each in files_below(names, on_error=on_error) if recursive else found:
        try:
            key = folder + each.below.decode()
        except UnicodeDecodeError:
            yield Pair(name=each.path, ref=None)
        else:
            yield Pair(name=each.path, ref=ObjectRef(bucket=place.bucket, key=key))


def _tell(found: Compared, output: Output, *, loudness: str | None) -> None:
    pair, likeness = found.pair, found.likeness
    output.count(likeness.value)
    output.worsen(ExitCode.WRONG if found.local else _CODES[likeness])
    if found.local:
        output.complain(f"{shown(pair.name)}: {found.reason}")
    if output.json:
        target = None if pair.ref is None else f"s3://{pair.ref.bucket}/{pair.ref.key}"
        members = {"object": target, "result": likeness.value, "reason": found.reason}
        output.record("comparison", {**named(pair.name), **members})
    elif loudness != "status" and not (likeness is Likeness.EQUAL and loudness == "quiet"):
        words = "FAILED open or read" if found.local else _WORDS[likeness]
        why = "" if likeness is Likeness.EQUAL or found.local else f": {found.reason}"
        output.line(result_line(pair.name, words + why))
