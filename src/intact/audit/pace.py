"""How long each way of auditing takes, and in how much memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from intact.audit.forecast import Way
from intact.batch.cost import GIGABYTE
from intact.batch.span import Span

if TYPE_CHECKING:
    from intact.audit.amounts import Amounts
    from intact.audit.sampled import Means, Sampled
    from intact.batch.rates import Rates

MIB = 1 << 20
MACHINES = Span(low=0.5, likely=1.0, high=2.0)
"""Another machine may take half or twice the processor time; nobody has measured yours."""
HEADROOM = 1.25
"""Peak memory over what DuckDB is told to stay in."""
INPUTS = {Way.OFFLINE: 4, Way.SPARK: 4, Way.OFFLINE_INVENTORY: 6}
"""Manifest, completion report, a Compute checksum report and an inventory of either side."""
SCALES = 0.5
"""Of an ideal speed-up from one request under way to many, what says that more will help."""


def latency_of(sampled: Sampled, rates: Rates) -> Span:
    """Seconds to an answer."""
    if sampled.measured is not None:
        return sampled.measured.latency
    return Span(low=rates.latency_low or 0, likely=rates.latency_high, high=rates.latency_high)


def _each(per_second: float | None) -> Span:
    """Seconds for one, of what so many are done of in a second."""
    return Span.at_least(0) if per_second is None else Span.exactly(1 / per_second)


def _work(seconds: float | None, *, processors: int) -> Span:
    """Seconds for one, of what takes so much processor time."""
    return (
        Span.at_least(0) if seconds is None else MACHINES.times(Span.exactly(seconds / processors))
    )


def seconds_of(way: Way, amounts: Amounts, sampled: Sampled, *, means: Means, rates: Rates) -> Span:
    """How long a way takes, one thing after the other."""
    jobs = amounts.tasks.times(_each(rates.job_tasks))
    if way is Way.INVOKED:
        return jobs
    if way.files:
        rows = Span.exactly(float(INPUTS[way] * sampled.objects))
        cost, cores = (
            (rates.spark_seconds, means.executors)
            if way.distributed
            else (rates.offline_seconds, means.processors)
        )
        return jobs + rows.times(_work(cost, processors=cores))
    asking = (amounts.reads + amounts.lists).times(_pace(way, sampled, means=means, rates=rates))
    hashing = _work(rates.read_seconds, processors=means.processes)
    slower = _longest(hashing.times(Span.exactly(1 / GIGABYTE)), _each(rates.network_bytes))
    return jobs + asking + amounts.read.times(slower)


def _pace(way: Way, sampled: Sampled, *, means: Means, rates: Rates) -> Span:
    """Seconds for one request, with all others that are under way at the same time.

    The processor bounds it; so does the latency, divided by the requests under way; and S3, which
    is known to grant a prefix 5,500 a second, and more where the sample saw more.  Where many at a
    time were hardly faster than one, more will not be faster still.
    """
    cost, under_way, cores = rates.lean_seconds, rates.lean_concurrency, means.processes
    if way is Way.BOTO3:
        cost, under_way, cores = rates.boto3_seconds, float(means.workers), 1
    elif way is Way.SPARK_ONLINE:
        cost, under_way, cores = rates.boto3_seconds, float(means.workers), means.executors
    if under_way is None:
        return Span.at_least(0)
    processor = _work(cost, processors=2 * cores)
    places, granted = under_way * cores, _each(rates.prefix_reads)
    latency, measured = latency_of(sampled, rates), sampled.measured
    if measured is None:
        ideal = latency.times(Span.exactly(1 / places))
        return _longest(processor, _longest(ideal, replace(granted, low=0)))
    slow = max(1.0, measured.workers / places) / measured.rate
    scales = measured.rate * measured.alone >= SCALES * measured.workers
    waiting = (latency.likely or 0) / places
    likely = min(slow, max(waiting, granted.likely or 0)) if scales else slow
    low = min(likely, latency.low / places)
    return _longest(processor, Span(low=low, likely=likely, high=slow))


def _longest(one: Span, other: Span) -> Span:
    """Of two things that go on at the same time, the one that takes longer; None bounds nothing."""
    return Span(
        low=max(one.low, other.low),
        likely=_max(one.likely, other.likely),
        high=_max(one.high, other.high),
    )


def _max(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)


def memory_of(way: Way, means: Means, rates: Rates) -> Span:
    """Bytes at the peak."""
    if way in {Way.OFFLINE, Way.OFFLINE_INVENTORY}:
        return Span(low=0, likely=means.memory, high=HEADROOM * means.memory)
    if way.distributed:
        return Span.at_least(0)  # the cluster's own business
    per, count = rates.online_memory, 1 if way is Way.BOTO3 else means.processes
    if way is Way.INVOKED:
        per, count = rates.function_memory, 1
    if per is None:
        return Span.at_least(0)
    return Span(low=0, likely=per * MIB * count, high=None)


def memory_seconds_of(way: Way, amounts: Amounts, sampled: Sampled, *, rates: Rates) -> Span:
    """Bytes of a Lambda function's memory, times the seconds that it runs."""
    if way is not Way.INVOKED:
        return Span.exactly(0)
    waiting = amounts.reads.times(latency_of(sampled, rates))
    busy = waiting + amounts.read.times(_each(rates.function_bytes))
    memory = rates.function_memory
    return busy.times(Span.at_least(0) if memory is None else Span.exactly(memory * MIB))
