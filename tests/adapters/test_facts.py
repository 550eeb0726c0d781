"""What a job meets in S3, looked at on a real server; each fact by the rule that it breaks."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from click.testing import CliRunner

from intact.adapters import facts as facts_module
from intact.adapters.boto import load_model
from intact.adapters.facts import find_facts
from intact.batch import problems
from intact.batch.spec import to_json
from intact.cli.main import cli
from intact.cli.options import Aws
from intact.errors import ExitCode
from tests.scripted_server import CLOSE, plain, scripted
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intact.batch.rules import Facts
    from tests.stage import Stage

MODEL = load_model()
OWNER = "000000000000"
"""The one account of LocalStack."""
LOCKED: dict[str, Any] = {"ObjectLockLegalHoldStatus": "ON"}


def look(stage: Stage, request: dict[str, Any]) -> Facts:
    return find_facts(request, s3=stage.s3, sts=None, region="us-east-1")


def broken(stage: Stage, request: dict[str, Any]) -> set[str]:
    found = problems(request, model=MODEL, facts=look(stage, request))
    return {problem.rule for problem in found} - {"unquoted etag"}


@pytest.fixture
def request_(stage: Stage) -> dict[str, Any]:
    """A request that nothing is wrong with but that its target has no versions."""
    return stage.request(stage.manifest("a", "b"))


def test_a_job_that_meets_what_it_names_breaks_no_rule(
    stage: Stage, request_: dict[str, Any]
) -> None:
    assert broken(stage, request_) == {"versioned target"}
    versions: Any = {"Status": "Enabled"}
    stage.s3.put_bucket_versioning(Bucket=stage.target, VersioningConfiguration=versions)
    assert broken(stage, request_) == set()
    found = look(stage, request_)
    assert found.rows == 2
    assert found.source_buckets == {stage.source}
    assert found.bucket_regions[stage.target] == "us-east-1"
    assert found.unread == {}


@pytest.mark.parametrize("rows", [b"", b"x,a\n,b", b'"x",a\ny,b\n'], ids=["none", "two", "quoted"])
def test_rows_and_buckets_are_counted(stage: Stage, rows: bytes) -> None:
    found = look(stage, stage.request(stage.stored_manifest(rows)))
    assert found.rows == (0 if not rows else 2)


def test_what_is_not_there_breaks_a_rule(stage: Stage, request_: dict[str, Any]) -> None:
    request_["Operation"] = stage.copy(TargetResource="arn:aws:s3:::no-such-bucket-here")
    request_["Manifest"]["Location"]["ETag"] = "0"
    assert broken(stage, request_) == {"existing buckets", "current etag"}
    stage.s3.delete_object(Bucket=stage.desk, Key="manifest.csv")
    assert broken(stage, request_) == {"existing buckets", "existing manifest"}


def test_the_version_of_a_manifest_is_the_one_that_counts(stage: Stage) -> None:
    versions: Any = {"Status": "Enabled"}
    stage.s3.put_bucket_versioning(Bucket=stage.desk, VersioningConfiguration=versions)
    manifest = stage.manifest("a")
    version = stage.s3.head_object(Bucket=stage.desk, Key="manifest.csv")["VersionId"]
    stage.manifest("a", "b")
    assert "current etag" in broken(stage, stage.request(manifest))
    manifest["Location"]["ObjectVersionId"] = version
    assert "current etag" not in broken(stage, stage.request(manifest))


def test_a_target_without_object_lock_holds_nothing(stage: Stage, request_: dict[str, Any]) -> None:
    request_["Operation"] = stage.copy(**LOCKED)
    assert "object lock" in broken(stage, request_)
    name = f"{stage.name}-locked"
    stage.s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    request_["Operation"] = stage.copy(TargetResource=f"arn:aws:s3:::{name}", **LOCKED)
    assert "object lock" not in broken(stage, request_)


def test_a_bucket_that_is_not_replicated_or_has_no_versions_is_named(stage: Stage) -> None:
    generator = {"SourceBucket": f"arn:aws:s3:::{stage.source}", "EnableManifestOutput": False}
    request = stage.request({}, Operation={"S3ReplicateObject": {}})
    del request["Manifest"]
    request["ManifestGenerator"] = {"S3JobManifestGenerator": generator}
    assert broken(stage, request) == {"replicated bucket", "versioned objects"}


def test_an_owner_that_is_another_is_named(stage: Stage, request_: dict[str, Any]) -> None:
    def refuse(*, params: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 - botocore's
        if params["headers"].get("x-amz-expected-bucket-owner") != ACCOUNT:
            return None
        answer = type("Answer", (), {"status_code": 403, "headers": {}})()
        return answer, {"Error": {"Code": "403", "Message": "Forbidden"}}

    stage.s3.meta.events.register("before-call.s3.HeadBucket", refuse)
    request_["Report"]["ExpectedBucketOwner"] = OWNER
    assert "owner of the bucket" not in broken(stage, request_)
    request_["Report"]["ExpectedBucketOwner"] = ACCOUNT
    assert "owner of the bucket" in broken(stage, request_)
    stage.s3.meta.events.unregister("before-call.s3.HeadBucket", refuse)


def test_rows_of_what_is_not_read_are_not_known(
    stage: Stage, request_: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts_module, "MOST_READ", 1)
    found = look(stage, request_)
    assert (found.rows, set(found.unread)) == (None, {"the manifest's rows"})
    request_["Manifest"]["Spec"] = {"Format": "S3InventoryReport_CSV_20161130"}
    assert set(look(stage, request_).unread) == {"the manifest's rows"}


def test_buckets_beyond_what_a_job_takes_are_not_all_looked_at(stage: Stage) -> None:
    rows = b"".join(b"bucket-%d,a\n" % number for number in range(20))
    found = look(stage, stage.request(stage.stored_manifest(rows)))
    assert found.unread == {"the manifest's buckets": "20 of them"}
    assert len(found.missing_buckets) == 10


def test_an_arn_of_no_object_is_not_looked_at(stage: Stage, request_: dict[str, Any]) -> None:
    request_["Manifest"]["Location"]["ObjectArn"] = "arn:aws:s3:::bucket"
    assert "Manifest.Location.ObjectArn" in look(stage, request_).unread


@contextmanager
def refusing(stage: Stage, *names: str, error: Exception | None = None) -> Iterator[None]:
    """Answer requests with a refusal, or with none."""

    def refuse(*, model: Any, **_: object) -> Any:  # noqa: ANN401 - botocore's
        if model.name not in names:
            return None
        if error is not None:
            raise error
        answer = type("Answer", (), {"status_code": 403, "headers": {}})()
        return answer, {"Error": {"Code": "AccessDenied", "Message": "no"}}

    stage.s3.meta.events.register("before-call.s3", refuse)
    try:
        yield
    finally:
        stage.s3.meta.events.unregister("before-call.s3", refuse)


SILENCE = EndpointConnectionError(endpoint_url="http://s3")
CALLS = [
    ("HeadBucket", "bucket "),
    ("HeadObject", "Manifest.Location"),
    ("GetObject", "the manifest's rows"),
    ("GetBucketVersioning", "versioning of bucket "),
    ("GetObjectLockConfiguration", "Object Lock of bucket "),
    ("GetBucketReplication", "replication of bucket "),
]


@pytest.mark.parametrize("error", [None, SILENCE], ids=["refused", "unanswered"])
@pytest.mark.parametrize(("call", "what"), CALLS)
def test_what_could_not_be_read_is_a_warning_and_no_fact(
    stage: Stage, request_: dict[str, Any], call: str, what: str, error: Exception | None
) -> None:
    request_["Operation"] = stage.copy(**LOCKED) | {"S3ReplicateObject": {}}
    with refusing(stage, call, error=error):
        found = look(stage, request_)
    assert found.unread
    assert all(name.startswith(what) for name in found.unread)
    assert not found.missing_buckets
    assert not found.manifest_missing
    rules = {problem.rule for problem in problems(request_, model=MODEL, facts=found)}
    assert "everything read" in rules


@pytest.mark.parametrize("error", [None, SILENCE], ids=["refused", "unanswered"])
def test_an_owner_that_could_not_be_asked_is_no_other(
    stage: Stage, request_: dict[str, Any], error: Exception | None
) -> None:
    request_["Report"]["ExpectedBucketOwner"] = OWNER
    asked = {"n": 0}

    def refuse(*, model: Any, params: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 - botocore's
        if "x-amz-expected-bucket-owner" not in params["headers"]:
            return None
        asked["n"] += 1
        if error is not None:
            raise error
        answer = type("Answer", (), {"status_code": 503, "headers": {}})()
        return answer, {"Error": {"Code": "SlowDown", "Message": model.name}}

    stage.s3.meta.events.register("before-call.s3", refuse)
    found = look(stage, request_)
    stage.s3.meta.events.unregister("before-call.s3", refuse)
    assert asked["n"] == 1
    assert found.foreign_buckets == frozenset()
    assert set(found.unread) == {f"owner of bucket {stage.desk}"}


@pytest.mark.parametrize("account", [ACCOUNT, "999999999999", None])
def test_the_account_is_that_of_the_credentials(
    stage: Stage, request_: dict[str, Any], account: str | None
) -> None:
    sts = boto3.client("sts", region_name="us-east-1")
    with Stubber(sts) as stub:
        if account is None:
            stub.add_client_error("get_caller_identity", "ExpiredToken")
        else:
            stub.add_response("get_caller_identity", {"Account": account})
        found = find_facts(request_, s3=stage.s3, sts=sts, region=None)
    sts.close()
    assert found.caller_account == account
    assert ("the caller's account" in found.unread) == (account is None)


def test_live_lint_names_what_only_looking_shows(request_: dict[str, Any], s3_server: str) -> None:
    command = ["job", "lint", "-", "--live", "--endpoint-url", s3_server, "--region", "us-east-1"]

    def lint() -> tuple[int, str]:
        result = CliRunner().invoke(cli, command, input=to_json(request_), standalone_mode=False)
        return result.return_value, result.stdout

    code, said = lint()
    assert code == ExitCode.VERIFIED
    assert "warning: Operation.S3PutObjectCopy.TargetResource: got bucket" in said
    request_["Report"]["Bucket"] = "arn:aws:s3:::no-such-bucket-here"
    code, said = lint()
    assert code == ExitCode.USAGE
    assert "error: Report.Bucket: got bucket no-such-bucket-here, which does not exist" in said
    del request_["Report"]
    code, said = lint()
    assert code == ExitCode.USAGE
    assert "does not exist" not in said


HERE, THERE = "http://127.0.0.1:9", "http://127.0.0.1:91"


@pytest.mark.parametrize(
    ("named", "option", "asked"),
    [
        ({}, None, "https://sts.eu-west-1.amazonaws.com"),
        ({}, HERE, None),
        ({"AWS_ENDPOINT_URL": HERE}, HERE, None),
        ({"AWS_ENDPOINT_URL_S3": HERE}, None, None),
        ({"AWS_ENDPOINT_URL": HERE}, None, HERE),
        ({"AWS_ENDPOINT_URL_STS": HERE}, None, HERE),
        ({"AWS_ENDPOINT_URL_S3": HERE, "AWS_ENDPOINT_URL_STS": THERE}, None, THERE),
        ({"AWS_ENDPOINT_URL": HERE, "AWS_ENDPOINT_URL_STS": THERE}, None, THERE),
        (
            {"AWS_ENDPOINT_URL_S3": HERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            None,
            "https://sts.eu-west-1.amazonaws.com",
        ),
    ],
)
def test_the_sts_that_is_asked_is_the_one_that_goes_with_s3(
    named: dict[str, str], option: str | None, asked: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    sts = Aws(region="eu-west-1", endpoint_url=option).sts()
    assert (None if sts is None else sts.meta.endpoint_url) == asked


def test_a_profile_names_servers_as_variables_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = f"[default]\nservices = ours\n[services ours]\ns3 =\n  endpoint_url = {HERE}\n"
    (tmp_path / "config").write_text(profile)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert Aws().sts() is None
    (tmp_path / "config").write_text(f"{profile}sts =\n  endpoint_url = {THERE}\n")
    sts = Aws().sts()
    assert sts is not None
    assert sts.meta.endpoint_url == THERE


def test_live_lint_asks_nobody_else_where_s3_is_another_servers(
    request_: dict[str, Any], s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)  # noqa: FBT003 - socket's
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, address)  # what would be asked of anybody passes here
        result = CliRunner().invoke(
            cli, ["job", "lint", "-", "--live"], input=to_json(request_), standalone_mode=False
        )
        with pytest.raises(BlockingIOError):
            proxy.accept()
    assert result.return_value == ExitCode.VERIFIED
    assert "nothing wrong\n" in result.output


def test_an_sts_that_is_none_is_a_warning(
    request_: dict[str, Any], s3_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = b"<html><br></html>"
    with scripted(lambda *_: [plain(len(page)), page, CLOSE]) as web:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", web.url)
        result = CliRunner().invoke(
            cli, ["job", "lint", "-", "--live"], input=to_json(request_), standalone_mode=False
        )
    assert result.return_value == ExitCode.UNPROVEN
    assert "warning: the caller's account: got no answer: Unable to parse" in result.output
