"""Every kind of constraint in the real service model, broken one at a time."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from intact.adapters.boto import load_model
from intact.batch import Model, Problem

MODEL = load_model()
VALID: dict[str, Any] = {
    "AccountId": "111122223333",
    "ConfirmationRequired": False,
    "Operation": {
        "S3PutObjectCopy": {
            "TargetResource": "arn:aws:s3:::copies",
            "ChecksumAlgorithm": "SHA256",
            "BucketKeyEnabled": True,
            "NewObjectTagging": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "c"}],
            "NewObjectMetadata": {
                "ContentLength": 0,
                "HttpExpiresDate": "2026-01-02T03:04:05Z",
                "UserMetadata": {"k": "v"},
            },
            "ModifiedSinceConstraint": datetime(2026, 1, 2, tzinfo=UTC),
        }
    },
    "Report": {"Enabled": False},
    "ManifestGenerator": {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::source",
            "EnableManifestOutput": False,
            "Filter": {"MatchAnyObjectEncryption": [{"SSES3": {}}]},
        }
    },
    "ClientRequestToken": "t",
    "Priority": 0,
    "RoleArn": "arn:aws:iam::111122223333:role/copy",
    "Tags": [{"Key": "équipe: 1", "Value": "a\N{NO-BREAK SPACE}b"}],
}
COPY = "Operation.S3PutObjectCopy"
METADATA = f"{COPY}.NewObjectMetadata"
GENERATOR = "ManifestGenerator.S3JobManifestGenerator"
ENCRYPTION = f"{GENERATOR}.Filter.MatchAnyObjectEncryption"
GONE = object()
ARABIC_ONE = "\N{ARABIC-INDIC DIGIT ONE}"


def put(request: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The request with another value, or none, at a dotted path."""
    changed = copy.deepcopy(request)
    *steps, last = path.split(".")
    member: Any = changed
    for step in steps:
        member = member[int(step)] if isinstance(member, list) else member[step]
    if value is GONE:
        del member[last]
    else:
        member[last] = value
    return changed


def problems(request: dict[str, Any]) -> list[Problem]:
    return list(MODEL.problems(request, shape="CreateJobRequest"))


def test_a_valid_request_has_no_problems() -> None:
    assert problems(VALID) == []


