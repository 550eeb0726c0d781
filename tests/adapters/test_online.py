"""The loop around ``decide`` on an event loop: the records of ``Runner``, in its order."""

from __future__ import annotations

import itertools
import pickle
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from intact.adapters.http import lean_store
from intact.adapters.online import AHEAD, OnlineRunner, ProcessRunner
from intact.adapters.runner import Runner
from intact.adapters.terms import ReadTerms
from intact.audit import Copy, Evidence, Policy, ReadMode, Unreadable, Verdict
from intact.errors import AccessError, UsageError
from intact.s3 import ObjectRef
from tests.adapters.http.worlds import lean
from tests.scripted_server import CLOSE, Words, plain, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from intact.adapters.http import LeanStore
    from intact.audit import Record

PLAIN = Policy(reported=False, versioned=False)
CRC = b"x-amz-checksum-crc64nvme: 7a5hQ478J4A=\r\nx-amz-checksum-type: FULL_OBJECT\r\n"
GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
SLOW = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


def copies(count: int) -> Iterator[tuple[Copy, Evidence]]:
    for row in range(1, count + 1):
        source = ObjectRef(bucket="source", key=str(row))
        destination = ObjectRef(bucket="copies", key=str(row))
        yield Copy(row=row, source=source, destination=destination), Evidence()


def mixed(method: str, key: str, count: int) -> Words:
    """Mostly plain; every seventh missing, thirteenth refused, seventeenth throttled at first."""
    number = int(key or 0)
    if number % 7 == 0:
        return [GONE]
    if number % 13 == 0:
        return [REFUSED]
    if number % 17 == 0 and count == 1:
        return [SLOW]
    if number % 19 == 0:
        return [0.03, plain(number, more=CRC)]
    body = bytes(number) if method == "GET" else b""
    return [plain(number, more=CRC if number % 5 else b"") + body]


@contextmanager
def world(script: Callable[[str, str, int], Words] = mixed) -> Iterator[LeanStore]:
    with scripted(script) as server, lean(server.url, read_timeout=10) as store:
        yield store


@pytest.mark.parametrize("read", [ReadMode.NEVER, ReadMode.MISSING])
def test_the_records_are_those_of_the_threads_in_their_order(read: ReadMode) -> None:
    policy = Policy(reported=False, versioned=False, read=read)
    with world() as store:
        found = list(OnlineRunner(store, store, policy, workers=4).run(copies(400)))
        expected = list(Runner(store.boto, store.boto, policy, workers=4).run(copies(400)))
    assert found == expected
    assert [record.copy.row for record in found] == list(range(1, 401))
    assert len({record.finding for record in found}) > 2


def test_two_stores_are_asked_each_for_its_own() -> None:
    with (
        world(lambda *_: [plain(1, more=CRC)]) as source,
        world(lambda *_: [plain(2, more=CRC)]) as destination,
    ):
        (record,) = OnlineRunner(source, destination, PLAIN).run(copies(1))
    assert getattr(record.evidence.source, "size", None) == 1
    assert getattr(record.evidence.destination, "size", None) == 2


def test_an_answer_about_another_version_of_the_source_is_none() -> None:
    [(copy, evidence)] = copies(1)
    assert copy.source is not None
    named = replace(copy, source=replace(copy.source, version_id="v"))
    policy = replace(PLAIN, versioned=True)
    with world(lambda *_: [plain(7, more=CRC + b"x-amz-version-id: w\r\n")]) as store:
        (record,) = OnlineRunner(store, store, policy).run([(named, evidence)])
        (expected,) = Runner(store.boto, store.boto, policy).run([(named, evidence)])
    assert record == expected
    assert isinstance(record.evidence.source, Unreadable)
    assert record.finding.verdict is Verdict.UNCHECKED


def test_nothing_is_audited_where_nothing_is_given() -> None:
    with world() as store:
        assert list(OnlineRunner(store, store, PLAIN).run(())) == []


def test_a_row_without_objects_is_no_end() -> None:
    rows = [
        (Copy(row=1, source=None, destination=None), Evidence(row=Unreadable(problem="bad"))),
        (Copy(row=2, source=None, destination=None), Evidence()),
        *copies(1),
    ]
    with world() as store:
        first, second, third = OnlineRunner(store, store, PLAIN).run(rows)
    assert (first.finding.verdict, second.finding.verdict) == (Verdict.UNCHECKED,) * 2
    assert third.copy.row == 1


