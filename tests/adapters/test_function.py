"""The function answers as the contract of LambdaInvoke wants, whatever happens."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from intact.adapters import function
from intact.adapters.function import Settings
from intact.audit import Absent, BytesRead, Copy, Unreadable, Withheld
from intact.audit.answer import Answer, copy_digest
from intact.batch.operations import MAX_COPY_SIZE
from intact.errors import AccessError, StoreError, UsageError
from intact.s3 import ObjectFacts, ObjectRef
from tests.fake_s3 import FakeStore

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
FACTS = ObjectFacts(size=4, etag="e", last_modified=NOW)
COPIED = ObjectFacts(size=4, etag="e", last_modified=NOW + timedelta(seconds=9))
TARGET = {"TargetResource": "arn:aws:s3:::copies", "TargetKeyPrefix": "p"}


def event(schema: str = "2.0", key: str = "k", **arguments: str) -> dict[str, Any]:
    task = {"taskId": "t", "s3Key": key, "s3VersionId": None}
    job: dict[str, Any] = {"id": "j"}
    if schema == "1.0":
        task["s3BucketArn"] = "arn:aws:s3:::source"
    else:
        task["s3Bucket"] = "source"
        job["userArguments"] = TARGET | arguments
    return {
        "invocationSchemaVersion": schema,
        "invocationId": "i",
        "job": job,
        "tasks": [task],
    }


def store(key: str = "k", answers: dict[str, Any] | None = None) -> FakeStore:
    return FakeStore(
        {key: FACTS, f"p/{key}": COPIED} | (answers or {}), {key: b"body", f"p/{key}": b"body"}
    )


def respond(
    sent: dict[str, Any],
    found: FakeStore,
    *,
    left: Callable[[], float] = lambda: 900.0,
    environment: dict[str, str] | None = None,
) -> dict[str, Any]:
    answer = function.respond(
        sent,
        environment=environment or {},
        open_store=lambda _: found,
        left=left,
        now=lambda: NOW,
    )
    assert json.loads(json.dumps(answer)) == answer
    assert answer["treatMissingKeysAs"] == "TemporaryFailure"
    assert (answer["invocationId"], answer["invocationSchemaVersion"]) == (
        "i",
        sent["invocationSchemaVersion"],
    )
    (result,) = answer["results"]
    assert result["taskId"] == "t"
    return dict(result)


def evidence(result: dict[str, Any]) -> Any:  # noqa: ANN401 - Evidence, whose slots vary
    assert result["resultCode"] == "Succeeded"
    return Answer.parse(result["resultString"]).evidence


@pytest.mark.parametrize("schema", ["1.0", "2.0"])
def test_both_schemas_are_answered_with_evidence(schema: str) -> None:
    environment = {"INTACT_TARGET_RESOURCE": "arn:aws:s3:::copies", "INTACT_TARGET_KEY_PREFIX": "p"}
    result = respond(event(schema), store(), environment=environment)
    answer = Answer.parse(result["resultString"])
    source = ObjectRef(bucket="source", key="k")
    copy = Copy(row=0, source=source, destination=ObjectRef(bucket="copies", key="p/k"))
    assert (answer.copy, answer.asked) == (copy_digest(copy), NOW)
    assert (answer.evidence.source, answer.evidence.destination) == (FACTS, COPIED)
    assert isinstance(answer.evidence.source_bytes, BytesRead)
    assert answer.evidence.source_bytes == answer.evidence.destination_bytes
    assert len(result["resultString"]) < 1024


def test_a_key_is_decoded_as_a_form() -> None:
    assert evidence(respond(event(key="a+b%2Bc"), store("a b+c"))).source == FACTS


def test_a_missing_copy_is_evidence() -> None:
    found = evidence(respond(event(), store(answers={"p/k": Absent(detail="404")})))
    assert found.destination == Absent(detail="404")


def refused(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "HeadObject")


def caused(cause: Exception) -> StoreError:
    error = StoreError("Bearer of a secret")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "word"),
    [
        (refused("SlowDown", 503), "SlowDown"),
        (refused("Throttling"), "Throttling"),
        (refused("429", 429), "429"),
        (refused("500", 500), "500"),
        (EndpointConnectionError(endpoint_url="http://x"), "EndpointConnectionError"),
        (ReadTimeoutError(endpoint_url="http://x"), "ReadTimeoutError"),
    ],
    ids=str,
)
@pytest.mark.parametrize("place", ["k", "p/k"])
def test_what_may_pass_is_tried_again(cause: Exception, word: str, place: str) -> None:
    result = respond(event(), store(answers={place: caused(cause)}))
    assert (result["resultCode"], result["resultString"]) == ("TemporaryFailure", word)


def test_a_read_that_is_throttled_is_tried_again() -> None:
    throttled = FakeStore(
        {"k": FACTS, "p/k": COPIED}, {"k": b"body", "p/k": caused(refused("SlowDown"))}
    )
    assert respond(event(), throttled)["resultCode"] == "TemporaryFailure"


def test_refused_credentials_are_tried_again_without_a_word_of_them() -> None:
    result = respond(event(), store(answers={"k": AccessError("key AKIA...")}))
    assert result["resultCode"] == "TemporaryFailure"
    assert "AKIA" not in result["resultString"]


def test_what_will_not_pass_is_evidence() -> None:
    found = evidence(respond(event(), store(answers={"k": caused(refused("AccessDenied", 403))})))
    assert isinstance(found.source, Unreadable)


def test_a_large_object_is_not_read() -> None:
    found = evidence(respond(event(LargestRead="3"), store()))
    assert found.source == FACTS
    assert found.destination_bytes == Withheld(terms="4 bytes; the function reads 3")


def test_an_object_for_which_there_is_no_time_is_not_begun() -> None:
    fake = store()
    found = evidence(respond(event(), fake, left=lambda: 5.0))
    assert isinstance(found.destination_bytes, Withheld)
    assert "read" not in {verb for verb, _ in fake.asked}


def test_a_read_ends_before_the_time_does() -> None:
    ticks = count(6, -1)  # the first chunk is in time, the second not
    found = evidence(respond(event(), store(), left=lambda: float(next(ticks))))
    assert found.destination_bytes == Withheld(terms="the function's time ran out while it read")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (event() | {"invocationSchemaVersion": "3.0"}, "wanted 1.0 or 2.0"),
        (event("1.0"), "TargetResource is missing"),
        (event(TargetResource="copies"), "ARN is 'copies'"),
        (event(TargetPrefix="x"), "UserArguments has ['TargetPrefix']"),
        (event(LargestRead="5GiB"), "wanted a number of bytes"),
        (event(key="%ff"), "s3Key is '%ff'"),
        (
            event(TargetResource="arn:aws:s3:::source", TargetOwner="1", SourceOwner="2"),
            "of one bucket differ",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_no_attempt_can_mend_fails_with_a_sentence(sent: dict[str, Any], words: str) -> None:
    result = respond(sent, store())
    assert result["resultCode"] == "PermanentFailure"
    assert words in result["resultString"]


def test_a_fault_leaves_no_trace_in_the_answer() -> None:
    result = respond(event(), FakeStore({}))
    assert result["resultCode"] == "PermanentFailure"
    assert result["resultString"] == "a fault of intact: KeyError"


def test_arguments_beat_the_environment() -> None:
    environment = {"INTACT_TARGET_RESOURCE": "arn:aws:s3:::a", "INTACT_SOURCE_OWNER": "1"}
    found = Settings.parse({"TargetResource": "arn:aws:s3:::b"}, environment=environment)
    assert (found.target_resource, found.source_owner) == ("arn:aws:s3:::b", "1")
    assert (found.largest_read, found.target_key_prefix) == (MAX_COPY_SIZE, None)
    with pytest.raises(UsageError):
        Settings.parse({}, environment={})


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 1


def test_the_handler_asks_for_the_owners_that_it_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    sent = event(SourceOwner="1" * 12, TargetOwner="2" * 12)
    opened = function._store((("copies", "2" * 12), ("source", "1" * 12)))  # noqa: SLF001 - what the handler opens
    owners: list[str] = []

    def answer(params: Any, **_: object) -> tuple[AWSResponse, dict[str, Any]]:  # noqa: ANN401 - botocore's
        owners.append(params["headers"]["x-amz-expected-bucket-owner"])
        gone: Any = {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPHeaders": {}}}
        return AWSResponse(params["url"], 404, HTTPHeaders(), None), gone

    hook: Any = answer  # the hook's type says that it returns nothing; botocore takes it
    opened.client.meta.events.register("before-call.s3.HeadObject", hook)
    for context in (Context(), None):
        (result,) = function.handler(sent, context)["results"]
        assert evidence(result).destination == Absent(detail="404")
    assert owners == ["2" * 12] * 2
