"""HeadObject of a lean store on an event loop: the hot path of an online audit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError

from intact.adapters.http.answer import OddAnswerError, facts_of, parse_answer
from intact.adapters.http.pool import Pool
from intact.errors import UsageError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Executor

    from intact.adapters.http.route import Origin, Route
    from intact.adapters.http.store import LeanStore
    from intact.audit import Absent
    from intact.s3 import ObjectFacts, ObjectRef

_SLOW_DOWN = 503


class Heads:
    """Asks for heads on one event loop; everything odd goes to botocore on a thread."""

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
        self._learning = asyncio.Lock()
        self._elsewhere = 0

    @property
    def wanted(self) -> int:
        """Requests that may be under way, those that botocore has taken over included."""
        paces = sum(pool.pace.limit for pool in self._pools.values())
        return min(self._most, (paces or 1) + self._elsewhere)

    async def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        """As ``BotoStore.head``."""
        routed = self._routes.get(ref.bucket) or await self._learn(ref.bucket)
        if routed is None:
            return await self._on_thread(self._store.boto.head, ref)
        route, pool = routed
        if not pool.trusted:
            return await self._on_thread(self._store.head, ref)
        try:
            head, connection = await pool.ask(route.request(ref))
        except (OddAnswerError, UsageError, BotoCoreError):
            return await self._through_store(ref, route)
        try:
            answer = parse_answer(head)
            facts = facts_of(answer, self._store.reader)
        except OddAnswerError as error:
            pool.drop(connection)
            if error.status == _SLOW_DOWN:
                pool.pace.throttled()
            facts = await self._through_store(ref, route)
            if self._store.moved(ref.bucket, route, error.status):
                self._routes.pop(ref.bucket, None)
            return facts
        if answer.keeps:
            pool.keep(connection)
        else:
            pool.drop(connection)
        return facts

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()

    async def _learn(self, bucket: str) -> tuple[Route, Pool] | None:
        if bucket in self._botocores:
            return None
        async with self._learning:
            if bucket in self._routes:
                return self._routes[bucket]
            ask = self._loop.run_in_executor
            route = await ask(self._threads, self._store.route, bucket, "HEAD")
            if route is None:
                self._botocores.add(bucket)
                return None
            if route.origin not in self._pools:
                tls = await ask(self._threads, self._store.tls, route.origin)
                self._pools[route.origin] = self._pool(route.origin, tls)
            self._routes[bucket] = (route, self._pools[route.origin])
            return self._routes[bucket]

    def _pool(self, origin: Origin, tls: ssl.SSLContext | None) -> Pool:
        return Pool(
            origin,
            loop=self._loop,
            tls=tls,
            timeouts=self._store.timeouts,
            most=self._most,
            out_of_turn=lambda: self._store.distrust(origin),
        )

    def _through_store(self, ref: ObjectRef, route: Route) -> Awaitable[ObjectFacts | Absent]:
        trusts = self._store.trusts(route.origin)
        return self._on_thread(self._store.boto.head if trusts else self._store.head, ref)

    async def _on_thread(
        self, head: Callable[[ObjectRef], ObjectFacts | Absent], ref: ObjectRef
    ) -> ObjectFacts | Absent:
        self._elsewhere += 1
        try:
            return await self._loop.run_in_executor(self._threads, head, ref)
        finally:
            self._elsewhere -= 1
