"""Every operation but the copy, by unmodified boto3 against a real S3 server."""

from __future__ import annotations

import base64
import csv
import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

import pytest

from intact.adapters.s3control import s3control_client
from intact.batch.manifest import VERSIONED_FIELDS
from intact.checksum import Algorithm, composite, new
from intact.checksum.encoding import encode
from intact.errors import UsageError
from intact.rehearsal.copying import NO_EVENT_HOLDS
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.invoking import load_functions
from intact.rehearsal.operations import OPERATIONS, unsupported
from intact.rehearsal.wire import s3control
from tests.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

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


def test_every_operation_of_the_model_is_executed() -> None:
    assert {*OPERATIONS} == {*SHAPES["JobOperation"]["members"]}


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
        assert f"Operation.{name}.Retention.EventHold: {NO_EVENT_HOLDS}" in refused
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


KEY = "path/a b+c.txt"
RAW = "path/a%20b%2Bc.txt"


@pytest.mark.parametrize(
    ("algorithm", "kind", "encoded"),
    [
        # Over the PARTS, by S3's own documents and other libraries.
        ("CRC64NVME", "FULL_OBJECT", "4pt41PrxiJQ="),
        ("CRC32", "FULL_OBJECT", "kvhbgw=="),
        ("CRC32", "COMPOSITE", "2AQfWw=="),
        ("SHA256", "FULL_OBJECT", "H+uV6QuTFgJ6leCl21AAv5i6UApM4NFf+AoOU/IIano="),
        ("SHA256", "COMPOSITE", "T0IofAur232vg2f5FnRU1PLh4D7k1BYHEW2bHHQqkn8="),
        ("MD5", "COMPOSITE", "GvVg04+li3Ypyp1skSxyCw=="),
    ],
)
def test_a_row_of_a_checksum_is_spelled_as_s3_spells_it(
    stage: Stage, algorithm: str, kind: str, encoded: str
) -> None:
    upload_parts(stage, KEY)
    members = {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
    operation = {"S3ComputeObjectChecksum": members}
    report = stage.report(ExpectedBucketOwner=OWNER)
    rows = stage.rows(stage.run(stage.manifest(RAW), Operation=operation, Report=report))
    digest = base64.b64decode(encoded).hex().upper()
    (row,) = rows
    assert row == (
        f'{stage.source},{RAW},,succeeded,200,,"{{""checksum_base64"":""{encoded}"",'
        '""ETag"":""1af560d38fa58b7629ca9d6c912c720b-3"",'
        f'""checksumAlgorithm"":""{algorithm}"",""checksumType"":""{kind}"",'
        f'""checksum_hex"":""{digest}""}}"'
    )


def test_jobs_over_both_sides_give_equal_checksums_of_equal_content_and_of_no_other(
    stage: Stage,
) -> None:
    stage.fill("good", "bad")
    assert stage.run(stage.manifest("good", "bad")).all_succeeded
    stage.s3.put_object(Bucket=stage.target, Key="bad", Body=b"content of bat")
    members = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}
    found = []
    for bucket in (stage.source, stage.target):
        manifest = stage.stored_manifest(f"{bucket},good\n{bucket},bad\n".encode())
        operation = {"S3ComputeObjectChecksum": members}
        report = stage.report(ExpectedBucketOwner=OWNER)
        outcome = stage.run(manifest, Operation=operation, Report=report)
        rows = cells(stage, outcome)
        found.append({row[1]: json.loads(row[6])["checksum_base64"] for row in rows})
    source, target = found
    assert source["good"] == target["good"]
    assert source["bad"] != target["bad"]


def test_a_checksum_is_of_the_version_that_the_manifest_names(stage: Stage) -> None:
    stage.s3.put_bucket_versioning(
        Bucket=stage.source, VersioningConfiguration={"Status": "Enabled"}
    )
    old = stage.s3.put_object(Bucket=stage.source, Key="a", Body=b"old")
    stage.s3.put_object(Bucket=stage.source, Key="a", Body=b"new")
    manifest = stage.manifest(f"a,{old['VersionId']}", fields=VERSIONED_FIELDS)
    members = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}
    outcome = stage.run(
        manifest,
        Operation={"S3ComputeObjectChecksum": members},
        Report=stage.report(ExpectedBucketOwner=OWNER),
    )
    ((_, _, version, _, _, _, said),) = cells(stage, outcome)
    assert version == old["VersionId"]
    assert json.loads(said)["ETag"] == old["ETag"].strip('"')
    assert json.loads(said)["checksum_base64"] == encode(new("SHA256", b"old").digest())


