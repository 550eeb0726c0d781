"""Every operation but the copy, by unmodified boto3 against a real S3 server."""

from __future__ import annotations

import csv
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.s3control import s3control_client
from intact.batch.manifest import VERSIONED_FIELDS
from intact.checksum import Algorithm, composite, new
from intact.checksum.encoding import encode
from intact.errors import UsageError
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.invoking import load_functions
from intact.rehearsal.operations import OPERATIONS, unsupported
from intact.rehearsal.wire import s3control
from tests.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import boto3
    from types_boto3_s3 import S3Client

    from intact.batch.outcome import JobOutcome

SHAPES = s3control()["shapes"]
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:"
PARTS = (b"a" * 5 * 1024**2, b"b" * 5 * 1024**2, b"tail")


def cells(stage: Stage, outcome: JobOutcome) -> list[list[str]]:
    return list(csv.reader(stage.rows(outcome)))


OWNER = "000000000000"
"""Account that owns every bucket of the store."""


def run(stage: Stage, name: str, members: dict[str, Any], *rows: str) -> list[list[str]]:
    report = stage.report(ExpectedBucketOwner=OWNER)
    outcome = stage.run(stage.manifest(*rows), Operation={name: members}, Report=report)
    return [found[3:] for found in cells(stage, outcome)]


@pytest.mark.parametrize("name", sorted({*OPERATIONS} - {"S3PutObjectCopy", "LambdaInvoke"}))
def test_every_member_of_an_operation_is_known_or_refused_by_name(name: str) -> None:
    shape = SHAPES[SHAPES["JobOperation"]["members"][name]["shape"]]
    samples: dict[str, Any] = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    spec = {"Manifest": {"Spec": {"Format": "S3BatchOperations_CSV_20180820"}}, "Report": {}}
    for member in shape["members"]:
        operation = {name: {member: samples.get(member, {})}}
        assert list(unsupported({"Operation": operation, **spec})) == []
    strange = {"Retention": {"EventHold": "ON"}, "Strange": 1}
    refused = list(unsupported({"Operation": {name: strange}, **spec}))
    if name == "S3PutObjectRetention":
        assert f"Operation.{name}.Retention.EventHold" in refused
    if name != "S3ComputeObjectChecksum":  # its model has no structure, so the model refuses
        assert f"Operation.{name}.Strange" in refused


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda algorithm: algorithm.value)
def test_a_checksum_is_computed_over_the_bytes(stage: Stage, algorithm: Algorithm) -> None:
    stage.fill("a b")
    members = {"ChecksumAlgorithm": algorithm.value, "ChecksumType": "FULL_OBJECT"}
    (row,) = run(stage, "S3ComputeObjectChecksum", members, "a%20b")
    digest = new(algorithm, b"content of a b").digest()
    etag = stage.s3.head_object(Bucket=stage.source, Key="a b")["ETag"]
    assert row[:3] == ["succeeded", "200", ""]
    assert json.loads(row[3]) == {
        "checksum_base64": encode(digest),
        "ETag": etag.strip('"'),
        "checksumAlgorithm": algorithm.value,
        "checksumType": "FULL_OBJECT",
        "checksum_hex": digest.hex().upper(),
    }


def upload_parts(stage: Stage, key: str) -> None:
    where: Any = {"Bucket": stage.source, "Key": key}
    where["UploadId"] = stage.s3.create_multipart_upload(**where)["UploadId"]
    parts: Any = []
    for number, body in enumerate(PARTS, 1):
        etag = stage.s3.upload_part(**where, PartNumber=number, Body=body)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    stage.s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})


def test_a_composite_checksum_is_computed_over_the_parts_that_the_object_has(stage: Stage) -> None:
    upload_parts(stage, "large")
    members = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "COMPOSITE"}
    (row,) = run(stage, "S3ComputeObjectChecksum", members, "large")
    digests = [new("SHA256", part).digest() for part in PARTS]
    expected = composite(digests, algorithm=Algorithm.SHA256)
    said = json.loads(row[3])
    assert said["checksum_base64"] == encode(expected.digest)
    assert said["checksumType"] == "COMPOSITE"


def test_an_object_that_cannot_be_checksummed_says_why_in_s3s_words(stage: Stage) -> None:
    stage.fill("single")
    members = {"ChecksumAlgorithm": "SHA1", "ChecksumType": "COMPOSITE"}
    (row,) = run(stage, "S3ComputeObjectChecksum", members, "single")
    assert row[:3] == ["failed", "200", "PermanentFailure"]
    assert '"errorCode": "400"' in row[3]
    (row,) = run(stage, "S3ComputeObjectChecksum", {}, "no-such-key")
    assert row[:3] == ["failed", "200", "PermanentFailure"]
    assert row[3].startswith('error details: {"failureMessage": "Task failed: ')
    assert '"errorCode": "404"' in row[3]


