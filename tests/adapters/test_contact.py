"""Who was never reached is given up at once; who was is tried again."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from urllib3 import HTTPResponse

from intact.adapters.boto import BotoStore, s3_client
from intact.adapters.contact import ATTEMPTS, TRIES, FirstContact
from intact.adapters.http import lean_store
from intact.adapters.s3control import describe_job, s3control_client
from intact.errors import StoreError
from intact.s3 import ObjectFacts, ObjectRef
from tests.scripted_server import CLOSE, Words, plain, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

REF = ObjectRef(bucket="b", key="k")
URL = "http://127.0.0.1:1/"
SLOW_DOWN = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"
QUICK = 5.0
"""Ten attempts take ten times as long."""


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def nobody() -> Iterator[str]:
    """Address of a port that is taken, but not listened to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_where_nobody_listens_the_first_call_ends_quickly(nobody: str) -> None:
    begun = time.monotonic()
    with (
        closing(s3_client(endpoint_url=nobody)) as client,
        pytest.raises(StoreError, match=f'Could not connect to the endpoint URL: "{nobody}'),
    ):
        BotoStore(client).head(REF)
    assert time.monotonic() - begun < QUICK


def test_a_name_that_means_nothing_ends_quickly() -> None:
    begun = time.monotonic()
    with (
        closing(s3_client(endpoint_url="http://nowhere.invalid:1")) as client,
        pytest.raises(StoreError, match=r"Could not connect .*nowhere\.invalid"),
    ):
        BotoStore(client).head(REF)
    assert time.monotonic() - begun < QUICK


def test_where_nobody_controls_jobs_the_first_call_ends_quickly(nobody: str) -> None:
    begun = time.monotonic()
    with (
        closing(s3control_client(endpoint_url=nobody)) as control,
        pytest.raises(StoreError, match="Could not connect"),
    ):
        describe_job(control, account_id="111122223333", job_id="some-job")
    assert time.monotonic() - begun < QUICK


@pytest.mark.parametrize("trouble", [SLOW_DOWN, CLOSE])
def test_a_server_that_is_busy_is_tried_again(trouble: bytes | None) -> None:
    def script(_method: str, _key: str, count: int) -> Words:
        return [trouble] if count <= TRIES else [plain(7)]

    with scripted(script) as server, closing(s3_client(endpoint_url=server.url)) as client:
        assert isinstance(BotoStore(client).head(REF), ObjectFacts)


def test_a_budget_that_others_spent_ends_no_call() -> None:
    refs = [ObjectRef(bucket="b", key=f"k{number}") for number in range(120)]

    def script(_method: str, _key: str, count: int) -> Words:
        return [SLOW_DOWN] if count <= TRIES else [plain(7)]

    with (
        scripted(script) as server,
        closing(s3_client(endpoint_url=server.url, connections=120)) as client,
        ThreadPoolExecutor(120) as threads,
    ):
        found = list(threads.map(BotoStore(client).head, refs))
    assert len(found) == len(refs)
    assert {type(facts) for facts in found} == {ObjectFacts}


@pytest.mark.parametrize(
    ("told", "attempts", "seconds"),
    [
        ({"RetryQuotaReached": True}, 1, 1.0),
        ({"RetryQuotaReached": True}, ATTEMPTS - 1, 10.0),
        ({"RetryQuotaReached": True}, ATTEMPTS, None),
        ({"MaxAttemptsReached": True}, 1, None),
        ({}, 1, None),
        (ReadTimeoutError(endpoint_url=URL), 2, 2.0),
        (ReadTimeoutError(endpoint_url=URL), ATTEMPTS, None),
        (NoCredentialsError(), 1, None),
    ],
)
def test_a_call_is_tried_as_often_as_any_other(
    told: dict[str, bool] | Exception, attempts: int, seconds: float | None
) -> None:
    error = told if isinstance(told, Exception) else None
    answer = None if error else (None, {"ResponseMetadata": told})
    contact = FirstContact(chance=lambda: 0.5)
    got = contact.insist(response=answer, caught_exception=error, attempts=attempts)
    assert got == seconds


def judged(contact: FirstContact, raw: Any = None, *, attempts: int = 9) -> None:  # noqa: ANN401 - botocore's own
    headers: Any = {}
    answer = None if raw is None else (AWSResponse(URL, 200, headers, raw), headers)
    error = EndpointConnectionError(endpoint_url=URL) if raw is None else None
    contact.judge(response=answer, caught_exception=error, attempts=attempts)


def test_a_server_that_went_away_is_tried_as_often_as_botocore_likes() -> None:
    contact = FirstContact()
    judged(contact, HTTPResponse())
    judged(contact)


def test_an_answer_that_no_server_gave_does_not_count() -> None:
    contact = FirstContact()
    judged(contact, object())
    judged(contact, attempts=TRIES - 1)
    with pytest.raises(EndpointConnectionError):
        judged(contact, attempts=TRIES)


def test_another_failure_is_botocores_to_judge() -> None:
    slow = ReadTimeoutError(endpoint_url=URL)
    FirstContact().judge(response=None, caught_exception=slow, attempts=9)


def test_the_lean_path_knows_who_listens(nobody: str) -> None:
    begun = time.monotonic()
    with closing(lean_store(endpoint_url=nobody)) as store:
        assert store.route("b", "HEAD") is not None
        with pytest.raises(StoreError, match="Could not connect"):
            store.head(REF)
    assert time.monotonic() - begun < QUICK
