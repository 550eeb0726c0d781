"""The part of ``intact sum`` that stays on this machine: printing and checking."""

from __future__ import annotations

import sys
from binascii import hexlify
from collections import Counter, deque
from contextlib import closing, nullcontext
from dataclasses import dataclass
from itertools import chain, groupby
from typing import IO, TYPE_CHECKING

from intact.adapters.sums import STANDARD_INPUT, Batch, Failed, Summed, Sums, batches, digests
from intact.adapters.tree import files_below
from intact.checksum import Algorithm, ChecksumType
from intact.checksum.encoding import encode
from intact.checksum.listing import digest_text, entries, lines, result_line
from intact.cli.output import Output, named, shown
from intact.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from intact.checksum.listing import Entry
    from intact.cli.meter import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What is computed and how it is written.

    Attributes:
        algorithm: The one that was asked for; None where none was.
        part_size: Bytes of each part of a COMPOSITE value; None for whole files.
        base64: Base64 in place of hex.
        tag: Whether lines name the algorithm.
        end: What ends a line.
    """

    algorithm: Algorithm | None
    part_size: int | None
    base64: bool
    tag: bool
    end: bytes


def print_sums(
    names: list[bytes], output: Output, meter: Meter, *, style: Style, recursive: bool
) -> None:
    """Print the sum of each file, and complain about those that cannot be read."""
    algorithm = style.algorithm or Algorithm.CRC64NVME

    def complain(name: bytes, error: OSError) -> None:
        _unread(output, name, error)

    paths: Iterable[bytes] = names
    if recursive:
        paths = (found.path for found in files_below(names, on_error=complain))
    work = batches(paths, algorithm=algorithm, part_size=style.part_size)
    with closing(digests(work, progress=meter.add)) as found:
        for batch in found:
            summed = batch if isinstance(batch, Sums) else _summed(batch)
            output.count("files", len(summed))
            if output.json or len(summed) < len(batch):
                for each in batch:
                    _print_one(output, each, algorithm, style=style)
            else:
                output.line(_lines(summed, algorithm, style=style))


def _summed(batch: Iterable[Summed | Failed]) -> list[Summed]:
    return [found for found in batch if isinstance(found, Summed)]


def _print_one(
    output: Output, found: Summed | Failed, algorithm: Algorithm, *, style: Style
) -> None:
    if isinstance(found, Failed):
        _unread(output, found.name, found.error)
    elif output.json:
        _record(output, found, algorithm)
    else:
        output.line(_lines([found], algorithm, style=style))


def _lines(summed: Sums | list[Summed], algorithm: Algorithm, *, style: Style) -> bytes:
    if isinstance(summed, Sums) and not style.base64:
        names, texts = summed.names, hexlify(summed.digests, b" ", summed.size).split()
    else:
        names = [found.name for found in summed]
        texts = [
            digest_text(found.digest, parts=found.parts, as_base64=style.base64).encode()
            for found in summed
        ]
    return lines(names, texts, tag=algorithm.value if style.tag else None, end=style.end)


def _record(output: Output, found: Summed, algorithm: Algorithm) -> None:
    kind = ChecksumType.COMPOSITE if found.parts else ChecksumType.FULL_OBJECT
    output.record(
        "sum",
        {
            **named(found.name),
            "algorithm": algorithm.value,
            "type": kind.value,
            "checksum": digest_text(found.digest, parts=found.parts, as_base64=True),
            "hex": digest_text(found.digest, parts=found.parts),
            "size": found.size,
        },
    )


def _unread(output: Output, name: bytes, error: OSError) -> None:
    reason = error.strerror or str(error)
    output.count("unread")
    output.complain(f"{shown(name)}: {reason}", ExitCode.WRONG)
    output.record("error", {**named(name), "error": reason})


def check(  # noqa: PLR0913 - one argument per option
    lists: list[bytes],
    output: Output,
    meter: Meter,
    *,
    style: Style,
    loudness: str | None,
    strict: bool,
    ignore_missing: bool,
) -> int:
    """Check the files that lists name, as ``sha256sum --check`` does; return the exit code."""
    for name in lists or [STANDARD_INPUT]:
        checked = _Checked(
            name, output, style=style, loudness=loudness, ignore_missing=ignore_missing
        )
        try:
            with _opened(name) as file:
                checked.run(file, meter)
        except OSError as error:
            _unread(output, name, error)
        else:
            checked.finish(strict=strict)
    return output.code


def _opened(name: bytes) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdin.buffer) if name == STANDARD_INPUT else open(name, "rb")  # noqa: PTH123 - bytes; the caller closes


class _Checked:
    """One list while it is checked."""

    def __init__(
        self,
        name: bytes,
        output: Output,
        *,
        style: Style,
        loudness: str | None,
        ignore_missing: bool,
    ) -> None:
        self._name = name
        self._output = output
        self._style = style
        self._loudness = loudness
        self._ignore_missing = ignore_missing
        self._seen: Counter[str] = Counter()
        self._waiting: deque[Entry] = deque()

    def run(self, file: Iterable[bytes], meter: Meter) -> None:
        """Check each file in the order of the list."""
        with closing(digests(self._work(file), progress=meter.add)) as done:
            for found in chain.from_iterable(done):
                self._next(found)

    def _next(self, found: Summed | Failed) -> None:
        entry = self._waiting.popleft()
        if isinstance(found, Summed):
            self._result(entry, *self._judge(entry, found))
        elif isinstance(found.error, FileNotFoundError) and self._ignore_missing:
            self._seen["ignored"] += 1
        else:
            self._output.complain(f"{shown(found.name)}: {found.error.strerror}")
            self._result(entry, "unread", "FAILED open or read")

    def _work(self, file: Iterable[bytes]) -> Iterator[Batch]:
        for (algorithm, part_size), same in groupby(self._wanted(file), key=lambda one: one[1:]):
            yield from batches(
                (name for name, *_ in same), algorithm=algorithm, part_size=part_size
            )

    def _wanted(self, file: Iterable[bytes]) -> Iterator[tuple[bytes, Algorithm, int | None]]:
        for number, entry in entries(file, algorithm=self._style.algorithm):
            if entry is None or STANDARD_INPUT == entry.name == self._name:
                self._seen["malformed"] += 1
                if self._loudness == "warn":
                    self._output.complain(
                        f"{self._list()}: {number}: improperly formatted checksum line"
                    )
                continue
            self._seen["listed"] += 1
            checksum, part_size = entry.checksum, None
            if checksum.type is ChecksumType.COMPOSITE:
                part_size = self._style.part_size
                if part_size is None or checksum.algorithm is Algorithm.CRC64NVME:
                    self._result(entry, "not_comparable", "NOT COMPARABLE: wanted its --part-size")
                    continue
            self._waiting.append(entry)
            yield entry.name, checksum.algorithm, part_size

    @staticmethod
    def _judge(entry: Entry, found: Summed) -> tuple[str, str]:
        wanted = entry.checksum
        if wanted.parts not in {None, found.parts}:
            text = f"NOT COMPARABLE: {found.parts} parts of that size; wanted {wanted.parts}"
            return "not_comparable", text
        return ("ok", "OK") if found.digest == wanted.digest else ("failed", "FAILED")

    def _result(self, entry: Entry, kind: str, text: str) -> None:
        self._seen[kind] += 1
        if self._output.json:
            self._output.record(
                "check",
                {
                    **named(entry.name),
                    "algorithm": entry.checksum.algorithm.value,
                    "expected": encode(entry.checksum.digest),
                    "result": kind,
                },
            )
        elif self._loudness != "status" and not (kind == "ok" and self._loudness == "quiet"):
            self._output.line(result_line(entry.name, text))

    def finish(self, *, strict: bool) -> None:
        """Say what the list came to, in coreutils' words."""
        seen, output = self._seen, self._output
        for kind, count in seen.items():
            output.count(kind, count)
        if not seen["listed"]:
            said = "no properly formatted checksum lines found"
            output.complain(f"{self._list()}: {said}", ExitCode.WRONG)
            return
        failed = (seen["malformed"] and strict) or seen["failed"] or seen["unread"]
        nothing = not seen["ok"] and not seen["not_comparable"]
        if failed or nothing:
            output.worsen(ExitCode.WRONG)
        if seen["not_comparable"]:
            output.worsen(ExitCode.UNPROVEN)
        if self._loudness == "status":
            return
        for kind, one, many in _WARNINGS:
            if count := seen[kind]:
                output.complain(f"WARNING: {count} {one if count == 1 else many}")
        if self._ignore_missing and not seen["ok"]:
            output.complain(f"{self._list()}: no file was verified")

    def _list(self) -> str:
        return "'standard input'" if self._name == STANDARD_INPUT else shown(self._name)


_WARNINGS = (
    ("malformed", "line is improperly formatted", "lines are improperly formatted"),
    ("unread", "listed file could not be read", "listed files could not be read"),
    ("failed", "computed checksum did NOT match", "computed checksums did NOT match"),
    ("not_comparable", "checksum could not be compared", "checksums could not be compared"),
)
