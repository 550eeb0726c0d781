"""A job as its author means it, and the CreateJob request that says it to S3 Control."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

from intact.batch import manifest, report
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.batch.operations import S3PutObjectCopy


class ReportScope(Enum):
    """Which tasks the completion report names.  An audit wants all of them."""

    ALL_TASKS = "AllTasks"
    FAILED_TASKS_ONLY = "FailedTasksOnly"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestLocation:
    """Where a job finds its list of objects, bound to the list's content by its ETag.

    Attributes:
        object_arn: ARN of the CSV object.
        etag: Its ETag, with or without quotes; S3 fails a job whose manifest changed.
        fields: Meaning of each column.
        version_id: Version of the CSV object, where the bucket has versions.
    """

    object_arn: str
    etag: str
    fields: tuple[str, ...] = manifest.FIELDS
    version_id: str | None = None

    def request(self) -> dict[str, Any]:
        """Return ``Manifest`` of the CreateJob request."""
        location = {"ObjectArn": self.object_arn, "ETag": self.etag.strip('"')}
        if self.version_id is not None:
            location["ObjectVersionId"] = self.version_id
        spec = {"Format": manifest.FORMAT, "Fields": list(self.fields)}
        return {"Spec": spec, "Location": location}

    @classmethod
    def parse(cls, member: Mapping[str, Any]) -> Self:
        """Read ``Manifest`` of a CreateJob request or DescribeJob response.

        Raises:
            UsageError: The manifest is of a format that this type does not hold.
        """
        spec, location = member["Spec"], member["Location"]
        if spec["Format"] != manifest.FORMAT:
            raise UsageError(f"manifest format is {spec['Format']}; wanted {manifest.FORMAT}")
        return cls(
            object_arn=location["ObjectArn"],
            etag=location["ETag"].strip('"'),
            fields=tuple(spec["Fields"]),
            version_id=location.get("ObjectVersionId"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTarget:
    """Where a job leaves its completion report.

    Attributes:
        bucket: ARN of a general purpose bucket.
        prefix: Put before ``/job-ID/``.
        scope: All tasks or only the failed ones.
        expected_bucket_owner: Account that must own the bucket.
    """

    bucket: str
    prefix: str | None = None
    scope: ReportScope = ReportScope.ALL_TASKS
    expected_bucket_owner: str | None = None

    def request(self) -> dict[str, Any]:
        """Return ``Report`` of the CreateJob request."""
        members = {
            "Bucket": self.bucket,
            "Format": report.FORMAT,
            "Enabled": True,
            "Prefix": self.prefix,
            "ReportScope": self.scope.value,
            "ExpectedBucketOwner": self.expected_bucket_owner,
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One batch job.

    Attributes:
        account_id: Twelve digits: the account that owns the job.
        role_arn: IAM role that the tasks run under.
        operation: What happens to each object.
        manifest: Which objects.
        report: Where the completion report goes.
        priority: 0 to 2147483647; larger runs earlier.
        confirmation_required: Whether the job waits, suspended, until someone confirms it.
        description: 1 to 256 characters.
        tags: Tags of the job itself.
    """

    account_id: str
    role_arn: str
    operation: S3PutObjectCopy
    manifest: ManifestLocation
    report: ReportTarget
    priority: int = 10
    confirmation_required: bool = True
    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """Return the whole CreateJob request, ready for boto3 or ``--cli-input-json``.

        ``ClientRequestToken`` derives from all the rest, so sending the same job twice, even
        from two machines, creates it once (S3 Control API Reference, CreateJob).
        """
        request: dict[str, Any] = {
            "AccountId": self.account_id,
            "ConfirmationRequired": self.confirmation_required,
            "Operation": self.operation.request(),
            "Report": self.report.request(),
            "Manifest": self.manifest.request(),
            "Priority": self.priority,
            "RoleArn": self.role_arn,
        }
        if self.description is not None:
            request["Description"] = self.description
        if self.tags:
            request["Tags"] = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return request | {"ClientRequestToken": client_request_token(request)}


def client_request_token(request: Mapping[str, Any]) -> str:
    """Token of 64 characters that names the content of a CreateJob request."""
    content = {name: value for name, value in request.items() if name != "ClientRequestToken"}
    return hashlib.sha256(to_json(content, indent=None).encode()).hexdigest()


def to_json(request: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """Write a request as the AWS CLI reads it; timestamps become ISO 8601."""
    return json.dumps(
        request, indent=indent, sort_keys=indent is None, default=lambda moment: moment.isoformat()
    )
