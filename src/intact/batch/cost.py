"""What a job costs, and what each level of proof costs afterwards.

Prices are data with a date and a Region; what AWS does not publish clearly is None, and a sum
that needs it is unknown, never too low.  Not counted: cross-Region transfer unless a price for it
is given, retrieval from archives, KMS requests, data events.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

from intact.batch.operations import S3PutObjectCopy
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intact.batch.spec import JobSpec
    from intact.batch.workload import Workload

GIGABYTE = 1024**3
COMPUTED = "bytes computed"
"""The item whose price AWS does not publish clearly."""
_WRITES = (
    "S3PutObjectCopy",
    "S3PutObjectAcl",
    "S3PutObjectTagging",
    "S3PutObjectLegalHold",
    "S3PutObjectRetention",
    "S3InitiateRestoreObject",
    "S3UpdateObjectEncryption",
)
"""Operations whose tasks are billed like a PUT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A price list; every amount in ``currency``.

    Attributes:
        date: When it was true.
        region: Where.
        currency: Of every amount.
        job: One batch job.
        million_objects: A million tasks.
        million_generated: A million objects of a bucket whose list S3 makes.
        thousand_writes: A thousand COPY, PUT or LIST requests.
        thousand_reads: A thousand HEAD, GET or GetObjectAttributes requests.
        gigabyte_computed: 2**30 bytes of a Compute checksum job; not documented clearly.
        gigabyte_transferred: 2**30 bytes read to where the audit runs.
        million_listed: A million objects that an inventory lists.
        million_invocations: A million invocations of a Lambda function.
        gigabyte_seconds: 2**30 bytes of a Lambda function's memory for a second.
    """

    date: str
    region: str
    currency: str
    job: Decimal | None
    million_objects: Decimal | None
    million_generated: Decimal | None
    thousand_writes: Decimal | None
    thousand_reads: Decimal | None
    gigabyte_computed: Decimal | None
    gigabyte_transferred: Decimal | None
    million_listed: Decimal | None
    million_invocations: Decimal | None
    gigabyte_seconds: Decimal | None

    @classmethod
    def parse(cls, document: str | bytes) -> Self:
        """Read a price list.

        Raises:
            FormatError: Not JSON, a price is missing or no number; null is a price not known.
        """
        words = {"date", "region", "currency"}
        try:
            found = json.loads(document)
            values: dict[str, Any] = {item.name: found[item.name] for item in fields(cls)}
            for name in values.keys() - words:
                values[name] = None if values[name] is None else Decimal(values[name])
            return cls(**values)
        except (ValueError, TypeError, KeyError, InvalidOperation) as error:
            raise FormatError(f"price list: {error!r}; wanted a number or null for each") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill.

    Attributes:
        item: What is paid for.
        count: How many, in the item's own unit; None where nobody can say.
        amount: Money; None where no price is known, or no count.
    """

    item: str
    count: int | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an audit uses that is paid for; None where nobody can say how much.

    Attributes:
        reads: HEAD, GET and GetObjectAttributes requests.
        lists: LIST requests.
        read: Bytes read to where the audit runs.
        jobs: Batch jobs.
        tasks: Their tasks.
        computed: Bytes that Compute checksum jobs read.
        listed: Objects that inventories list.
        invocations: Invocations of a Lambda function.
        memory_seconds: Its memory in bytes, times the seconds that it runs.
    """

    reads: int | None = 0
    lists: int | None = 0
    read: int | None = 0
    jobs: int | None = 0
    tasks: int | None = 0
    computed: int | None = 0
    listed: int | None = 0
    invocations: int | None = 0
    memory_seconds: int | None = 0


class Proof(Enum):
    """What an audit is to prove; names and values are those of the audit's levels."""

    NONE = 0
    """Nothing about the bytes: the job's own word."""
    ETAG = 1
    """One HEAD on each side; only of objects uploaded in one part, without SSE-KMS."""
    RECORDED = 2
    """One HEAD on each side; only of objects with a checksum of the same algorithm."""
    INDEPENDENT = 3
    """A Compute checksum job over the copies, by the algorithm of the sources' checksums."""
    COMPUTED = 4
    """A Compute checksum job over the copies and one over the sources."""
    READ = 5
    """Every byte of every copy read here, against the checksums of the sources."""


