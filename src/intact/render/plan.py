"""A plan for people: what every way of auditing takes and could prove, one to a line."""

from __future__ import annotations

from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

from intact.batch.span import unseen
from intact.render.words import size_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from decimal import Decimal

    from intact.audit.forecast import Way
    from intact.audit.plan import Option, Recommendation
    from intact.audit.sampled import Sampled
    from intact.batch.cost import Prices
    from intact.batch.span import Span

_UNITS = ((86400 * 365.25, "years"), (86400, "days"), (3600, "h"), (60, "min"), (1, "s"))
_UNKNOWN = (
    "how long batch jobs take (hours; where they read archives up to a week), your network, "
    "a GB of Compute checksum"
)
_SHORTEST = 0.1
_EXACT = 100_000
"""Numbers below this are shown whole."""
_BILLION = 1e9
_HEAD = ("way", "proves", "time", "requests", "money", "memory")


def plan_lines(
    sampled: Sampled, found: Sequence[Option], advice: Recommendation, *, prices: Prices
) -> Iterator[str]:
    """Yield the lines; a number in brackets is where it lies in 95 of 100 samples."""
    size = "of unknown size" if sampled.size is None else f"of {size_name(sampled.size)}"
    yield f"{sampled.objects:,} objects {size}"
    if sampled.malformed:
        yield f"{sampled.malformed:,} rows could not be read; no way proves those"
    yield from _sample_lines(sampled)
    yield f"prices of {prices.date}, {prices.region}, in {prices.currency}; machines not counted"
    yield ""
    rows = [_HEAD, *(_cells(option) for option in found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
    yield ""
    yield f"? nobody has measured, documented or priced: {_UNKNOWN}"
    yield from _advice_lines(sampled, advice, prices)


def _sample_lines(sampled: Sampled) -> Iterator[str]:
    if not sampled.seen:
        yield "no object was asked about: what proves the copies depends on what they store"
        return
    yield f"{len(sampled.seen):,} were asked about on both sides:"
    for trait, share in sampled.shares().items():
        if share.likely:
            yield f"  {trait.value:<12} {_percent(share)}"
    missed = unseen(len(sampled.seen), population=sampled.objects)
    if missed:
        yield f"up to {missed:.2%} of the objects may be of kinds that are not among these"
    if (measured := sampled.measured) is not None:
        yield f"an answer took {measured.alone * 1000:,.1f} ms"
        if measured.workers > 1:
            busy = (measured.latency.likely or 0) * 1000
            yield (
                f"with {measured.workers} requests under way it took {busy:,.1f} ms, and "
                f"{measured.rate:,.0f} came in a second"
            )


def _cells(option: Option) -> tuple[str, ...]:
    return (
        option.way.value,
        _percent(option.proven) if option.available else "needs a job",
        _range(option.seconds, _duration),
        _range(option.requests, _count),
        _range(option.money, lambda amount: f"{amount:,.2f}"),
        "?" if option.memory.likely is None else size_name(round(option.memory.likely)),
    )


def _advice_lines(sampled: Sampled, advice: Recommendation, prices: Prices) -> Iterator[str]:
    if not advice.steps:
        why = "no way proves any of them" if sampled.seen else "ask about some of them first"
        yield f"recommended: nothing; {why}"
        return
    names = ", then over what is left ".join(step.option.way.value for step in advice.steps)
    proves = sum(step.proves for step in advice.steps)
    yield f"recommended: {names}"
    yield f"  proves {proves:,} of the {len(sampled.seen):,} that were asked about"
    if advice.unproven:
        yield f"  no way proves {advice.unproven:,}:"
        last = advice.steps[-1].option
        for reason, count in last.reasons.most_common():
            yield f"    {count:>8,}  {reason.value}: {reason.remedy}"
    if advice.steps[0].option.money.likely is None:
        yield "  its price is not known: give your own price list by --prices"
    if advice.rivals:
        names = ", ".join(starmap(partial(_rival, currency=prices.currency), advice.rivals))
        yield f"  others do the same at a price that is not known: {names}"


def _rival(way: Way, price: Decimal | None, *, currency: str) -> str:
    """A way, and the price of what nobody knows the price of, under which it is the cheaper."""
    if price is None:
        return way.value
    return f"{way.value} (cheaper where 1 GiB computed costs under {price:.2g} {currency})"


def _percent(share: Span) -> str:
    return _range(share, lambda part: f"{part:.1%}")


def _range(span: Span, shown: Callable[[float], str]) -> str:
    """The best guess and its bounds, or what is known of them."""
    low = shown(span.low)
    high = "?" if span.high is None else shown(span.high)
    if span.likely is None:
        return f"? ({low} to {high})" if span.low or span.high is not None else "?"
    likely = shown(span.likely)
    return likely if low == likely == high else f"{likely} ({low} to {high})"


def _duration(seconds: float) -> str:
    for unit, name in _UNITS:
        if seconds >= unit:
            return (
                f"{seconds / unit:.2g} {name}"
                if seconds < 100 * unit
                else f"{seconds / unit:,.0f} {name}"
            )
    return "0 s" if not seconds else "<0.1 s" if seconds < _SHORTEST else f"{seconds:.1f} s"


def _count(number: float) -> str:
    if number < _EXACT:
        return f"{number:,.0f}"
    return f"{number / 1e6:,.3g} M" if number < _BILLION else f"{number / 1e9:,.3g} G"
