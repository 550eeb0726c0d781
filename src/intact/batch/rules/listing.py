"""Rules of the list of objects: manifest or generator, columns, rows, buckets, Regions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from intact.batch import manifest
from intact.batch.rules.base import (
    API,
    GENERATOR,
    GUIDE,
    Breach,
    Rule,
    Submission,
    is_directory_bucket,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUCKET = re.compile(r"arn:[^:]+:s3:::([^:/]+)(?:/.*)?", re.DOTALL)
_FILTER = f"{GENERATOR}.Filter"
_BILLION = 10**9


def _one_list_of_objects(job: Submission) -> Iterator[Breach]:
    given = [name for name in ("Manifest", "ManifestGenerator") if name in job.request]
    if len(given) != 1:
        wanted = "exactly one of Manifest, ManifestGenerator"
        yield "request", " and ".join(given) or "neither", wanted


def _columns(job: Submission) -> Iterator[Breach]:
    spec = job.manifest.get("Spec", {})
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


def _unquoted_etag(job: Submission) -> Iterator[Breach]:
    etag = job.manifest.get("Location", {}).get("ETag", "")
    if '"' in etag:
        yield "Manifest.Location.ETag", repr(etag), "no quotes, as S3's documents write it"


def _current_etag(job: Submission) -> Iterator[Breach]:
    now, etag = job.facts.manifest_etag, job.manifest.get("Location", {}).get("ETag")
    if now is not None and etag is not None and now.strip('"') != etag.strip('"'):
        yield "Manifest.Location.ETag", repr(etag), f"{now}: the manifest was overwritten"


def _printable_manifest(job: Submission) -> Iterator[Breach]:
    arn = job.manifest.get("Location", {}).get("ObjectArn", "")
    if re.search(r"[\x00-\x1f\x7f]", arn):
        yield "Manifest.Location.ObjectArn", repr(arn), "no control characters, which XML alters"


def _manifest_encryption(job: Submission) -> Iterator[Breach]:
    encryption = job.facts.manifest_encryption or ""
    own = job.manifest.get("Spec", {}).get("Format") == manifest.FORMAT
    if (own and encryption.startswith("aws:kms")) or (job.manifest and encryption == "SSE-C"):
        yield "Manifest.Location", encryption, "a manifest under SSE-S3"


def _general_purpose_buckets(job: Submission) -> Iterator[Breach]:
    output = job.generator.get("ManifestOutputLocation", {})
    arns = {
        "Report.Bucket": job.request["Report"].get("Bucket"),
        "Manifest.Location.ObjectArn": job.manifest.get("Location", {}).get("ObjectArn"),
        f"{GENERATOR}.SourceBucket": job.generator.get("SourceBucket"),
        f"{GENERATOR}.ManifestOutputLocation.Bucket": output.get("Bucket"),
    }
    for where, arn in arns.items():
        found = arn and _BUCKET.fullmatch(arn)
        if arn is not None and (not found or is_directory_bucket(found[1])):
            yield where, arn, "arn:PARTITION:s3:::BUCKET of a general purpose bucket"


def _objects_region(job: Submission) -> Iterator[Breach]:
    region = job.facts.region
    for bucket in sorted(job.sources):
        found = job.facts.bucket_regions.get(bucket, region)
        if region != found and (job.generator or not job.copy):
            got = f"bucket {bucket} in {found}"
            yield "request", got, f"objects in {region}, where the job is created"


def _manifest_output(job: Submission) -> Iterator[Breach]:
    where = "ManifestOutputLocation"
    if job.generator.get("EnableManifestOutput") and where not in job.generator:
        yield f"{GENERATOR}.{where}", "nothing", "a place, since EnableManifestOutput is true"


def _key_constraints(job: Submission) -> dict[str, list[str]]:
    return dict(job.filter.get("KeyNameConstraint", {}))


def _one_key_pattern(job: Submission) -> Iterator[Breach]:
    for name, patterns in _key_constraints(job).items():
        if len(patterns) != 1:
            where = f"{_FILTER}.KeyNameConstraint.{name}"
            yield where, f"{len(patterns)} strings", "exactly one"


def _one_key_constraint(job: Submission) -> Iterator[Breach]:
    if len(_key_constraints(job)) > 1:
        got = " and ".join(_key_constraints(job))
        yield f"{_FILTER}.KeyNameConstraint", got, "one: S3 does not say how they combine"


def _filter_that_can_match(job: Submission) -> Iterator[Breach]:
    for low, high in (
        ("CreatedAfter", "CreatedBefore"),
        ("ObjectSizeGreaterThanBytes", "ObjectSizeLessThanBytes"),
    ):
        bounds = [_comparable(job.filter[name]) for name in (low, high) if name in job.filter]
        if len(bounds) == len((low, high)) and not bounds[0] < bounds[1]:
            yield _FILTER, f"{low} not below {high}", "a filter that some object can match"


def _comparable(bound: Any) -> Any:  # noqa: ANN401 - a timestamp or a number of bytes
    if isinstance(bound, (str, datetime)):
        moment = datetime.fromisoformat(bound) if isinstance(bound, str) else bound
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return bound


def _most_rows(job: Submission) -> int:
    restore = job.operation("S3InitiateRestoreObject") is not None
    return 4 * _BILLION if restore else 20 * _BILLION


def _rows(job: Submission) -> Iterator[Breach]:
    most = _most_rows(job)
    if job.facts.rows is not None and job.facts.rows > most:
        yield "Manifest", f"{job.facts.rows} rows", f"at most {most}"


def _disputed_rows(job: Submission) -> Iterator[Breach]:
    if job.facts.rows is not None and _BILLION < job.facts.rows <= _most_rows(job):
        yield (
            "Manifest",
            f"{job.facts.rows} rows",
            f"{_BILLION}, as one page of the guide still says",
        )


_CREATE = GUIDE + "batch-ops-create-job"
RULES = (
    Rule("one list of objects", API + "CreateJob", _one_list_of_objects),
    Rule("columns", API + "JobManifestSpec", _columns),
    Rule("unquoted etag", _CREATE + "; AWS's own tools differ", _unquoted_etag, warning=True),
    Rule("current etag", _CREATE, _current_etag),
    Rule("printable manifest", API + "JobManifestLocation", _printable_manifest, warning=True),
    Rule("manifest encryption", _CREATE, _manifest_encryption),
    Rule("general purpose buckets", _CREATE, _general_purpose_buckets),
    Rule("objects' region", _CREATE, _objects_region),
    Rule("manifest output", f"inferred from {_CREATE}", _manifest_output, warning=True),
    Rule("one key pattern", API + "KeyNameConstraint", _one_key_pattern),
    Rule(
        "one key constraint",
        API + "KeyNameConstraint, which is silent",
        _one_key_constraint,
        warning=True,
    ),
    Rule("filter that can match", API + "JobManifestGeneratorFilter", _filter_that_can_match),
    Rule("rows", GUIDE + "batch-ops-copy-object, batch-ops-initiate-restore-object", _rows),
    Rule("disputed rows", GUIDE + "troubleshooting-batch-operations", _disputed_rows, warning=True),
)
