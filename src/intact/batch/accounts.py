"""What buckets and keys of other accounts must allow a job's role.

Across accounts a role needs both sides: its own policy and that of the bucket or key (S3 User
Guide, batch-ops-iam-role-policies; KMS Developer Guide, "Allowing users in other accounts to use
a KMS key").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.batch.iam import VERSION, job_role_policy
from intact.errors import UsageError
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Callable

    from intact.batch.iam import Access, Policy


def bucket_policy(job: Access, *, bucket: str) -> Policy:
    """What one bucket must allow the job's role: of sources, copies, manifest or report.

    Args:
        job: The job.
        bucket: Name of the bucket.

    Raises:
        UsageError: The job has nothing to do in that bucket.
    """
    kept = _statements(job, "s3:", lambda arn: bucket_of_arn(arn) == bucket)
    if not kept:
        arns = (arn for one in _statements(job, "s3:", bool) for arn in one["Resource"])
        known = ", ".join(dict.fromkeys(map(bucket_of_arn, arns)))
        raise UsageError(f"bucket is {bucket}; wanted one of {known}")
    return {"Version": VERSION, "Statement": kept}


def key_policy(job: Access, *, key: str) -> Policy:
    """Statements that a KMS key's policy must have besides its own: the key is their resource.

    Args:
        job: The job.
        key: ARN of the key.

    Raises:
        UsageError: The job does not use that key.
    """
    kept = [one | {"Resource": "*"} for one in _statements(job, "kms:", lambda arn: arn == key)]
    if not kept:
        arns = (arn for one in _statements(job, "kms:", bool) for arn in one["Resource"])
        known = ", ".join(dict.fromkeys(arns)) or "none"
        raise UsageError(f"key is {key}; the job uses {known}")
    return {"Version": VERSION, "Statement": kept}


def _statements(job: Access, service: str, keep: Callable[[str], bool]) -> list[Policy]:
    """Statements of the role's policy on one service and some resources, for the role."""
    principal = {"Principal": {"AWS": job.spec.role_arn}}
    return [
        principal | statement | {"Resource": kept}
        for statement in job_role_policy(job)["Statement"]
        if statement["Action"][0].startswith(service)
        if (kept := [arn for arn in statement["Resource"] if keep(arn)])
    ]
