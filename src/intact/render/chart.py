"""Results of a race as an SVG chart: throughput over size, one panel per algorithm.

One file without scripts, fonts or links; it follows the reader's light or dark setting, tells
lines apart by dashes as well as colours, says in words what it shows, and holds any name.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from intact.adapters.bench import CALL_BOUND, fastest_peer, speedup
from intact.adapters.peers import Kind
from intact.render.bench import size_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from intact.adapters.bench import Results, Timing

LIGHT = ("#0067b8", "#c2410c", "#0b7a53", "#a0307c", "#7a6200", "#b4232c", "#5b5fc7", "#00778a")
DARK = ("#5cb2ff", "#ff9a5c", "#45d19c", "#f48fd0", "#e2c044", "#ff8880", "#a9adff", "#4fd3e6")
INK, PAPER, GRID = ("#1f2328", "#e6edf3"), ("#ffffff", "#0d1117"), ("#d0d7de", "#30363d")
WIDTH, LEFT, RIGHT, PLOT = 960, 60, 700, 260
"""Pixels: width of the chart, left and right end of the plots, height of a plot."""
_HEADER, _TOP, _BOTTOM, _ROW = 60, 36, 58, 18
_TICKS = 6
_CAPTION = (
    f"bytes per call, logarithmic; below {size_name(CALL_BOUND)} the Python call that is included "
    "dominates"
)
_ROOT = 'role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="12"'
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STROKES = {Kind.PUBLIC: "", Kind.KERNEL: "7 4", Kind.PEER: "", Kind.ANCHOR: "2 4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Where sizes (logarithmic) and rates (linear, from zero) stand in a panel, in pixels."""

    sizes: Sequence[int]
    peak: float
    floor: float

    def x(self, size: int) -> float:
        """Pixels from the left; a single size stands in the middle."""
        low, high = math.log2(min(self.sizes)), math.log2(max(self.sizes))
        share = (math.log2(size) - low) / (high - low) if high > low else 0.5
        return round(LEFT + share * (RIGHT - LEFT), 1)

    def y(self, rate: float) -> float:
        """Pixels from the top."""
        return round(self.floor - rate / self.peak * PLOT, 1)


def chart(results: Results, *, title: str, subtitle: str) -> str:
    """Draw all races; the title says what, the subtitle where."""
    body: list[str] = []
    classes, top = _classes(results.timings), _HEADER
    for algorithm, races in results.races().items():
        lines = _lines(races)
        body += _panel(algorithm.value.lower(), lines, classes=classes, top=top)
        top += _TOP + max(PLOT, _ROW * len(lines)) + _BOTTOM
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" {_ROOT}>',
            f'<title id="title">{_text(title)}</title>',
            f'<desc id="desc">{_text(" ".join([subtitle, *_sentences(results)]))}</desc>',
            f"<style>{_style()}</style>",
            f'<rect class="paper" width="{WIDTH}" height="{top}"/>',
            f'<text x="16" y="26" font-size="17" font-weight="600">{_text(title)}</text>',
            f'<text x="16" y="46">{_text(subtitle)}</text>',
            *body,
            "</svg>\n",
        ]
    )


def _text(text: str) -> str:
    return escape(_ILLEGAL.sub("\ufffd", text))


def _sentences(results: Results) -> Iterator[str]:
    """Yield in words what the lines show at their right ends."""
    for algorithm, races in results.races().items():
        size = max(races)
        own = next((timing for timing in races[size] if timing.kind is Kind.PUBLIC), None)
        peer = fastest_peer(races[size])
        if own:
            line = f"{algorithm.value.lower()}, {size_name(size)}: {own.rate / 1e9:.3g} GB/s"
            yield line + (f", {speedup(own, peer):.2f} times {peer.name}." if peer else ".")


