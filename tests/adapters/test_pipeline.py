"""Audits for programs, on a real S3 server: pairs and jobs, in a loop and on an event loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from intact.adapters import Asking, Client, ReadTerms, audit_copies, audit_job
from intact.adapters.boto import s3_client
from intact.adapters.s3control import describe_job
from intact.audit import ReadMode, Reason, Verdict
from intact.audit.ledger import LEDGER, SEAL
from intact.errors import ExitCode, UsageError
from intact.s3 import ObjectRef
from tests.fault_world import next_second
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.stage import Stage

CLIENTS = [Asking(client=client) for client in Client]


class Copies:
    """A bucket of copies: some right, one wrong, one missing."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self.s3, self.bucket = s3, bucket
        self.prefix = uuid4().hex
        for number in range(10):
            self.put(f"from/{number}", b"%d" % number)
        next_second()
        for number in range(9):
            self.put(f"to/{number}", b"%d" % (number if number != 4 else 0))

    def put(self, key: str, body: bytes) -> None:
        name = f"{self.prefix}/{key}"
        self.s3.put_object(Bucket=self.bucket, Key=name, Body=body, ChecksumAlgorithm="SHA256")

    def at(self, key: str) -> str:
        return f"s3://{self.bucket}/{self.prefix}/{key}"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [(self.at(f"from/{n}"), self.at(f"to/{n}")) for n in range(10)]


@pytest.fixture(scope="module")
def copies(s3: S3Client) -> Copies:
    name = f"pairs-{uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return Copies(s3, name)


@pytest.mark.parametrize("asking", CLIENTS, ids=lambda asking: asking.client.value)
def test_pairs_end_in_a_verdict_each(copies: Copies, tmp_path: Path, asking: Asking) -> None:
    told: list[tuple[int, int]] = []
    audit = audit_copies(
        copies.pairs,
        out=tmp_path,
        client=copies.s3,
        asking=asking,
        progress=lambda done, total: told.append((done, total)),
    )
    with pytest.raises(UsageError, match="not come to its end"):
        _ = audit.result
    verdicts = [record.finding.verdict for record in audit]
    wanted = [Verdict.VERIFIED] * 10
    wanted[4], wanted[9] = Verdict.MISMATCHED, Verdict.MISSING
    assert verdicts == wanted
    assert told == [(done, 10) for done in range(1, 11)]
    result = audit.result
    assert result.exit_code is ExitCode.WRONG
    assert result.summary.verdicts == Counter(verdicts)
    assert result.to_arrow()["verdict"].to_pylist() == [verdict.value for verdict in verdicts]
    assert [record.finding.verdict for record in result.records()] == verdicts
    with pytest.raises(UsageError, match="driven once"):
        audit.run()


