"""Terms of reading: the same sample every time, and never a byte above the budget."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.terms import ReadTerms
from intact.errors import UsageError
from intact.s3 import ObjectRef

REFS = [ObjectRef(bucket="copies", key=f"key {number}") for number in range(2000)]


def test_the_same_sample_is_drawn_again_and_another_audit_draws_another() -> None:
    first, again, other = (
        [ref for ref in REFS if ReadTerms(fraction=0.25, subject=subject).samples(ref)]
        for subject in ("job 1", "job 1", "job 2")
    )
    assert first == again != other
    assert 400 < len(first) < 600


def test_a_larger_sample_holds_the_smaller_one() -> None:
    small, large = (
        {ref for ref in REFS if ReadTerms(fraction=fraction).samples(ref)}
        for fraction in (0.1, 0.2)
    )
    assert small < large


def test_all_of_them_are_a_sample_too() -> None:
    assert all(ReadTerms().samples(ref) for ref in REFS)


def test_what_is_outside_the_sample_is_withheld_and_costs_nothing() -> None:
    terms = ReadTerms(fraction=0.5, budget=len(REFS))
    refused = [terms.refuse(ref, size=1) for ref in REFS]
    assert [each is None for each in refused] == [terms.samples(ref) for ref in REFS]
    assert {each.terms for each in refused if each} == {"outside the sample of 0.5"}


@given(st.lists(st.integers(0, 20)), st.integers(0, 100))
def test_no_more_than_the_budget_is_granted(sizes: list[int], budget: int) -> None:
    terms = ReadTerms(budget=budget)
    granted = [size for size in sizes if terms.refuse(REFS[0], size=size) is None]
    assert sum(granted) <= budget
    refused = terms.refuse(REFS[0], size=budget - sum(granted) + 1)
    assert refused is not None
    assert f"budget of {budget} bytes" in refused.terms


def test_threads_share_one_budget() -> None:
    terms = ReadTerms(budget=1000)
    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(lambda _: terms.refuse(REFS[0], size=1) is None, range(4000)))
    assert sum(granted) == 1000


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.1, float("nan")])
def test_a_fraction_that_is_none_is_refused(fraction: float) -> None:
    with pytest.raises(UsageError, match="sample is"):
        ReadTerms(fraction=fraction)


def test_a_budget_below_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="budget is -1"):
        ReadTerms(budget=-1)
