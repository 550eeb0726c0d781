"""How fast things go: figures that were measured or documented, each with its source.

They are data, like prices: ``rates.json`` beside this module, or a file of one's own.  What nobody
has measured or documented is None, and a time that needs it is unknown, never too short.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, Self

from intact.errors import FormatError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Times are in seconds, sizes in bytes, memory in MiB.

    Attributes:
        boto3_seconds: Processor time of one copy that boto3 asks about: two HeadObject requests,
            the verdict and its line of the ledger.
        lean_seconds: The same of the lean client.
        lean_concurrency: Requests that the lean client has under way at most.
        read_seconds: Processor time of reading and hashing 2**30 bytes.
        network_bytes: Bytes per second between S3 and where the audit runs.
        latency_low: Shortest time to an answer that is to be expected.
        latency_high: Longest.
        prefix_reads: HEAD and GET requests per second that S3 grants a prefix at least.
        offline_seconds: Processor time of a row of an input of an offline audit.
        spark_seconds: The same on a Spark cluster.
        job_tasks: Tasks per second of a batch job.
        function_bytes: Bytes per second that a Lambda function reads and hashes.
        online_memory: Of one process that asks S3.
        function_memory: Of the Lambda function.
    """

    boto3_seconds: float | None
    lean_seconds: float | None
    lean_concurrency: float | None
    read_seconds: float | None
    network_bytes: float | None
    latency_low: float | None
    latency_high: float | None
    prefix_reads: float | None
    offline_seconds: float | None
    spark_seconds: float | None
    job_tasks: float | None
    function_bytes: float | None
    online_memory: float | None
    function_memory: float | None

    @classmethod
    def parse(cls, standard: str | bytes, own: str | bytes = b"{}") -> Self:
        """Read a document of ``{"NAME": {"value": NUMBER or null, "source": TEXT}}``.

        Args:
            standard: With every figure.
            own: With those that take the place of some.

        Raises:
            FormatError: It is none, a figure has no source, or is not known here.
        """
        try:
            found = json.loads(standard) | json.loads(own)
            if unknown := found.keys() - {field.name for field in fields(cls)}:
                raise FormatError(f"rates: {sorted(unknown)}; wanted names that are known")
            return cls(**{field.name: _figure(field.name, found) for field in fields(cls)})
        except (ValueError, TypeError, KeyError) as error:
            raise FormatError(f"rates: {error!r}; wanted a value and its source for each") from None


def _figure(name: str, document: Any) -> float | None:  # noqa: ANN401 - JSON
    value, source = document[name]["value"], document[name]["source"]
    if not isinstance(source, str) or not source.strip():
        raise FormatError(f"rates: {name} has no source; wanted who says so")
    if value is None:
        return None
    number = float(value) if isinstance(value, int | float) else 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise FormatError(f"rates: {name} is {value!r}; wanted a number above 0, or null")
    return number
