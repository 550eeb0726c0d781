"""One keep-alive connection of an event loop: one request under way, never two.

An answer can only be that of the request before it: a connection that said anything nobody had
asked for is closed, and so is one whose answer was not beyond doubt.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from intact.adapters.http.answer import MAX_HEAD, OddAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

END = b"\r\n\r\n"
INTERIM = b"HTTP/1.1 1"
"""What another answer follows; botocore knows how to wait for it."""


class LostError(OddAnswerError):
    """The connection ended before the first byte of an answer."""


class SpokeOutOfTurnError(OddAnswerError):
    """The server sent bytes that belong to no answer, so none of its answers can be trusted."""


class Connection(asyncio.BufferedProtocol):
    """Sends requests without body whose answers have none.

    Attributes:
        since: When the request under way was sent, by the loop's clock.
    """

    __slots__ = ("_buffer", "_filled", "_out_of_turn", "_transport", "_view", "_waiter", "since")

    def __init__(self, out_of_turn: Callable[[], None]) -> None:
        """Take a function that hears of bytes nobody asked for."""
        self._out_of_turn = out_of_turn
        self._buffer = bytearray(MAX_HEAD)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._waiter: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self.since = 0.0

    @property
    def idle(self) -> bool:
        """Whether a request may be sent."""
        transport = self._transport
        return self._waiter is None and transport is not None and not transport.is_closing()

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._waiter is not None

    def ask(self, request: bytes, *, loop: asyncio.AbstractEventLoop) -> asyncio.Future[bytes]:
        """Send a request; the future is the head of its answer, the empty line included.

        It fails with ``OddAnswerError`` where there is no whole head and nothing else.
        """
        waiter: asyncio.Future[bytes] = loop.create_future()
        if not self.idle or self._transport is None:
            waiter.set_exception(LostError("the connection is closed"))
            return waiter
        self._waiter, self.since, self._filled = waiter, loop.time(), 0
        self._transport.write(request)
        return waiter

    def close(self) -> None:
        """End the connection at once; a request under way fails."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # TCP and TLS have no other

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the head's limit decides
        """Return the rest of the head's buffer, which is never empty."""
        return self._view[self._filled :] if self._filled else self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Hand over the head once it is whole and nothing follows it."""
        begin = max(0, self._filled - len(END) + 1)
        self._filled += nbytes
        if self._waiter is None:
            self._out_of_turn()
            self.close()
            return
        end = self._buffer.find(END, begin, self._filled)
        if end < 0:
            if self._filled == MAX_HEAD:
                self._fail(OddAnswerError("the head of the answer is too long"))
        elif self._buffer.startswith(INTERIM):
            self._fail(OddAnswerError("an interim answer"))
        elif end + len(END) < self._filled:
            self._out_of_turn()
            self._fail(SpokeOutOfTurnError("bytes follow an answer that has no body"))
        else:
            self._succeed()

    def eof_received(self) -> bool:
        """Close."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - lost is lost
        """Fail the request under way."""
        kind = LostError if self._filled == 0 else OddAnswerError
        self._fail(kind("the connection broke off"))

    def expire(self) -> None:
        """Fail the request under way because it took too long."""
        self._fail(OddAnswerError("no answer in time"))

    def _succeed(self) -> None:
        waiter, self._waiter = self._waiter, None
        filled, self._filled = self._filled, 0
        if waiter is not None and not waiter.done():
            waiter.set_result(bytes(self._view[:filled]))

    def _fail(self, error: OddAnswerError) -> None:
        waiter, self._waiter = self._waiter, None
        self.close()
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
