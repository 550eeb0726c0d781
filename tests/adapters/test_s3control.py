from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from intact.adapters.s3control import (
    cancel,
    confirm,
    describe,
    describe_job,
    list_jobs,
    s3control_client,
    set_priority,
    submit,
    wait,
)
from intact.batch.outcome import JobStatus
from intact.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3control import S3ControlClient

ACCOUNT = "111122223333"
JOB: dict[str, Any] = {"account_id": ACCOUNT, "job_id": "job-1"}
REQUEST: dict[str, Any] = {
    "AccountId": ACCOUNT,
    "ConfirmationRequired": False,
    "Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::dst"}},
    "Report": {"Enabled": False},
    "ClientRequestToken": "token",
    "Priority": 1,
    "RoleArn": "arn:aws:iam::111122223333:role/r",
}


@cache
def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret")  # noqa: S106 - of nobody


@pytest.fixture
def client() -> Iterator[S3ControlClient]:
    client = s3control_client(session(), region="eu-west-1")
    yield client
    client.close()


@pytest.fixture
def stub(client: S3ControlClient) -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub


def answers(stub: Stubber, *statuses: str) -> None:
    for status in statuses:
        job = {"JobId": "job-1", "Status": status, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}
        stub.add_response("describe_job", {"Job": job}, {"AccountId": ACCOUNT, "JobId": "job-1"})


