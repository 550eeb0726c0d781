"""How much of what is counted, and paid for, each way of auditing takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from intact.audit.forecast import Way
from intact.batch.cost import Usage
from intact.batch.span import Span, total
from intact.s3 import ObjectFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intact.audit.evidence import Evidence
    from intact.audit.forecast import Forecast
    from intact.audit.sampled import Sampled


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What a way takes.

    Attributes:
        reads: HEAD, GET and GetObjectAttributes requests.
        lists: LIST requests.
        read: Bytes that are read.
        computed: Bytes that Compute checksum jobs read.
        tasks: Tasks of batch jobs.
        jobs: Those jobs.
    """

    reads: Span
    lists: Span
    read: Span
    computed: Span
    tasks: Span
    jobs: Span


_NONE = Span.exactly(0)


def amounts_of(way: Way, found: Sequence[Forecast], sampled: Sampled) -> Amounts:
    """Extrapolate what a way takes of each sampled copy."""
    if not sampled.seen:
        return _unsampled(way, sampled)

    sizes = [float(_size(evidence)) for evidence in sampled.seen]
    mean = sum(sizes) / len(sizes)

    def counted(*values: float) -> Span:
        return total(values, population=sampled.objects, most=1.0)

    def bytes_of(*values: float) -> Span:
        known = sampled.size
        return total(values, population=sampled.objects, sizes=sizes, size=known, most=mean)

    tasks, computed, read = [_NONE, _NONE], _NONE, _NONE
    if way.files or way in {Way.RETRY, Way.COMPUTED}:
        tasks = [counted(*(f.tasks[side] for f in found)) for side in (0, 1)]
        sides = [bytes_of(*(f.computed[side] for f in found)) for side in (0, 1)]
        computed = sides[0] + sides[1]
    if way in {Way.READ_MISSING, Way.READ_ALL, Way.INVOKED}:
        read = bytes_of(*(f.read for f in found))
    if way is Way.INVOKED:
        tasks = [Span.exactly(sampled.objects), _NONE]
    return Amounts(
        reads=_NONE if way.files else counted(*(f.reads for f in found)),
        lists=_NONE if way.files else counted(*(f.lists for f in found)),
        read=read,
        computed=computed,
        tasks=tasks[0] + tasks[1],
        jobs=_jobs(tasks[0]) + _jobs(tasks[1]),
    )


def _jobs(tasks: Span) -> Span:
    """One for any number of tasks."""
    high = None if tasks.high is None else float(tasks.high > 0)
    return Span(low=float(tasks.low > 0), likely=float((tasks.likely or 0) > 0), high=high)


ENDS = ("low", "likely", "high")


def _size(evidence: Evidence) -> int:
    facts = evidence.source
    return facts.size if isinstance(facts, ObjectFacts) else 0


def _unsampled(way: Way, sampled: Sampled) -> Amounts:
    """What is so whatever the objects are: none has been asked about."""
    objects = sampled.objects
    both = Span.at_least(0) if sampled.size is None else Span.exactly(2.0 * sampled.size)
    maybe = Span(low=0, likely=None, high=both.high)
    heads = _NONE if way.files else Span(low=objects, likely=2.0 * objects, high=None)
    reading = way in {Way.READ_ALL, Way.INVOKED}
    jobs = {Way.COMPUTED: 2, Way.INVOKED: 1}.get(way, 2 if way.files else 0)
    retried = way is Way.RETRY
    computing = way.files or way is Way.COMPUTED
    open_ = Span(low=0, likely=None, high=2.0 * objects)
    return Amounts(
        reads=heads + Span.exactly(2.0 * objects) if reading else heads,
        lists=_NONE if way.files else Span(low=0, likely=0, high=None),
        read=both if reading else maybe if way is Way.READ_MISSING else _NONE,
        computed=both if computing else maybe if retried else _NONE,
        tasks=open_ if retried else Span.exactly(float(jobs * objects)),
        jobs=Span(low=0, likely=None, high=2) if retried else Span.exactly(jobs),
    )


def usage_of(way: Way, amounts: Amounts, running: Span, sampled: Sampled, end: str) -> Usage:
    """What is paid for, at one end of the spans."""

    def at(span: Span) -> int | None:
        number = getattr(span, end)
        return None if number is None else ceil(number)

    tasks = at(amounts.tasks)
    return Usage(
        reads=at(amounts.reads),
        lists=at(amounts.lists),
        read=0 if way is Way.INVOKED else at(amounts.read),
        jobs=at(amounts.jobs),
        tasks=tasks,
        computed=at(amounts.computed),
        listed=2 * sampled.objects if way is Way.OFFLINE_INVENTORY else 0,
        invocations=tasks if way is Way.INVOKED else 0,
        memory_seconds=at(running),
    )