def test_an_object_under_a_callers_own_key_cannot_be_checksummed(stage: Stage) -> None:
    key: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"0" * 32}
    stage.s3.put_object(Bucket=stage.source, Key="a", Body=b"x", **key)
    members = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}
    (row,) = run(stage, "S3ComputeObjectChecksum", members, "a")
    assert row[:3] == ["failed", "200", "PermanentFailure"]
    assert '"errorCode": "400"' in row[3]


@pytest.mark.parametrize(
    ("report", "wanted"),
    [({}, "the account that owns the bucket"), ({"Enabled": False}, "the checksums stand only")],
)
def test_checksums_need_a_report_whose_owner_is_expected(
    stage: Stage, report: dict[str, Any], wanted: str
) -> None:
    members = {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}
    request = stage.request(
        stage.manifest("a"),
        Operation={"S3ComputeObjectChecksum": members},
        Report=stage.report() | report,
    )
    with pytest.raises(stage.control.exceptions.BadRequestException, match=wanted):
        stage.control.create_job(**request)


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
    if task["s3Key"].startswith("missing/"):
        missing = task["s3Key"].removeprefix("missing/")
        return {"results": []} | ({} if missing == "None" else {"treatMissingKeysAs": missing})
    if task["s3Key"].startswith("try/"):
        tries = sum(call["tasks"][0]["s3Key"] == task["s3Key"] for call in CALLS)
        letter = task["s3Key"].removeprefix("try/")[tries - 1]
        return {"results": []} if letter == "M" else answer(event, letter)
    if task["s3Key"].endswith("E"):
        raise ZeroDivisionError("by zero")
    if task["s3Key"].endswith("M"):
        return {"treatMissingKeysAs": "PermanentFailure", "results": []}
    if task["s3Key"].endswith("N"):
        return {"results": [{}]}
    return answer(event, task["s3Key"][-1])


def answer(event: Mapping[str, Any], letter: str) -> dict[str, Any]:
    codes = {"S": "Succeeded", "T": "TemporaryFailure", "P": "PermanentFailure", "X": "Odd"}
    code, (task,) = codes[letter], event["tasks"]
    said = {"taskId": task["taskId"], "resultCode": code, "resultString": f"{code}, so"}
    return {"invocationId": event["invocationId"], "results": [said]}


CALLS: list[dict[str, Any]] = []


