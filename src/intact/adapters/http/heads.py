"""HeadObject of a lean store on an event loop: the hot path of an online audit."""

from __future__ import annotations

from asyncio import CancelledError
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError

from intact.adapters.http.answer import OddAnswerError
from intact.adapters.http.pool import Pool, Question
from intact.errors import UsageError

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Callable
    from concurrent.futures import Executor

    from intact.adapters.http.connection import Connection
    from intact.adapters.http.route import Origin, Route
    from intact.adapters.http.store import LeanStore
    from intact.audit import Absent
    from intact.s3 import ObjectFacts, ObjectRef

    Hear = Callable[[ObjectFacts | Absent | BaseException], None]

_SLOW_DOWN = 503
T = TypeVar("T")


class Heads:
    """Asks for heads on one event loop; everything odd goes to botocore on a thread.

    Attributes:
        reader: Reads plain answers.
    """

    def __init__(
        self,
        store: LeanStore,
        *,
        loop: asyncio.AbstractEventLoop,
        threads: Executor,
        most: int,
    ) -> None:
        """Take a store, the loop and the threads; ``most`` bounds the requests under way."""
        self._store = store
        self._routes: dict[str, tuple[Route, Pool]] = {}
        """By bucket; those that botocore has to serve are in ``_botocores``."""
        self._loop = loop
        self._threads = threads
        self._most = most
        self._pools: dict[Origin, Pool] = {}
        self._botocores: set[str] = set()
        self._learning: dict[str, list[tuple[ObjectRef, Hear]]] = {}
        """Who waits for a bucket's route."""
        self.reader = store.reader
        self._elsewhere = 0

    @property
    def wanted(self) -> int:
        """Requests that may be under way, those that botocore has taken over included."""
        paces = sum(pool.pace.limit for pool in self._pools.values())
        return min(self._most, (paces or 1) + self._elsewhere)

    async def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        """As ``BotoStore.head``."""
        found: asyncio.Future[ObjectFacts | Absent] = self._loop.create_future()

        def hear(answer: ObjectFacts | Absent | BaseException) -> None:
            if found.done():
                return
            if isinstance(answer, BaseException):
                found.set_exception(answer)
            else:
                found.set_result(answer)

        self.ask(ref, hear)
        return await found

    def ask(self, ref: ObjectRef, hear: Hear) -> None:
        """As ``BotoStore.head``, but ``hear`` is called with the answer, or with the error.

        It is called on the loop, never before this has returned, and has to raise nothing.
        """
        routed = self._routes.get(ref.bucket)
        if routed is None:
            self._learn(ref, hear)
            return
        route, pool = routed
        if not pool.trusted:
            self._on_thread(self._store.head, ref, hear)
            return
        try:
            request = route.request(ref)
        except (UsageError, BotoCoreError):
            self.through_store(ref, route, hear)
        else:
            pool.ask(_Head(request, pool, self, route, ref, hear))

    def through_store(self, ref: ObjectRef, route: Route, hear: Hear) -> None:
        """Have botocore ask, as far as the server can be trusted that much."""
        trusts = self._store.trusts(route.origin)
        self._on_thread(self._store.boto.head if trusts else self._store.head, ref, hear)

    def moved(self, ref: ObjectRef, route: Route, status: int | None) -> None:
        """Hear that botocore answered where ``route`` did not."""
        if self._store.moved(ref.bucket, route, status):
            self._routes.pop(ref.bucket, None)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()

    def _learn(self, ref: ObjectRef, hear: Hear) -> None:
        """Ask once the bucket's route is known."""
        bucket = ref.bucket
        if bucket in self._botocores:
            self._on_thread(self._store.boto.head, ref, hear)
            return
        waiting = self._learning.setdefault(bucket, [])
        waiting.append((ref, hear))
        if len(waiting) == 1:
            lesson = self._loop.run_in_executor(self._threads, self._route, bucket)
            lesson.add_done_callback(partial(self._learned, bucket))

    def _learned(
        self, bucket: str, lesson: asyncio.Future[tuple[Route | None, ssl.SSLContext | None]]
    ) -> None:
        waiting, found = self._learning.pop(bucket), outcome_of(lesson)
        if isinstance(found, BaseException):
            for _, hear in waiting:
                hear(found)
            return
        route, tls = found
        if route is None:
            self._botocores.add(bucket)
        else:
            if route.origin not in self._pools:
                self._pools[route.origin] = self._pool(route.origin, tls)
            self._routes[bucket] = (route, self._pools[route.origin])
        for ref, hear in waiting:
            self.ask(ref, hear)

    def _route(self, bucket: str) -> tuple[Route | None, ssl.SSLContext | None]:
        route = self._store.route(bucket, "HEAD")
        return route, None if route is None else self._store.tls(route.origin)

    def _pool(self, origin: Origin, tls: ssl.SSLContext | None) -> Pool:
        return Pool(
            origin,
            loop=self._loop,
            tls=tls,
            timeouts=self._store.timeouts,
            most=self._most,
            out_of_turn=lambda: self._store.distrust(origin),
        )

    def _on_thread(
        self, head: Callable[[ObjectRef], ObjectFacts | Absent], ref: ObjectRef, hear: Hear
    ) -> None:
        self._elsewhere += 1

        def done(future: asyncio.Future[ObjectFacts | Absent]) -> None:
            self._elsewhere -= 1
            outcome = outcome_of(future)
            hear(outcome)

        self._loop.run_in_executor(self._threads, head, ref).add_done_callback(done)


class _Head(Question):
    """HeadObject of one object."""

    __slots__ = ("_heads", "_hear", "_ref", "_route")

    def __init__(  # noqa: PLR0913, PLR0917 - the whole question; keywords cost a tenth of it
        self,
        request: bytes,
        pool: Pool,
        heads: Heads,
        route: Route,
        ref: ObjectRef,
        hear: Hear,
    ) -> None:
        self.request = request
        self.pool = pool
        self._heads = heads
        self._route = route
        self._ref = ref
        self._hear = hear

    def heard(self, head: bytes, connection: Connection) -> None:
        try:
            facts, keeps = self._heads.reader.facts(head, version_id=self._ref.version_id)
        except Exception as error:  # noqa: BLE001 - told to who asked
            self.doubt(error, connection)
        else:
            self.pool.answered(connection, keeps=keeps)
            self._hear(facts)

    def doubt(self, error: Exception, connection: Connection | None) -> None:
        status = error.status if isinstance(error, OddAnswerError) else None
        if status == _SLOW_DOWN:
            self.pool.pace.throttled()
        self.pool.doubted(connection)
        if isinstance(error, OddAnswerError):
            self._heads.through_store(self._ref, self._route, partial(self._told, status))
        else:
            self._hear(error)

    def _told(self, status: int | None, answer: ObjectFacts | Absent | BaseException) -> None:
        if not isinstance(answer, BaseException):
            self._heads.moved(self._ref, self._route, status)
        self._hear(answer)


def outcome_of(future: asyncio.Future[T]) -> T | BaseException:
    """Return the result of a future that is done, or its error."""
    if future.cancelled():
        return CancelledError()
    return future.exception() or future.result()
