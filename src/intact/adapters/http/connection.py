"""One keep-alive connection of an event loop: one request under way, never two.

An answer can only be that of the request before it: a connection that said anything nobody had
asked for is closed, and so is one whose answer was not beyond doubt.  Whoever asked is called as
soon as the answer is whole; a future and a task for each cost as much as the rest of the request.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

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


class Asker(Protocol):
    """Who sent a request.  One of the two is called once, never before ``ask`` has returned."""

    def heard(self, head: bytes, connection: Connection) -> None:
        """Take the head of the answer, the empty line included; nothing else came."""

    def failed(self, error: OddAnswerError, connection: Connection) -> None:
        """Take why there is none; the connection is closed."""


class Connection(asyncio.BufferedProtocol):
    """Sends requests without body whose answers have none.

    Attributes:
        since: When the request under way was sent, by the loop's clock.
    """

    __slots__ = (
        "_asker",
        "_buffer",
        "_filled",
        "_open",
        "_out_of_turn",
        "_transport",
        "_view",
        "since",
    )

    def __init__(self, out_of_turn: Callable[[], None]) -> None:
        """Take a function that hears of bytes nobody asked for."""
        self._out_of_turn = out_of_turn
        self._buffer = bytearray(MAX_HEAD)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._asker: Asker | None = None
        self._transport: asyncio.Transport | None = None
        self._open = False
        self.since = 0.0

    @property
    def idle(self) -> bool:
        """Whether a request may be sent."""
        return self._open and self._asker is None

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._asker is not None

    def ask(self, request: bytes, asker: Asker, *, now: float) -> None:
        """Send a request; ``now`` is the loop's clock.

        Raises:
            LostError: The connection is not idle; nobody is called.
        """
        transport = self._transport
        if self._asker is not None or not self._open or transport is None:
            raise LostError("the connection is closed")
        self._asker, self.since, self._filled = asker, now, 0
        transport.write(request)

    def close(self) -> None:
        """End the connection at once; a request under way fails."""
        self._open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # TCP and TLS have no other
        self._open = True

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the head's limit decides
        """Return the rest of the head's buffer, which is never empty."""
        return self._view[self._filled :] if self._filled else self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Hand over the head once it is whole and nothing follows it."""
        begin = max(0, self._filled - len(END) + 1) if self._filled else 0
        self._filled += nbytes
        asker = self._asker
        if asker is None:
            self._out_of_turn()
            self.close()
            return
        buffer, filled = self._buffer, self._filled
        end = buffer.find(END, begin, filled)
        if end < 0:
            if filled == MAX_HEAD:
                self._fail(OddAnswerError("the head of the answer is too long"))
        elif buffer.startswith(INTERIM):
            self._fail(OddAnswerError("an interim answer"))
        elif end + len(END) < filled:
            self._out_of_turn()
            self._fail(SpokeOutOfTurnError("bytes follow an answer that has no body"))
        else:
            self._asker, self._filled = None, 0
            asker.heard(bytes(self._view[:filled]), self)

    def eof_received(self) -> bool:
        """Close."""
        self._open = False
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - lost is lost
        """Fail the request under way."""
        self._open = False
        kind = LostError if self._filled == 0 else OddAnswerError
        self._fail(kind("the connection broke off"))

    def expire(self) -> None:
        """Fail the request under way because it took too long."""
        self._fail(OddAnswerError("no answer in time"))

    def _fail(self, error: OddAnswerError) -> None:
        asker, self._asker = self._asker, None
        self.close()
        if asker is not None:
            asker.failed(error, self)
