"""S3 Control: submits batch jobs and waits for them, on AWS or on a rehearsal endpoint."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from intact.adapters.boto import proxies
from intact.adapters.contact import FirstContact
from intact.batch.description import JobEntry
from intact.batch.outcome import JobOutcome, JobStatus
from intact.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from types_boto3_s3control import S3ControlClient

POLL_SECONDS = 30.0
"""Amazon S3 User Guide, "Troubleshooting S3 Batch Operations": one DescribeJob per 30 seconds."""


def s3control_client(
    session: boto3.Session | None = None,
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    config: Config | None = None,
) -> S3ControlClient:
    """Make an S3 Control client for AWS or, with ``endpoint_url``, for a server by its address.

    botocore puts the account before the host of every endpoint, which no loopback address and
    few private names resolve; with ``endpoint_url`` this client takes the account out again
    before signing.  The header ``x-amz-account-id`` still carries it.
    """
    client: S3ControlClient = (session or boto3.Session()).client(
        "s3control",
        endpoint_url=endpoint_url,
        region_name=region,
        config=Config(proxies=proxies(endpoint_url)).merge(config or Config()),
    )
    FirstContact().listen(client)
    if endpoint_url is not None:
        client.meta.events.register("before-call.s3-control", _host_without_account)
    return client


def _host_without_account(*, params: dict[str, Any], **_: object) -> None:
    url = urlsplit(params["url"])
    label = f"{params['headers'].get('x-amz-account-id', '')}."
    if label != "." and url.netloc.startswith(label):
        params["url"] = url._replace(netloc=url.netloc.removeprefix(label)).geturl()


def submit(client: S3ControlClient, request: Mapping[str, Any]) -> str:
    """Create a job and return its id; the same request again returns the same id.

    Raises:
        UsageError: The request lacks the ``ClientRequestToken`` that makes repeats harmless,
            or botocore refuses it unsent.
        StoreError: S3 Control refused it or did not answer.
    """
    if not request.get("ClientRequestToken"):
        raise UsageError(
            "job request has no ClientRequestToken; wanted one, so that repeats are safe"
        )
    try:
        return client.create_job(**request)["JobId"]
    except ParamValidationError as error:
        raise _refused_unsent("CreateJob", error) from error
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"CreateJob: {error}") from error


def describe_job(client: S3ControlClient, *, account_id: str, job_id: str) -> Mapping[str, Any]:
    """DescribeJob response as boto3 returns it.

    Raises:
        UsageError: No job can have that id.
        StoreError: S3 Control refused or did not answer.
    """
    try:
        return client.describe_job(AccountId=account_id, JobId=job_id)
    except ParamValidationError as error:
        raise _refused_unsent(f"DescribeJob of {job_id}", error) from error
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"DescribeJob of {job_id}: {error}") from error


def describe(client: S3ControlClient, *, account_id: str, job_id: str) -> JobOutcome:
    """How a job stands now.

    Raises:
        StoreError: S3 Control refused or did not answer.
        FormatError: The answer is not what the API promises.
    """
    return JobOutcome.from_describe(describe_job(client, account_id=account_id, job_id=job_id))


def confirm(client: S3ControlClient, *, account_id: str, job_id: str) -> None:
    """Let a suspended job run.

    Raises:
        StoreError: S3 Control refused, as for a job that is not suspended, or did not answer.
    """
    _update(client, account_id=account_id, job_id=job_id, status="Ready")


def cancel(client: S3ControlClient, *, account_id: str, job_id: str) -> None:
    """Stop a job; what it copied stays, and its report names the tasks that ran.

    Raises:
        StoreError: S3 Control refused, as for a job that has ended, or did not answer.
    """
    _update(client, account_id=account_id, job_id=job_id, status="Cancelled")


def _update(client: S3ControlClient, *, account_id: str, job_id: str, status: Any) -> None:  # noqa: ANN401 - the stubs want a Literal
    try:
        client.update_job_status(AccountId=account_id, JobId=job_id, RequestedJobStatus=status)
    except ParamValidationError as error:
        raise _refused_unsent(f"UpdateJobStatus of {job_id}", error) from error
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"UpdateJobStatus of {job_id} to {status}: {error}") from error


def _refused_unsent(what: str, error: ParamValidationError) -> UsageError:
    """What botocore's model says of a request, in one line."""
    return UsageError(f"{what}: {' '.join(str(error).split())}")


