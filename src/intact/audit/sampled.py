"""What is to be audited, what is known of a sample of it, and what the audit will run on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.audit.forecast import Trait, traits
from intact.batch.span import Span, share

if TYPE_CHECKING:
    from intact.audit.evidence import Evidence
    from intact.audit.policy import Policy
    from intact.batch.cost import Prices
    from intact.batch.rates import Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How S3 answered while the sample was asked about.

    Attributes:
        alone: Seconds to an answer, one request under way.
        latency: Seconds to an answer with ``workers`` under way: least, mean, most but a tenth.
        rate: Answers per second then.
        workers: Requests under way then.
    """

    alone: float
    latency: Span
    rate: float
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What is to be audited, and what is known of a sample of it.

    Attributes:
        objects: Rows of the manifest that could be read.
        malformed: Rows that could not; no way proves those.
        size: Bytes of all sources together; None where the manifest does not say.
        seen: What an audit by HeadObject found of the sampled copies.
        measured: How S3 answered; None without a sample.
    """

    objects: int
    malformed: int
    size: int | None
    seen: tuple[Evidence, ...]
    measured: Measured | None

    def shares(self) -> dict[Trait, Span]:
        """Which part of the copies is of which kind."""
        counts = Counter(trait for evidence in self.seen for trait in traits(evidence))
        return {trait: self.share(counts[trait]) for trait in Trait}

    def share(self, count: int) -> Span:
        """Which part of the copies is of a kind that so many of the sample are of."""
        return share(count, sample=len(self.seen), population=self.objects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the audit runs on.

    Attributes:
        workers: Requests that boto3 has under way.
        processes: Of the lean client.
        processors: Of this machine.
        executors: Cores of the Spark cluster.
        memory: Bytes that an offline audit is told to stay in.
        job: Whether a job is known, not its manifest alone.
    """

    workers: int
    processes: int
    processors: int
    executors: int
    memory: int
    job: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a plan is made by.

    Attributes:
        policy: The terms of the audit; how bytes are read, each way says itself.
        means: What it runs on.
        rates: How fast things go.
        prices: What they cost.
    """

    policy: Policy
    means: Means
    rates: Rates
    prices: Prices
