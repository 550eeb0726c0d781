"""The ``decide`` loop on an event loop: many HeadObject requests under way, no thread for each."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TYPE_CHECKING

from intact.adapters.collector import collect_rarely
from intact.adapters.http.heads import Heads, outcome_of
from intact.adapters.http.pace import MOST
from intact.adapters.runner import Runner
from intact.adapters.terms import ReadTerms
from intact.audit import Copy, Evidence, Finding, Policy, Record, Slot, Unreadable
from intact.audit.judge import Judge
from intact.errors import AccessError, FormatError, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

    from intact.adapters.http import LeanStore
    from intact.audit import Absent
    from intact.s3 import ObjectFacts

AHEAD = 8 * MOST
"""Copies in work or done behind one that is not, so that a slow answer does not idle the rest."""
CHUNK = 4096
"""Copies that a process takes at a time; what drains at its end is a few per cent."""
_BATCH = 256
"""Records handed over at a time; entering and leaving the loop costs as much as one request."""
_PATIENCE = 0.2
"""Seconds after which fewer are handed over."""


@dataclass(frozen=True, slots=True)
class OnlineRunner:
    """Audits copies as ``Runner`` does, with the same records in the same order.

    Attributes:
        source: Store that holds the sources.
        destination: Store that holds the copies.
        policy: The terms.
        workers: Threads, for what is not HeadObject and for what botocore has to do.
        most: Bound on the HeadObject requests under way to each store.
        terms: Which objects' bytes may be read, where the policy wants them.
    """

    source: LeanStore
    destination: LeanStore
    policy: Policy
    workers: int = 16
    most: int = MOST
    terms: ReadTerms = field(default_factory=ReadTerms)

    def run(self, copies: Iterable[tuple[Copy, Evidence]]) -> Generator[Record]:
        """Yield one record for each copy, in order; memory does not grow with their number.

        The event loop runs while a record is waited for, and rests while the caller uses it.

        Args:
            copies: Each with the evidence that is already at hand.

        Raises:
            AccessError: The credentials are of no use; what was yielded before stands.
        """
        with (
            asyncio.Runner(loop_factory=_loop_factory()) as loop,
            ThreadPoolExecutor(self.workers, thread_name_prefix="intact-audit") as threads,
        ):
            window = _Window(self, iter(copies), loop=loop.get_loop(), threads=threads)
            try:
                while cells := loop.run(window.next_cells()):
                    for cell in cells:
                        if isinstance(cell.outcome, BaseException):
                            raise cell.outcome
                        if cell.outcome is not None:
                            yield cell.outcome
            finally:
                loop.run(window.close())
                threads.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class ProcessRunner:
    """Audits copies on several processes, each with stores and an event loop of its own.

    Attributes:
        make: Makes a process's store, which serves both sides; it has to be picklable.
        policy: The terms.
        processes: How many; two for two cores.
        workers: Threads of each.
        chunk: Copies that a process takes at a time.
        terms: Which objects' bytes may be read.  A sample is one for all processes; a budget of
            bytes is not, since none knows what the others have read.
    """

    make: Callable[[], LeanStore]
    policy: Policy
    processes: int
    workers: int = 16
    chunk: int = CHUNK
    terms: ReadTerms = field(default_factory=ReadTerms)

    def __post_init__(self) -> None:
        """Refuse what processes cannot share.

        Raises:
            UsageError: There is no process, or the terms have a budget.
        """
        if self.processes < 1:
            raise UsageError(f"processes is {self.processes}; wanted at least 1")
        if self.terms.budget is not None:
            raise UsageError("a byte budget is for one process; wanted 1 process, or no budget")

    def run(self, copies: Iterable[tuple[Copy, Evidence]]) -> Generator[Record]:
        """As ``OnlineRunner.run``; two chunks for each process are under way.

        Raises:
            AccessError: The credentials are of no use; what was yielded before stands.
        """
        remaining = iter(copies)
        with ProcessPoolExecutor(
            self.processes,
            mp_context=get_context("spawn"),
            initializer=_prepare,
            initargs=(self.make, self.policy, self.workers, self.terms),
        ) as pool:
            waiting: deque[Future[_Part]] = deque()
            try:
                while chunk := list(islice(remaining, self.chunk)):
                    waiting.append(pool.submit(_audit_chunk, chunk))
                    if len(waiting) > 2 * self.processes:
                        yield from _unpack(waiting.popleft().result())
                while waiting:
                    yield from _unpack(waiting.popleft().result())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


_Part = tuple[list[Record], Exception | None]
"""What a process made of a chunk: records, and what ended it before the chunk did."""
_PREPARED: list[Callable[[], OnlineRunner]] = []
"""How to have this process's runner, where it is one of a ``ProcessRunner``."""


