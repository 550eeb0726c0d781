"""What a batch job is, as values; no client, no sockets."""

from intact.batch.manifest import ManifestRow, read_manifest, write_manifest
from intact.batch.model import Model, Problem
from intact.batch.operations import S3PutObjectCopy
from intact.batch.report import ReportManifest, TaskResult, TaskStatus, read_results
from intact.batch.rows import MalformedRow
from intact.batch.rules import problems
from intact.batch.spec import JobSpec, ManifestLocation, ReportScope, ReportTarget

__all__ = [
    "JobSpec",
    "MalformedRow",
    "ManifestLocation",
    "ManifestRow",
    "Model",
    "Problem",
    "ReportManifest",
    "ReportScope",
    "ReportTarget",
    "S3PutObjectCopy",
    "TaskResult",
    "TaskStatus",
    "problems",
    "read_manifest",
    "read_results",
    "write_manifest",
]