def test_no_more_copies_are_taken_than_wait_for_the_one_in_front() -> None:
    def script(_method: str, key: str, _count: int) -> Words:
        return [1.5, plain(7)] if key == "1" else [plain(7)]

    taken = itertools.count()
    given = (pair for pair in copies(3 * AHEAD) if next(taken) >= 0)
    with world(script) as store, closing(OnlineRunner(store, store, PLAIN).run(given)) as run:
        assert next(run).copy.row == 1
    assert next(taken) <= AHEAD + 1


def test_useless_credentials_end_the_audit_behind_what_was_found() -> None:
    told = b"<Error><Code>ExpiredToken</Code><Message>expired</Message></Error>"

    def script(method: str, key: str, _count: int) -> Words:
        if int(key or 0) < 50:
            return [plain(7)]
        head = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n"
        return [head % 0 if method == "HEAD" else head % len(told) + told]

    with world(script) as store:
        rows, error = rows_until_error(OnlineRunner(store, store, PLAIN).run(copies(90)))
    assert rows == list(range(1, 50))
    assert isinstance(error, AccessError)
    assert "ExpiredToken" in str(error)


def rows_until_error(run: Iterator[Record]) -> tuple[list[int], Exception | None]:
    rows = []
    try:
        for record in run:
            rows.append(record.copy.row)  # noqa: PERF401 - what came before the error
    except Exception as error:  # noqa: BLE001 - looked at by the test
        return rows, error
    return rows, None


def test_what_fails_in_the_list_of_copies_fails_the_audit() -> None:
    def broken() -> Iterator[tuple[Copy, Evidence]]:
        yield from copies(30)
        raise UsageError("the list broke off")

    with world() as store:
        rows, error = rows_until_error(OnlineRunner(store, store, PLAIN).run(broken()))
    assert rows == list(range(1, 31))
    assert isinstance(error, UsageError)


def test_an_audit_that_its_caller_gives_up_ends_at_once() -> None:
    with world(lambda *_: [0.01, plain(7)]) as store:
        run = OnlineRunner(store, store, PLAIN).run(copies(10**9))
        assert next(run).copy.row == 1
        run.close()


def test_several_processes_find_the_same_in_the_same_order() -> None:
    with scripted(mixed) as server:
        make = partial(lean_store, endpoint_url=server.url, region="us-east-1")
        with closing(make()) as store:
            expected = list(OnlineRunner(store, store, PLAIN).run(copies(210)))
        runner = ProcessRunner(make, PLAIN, processes=2, chunk=50)
        assert list(runner.run(copies(210))) == expected
        with closing(runner.run(copies(10**9))) as run:
            assert next(run) == expected[0]


def test_an_error_of_one_process_is_the_callers() -> None:
    with scripted(lambda *_: [CLOSE]) as server:
        make = partial(lean_store, endpoint_url=server.url, region="No Region!")
        with pytest.raises(Exception, match="No Region!"):
            list(ProcessRunner(make, PLAIN, processes=1).run(copies(1)))


def test_processes_share_a_sample_and_no_budget() -> None:
    policy = Policy(reported=False, versioned=False, read=ReadMode.SAMPLE)
    terms = ReadTerms(fraction=0.5, subject="sampled")
    with scripted(mixed) as server:
        make = partial(lean_store, endpoint_url=server.url, region="us-east-1")
        found = list(
            ProcessRunner(make, policy, processes=2, chunk=30, terms=terms).run(copies(60))
        )
        with closing(make()) as store:
            expected = list(Runner(store.boto, store.boto, policy, terms=terms).run(copies(60)))
    assert found == expected
    assert any("outside the sample" in str(record.evidence) for record in found)
    with pytest.raises(UsageError, match="budget is for one process"):
        ProcessRunner(make, policy, processes=2, terms=ReadTerms(budget=1))
    with pytest.raises(UsageError, match="budget is for one process"):
        pickle.dumps(ReadTerms(budget=1))
    with pytest.raises(UsageError, match="processes is 0"):
        ProcessRunner(make, policy, processes=0)


POOL = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from intact.adapters.online import end_with_parent
with ProcessPoolExecutor(1, get_context("spawn"), initializer=end_with_parent) as pool:
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


def test_a_process_ends_with_the_one_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", POOL], stdout=subprocess.PIPE) as process:  # noqa: S603 - our own code
        assert process.stdout is not None
        assert int(process.stdout.readline()) != process.pid
        process.kill()
        assert process.communicate(timeout=20)[0] == b""  # nobody has the pipe any more