class Web(BaseHTTPRequestHandler):
    """The handler behind a URL."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        failed = {"errorMessage": "by zero", "errorType": "ZeroDivisionError"}
        said = failed if "error" in self.path else handler(json.loads(body), None)
        self.send_response(500 if self.path == "/broken" else 200)
        if self.path == "/error?marked":
            self.send_header("X-Amz-Function-Error", "Unhandled")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

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
            f"{ARN}reported": f"{url}/error",
            f"{ARN}marked": f"{url}/error?marked",
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


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ("a%20b%2Bc%2Fd/S", "a%20b%2Bc%2Fd/S"),
        ("a b,é/S", "a%20b,%C3%A9/S"),
        ("100%25/~S", "100%25/~S"),
    ],
)
def test_the_key_of_an_event_is_encoded_and_decodes_to_the_objects(
    lambdas: Stage, raw: str, sent: str
) -> None:
    text = f'"{raw}"' if "," in raw else raw
    run(lambdas, "LambdaInvoke", {"FunctionArn": f"{ARN}python"}, text)
    (call,) = CALLS
    assert call["tasks"][0]["s3Key"] == sent
    assert unquote_plus(sent) == unquote(raw)


@pytest.mark.parametrize("function", ["python", "web"])
@pytest.mark.parametrize("schema", ["1.0", "2.0"])
def test_an_event_has_every_member_of_its_schema_and_no_other(
    lambdas: Stage, function: str, schema: str
) -> None:
    lambdas.s3.create_bucket(Bucket=lambdas.source)
    version = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"
    members: dict[str, Any] = {
        "FunctionArn": f"{ARN}{function}",
        "InvocationSchemaVersion": schema,
    }
    arguments = {"algorithm": "SHA256", "$odd": ""}
    if schema == "2.0":
        members["UserArguments"] = arguments
    manifest = lambdas.manifest(f"a%20S,{version}", fields=VERSIONED_FIELDS)
    outcome = lambdas.run(manifest, Operation={"LambdaInvoke": members})
    assert cells(lambdas, outcome) == [
        [lambdas.source, "a%20S", version, "succeeded", "200", "", "Succeeded, so"]
    ]
    (call,) = CALLS
    (task,) = call["tasks"]
    where = (
        {"s3BucketArn": f"arn:aws:s3:::{lambdas.source}"}
        if schema == "1.0"
        else {"s3Bucket": lambdas.source}
    )
    job = {"id": outcome.job_id} | ({"userArguments": arguments} if schema == "2.0" else {})
    assert call == {
        "invocationSchemaVersion": schema,
        "invocationId": call["invocationId"],
        "job": job,
        "tasks": [{"taskId": task["taskId"], "s3Key": "a%20S", "s3VersionId": version} | where],
    }


@pytest.mark.parametrize("function", ["python", "web"])
def test_a_failure_that_passes_is_tried_again(lambdas: Stage, function: str) -> None:
    """The key's last letters say what each try of its task ends with."""
    members = {"FunctionArn": f"{ARN}{function}"}
    rows = run(lambdas, "LambdaInvoke", members, "try/TTS", "try/TTT", "try/MS")
    assert [row[:3] for row in rows] == [
        ["succeeded", "200", ""],
        ["succeeded", "200", ""],
        ["failed", "200", "TemporaryFailure"],
    ]
    tried = Counter(call["tasks"][0]["s3Key"] for call in CALLS)
    assert tried == {"try/TTS": 3, "try/TTT": 3, "try/MS": 2}
    assert len({call["invocationId"] for call in CALLS}) == len(CALLS)


@pytest.mark.parametrize(
    ("missing", "ended"),
    [
        ("Succeeded", ["succeeded", "200", ""]),
        ("TemporaryFailure", ["failed", "200", "TemporaryFailure"]),
        ("PermanentFailure", ["failed", "200", "PermanentFailure"]),
        (None, ["failed", "200", "TemporaryFailure"]),
    ],
)
def test_a_task_without_result_ends_as_the_answer_says(
    lambdas: Stage, missing: str | None, ended: list[str]
) -> None:
    (row,) = run(lambdas, "LambdaInvoke", {"FunctionArn": f"{ARN}python"}, f"missing/{missing}")
    assert row[:3] == ended
    assert len(CALLS) == (3 if ended[2] == "TemporaryFailure" else 1)


@pytest.mark.parametrize("function", ["python", "reported", "marked"])
def test_an_error_of_a_function_is_quoted(lambdas: Stage, function: str) -> None:
    (row,) = run(lambdas, "LambdaInvoke", {"FunctionArn": f"{ARN}{function}"}, "E")
    assert row[:3] == ["failed", "200", "PermanentFailure"]
    assert row[3].startswith("Lambda returned function error: {")
    assert "by zero" in row[3]


def test_a_function_named_by_its_module_takes_and_gives_only_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stand_in.py").write_text(
        "def keep(event, context):\n    event['seen'] = True\n    return {'results': (1, 2)}\n"
        "def odd(event, context):\n    return {1, 2}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    functions = load_functions({"keep": "stand_in:keep", "odd": "stand_in:odd"})
    event: dict[str, Any] = {"tasks": []}
    assert functions["keep"](event) == {"results": [1, 2]}
    assert event == {"tasks": []}
    with pytest.raises(TypeError, match="JSON"):
        functions["odd"](event)


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
