"""``intact bench``: how fast the checksums are on this CPU, beside everyone who is installed."""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from intact.adapters.bench import FEWEST, SIZES, Bench, Results
from intact.adapters.files import whole_file
from intact.adapters.machine import this_machine
from intact.adapters.peers import PUBLIC, own, roster
from intact.checksum import Algorithm, kernels
from intact.cli.options import Size
from intact.cli.output import json_option
from intact.cli.progress import Bar
from intact.errors import ExitCode
from intact.render.bench import left_out_line, machine_lines, notes, race_tables, records
from intact.render.chart import chart

if TYPE_CHECKING:
    from rich.console import Console

    from intact.cli.output import Output

_QUICK_SIZE, _QUICK_TURNS, _QUICK_SECONDS = 1 << 20, 5, 10.0
_SIZE, _TURNS, _SECONDS = SIZES[-1], 21, 90.0


def _svg(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    """Refuse before the measuring what could not be written after it."""
    if path is not None and path.suffix.lower() != ".svg":
        raise click.BadParameter("charts are SVG; wanted a name that ends in .svg", ctx, param)
    if path is not None and not path.parent.is_dir():
        raise click.BadParameter(f"{str(path.parent)!r} is no folder", ctx, param)
    return path


@click.command(
    epilog="""\b
Examples:
  $ intact bench --quick
  $ intact bench --algorithm crc64nvme --max-size 16MiB
  $ intact bench --json --chart bench.svg > bench.jsonl"""
)
@click.option(
    "-a",
    "--algorithm",
    default="all",
    show_default=True,
    type=click.Choice(
        ["all", *(algorithm.value.lower() for algorithm in PUBLIC)], case_sensitive=False
    ),
    help="Which checksum to race.",
)
@click.option(
    "--max-size",
    metavar="SIZE",
    type=Size(least=SIZES[0]),
    help="Largest buffer, such as 64KiB.  [default: 256MiB; quick: 1MiB]",
)
@click.option(
    "--turns",
    type=click.IntRange(min=FEWEST),
    help=f"Turns of each contender at each size.  [default: {_TURNS}; quick: {_QUICK_TURNS}]",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    help="Time for everything, shared by the sizes; each gets three turns even if that takes "
    f"longer.  [default: {_SECONDS:g}; quick: {_QUICK_SECONDS:g}]",
)
@click.option("--quick", is_flag=True, help="A first impression: fewer sizes, turns and seconds.")
@click.option(
    "--chart",
    "chart_file",
    type=click.Path(path_type=Path),
    callback=_svg,
    help="Draw throughput over size, as SVG and nothing else.",
)
@json_option
def command(  # noqa: PLR0913 - one argument per option
    *,
    algorithm: str,
    max_size: int | None,
    turns: int | None,
    seconds: float | None,
    quick: bool,
    chart_file: Path | None,
    output: Output,
) -> int:
    """Measure how fast the checksums are on this CPU.

    Races the public functions and every kernel that can run here against whichever other
    implementations are installed, in turns, on buffers of 8 bytes to 256 MiB.  All times are of
    calls from Python.  A contender that returns another value is named, not timed, and makes the
    exit code 1.
    """
    algorithms = list(PUBLIC) if algorithm == "all" else [Algorithm.parse(algorithm)]
    largest = max_size or (_QUICK_SIZE if quick else _SIZE)
    peers, machine = roster(), this_machine()
    versions = {"intact": version("intact"), **peers.versions}
    console = output.console()
    for line in machine_lines(machine, in_use=kernels().in_use, versions=versions):
        console.print(line, markup=False, soft_wrap=True)
    bench = Bench(
        contenders=[*(one for each in algorithms for one in own(each)), *peers.contenders],
        turns=turns or (_QUICK_TURNS if quick else _TURNS),
        seconds=(_QUICK_SECONDS if quick else _SECONDS) if seconds is None else seconds,
        clock=time.perf_counter_ns,
    )
    with Bar() as progress:
        found = bench.run(
            algorithms, sizes=[size for size in SIZES if size <= largest], progress=progress
        )
    results = Results(timings=found.timings, left_out=peers.left_out + found.left_out)
    _show(results, console=console)
    for kind, members in records(results, machine=machine, kernels=kernels(), versions=versions):
        output.record(kind, members)
    if chart_file:
        where = f"{machine.cpu}, {machine.system}, {machine.python}"
        with whole_file(chart_file) as file:
            text = chart(results, title="Checksum throughput by size", subtitle=where)
            file.write(text.encode())
        output.tell(f"written: {chart_file}")
    return ExitCode.WRONG if results.disagrees() else ExitCode.VERIFIED


def _show(results: Results, *, console: Console) -> None:
    for algorithm, races in results.races().items():
        for table in race_tables(algorithm, races, width=console.width):
            console.print(table)
    for line in (*notes(results), *map(left_out_line, results.left_out)):
        console.print(line, markup=False, soft_wrap=True)