def wait(  # noqa: PLR0913 - the effects are arguments
    client: S3ControlClient,
    *,
    account_id: str,
    job_id: str,
    poll_seconds: float = POLL_SECONDS,
    timeout_seconds: float | None = None,
    patience: int = 0,
    keep: Callable[[Mapping[str, Any]], object] | None = None,
    progress: Callable[[JobOutcome], object] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> JobOutcome:
    """Poll a job until it has ended or is suspended, which it stays until someone confirms it.

    Args:
        client: From ``s3control_client``.
        account_id: Account that owns the job.
        job_id: The job.
        poll_seconds: Pause between two calls; AWS allows no less than the default.
        timeout_seconds: Longest wait; None waits for ever.
        patience: Calls in a row that may fail, as under throttling; the pauses double.
        keep: Called with every answer as boto3 returns it.
        progress: Called with what every answer says.
        clock: Seconds that never run backwards.
        sleep: Waits that many seconds.

    Raises:
        StoreError: S3 Control refused or did not answer, or the time ran out.
        FormatError: An answer is not what the API promises.
    """
    started, troubles = clock(), 0
    while True:
        pause = poll_seconds
        try:
            response = describe_job(client, account_id=account_id, job_id=job_id)
        except StoreError:
            troubles += 1
            pause *= 2**troubles
            if troubles > patience or _late(clock() - started + pause, timeout_seconds):
                raise
            sleep(pause)
            continue
        troubles, outcome = 0, JobOutcome.from_describe(response)
        if keep is not None:
            keep(response)
        if progress is not None:
            progress(outcome)
        if outcome.status.terminal or outcome.status is JobStatus.SUSPENDED:
            return outcome
        if _late(clock() - started + pause, timeout_seconds):
            raise StoreError(
                f"job {job_id} is still {outcome.status.value} after {timeout_seconds:g} seconds"
            )
        sleep(pause)


def _late(seconds: float, limit: float | None) -> bool:
    return limit is not None and seconds > limit


def set_priority(client: S3ControlClient, *, account_id: str, job_id: str, priority: int) -> None:
    """Change how early a job runs; larger is earlier.

    Raises:
        StoreError: S3 Control refused, as for a job that has ended, or did not answer.
    """
    try:
        client.update_job_priority(AccountId=account_id, JobId=job_id, Priority=priority)
    except ParamValidationError as error:
        raise _refused_unsent(f"UpdateJobPriority of {job_id}", error) from error
    except (BotoCoreError, ClientError) as error:
        raise StoreError(f"UpdateJobPriority of {job_id}: {error}") from error


def list_jobs(
    client: S3ControlClient, *, account_id: str, statuses: Sequence[str] = ()
) -> Iterator[JobEntry]:
    """Every job that S3 still lists, the newest first; of the statuses given, or of all.

    Raises:
        StoreError: S3 Control refused or did not answer.
        FormatError: The answer is not what the API promises.
    """
    wanted: dict[str, Any] = {"JobStatuses": list(statuses)} if statuses else {}
    while True:
        try:
            page = client.list_jobs(AccountId=account_id, **wanted)
        except (BotoCoreError, ClientError) as error:
            raise StoreError(f"ListJobs: {error}") from error
        yield from map(JobEntry.from_list, page.get("Jobs", ()))
        if not page.get("NextToken"):
            return
        wanted["NextToken"] = page["NextToken"]
