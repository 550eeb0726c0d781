"""Races checksum functions: the measuring loop, and what it finds as values.

Contenders take turns, so that a machine that slows down does so for all of them; every figure is
a median of the turns, and a ratio the median of the turns' own ratios.  A time is that of a call
from Python, so below ``CALL_BOUND`` bytes it says more about the call than about the checksum.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING

from intact.adapters.peers import PUBLIC, Contender, Kind, LeftOut, Why
from intact.checksum import Algorithm, new
from intact.checksum.encoding import crc_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from intact.adapters.ports import Progress

    Clock = Callable[[], int]
    """Nanoseconds since some fixed moment."""

SIZES = (*(8, 64, 256), *(1 << n for n in (10, 12, 14, 16, 18, 20, 22, 24, 28)))
"""Bytes: from less than a cache line to more than any cache."""
CALL_BOUND = 4096
"""Bytes below which the cost of a Python call dominates the time of the fast contenders."""
TURN = 2_000_000
"""Nanoseconds that a turn of a contender lasts about, or one call where that takes longer."""
LONGEST = 1_000_000_000
"""Nanoseconds that one call may be expected to take."""
FEWEST = 3
"""Turns that are taken even when the time is up: fewer have no spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One contender at one size; ``samples`` are the nanoseconds a call took in each turn."""

    name: str
    kind: Kind
    algorithm: Algorithm
    size: int
    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        """Nanoseconds per call."""
        return statistics.median(self.samples)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a fraction of the median."""
        low, _, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return (high - low) / 2 / self.median

    @property
    def rate(self) -> float:
        """Bytes per second."""
        return self.size / self.median * 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All timings, in the order of the races, and who was left out."""

    timings: tuple[Timing, ...]
    left_out: tuple[LeftOut, ...]

    def races(self) -> Mapping[Algorithm, Mapping[int, Sequence[Timing]]]:
        """Timings by algorithm and size."""
        races: dict[Algorithm, dict[int, list[Timing]]] = {}
        for timing in self.timings:
            races.setdefault(timing.algorithm, {}).setdefault(timing.size, []).append(timing)
        return races

    def disagrees(self) -> bool:
        """Whether somebody returned another value than we did, one of our kernels included."""
        return any(left.why is Why.DISAGREES for left in self.left_out)


def fastest_peer(race: Iterable[Timing]) -> Timing | None:
    """Whoever computes the same checksum in the least time, ourselves apart."""
    peers = [timing for timing in race if timing.kind is Kind.PEER]
    return min(peers, key=lambda timing: timing.median, default=None)


def speedup(own: Timing, other: Timing) -> float:
    """How many times as long the other takes; both have run in the same race."""
    return statistics.median(b / a for a, b in zip(own.samples, other.samples, strict=True))


def sample(size: int) -> bytes:
    """Bytes to sum; what they are makes no difference to any contender."""
    return (bytes(range(256)) * (size // 256 + 1))[:size]


@dataclass(slots=True, kw_only=True)
class Bench:
    """The measuring loop.

    Attributes:
        contenders: Everyone, for all algorithms; anchors run in every race.
        turns: Turns of each race, unless time runs out before.
        seconds: Time for all races; each gets an equal share of what is left.
        clock: Where the time comes from.
    """

    contenders: Sequence[Contender]
    turns: int
    seconds: float
    clock: Clock
    _left_out: list[LeftOut] = field(default_factory=list)
    _pace: dict[tuple[Algorithm, str], float] = field(default_factory=dict)

    def run(
        self, algorithms: Sequence[Algorithm], *, sizes: Iterable[int], progress: Progress
    ) -> Results:
        """Race at every size, small ones first."""
        races = [(size, algorithm) for size in sorted(sizes) for algorithm in algorithms]
        progress.phase("measuring", total=len(races))
        timings: list[Timing] = []
        end = self.clock() + int(self.seconds * 1e9)
        for done, (size, algorithm) in enumerate(races):
            data = sample(size)
            admitted = self._admit(data, algorithm=algorithm)
            now = self.clock()
            until = now + (end - now) // (len(races) - done)
            timings += self._race(admitted, data, algorithm=algorithm, until=until)
            progress.advance()
        return Results(timings=tuple(timings), left_out=tuple(self._left_out))

    def _admit(self, data: bytes, *, algorithm: Algorithm) -> list[Contender]:
        """Everyone who returns the right value for these bytes within reasonable time."""
        barred = {left.name for left in self._left_out if left.algorithm is algorithm}
        admitted, expected = [], {}
        for contender in self.contenders:
            computes = contender.algorithm
            if contender.name in barred or (computes in PUBLIC and computes is not algorithm):
                continue
            if computes not in expected:
                expected[computes] = crc_of(new(computes, data).digest())
            found = self._objection(contender, data, race=algorithm, expected=expected[computes])
            if found is None:
                admitted.append(contender)
            else:
                why, detail = found
                self._left_out.append(
                    LeftOut(
                        name=contender.name,
                        why=why,
                        detail=detail,
                        algorithm=algorithm,
                        size=len(data),
                    )
                )
        return admitted

    def _objection(
        self, contender: Contender, data: bytes, *, race: Algorithm, expected: int
    ) -> tuple[Why, str] | None:
        wait = self._pace.get((race, contender.name), 0) * len(data)
        if wait > LONGEST:
            return Why.TOO_SLOW, f"a call would take about {wait / 1e9:.0f} s"
        try:
            value = contender.function(data)
        except Exception as error:  # noqa: BLE001 - whatever somebody else's function raises
            return Why.RAISED, repr(error)
        number = crc_of(value) if isinstance(value, bytes) else value
        return None if number == expected else (Why.DISAGREES, f"{number:x}, not {expected:x}")

    def _race(
        self, admitted: Sequence[Contender], data: bytes, *, algorithm: Algorithm, until: int
    ) -> list[Timing]:
        calls = [max(1, int(TURN / max(1, self._time(one, data, calls=1)))) for one in admitted]
        samples: list[list[float]] = [[] for _ in admitted]
        lanes = list(zip(admitted, calls, samples, strict=True))
        for turn in range(self.turns):
            if turn >= FEWEST and self.clock() >= until:
                break
            for contender, times, taken in lanes[:: -1 if turn % 2 else 1]:
                taken.append(self._time(contender, data, calls=times))
        timings = [
            Timing(
                name=contender.name,
                kind=contender.kind,
                algorithm=algorithm,
                size=len(data),
                samples=tuple(taken),
            )
            for contender, _, taken in lanes
        ]
        self._pace |= {(algorithm, one.name): one.median / len(data) for one in timings}
        return timings

    def _time(self, contender: Contender, data: bytes, *, calls: int) -> float:
        function, turns = contender.function, repeat(None, calls)
        start = self.clock()
        for _ in turns:
            function(data)
        return (self.clock() - start) / calls