def test_crc64nvme_has_no_composite_form(stage: Stage) -> None:
    members = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"}
    operation = {"S3ComputeObjectChecksum": members}
    with pytest.raises(stage.control.exceptions.ClientError, match="wanted FULL_OBJECT"):
        stage.control.create_job(**stage.request(stage.manifest("a"), Operation=operation))


def test_tags_are_replaced_and_deleted(stage: Stage) -> None:
    stage.s3.put_object(Bucket=stage.source, Key="a", Body=b"", Tagging="old=1")
    tags = [{"Key": "new", "Value": "2"}]
    good = ["succeeded", "200", "", "Successful"]
    assert run(stage, "S3PutObjectTagging", {"TagSet": tags}, "a") == [good]
    assert stage.s3.get_object_tagging(Bucket=stage.source, Key="a")["TagSet"] == tags
    found = run(stage, "S3DeleteObjectTagging", {}, "a", "no-such-key")
    assert found[0] == good
    assert found[1][:3] == ["failed", "404", "NoSuchKey"]
    assert stage.s3.get_object_tagging(Bucket=stage.source, Key="a")["TagSet"] == []


def test_an_acl_is_put_canned_or_grant_by_grant(stage: Stage) -> None:
    stage.fill("a")
    policy: dict[str, Any] = {"CannedAccessControlList": "public-read"}
    run(stage, "S3PutObjectAcl", {"AccessControlPolicy": policy}, "a")
    acl = stage.s3.get_object_acl(Bucket=stage.source, Key="a")
    assert "READ" in [grant["Permission"] for grant in acl["Grants"]]
    group = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
    grantee = {"TypeIdentifier": "uri", "Identifier": group}
    owner = {"ID": acl["Owner"]["ID"]}
    grants = [{"Grantee": grantee, "Permission": "READ_ACP"}]
    policy = {"AccessControlList": {"Owner": owner, "Grants": grants}}
    (row,) = run(stage, "S3PutObjectAcl", {"AccessControlPolicy": policy}, "a")
    assert row[0] == "succeeded"
    (grant,) = stage.s3.get_object_acl(Bucket=stage.source, Key="a")["Grants"]
    assert (grant["Grantee"]["URI"], grant["Permission"]) == (group, "READ_ACP")


