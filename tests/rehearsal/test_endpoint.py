from __future__ import annotations

import hashlib
import http.client
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from intact.adapters.s3control import cancel, confirm, describe, s3control_client
from intact.batch.manifest import VERSIONED_FIELDS
from intact.batch.outcome import JobStatus
from intact.batch.report import ReportManifest
from intact.errors import StoreError, UsageError
from intact.rehearsal.endpoint import MOST_BODY, BatchEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import boto3
    from types_boto3_s3 import S3Client

    from tests.stage import Stage

ACCOUNT = "111122223333"
ODD_KEYS = [
    "plain.txt", "with space", " leading", "trailing ", "plus+plus", "100%", "%41", "a%2Fb",
    "a//b", "/leading-slash", "folder/", "new\nline", "cr\rcrlf\r\n", "tab\t", "\x01control",
    "caf\u00e9", "cafe\u0301", "日本語", "\U0001f600", 'quote"quote', "comma,comma", "semi;colon",
    "amp&<tag>", "'single'", "question?mark#hash", "back\\slash", "a/./b", "a/../b", "=", "{|}^`~*",
    "k" * 1024,
]  # fmt: skip


@pytest.fixture(params=["by its address", "as a proxy"])
def any_way_in(
    request: pytest.FixtureRequest, stage: Stage, session: boto3.Session
) -> Iterator[Any]:
    if request.param == "by its address":
        yield stage.control
        return
    client = session.client(
        "s3control",
        region_name="eu-west-1",
        use_ssl=False,
        config=Config(proxies={"http": stage.endpoint.url}),
    )
    yield client
    client.close()


