"""What ``intact audit`` is given as evidence: words of the command line, as values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.audit import ReadMode
from intact.batch.outcome import JobOutcome
from intact.checksum import Algorithm
from intact.errors import FormatError, UsageError
from intact.s3.names import parse_uri

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from intact.adapters.offline.inputs import Of
    from intact.adapters.others import ComputedReport, ExpectedFile
    from intact.cli.options import Aws
    from intact.s3 import ObjectRef

REPORT = "manifest.json"
_DECIMAL = re.compile(r"([0-9]+(\.[0-9]+)?)?")
COMPUTE, INVOKE = "S3ComputeObjectChecksum", "LambdaInvoke"
"""Operations whose reports are evidence."""


def describe(job: str, *, account_id: str | None, reach: Aws) -> Mapping[str, Any]:
    """Return the DescribeJob response that an argument stands for.

    Args:
        job: A job's id; a file that holds the response as JSON; or the record of a submission.
        account_id: Account that owns the job, where that is a bare id.
        reach: How to reach S3 Control.
    """
    if Path(job).is_file():
        from intact.adapters.record import JobRecord, read_described  # noqa: PLC0415 - imports boto3

        if "Job" in _document(Path(job)):
            return read_described(Path(job))
        record = JobRecord(Path(job))
        if (
            record.described is not None
            and JobOutcome.from_describe(read_described(Path(job))).status.terminal
        ):
            return read_described(Path(job))
        if record.job_id is None or record.account_id is None:
            raise UsageError("the record names no job, since no answer was seen; submit it again")
        job, account_id = record.job_id, record.account_id
    if account_id is None:
        raise click.UsageError(f"{job!r} is no file, and a job's id needs --account-id")
    from intact.adapters.s3control import describe_job  # noqa: PLC0415 - imports boto3

    return describe_job(reach.control(), account_id=account_id, job_id=job)


def evidence_report(
    name: str, *, operation: str, account_id: str | None, reach: Aws
) -> ComputedReport:
    """Find the report of a job whose tasks answer with evidence.

    Args:
        name: ``s3://BUCKET/KEY`` or a path of its ``manifest.json``, the folder that holds that,
            or anything that ``describe`` takes.
        operation: What the job does.
        account_id: As there.
        reach: As there.

    Raises:
        UsageError: The job is of another kind, has not ended or left no report.
    """
    from intact.adapters.others import ComputedReport  # noqa: PLC0415 - imports DuckDB

    if name.startswith("s3://"):
        return ComputedReport(manifest=parse_uri(name))
    path = Path(name)
    if path.is_dir():
        return ComputedReport(manifest=path / REPORT)
    if path.is_file() and "Results" in _document(path):
        return ComputedReport(manifest=path)
    response = describe(name, account_id=account_id, reach=reach)
    return ComputedReport.of_job(response, operation=operation)


def inventories(given: Sequence[str]) -> Mapping[Of, ObjectRef | Path]:
    """Read ``source=MANIFEST.JSON`` or ``destination=MANIFEST.JSON``, each at most once.

    Raises:
        UsageError: It is neither.
    """
    from intact.adapters.offline.inputs import Of  # noqa: PLC0415 - beside DuckDB

    sides = {of.value: of for of in Of}
    found: dict[Of, ObjectRef | Path] = {}
    for text in given:
        side, _, where = text.partition("=")
        if side not in sides or not where or sides[side] in found:
            raise UsageError(
                f"--inventory is {text!r}; wanted source=MANIFEST.JSON or "
                "destination=MANIFEST.JSON, each once"
            )
        found[sides[side]] = parse_uri(where) if where.startswith("s3://") else Path(where)
    return found


def expected_file(text: str, *, prefix: str) -> ExpectedFile:
    """Read ``[ALGORITHM=]FILE``; a file named like ``x.sha256`` or ``SHA256SUMS`` says it too.

    Raises:
        UsageError: There is no such file, or no such algorithm.
    """
    from intact.adapters.others import ExpectedFile  # noqa: PLC0415 - imports DuckDB

    name, equals, rest = text.partition("=")
    tagged = bool(equals) and not Path(text).is_file()
    path = Path(rest if tagged else text)
    if not path.is_file():
        raise UsageError(f"--expect is {text!r}; wanted [ALGORITHM=]FILE of a file that is there")
    algorithm = Algorithm.parse(name) if tagged else _named_by(path)
    return ExpectedFile(path=path, algorithm=algorithm, prefix=prefix)


def _named_by(path: Path) -> Algorithm | None:
    """Algorithm by a file's name alone: ``SHA256SUMS``, ``md5sums.txt``, ``x.crc64nvme``."""
    stem, last = path.name.upper().partition(".")[0], path.suffix.upper().removeprefix(".")
    words = {last, stem.removesuffix("S").removesuffix("SUM")}
    return next((algorithm for algorithm in Algorithm if algorithm.value in words), None)


def read_mode(text: str) -> tuple[ReadMode, float]:
    """Read ``never``, ``missing``, ``all`` or ``sample:P``: the mode and the fraction.

    Raises:
        UsageError: It is none of them.
    """
    name, colon, fraction = text.partition(":")
    mode = {mode.value: mode for mode in ReadMode}.get(name)
    if mode is None or bool(colon) != (mode is ReadMode.SAMPLE) or not _DECIMAL.fullmatch(fraction):
        raise UsageError(f"--read is {text!r}; wanted never, missing, all or sample:P")
    return mode, float(fraction or 1)


def _document(path: Path) -> dict[str, Any]:
    """The JSON object in a file, or the first line of a journal of such."""
    text = path.read_bytes()
    try:
        found = json.loads(text)
    except ValueError:
        try:
            found = json.loads(text.partition(b"\n")[0])
        except ValueError as error:
            raise FormatError(f"{path}: {error}; wanted JSON") from None
    if not isinstance(found, dict):
        raise FormatError(f"{path}: wanted a JSON object")
    return found
