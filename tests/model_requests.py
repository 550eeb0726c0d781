"""CreateJob requests generated from the service model: every member, in the model's order."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from intact.adapters.boto import load_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MODEL = load_model()
ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OPERATIONS = sorted(MODEL.shapes["JobOperation"]["members"])
_moments = st.datetimes(timezones=st.just(UTC), min_value=datetime(2006, 3, 14))  # noqa: DTZ001 - hypothesis adds the zone
_words = st.text("abc-é ", min_size=1, max_size=12)
_BY_SHAPE: Mapping[str, st.SearchStrategy[Any]] = {
    "AccountId": st.just(ACCOUNT),
    "IAMRoleArn": st.just(f"arn:aws:iam::{ACCOUNT}:role/copy"),
    "FunctionArnString": st.sampled_from(
        ["resize", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:resize"]
    ),
    "S3RegionalOrS3ExpressBucketArnString": st.just("arn:aws:s3:::copies"),
    "S3BucketArnString": st.just("arn:aws:s3:::general"),
    "S3KeyArnString": st.just("arn:aws:s3:::lists/m.csv"),
    "NonEmptyKmsKeyArnString": st.just(KEY),
    "S3ExpirationInDays": st.integers(1, 9),
    "ObjectSizeGreaterThanBytes": st.integers(0, 100),
    "ObjectSizeLessThanBytes": st.integers(101, 9999),
    "S3GranteeTypeIdentifier": st.sampled_from(["id", "uri"]),
    "NonEmptyMaxLength1024StringList": _words.map(lambda word: [word]),
}
"""Values where the model's own bounds are not all: patterns, and rules beyond the model."""


@functools.cache
def members(shape: str, *, all_of_them: bool = False) -> st.SearchStrategy[Any]:
    """Values of a shape; of a structure every member, or any that is not required at will."""
    if shape in _BY_SHAPE:
        return _BY_SHAPE[shape]
    rules = MODEL.shapes[shape]
    kind, low = rules["type"], rules.get("min", 0)
    if kind == "structure":
        return _structure(rules, all_of_them=all_of_them)
    if shape == "JobManifestFieldList":
        return st.permutations(["Bucket", "Key", "VersionId", "Ignore"])
    if kind == "list":
        item = members(rules["member"]["shape"], all_of_them=all_of_them)
        unique = (lambda tag: tag["Key"]) if shape == "S3TagSet" else repr
        least = max(low, 1 if all_of_them else 0)
        return st.lists(item, min_size=least, max_size=rules.get("max", 2), unique_by=unique)
    if kind == "map":
        return st.dictionaries(
            _words, _words, min_size=max(low, 1 if all_of_them else 0), max_size=2
        )
    simple: dict[str, st.SearchStrategy[Any]] = {
        "boolean": st.booleans(),
        "timestamp": _moments,
        "integer": st.integers(low, rules.get("max", 999)),
        "long": st.integers(low, rules.get("max", 999)),
        "string": st.sampled_from(rules["enum"]) if "enum" in rules else _words,
    }
    return simple[kind]


def _structure(rules: Mapping[str, Any], *, all_of_them: bool) -> st.SearchStrategy[Any]:
    @st.composite
    def build(draw: st.DrawFn) -> dict[str, Any]:
        names = list(rules["members"])
        if rules.get("union"):
            names = [draw(st.sampled_from(names))]
        chosen = [
            name
            for name in names
            if all_of_them
            or rules.get("union")
            or name in rules.get("required", ())
            or draw(st.booleans())
        ]
        return {
            name: draw(members(rules["members"][name]["shape"], all_of_them=all_of_them))
            for name in chosen
        }

    return build()


@st.composite
def requests(
    draw: st.DrawFn, *, operation: str | None = None, all_of_them: bool = False
) -> dict[str, Any]:
    """Requests that break no rule; warnings there may be."""
    name = operation or draw(st.sampled_from(OPERATIONS))
    shape = MODEL.shapes["JobOperation"]["members"][name]["shape"]
    request: dict[str, Any] = draw(members("CreateJobRequest", all_of_them=all_of_them))
    request["Operation"] = {name: draw(members(shape, all_of_them=all_of_them))}
    listed = draw(members("JobManifest", all_of_them=all_of_them))
    generated = draw(members("JobManifestGenerator", all_of_them=all_of_them))
    generator = draw(st.booleans())
    settled = {
        key: value for key, value in request.items() if key not in {"Manifest", "ManifestGenerator"}
    }
    settled |= {"ManifestGenerator": generated} if generator else {"Manifest": listed}
    settle(settled)
    ordered: dict[str, Any] = in_order(settled, "CreateJobRequest")
    return ordered


def in_order(value: Any, shape: str) -> Any:  # noqa: ANN401 - any member
    """The value with the members of every structure in the model's order."""
    rules = MODEL.shapes[shape]
    if rules["type"] == "list":
        return [in_order(item, rules["member"]["shape"]) for item in value]
    if rules["type"] != "structure":
        return value
    return {
        name: in_order(value[name], member["shape"])
        for name, member in rules["members"].items()
        if name in value
    }


