"""The cases of bench_kernels.py for pytest-benchmark, which compares runs over time."""

from typing import Any

import pytest

from benchmarks.bench_kernels import PUBLIC, contenders, sample

CASES = [(algorithm, name) for algorithm in PUBLIC for name in contenders(algorithm)]


@pytest.mark.parametrize("size", [64, 4 << 10, 1 << 20])
@pytest.mark.parametrize(("algorithm", "contender"), CASES)
def test_checksum(benchmark: Any, algorithm: str, contender: str, size: int) -> None:  # noqa: ANN401 - untyped fixture
    """One contender at one size."""
    benchmark.group = f"{algorithm}, {size} bytes"
    benchmark(contenders(algorithm)[contender], sample(size))
