"""A plan of faults: how it is written, and that it does exactly what it says."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.s3control import s3control_client
from intact.errors import UsageError
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.faults import Faults, corrupt
from intact.rehearsal.tasks import TaskFailure
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3
    from types_boto3_s3.literals import ChecksumAlgorithmType

    from tests.stage import Stage

WHOLE = Faults(
    throttle_every=7,
    throttle_times=1,
    fail_every=10,
    fail_code="NoSuchKey",
    corrupt=frozenset({3, 17}),
    die=100,
    delay=0.05,
)


@pytest.mark.parametrize(
    "text",
    [
        "throttle=7:1,fail=10:NoSuchKey,corrupt=3+17,die=100,delay=0.05",
        " delay=0.05 , die=100,corrupt=17+3,fail=10:NoSuchKey,throttle=7:1",
        """{"throttle": {"every": 7, "times": 1}, "fail": {"every": 10, "code": "NoSuchKey"},
            "corrupt": [3, 17], "die": 100, "delay": 0.05}""",
    ],
)
def test_a_plan_reads_alike_inline_and_as_json(text: str) -> None:
    assert Faults.parse(text) == WHOLE


def test_every_part_may_be_left_out() -> None:
    assert Faults.parse("") == Faults.parse("{}") == Faults()
    assert Faults.parse("fail=2,throttle=3") == Faults(fail_every=2, throttle_every=3)


@pytest.mark.parametrize(
    "text",
    [
        "die", "die=x", "die=0", "die=-1", "explode=1", "fail=", "corrupt=1+x", "corrupt=0",
        "delay=-1", "die=1,die=2", "{", '{"die": true}', '{"die": "1"}', '{"fail": 3}',
        '{"fail": {"often": 3}}', '{"corrupt": 3}', '{"fail": {"every": 1, "code": 5}}', "[]",
    ],
)  # fmt: skip
def test_a_plan_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="fault plan"):
        Faults.parse(text)


def outcome(plan: Faults, number: int, *, attempt: int = 1) -> str:
    try:
        plan.before(number, attempt=attempt, sleep=lambda _: None)
    except TaskFailure as failure:
        return f"{failure.status} {failure.code}"
    return ""


def test_the_same_tasks_are_struck_at_every_run() -> None:
    plan = Faults.parse("throttle=4,fail=6:NoSuchKey")
    struck = {number: outcome(plan, number) for number in range(1, 13) if outcome(plan, number)}
    assert struck == {
        4: "503 SlowDown",
        6: "404 NoSuchKey",
        8: "503 SlowDown",
        12: "503 SlowDown",
    }


def test_a_throttled_try_may_be_followed_by_one_that_is_not() -> None:
    plan = Faults.parse("throttle=1:2")
    tries = [outcome(plan, 5, attempt=attempt) for attempt in (1, 2, 3)]
    assert tries == ["503 SlowDown", "503 SlowDown", ""]


def test_a_delay_is_slept_before_each_try() -> None:
    slept: list[float] = []
    Faults(delay=0.5).before(1, attempt=1, sleep=slept.append)
    assert slept == [0.5]


@contextmanager
def faulty(stage: Stage, session: boto3.Session, plan: str) -> Iterator[Stage]:
    """The stage with an endpoint on which things go wrong."""
    with BatchEndpoint(stage.s3, workers=4, faults=Faults.parse(plan)) as endpoint:
        control = s3control_client(session, endpoint_url=endpoint.url, region="eu-west-1")
        yield replace(stage, endpoint=endpoint, control=control)
        control.close()


def test_a_job_goes_wrong_as_planned(stage: Stage, session: boto3.Session) -> None:
    names = [f"{number:02}" for number in range(1, 13)]
    stage.fill(*names)
    with faulty(stage, session, "throttle=4,fail=6:AccessDenied,corrupt=3+7") as there:
        result = there.run(there.manifest(*names))
        assert (result.succeeded, result.failed) == (8, 4)
        failed = [row.split(",")[1:6] for row in there.rows(result) if ",failed," in row]
    slow = ["", "failed", "503", "SlowDown"]
    assert failed == [
        ["04", *slow],
        ["06", "", "failed", "403", "AccessDenied"],
        ["08", *slow],
        ["12", *slow],
    ]
    differs = {
        name
        for name in there.keys(there.target)
        if there.read(name, bucket=there.target) != there.read(name, bucket=there.source)
    }
    assert differs == {"03", "07"}


def test_a_task_that_is_throttled_once_succeeds(stage: Stage, session: boto3.Session) -> None:
    stage.fill("a", "b")
    with faulty(stage, session, "throttle=1:2") as there:
        assert there.run(there.manifest("a", "b")).all_succeeded


@pytest.mark.parametrize("content", [b"", b"x", b"content"])
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_a_corrupted_object_differs_in_one_bit_and_has_a_checksum_of_its_own(
    stage: Stage, content: bytes, algorithm: ChecksumAlgorithmType
) -> None:
    where: Any = {"Bucket": stage.target, "Key": "a"}
    stage.s3.put_object(
        **where,
        Body=content,
        ContentType="text/x",
        Metadata={"k": "v"},
        ChecksumAlgorithm=algorithm,
    )
    before = stage.s3.head_object(**where, ChecksumMode="ENABLED")
    corrupt(stage.s3, ObjectRef(bucket=stage.target, key="a"))
    after = stage.s3.head_object(**where, ChecksumMode="ENABLED")
    damaged = stage.read("a", bucket=stage.target)
    assert len(damaged) == max(1, len(content))
    flipped = int.from_bytes(damaged, "big") ^ int.from_bytes(content, "big")
    assert flipped.bit_count() == 1
    assert (after["ContentType"], after["Metadata"]) == ("text/x", {"k": "v"})
    members = {name for name in after if name.startswith("Checksum")}
    assert members == {name for name in before if name.startswith("Checksum")}
    assert f"Checksum{algorithm}" in members
