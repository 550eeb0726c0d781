"""Rules of CreateJob that the service model does not express, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from intact.batch import manifest
from intact.batch.model import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from intact.batch.model import Model


class Rule(NamedTuple):
    """One rule.

    Attributes:
        name: What it is called in messages.
        source: Who says so.
        check: Yields ``(where, got, wanted)`` for each place that breaks it.
        warning: True where the sources are silent or disagree.
    """

    name: str
    source: str
    check: Callable[[Mapping[str, Any]], Iterator[tuple[str, str, str]]]
    warning: bool = False


def problems(request: Mapping[str, Any], *, model: Model) -> list[Problem]:
    """Everything wrong with a CreateJob request: by the model, then by each rule, in order.

    A request whose structure is broken is judged by the model alone.
    """
    found = list(model.problems(request, shape="CreateJobRequest"))
    if any(problem.rule in {"type", "required", "union"} for problem in found):
        return found
    return found + [
        Problem(
            rule=rule.name,
            where=where,
            got=got,
            wanted=wanted,
            source=rule.source,
            warning=rule.warning,
        )
        for rule in RULES
        for where, got, wanted in rule.check(request)
    ]


_COPY = "Operation.S3PutObjectCopy"
_DIRECTORY_BUCKET_REFUSES = (
    "CannedAccessControlList",
    "AccessControlGrants",
    "StorageClass",
    "RedirectLocation",
    "RequesterPays",
    "ObjectLockLegalHoldStatus",
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "AnnotationDirective",
    "ObjectLockEventHold",
    "ObjectLockEventHoldDuration",
)


def _copy(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    operation: Mapping[str, Any] | None = request["Operation"].get("S3PutObjectCopy")
    return operation


def _one_list_of_objects(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    given = [name for name in ("Manifest", "ManifestGenerator") if name in request]
    if len(given) != 1:
        yield (
            "request",
            " and ".join(given) or "neither",
            "exactly one of Manifest, ManifestGenerator",
        )


def _one_operation(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    given = list(request["Operation"])
    if len(given) != 1:
        yield "Operation", ", ".join(given) or "nothing", "exactly one operation"


def _complete_report(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    report = request["Report"]
    for name in ("Bucket", "Format", "ReportScope"):
        if report["Enabled"] and name not in report:
            yield f"Report.{name}", "nothing", "a value, since the report is enabled"


def _target_resource(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    copy = _copy(request)
    if copy is not None and "TargetResource" not in copy:
        yield f"{_COPY}.TargetResource", "nothing", "the destination bucket's ARN"


def _prefix_without_slash(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    prefix = (_copy(request) or {}).get("TargetKeyPrefix", "")
    if prefix.endswith("/"):
        yield f"{_COPY}.TargetKeyPrefix", repr(prefix), "no slash at the end; S3 adds one"


def _deprecated_metadata(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    metadata = (_copy(request) or {}).get("NewObjectMetadata", {})
    for name in ("ContentLength", "ContentMD5", "RequesterCharged"):
        if name in metadata:
            yield f"{_COPY}.NewObjectMetadata.{name}", repr(metadata[name]), "nothing: deprecated"


def _directory_bucket(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    copy = _copy(request) or {}
    if ":s3express:" in copy.get("TargetResource", ""):
        for name in _DIRECTORY_BUCKET_REFUSES:
            if name in copy:
                yield (
                    f"{_COPY}.{name}",
                    repr(copy[name]),
                    "nothing: the target is a directory bucket",
                )


def _lock_mode_with_date(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    names = ("ObjectLockMode", "ObjectLockRetainUntilDate")
    given = [name for name in names if name in (_copy(request) or {})]
    if len(given) == 1:
        yield _COPY, f"only {given[0]}", " and ".join(names)


def _days_or_years(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    duration = (_copy(request) or {}).get("ObjectLockEventHoldDuration", {"Days": 1})
    if len(duration) != 1:
        where = f"{_COPY}.ObjectLockEventHoldDuration"
        yield where, " and ".join(duration) or "nothing", "exactly one of Days, Years"


def _columns(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    spec = request.get("Manifest", {}).get("Spec", {})
    names = spec.get("Fields", [])
    where = "Manifest.Spec.Fields"
    if spec.get("Format") == manifest.FORMAT:
        for name in ("Bucket", "Key"):
            if names.count(name) != 1:
                yield where, str(names), f"{name} exactly once"
        if names.count("VersionId") > 1:
            yield where, str(names), "VersionId at most once"
    elif names:
        yield where, str(names), f"no fields: only {manifest.FORMAT} has them"


def _few_tags(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    count, most = len(request.get("Tags", [])), 50
    if count > most:
        yield "Tags", f"{count} tags", f"at most {most}"


RULES = (
    Rule("one list of objects", "S3 Control API Reference, CreateJob", _one_list_of_objects),
    Rule("one operation", "S3 Control API Reference, JobOperation", _one_operation),
    Rule("complete report", "S3 Control API Reference, JobReport", _complete_report),
    Rule(
        "target resource",
        "S3 Control API Reference, S3CopyObjectOperation; aws-sdk-java-v2#3085 (HTTP 500)",
        _target_resource,
    ),
    Rule(
        "prefix without slash",
        "undocumented: the copy's key may hold two slashes",
        _prefix_without_slash,
        warning=True,
    ),
    Rule("deprecated metadata", "S3 Control API Reference, S3ObjectMetadata", _deprecated_metadata),
    Rule("directory bucket", "S3 Control API Reference, S3CopyObjectOperation", _directory_bucket),
    Rule("lock mode with date", "S3 API Reference, CopyObject", _lock_mode_with_date),
    Rule("days or years", "S3 User Guide, Object Lock event holds", _days_or_years),
    Rule("columns", "S3 Control API Reference, JobManifestSpec", _columns),
    Rule("few tags", "S3 User Guide, batch-ops-job-tags", _few_tags),
)
