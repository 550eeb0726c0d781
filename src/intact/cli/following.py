"""The commands that follow ``intact retry``, for a shell."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from intact.audit import Level
from intact.s3 import ObjectRef, encode_key
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from intact.adapters.retry import Plan, Sheet
    from intact.audit.policy import Policy
    from intact.batch import S3PutObjectCopy


def following(  # noqa: PLR0913 - keywords all but two
    plan: Plan,
    folder: Path,
    *,
    desk: ObjectRef,
    operation: S3PutObjectCopy,
    policy: Policy,
    uploaded: bool,
    reach: Sequence[str] = (),
    s3_reach: Sequence[str] = (),
) -> Iterator[str]:
    """Yield what to run next, in order; each audit ends in a ledger to retry again.

    Args:
        plan: What was written.
        folder: Where.
        desk: Bucket, and what the keys of the manifests begin with.
        operation: What the audited job did.
        policy: The terms of its audit.
        uploaded: Whether the manifests are in their bucket.
        reach: Options that say how S3 and S3 Control are reached.
        s3_reach: Those of S3 alone, which the AWS CLI has too.
    """
    if not uploaded:
        yield from _uploads(plan, folder, desk, s3_reach)
    jobs = plan.of("copy", "compute-source", "compute-destination")
    for sheet in jobs:
        record = f"{folder / sheet.job}.submitted"
        yield _line("intact", "job", "submit", str(folder / sheet.job), "--start", *reach)
        yield _line("intact", "job", "watch", record, *reach)
    require = ["--require", policy.require.name.lower()] if policy.require is not _USUAL else []
    for sheet in plan.of("copy"):
        yield _line("intact", "audit", f"{folder / sheet.job}.submitted", *require, *reach)
    for sheet in plan.of("large"):
        target = _target(operation)
        place = ["--report-bucket", desk.bucket, "--out", str(folder / sheet.name)]
        words = [_uri(desk, sheet), *_columns(sheet), *target, *place, *s3_reach]
        yield _line("intact", "copy", *words)
        yield _line("intact", "audit", str(folder / sheet.name / "job.json"), *require, *reach)
    computed = [
        word
        for sheet in plan.of("compute-source", "compute-destination")
        for word in ("--computed", f"{folder / sheet.job}.submitted")
    ]
    for sheet in plan.of("compute-audit"):
        yield _audit(sheet, desk, operation, *computed, *require, *reach)
    for sheet in plan.of("read"):
        yield _audit(sheet, desk, operation, "--read", "missing", *require, *reach)


_USUAL = Level.RECORDED


def _uploads(plan: Plan, folder: Path, desk: ObjectRef, reach: Sequence[str]) -> Iterator[str]:
    """Puts in one request, which alone give the ETag that the jobs name."""
    from intact.adapters.uploading import PART  # noqa: PLC0415 - imports boto3

    for sheet in plan.sheets:
        file = str(folder / sheet.manifest)
        if sheet.length <= PART:
            yield _line("intact", "put", file, _uri(desk, sheet), *reach)
            continue
        where = ["--bucket", desk.bucket, "--key", f"{desk.key}{sheet.manifest}"]
        yield _line("aws", "s3api", "put-object", *where, "--body", file, *reach)


def _audit(sheet: Sheet, desk: ObjectRef, operation: S3PutObjectCopy, *words: str) -> str:
    """An audit of one manifest, as the copies are now."""
    fields = ["--fields", ",".join(sheet.fields)]
    algorithm = operation.checksum_algorithm
    wanted = ["--checksum-algorithm", algorithm.value] if algorithm is not None else []
    place = ["--manifest", _uri(desk, sheet), *fields]
    return _line("intact", "audit", *place, *_target(operation), *wanted, *words)


def _target(operation: S3PutObjectCopy) -> list[str]:
    bucket_of_arn(operation.target_resource)
    prefix = operation.target_key_prefix
    found = ["--target-resource", operation.target_resource]
    return found if prefix is None else [*found, "--target-key-prefix", prefix]


def _columns(sheet: Sheet) -> list[str]:
    return ["--columns", ",".join(sheet.fields)]


def _uri(desk: ObjectRef, sheet: Sheet) -> str:
    return f"s3://{desk.bucket}/{desk.key}{sheet.manifest}"


def _line(*words: str) -> str:
    """A command for a shell; what no terminal shows as it is stands URL-encoded."""
    return shlex.join(word if word.isprintable() else encode_key(word) for word in words)
