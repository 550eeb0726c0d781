"""When the copies were written, as bars of an inline SVG chart; colours come from the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from intact.adapters.overview import ROUND
from intact.render.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from intact.adapters.overview import Timeline

WIDTH, HEIGHT, _TOP, _FLOOR = 960, 200, 24, 168
_TICKS = 5
_SHORT, _DATE, _LONG = "%H:%M", "%Y-%m-%d", "%Y-%m-%d %H:%M"
_DAY = 86400


def timeline_chart(timeline: Timeline) -> Markup:
    """Draw the bars, stacked: verified, not proven, wrong; the window's ends as dotted lines."""
    peak = max(bar.verified + bar.wrong + bar.unproven for bar in timeline.bars)
    pieces = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        ' aria-labelledby="chart-says">',
        f'<title id="chart-says">{_says(timeline)}</title>',
        f'<line class="axis" x1="0" x2="{WIDTH}" y1="{_FLOOR}" y2="{_FLOOR}"/>',
        f'<text x="0" y="{_TOP - 10}">{peak:,} at most in {_length(timeline)}</text>',
        *_bars(timeline, peak or 1),
        *_ticks(timeline),
        *_window(timeline),
        "</svg>",
    ]
    return Markup("\n").join(map(Markup, pieces))


def timeline_note(timeline: Timeline) -> str:
    """What the bars are, and what they leave out."""
    note = f"Last-Modified of the destinations, UTC; a bar is {_length(timeline)}."
    if timeline.window is None:
        return note
    note += " Dotted lines: when the job was created and when it ended."
    outside = [
        f"{plural(count, 'destination')} {where}"
        for count, where in ((timeline.before, "before"), (timeline.after, "after"))
        if count
    ]
    return note + (f" Not shown: {' and '.join(outside)} that time." if outside else "")


def _says(timeline: Timeline) -> str:
    bars = timeline.bars
    wrong, unproven = sum(bar.wrong for bar in bars), sum(bar.unproven for bar in bars)
    total = sum(bar.verified for bar in bars) + wrong + unproven
    return (
        f"{plural(total, 'destination')} written from {bars[0].begin:{_LONG}} UTC on, in "
        f"{plural(len(bars), 'bar')} of {_length(timeline)}; {wrong:,} of them wrong, "
        f"{unproven:,} not proven."
    )


def _length(timeline: Timeline) -> str:
    seconds = round(timeline.width.total_seconds())
    for name, length in (("day", _DAY), ("hour", 3600), ("minute", 60)):
        if seconds % length == 0:
            return plural(seconds // length, name)
    return plural(seconds, "second")


def _step(timeline: Timeline) -> float:
    return WIDTH / len(timeline.bars)


def _bars(timeline: Timeline, peak: int) -> Iterator[str]:
    step = _step(timeline)
    width = max(step - min(2.0, step / 4), 1)
    for number, bar in enumerate(timeline.bars):
        y = float(_FLOOR)
        for name, count in (
            ("good", bar.verified),
            ("unproven", bar.unproven),
            ("wrong", bar.wrong),
        ):
            if count:
                height = max(count / peak * (_FLOOR - _TOP), 2)
                y -= height
                yield (
                    f'<rect class="{name}" x="{number * step:.1f}" y="{y:.1f}" '
                    f'width="{width:.1f}" height="{height:.1f}"/>'
                )


def _ticks(timeline: Timeline) -> Iterator[str]:
    begin, width = timeline.bars[0].begin.timestamp(), timeline.width.total_seconds()
    span = len(timeline.bars) * width
    whole_days = _DAY * max(1, -(-int(span) // (_TICKS * _DAY)))
    rounds = [length for length in ROUND if length % width == 0 and length * _TICKS >= span]
    every = rounds[0] if rounds else whole_days
    form = _LONG
    for number, bar in enumerate(timeline.bars):
        if (begin + number * width) % every >= width:
            continue
        x = number * _step(timeline)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{_FLOOR}" y2="{_FLOOR + 6}"/>'
        yield f'<text x="{x:.1f}" y="{_FLOOR + 24}">{bar.begin:{form}}</text>'
        form = _SHORT if every < _DAY else _DATE


def _window(timeline: Timeline) -> Iterator[str]:
    if timeline.window is None:
        return
    for moment in (timeline.window.begin, timeline.window.end):
        x = _place(timeline, moment)
        yield f'<line class="window" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_FLOOR}"/>'


def _place(timeline: Timeline, moment: datetime) -> float:
    return (moment - timeline.bars[0].begin) / timeline.width * _step(timeline)
