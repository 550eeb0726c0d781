"""A job as its author means it, and the CreateJob request that says it to S3 Control."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, ClassVar, Final, Self

from intact.batch import manifest, report
from intact.batch.generator import S3JobManifestGenerator
from intact.batch.operations import AnyOperation
from intact.batch.structure import Codec, ETag, Structure, Tags
from intact.errors import FormatError


class ReportScope(Enum):
    """Which tasks the completion report names.  An audit wants all of them."""

    ALL_TASKS = "AllTasks"
    FAILED_TASKS_ONLY = "FailedTasksOnly"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestLocation(Structure):
    """Where a job finds its list of objects, bound to the list's content by its ETag.

    Attributes:
        format: S3's name of the list's format; an inventory has no ``fields``.
        fields: Meaning of each column.
        object_arn: ARN of the CSV object, or of an inventory's ``manifest.json``.
        version_id: Version of that object, where the bucket has versions.
        etag: Its ETag, with or without quotes; S3 fails a job whose manifest changed.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {
        "format": "Spec.Format",
        "fields": "Spec.Fields",
        "object_arn": "Location.ObjectArn",
        "version_id": "Location.ObjectVersionId",
        "etag": "Location.ETag",
    }
    format: str = manifest.FORMAT
    fields: tuple[str, ...] | None = manifest.FIELDS
    object_arn: str
    version_id: str | None = None
    etag: ETag

    def request(self) -> dict[str, Any]:
        """Return ``Manifest`` of the CreateJob request."""
        return self.members()

    @classmethod
    def parse(cls, member: Mapping[str, Any]) -> Self:
        """Read ``Manifest`` of a CreateJob request or DescribeJob response.

        Raises:
            UsageError: A member is missing or of another type.
        """
        return cls.from_members(member, where="Manifest")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTarget(Structure):
    """Where a job leaves its completion report.

    Attributes:
        bucket: ARN of a general purpose bucket.
        format: The one format there is.
        enabled: Whether there is a report; a job without one names no failed task anywhere.
        prefix: Put before ``/job-ID/``.
        scope: All tasks or only the failed ones.
        expected_bucket_owner: Account that must own the bucket.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {"scope": "ReportScope"}
    bucket: str | None = None
    format: str | None = report.FORMAT
    enabled: bool = True
    prefix: str | None = None
    scope: ReportScope | None = ReportScope.ALL_TASKS
    expected_bucket_owner: str | None = None

    def request(self) -> dict[str, Any]:
        """Return ``Report`` of the CreateJob request."""
        return self.members()


NO_REPORT: Final = ReportTarget(enabled=False, format=None, scope=None)
"""The report of a job that shall write none."""
Generator = Annotated[
    S3JobManifestGenerator,
    Codec(
        lambda value, _: S3JobManifestGenerator.parse(value), lambda generator: generator.request()
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec(Structure):
    """One batch job: the members of a CreateJob request.

    Attributes:
        account_id: Twelve digits: the account that owns the job.
        confirmation_required: Whether the job waits, suspended, until someone confirms it; S3
            does not document what None means.
        operation: What happens to each object.
        report: Where the completion report goes.
        client_request_token: Names the request, so that sending it twice creates one job; None
            takes a token that derives from all the rest.
        manifest: Which objects; this or the generator.
        description: 1 to 256 characters.
        priority: 0 to 2147483647; larger runs earlier.
        role_arn: IAM role that the tasks run under.
        tags: Tags of the job itself.
        manifest_generator: Which objects: S3 makes the list.
    """

    account_id: str
    confirmation_required: bool | None = True
    operation: AnyOperation
    report: ReportTarget
    client_request_token: str | None = None
    manifest: ManifestLocation | None = None
    description: str | None = None
    priority: int = 10
    role_arn: str
    tags: Tags | None = None
    manifest_generator: Generator | None = None

    def request(self) -> dict[str, Any]:
        """Return the whole CreateJob request, ready for boto3 or ``--cli-input-json``.

        ``ClientRequestToken`` derives from all the rest unless it is set, so sending the same job
        twice, even from two machines, creates it once (S3 Control API Reference, CreateJob).
        """
        request = self.members()
        if self.client_request_token is None:
            request["ClientRequestToken"] = client_request_token(request)
        return request

    @classmethod
    def parse(cls, request: Mapping[str, Any]) -> Self:
        """Read a CreateJob request: keywords of boto3's ``create_job``, or the CLI's JSON.

        ``parse(request).request()`` says what the request said, but for the quotes of an ETag.

        Raises:
            UsageError: A member is missing, or has a value that the types cannot hold.  Judge
                with ``intact.batch.problems`` first, which names everything wrong at once.
        """
        return cls.from_members(request, where="")

    @classmethod
    def from_describe(cls, response: Mapping[str, Any]) -> Self:
        """Read the request that made a job from its DescribeJob response.

        S3 Control returns neither the job's tags nor its token there.

        Raises:
            FormatError: The response lacks a member.
        """
        return cls.parse(described_request(response))


_DESCRIBED: Final = (
    "ConfirmationRequired",
    "Operation",
    "Report",
    "Manifest",
    "Description",
    "Priority",
    "RoleArn",
    "ManifestGenerator",
)
"""Members of CreateJob that DescribeJob returns as they were."""


def described_request(response: Mapping[str, Any]) -> dict[str, Any]:
    """Members of the CreateJob request that a DescribeJob response still knows.

    Raises:
        FormatError: The response has no job, or the job no ARN that names its account.
    """
    try:
        job = response["Job"]
        account_id = job["JobArn"].split(":")[4]
    except (KeyError, IndexError, TypeError, AttributeError):
        raise FormatError("DescribeJob response has no Job with a JobArn") from None
    return {"AccountId": account_id} | {
        name: job[name] for name in _DESCRIBED if job.get(name) is not None
    }


def client_request_token(request: Mapping[str, Any]) -> str:
    """Token of 64 characters that names the content of a CreateJob request."""
    content = {name: value for name, value in request.items() if name != "ClientRequestToken"}
    return hashlib.sha256(to_json(content, indent=None).encode()).hexdigest()


def to_json(request: Mapping[str, Any], *, indent: int | None = 2) -> str:
    """Write a request as the AWS CLI reads it; timestamps become ISO 8601."""
    return json.dumps(
        request, indent=indent, sort_keys=indent is None, default=lambda moment: moment.isoformat()
    )