def test_objects_are_locked(stage: Stage) -> None:
    bucket = f"{stage.name}-locked"
    stage.s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    version = stage.s3.put_object(Bucket=bucket, Key="a", Body=b"")["VersionId"]
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    retention = {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": until}}
    for name, members in (
        ("S3PutObjectLegalHold", {"LegalHold": {"Status": "ON"}}),
        ("S3PutObjectRetention", retention | {"BypassGovernanceRetention": True}),
    ):
        manifest = stage.stored_manifest(
            f"{bucket},a,{version}\n".encode(), fields=VERSIONED_FIELDS
        )
        assert stage.run(manifest, Operation={name: members}).all_succeeded
    head = stage.s3.head_object(Bucket=bucket, Key="a")
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == ("GOVERNANCE", until)
    assert head["ObjectLockLegalHoldStatus"] == "ON"


def test_a_restore_is_started(stage: Stage) -> None:
    stage.s3.put_object(Bucket=stage.source, Key="cold", Body=b"", StorageClass="GLACIER")
    stage.fill("warm")
    members = {"ExpirationInDays": 1, "GlacierJobTier": "STANDARD"}
    good, bad = run(stage, "S3InitiateRestoreObject", members, "cold", "warm")
    assert good == ["succeeded", "200", "", "Successful"]
    assert bad[:3] == ["failed", "403", "InvalidObjectState"]
    assert "ongoing-request" in stage.s3.head_object(Bucket=stage.source, Key="cold")["Restore"]


def handler(event: Mapping[str, Any], context: None) -> dict[str, Any]:
    """Does what the last letter of the key says."""
    assert context is None
    (task,) = event["tasks"]
    CALLS.append(dict(event))
    if task["s3Key"].endswith("E"):
        raise ZeroDivisionError("by zero")
    if task["s3Key"].endswith("M"):
        return {"treatMissingKeysAs": "PermanentFailure", "results": []}
    if task["s3Key"].endswith("N"):
        return {"results": [{}]}
    codes = {"S": "Succeeded", "T": "TemporaryFailure", "P": "PermanentFailure", "X": "Odd"}
    code = codes[task["s3Key"][-1]]
    said = {"taskId": task["taskId"], "resultCode": code, "resultString": f"{code}, so"}
    return {"invocationId": event["invocationId"], "results": [said]}


CALLS: list[dict[str, Any]] = []


class Web(BaseHTTPRequestHandler):
    """The handler behind a URL."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps(handler(json.loads(body), None)).encode()
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so named by the base class
        """Say nothing."""


@pytest.fixture
def lambdas(s3: S3Client, session: boto3.Session) -> Iterator[Stage]:
    """A stage whose endpoint knows a function by its name and one by its URL."""
    CALLS.clear()
    with HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        url = f"http://127.0.0.1:{server.server_port}"
        targets = {
            f"{ARN}python": "tests.rehearsal.test_operations:handler",
            f"{ARN}web": f"{url}/good",
            f"{ARN}broken": f"{url}/broken",
        }
        # --import-mode=importlib gives this module another name than an import would.
        functions = load_functions(targets) | {f"{ARN}python": lambda event: handler(event, None)}
        with BatchEndpoint(s3, workers=1, functions=functions) as endpoint:
            control = s3control_client(session, endpoint_url=endpoint.url, region="eu-west-1")
            stage = Stage(s3=s3, endpoint=endpoint, control=control)
            s3.create_bucket(Bucket=stage.desk)
            yield stage
            control.close()
        server.shutdown()


def test_a_function_decides_over_each_object(lambdas: Stage) -> None:
    members = {"FunctionArn": f"{ARN}python"}
    rows = run(lambdas, "LambdaInvoke", members, "%53", "T", "P", "E", "M", "N", "X", "a%20S")
    good = ["succeeded", "200", "", "Succeeded, so"]
    assert [row for row in rows if row[0] == "succeeded"] == [good]  # %53 ends in no letter
    failed = [row[1:3] for row in rows if row[0] == "failed"]
    assert failed.count(["200", "TemporaryFailure"]) == 1
    assert failed.count(["200", "PermanentFailure"]) == 6
    said = " ".join(row[3] for row in rows)
    assert 'Lambda returned function error: {"errorMessage": "by zero"' in said
    tried = [call["tasks"][0]["s3Key"] for call in CALLS]
    assert tried.count("T") == 3
    assert tried.count("P") == 1


def test_a_function_sees_what_each_schema_promises(lambdas: Stage) -> None:
    run(lambdas, "LambdaInvoke", {"FunctionArn": f"{ARN}python"}, "S")
    arguments = {"UserArguments": {"k": "v"}, "InvocationSchemaVersion": "2.0"}
    run(lambdas, "LambdaInvoke", {"FunctionArn": f"{ARN}web"} | arguments, "S")
    first, second = CALLS
    assert (first["invocationSchemaVersion"], second["invocationSchemaVersion"]) == ("1.0", "2.0")
    assert [*first["job"]] == ["id"]
    assert second["job"]["userArguments"] == {"k": "v"}
    assert first["tasks"][0]["s3BucketArn"] == f"arn:aws:s3:::{lambdas.source}"
    assert second["tasks"][0]["s3Bucket"] == lambdas.source
    assert second["tasks"][0]["s3VersionId"] is None


def test_a_function_behind_a_url_that_breaks_fails_the_task(lambdas: Stage) -> None:
    (row,) = run(lambdas, "LambdaInvoke", {"FunctionArn": f"{ARN}broken"}, "S")
    assert row[:3] == ["failed", "200", "PermanentFailure"]
    assert "status 500" in row[3]


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"FunctionArn": f"{ARN}other"}, "no local function"),
        ({"FunctionArn": f"{ARN}web", "InvocationSchemaVersion": "3.0"}, "3.0"),
        ({"FunctionArn": f"{ARN}web", "UserArguments": {"a": "b"}}, "UserArguments"),
    ],
)
def test_a_function_that_cannot_be_invoked_is_refused(
    lambdas: Stage, members: dict[str, Any], name: str
) -> None:
    request = lambdas.request(lambdas.manifest("a"), Operation={"LambdaInvoke": members})
    with pytest.raises(lambdas.control.exceptions.ClientError, match=name):
        lambdas.control.create_job(**request)


@pytest.mark.parametrize(
    "target", ["http://example.com/f", "json", "json:nothing", "no_such_module:f", ":f"]
)
def test_a_target_that_is_no_local_function_is_a_usage_error(target: str) -> None:
    with pytest.raises(UsageError, match="wanted"):
        load_functions({ARN: target})
