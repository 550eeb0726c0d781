"""HeadObject on an event loop: keep-alive connections to one origin, as many as its pace allows."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
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
_SWEEP_SECONDS = 0.5


class Question(ABC):
    """A request, and what becomes of its answer.

    Attributes:
        request: What is sent.
        pool: Where it is sent.
    """

    __slots__ = ("pool", "request")

    def __init__(self, request: bytes, pool: Pool) -> None:
        """Take both."""
        self.request = request
        self.pool = pool

    @abstractmethod
    def heard(self, head: bytes, connection: Connection) -> None:
        """Take the head of the answer, and tell the pool what it is worth; raise nothing."""

    @abstractmethod
    def doubt(self, error: Exception, connection: Connection | None) -> None:
        """Take why there is no answer, and tell the pool; raise nothing."""

    def failed(self, error: OddAnswerError, connection: Connection) -> None:
        """Hear that a kept connection gave no answer."""
        if isinstance(error, LostError):
            self.pool.lost(self, connection)
        else:
            self.doubt(error, connection)


class _First:
    """Asks on a new connection, for ``Pool`` itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.answer: asyncio.Future[bytes] = loop.create_future()

    def heard(self, head: bytes, connection: Connection) -> None:  # noqa: ARG002 - that of all
        if not self.answer.done():
            self.answer.set_result(head)

    def failed(self, error: OddAnswerError, connection: Connection) -> None:  # noqa: ARG002 - as above
        if not self.answer.done():
            self.answer.set_exception(error)


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
        self._now = loop.time
        self.trusted = True
        self._out_of_turn = out_of_turn
        self._origin = origin
        self._loop = loop
        self._tls = tls
        self._timeouts = timeouts
        self._free: list[Connection] = []
        self._all: set[Connection] = set()
        self._under_way = 0
        self._waiting: deque[Question] = deque()
        self._beginnings: set[asyncio.Task[None]] = set()
        self._sweeper = loop.call_later(_SWEEP_SECONDS, self._sweep)

    def ask(self, question: Question) -> None:
        """Send a request as soon as the pace allows it.

        A kept connection that the server closed before it heard anything is no answer: the
        request, which changes nothing, goes out once more on a new one.
        """
        if self._under_way >= self.pace.limit:
            self._waiting.append(question)
            return
        self._under_way += 1
        free, now = self._free, self._now()
        while free:
            connection = free.pop()
            if now - connection.since <= IDLE_SECONDS:
                try:
                    connection.ask(question.request, question, now=now)
                except LostError:
                    pass  # closed while it rested; nobody heard the question
                else:
                    return
            self.drop(connection)
        self._begin(question)

    def answered(self, connection: Connection, *, keeps: bool) -> None:
        """Hear that an answer was beyond doubt, and whether the connection stays open."""
        self.pace.answered()
        if keeps and len(self._free) < self.pace.limit:
            self._free.append(connection)
        else:
            self.drop(connection)
        self._under_way -= 1
        if self._waiting:
            self._ask_waiting()

    def doubted(self, connection: Connection | None) -> None:
        """Hear that there was no answer, or none beyond doubt."""
        if connection is not None:
            self.drop(connection)
        self._under_way -= 1
        self._ask_waiting()

    def drop(self, connection: Connection) -> None:
        """Close a connection for good."""
        connection.close()
        self._all.discard(connection)

    def close(self) -> None:
        """Close all connections; what is under way is never heard of again."""
        self._sweeper.cancel()
        for beginning in tuple(self._beginnings):
            beginning.cancel()
        for connection in tuple(self._all):
            self.drop(connection)

    def lost(self, question: Question, connection: Connection) -> None:
        """Hear that a kept connection was closed before it heard the question."""
        self.drop(connection)
        self._begin(question)

    def _begin(self, question: Question) -> None:
        beginning = self._loop.create_task(self._ask_anew(question))
        self._beginnings.add(beginning)
        beginning.add_done_callback(self._beginnings.discard)

    async def _ask_anew(self, question: Question) -> None:
        """Ask on a new connection, and listen for a while to what follows the answer."""
        connection: Connection | None = None
        try:
            connection = await self._connect()
            head = await self._first_answer(connection, question.request)
        except Exception as error:  # noqa: BLE001 - the question's to tell
            question.doubt(error, connection)
        else:
            question.heard(head, connection)

    async def _first_answer(self, connection: Connection, request: bytes) -> bytes:
        first = _First(self._loop)
        connection.ask(request, first, now=self._loop.time())
        head = await first.answer
        await asyncio.sleep(SILENCE_SECONDS)
        if not self.trusted:
            raise SpokeOutOfTurnError("the server sends bytes that nobody asked for")
        return head

    def _ask_waiting(self) -> None:
        while self._waiting and self._under_way < self.pace.limit:
            self.ask(self._waiting.popleft())

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

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in tuple(self._all):
            if connection.busy and now - connection.since > self._timeouts[1]:
                connection.expire()
            if not connection.busy and not connection.idle:
                self._all.discard(connection)
        self._sweeper = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