def settle(request: dict[str, Any]) -> None:
    """Change what the rules beyond the model forbid."""
    [(name, operation)] = request["Operation"].items()
    report = request["Report"]
    if report["Enabled"] or name == "S3ComputeObjectChecksum":
        request["Report"] = {
            "Bucket": "arn:aws:s3:::reports",
            "Format": "Report_CSV_20180820",
            "Enabled": True,
            **({"Prefix": report["Prefix"]} if "Prefix" in report else {}),
            "ReportScope": report.get("ReportScope", "AllTasks"),
            "ExpectedBucketOwner": ACCOUNT,
        }
    if "Manifest" in request:
        spec = request["Manifest"]["Spec"]
        if spec["Format"].startswith("S3Inventory"):
            spec.pop("Fields", None)
        else:
            spec.setdefault("Fields", ["Bucket", "Key", "VersionId"])
    for place in _structures(request["Operation"]):
        if {"Days", "Years"} <= place.keys():
            del place["Years"]
    _settle_filter(request, name)
    if name in SETTLERS:
        SETTLERS[name](operation)


def _settle_filter(request: dict[str, Any], name: str) -> None:
    generator = request.get("ManifestGenerator", {}).get("S3JobManifestGenerator", {})
    chosen = generator.get("Filter", {})
    if {"CreatedAfter", "CreatedBefore"} <= chosen.keys():
        chosen["CreatedAfter"] = datetime(2005, 1, 1, tzinfo=UTC)
    if name in {"S3PutObjectCopy", "S3ComputeObjectChecksum", "S3UpdateObjectEncryption"}:
        for encryption in chosen.get("MatchAnyObjectEncryption", ()):
            if {"SSEC", "DSSEKMS", "NOTSSE"} & encryption.keys():
                encryption.clear()
                encryption["SSES3"] = {}
    if name == "S3InitiateRestoreObject":
        chosen.pop("MatchAnyStorageClass", None)


def _structures(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _structures(member)


def _settle_copy(copy: dict[str, Any]) -> None:
    copy.setdefault("TargetResource", "arn:aws:s3:::copies")
    copy.get("NewObjectMetadata", {}).pop("ContentLength", None)
    copy.get("NewObjectMetadata", {}).pop("ContentMD5", None)
    copy.get("NewObjectMetadata", {}).pop("RequesterCharged", None)
    if "AccessControlGrants" in copy:
        copy.pop("CannedAccessControlList", None)
    if ("ObjectLockMode" in copy) != ("ObjectLockRetainUntilDate" in copy):
        copy.pop("ObjectLockMode", None)
        copy.pop("ObjectLockRetainUntilDate", None)
    if copy.get("ObjectLockEventHoldDuration") == {}:
        copy["ObjectLockEventHoldDuration"]["Years"] = 1


def _settle_acl(acl: dict[str, Any]) -> None:
    policy = acl.setdefault("AccessControlPolicy", {})
    if "AccessControlList" in policy:
        policy.pop("CannedAccessControlList", None)
    else:
        policy["CannedAccessControlList"] = "private"


def _settle_retention(operation: dict[str, Any]) -> None:
    if operation["Retention"].get("EventHoldDuration") == {}:
        operation["Retention"]["EventHoldDuration"]["Days"] = 1


def _settle_invoke(invoke: dict[str, Any]) -> None:
    invoke.setdefault("FunctionArn", "resize")
    invoke["InvocationSchemaVersion"] = "2.0"


def _settle_checksum(compute: dict[str, Any]) -> None:
    if compute.get("ChecksumAlgorithm") == "CRC64NVME":
        compute["ChecksumType"] = "FULL_OBJECT"


def _settle_encryption(update: dict[str, Any]) -> None:
    update.setdefault("ObjectEncryption", {}).setdefault("SSEKMS", {"KMSKeyArn": KEY})


SETTLERS: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "S3PutObjectCopy": _settle_copy,
    "S3PutObjectAcl": _settle_acl,
    "S3PutObjectRetention": _settle_retention,
    "LambdaInvoke": _settle_invoke,
    "S3ComputeObjectChecksum": _settle_checksum,
    "S3UpdateObjectEncryption": _settle_encryption,
}


def paths(value: object, shape: str, where: str = "") -> Iterator[str]:
    """Every member that a request has, list items and map entries without their number or key."""
    rules = MODEL.shapes[shape]
    if rules["type"] == "structure" and isinstance(value, dict):
        for name, member in value.items():
            path = f"{where}.{name}" if where else name
            yield path
            yield from paths(member, rules["members"][name]["shape"], path)
    elif rules["type"] == "list" and isinstance(value, list):
        for item in value:
            yield from paths(item, rules["member"]["shape"], f"{where}[]")


def all_paths(shape: str = "CreateJobRequest", where: str = "") -> Iterator[str]:
    """Every member that the model knows."""
    rules = MODEL.shapes[shape]
    if rules["type"] == "structure":
        for name, member in rules["members"].items():
            path = f"{where}.{name}" if where else name
            yield path
            yield from all_paths(member["shape"], path)
    elif rules["type"] == "list":
        yield from all_paths(rules["member"]["shape"], f"{where}[]")
