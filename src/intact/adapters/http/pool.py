"""HeadObject on an event loop: keep-alive connections to one origin, as many as its pace allows."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from intact.adapters.http.answer import OddAnswerError
from intact.adapters.http.connection import Connection, LostError, SpokeOutOfTurnError
from intact.adapters.http.pace import MOST, Pace

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from intact.adapters.http.route import Origin

IDLE_SECONDS = 4.0
"""A connection that rested longer is not used again; servers close theirs after five or more."""
SILENCE_SECONDS = 0.05
"""How long a connection is listened to after its first answer: a server that sends bodies where
none may be does so then, and not when the next answer is awaited."""
_SWEEP_SECONDS = 1.0


class Pool:
    """Connections to one origin.

    Attributes:
        pace: How many requests may be under way.
        trusted: False once the server sent what nobody had asked for.
    """

    def __init__(  # noqa: PLR0913 - one argument per fact about the server
        self,
        origin: Origin,
        *,
        loop: asyncio.AbstractEventLoop,
        tls: ssl.SSLContext | None,
        timeouts: tuple[float, float],
        out_of_turn: Callable[[], None],
        most: int = MOST,
    ) -> None:
        """Make an empty pool.

        Args:
            origin: Where connections go.
            loop: The event loop that alone may use the pool.
            tls: Whom to trust, where the connection is encrypted.
            timeouts: Seconds for a connection, and for an answer.
            out_of_turn: Hears that the server sent what nobody had asked for.
            most: Bound on the requests under way.
        """
        self.pace = Pace(clock=loop.time, most=most)
        self.trusted = True
        self._out_of_turn = out_of_turn
        self._origin = origin
        self._loop = loop
        self._tls = tls
        self._timeouts = timeouts
        self._free: list[Connection] = []
        self._all: set[Connection] = set()
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweeper = loop.call_later(_SWEEP_SECONDS, self._sweep)

    async def ask(self, request: bytes) -> tuple[bytes, Connection]:
        """Return the head of the answer, and the connection to give back or close.

        A kept connection that the server closed before it heard anything is no answer: the
        request, which changes nothing, goes out once more on a new one.

        Raises:
            OddAnswerError: There was no whole answer.
        """
        if self._under_way >= self.pace.limit:
            await self._turn()
        self._under_way += 1
        try:
            while self._free:
                connection = self._free.pop()
                if not connection.idle or self._loop.time() - connection.since > IDLE_SECONDS:
                    self.drop(connection)
                    continue
                try:
                    return await connection.ask(request, loop=self._loop), connection
                except LostError:
                    self.drop(connection)
                    break
            connection = await self._connect()
            head = await connection.ask(request, loop=self._loop)
            await asyncio.sleep(SILENCE_SECONDS)
            if not self.trusted:
                raise SpokeOutOfTurnError("the server sends bytes that nobody asked for")
            return head, connection
        finally:
            self._under_way -= 1
            self._admit()

    def keep(self, connection: Connection) -> None:
        """Give a connection back whose answer was beyond doubt."""
        self.pace.answered()
        if connection.idle and len(self._free) < self.pace.limit:
            self._free.append(connection)
        else:
            self.drop(connection)

    def close(self) -> None:
        """Close all connections; nobody may be waiting for an answer."""
        self._sweeper.cancel()
        for connection in tuple(self._all):
            self.drop(connection)

    async def _turn(self) -> None:
        while self._under_way >= self.pace.limit:
            waiter = self._loop.create_future()
            self._waiting.append(waiter)
            await waiter

    def _admit(self) -> None:
        room = self.pace.limit - self._under_way
        while self._waiting and room > 0:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                room -= 1

    async def _connect(self) -> Connection:
        origin = self._origin
        try:
            async with asyncio.timeout(self._timeouts[0]):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._distrust),
                    origin.host,
                    origin.port,
                    ssl=self._tls if origin.tls else None,
                    server_hostname=origin.host if origin.tls else None,
                )
        except (OSError, TimeoutError) as error:
            raise OddAnswerError(f"no connection: {error}") from None
        self._all.add(connection)
        return connection

    def _distrust(self) -> None:
        self.trusted = False
        self._out_of_turn()

    def drop(self, connection: Connection) -> None:
        """Close a connection for good."""
        connection.close()
        self._all.discard(connection)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in tuple(self._all):
            if connection.busy and now - connection.since > self._timeouts[1]:
                connection.expire()
            if not connection.busy and not connection.idle:
                self._all.discard(connection)
        self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
