"""What a call costs whose work is small: sums of a few bytes, updates, combinations.

``python benchmarks/bench_calls.py`` prints a table.  Each row sets a call beside another that
takes turns with it: a function in C that does nothing but return, or what awscrt offers.
"""

import statistics
import timeit
from collections.abc import Iterator
from typing import Any

import awscrt.checksums as awscrt  # type: ignore[import-untyped]

from benchmarks.bench_kernels import built_floor
from intact import _native

TURNS = 101
BATCH = [bytes([i]) * 64 for i in range(100)]
PARTS = [(i, 8 << 20) for i in range(100)]
SUMS = "for x in many: one(x)"
JOINS = "total = 0\nfor part in parts: total = one(total, *part)"

Call = tuple[str, str, dict[str, Any]]  # what it is called here, a statement and its names


def rows() -> Iterator[tuple[Call, Call]]:
    """A call of intact and one to set beside it."""
    floor = built_floor()
    one, combine = _native.crc64nvme, _native.crc64nvme_combine
    for size in (8, 16, 32, 64):
        names = {"x": bytes(size), "nothing": floor.nothing, "integer": floor.integer}
        names |= {"one": one, "update": _native.Crc64Nvme().update, "awscrt": awscrt.crc64nvme}
        own = (f"crc64nvme of {size} bytes", "one(x)", names)
        yield own, ("C, an integer", "integer(x)", names)
        yield own, ("awscrt", "awscrt(x)", names)
        yield (f"update with {size} bytes", "update(x)", names), ("C, nothing", "nothing(x)", names)
    names = {"many": BATCH, "all": _native.crc64nvme_many, "one": one}
    yield ("100 times 64 bytes, many", "all(many)", names), ("one by one", SUMS, names)
    for size in (1, 8 << 10, 8 << 20, 10**9 + 7, 5_500_000_000_000):
        names = {"x": size, "combine": combine, "awscrt": awscrt.combine_crc64nvme}
        own = (f"combine, {size} bytes", "combine(1, 2, x)", names)
        yield own, ("awscrt", "awscrt(1, 2, x)", names)
    names = {"parts": PARTS, "all": _native.crc64nvme_combine_many, "one": combine}
    yield ("100 parts, combine_many", "all(parts)", names), ("one by one", JOINS, names)


def main() -> None:
    """Print one line per row: medians, and the median of the turns' ratios."""
    print("| call | ns | beside | ns | ratio |\n| --- | ---: | --- | ---: | ---: |")
    for calls in rows():
        timers = [timeit.Timer(statement, globals=names) for _, statement, names in calls]
        count = max(1, int(1e-3 / timers[0].timeit(10) * 10))
        turns = [[timer.timeit(count) / count * 1e9 for timer in timers] for _ in range(TURNS)]
        own, other = (statistics.median(side) for side in zip(*turns, strict=True))
        ratio = statistics.median(other / own for own, other in turns)
        print(f"| {calls[0][0]} | {own:.0f} | {calls[1][0]} | {other:.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
