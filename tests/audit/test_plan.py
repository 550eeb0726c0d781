"""Plans: nothing unknown counts as proven, more never costs less, and the cheapest way that
proves all is the one that is recommended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import intact.batch
from intact.audit import Absent, Evidence, Level, Policy, Reason, Unreadable, Window
from intact.audit.forecast import Trait, Way
from intact.audit.plan import Option, Recommendation, options, recommend
from intact.audit.sampled import Means, Measured, Sampled, Terms
from intact.batch.cost import Prices
from intact.batch.rates import Rates
from intact.batch.span import Span
from intact.checksum import Algorithm
from tests.worlds import BEGIN, END, composed, cut, facts, full

if TYPE_CHECKING:
    from intact.s3 import ObjectFacts

BESIDE = Path(intact.batch.__file__).parent
PRICES = Prices.parse((BESIDE / "prices.json").read_bytes())
PRICED = replace(PRICES, gigabyte_computed=Decimal("0.01"))
RATES = Rates.parse((BESIDE / "rates.json").read_bytes())
UNKNOWN_RATES = Rates(**dict.fromkeys(Rates.__slots__))
CRC, SHA = Algorithm.CRC64NVME, Algorithm.SHA256
BODY = b"abcdef"
POLICY = Policy(reported=False, versioned=False, window=Window(begin=BEGIN, end=END))
MEANS = Means(workers=16, processes=1, processors=1, executors=2, memory=2 * 10**9, job=True)
TERMS = Terms(policy=POLICY, means=MEANS, rates=RATES, prices=PRICES)
MEASURED = Measured(
    alone=0.03, latency=Span(low=0.02, likely=0.03, high=0.05), rate=500.0, workers=16
)


def pair(source: ObjectFacts, destination: ObjectFacts) -> Evidence:
    written = destination.last_modified + timedelta(minutes=1)
    return Evidence(source=source, destination=replace(destination, last_modified=written))


COMPARABLE = pair(facts(BODY, full(BODY, CRC)), facts(BODY, full(BODY, CRC)))
BARE = pair(facts(BODY), facts(BODY, full(BODY, CRC)))
COMPOSITE = pair(facts(BODY, composed(cut(BODY, SHA, 3, 3))), facts(BODY, full(BODY, SHA)))
FROZEN = pair(replace(facts(BODY), archived=True), facts(BODY))
GONE = Evidence(source=facts(BODY), destination=Absent(detail="404"))
SILENT = Evidence(source=Unreadable(problem="400"), destination=facts(BODY))
KINDS = [COMPARABLE, BARE, COMPOSITE, FROZEN, GONE, SILENT]


def sampled(*seen: Evidence, objects: int | None = None, **members: Any) -> Sampled:  # noqa: ANN401
    given: dict[str, Any] = {"malformed": 0, "size": None, "measured": MEASURED}
    count = len(seen) if objects is None else objects
    return Sampled(objects=count, seen=seen, **given | members)


def planned(known: Sampled, **terms: Any) -> dict[Way, Option]:  # noqa: ANN401 - fields of Terms
    return {option.way: option for option in options(known, replace(TERMS, **terms))}


def advice(known: Sampled, **terms: Any) -> Recommendation:  # noqa: ANN401 - as above
    return recommend(list(planned(known, **terms).values()))


def ways(found: Recommendation) -> list[Way]:
    return [step.option.way for step in found.steps]


EVERY_WAY = settings(deadline=None, max_examples=20)  # each example plans eleven ways
samples = st.lists(st.sampled_from(KINDS), max_size=5).map(tuple)
required = st.sampled_from([level for level in Level if level.value >= Level.RECORDED.value])


@EVERY_WAY
@given(samples, st.integers(0, 10**9), required)
def test_proven_wrong_and_open_are_the_whole(
    seen: tuple[Evidence, ...], more: int, require: Level
) -> None:
    known = sampled(*seen, objects=len(seen) + more)
    for option in planned(known, policy=replace(POLICY, require=require)).values():
        parts = (option.proven, option.wrong, option.open)
        if seen:
            assert sum(part.likely or 0 for part in parts) == pytest.approx(1)
            assert option.levels.total() + option.reasons.total() == len(seen)
        elif more:
            assert [part.likely for part in parts] == [None] * 3
        assert all(level.value >= require.value for level in option.levels)


@EVERY_WAY
@given(samples, st.integers(0, 10**9))
def test_more_objects_never_cost_less(seen: tuple[Evidence, ...], more: int) -> None:
    some = planned(sampled(*seen, objects=len(seen) + more), prices=PRICED)
    others = planned(sampled(*seen, objects=len(seen) + more + 1000), prices=PRICED)
    for way in Way:
        for name in ("money", "requests", "read", "computed", "tasks", "seconds"):
            less, greater = getattr(some[way], name), getattr(others[way], name)
            for end in ("low", "likely", "high"):
                one, other = getattr(less, end), getattr(greater, end)
                if one is not None and other is not None:
                    assert one <= other * (1 + 1e-9) + 1e-9, (way, name, end)


@EVERY_WAY
@given(samples, st.integers(1, 10**9))
def test_what_could_not_be_asked_about_is_proven_by_no_way(
    seen: tuple[Evidence, ...], more: int
) -> None:
    silent = sampled(SILENT, *seen, objects=len(seen) + more)
    for option in planned(silent).values():
        assert 0 not in option.proves
        assert option.proven.likely is not None
        assert option.proven.likely < 1
        assert Reason.SOURCE_UNREADABLE in option.reasons or option.way.files


@EVERY_WAY
@given(samples)
def test_every_number_lies_between_its_bounds(seen: tuple[Evidence, ...]) -> None:
    for measured in (MEASURED, None):
        known = sampled(*seen, objects=len(seen) + 10**6, measured=measured, size=10**12)
        for option in planned(known, prices=PRICED).values():
            for name in ("money", "requests", "read", "computed", "tasks", "seconds", "proven"):
                span = getattr(option, name)
                known_ends = [end for end in (span.low, span.likely, span.high) if end is not None]
                assert sorted(known_ends) == pytest.approx(known_ends), (option.way, name)


def test_the_cheapest_way_that_proves_all_is_recommended() -> None:
    many = sampled(*[COMPARABLE] * 100, objects=10**7)
    assert ways(advice(many)) == [Way.LEAN]
    assert ways(advice(many, policy=replace(POLICY, require=Level.READ))) == [Way.READ_MISSING]
    assert ways(advice(many, policy=replace(POLICY, require=Level.COMPUTED), prices=PRICED)) == [
        Way.READ_MISSING  # bytes cost nothing within a Region
    ]
    outside = replace(PRICED, gigabyte_transferred=Decimal("0.09"))
    large = replace(POLICY, require=Level.COMPUTED)
    big = facts(BODY, full(BODY, CRC))
    heavy = pair(replace(big, size=10**9), replace(big, size=10**9))
    found = advice(sampled(*[heavy] * 100, objects=10**6), policy=large, prices=outside)
    assert ways(found) == [Way.OFFLINE_INVENTORY]
    named = pair(replace(big, size=10**9, version_id="v"), replace(big, size=10**9))
    found = advice(
        sampled(*[named] * 100, objects=10**6),
        policy=replace(large, versioned=True),
        prices=outside,
    )
    assert ways(found) == [Way.OFFLINE]


def test_what_heads_leave_is_left_to_jobs_or_to_reading() -> None:
    mixed = sampled(*[COMPARABLE] * 95, *[BARE] * 5, objects=10**6)
    assert ways(advice(mixed)) == [Way.READ_MISSING]
    dear = replace(PRICED, gigabyte_transferred=Decimal(10**9))
    assert ways(advice(mixed, prices=dear)) == [Way.RETRY]
    found = planned(mixed, prices=dear)
    assert found[Way.LEAN].proven.likely == 0.95
    assert found[Way.RETRY].proven.likely == 1
    assert found[Way.LEAN].reasons == {Reason.NOTHING_COMPARABLE: 5}


def test_a_way_of_unknown_price_is_named_with_the_price_at_which_it_would_do() -> None:
    dear = replace(PRICES, gigabyte_transferred=Decimal(10**6))
    found = advice(sampled(*[BARE] * 10, objects=10**6), prices=dear)
    assert ways(found) == [Way.READ_MISSING]
    rivals = dict(found.rivals)
    price = rivals[Way.RETRY]
    assert price is not None
    at = planned(
        sampled(*[BARE] * 10, objects=10**6), prices=replace(dear, gigabyte_computed=price)
    )
    assert at[Way.RETRY].money.likely == pytest.approx(at[Way.READ_MISSING].money.likely)
    assert rivals[Way.INVOKED] is None  # nobody knows how long the function runs


def test_where_all_prices_are_unknown_the_known_part_decides_and_is_said_to_be_unknown() -> None:
    found = advice(sampled(*[FROZEN] * 10, objects=1000))
    assert ways(found) == [Way.OFFLINE_INVENTORY]
    assert found.steps[0].option.money.likely is None
    assert (Way.COMPUTED, None) in found.rivals
    assert Way.OFFLINE_INVENTORY not in dict(found.rivals)


def test_of_equal_price_the_faster_way_is_recommended() -> None:
    many = sampled(*[COMPARABLE] * 40, objects=10**7)
    found = planned(many)
    assert found[Way.BOTO3].money == found[Way.LEAN].money
    assert (found[Way.BOTO3].seconds.likely or 0) > (found[Way.LEAN].seconds.likely or 0)


def test_several_ways_are_recommended_where_none_proves_all() -> None:
    by_read = pair(facts(BODY), replace(facts(BODY), encryption="SSE-C"))
    found = advice(sampled(by_read, FROZEN, GONE, objects=1000), prices=PRICED)
    assert ways(found) == [Way.READ_MISSING, Way.OFFLINE_INVENTORY]
    assert [step.proves for step in found.steps] == [1, 1]
    assert found.unproven == 1
    assert found.rivals == ()


def test_nothing_is_recommended_where_nothing_can_be_proven() -> None:
    assert advice(sampled(SILENT, GONE, objects=9)) == Recommendation(
        steps=(), unproven=2, rivals=()
    )
    assert advice(sampled(objects=9, measured=None)).steps == ()


def test_ways_that_need_a_job_are_not_recommended_without_one() -> None:
    found = planned(sampled(COMPARABLE), means=replace(MEANS, job=False))
    unable = {way for way, option in found.items() if not option.available}
    assert unable == {Way.SPARK, Way.SPARK_ONLINE, Way.INVOKED}
    assert ways(recommend([found[Way.SPARK_ONLINE]])) == []


def test_ten_million_heads_cost_what_the_price_list_says_sampled_or_not() -> None:
    ten = 10**7
    for known in (sampled(*[COMPARABLE] * 50, objects=ten), sampled(objects=ten, measured=None)):
        assert planned(known)[Way.LEAN].money.likely == 8.0
        assert planned(known)[Way.LEAN].requests.likely == 2 * ten


def test_without_a_sample_all_that_is_known_is_counts_sizes_and_prices() -> None:
    found = planned(sampled(objects=1000, size=2**30, measured=None), prices=PRICED)
    assert found[Way.OFFLINE].computed == Span.exactly(2.0 * 2**30)
    assert found[Way.OFFLINE].money.likely == pytest.approx(0.25 * 2 + 0.002 + 0.02)
    assert found[Way.OFFLINE_INVENTORY].money.likely == pytest.approx(0.5220056)
    assert found[Way.READ_ALL].read == Span.exactly(2.0 * 2**30)
    assert found[Way.READ_MISSING].read == Span(low=0, likely=None, high=2.0 * 2**30)
    assert found[Way.RETRY].money.likely is None
    assert found[Way.RETRY].tasks.high == 2000
    unsized = planned(sampled(objects=1000, measured=None), prices=PRICED)
    assert unsized[Way.COMPUTED].money.likely is None
    assert unsized[Way.COMPUTED].money.low > 0.5


def test_an_answer_that_takes_long_makes_requests_under_way_the_bound() -> None:
    seen = [COMPARABLE] * 50
    slow = replace(MEASURED, alone=1.0, latency=Span.exactly(1.0), rate=16.0)
    found = planned(sampled(*seen, objects=10**6, measured=slow))
    assert found[Way.BOTO3].seconds.likely == pytest.approx(2 * 10**6 / 16)
    assert found[Way.LEAN].seconds.likely == pytest.approx(2 * 10**6 / 1024)
    assert found[Way.LEAN].seconds.high == pytest.approx(2 * 10**6 / 16, rel=0.1)


def test_a_server_that_many_requests_do_not_make_faster_is_the_bound() -> None:
    bound = replace(MEASURED, alone=0.01, latency=Span.exactly(0.1), rate=150.0)
    found = planned(sampled(*[COMPARABLE] * 50, objects=10**6, measured=bound))
    assert found[Way.LEAN].seconds.likely == pytest.approx(2 * 10**6 / 150)


def test_figures_that_nobody_has_make_times_unknown_and_never_short() -> None:
    seen = [COMPARABLE] * 5
    known = planned(sampled(*seen, objects=10**6))
    unknown = planned(sampled(*seen, objects=10**6), rates=UNKNOWN_RATES)
    for way in Way:
        assert unknown[way].seconds.likely is None
        assert unknown[way].seconds.low <= known[way].seconds.low
    assert unknown[Way.LEAN].memory.likely is None
    assert unknown[Way.INVOKED].money.likely is None
    unmeasured = sampled(*seen, objects=10**6, measured=None)
    partly = planned(unmeasured, rates=replace(RATES, prefix_reads=None, latency_low=None))
    assert partly[Way.LEAN].seconds.likely is None
    measured = planned(sampled(*seen, objects=10**6), rates=replace(RATES, prefix_reads=None))
    assert measured[Way.LEAN].seconds.likely is not None


def test_figures_of_your_own_make_times_known() -> None:
    own = replace(RATES, network_bytes=1e9, job_tasks=1e3, function_bytes=1e8, spark_seconds=1e-5)
    found = planned(sampled(*[BARE] * 5, objects=10**6), rates=own)
    assert found[Way.INVOKED].seconds.likely == 1000
    assert found[Way.INVOKED].money.likely is not None
    assert found[Way.SPARK].seconds.likely == pytest.approx(2000 + 4 * 10**6 * 1e-5 / 2)
    assert found[Way.READ_ALL].seconds.likely is not None


def test_memory_is_that_of_all_processes_or_of_what_duckdb_is_told() -> None:
    found = planned(sampled(COMPARABLE), means=replace(MEANS, processes=3, memory=10**9))
    each = (RATES.online_memory or 0) * 2**20
    assert found[Way.LEAN].memory.likely == 3 * each
    assert found[Way.BOTO3].memory.likely == each
    assert found[Way.OFFLINE].memory == Span(low=0, likely=10**9, high=1.25 * 10**9)
    assert found[Way.SPARK].memory.likely is None
    assert found[Way.INVOKED].memory.likely == (RATES.function_memory or 0) * 2**20


def test_the_kinds_of_copies_are_told_with_their_bounds() -> None:
    shares = sampled(COMPARABLE, BARE, objects=1000).shares()
    assert shares[Trait.COMPARABLE].likely == 0.5
    assert shares[Trait.KMS].likely == 0
    assert shares[Trait.KMS].high == pytest.approx(0.66, abs=0.01)
