"""What each way of auditing takes and could prove, from a sample of the copies; and which to take.

Nothing here is exact, and says so: every number is a ``Span``.  What nobody has measured,
documented or priced is unknown, and a way whose price is unknown is never recommended over one
whose price is known.  Prices count what AWS bills for requests, jobs and functions, not machines.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from intact.audit.amounts import ENDS, amounts_of, usage_of
from intact.audit.forecast import Way, forecast, usual_algorithm
from intact.audit.pace import memory_of, memory_seconds_of, seconds_of
from intact.batch.cost import COMPUTED, GIGABYTE, total, usage_cost
from intact.batch.span import Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intact.audit.forecast import Forecast
    from intact.audit.sampled import Sampled, Terms
    from intact.audit.verdict import Level, Reason
    from intact.batch.cost import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way, and what it comes to.

    Attributes:
        way: Which.
        available: Whether it can be taken at all: some need a job, not a manifest alone.
        requests: HEAD, GET, GetObjectAttributes and LIST requests of the audit.
        read: Bytes that it reads.
        computed: Bytes that Compute checksum jobs read for it.
        tasks: Tasks of batch jobs that it needs.
        seconds: How long it takes; batch jobs included.
        money: What AWS bills for it; ``low`` is the part whose price is known.
        memory: Bytes at its peak, of all its processes here, or of one function.
        proven: Share of the copies that it proves, if they are right.
        wrong: Share that is wrong already, and that it finds.
        open: Share that it leaves unproven whatever they are.
        levels: Sampled copies that it proves, by how strongly.
        reasons: Sampled copies that it leaves open, by why.
        proves: Numbers of the sampled copies that it proves.
        bill: What the money is for, at its likely amount.
    """

    way: Way
    available: bool
    requests: Span
    read: Span
    computed: Span
    tasks: Span
    seconds: Span
    money: Span
    memory: Span
    proven: Span
    wrong: Span
    open: Span
    levels: Counter[Level]
    reasons: Counter[Reason]
    proves: frozenset[int]
    bill: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A way that is recommended.

    Attributes:
        option: The way.
        proves: How many of the sampled copies it proves that no step before does.
    """

    option: Option
    proves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What to do.

    Attributes:
        steps: Ways to take one after the other, the later ones over what is left; mostly one.
        unproven: Sampled copies that no way proves, wrong ones among them.
        rivals: Ways that would do the same and whose price is not known, with the price of 2**30
            bytes computed below which they are the cheaper; None where nothing tells.
    """

    steps: tuple[Step, ...]
    unproven: int
    rivals: tuple[tuple[Way, Decimal | None], ...]


def options(sampled: Sampled, terms: Terms) -> list[Option]:
    """Return every way, in the order of ``Way``."""
    algorithm = usual_algorithm(sampled.seen)
    found = {
        way: [
            forecast(evidence, way, policy=terms.policy, algorithm=algorithm)
            for evidence in sampled.seen
        ]
        for way in Way
    }
    return [_option(way, forecasts, sampled, terms) for way, forecasts in found.items()]


def recommend(found: Sequence[Option]) -> Recommendation:
    """Choose the cheapest way that proves whatever any way proves, or several where none does.

    Ways whose price nobody knows come last; of equal price, the faster one is chosen.
    """
    able = sorted((option for option in found if option.available), key=_dearness)
    left = frozenset[int]().union(*(option.proves for option in able))
    if not left:
        return Recommendation(steps=(), unproven=_sample(found), rivals=())
    reached, steps = left, []
    while left:
        best = max(able, key=lambda option: len(option.proves & left))  # the first of equal ones
        steps.append(Step(option=best, proves=len(best.proves & left)))
        left -= best.proves
    rivals = [
        (option.way, _break_even(option, steps[0].option))
        for option in able
        if len(steps) == 1 and option.money.likely is None and option.proves >= reached
    ]
    return Recommendation(
        steps=tuple(steps),
        unproven=_sample(found) - len(reached),
        rivals=tuple(rival for rival in rivals if rival[0] is not steps[0].option.way),
    )


def _sample(found: Sequence[Option]) -> int:
    return max((o.levels.total() + o.reasons.total() for o in found), default=0)


def _dearness(option: Option) -> tuple[bool, Decimal, float, float, int]:
    seconds = option.seconds.likely
    return (
        option.money.likely is None,
        _known(option.bill),
        float("inf") if seconds is None else seconds,
        0.0 if seconds is None else option.seconds.low,
        list(Way).index(option.way),
    )


def _known(bill: Sequence[Line]) -> Decimal:
    return sum((line.amount for line in bill if line.amount is not None), Decimal(0))


def _break_even(option: Option, best: Option) -> Decimal | None:
    """Price of 2**30 bytes computed at which the two cost the same."""
    unknown = [line for line in option.bill if line.amount is None]
    if best.money.likely is None or [line.item for line in unknown] != [COMPUTED]:
        return None
    count = unknown[0].count
    left = _known(best.bill) - _known(option.bill)
    return left * GIGABYTE / count if count and left > 0 else None


def _option(way: Way, found: Sequence[Forecast], sampled: Sampled, terms: Terms) -> Option:
    means, rates = terms.means, terms.rates
    amounts = amounts_of(way, found, sampled)
    running = memory_seconds_of(way, amounts, sampled, rates=rates)
    bills = [
        usage_cost(usage_of(way, amounts, running, sampled, end), prices=terms.prices)
        for end in ENDS
    ]
    proven = sum(forecast.proven for forecast in found)
    wrong = sum(forecast.wrong for forecast in found)
    open_ = [f for f in found if not (f.proven or f.wrong)]
    return Option(
        way=way,
        available=means.job or way not in _OF_JOBS,
        requests=amounts.reads + amounts.lists,
        read=amounts.read,
        computed=amounts.computed,
        tasks=amounts.tasks,
        seconds=seconds_of(way, amounts, sampled, means=means, rates=rates),
        money=Span(low=float(_known(bills[0])), likely=_sum(bills[1]), high=_sum(bills[2])),
        memory=memory_of(way, means, rates),
        proven=sampled.share(proven),
        wrong=sampled.share(wrong),
        open=sampled.share(len(open_)),
        levels=Counter(f.finding.level for f in found if f.proven),
        reasons=Counter(f.finding.reason for f in found if not f.proven),
        proves=frozenset(number for number, f in enumerate(found) if f.proven),
        bill=bills[1],
    )


_OF_JOBS = {Way.SPARK, Way.SPARK_ONLINE, Way.INVOKED}
"""Ways that no manifest alone is enough for."""


def _sum(bill: Sequence[Line]) -> float | None:
    amount = total(bill)
    return None if amount is None else float(amount)