CASES = [
    # path to change, value, rule, where, got, wanted
    ("AccountId", 7, "type", "AccountId", "int 7", "string"),
    ("ConfirmationRequired", 1, "type", "ConfirmationRequired", "int 1", "boolean"),
    ("Priority", True, "type", "Priority", "bool True", "integer"),
    ("Priority", "1", "type", "Priority", "str '1'", "integer"),
    (f"{METADATA}.ContentLength", 1.0, "type", f"{METADATA}.ContentLength", "float 1.0", "long"),
    ("Report", [], "type", "Report", "list []", "structure"),
    ("Tags", {}, "type", "Tags", "dict {}", "list"),
    ("Tags", [{"Key": "a", "Value": None}], "type", "Tags[0].Value", "NoneType None", "string"),
    (f"{METADATA}.UserMetadata", [], "type", f"{METADATA}.UserMetadata", "list []", "map"),
    (
        f"{COPY}.ModifiedSinceConstraint",
        "yesterday",
        "type",
        f"{COPY}.ModifiedSinceConstraint",
        "str 'yesterday'",
        "timestamp",
    ),
    (
        f"{COPY}.ModifiedSinceConstraint",
        0,
        "type",
        f"{COPY}.ModifiedSinceConstraint",
        "int 0",
        "timestamp",
    ),
    ("RoleArn", GONE, "required", "RoleArn", "nothing", "a value"),
    ("Report.Enabled", GONE, "required", "Report.Enabled", "nothing", "a value"),
    ("Tags", [{"Key": "a"}], "required", "Tags[0].Value", "nothing", "a value"),
    ("Report.Enable", True, "unknown member", "Report.Enable", "True", "one of ['Bucket', "),
    ("ManifestGenerator", {}, "union", "ManifestGenerator", "nothing", "exactly one member"),
    (
        ENCRYPTION,
        [{"SSES3": {}, "SSEC": {}}],
        "union",
        f"{ENCRYPTION}[0]",
        "SSES3, SSEC",
        "exactly one member",
    ),
    (
        f"{COPY}.ChecksumAlgorithm",
        "CRC16",
        "enum",
        f"{COPY}.ChecksumAlgorithm",
        "'CRC16'",
        "one of CRC32, CRC32C, ",
    ),
    ("Priority", -1, "min", "Priority", "-1", "at least 0"),
    ("Priority", 2**31, "max", "Priority", "2147483648", "at most 2147483647"),
    (f"{METADATA}.ContentLength", -1, "min", f"{METADATA}.ContentLength", "-1", "at least 0"),
    ("ClientRequestToken", "", "min", "ClientRequestToken", "0 characters", "at least 1"),
    ("ClientRequestToken", "x" * 65, "max", "ClientRequestToken", "65 characters", "at most 64"),
    (ENCRYPTION, [], "min", ENCRYPTION, "0 items", "at least 1"),
    (ENCRYPTION, [{"SSEC": {}}, {"SSEC": {}}], "max", ENCRYPTION, "2 items", "at most 1"),
    (
        f"{METADATA}.UserMetadata",
        {str(number): "" for number in range(8193)},
        "max",
        f"{METADATA}.UserMetadata",
        "8193 entries",
        "at most 8192",
    ),
    (
        f"{METADATA}.UserMetadata",
        {"": ""},
        "min",
        f"{METADATA}.UserMetadata['']",
        "0 characters",
        "at least 1",
    ),
    (
        f"{METADATA}.UserMetadata",
        {"k": "v" * 1025},
        "max",
        f"{METADATA}.UserMetadata['k']",
        "1025 characters",
        "at most 1024",
    ),
    ("AccountId", "11112222333", "pattern", "AccountId", "'11112222333'", r"matches ^\d{12}$"),
    ("AccountId", "111122223333\n", "pattern", "AccountId", r"'111122223333\n'", "text that"),
    ("AccountId", ARABIC_ONE * 12, "pattern", "AccountId", repr(ARABIC_ONE * 12), "text that"),
    ("RoleArn", "arn:aws:iam::1:role/x", "pattern", "RoleArn", "'arn:", "text that matches"),
    ("Tags", [{"Key": "a!", "Value": ""}], "pattern", "Tags[0].Key", "'a!'", "text that matches"),
]


@pytest.mark.parametrize(
    ("path", "value", "rule", "where", "got", "wanted"),
    CASES,
    ids=[f"{rule}-{number}" for number, (_, _, rule, *_) in enumerate(CASES)],
)
def test_a_broken_constraint_is_one_problem(  # noqa: PLR0913 - the columns of the table
    *, path: str, value: object, rule: str, where: str, got: str, wanted: str
) -> None:
    [problem] = problems(put(VALID, path, value))
    assert (problem.rule, problem.where, problem.warning) == (rule, where, False)
    assert problem.got.startswith(got)
    assert wanted in problem.wanted
    assert problem.source == "botocore service model"


def test_every_kind_of_constraint_is_broken_above() -> None:
    kinds = {"type", "required", "unknown member", "union", "enum", "min", "max", "pattern"}
    assert {rule for _, _, rule, *_ in CASES} == kinds


def test_all_problems_are_found_at_once() -> None:
    request = put(put(put(VALID, "Priority", -1), "Report", {}), "AccountId", "1")
    assert {(problem.rule, problem.where) for problem in problems(request)} == {
        ("min", "Priority"),
        ("required", "Report.Enabled"),
        ("pattern", "AccountId"),
    }


def test_a_request_that_is_no_structure_is_named_so() -> None:
    [problem] = MODEL.problems([], shape="CreateJobRequest")  # type: ignore[arg-type]
    assert (problem.rule, problem.where) == ("type", "request")


def test_a_value_at_its_bound_passes() -> None:
    request = put(put(VALID, "Priority", 2**31 - 1), "ClientRequestToken", "x" * 64)
    assert problems(request) == []


def test_a_dot_in_a_pattern_matches_a_line_break() -> None:
    assert problems(put(VALID, "RoleArn", "arn:aws:iam::111122223333:role/a\nb")) == []


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem(rule="min", where="Priority", got="-1", wanted="at least 0", source="S3")
    assert str(problem) == "Priority: got -1; wanted at least 0 [min: S3]"


def test_the_shapes_are_arguments() -> None:
    model = Model({"Job": {"type": "structure", "members": {}}})
    assert [problem.where for problem in model.problems({"a": 1}, shape="Job")] == ["a"]
