from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch.outcome import FailureReason, JobOutcome, JobStatus
from intact.rehearsal.board import JobBoard
from intact.rehearsal.jobs import BRAKE_AFTER_TASKS, MOVES, Job, Scope
from intact.rehearsal.wire import ApiError

AT = datetime(2026, 1, 24, tzinfo=UTC)
SCOPE = Scope(account_id="111122223333", region="eu-west-1")
REASON = FailureReason(code="InvalidManifestContent", text="line 3")
REQUEST: dict[str, Any] = {
    "AccountId": "111122223333",
    "ConfirmationRequired": True,
    "Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::dst"}},
    "Report": {"Enabled": False},
    "Manifest": {"Spec": {}, "Location": {}},
    "ClientRequestToken": "token",
    "Description": "first try",
    "Priority": 3,
    "RoleArn": "arn:aws:iam::111122223333:role/r",
}
statuses = st.sampled_from(JobStatus)


def job(status: JobStatus = JobStatus.NEW, **members: Any) -> Job:  # noqa: ANN401 - fields of Job
    fields: dict[str, Any] = {"job_id": "j-1", "scope": SCOPE, "request": REQUEST, "created": AT}
    return Job(**(fields | {"priority": 3} | members), status=status)


def test_the_terminal_statuses_are_those_without_a_way_out() -> None:
    inside = {*MOVES, *(status for ways in MOVES.values() for status in ways)}
    assert {status for status in inside if status.terminal} == inside - {*MOVES}


def test_every_status_is_reached_by_some_job() -> None:
    reached = {JobStatus.NEW, *(status for ways in MOVES.values() for status in ways)}
    assert reached == {*JobStatus}


@given(statuses, statuses)
def test_a_job_moves_only_where_the_table_says(before: JobStatus, after: JobStatus) -> None:
    if after in MOVES.get(before, ()):
        assert job(before).move(after, at=AT).status is after
    else:
        with pytest.raises(ApiError) as refused:
            job(before).move(after, at=AT)
        assert refused.value.code == "JobStatusException"


@given(st.lists(statuses))
def test_a_job_has_a_termination_date_exactly_when_it_ended(walk: list[JobStatus]) -> None:
    now = job()
    for status in walk:
        if status in MOVES.get(now.status, ()):
            now = now.move(status, at=AT)
    assert (now.terminated == AT) == now.status.terminal


@pytest.mark.parametrize("status", JobStatus)
def test_only_a_suspended_job_can_be_confirmed(status: JobStatus) -> None:
    if status is JobStatus.SUSPENDED:
        confirmed = job(status).request_status("Ready", reason="go", at=AT)
        assert (confirmed.status, confirmed.status_update_reason) == (JobStatus.READY, "go")
    else:
        with pytest.raises(ApiError, match="only a Suspended one"):
            job(status).request_status("Ready", reason=None, at=AT)


@pytest.mark.parametrize("status", ["NEW", "PREPARING", "SUSPENDED", "READY", "ACTIVE", "PAUSED"])
def test_a_job_that_still_has_work_to_do_can_be_cancelled(status: str) -> None:
    asked = job(JobStatus[status]).request_status("Cancelled", reason=None, at=AT)
    assert asked.status is JobStatus.CANCELLING


@pytest.mark.parametrize("status", ["COMPLETE", "CANCELLED", "FAILED", "CANCELLING", "FAILING"])
def test_a_job_that_ends_or_ended_cannot_be_cancelled(status: str) -> None:
    with pytest.raises(ApiError, match="cannot become Cancelling"):
        job(JobStatus[status]).request_status("Cancelled", reason=None, at=AT)


def test_a_job_keeps_every_reason_for_which_it_failed() -> None:
    other = FailureReason(code="ReportNotWritten", text="403")
    failed = job(JobStatus.ACTIVE).fail(REASON, at=AT).fail(other, at=AT)
    assert failed.status is JobStatus.FAILING
    assert failed.failure_reasons == (REASON, other)


@given(st.integers(0, 3 * BRAKE_AFTER_TASKS), st.integers(0, 3 * BRAKE_AFTER_TASKS))
def test_a_job_is_braked_when_most_of_a_thousand_tasks_failed(succeeded: int, failed: int) -> None:
    braked = succeeded + failed >= BRAKE_AFTER_TASKS and failed > succeeded
    assert job(succeeded=succeeded, failed=failed).braked == braked


def test_the_time_in_active_is_counted() -> None:
    active = job(JobStatus.READY).move(JobStatus.ACTIVE, at=AT)
    done = active.move(JobStatus.COMPLETING, at=AT + timedelta(seconds=90))
    assert done.descriptor()["ProgressSummary"]["Timers"] == {"ElapsedTimeInActiveSeconds": 90}


def test_the_description_repeats_the_request_and_is_an_outcome() -> None:
    failed = job(JobStatus.ACTIVE, total=9, succeeded=4, failed=2).fail(REASON, at=AT)
    described = failed.move(JobStatus.FAILED, at=AT).descriptor()
    names = {*REQUEST} - {"AccountId", "ClientRequestToken"}
    assert {name: described[name] for name in names} == {name: REQUEST[name] for name in names}
    assert described["JobArn"] == "arn:aws:s3:eu-west-1:111122223333:job/j-1"
    outcome = JobOutcome.from_describe({"Job": described})
    assert (outcome.total, outcome.succeeded, outcome.failed) == (9, 4, 2)
    assert outcome.failure_reasons == (REASON,)


def test_a_list_names_only_the_operation() -> None:
    assert job().listing()["Operation"] == "S3PutObjectCopy"


def test_the_same_token_and_request_is_the_same_job() -> None:
    board, first = JobBoard(), job()
    assert board.add(first) is first
    assert board.add(job(job_id="j-2")) is first


def test_the_same_token_with_another_request_is_refused() -> None:
    board = JobBoard()
    board.add(job())
    with pytest.raises(ApiError) as refused:
        board.add(job(job_id="j-2", request=REQUEST | {"Priority": 4}))
    assert refused.value.code == "IdempotencyException"


@pytest.mark.parametrize(
    "scope", [replace(SCOPE, account_id="444455556666"), replace(SCOPE, region="us-east-1")]
)
def test_another_account_or_region_has_its_own_tokens_and_sees_no_job(scope: Scope) -> None:
    board = JobBoard()
    board.add(job())
    with pytest.raises(ApiError, match="No such job"):
        board.find("j-1", scope=scope)
    other = job(job_id="j-2", scope=scope)
    assert board.add(other) is other
    assert [found.job_id for found in board.jobs(scope=scope)] == ["j-2"]


def test_a_step_that_is_refused_leaves_the_job_as_it_was() -> None:
    board, first = JobBoard(), job(JobStatus.COMPLETE)
    board.add(first)
    with pytest.raises(ApiError):
        board.change("j-1", lambda now: now.move(JobStatus.ACTIVE, at=AT))
    assert board.find("j-1", scope=SCOPE) is first


def test_a_halted_board_takes_no_job() -> None:
    board = JobBoard()
    board.halt()
    with pytest.raises(ApiError, match="stops"):
        board.add(job())
