"""A plan for people: numbers with their bounds, and what is unknown as unknown."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from intact.audit.plan import recommend
from intact.render.plan import plan_lines
from tests.audit.test_plan import (
    BARE,
    COMPARABLE,
    FROZEN,
    GONE,
    MEASURED,
    PRICES,
    planned,
    sampled,
)

if TYPE_CHECKING:
    from intact.audit.sampled import Sampled
    from intact.batch.cost import Prices


def shown(known: Sampled, *, prices: Prices = PRICES) -> str:
    found = list(planned(known, prices=prices).values())
    return "\n".join(plan_lines(known, found, recommend(found), prices=prices))


def test_large_numbers_are_short_and_have_their_bounds() -> None:
    text = shown(sampled(*[COMPARABLE] * 100, objects=10**8, size=10**14, malformed=3))
    assert text.startswith("100,000,000 objects of 100 TB\n3 rows could not be read")
    assert "up to 3.00% of the objects may be of kinds that are not among these" in text
    assert "an answer took 30.0 ms\nwith 16 requests under way it took 30.0 ms, and 500" in text
    lean = next(line for line in text.splitlines() if line.startswith("lean "))
    assert "100.0% (96.3% to 100.0%)" in lean
    assert "200 M (200 M to 209 M)" in lean
    assert "80.00 (80.00 to" in lean
    assert "days" in lean or " h" in lean


def test_billions_are_not_told_as_powers() -> None:
    text = shown(sampled(*[COMPARABLE] * 100, objects=2 * 10**10, size=10**14))
    lean = next(line for line in text.splitlines() if line.startswith("lean "))
    assert "40 G (40 G to 41.8 G)" in lean
    assert "e+" not in text


def test_one_request_at_a_time_is_told_as_such() -> None:
    text = shown(sampled(COMPARABLE, measured=replace(MEASURED, workers=1)))
    assert "an answer took 30.0 ms\nprices" in text


def test_ways_of_unknown_price_are_told_with_the_price_at_which_they_would_do() -> None:
    dear = replace(PRICES, gigabyte_transferred=Decimal(10**6))
    text = shown(sampled(*[BARE] * 10, objects=10**6), prices=dear)
    assert "recommended: read-missing" in text
    assert "retry (cheaper where 1 GiB computed costs under" in text
    assert ", invoked" in text
    alone = shown(sampled(*[FROZEN] * 10, objects=10**6))
    assert "recommended: offline-inventory\n" in alone
    assert "its price is not known: give your own price list by --prices" in alone


def test_what_nothing_proves_is_told_with_what_to_do() -> None:
    text = shown(sampled(COMPARABLE, GONE, objects=2))
    assert "  no way proves 1:\n           1  destination_absent: Copy the object again." in text
    assert "recommended: nothing; no way proves any of them" in shown(sampled(GONE))
