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
        count: How many, in the item's own unit.
        amount: Money; None where no price is known.
    """

    item: str
    count: int
    amount: Decimal | None


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
    reads = prices.thousand_reads
    if proof is Proof.NONE:
        return []
    heads = _line("HEAD requests", 2 * load.objects, reads, per=1000)
    computing = [*_job(load, prices), _computed(load, prices)]
    if proof is Proof.INDEPENDENT:
        return [*computing, heads]
    if proof is Proof.COMPUTED:
        return [*computing, *computing, heads]
    if proof is Proof.READ:
        return [
            heads,
            _line("GET requests", load.objects, reads, per=1000),
            _line("bytes read", load.size, prices.gigabyte_transferred, per=GIGABYTE),
        ]
    return [heads]


def evidence_cost(*, reads: int, lists: int, size: int, prices: Prices) -> list[Line]:
    """What evidence cost that was gathered by requests.

    Args:
        reads: HEAD, GET and GetObjectAttributes requests.
        lists: LIST requests.
        size: Bytes read.
        prices: What each costs.
    """
    return [
        _line("HEAD and GET requests", reads, prices.thousand_reads, per=1000),
        _line("LIST requests", lists, prices.thousand_writes, per=1000),
        _line("bytes read", size, prices.gigabyte_transferred, per=GIGABYTE),
    ]


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
    return _line("bytes computed", load.size, prices.gigabyte_computed, per=GIGABYTE)


def _line(item: str, count: int, price: Decimal | None, *, per: int) -> Line:
    amount = Decimal(0) if not count else None if price is None else price * count / per
    return Line(item=item, count=count, amount=amount)
