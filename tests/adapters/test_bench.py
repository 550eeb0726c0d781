"""The measuring loop, under a clock that only the contenders move."""

from __future__ import annotations

from zlib import crc32

import pytest

from intact.adapters.bench import (
    FEWEST,
    LONGEST,
    SIZES,
    TURN,
    Bench,
    Results,
    Timing,
    fastest_peer,
    sample,
    speedup,
)
from intact.adapters.peers import Contender, Kind, Why
from intact.checksum import Algorithm, new


class Clock:
    """Nanoseconds that pass only when someone spends them."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


class Steps:
    """Counts what it hears."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.steps = 0

    def phase(self, name: str, *, total: int | None = None) -> None:
        assert name
        self.total = total

    def advance(self) -> None:
        self.steps += 1


class Paced:
    """A right function that takes so many nanoseconds a call and so many more a byte."""

    def __init__(self, clock: Clock, *, call: int = 100, byte: int = 0, wrong_at: int = -1) -> None:
        self.clock, self.call, self.byte, self.wrong_at = clock, call, byte, wrong_at
        self.seen: list[int] = []

    def __call__(self, data: bytes) -> int:
        self.clock.now += self.call + self.byte * len(data)
        self.seen.append(len(data))
        return crc32(data) ^ (len(data) == self.wrong_at)


def entry(name: str, function: Paced, *, kind: Kind = Kind.PEER) -> Contender:
    return Contender(name=name, kind=kind, algorithm=Algorithm.CRC32, function=function)


def race(
    *contenders: Contender,
    clock: Clock,
    sizes: tuple[int, ...] = (8, 64),
    turns: int = 3,
    seconds: float = 1e9,
) -> Results:
    bench = Bench(contenders=contenders, turns=turns, seconds=seconds, clock=clock)
    return bench.run([Algorithm.CRC32], sizes=sizes, progress=Steps())


def timing(*samples: float, size: int = 1000, kind: Kind = Kind.PEER, name: str = "x") -> Timing:
    return Timing(name=name, kind=kind, algorithm=Algorithm.CRC32, size=size, samples=samples)


def test_medians_are_what_a_call_takes() -> None:
    clock = Clock()
    fast, slow = Paced(clock, call=100, byte=1), Paced(clock, call=50, byte=3)
    results = race(entry("fast", fast, kind=Kind.PUBLIC), entry("slow", slow), clock=clock)
    medians = {(one.name, one.size): one.median for one in results.timings}
    assert medians == {
        ("fast", 8): 108,
        ("slow", 8): 74,
        ("fast", 64): 164,
        ("slow", 64): 242,
    }
    assert not results.left_out
    assert {one.spread for one in results.timings} == {0}


def test_contenders_take_turns_in_alternating_order() -> None:
    clock = Clock()
    order: list[str] = []

    class Named(Paced):
        def __call__(self, data: bytes) -> int:
            order.append(str(self.call)[0])
            return super().__call__(data)

    a, b = Named(clock, call=TURN), Named(clock, call=2 * TURN)
    race(entry("a", a), entry("b", b), clock=clock, sizes=(8,))
    check, calibrate = ["2", "4"], ["2", "4"]
    assert order == [*check, *calibrate, "2", "4", "4", "2", "2", "4"]


def test_a_turn_lasts_about_as_long_for_everyone() -> None:
    clock = Clock()
    quick, long = Paced(clock, call=TURN // 100), Paced(clock, call=5 * TURN)
    race(entry("quick", quick), entry("long", long), clock=clock, sizes=(8,), turns=4)
    assert len(quick.seen) == 2 + 4 * 100
    assert len(long.seen) == 2 + 4


def test_turns_end_with_the_time_but_are_never_too_few_for_a_spread() -> None:
    clock = Clock()
    results = race(entry("a", Paced(clock)), clock=clock, turns=50, seconds=0)
    assert {len(one.samples) for one in results.timings} == {FEWEST}
    enough = race(entry("a", Paced(clock)), clock=clock, turns=50, seconds=0.04)
    assert all(FEWEST < len(one.samples) < 50 for one in enough.timings)


def test_who_disagrees_is_named_and_not_timed_from_there_on() -> None:
    clock = Clock()
    liar = Paced(clock, wrong_at=64)
    results = race(
        entry("liar", liar), entry("right", Paced(clock)), clock=clock, sizes=(8, 64, 256)
    )
    assert [(left.name, left.why, left.size) for left in results.left_out] == [
        ("liar", Why.DISAGREES, 64)
    ]
    assert results.disagrees()
    assert liar.seen.count(64) == 1
    assert 256 not in liar.seen
    assert [one.size for one in results.timings if one.name == "right"] == [8, 64, 256]


def test_who_raises_is_named_and_does_not_stop_the_others() -> None:
    clock = Clock()

    def fail(data: bytes) -> int:
        raise OverflowError(len(data))

    failing = Contender(name="f", kind=Kind.PEER, algorithm=Algorithm.CRC32, function=fail)
    results = race(failing, entry("right", Paced(clock)), clock=clock)
    assert [(left.why, left.detail) for left in results.left_out] == [
        (Why.RAISED, "OverflowError(8)")
    ]
    assert not results.disagrees()
    assert {one.name for one in results.timings} == {"right"}


def test_nobody_is_waited_for_too_long() -> None:
    clock = Clock()
    crawling = Paced(clock, call=0, byte=LONGEST // 100)
    results = race(entry("crawling", crawling), clock=clock, sizes=(8, 64, 256, 1024))
    assert [(left.why, left.size) for left in results.left_out] == [(Why.TOO_SLOW, 256)]
    assert set(crawling.seen) == {8, 64}


def test_only_anchors_run_beside_another_algorithm() -> None:
    clock = Clock()
    other = Contender(
        name="other",
        kind=Kind.PEER,
        algorithm=Algorithm.CRC32C,
        function=lambda _: pytest.fail("not in this race"),
    )

    def sha256(data: bytes) -> bytes:
        clock.now += TURN
        return new("SHA256", data).digest()

    anchor = Contender(name="sha", kind=Kind.ANCHOR, algorithm=Algorithm.SHA256, function=sha256)
    results = race(other, anchor, entry("right", Paced(clock)), clock=clock)
    assert {one.name for one in results.timings} == {"sha", "right"}
    assert {one.algorithm for one in results.timings} == {Algorithm.CRC32}


def test_progress_hears_of_every_race() -> None:
    clock, steps = Clock(), Steps()
    bench = Bench(contenders=[entry("a", Paced(clock))], turns=3, seconds=1, clock=clock)
    bench.run([Algorithm.CRC32], sizes=[8, 64, 256], progress=steps)
    assert (steps.total, steps.steps) == (3, 3)


def test_rate_and_spread_are_those_of_the_samples() -> None:
    one = timing(90, 100, 110, 80, 120)
    assert one.median == 100
    assert one.rate == 1e10
    assert one.spread == pytest.approx(0.1)


def test_the_speedup_is_taken_turn_by_turn() -> None:
    assert speedup(timing(1, 10, 100), timing(2, 20, 200)) == 2


def test_the_fastest_peer_is_neither_we_nor_an_anchor() -> None:
    ours = [timing(1, kind=kind, name=kind.value) for kind in Kind if kind is not Kind.PEER]
    assert fastest_peer(ours) is None
    field = [*ours, timing(5, name="slow"), timing(4, name="fast")]
    assert fastest_peer(field) == field[-1]


@pytest.mark.parametrize("size", [size for size in SIZES if size <= 1 << 20])
def test_samples_are_of_their_size(size: int) -> None:
    assert len(sample(size)) == size
