"""The chart is valid SVG that shows every line, whatever the names hold."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.bench import Results, Timing
from intact.adapters.peers import Kind
from intact.checksum import Algorithm
from intact.render.chart import (
    DARK,
    INK,
    LEFT,
    LIGHT,
    PAPER,
    RIGHT,
    Scale,
    chart,
)

SVG = "{http://www.w3.org/2000/svg}"
SIZES = (8, 64, 4096, 1 << 20)


def timing(
    name: str,
    size: int,
    *,
    kind: Kind = Kind.PEER,
    algorithm: Algorithm = Algorithm.CRC32,
    ns: float = 100,
) -> Timing:
    return Timing(name=name, kind=kind, algorithm=algorithm, size=size, samples=(ns, ns, ns))


def results(*timings: Timing) -> Results:
    return Results(timings=timings, left_out=())


FIELD = results(
    *(
        timing(name, size, kind=kind, algorithm=algorithm, ns=ns)
        for algorithm in (Algorithm.CRC64NVME, Algorithm.CRC32)
        for size in SIZES
        for name, kind, ns in [
            ("intact", Kind.PUBLIC, 50),
            ("x86-pclmul", Kind.KERNEL, 60),
            ("awscrt", Kind.PEER, 100),
            ("hashlib sha256", Kind.ANCHOR, 500),
        ]
    )
)


def drawn(found: Results, *, title: str = "title", subtitle: str = "") -> ET.Element:
    return ET.fromstring(chart(found, title=title, subtitle=subtitle))  # noqa: S314 - our own text


def test_every_line_is_drawn_named_and_in_the_legend_of_each_panel() -> None:
    root = drawn(FIELD)
    panels = root.findall(f"{SVG}g")
    names = {"intact", "x86-pclmul", "awscrt", "hashlib sha256"}
    assert len(panels) == 2
    for panel in panels:
        lines = panel.findall(f"{SVG}g")
        assert {line.findtext(f"{SVG}title") for line in lines} == names
        assert names <= {text.text for text in panel.findall(f"{SVG}text")}
        for line in lines:
            assert len(line.findall(f"{SVG}circle")) == len(SIZES)
            polyline = line.find(f"{SVG}polyline")
            assert polyline is not None
            assert len(polyline.attrib["points"].split()) == len(SIZES)


def test_a_line_looks_the_same_in_every_panel_and_unlike_any_other() -> None:
    looks: dict[str | None, set[tuple[str | None, str | None]]] = {}
    for line in drawn(FIELD).findall(f"{SVG}g/{SVG}g"):
        look = (line.get("class"), line.get("stroke-dasharray"))
        looks.setdefault(line.findtext(f"{SVG}title"), set()).add(look)
    assert [len(found) for found in looks.values()] == [1] * 4
    assert len({next(iter(found)) for found in looks.values()}) == 4


def test_sizes_stand_at_their_logarithms() -> None:
    scale = Scale(sizes=(8, 1 << 8, 1 << 28), peak=1, floor=100)
    assert scale.x(8) == LEFT
    assert scale.x(1 << 28) == RIGHT
    assert scale.x(1 << 8) == pytest.approx(LEFT + (RIGHT - LEFT) / 5, abs=0.05)


def test_equal_factors_are_equally_far_apart() -> None:
    scale = Scale(sizes=[8 << n for n in range(20)], peak=1, floor=100)
    places = [scale.x(size) for size in scale.sizes]
    steps = [right - left for left, right in pairwise(places)]
    assert max(steps) - min(steps) <= 0.21


def test_faster_is_higher() -> None:
    scale = Scale(sizes=SIZES, peak=60e9, floor=300)
    assert scale.y(0) == 300
    assert scale.y(60e9) < scale.y(30e9) < scale.y(0)


def test_one_size_is_enough() -> None:
    root = drawn(results(timing("alone", 64)))
    circle = root.find(f"{SVG}g/{SVG}g/{SVG}circle")
    assert circle is not None
    assert float(circle.attrib["cx"]) == (LEFT + RIGHT) / 2


def test_nothing_measured_is_an_empty_chart() -> None:
    assert not drawn(results()).findall(f"{SVG}g")


@given(name=st.text(min_size=1), title=st.text(), subtitle=st.text())
def test_names_are_text_whatever_they_hold(name: str, title: str, subtitle: str) -> None:
    root = drawn(results(timing(name, 64)), title=title, subtitle=subtitle)
    known = {"svg", "title", "desc", "style", "rect", "text", "g", "line", "polyline", "circle"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= known


def test_markup_in_a_name_is_shown_not_obeyed() -> None:
    hostile = "</title><script>alert(1)</script>&\"'\x00\x1b"
    root = drawn(results(timing(hostile, 64)), title=hostile)
    assert root.findtext(f"{SVG}title") == hostile.replace("\0", "\ufffd").replace("\x1b", "\ufffd")
    assert root.find(f".//{SVG}script") is None


def test_the_chart_says_in_words_what_it_shows() -> None:
    root = drawn(FIELD, title="what", subtitle="where")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert (title.get("id"), title.text, desc.get("id")) == ("title", "what", "desc")
    assert "where crc64nvme, 1 MiB: 2.1e+04 GB/s, 2.00 times awscrt." in str(desc.text)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("colour", "paper"),
    [(colour, PAPER[n]) for n, palette in enumerate((LIGHT, DARK)) for colour in palette]
    + list(zip(INK, PAPER, strict=True)),
)
def test_every_colour_is_readable_on_its_paper(colour: str, paper: str) -> None:
    low, high = sorted((luminance(colour), luminance(paper)))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_dark_is_a_setting_of_the_readers() -> None:
    style = drawn(FIELD).findtext(f"{SVG}style")
    assert style is not None
    light, dark = style.split("@media (prefers-color-scheme:dark)")
    assert PAPER[0] in light
    assert PAPER[1] in dark
