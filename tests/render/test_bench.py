"""Tables of a race: every contender at every size, on any terminal."""

from __future__ import annotations

import pytest
from rich.console import Console

from intact.adapters.bench import Results, Timing
from intact.adapters.machine import Machine
from intact.adapters.peers import Kind, LeftOut, Why
from intact.checksum import Algorithm
from intact.render.bench import left_out_line, machine_lines, notes, race_tables, size_name

SIZES = (8, 64, 1 << 10, 4 << 10, 64 << 10, 1 << 20, 256 << 20)


def timing(name: str, size: int, *, kind: Kind, ns: float) -> Timing:
    return Timing(name=name, kind=kind, algorithm=Algorithm.CRC32, size=size, samples=(ns, ns, ns))


FIELD = Results(
    timings=tuple(
        timing(name, size, kind=kind, ns=ns * size)
        for size in SIZES
        for name, kind, ns in [
            ("intact", Kind.PUBLIC, 0.5),
            ("[red]awscrt", Kind.PEER, 1),
            ("zlib", Kind.PEER, 2),
        ]
    ),
    left_out=(),
)


def shown(found: Results, *, width: int) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        for algorithm, races in found.races().items():
            for table in race_tables(algorithm, races, width=width):
                console.print(table)
    return capture.get()


@pytest.mark.parametrize("width", [50, 80, 100, 200])
def test_every_size_is_shown_whole_on_any_terminal(width: int) -> None:
    text = shown(FIELD, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for size in SIZES:
        assert text.count(f" {size_name(size)}") == 1
    assert text.count("2 ±0%") == len(SIZES)


def test_rates_ratio_and_the_fastest_peer_are_shown() -> None:
    lines = [line.split() for line in shown(FIELD, width=200).splitlines()]
    assert ["intact", *["2", "±0%"] * len(SIZES)] in lines
    assert ["zlib", *["0.5", "±0%"] * len(SIZES)] in lines
    assert ["fastest", "peer", *["[red]awscrt"] * len(SIZES)] in lines
    assert ["its", "time", "/", "intact's", *["2.00"] * len(SIZES)] in lines


def test_who_dropped_out_has_a_dash_and_a_race_without_peers_no_ratio() -> None:
    alone = [timing("intact", 64, kind=Kind.PUBLIC, ns=1)]
    gone = [timing("sum", 8, kind=Kind.ANCHOR, ns=1), timing("intact", 8, kind=Kind.PUBLIC, ns=1)]
    text = shown(Results(timings=(*gone, *alone), left_out=()), width=80)
    assert [line.split()[1:] for line in text.splitlines() if line.startswith("  sum")] == [
        ["8", "±0%", "-"]
    ]
    assert "fastest peer" in text


def test_sizes_that_a_call_dominates_are_marked_and_explained() -> None:
    assert "1 KiB*" in shown(FIELD, width=200)
    assert "4 KiB*" not in shown(FIELD, width=200)
    assert any("Python call included" in note for note in notes(FIELD))
    large = Results(timings=FIELD.timings[-3:], left_out=())
    assert not any("Python call included" in note for note in notes(large))


@pytest.mark.parametrize(
    ("size", "name"),
    [(8, "8 B"), (1000, "1000 B"), (4096, "4 KiB"), (1 << 28, "256 MiB"), (1 << 40, "1024 GiB")],
)
def test_sizes_are_named_in_whole_units(size: int, name: str) -> None:
    assert size_name(size) == name


def test_whoever_is_left_out_gets_a_sentence() -> None:
    assert left_out_line(LeftOut(name="isal", why=Why.NOT_INSTALLED)) == (
        "not timed: isal: not installed"
    )
    left = LeftOut(
        name="p", why=Why.DISAGREES, detail="1, not 2", algorithm=Algorithm.CRC32C, size=64
    )
    assert left_out_line(left) == (
        "not timed: p, crc32c from 64 B on: disagrees with intact (1, not 2)"
    )


def test_only_telling_features_are_printed() -> None:
    machine = Machine(
        cpu="A CPU",
        cores=2,
        features=("fpu", "pclmulqdq", "FEAT_PMULL", "rv64imac_zbc_zbs", "avx512vl"),
        architecture="x",
        system="y",
        python="z",
        compiler=None,
    )
    lines = list(machine_lines(machine, in_use="portable", versions={"zlib": "1"}))
    assert lines[1] == "features: pclmulqdq FEAT_PMULL rv64imac_zbc_zbs avx512vl"
    assert "A CPU" in lines[0]
    assert lines[-1] == "versions: zlib 1"