def _prepare(make: Callable[[], LeanStore], policy: Policy, workers: int, terms: ReadTerms) -> None:
    @cache
    def runner() -> OnlineRunner:
        store = make()
        return OnlineRunner(store, store, policy, workers, terms=terms)

    end_with_parent()
    collect_rarely()
    _PREPARED.append(runner)


def end_with_parent() -> None:
    """Have this process end when the one that started it is killed, as its pool has it wait."""

    def wait() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, name="intact-parent", daemon=True).start()


def _audit_chunk(copies: list[tuple[Copy, Evidence]]) -> _Part:
    records: list[Record] = []
    try:
        for record in _PREPARED[0]().run(copies):
            records.append(record)  # noqa: PERF402 - kept where an error follows
    except Exception as error:  # noqa: BLE001 - raised by ``_unpack``
        return records, error
    return records, None


def _unpack(part: _Part) -> Iterator[Record]:
    records, error = part
    yield from records
    if error is not None:
        raise error


_NO_COPY = Copy(row=0, source=None, destination=None)


class _Cell:
    """One copy of the window: what is to be done, or what became of it."""

    __slots__ = ("copy", "evidence", "outcome")

    def __init__(self, copy: Copy, evidence: Evidence) -> None:
        self.copy = copy
        self.evidence = evidence
        self.outcome: Record | BaseException | None = None


class _Window:
    """The copies under way, in order; lanes take from its end, the caller from its front.

    Attributes:
        loop: The event loop.
        threads: For what would hold it up.
        decide: The rules.
        threaded: Fills the slots that are not HeadObject.
        source: Asks for sources.
        destination: Asks for copies.
    """

    def __init__(
        self,
        runner: OnlineRunner,
        copies: Iterator[tuple[Copy, Evidence]],
        *,
        loop: asyncio.AbstractEventLoop,
        threads: ThreadPoolExecutor,
    ) -> None:
        self.loop = loop
        self.threads = threads
        self.decide = Judge(runner.policy).decide
        self.threaded = Runner(runner.source, runner.destination, runner.policy, terms=runner.terms)
        self.destination = Heads(runner.destination, loop=loop, threads=threads, most=runner.most)
        self.source = (
            self.destination
            if runner.source is runner.destination
            else Heads(runner.source, loop=loop, threads=threads, most=runner.most)
        )
        self._copies = copies
        self._cells: deque[_Cell] = deque()
        self._done = 0
        self._ended = False
        self._lanes = 0
        self._ready: asyncio.Future[None] | None = None

    async def next_cells(self) -> list[_Cell]:
        """Return what is done at the front, waiting for it where need be; empty at the end."""
        self._open_lanes()
        while not (self._cells and self._cells[0].outcome is not None):
            if not self._lanes:
                return []
            self._ready = self.loop.create_future()
            timer = self.loop.call_later(_PATIENCE, self._wake)
            await self._ready
            timer.cancel()
            self._open_lanes()
        done = []
        while self._cells and self._cells[0].outcome is not None:
            done.append(self._cells.popleft())
        self._done -= len(done)
        return done

    async def close(self) -> None:
        """Drop what is under way."""
        self._ended = True
        self.destination.close()
        self.source.close()

    def take(self) -> _Cell | None:
        """Next copy in line; None at the end, and while too many wait for the one in front."""
        if self._ended or len(self._cells) >= AHEAD:
            return None
        try:
            cell = _Cell(*next(self._copies))
        except StopIteration:
            self._ended = True
            return None
        except Exception as error:  # noqa: BLE001 - raised behind what came before it
            self._ended = True
            cell = _Cell(_NO_COPY, Evidence())
            cell.outcome = error
            self._cells.append(cell)
            return None
        self._cells.append(cell)
        return cell

    def finished(self) -> bool:
        """Hear that a copy has its outcome; whether there are more lanes than are wanted."""
        self._done += 1
        if self._done < _BATCH or self._cells[0].outcome is None:
            return False
        self._wake()
        return self._lanes > self._wanted()

    def left(self) -> None:
        """Hear that a lane is no more."""
        self._lanes -= 1
        if not self._lanes:
            self._wake()

    def _open_lanes(self) -> None:
        """As many as requests may be under way, since each has one."""
        for _ in range(self._wanted() - self._lanes):
            if self._ended or len(self._cells) >= AHEAD:
                return
            self._lanes += 1
            _Lane(self).go_on()

    def _wanted(self) -> int:
        stores = {self.destination, self.source}
        return sum(heads.wanted for heads in stores)

    def _wake(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)


