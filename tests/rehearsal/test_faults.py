"""A plan of faults: how it is written, and that it does exactly what it says."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.s3control import s3control_client
from intact.batch.report import ReportManifest
from intact.errors import UsageError
from intact.rehearsal.damage import corrupt
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.faults import Faults
from intact.rehearsal.tasks import TaskFailure
from intact.s3 import ObjectRef
from tests.stage import ACCOUNT

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
    report_how="late",
    report_seconds=2,
    omit=frozenset({1}),
)


@pytest.mark.parametrize(
    "text",
    [
        "throttle=7:1,fail=10:NoSuchKey,corrupt=3+17,die=100,delay=0.05,report=late:2,omit=1",
        " delay=0.05 , die=100,omit=1,corrupt=17+3,fail=10:NoSuchKey,report=late:2,throttle=7:1",
        """{"throttle": {"every": 7, "times": 1}, "fail": {"every": 10, "code": "NoSuchKey"},
            "corrupt": [3, 17], "die": 100, "delay": 0.05, "omit": [1],
            "report": {"how": "late", "seconds": 2}}""",
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
        "report=torn:3", "report=late", "report=odd", "report=", "skip=", "duplicate=0",
        '{"report": {"seconds": 3}}', '{"report": {"how": 3}}',
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


@pytest.mark.parametrize("versions", [False, True])
def test_copies_are_damaged_as_planned(
    stage: Stage,
    session: boto3.Session,
    versions: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    names = ["1", "2", "3", "4", "5", "6", "7", "8"]
    stage.fill(*names)
    if versions:
        stage.s3.put_bucket_versioning(
            Bucket=stage.target, VersioningConfiguration={"Status": "Enabled"}
        )
    faults = "corrupt=1,truncate=2,lose=3,skip=4,deny=5,duplicate=6,algorithm=7,overwrite=8"
    with faulty(stage, session, faults) as there:
        outcome = there.run(there.manifest(*names), Operation=there.copy(ChecksumAlgorithm="SHA1"))
        rows = {row.split(",")[1]: row.split(",")[3:6] for row in there.rows(outcome)}
    assert rows.pop("5") == ["failed", "500", "InternalError"]
    assert rows == {name: ["succeeded", "200", ""] for name in "1234678"}
    assert stage.keys(stage.target) == [*"125678"]
    read = {name: stage.read(name, bucket=stage.target) for name in stage.keys(stage.target)}
    good = {name: f"content of {name}".encode() for name in names}
    assert {name for name in read if read[name] == good[name]} == {*"567"}
    assert read["2"] == good["2"][:-1]
    assert [len(read[name]) for name in "18"] == [len(good["1"])] * 2
    head: Any = stage.s3.head_object
    heads = {name: head(Bucket=stage.target, Key=name, ChecksumMode="ENABLED") for name in read}
    assert {name for name in heads if "ChecksumSHA1" in heads[name]} == {*"12568"}
    listed = stage.s3.list_object_versions(Bucket=stage.target)
    count = Counter(found["Key"] for found in listed["Versions"])
    assert count == Counter("12566788" if versions else "125678")
    assert listed.get("DeleteMarkers", []) == []


def test_a_copy_is_overwritten_after_the_end_that_the_job_tells(
    stage: Stage, session: boto3.Session
) -> None:
    stage.fill("a")
    with faulty(stage, session, "overwrite=1") as there:
        outcome = there.run(there.manifest("a"))
        job = there.control.describe_job(AccountId=ACCOUNT, JobId=outcome.job_id)["Job"]
    written = stage.s3.head_object(Bucket=stage.target, Key="a")["LastModified"]
    assert written >= job["TerminationDate"].replace(microsecond=0)
    assert stage.read("a", bucket=stage.target) != b"content of a"


def test_a_report_tells_less_and_else_than_was_done_as_planned(
    stage: Stage, session: boto3.Session
) -> None:
    stage.fill("1", "2", "3")
    with faulty(stage, session, "omit=1,stray=3") as there:
        outcome = there.run(there.manifest("1", "2", "3"))
        assert outcome.all_succeeded
        assert [row.split(",")[1] for row in there.rows(outcome)] == ["2", "3-stray"]
    assert stage.keys(stage.target) == ["1", "2", "3"]


def test_a_job_completes_without_its_report_as_planned(
    stage: Stage, session: boto3.Session
) -> None:
    stage.fill("a")
    with faulty(stage, session, "report=missing") as there:
        assert there.run(there.manifest("a")).all_succeeded
    assert stage.keys(stage.desk) == ["manifest.csv"]


def test_a_report_is_torn_as_planned(stage: Stage, session: boto3.Session) -> None:
    stage.fill("a")
    with faulty(stage, session, "report=torn") as there:
        outcome = there.run(there.manifest("a"))
        (part,) = ReportManifest.parse(there.read(outcome.report_manifest_key or "")).parts
    whole = f"{stage.source},a,,succeeded,200,,Successful\r\n".encode()
    assert stage.read(part.key) == whole[:-8]
    assert part.md5 == hashlib.md5(whole, usedforsecurity=False).hexdigest()


def test_a_report_comes_late_as_planned(stage: Stage, session: boto3.Session) -> None:
    stage.fill("a")
    with faulty(stage, session, "report=late:3") as there:
        assert there.run(there.manifest("a")).all_succeeded
        assert there.keys(there.desk) == ["manifest.csv"]
        until = time.monotonic() + 30
        while len(there.keys(there.desk)) < 4 and time.monotonic() < until:
            time.sleep(0.05)
    assert len(stage.keys(stage.desk)) == 4


def test_an_endpoint_that_stops_waits_for_no_late_report(
    stage: Stage, session: boto3.Session
) -> None:
    stage.fill("a")
    began = time.monotonic()
    with faulty(stage, session, "report=late:600") as there:
        assert there.run(there.manifest("a")).all_succeeded
    assert time.monotonic() - began < 300
    assert stage.keys(stage.desk) == ["manifest.csv"]


def test_a_late_report_that_cannot_be_written_leaves_the_job_as_it_ended(
    stage: Stage, session: boto3.Session
) -> None:
    stage.fill("a")
    bucket = f"{stage.name}-gone"
    stage.s3.create_bucket(Bucket=bucket)
    with faulty(stage, session, "report=late:0.2") as there:
        report = there.report(Bucket=f"arn:aws:s3:::{bucket}")
        outcome = there.run(there.manifest("a"), Report=report)
        there.s3.delete_bucket(Bucket=bucket)
        time.sleep(1)
        assert there.wait(outcome.job_id) == outcome


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