def job_cost(spec: JobSpec, load: Workload, *, prices: Prices) -> list[Line]:
    """What the job itself costs; a copy reads nothing that is billed apart."""
    lines = _job(load, prices)
    [name] = spec.operation.request()
    if spec.manifest_generator is not None:
        lines.append(_line("generated list", load.listed, prices.million_generated, per=10**6))
    if name in _WRITES:
        item = "COPY requests" if isinstance(spec.operation, S3PutObjectCopy) else "PUT requests"
        lines.append(_line(item, load.objects, prices.thousand_writes, per=1000))
    if name == "S3ComputeObjectChecksum":
        lines.append(_computed(load, prices))
    return lines


def proof_cost(proof: Proof, load: Workload, *, prices: Prices) -> list[Line]:
    """What it costs to prove every copy in one way; rows of jobs are bound by a HEAD each too."""
    if proof is Proof.NONE:
        return []
    jobs = {Proof.INDEPENDENT: 1, Proof.COMPUTED: 2}.get(proof, 0)
    reading = proof is Proof.READ
    usage = Usage(
        reads=(3 if reading else 2) * load.objects,
        read=load.size if reading else 0,
        jobs=jobs,
        tasks=jobs * load.objects,
        computed=jobs * load.size,
    )
    return usage_cost(usage, prices=prices)


def usage_cost(usage: Usage, *, prices: Prices) -> list[Line]:
    """What an audit costs that uses so much; a line for each thing that it uses."""
    items = (
        ("HEAD and GET requests", usage.reads, prices.thousand_reads, 1000),
        ("LIST requests", usage.lists, prices.thousand_writes, 1000),
        ("bytes read", usage.read, prices.gigabyte_transferred, GIGABYTE),
        ("batch job", usage.jobs, prices.job, 1),
        ("batch objects", usage.tasks, prices.million_objects, 10**6),
        (COMPUTED, usage.computed, prices.gigabyte_computed, GIGABYTE),
        ("inventory", usage.listed, prices.million_listed, 10**6),
        ("invocations", usage.invocations, prices.million_invocations, 10**6),
        ("function memory", usage.memory_seconds, prices.gigabyte_seconds, GIGABYTE),
    )
    return [_line(item, count, price, per=per) for item, count, price, per in items if count != 0]


def total(lines: Iterable[Line]) -> Decimal | None:
    """Sum of a bill; None where one of its prices is not known."""
    amounts = [line.amount for line in lines]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def cheapest(least: Proof, load: Workload, *, prices: Prices) -> Proof | None:
    """The cheapest proof of at least that strength whose price is known; None without one."""
    known = [
        (amount, proof)
        for proof in Proof
        if proof.value >= least.value
        and (amount := total(proof_cost(proof, load, prices=prices))) is not None
    ]
    return min(known, key=lambda pair: (pair[0], -pair[1].value))[1] if known else None


def _job(load: Workload, prices: Prices) -> list[Line]:
    return [
        _line("batch job", 1, prices.job, per=1),
        _line("batch objects", load.objects, prices.million_objects, per=10**6),
    ]


def _computed(load: Workload, prices: Prices) -> Line:
    return _line(COMPUTED, load.size, prices.gigabyte_computed, per=GIGABYTE)


def _line(item: str, count: int | None, price: Decimal | None, *, per: int) -> Line:
    if count == 0:
        return Line(item=item, count=0, amount=Decimal(0))
    amount = None if price is None or count is None else price * count / per
    return Line(item=item, count=count, amount=amount)