def _style() -> str:
    """Every colour twice: for light, and for readers who prefer dark."""

    def rules(index: int, palette: Iterable[str]) -> str:
        ink, paper, grid = INK[index], PAPER[index], GRID[index]
        marks = "".join(f".c{n}{{stroke:{c};fill:{c}}}" for n, c in enumerate(palette))
        base = f".paper{{fill:{paper}}}text{{fill:{ink}}}.grid{{stroke:{grid}}}"
        return f"{base}.own{{stroke:{ink};fill:{ink}}}{marks}"

    dark = f"@media (prefers-color-scheme:dark){{{rules(1, DARK)}}}"
    return f"{rules(0, LIGHT)}polyline{{fill:none!important;stroke-linejoin:round}}{dark}"


def _classes(timings: Iterable[Timing]) -> dict[str, str]:
    """Class and dashes of each line: a contender has the same colour in every panel."""
    counts: dict[Kind, int] = {}
    classes: dict[str, str] = {}
    for timing in timings:
        if timing.name in classes:
            continue
        number = counts[timing.kind] = counts.get(timing.kind, -1) + 1
        colour = "own" if timing.kind is Kind.PUBLIC else f"c{number % len(LIGHT)}"
        width = 3.5 if timing.kind is Kind.PUBLIC else 1.75
        dashes = f' stroke-dasharray="{stroke}"' if (stroke := _STROKES[timing.kind]) else ""
        classes[timing.name] = f'class="{colour}" stroke-width="{width}"{dashes}'
    return classes


def _lines(races: Mapping[int, Sequence[Timing]]) -> dict[str, list[Timing]]:
    """The timings of each contender by name, the fastest at its largest size first."""
    lines: dict[str, list[Timing]] = {}
    for size in sorted(races):
        for timing in races[size]:
            lines.setdefault(timing.name, []).append(timing)
    return dict(sorted(lines.items(), key=lambda item: -item[1][-1].rate))


def _panel(
    name: str, lines: Mapping[str, Sequence[Timing]], *, classes: Mapping[str, str], top: int
) -> Iterator[str]:
    timings = [timing for line in lines.values() for timing in line]
    step = _step(max(timing.rate for timing in timings))
    ticks = math.ceil(max(timing.rate for timing in timings) / step)
    scale = Scale(
        sizes=sorted({timing.size for timing in timings}),
        peak=step * ticks,
        floor=top + _TOP + PLOT,
    )
    yield f'<g><text x="16" y="{top + 18}" font-weight="600">{_text(name)}, GB/s</text>'
    for tick in range(ticks + 1):
        y = scale.y(step * tick)
        yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{step * tick / 1e9:g}</text>'
    for size in scale.sizes:
        place = f'x="{scale.x(size)}" y="{scale.floor + 18}" text-anchor="middle" font-size="10"'
        yield f"<text {place}>{size_name(size)}</text>"
    yield f'<text x="{LEFT}" y="{scale.floor + 36}" font-size="10">{_CAPTION}</text>'
    for row, (label, line) in enumerate(lines.items()):
        yield from _line(label, line, scale=scale, style=classes[label])
        y = top + _TOP + 6 + _ROW * row
        yield f'<line {classes[label]} x1="{RIGHT + 24}" x2="{RIGHT + 54}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{RIGHT + 62}" y="{y + 4}">{_text(label)}</text>'
    yield "</g>"


def _step(highest: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that needs no more ticks than fit."""
    magnitude = 10.0 ** math.floor(math.log10(highest / _TICKS))
    return next(step for n in (1, 2, 5, 10) if highest <= (step := n * magnitude) * _TICKS)


def _line(label: str, line: Sequence[Timing], *, scale: Scale, style: str) -> Iterator[str]:
    places = [(scale.x(timing.size), scale.y(timing.rate)) for timing in line]
    points = " ".join(f"{x},{y}" for x, y in places)
    yield f'<g {style}><title>{_text(label)}</title><polyline points="{points}"/>'
    yield from (f'<circle cx="{x}" cy="{y}" r="2" stroke="none"/>' for x, y in places)
    yield "</g>"
