"""Results of a race for the terminal and for programs."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from intact.adapters.bench import CALL_BOUND, fastest_peer, speedup
from intact.adapters.peers import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from intact.adapters.bench import Results, Timing
    from intact.adapters.machine import Machine
    from intact.adapters.peers import LeftOut
    from intact.checksum import Algorithm, Kernels

TELLING = re.compile(
    "v?pclmulqdq|sse4[._][12]|avx(1[.]0|2|512(f|bw|vl))?|gfni|sha_ni|asimd|(feat_)?(pmull|sha3|crc32)"
    "|armv8_crc32|sve2?|vx|rv64.*_zv?bc.*",
    re.IGNORECASE,
)
"""Features that decide which kernel of ours or of a peer can run."""
_STYLES = {Kind.PUBLIC: "bold", Kind.KERNEL: "cyan", Kind.PEER: "", Kind.ANCHOR: "dim"}
_SUMMARY = ("intact, ns per call", "fastest peer", "its time / intact's")
_GAP = 3
"""Characters that a table puts between two columns."""


def size_name(size: int) -> str:
    """Bytes in the largest binary unit that leaves a whole number: ``64 KiB``."""
    unit = 0
    while size >= 1 << 10 and not size % (1 << 10) and unit < 3:  # noqa: PLR2004 - GiB is the last
        size, unit = size >> 10, unit + 1
    return f"{size} {('B', 'KiB', 'MiB', 'GiB')[unit]}"


def machine_lines(machine: Machine, *, in_use: str, versions: Mapping[str, str]) -> Iterator[str]:
    """Yield what the figures depend on, one thing a line."""
    yield f"CPU:      {machine.cpu}, {machine.cores} cores, {machine.architecture}"
    telling = [name for name in machine.features if TELLING.fullmatch(name)]
    yield f"features: {' '.join(telling) or 'none known'}"
    yield f"system:   {machine.system}, {machine.python}, {machine.compiler or 'compiler unknown'}"
    yield f"kernel:   {in_use}"
    yield f"versions: {', '.join(f'{name} {version}' for name, version in versions.items())}"


def race_tables(
    algorithm: Algorithm, races: Mapping[int, Sequence[Timing]], *, width: int
) -> Iterator[Table]:
    """Yield tables of all contenders, each with as many sizes as fit into so many characters."""
    kinds = {timing.name: timing.kind for race in races.values() for timing in race}
    labels = [*kinds, *_SUMMARY]
    columns = [_column(size, race, kinds) for size, race in races.items()]
    room = width - max(map(len, labels)) - _GAP - 1
    for group in _fitting(columns, room=room):
        table = Table("GB/s", title=algorithm.value.lower(), box=box.SIMPLE_HEAD)
        for heading, *_ in group:
            table.add_column(heading, justify="right", no_wrap=True)
        for row, label in enumerate(labels, start=1):
            if label == _SUMMARY[0]:
                table.add_section()
            cells = [Text(text) for text in (label, *(column[row] for column in group))]
            table.add_row(*cells, style=_STYLES[kinds.get(label, Kind.PUBLIC)])
        yield table


def _column(size: int, race: Sequence[Timing], kinds: Iterable[str]) -> list[str]:
    """Heading, one cell per contender, then the cells of ``_SUMMARY``."""
    timings = {timing.name: timing for timing in race}
    cells = [size_name(size) + ("*" if size < CALL_BOUND else "")]
    for name in kinds:
        timing = timings.get(name)
        cells.append(f"{timing.rate / 1e9:.3g} ±{timing.spread:.0%}" if timing else "-")
    own = next((timing for timing in race if timing.kind is Kind.PUBLIC), None)
    peer = fastest_peer(race)
    cells.append(f"{own.median:,.0f}" if own else "-")
    cells.append(peer.name if peer else "-")
    cells.append(f"{speedup(own, peer):.2f}" if own and peer else "-")
    return cells


def _fitting(columns: Iterable[list[str]], *, room: int) -> Iterator[list[list[str]]]:
    group: list[list[str]] = []
    used = 0
    for column in columns:
        need = max(map(len, column)) + _GAP
        if group and used + need > room:
            yield group
            group, used = [], 0
        group.append(column)
        used += need
    if group:
        yield group


def notes(results: Results) -> Iterator[str]:
    """Yield how to read the tables."""
    yield (
        "GB/s: 1e9 bytes per second, median of the turns, plus or minus half the distance of the "
        "quartiles.  Where the last line is above 1, intact is faster than every peer."
    )
    if any(timing.size < CALL_BOUND for timing in results.timings):
        yield (
            "*: Python call included, and below 4 KiB it dominates; a kernel is called by name, "
            "which costs more than the public function does, so compare kernels from 64 KiB on."
        )


def records(
    results: Results, *, machine: Machine, kernels: Kernels, versions: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was measured, on what and of whom, as records; times in nanoseconds per call."""
    facts = asdict(machine) | {"kernel": kernels.in_use, "versions": dict(versions)}
    yield "machine", facts
    for timing in results.timings:
        yield "timing", _timing(timing)
    for left in results.left_out:
        algorithm = left.algorithm and left.algorithm.value.lower()
        yield "left_out", asdict(left) | {"why": left.why.value, "algorithm": algorithm}


def _timing(timing: Timing) -> dict[str, Any]:
    return {
        "name": timing.name,
        "kind": timing.kind.value,
        "algorithm": timing.algorithm.value.lower(),
        "size": timing.size,
        "turns": len(timing.samples),
        "median_ns": round(timing.median, 2),
        "spread": round(timing.spread, 4),
        "bytes_per_second": round(timing.rate),
    }


def left_out_line(left: LeftOut) -> str:
    """One sentence on someone who was not timed."""
    where = "" if left.algorithm is None else f", {left.algorithm.value.lower()}"
    where += "" if left.size is None else f" from {size_name(left.size)} on"
    return f"not timed: {left.name}{where}: {left.why.value}" + (
        f" ({left.detail})" if left.detail else ""
    )