class _Lane:
    """Audits one copy after the other, waiting for one answer at a time.

    An answer is heard where it arrives, and the next request leaves before the loop turns to
    another connection.
    """

    __slots__ = ("_cell", "_evidence", "_slot", "_window")

    def __init__(self, window: _Window) -> None:
        self._window = window
        self._cell: _Cell
        self._evidence: Evidence
        self._slot: Slot

    def go_on(self) -> None:
        """Take copies until one has to wait for an answer."""
        while (cell := self._window.take()) is not None:
            self._cell = cell
            if not self._decided(cell.evidence):
                return
            if self._window.finished():
                break
        self._window.left()

    def _decided(self, evidence: Evidence) -> bool:
        """Whether the copy at hand has its outcome; if not, the answer is waited for."""
        cell, window = self._cell, self._window
        try:
            step = window.decide(evidence)
            if isinstance(step, Finding):
                cell.outcome = Record(copy=cell.copy, evidence=evidence, finding=step)
            else:
                self._evidence, self._slot = evidence, step
                self._ask(step, cell.copy, evidence)
        except Exception as error:  # noqa: BLE001 - raised where the record was to come
            cell.outcome = error
        return cell.outcome is not None

    def _ask(self, slot: Slot, copy: Copy, evidence: Evidence) -> None:
        window = self._window
        if copy.source is not None and copy.destination is not None:
            if slot is Slot.DESTINATION:
                window.destination.ask(copy.destination, self._heard)
                return
            if slot is Slot.SOURCE:
                window.source.ask(copy.source, self._heard)
                return
        supplement = window.threaded.supplement
        found = window.loop.run_in_executor(window.threads, supplement, slot, copy, evidence)
        found.add_done_callback(self._supplemented)

    def _heard(self, answer: ObjectFacts | Absent | BaseException) -> None:
        if not isinstance(answer, BaseException):
            self._resume(self._evidence.answered(self._slot, answer))
        elif isinstance(answer, StoreError | FormatError) and not isinstance(answer, AccessError):
            problem = Unreadable(problem=str(answer))
            self._resume(self._evidence.answered(self._slot, problem))
        else:
            self._end(answer)

    def _supplemented(self, found: asyncio.Future[Evidence]) -> None:
        outcome = outcome_of(found)
        if isinstance(outcome, BaseException):
            self._end(outcome)
        else:
            self._resume(outcome)

    def _resume(self, evidence: Evidence) -> None:
        if self._decided(evidence):
            self._next()

    def _end(self, error: BaseException) -> None:
        self._cell.outcome = error
        self._next()

    def _next(self) -> None:
        if self._window.finished():
            self._window.left()
        else:
            self.go_on()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return uvloop's where it is installed (``intact[fast]``): half the CPU per request."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