@pytest.fixture
def on_copy(s3: S3Client) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Registers what happens before each CopyObject that the endpoint sends."""
    hooks: list[Any] = []

    def register(act: Callable[[], object]) -> None:
        def hook(**_: object) -> None:
            act()

        hooks.append(hook)
        s3.meta.events.register("before-call.s3.CopyObject", hook)

    yield register
    for hook in hooks:
        s3.meta.events.unregister("before-call.s3.CopyObject", hook)


def error_of(call: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        call()
    return {**refused.value.response["Error"], **refused.value.response["ResponseMetadata"]}


def test_a_whole_job_copies_odd_keys_and_reports_each(stage: Stage, any_way_in: Any) -> None:  # noqa: ANN401 - a client
    stage.fill(*ODD_KEYS)
    raw_keys = [quote(key, safe="/") for key in ODD_KEYS] + ["no-such-key"]
    job_id = any_way_in.create_job(
        **stage.request(stage.manifest(*raw_keys), Operation=stage.copy(ChecksumAlgorithm="SHA256"))
    )["JobId"]
    outcome = stage.wait(job_id)
    job = any_way_in.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
    assert (job["Status"], job["JobArn"]) == (
        "Complete", f"arn:aws:s3:eu-west-1:{ACCOUNT}:job/{job_id}"
    )  # fmt: skip
    assert (outcome.total, outcome.succeeded, outcome.failed) == (32, 31, 1)
    assert outcome.failure_reasons == ()
    for key in ODD_KEYS:
        assert stage.read(key, bucket=stage.target) == f"content of {key}".encode()
    copied = stage.s3.head_object(Bucket=stage.target, Key="plain.txt", ChecksumMode="ENABLED")
    assert len(copied["ChecksumSHA256"]) == 44
    assert stage.rows(outcome) == [
        *(f"{stage.source},{key},,succeeded,200,,Successful" for key in raw_keys[:-1]),
        f"{stage.source},no-such-key,,failed,404,NoSuchKey,The specified key does not exist.",
    ]


def test_the_reports_files_are_named_and_digested_as_s3_does(stage: Stage) -> None:
    stage.fill("a")
    outcome = stage.run(stage.manifest("a", "b"))
    folder = f"reports/job-{outcome.job_id}"
    document = stage.read(f"{folder}/manifest.json")
    sidecar = stage.read(f"{folder}/manifest.json.md5")
    assert sidecar == hashlib.md5(document, usedforsecurity=False).hexdigest().encode() + b"\n"
    parts = ReportManifest.parse(document).parts
    assert [part.status.value for part in parts] == ["succeeded", "failed"]
    for part in parts:
        name = part.key.removeprefix(f"{folder}/results/").removesuffix(".csv")
        assert len(bytes.fromhex(name)) == 20
        assert hashlib.md5(stage.read(part.key), usedforsecurity=False).hexdigest() == part.md5


def test_the_report_repeats_keys_as_the_manifest_spells_them(stage: Stage) -> None:
    spellings = ["%63af%c3%a9", "caf%C3%A9", "café", "a%2fb", "a%2Fb", "a/b"]
    stage.fill("café", "a/b")
    outcome = stage.run(stage.manifest(*spellings))
    assert [row.split(",")[1] for row in stage.rows(outcome)] == spellings
    assert outcome.all_succeeded


@pytest.mark.parametrize("present", [True, False])
def test_only_failed_tasks_are_reported_where_so_asked(stage: Stage, *, present: bool) -> None:
    stage.fill("a")
    rows = ["a"] if present else ["a", "b"]
    outcome = stage.run(stage.manifest(*rows), Report=stage.report(ReportScope="FailedTasksOnly"))
    parts = ReportManifest.parse(stage.read(outcome.report_manifest_key or "")).parts
    assert [part.status.value for part in parts] == ([] if present else ["failed"])


def test_a_job_without_report_writes_none(stage: Stage) -> None:
    stage.fill("a")
    outcome = stage.run(stage.manifest("a", "b"), Report={"Enabled": False})
    assert (outcome.status, outcome.succeeded, outcome.failed) == (JobStatus.COMPLETE, 1, 1)
    assert stage.keys(stage.desk) == ["manifest.csv"]


def test_the_copy_has_what_the_request_asked_for(stage: Stage) -> None:
    stage.s3.put_object(
        Bucket=stage.source, Key="a", Body=b"", Tagging="old=1", Metadata={"old": "1"}
    )
    operation = stage.copy(
        TargetKeyPrefix="copied/here",
        StorageClass="STANDARD_IA",
        NewObjectTagging=[],
        NewObjectMetadata={"UserMetadata": {"new": "2"}, "ContentType": "text/plain"},
    )
    assert stage.run(stage.manifest("a"), Operation=operation).all_succeeded
    where: dict[str, Any] = {"Bucket": stage.target, "Key": "copied/here/a"}
    head = stage.s3.head_object(**where)
    assert head["Metadata"] == {"new": "2"}
    assert head["ContentType"] == "text/plain"
    assert head["StorageClass"] == "STANDARD_IA"
    assert stage.s3.get_object_tagging(**where)["TagSet"] == []


def test_the_version_that_the_manifest_names_is_copied(stage: Stage) -> None:
    stage.s3.put_bucket_versioning(
        Bucket=stage.source, VersioningConfiguration={"Status": "Enabled"}
    )
    old = stage.s3.put_object(Bucket=stage.source, Key="a", Body=b"old")["VersionId"]
    stage.s3.put_object(Bucket=stage.source, Key="a", Body=b"new")
    marker = stage.s3.delete_object(Bucket=stage.source, Key="a")["VersionId"]
    outcome = stage.run(stage.manifest(f"a,{marker}", f"a,{old}", fields=VERSIONED_FIELDS))
    succeeded, failed = stage.rows(outcome)
    assert succeeded == f"{stage.source},a,{old},succeeded,200,,Successful"
    assert failed.startswith(f"{stage.source},a,{marker},failed,4")
    assert stage.read("a", bucket=stage.target) == b"old"


@pytest.mark.parametrize(("size", "failed"), [(5 << 30, 0), ((5 << 30) + 1, 1)])
def test_an_object_over_five_gib_fails(stage: Stage, size: int, failed: int) -> None:
    stage.fill("a")

    def pretend(parsed: dict[str, Any], **_: object) -> None:
        parsed["ContentLength"] = size

    stage.s3.meta.events.register("after-call.s3.HeadObject", pretend)
    try:
        outcome = stage.run(stage.manifest("a"))
    finally:
        stage.s3.meta.events.unregister("after-call.s3.HeadObject", pretend)
    assert outcome.failed == failed
    assert ("larger than the maximum allowable size" in stage.rows(outcome)[0]) == bool(failed)


def test_the_same_request_twice_is_one_job(stage: Stage) -> None:
    stage.fill("a")
    request = stage.request(stage.manifest("a"))
    ids = {stage.control.create_job(**request)["JobId"] for _ in range(3)}
    assert len(ids) == 1
    with pytest.raises(stage.control.exceptions.IdempotencyException):
        stage.control.create_job(**request | {"Priority": 11})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{source}\n",
        b"{source},a,b\n",
        b"{source},a\n\n{source},b\n",
        b"{source},a+b\n",
        b"{source},%FF\n",
        b"\xef\xbb\xbf{source},a\n",
        b"{source},a\nanother-bucket,b\n",
    ],
)
def test_a_malformed_manifest_fails_the_job(stage: Stage, body: bytes) -> None:
    manifest = stage.stored_manifest(body.replace(b"{source}", stage.source.encode()))
    outcome = stage.run(manifest)
    assert (outcome.status, outcome.total) == (JobStatus.FAILED, 0)
    assert [reason.code for reason in outcome.failure_reasons] == ["InvalidManifestContent"]
    assert stage.keys(stage.desk) == ["manifest.csv"]


def test_a_manifest_that_changed_fails_the_job(stage: Stage) -> None:
    manifest = stage.manifest("a")
    stage.manifest("b")
    (reason,) = stage.run(manifest).failure_reasons
    assert reason.code == "ManifestETagMismatch"


def test_a_manifest_that_is_not_there_fails_the_job(stage: Stage) -> None:
    manifest = stage.manifest("a")
    manifest["Location"]["ObjectArn"] += "x"
    outcome = stage.run(manifest)
    (reason,) = outcome.failure_reasons
    assert outcome.status is JobStatus.FAILED
    assert reason.code == "ManifestUnreadable"
    assert "NoSuchKey" in reason.text


def test_a_report_bucket_that_is_not_there_fails_the_job(stage: Stage) -> None:
    report = stage.report(Bucket="arn:aws:s3:::nowhere-to-be-found")
    outcome = stage.run(stage.manifest("a"), Report=report)
    assert outcome.status is JobStatus.FAILED
    assert [reason.code for reason in outcome.failure_reasons] == ["ReportBucketUnavailable"]


def test_a_report_that_cannot_be_written_fails_the_job(
    stage: Stage, on_copy: Callable[[Callable[[], object]], None]
) -> None:
    stage.fill("a")
    bucket = f"{stage.name}-gone"
    stage.s3.create_bucket(Bucket=bucket)
    on_copy(lambda: stage.s3.delete_bucket(Bucket=bucket))
    outcome = stage.run(stage.manifest("a"), Report=stage.report(Bucket=f"arn:aws:s3:::{bucket}"))
    assert (outcome.status, outcome.succeeded) == (JobStatus.FAILED, 1)
    assert [reason.code for reason in outcome.failure_reasons] == ["ReportNotWritten"]


def test_a_suspended_job_runs_once_confirmed(stage: Stage) -> None:
    stage.fill("a")
    job_id = stage.submit(stage.manifest("a"), ConfirmationRequired=True)
    assert stage.wait(job_id).status is JobStatus.SUSPENDED
    assert stage.keys(stage.target) == []
    confirm(stage.control, account_id=ACCOUNT, job_id=job_id)
    assert stage.wait(job_id).all_succeeded
    with pytest.raises(StoreError, match="JobStatusException"):
        confirm(stage.control, account_id=ACCOUNT, job_id=job_id)


def test_a_suspended_job_that_is_cancelled_did_nothing(stage: Stage) -> None:
    stage.fill("a")
    job_id = stage.submit(stage.manifest("a"), ConfirmationRequired=True)
    stage.wait(job_id)
    cancel(stage.control, account_id=ACCOUNT, job_id=job_id)
    outcome = stage.wait(job_id)
    assert (outcome.status, outcome.not_run) == (JobStatus.CANCELLED, 1)
    assert stage.keys(stage.target) == []
    assert stage.keys(stage.desk) == ["manifest.csv"]


def test_a_job_is_cancelled_while_its_manifest_is_being_read(stage: Stage) -> None:
    rows = 300_000
    job_id = stage.submit(stage.stored_manifest(f"{stage.source},k\n".encode() * rows))
    while describe(stage.control, account_id=ACCOUNT, job_id=job_id).status is JobStatus.NEW:
        pass
    cancel(stage.control, account_id=ACCOUNT, job_id=job_id)
    outcome = stage.wait(job_id)
    assert (outcome.status, outcome.total) == (JobStatus.CANCELLED, 0)


def test_a_job_cancelled_midway_reports_the_tasks_that_ran(
    stage: Stage, on_copy: Callable[[Callable[[], object]], None]
) -> None:
    names = [f"{number:03}" for number in range(60)]
    stage.fill(*names)
    started, gate = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        started.release()
        gate.wait(30)

    on_copy(hold)
    job_id = stage.submit(stage.manifest(*names))
    assert started.acquire(timeout=30)
    cancel(stage.control, account_id=ACCOUNT, job_id=job_id)
    assert describe(stage.control, account_id=ACCOUNT, job_id=job_id).status is JobStatus.CANCELLING
    gate.set()
    outcome = stage.wait(job_id)
    assert outcome.status is JobStatus.CANCELLED
    assert 0 < outcome.succeeded < outcome.not_run
    copied = stage.keys(stage.target)
    assert [row.split(",")[1] for row in stage.rows(outcome)] == copied
    assert len(copied) == outcome.succeeded


def accepts_connections(endpoint: BatchEndpoint) -> bool:
    url = urlsplit(endpoint.url)
    try:
        socket.create_connection((url.hostname, url.port), timeout=5).close()
    except ConnectionError:
        return False
    return True


def test_stopping_stops_jobs_where_they_stand(
    stage: Stage, on_copy: Callable[[Callable[[], object]], None]
) -> None:
    names = [f"{number:03}" for number in range(60)]
    stage.fill(*names)
    started, gate = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        started.release()
        gate.wait(30)

    on_copy(hold)
    running, waiting = stage.manifest(*names), stage.manifest(*names)
    stage.submit(running)
    assert started.acquire(timeout=30)
    stage.wait(stage.submit(waiting, ConfirmationRequired=True))
    stopper = threading.Thread(target=stage.endpoint.stop)
    stopper.start()
    while accepts_connections(stage.endpoint):
        pass
    gate.set()
    stopper.join(30)
    assert not stopper.is_alive()
    assert len(stage.keys(stage.target)) < len(names)
    assert stage.keys(stage.desk) == ["manifest.csv"]
    stage.endpoint.stop()


def test_jobs_are_listed_by_status_newest_first_in_pages(stage: Stage) -> None:
    done = [stage.run(stage.manifest("a"), Priority=number).job_id for number in range(3)]
    waiting = stage.submit(stage.manifest("a"), ConfirmationRequired=True)
    stage.wait(waiting)
    ended: dict[str, Any] = {"AccountId": ACCOUNT, "JobStatuses": ["Complete", "Failed"]}
    first = stage.control.list_jobs(**ended, MaxResults=2)
    last = stage.control.list_jobs(**ended, MaxResults=2, NextToken=first["NextToken"])
    pages = [[job["JobId"] for job in page["Jobs"]] for page in (first, last)]
    assert pages == [done[:0:-1], done[:1]]
    assert "NextToken" not in last
    every = stage.control.list_jobs(AccountId=ACCOUNT)["Jobs"]
    assert [job["JobId"] for job in every] == [waiting, *reversed(done)]
    with pytest.raises(stage.control.exceptions.InvalidNextTokenException):
        stage.control.list_jobs(AccountId=ACCOUNT, NextToken="nowhere")


def test_a_page_begins_where_the_last_one_ended_though_jobs_go_on(stage: Stage) -> None:
    stage.fill("a")
    ids = [stage.submit(stage.manifest("a"), ConfirmationRequired=True) for _ in range(3)]
    for job_id in ids:
        stage.wait(job_id)
    suspended: dict[str, Any] = {"AccountId": ACCOUNT, "JobStatuses": ["Suspended"]}
    first = stage.control.list_jobs(**suspended, MaxResults=1)
    confirm(stage.control, account_id=ACCOUNT, job_id=ids[1])
    stage.wait(ids[1])
    last = stage.control.list_jobs(**suspended, NextToken=first["NextToken"])
    assert [job["JobId"] for job in first["Jobs"] + last["Jobs"]] == [ids[2], ids[0]]


def test_the_priority_is_remembered(stage: Stage) -> None:
    job_id = stage.submit(stage.manifest("a"))
    stage.control.update_job_priority(AccountId=ACCOUNT, JobId=job_id, Priority=77)
    assert stage.control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]["Priority"] == 77


def test_the_tags_are_those_last_put(stage: Stage) -> None:
    tags = [{"Key": "team", "Value": "archive"}]
    job = {"AccountId": ACCOUNT, "JobId": stage.submit(stage.manifest("a"), Tags=tags)}
    assert stage.control.get_job_tagging(**job)["Tags"] == tags
    stage.control.put_job_tagging(**job, Tags=[{"Key": "a", "Value": "b"}])
    assert stage.control.get_job_tagging(**job)["Tags"] == [{"Key": "a", "Value": "b"}]
    stage.control.delete_job_tagging(**job)
    assert stage.control.get_job_tagging(**job)["Tags"] == []


def test_what_is_not_executed_is_refused_by_name(stage: Stage) -> None:
    manifest = stage.manifest("a")
    held: dict[str, Any] = {"S3PutObjectRetention": {"Retention": {"EventHold": "ON"}}}
    calls: dict[str, Callable[[], object]] = {
        "Operation.S3PutObjectRetention.Retention.EventHold: no plain store": lambda: (
            stage.control.create_job(**stage.request(manifest, Operation=held))
        ),
        "ObjectLockEventHold: no plain store": lambda: stage.control.create_job(
            **stage.request(manifest, Operation=stage.copy(ObjectLockEventHold="ON"))
        ),
        "ListAccessPoints": lambda: stage.control.list_access_points(AccountId=ACCOUNT),
    }
    for name, call in calls.items():
        error = error_of(call)
        assert (error["Code"], error["HTTPStatusCode"]) == ("NotImplemented", 501)
        assert name in error["Message"]
        assert error["HTTPHeaders"]["x-intact-rehearsal"] == "true"


def test_a_request_that_breaks_a_rule_is_refused(stage: Stage) -> None:
    with pytest.raises(stage.control.exceptions.BadRequestException, match="RoleArn"):
        stage.control.create_job(**stage.request(stage.manifest("a"), RoleArn="root"))


def test_an_unknown_job_is_not_found(stage: Stage) -> None:
    error = error_of(lambda: stage.control.describe_job(AccountId=ACCOUNT, JobId="no-such-job"))
    assert (error["Code"], error["HTTPStatusCode"]) == ("NoSuchJobException", 404)


def exchange(
    endpoint: BatchEndpoint, method: str, target: str, *, body: bytes = b"", **headers: str
) -> tuple[int, str]:
    """Status and body of one raw request; the connection is new."""
    connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=10)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, target, body=body, headers=names)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


JOBS = "/v20180820/jobs"


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("http://example.com/", "example.com"),
        (f"http://example.com{JOBS}", "example.com"),
        (JOBS, "rebound.example.com:80"),
        (JOBS, "s3-control.eu-west-1.amazonaws.com.example.com"),
        (f"http://s3.eu-west-1.amazonaws.com{JOBS}", "s3.eu-west-1.amazonaws.com"),
    ],
)
def test_a_request_for_another_host_is_refused(
    endpoint: BatchEndpoint, target: str, host: str
) -> None:
    status, body = exchange(endpoint, "GET", target, Host=host, x_amz_account_id=ACCOUNT)
    assert (status, "forwards none" in body) == (501, True)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1:1",
        f"{ACCOUNT}.localhost",
        f"{ACCOUNT}.127.0.0.1:99",
        "s3-control.eu-west-1.amazonaws.com",
        f"{ACCOUNT}.s3-control-fips.dualstack.us-gov-west-1.amazonaws.com",
        f"{ACCOUNT}.s3-control.cn-north-1.amazonaws.com.cn",
    ],
)
def test_a_request_for_this_host_or_s3_control_is_answered(
    endpoint: BatchEndpoint, host: str
) -> None:
    status, body = exchange(endpoint, "GET", JOBS, Host=host, x_amz_account_id=ACCOUNT)
    assert (status, "<ListJobsResult>" in body) == (200, True)


def test_the_account_may_stand_in_the_host_alone(endpoint: BatchEndpoint) -> None:
    host = f"{ACCOUNT}.localhost"
    assert exchange(endpoint, "GET", JOBS, Host=host)[0] == 200
    assert exchange(endpoint, "GET", JOBS, Host="localhost")[0] == 400


@pytest.mark.parametrize(
    ("status", "method", "body", "headers"),
    [
        (501, "CONNECT", b"", {}),
        (400, "GET", b"", {"Host": "[broken"}),
        (501, "POST", b"", {"Content_Length": "-1"}),
        (501, "POST", b"", {"Transfer_Encoding": "chunked"}),
        (501, "POST", b"", {"Content_Length": str(MOST_BODY + 1)}),
        (501, "POST", b"", {"Content_Length": "9" * 5000}),
        (403, "POST", b"", {"Origin": "https://example.com"}),
        (403, "POST", b"", {"Origin": "null", "Host": f"{ACCOUNT}.localhost"}),
        (403, "GET", b"", {"Sec_Fetch_Site": "cross-site"}),
        (400, "POST", b"<!DOCTYPE x><CreateJobRequest/>", {}),
        (501, "BREW", b"", {}),
    ],
)
def test_a_request_that_no_client_of_s3_control_sends_is_refused(
    endpoint: BatchEndpoint, status: int, method: str, body: bytes, headers: dict[str, str]
) -> None:
    assert exchange(endpoint, method, JOBS, body=body, **headers)[0] == status


def test_a_connection_serves_on_after_an_error(endpoint: BatchEndpoint) -> None:
    connection = http.client.HTTPConnection(urlsplit(endpoint.url).netloc, timeout=10)
    seen = []
    for target in ("/", JOBS, "/", JOBS):
        connection.request("GET", target, headers={"x-amz-account-id": ACCOUNT})
        response = connection.getresponse()
        seen.append((response.status, response.getheader("x-intact-rehearsal")))
        response.read()
    connection.close()
    assert seen == [(501, "true"), (200, "true")] * 2


def test_a_client_that_breaks_off_harms_nobody(
    endpoint: BatchEndpoint, capfd: pytest.CaptureFixture[str]
) -> None:
    url = urlsplit(endpoint.url)
    for linger in (struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)):
        with socket.create_connection((url.hostname, url.port), timeout=5) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.sendall(
                f"POST {JOBS} HTTP/1.1\r\nContent-Length: 99\r\n\r\n<Create".encode()
            )
    assert exchange(endpoint, "GET", JOBS, x_amz_account_id=ACCOUNT)[0] == 200
    endpoint.stop()
    assert capfd.readouterr() == ("", "")


def test_a_state_that_cannot_be_written_is_an_answer_and_no_job(
    stage: Stage, tmp_path: Path, session: boto3.Session
) -> None:
    with BatchEndpoint(stage.s3, state=tmp_path / "state") as endpoint:
        (tmp_path / "state").rename(tmp_path / "gone")
        control = s3control_client(session, endpoint_url=endpoint.url, region="eu-west-1")
        error = error_of(lambda: control.create_job(**stage.request(stage.manifest("a"))))
        assert (error["Code"], error["HTTPStatusCode"]) == ("InternalServiceException", 500)
        assert control.list_jobs(AccountId=ACCOUNT)["Jobs"] == []
        control.close()


@pytest.mark.parametrize("workers", [0, -1])
def test_an_endpoint_needs_a_worker(s3: S3Client, workers: int) -> None:
    with pytest.raises(UsageError, match="workers"):
        BatchEndpoint(s3, workers=workers)
