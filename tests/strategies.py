"""Generated names, checksums and jobs: what S3 allows, the awkward ones among them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from intact.batch import (
    JobSpec,
    ManifestLocation,
    ReportScope,
    ReportTarget,
    S3PutObjectCopy,
    TaskResult,
    TaskStatus,
)
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS
from intact.batch.members import Directive
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.s3 import encode_key

AWKWARD_KEYS = (
    "caf\N{LATIN SMALL LETTER E WITH ACUTE}",
    "cafe\N{COMBINING ACUTE ACCENT}",
    "line\nbreak",
    "carriage\r\nreturn",
    "nul\0",
    "+",
    "%",
    "%2B",
    "a+b c%20d",
    'comma, "quote"',
    " ",
    "folder/",
    "/",
    "../a//./b",
    "\N{ZERO WIDTH NO-BREAK SPACE}mark",
    "\N{LINE SEPARATOR}",
    "\U0001f980" * 256,
)

texts = st.text(st.characters(codec="utf-8"), max_size=40)
keys = st.sampled_from(AWKWARD_KEYS) | texts.filter(bool)
bucket_names = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", fullmatch=True)
version_ids = st.just("null") | st.from_regex(r"[A-Za-z0-9._-]{1,32}", fullmatch=True)
algorithms = st.sampled_from(Algorithm)
moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(2006, 3, 14))  # noqa: DTZ001 - hypothesis adds the zone


@st.composite
def checksums(draw: st.DrawFn) -> Checksum:
    algorithm, kind = draw(algorithms), draw(st.sampled_from(ChecksumType))
    size = algorithm.digest_size
    counts = st.none() | st.integers(1, 10_000)
    return Checksum(
        algorithm=algorithm,
        type=kind,
        digest=draw(st.binary(min_size=size, max_size=size)),
        parts=draw(counts) if kind is ChecksumType.COMPOSITE else None,
    )


task_results = st.builds(
    TaskResult,
    bucket=bucket_names,
    raw_key=keys.map(encode_key),
    version_id=st.none() | version_ids,
    status=st.sampled_from(TaskStatus),
    http_status=st.none() | st.integers(100, 599),
    error_code=st.sampled_from(["", "NoSuchKey", "PermanentFailure"]),
    message=texts,
)

accounts = st.from_regex(r"[0-9]{12}", fullmatch=True)
bucket_arns = bucket_names.map("arn:aws:s3:::{}".format)
tags = st.dictionaries(
    st.text("abc:/=+-@. é", min_size=1, max_size=9), st.text("abc é", max_size=9), max_size=3
)
operations = st.builds(
    S3PutObjectCopy,
    target_resource=bucket_arns,
    target_key_prefix=st.none() | texts.filter(lambda text: text and not text.endswith("/")),
    checksum_algorithm=st.none() | algorithms,
    metadata_directive=st.none() | st.sampled_from(Directive),
    new_object_tagging=st.none() | tags,
    storage_class=st.none() | st.sampled_from(["STANDARD", "GLACIER_IR"]),
    canned_access_control_list=st.none() | st.sampled_from(["private", "public-read"]),
    ssekms_key_id=st.none() | st.just("alias/copies"),
    bucket_key_enabled=st.none() | st.booleans(),
    modified_since_constraint=st.none() | moments,
    unmodified_since_constraint=st.none() | moments,
    requester_pays=st.none() | st.booleans(),
)
manifest_locations = st.builds(
    ManifestLocation,
    object_arn=bucket_arns.map("{}/m.csv".format),
    etag=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    fields=st.sampled_from([FIELDS, VERSIONED_FIELDS]),
    version_id=st.none() | version_ids,
)


def job_spec(account_id: str, **members: Any) -> JobSpec:  # noqa: ANN401 - JobSpec's own
    role = f"arn:aws:iam::{account_id}:role/copy"
    return JobSpec(account_id=account_id, role_arn=role, **members)


job_specs = st.builds(
    job_spec,
    account_id=accounts,
    operation=operations,
    manifest=manifest_locations,
    report=st.builds(
        ReportTarget,
        bucket=bucket_arns,
        prefix=st.none() | texts.filter(bool),
        scope=st.sampled_from(ReportScope),
        expected_bucket_owner=st.none() | accounts,
    ),
    priority=st.integers(0, 2**31 - 1),
    confirmation_required=st.booleans(),
    description=st.none() | texts.filter(bool),
    tags=st.none() | tags,
)