def urls_asked(client: S3ControlClient) -> list[str]:
    seen: list[str] = []

    def see(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's AWSPreparedRequest
        seen.append(request.url)
        raise ConnectionError

    client.meta.events.register("before-send.s3-control", see)
    with pytest.raises(ConnectionError):
        client.list_jobs(AccountId=ACCOUNT)
    client.close()
    return seen


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://[::1]:80", "http://s3.internal"])
def test_an_endpoint_is_reached_by_its_own_host(url: str) -> None:
    client = s3control_client(session(), endpoint_url=url, region="eu-west-1")
    assert urls_asked(client) == [f"{url}/v20180820/jobs"]


def test_aws_is_reached_as_botocore_does() -> None:
    assert urls_asked(s3control_client(session(), region="eu-west-1")) == [
        "https://111122223333.s3-control.eu-west-1.amazonaws.com/v20180820/jobs"
    ]


def test_a_request_without_token_is_not_sent(client: S3ControlClient) -> None:
    with pytest.raises(UsageError, match="ClientRequestToken"):
        submit(client, REQUEST | {"ClientRequestToken": ""})


def test_a_request_that_botocore_refuses_is_the_callers_fault(client: S3ControlClient) -> None:
    with pytest.raises(UsageError, match="Colour"):
        submit(client, REQUEST | {"Colour": "red"})


def test_a_submitted_job_has_an_id(client: S3ControlClient, stub: Stubber) -> None:
    stub.add_response("create_job", {"JobId": "job-1"}, REQUEST)
    assert submit(client, REQUEST) == "job-1"


def test_a_refused_request_is_the_stores_answer(client: S3ControlClient, stub: Stubber) -> None:
    stub.add_client_error("create_job", "IdempotencyException", "another")
    with pytest.raises(StoreError, match=r"CreateJob: .*IdempotencyException"):
        submit(client, REQUEST)


@pytest.mark.parametrize("end", ["Complete", "Failed", "Cancelled", "Suspended"])
def test_waiting_ends_when_the_job_does_or_needs_someone(
    client: S3ControlClient, stub: Stubber, end: str
) -> None:
    answers(stub, "New", "Active", end)
    pauses: list[float] = []
    seen: list[JobStatus] = []
    outcome = wait(
        client,
        **JOB,
        poll_seconds=7,
        sleep=pauses.append,
        progress=lambda at: seen.append(at.status),
    )
    assert outcome.status.value == end
    assert pauses == [7, 7]
    assert seen == [JobStatus.NEW, JobStatus.ACTIVE, outcome.status]


def test_waiting_gives_up_when_the_next_answer_would_be_late(
    client: S3ControlClient, stub: Stubber
) -> None:
    answers(stub, "Active", "Active", "Active")
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(StoreError, match="still Active after 70 seconds"):
        wait(client, **JOB, timeout_seconds=70, clock=lambda: now[0], sleep=sleep)
    assert now == [60.0]


def test_waiting_gives_up_in_time_when_nobody_answers(
    client: S3ControlClient, stub: Stubber
) -> None:
    for _ in range(9):
        stub.add_client_error("describe_job", "TooManyRequestsException", "slow down")
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with pytest.raises(StoreError, match="slow down"):
        wait(client, **JOB, timeout_seconds=200, patience=8, clock=lambda: now[0], sleep=sleep)
    assert now == [180.0]  # 60, 120; 240 more would be late


def test_a_job_that_cannot_be_described_is_the_stores_answer(
    client: S3ControlClient, stub: Stubber
) -> None:
    stub.add_client_error("describe_job", "NoSuchJobException", "No such job")
    with pytest.raises(StoreError, match=r"DescribeJob of job-1: .*No such job"):
        describe(client, **JOB)


@pytest.mark.parametrize(("act", "status"), [(confirm, "Ready"), (cancel, "Cancelled")])
def test_a_job_is_confirmed_and_cancelled_by_its_status(
    client: S3ControlClient, stub: Stubber, act: Any, status: str  # noqa: ANN401 - either function
) -> None:  # fmt: skip
    sent = {"AccountId": ACCOUNT, "JobId": "job-1", "RequestedJobStatus": status}
    stub.add_response("update_job_status", {"JobId": "job-1", "Status": status}, sent)
    act(client, **JOB)
    stub.add_client_error("update_job_status", "JobStatusException", "too late")
    with pytest.raises(StoreError, match=f"to {status}: .*too late"):
        act(client, **JOB)


def test_a_priority_is_set_or_refused(client: S3ControlClient, stub: Stubber) -> None:
    sent = {"AccountId": ACCOUNT, "JobId": "job-1", "Priority": 7}
    stub.add_response("update_job_priority", {"JobId": "job-1", "Priority": 7}, sent)
    set_priority(client, **JOB, priority=7)
    stub.add_client_error("update_job_priority", "BadRequestException", "too late")
    with pytest.raises(StoreError, match=r"UpdateJobPriority of job-1: .*too late"):
        set_priority(client, **JOB, priority=7)


@pytest.mark.parametrize("act", [describe_job, confirm, partial(set_priority, priority=1)])
def test_what_no_job_can_be_is_the_callers_fault(client: S3ControlClient, act: Any) -> None:  # noqa: ANN401 - any function
    with pytest.raises(UsageError, match=r"Invalid length for parameter JobId.*\Z") as found:
        act(client, account_id=ACCOUNT, job_id="1")
    assert "\n" not in str(found.value)


def test_every_page_of_jobs_is_listed(client: S3ControlClient, stub: Stubber) -> None:
    def page(job_id: str, **more: str) -> dict[str, Any]:
        entry = {"JobId": job_id, "Status": "Active", "Operation": "S3PutObjectCopy"}
        created = {"Priority": 1, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}
        return {"Jobs": [entry | created]} | more

    sent = {"AccountId": ACCOUNT, "JobStatuses": ["Active"]}
    stub.add_response("list_jobs", page("job-1", NextToken="n"), sent)
    stub.add_response("list_jobs", page("job-2"), sent | {"NextToken": "n"})
    found = list_jobs(client, account_id=ACCOUNT, statuses=["Active"])
    assert [entry.job_id for entry in found] == ["job-1", "job-2"]
    stub.add_client_error("list_jobs", "InternalServiceException", "later")
    with pytest.raises(StoreError, match=r"ListJobs: .*later"):
        list(list_jobs(client, account_id=ACCOUNT))


def test_waiting_survives_as_many_failures_in_a_row_as_it_is_told(
    client: S3ControlClient, stub: Stubber
) -> None:
    pauses: list[float] = []
    for _ in range(2):
        stub.add_client_error("describe_job", "TooManyRequestsException", "slow down")
        stub.add_client_error("describe_job", "TooManyRequestsException", "slow down")
        answers(stub, "Active")
    answers(stub, "Complete")
    wait(client, **JOB, poll_seconds=1, patience=2, sleep=pauses.append)
    assert pauses == [2, 4, 1, 2, 4, 1]
    stub.add_client_error("describe_job", "TooManyRequestsException", "slow down")
    with pytest.raises(StoreError, match="slow down"):
        wait(client, **JOB, sleep=pauses.append)
