"""Extrapolated numbers: bounds hold their guess, grow with the list, and end where all is known."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch.span import Span, share, total, unseen

if TYPE_CHECKING:
    from collections.abc import Sequence

amounts = st.lists(st.floats(0, 1e12, allow_nan=False), min_size=1, max_size=30)
NOTHING = Span.exactly(0)


def ordered(span: Span) -> bool:
    known = [end for end in (span.low, span.likely, span.high) if end is not None]
    return all(one <= other * (1 + 1e-9) + 1e-9 for one, other in itertools.pairwise(known))


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 10**9))
def test_a_share_lies_between_its_bounds(count: int, others: int, more: int) -> None:
    found = share(count, sample=count + others, population=count + others + more)
    assert ordered(found)
    assert found.low >= 0
    assert found.high is not None
    assert found.high <= 1
    if not more and count + others:
        assert found == Span.exactly(count / (count + others))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=6), st.integers(0, 10**6))
def test_shares_of_a_whole_sum_to_one(counts: list[int], more: int) -> None:
    sample = sum(counts)
    found = [share(count, sample=sample, population=sample + more) for count in counts]
    if sample:
        assert sum(part.likely or 0 for part in found) == pytest.approx(1)
    elif more:
        assert {(part.low, part.likely, part.high) for part in found} == {(0, None, 1)}


def test_what_nobody_was_asked_about_is_neither_none_nor_all() -> None:
    assert share(0, sample=0, population=5) == Span(low=0, likely=None, high=1)
    assert share(0, sample=0, population=0) == NOTHING


def test_a_share_is_that_of_wilson() -> None:
    found = share(81, sample=263, population=10**12)  # R. G. Newcombe (1998), method 3
    assert found.low == pytest.approx(0.2553, abs=1e-4)
    assert found.high == pytest.approx(0.3662, abs=1e-4)


def test_what_a_sample_missed_is_bounded_by_the_rule_of_three() -> None:
    assert unseen(300, population=10**9) == pytest.approx(3 / 300, rel=0.01)
    assert unseen(300, population=300) == 0
    assert unseen(0, population=5) == 1
    assert unseen(4, population=5) == pytest.approx(1 / 5)


@given(amounts, st.integers(0, 10**6), st.floats(0, 10))
def test_a_sum_lies_between_its_bounds_and_grows_with_the_list(
    values: list[float], more: int, most: float
) -> None:
    less = total(values, population=len(values) + more, most=most)
    greater = total(values, population=len(values) + more + 1, most=most)
    assert ordered(less)
    assert less.low >= sum(values) * (1 - 1e-9)
    for one, other in zip(ends(less), ends(greater), strict=True):
        if one is not None and other is not None:
            assert one <= other * (1 + 1e-9)


def ends(span: Span) -> Sequence[float | None]:
    return (span.low, span.likely, span.high)


def test_a_sum_over_all_is_known() -> None:
    assert total([1, 2], population=2) == Span.exactly(3)
    assert total([], population=0) == NOTHING
    assert total([], population=7) == Span.at_least(0)


def test_one_object_tells_no_spread() -> None:
    assert total([2], population=10) == Span(low=2, likely=20, high=None)


def test_what_goes_with_sizes_is_as_sure_as_the_sum_of_the_sizes() -> None:
    alike = {"sizes": [1.0, 10.0, 100.0], "size": 1e6}
    found = total([2, 20, 200], population=10**4, **alike)  # type: ignore[arg-type] # fields
    assert (found.low, found.likely) == pytest.approx((2e6, 2e6))
    loose = total([2, 20, 200], population=10**4)
    assert loose.low < found.low
    assert total([1], population=2, sizes=[0], size=5) == total([1], population=2)


@given(st.integers(0, 3), st.integers(0, 3))
def test_none_of_anything_is_nothing_and_unknown_is_contagious(one: int, other: int) -> None:
    unknown = Span.at_least(one)
    assert unknown.times(NOTHING) == NOTHING.times(unknown) == NOTHING
    assert unknown + Span.exactly(other) == Span.at_least(one + other)
    assert Span.exactly(one).times(Span.exactly(other)) == Span.exactly(one * other)
    assert (Span.exactly(one) + Span.exactly(other)) == Span.exactly(one + other)
    assert unknown.times(Span.exactly(1)).high is None