def test_an_event_loop_is_not_blocked(copies: Copies, tmp_path: Path) -> None:
    async def main() -> tuple[list[int], int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        audit = audit_copies(copies.pairs, out=tmp_path, client=copies.s3, asking=CLIENTS[1])
        rows = [record.copy.row async for record in audit]
        ticking.cancel()
        assert audit.result.summary.rows == 10
        return rows, ticks

    rows, ticks = asyncio.run(main())
    assert rows == list(range(1, 11))
    assert ticks > 1


def test_a_consumer_that_stops_early_leaves_a_ledger_that_goes_on(
    copies: Copies, tmp_path: Path
) -> None:
    async def some() -> list[int]:
        rows = []
        records = aiter(audit_copies(copies.pairs, out=tmp_path, client=copies.s3))
        async for record in records:
            rows.append(record.copy.row)
            if len(rows) == 3:
                break
        await records.aclose()
        return rows

    first = asyncio.run(some())
    assert not (tmp_path / LEDGER / SEAL).exists()
    audit = audit_copies(copies.pairs, out=tmp_path, client=copies.s3)
    rest = [record.copy.row for record in audit]
    assert first + rest == list(range(1, 11))
    assert [record.copy.row for record in audit.result.records()] == first + rest


def test_other_pairs_do_not_go_on_with_it(copies: Copies, tmp_path: Path) -> None:
    records = iter(audit_copies(copies.pairs, out=tmp_path, client=copies.s3))
    next(records)
    records.close()
    others = audit_copies(reversed(copies.pairs), out=tmp_path, client=copies.s3)
    with pytest.raises(UsageError, match="another audit"):
        others.run()


def test_nor_does_an_audit_of_another_server(copies: Copies, tmp_path: Path) -> None:
    records = iter(audit_copies(copies.pairs, out=tmp_path, client=copies.s3))
    next(records)
    records.close()
    nobody = s3_client(endpoint_url="http://127.0.0.1:9", region="eu-west-1")
    with pytest.raises(UsageError, match=r"another audit, whose .*bound is .*objects at http"):
        audit_copies(copies.pairs, out=tmp_path, client=nobody).run()


def test_of_two_sources_at_one_destination_neither_is_accused(
    copies: Copies, tmp_path: Path
) -> None:
    pairs = [(copies.at("from/1"), copies.at("to/4")), (copies.at("from/2"), copies.at("to/4"))]
    result = audit_copies([*pairs, pairs[0]], out=tmp_path, client=copies.s3).run()
    assert result.summary.reasons == {Reason.DESTINATION_SHARED: 3}
    assert result.counts.duplicate_rows == 1
    assert result.exit_code is ExitCode.UNPROVEN


def test_an_object_is_no_proof_of_itself(copies: Copies, tmp_path: Path) -> None:
    pair = (copies.at("from/1"), copies.at("from/1"))
    result = audit_copies([pair], out=tmp_path, client=copies.s3).run()
    assert result.summary.reasons == {Reason.SOURCE_ABSENT: 1}


def test_nothing_is_proven_of_nothing(copies: Copies, tmp_path: Path) -> None:
    result = audit_copies([], out=tmp_path, client=copies.s3).run()
    assert result.summary.rows == 0
    assert result.exit_code is ExitCode.UNFINISHED


@pytest.mark.parametrize("asking", CLIENTS, ids=lambda asking: asking.client.value)
def test_a_byte_budget_holds(copies: Copies, tmp_path: Path, asking: Asking) -> None:
    result = audit_copies(
        copies.pairs[:4],
        out=tmp_path,
        client=copies.s3,
        asking=asking,
        read=ReadMode.ALL,
        terms=ReadTerms(budget=2),
    ).run()
    assert result.summary.levels.total() == 4
    assert sum("budget" in str(record.evidence) for record in result.records()) >= 2


@pytest.mark.parametrize(
    ("pairs", "options", "message"),
    [
        ([("s3://a", "s3://b/c")], {}, "wanted a bucket and a key"),
        ([("a/b", "s3://b/c")], {}, "wanted s3://BUCKET/KEY"),
        ([], {"workers": 0}, "workers is 0"),
    ],
)
def test_what_cannot_be_is_the_callers_fault(
    tmp_path: Path,
    s3: S3Client,
    pairs: list[tuple[str, str]],
    options: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(UsageError, match=message):
        audit_copies(pairs, out=tmp_path, client=s3, **options)


def test_sources_name_versions_all_or_none(tmp_path: Path, s3: S3Client) -> None:
    named = ObjectRef(bucket="source", key="k", version_id="v2")
    pairs: list[tuple[str | ObjectRef, str]] = [
        (named, "s3://copies/k"),
        ("s3://source/other", "s3://copies/other"),
    ]
    with pytest.raises(UsageError, match="1 of 2 sources name a version"):
        audit_copies(pairs, out=tmp_path, client=s3)


def test_an_option_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    options: dict[str, Any] = {"budget": 3}
    with pytest.raises(TypeError, match="'budget'"):
        audit_copies([], out=tmp_path, **options)


@pytest.mark.parametrize("by_id", [True, False])
def test_a_finished_job_is_audited(stage: Stage, tmp_path: Path, *, by_id: bool) -> None:
    stage.fill("one", "two")
    outcome = stage.run(stage.manifest("one", "two"))
    job: Any = outcome.job_id
    if not by_id:
        job = describe_job(stage.control, account_id=ACCOUNT, job_id=outcome.job_id)
    audit = audit_job(
        job,
        out=tmp_path,
        account_id=ACCOUNT,
        control=stage.control,
        client=stage.s3,
        read=ReadMode.MISSING,
    )
    assert [record.copy.row for record in audit] == [1, 2]
    assert audit.result.exit_code is ExitCode.VERIFIED


def test_a_jobs_id_needs_its_account(tmp_path: Path, s3: S3Client) -> None:
    with pytest.raises(UsageError, match="account_id"):
        audit_job("6a4d1f20", out=tmp_path, client=s3)


def test_processes_are_for_the_lean_client_that_knows_its_stores() -> None:
    with pytest.raises(UsageError, match="lean client"):
        Asking(processes=2)
    with pytest.raises(UsageError, match="make their stores"):
        Asking(client=Client.LEAN, processes=2)
    with pytest.raises(UsageError, match="processes is 0"):
        Asking(processes=0)
