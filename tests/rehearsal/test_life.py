"""A job's life beyond one process and beside other jobs."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.s3control import confirm, describe, s3control_client
from intact.batch.outcome import JobStatus
from intact.batch.report import TaskResult, TaskStatus
from intact.errors import FormatError, UsageError
from intact.rehearsal import runner
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.faults import Faults
from intact.rehearsal.jobs import Job, Scope
from intact.rehearsal.state import Log, State
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import boto3

    from tests.stage import Stage


RESULT = TaskResult(
    bucket="b",
    raw_key="k",
    version_id=None,
    status=TaskStatus.SUCCEEDED,
    http_status=200,
    error_code="",
    message="",
)


@contextmanager
def reopened(stage: Stage, session: boto3.Session, state: Path, **how: Any) -> Iterator[Stage]:  # noqa: ANN401 - of the endpoint
    """The stage with an endpoint over a folder."""
    with BatchEndpoint(stage.s3, **{"workers": 2, "state": state, **how}) as endpoint:
        control = s3control_client(session, endpoint_url=endpoint.url, region="eu-west-1")
        yield replace(stage, endpoint=endpoint, control=control)
        control.close()


def test_no_copy_is_of_the_second_of_its_source(stage: Stage) -> None:
    stage.fill("a")
    assert stage.run(stage.manifest("a")).all_succeeded
    source, copy = (
        stage.s3.head_object(Bucket=bucket, Key="a")["LastModified"]
        for bucket in (stage.source, stage.target)
    )
    assert source < copy


def test_jobs_outlive_the_endpoint(stage: Stage, session: boto3.Session, tmp_path: Path) -> None:
    stage.fill("a")
    with reopened(stage, session, tmp_path) as before:
        request = before.request(before.manifest("a"), Tags=[{"Key": "k", "Value": "v"}])
        done = before.control.create_job(**request)["JobId"]
        assert before.wait(done).all_succeeded
        waiting = before.submit(before.manifest("a"), ConfirmationRequired=True, Priority=3)
        before.wait(waiting)
        seen = before.control.describe_job(AccountId=ACCOUNT, JobId=done)["Job"]
    with reopened(stage, session, tmp_path) as after:
        assert after.control.describe_job(AccountId=ACCOUNT, JobId=done)["Job"] == seen
        assert after.control.create_job(**request)["JobId"] == done
        with pytest.raises(after.control.exceptions.IdempotencyException):
            after.control.create_job(**request | {"Priority": 11})
        tags = after.control.get_job_tagging(AccountId=ACCOUNT, JobId=done)["Tags"]
        assert tags == request["Tags"]
        listed = after.control.list_jobs(AccountId=ACCOUNT)["Jobs"]
        assert [job["JobId"] for job in listed] == [waiting, done]
        assert after.wait(waiting).status is JobStatus.SUSPENDED
        confirm(after.control, account_id=ACCOUNT, job_id=waiting)
        assert after.wait(waiting).all_succeeded


def test_a_job_that_was_stopped_midway_goes_on(
    stage: Stage, session: boto3.Session, tmp_path: Path
) -> None:
    names = [f"{number:02}" for number in range(30)]
    stage.fill(*names)
    slow = Faults(delay=0.02)
    with reopened(stage, session, tmp_path, faults=slow) as before:
        job_id = before.submit(before.manifest(*names))
        while not describe(before.control, account_id=ACCOUNT, job_id=job_id).succeeded:
            pass
    copied = len(stage.keys(stage.target))
    assert 0 < copied < len(names)
    assert len((tmp_path / f"{job_id}.results").read_bytes().splitlines()) == copied
    with reopened(stage, session, tmp_path) as after:
        outcome = after.wait(job_id)
        assert outcome.all_succeeded
        assert [row.split(",")[1] for row in after.rows(outcome)] == names


def test_a_job_of_a_higher_priority_goes_first(
    stage: Stage, session: boto3.Session, tmp_path: Path
) -> None:
    names = [f"{number:02}" for number in range(40)]
    stage.fill(*names)
    slow = Faults(delay=0.03)
    with reopened(stage, session, tmp_path, workers=1, faults=slow) as slow_stage:
        low = slow_stage.submit(slow_stage.manifest(*names), Priority=1)
        while not describe(slow_stage.control, account_id=ACCOUNT, job_id=low).succeeded:
            pass
        high = slow_stage.submit(slow_stage.manifest(*names[:10]), Priority=2)
        seen = set()
        while not (
            now := describe(slow_stage.control, account_id=ACCOUNT, job_id=high)
        ).status.terminal:
            seen.add(describe(slow_stage.control, account_id=ACCOUNT, job_id=low).status)
        assert now.all_succeeded
        assert JobStatus.PAUSED in seen
        assert not any(status.terminal for status in seen)
        outcome = slow_stage.wait(low)
        assert outcome.all_succeeded
        assert [row.split(",")[1] for row in slow_stage.rows(outcome)] == names


def test_a_new_priority_lets_a_paused_job_go_on(
    stage: Stage, session: boto3.Session, tmp_path: Path
) -> None:
    names = [f"{number:02}" for number in range(40)]
    stage.fill(*names)
    with reopened(stage, session, tmp_path, workers=1, faults=Faults(delay=0.03)) as slow_stage:
        high = slow_stage.submit(slow_stage.manifest(*names), Priority=2)
        while not describe(slow_stage.control, account_id=ACCOUNT, job_id=high).succeeded:
            pass
        low = slow_stage.submit(slow_stage.manifest("00"), Priority=1)
        while (
            describe(slow_stage.control, account_id=ACCOUNT, job_id=low).status
            is not JobStatus.READY
        ):
            pass
        slow_stage.control.update_job_priority(AccountId=ACCOUNT, JobId=low, Priority=3)
        assert slow_stage.wait(low).all_succeeded
        assert not describe(slow_stage.control, account_id=ACCOUNT, job_id=high).status.terminal


def test_a_job_that_nobody_confirms_fails(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SUSPENDED_FOR", timedelta(0))
    job_id = stage.submit(stage.manifest("a"), ConfirmationRequired=True)
    while not (now := describe(stage.control, account_id=ACCOUNT, job_id=job_id)).status.terminal:
        pass
    assert [reason.code for reason in now.failure_reasons] == ["SuspendedTooLong"]


def test_two_rehearsals_never_share_a_folder(stage: Stage, tmp_path: Path) -> None:
    with (
        BatchEndpoint(stage.s3, state=tmp_path),
        pytest.raises(UsageError, match="in use by another"),
    ):
        BatchEndpoint(stage.s3, state=tmp_path)
    BatchEndpoint(stage.s3, state=tmp_path).stop()


def test_a_half_written_result_is_forgotten(tmp_path: Path) -> None:
    state = State(tmp_path)
    result = replace(RESULT, message="two\nlines")
    with state.log("j") as log:
        log.append(result)
    with (tmp_path / "j.results").open("ab") as file:
        file.write(b'["succeeded", 20')
    with state.log("j") as log:
        assert log.count == 1
        log.append(result)
    with state.log("j") as log:
        assert log.count == 2
    state.close()


def test_a_list_that_breaks_off_is_not_kept(tmp_path: Path) -> None:
    def broken() -> Iterator[Any]:
        raise UsageError("no")
        yield

    state = State(tmp_path)
    with pytest.raises(UsageError):
        state.write_rows("j", broken())
    assert list(state.rows("j")) == []
    state.close()


def test_a_file_that_is_no_job_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "j.json").write_text('{"job_id": "j"}')
    state = State(tmp_path)
    with pytest.raises(FormatError, match=r"j\.json"):
        state.load()
    state.close()


def test_a_result_that_the_disk_has_no_room_for_is_not_counted(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40, hard))
        with Log(tmp_path / "j.results") as log:
            with pytest.raises(OSError, match="40 of 48 bytes"):
                log.append(replace(RESULT, message="x" * 21))
            assert log.count == 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    with Log(tmp_path / "j.results") as again:
        assert again.count == 0


@pytest.mark.parametrize("name", ["$time", "$map", "$", "k"])
def test_a_job_is_remembered_whatever_names_its_maps_have(tmp_path: Path, name: str) -> None:
    arguments = {name: "x", "other": "y"} if name == "k" else {name: "x"}
    at = datetime(2026, 1, 24, 1, 26, 27, 366827, tzinfo=UTC)
    job = Job(
        job_id="j",
        scope=Scope(account_id=ACCOUNT, region="eu-west-1"),
        request={"Operation": {"LambdaInvoke": {"UserArguments": arguments}}, "Since": at},
        created=at,
        priority=1,
        tags=({"Key": "$map", "Value": "[]"},),
    )
    state = State(tmp_path)
    state.save(job)
    assert state.load() == [job]
    state.close()


def test_a_file_that_tells_of_another_job_is_refused(tmp_path: Path) -> None:
    state = State(tmp_path)
    scope = Scope(account_id=ACCOUNT, region="eu-west-1")
    at = datetime(2026, 1, 24, tzinfo=UTC)
    state.save(Job(job_id="j", scope=scope, request={}, created=at, priority=1))
    (tmp_path / "j.json").rename(tmp_path / "k.json")
    with pytest.raises(FormatError, match=r"k\.json: job_id is 'j'; wanted 'k'"):
        state.load()
    state.close()


@pytest.mark.parametrize(
    ("left", "ended"),
    [
        (JobStatus.NEW, JobStatus.COMPLETE),
        (JobStatus.PREPARING, JobStatus.COMPLETE),
        (JobStatus.READY, JobStatus.COMPLETE),
        (JobStatus.ACTIVE, JobStatus.COMPLETE),
        (JobStatus.PAUSING, JobStatus.COMPLETE),
        (JobStatus.PAUSED, JobStatus.COMPLETE),
        (JobStatus.COMPLETING, JobStatus.COMPLETE),
        (JobStatus.CANCELLING, JobStatus.CANCELLED),
        (JobStatus.FAILING, JobStatus.FAILED),
    ],
)
def test_a_job_goes_on_from_any_status(
    stage: Stage, session: boto3.Session, tmp_path: Path, left: JobStatus, ended: JobStatus
) -> None:
    """The process dies in that status; where tasks had run, the report names those that had."""
    stage.fill("a", "b", "c")
    with reopened(stage, session, tmp_path) as before:
        outcome = before.run(before.manifest("a", "b", "c"))
        assert outcome.all_succeeded
    state = State(tmp_path)
    (job,) = state.load()
    early = left in {JobStatus.NEW, JobStatus.PREPARING, JobStatus.READY}
    state.save(replace(job, status=left, terminated=None, total=0 if early else 3))
    done = 0 if early else 1 if left is not JobStatus.COMPLETING else 3
    path = tmp_path / f"{job.job_id}.results"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:done]))
    if left is JobStatus.READY:
        state.save(replace(job, status=left, terminated=None))
    state.close()
    with reopened(stage, session, tmp_path) as after:
        outcome = after.wait(job.job_id)
        assert outcome.status is ended
        reported = [row.split(",")[1] for row in after.rows(outcome)]
    assert reported == (["a", "b", "c"] if ended is JobStatus.COMPLETE else ["a"])
