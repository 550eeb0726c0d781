"""A rehearsal endpoint before a real S3 server, with buckets of its own for each test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from intact.adapters.s3control import submit, wait
from intact.batch.manifest import FIELDS
from intact.batch.report import ReportManifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_s3 import S3Client
    from types_boto3_s3control import S3ControlClient

    from intact.batch.outcome import JobOutcome
    from intact.rehearsal.endpoint import BatchEndpoint

ACCOUNT = "111122223333"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A store, an endpoint and a client of both.

    Attributes:
        s3: Client of the store.
        endpoint: The endpoint.
        control: Client of the endpoint.
        name: Prefix of the three buckets.
    """

    s3: S3Client
    endpoint: BatchEndpoint
    control: S3ControlClient
    name: str = field(default_factory=lambda: f"stage-{uuid4().hex[:12]}")

    @property
    def source(self) -> str:
        return f"{self.name}-source"

    @property
    def target(self) -> str:
        return f"{self.name}-target"

    @property
    def desk(self) -> str:
        """Bucket of manifests and reports."""
        return f"{self.name}-desk"

    def fill(self, *keys: str) -> None:
        for key in keys:
            self.s3.put_object(Bucket=self.source, Key=key, Body=f"content of {key}".encode())

    def manifest(self, *rows: str, fields: Sequence[str] = FIELDS) -> dict[str, Any]:
        """Store rows that lack their first column, the source bucket; return ``Manifest``."""
        body = "".join(f"{self.source},{row}\n" for row in rows).encode()
        return self.stored_manifest(body, fields=fields)

    def stored_manifest(self, body: bytes, *, fields: Sequence[str] = FIELDS) -> dict[str, Any]:
        etag = self.s3.put_object(Bucket=self.desk, Key="manifest.csv", Body=body)["ETag"]
        return {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": list(fields)},
            "Location": {"ObjectArn": f"arn:aws:s3:::{self.desk}/manifest.csv", "ETag": etag},
        }

    def request(self, manifest: dict[str, Any], **members: Any) -> dict[str, Any]:  # noqa: ANN401 - a request's members
        return {
            "AccountId": ACCOUNT,
            "ConfirmationRequired": False,
            "Operation": self.copy(),
            "Report": self.report(),
            "Manifest": manifest,
            "ClientRequestToken": str(uuid4()),
            "Priority": 10,
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/copier",
        } | members

    def copy(self, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        return {"S3PutObjectCopy": {"TargetResource": f"arn:aws:s3:::{self.target}"} | members}

    def report(self, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        return {
            "Enabled": True,
            "Bucket": f"arn:aws:s3:::{self.desk}",
            "Prefix": "reports",
            "Format": "Report_CSV_20180820",
            "ReportScope": "AllTasks",
        } | members

    def submit(self, manifest: dict[str, Any], **members: Any) -> str:  # noqa: ANN401 - as above
        return submit(self.control, self.request(manifest, **members))

    def wait(self, job_id: str) -> JobOutcome:
        return wait(
            self.control, account_id=ACCOUNT, job_id=job_id, poll_seconds=0.01, timeout_seconds=60
        )

    def run(self, manifest: dict[str, Any], **members: Any) -> JobOutcome:  # noqa: ANN401 - as above
        return self.wait(self.submit(manifest, **members))

    def read(self, key: str, *, bucket: str | None = None) -> bytes:
        with self.s3.get_object(Bucket=bucket or self.desk, Key=key)["Body"] as body:
            return body.read()

    def keys(self, bucket: str) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=bucket, EncodingType="url")
        return [found["Key"] for found in listed.get("Contents", [])]

    def rows(self, outcome: JobOutcome) -> list[str]:
        """Every row of the report, without its line end."""
        parts = ReportManifest.parse(self.read(outcome.report_manifest_key or "")).parts
        text = b"".join(self.read(part.key) for part in parts).decode()
        assert text.endswith("\r\n")
        return text.removesuffix("\r\n").split("\r\n")
