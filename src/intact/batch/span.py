"""Numbers that are not known exactly: of a list of objects, as a sample of them tells.

Intervals hold in 95 of 100 samples.  Shares: E. B. Wilson, "Probable Inference, the Law of
Succession, and Statistical Inference" (1927).  Sums: the normal interval of a mean, or of a ratio
where the sum of sizes is known (W. G. Cochran, "Sampling Techniques", chapters 2 and 6), narrowed
by the part of the list that was sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

_Z = 1.959964
"""Standard errors on either side of a normal mean that hold 95 % of it."""
_MISSED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A number of 0 or more.

    Attributes:
        low: It is no less.
        likely: The best guess; None where nobody can say.
        high: It is no more; None where nobody can say.
    """

    low: float
    likely: float | None
    high: float | None

    @classmethod
    def exactly(cls, number: float) -> Self:
        """Return what is known."""
        return cls(low=number, likely=number, high=number)

    @classmethod
    def at_least(cls, number: float) -> Self:
        """Return that of which only a bound is known."""
        return cls(low=number, likely=None, high=None)

    def __add__(self, other: Span) -> Span:
        """Return the sum; unknown where either is."""
        return Span(
            low=self.low + other.low,
            likely=_sum(self.likely, other.likely),
            high=_sum(self.high, other.high),
        )

    def times(self, factor: Span) -> Span:
        """Return the product; none of anything is nothing, known or not."""
        return Span(
            low=self.low * factor.low,
            likely=_product(self.likely, factor.likely),
            high=_product(self.high, factor.high),
        )


def share(count: int, *, sample: int, population: int) -> Span:
    """Which part of a list is of a kind that ``count`` of a sample of it are.

    Args:
        count: Of the sample, of this kind.
        sample: Sampled; all of the list where it is as long.
        population: The list.
    """
    if not sample:
        return Span(low=0.0, likely=None, high=1.0) if population else Span.exactly(0.0)
    found = count / sample
    if sample >= population:
        return Span.exactly(found)
    square = _Z * _Z / sample
    middle = (found + square / 2) / (1 + square)
    half = _Z * sqrt(found * (1 - found) / sample + square / (4 * sample)) / (1 + square)
    seen, unseen = count / population, (sample - count) / population
    return Span(
        low=max(seen, min(found, middle - half)),
        likely=found,
        high=min(1 - unseen, max(found, middle + half)),
    )


def unseen(sample: int, *, population: int) -> float:
    """Largest share of a list that a sample may have missed altogether, in 95 of 100 samples.

    It is 3 / ``sample`` for large samples: the rule of three.
    """
    if sample >= population:
        return 0.0
    return 1.0 if not sample else min(1 - sample / population, -log(_MISSED) / sample)


def total(
    values: Sequence[float],
    *,
    population: int,
    sizes: Sequence[float] | None = None,
    size: float | None = None,
    most: float = 0.0,
) -> Span:
    """Sum over a list of what was found for a sample of it.

    Args:
        values: One for each object of the sample, 0 or more.
        population: Objects of the list; at least the sample.
        sizes: Something that is known of the whole list and goes with the values, for the sample.
        size: The sum of that over the list.
        most: What an object of a kind that the sample missed may add; no less than any value.
    """
    if not values:
        return Span.at_least(0.0) if population else Span.exactly(0.0)
    count, seen = len(values), float(sum(values))
    if sizes is not None and size is not None and sum(sizes) > 0:
        slope = seen / sum(sizes)
        likely = slope * size
        residuals = [value - slope * known for value, known in zip(values, sizes, strict=True)]
    else:
        likely = seen / count * population
        residuals = [value - seen / count for value in values]
    likely = max(likely, seen)
    if count >= population:
        return Span.exactly(seen)
    if count == 1:
        return Span(low=seen, likely=likely, high=None)
    spread = sqrt(sum(residual * residual for residual in residuals) / (count - 1))
    half = _Z * spread * population * sqrt((1 - count / population) / count)
    missed = unseen(count, population=population) * population * max(most, *values)
    return Span(low=max(seen, likely - half), likely=likely, high=likely + half + missed)


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _product(one: float | None, other: float | None) -> float | None:
    if 0 in {one, other}:
        return 0.0
    return None if one is None or other is None else one * other
