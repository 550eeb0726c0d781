"""One keep-alive connection of a thread: for whole objects, and for heads outside an event loop."""

from __future__ import annotations

import os
import socket
import ssl
import struct
import sys
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, cast

from urllib3.util.wait import wait_for_read

from intact.adapters.http.answer import MAX_HEAD, OddAnswerError, parse_answer
from intact.adapters.http.connection import END, INTERIM, LostError, SpokeOutOfTurnError
from intact.adapters.http.pool import IDLE_SECONDS, SILENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from intact.adapters.http.answer import Answer
    from intact.adapters.http.route import Origin

CHUNK = 512 << 10
"""Bytes of the one buffer of a connection: half of a second-level cache, so that hashing finds them
there; measured by ``benchmarks/bench_online.py``."""
_GATHERED = 4 << 20
"""Bytes of a body that the kernel gathers at most before it wakes us, where they come within a
millisecond: a fifth less processor time than with 512 KiB.  At a network's rates so many would be
all of the window, and the sender would wait for us.

Also the room that the kernel is asked for where deciphering is slower than the sender: by itself it
grants a quarter, and then each of our calls wakes a sender on this machine."""


class Line:
    """A blocking connection; one thread at a time may use it."""

    def __init__(
        self, origin: Origin, *, tls: ssl.SSLContext | None, timeouts: tuple[float, float]
    ) -> None:
        """Connect.

        Raises:
            OddAnswerError: There is no connection.
        """
        self._rested = time.monotonic()
        self._proven = False
        self._buffer = memoryview(bytearray(CHUNK))
        try:
            self._socket = socket.create_connection((origin.host, origin.port), timeout=timeouts[0])
        except OSError as error:
            raise OddAnswerError(f"no connection: {error}") from None
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=origin.host)
            self._await_whole(timeouts[1])
        except OSError as error:
            self._socket.close()
            raise OddAnswerError(f"no connection: {error}") from None

    def _await_whole(self, seconds: float) -> None:
        """Let the kernel fill a buffer and mind the time, where it can: one call for sixteen."""
        self._socket.settimeout(seconds)
        self._least = 1
        self._take: Callable[[memoryview], int] = self._socket.recv_into
        if isinstance(self._socket, ssl.SSLSocket):
            # recv_into less a call for each record of 16 KiB
            read = cast("Callable[[int, memoryview], int]", self._socket.read)
            self._take = lambda room: read(len(room), room)
            self._wake_at(_GATHERED)  # makes room for so many, and that stays
            self._wake_at(1)
        elif os.name == "posix":
            moment = struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, moment)
            self._socket.settimeout(None)
            self._take = partial(self._socket.recv_into, flags=socket.MSG_WAITALL)

    def usable(self) -> bool:
        """Whether the server is likely to hear a request, and has said nothing unasked."""
        fresh = time.monotonic() - self._rested < IDLE_SECONDS
        return fresh and not self._has_come(within=0)

    def says_more(self) -> bool:
        """Whether bytes come that belong to no answer; the line must not be used again if so."""
        if not self._has_come(within=0 if self._proven else SILENCE_SECONDS):
            self._proven = True
            return False
        patience = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            return self._socket.recv(1) != b""
        except OSError:  # words of TLS itself, a session ticket for instance, are no answer's
            return False
        finally:
            self._socket.settimeout(patience)

    def _has_come(self, *, within: float) -> bool:
        """Whether there is something to read; a record of TLS may have been read but in part."""
        of_a_record = self._socket.pending() if isinstance(self._socket, ssl.SSLSocket) else 0
        return of_a_record > 0 or wait_for_read(self._socket, timeout=within)

    def rest(self) -> None:
        """Note that the connection waits for its next request from now on."""
        self._rested = time.monotonic()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def ask(self, request: bytes) -> tuple[Answer, memoryview]:
        """Send a request; return the head of its answer and what of a body came with it.

        Raises:
            OddAnswerError: There was no whole head in time.
        """
        try:
            self._socket.sendall(request)
        except OSError as error:
            raise LostError(f"the connection broke off: {error}") from None
        filled = 0
        while filled < MAX_HEAD:
            got = self._receive(self._buffer[filled:])
            if not got:
                kind = OddAnswerError if filled else LostError
                raise kind("the connection broke off")
            seen = bytes(self._buffer[: min(filled + got, MAX_HEAD)])
            filled += got
            end = seen.find(END)
            if seen.startswith(INTERIM):
                raise OddAnswerError("an interim answer")
            if end >= 0:
                end += len(END)
                return parse_answer(seen[:end]), self._buffer[end:filled]
        raise OddAnswerError("the head of the answer is too long")

    def body(self, size: int, begun: memoryview) -> Iterator[memoryview]:
        """Yield a body of so many bytes; each chunk is overwritten by the next.

        Raises:
            OddAnswerError: There are more or fewer.
        """
        if len(begun) > size:
            raise SpokeOutOfTurnError("more bytes came than the answer announced")
        if begun:
            yield begun
        left = size - len(begun)
        since = time.monotonic()
        while left:
            self._gather(left, (size - left) / (time.monotonic() - since + 1e-3))
            room = self._buffer if left >= CHUNK else self._buffer[:left]
            filled = self._fill(room)
            left -= filled
            if filled < len(room):
                raise OddAnswerError(f"the answer broke off {left} bytes early")
            yield room

    def _gather(self, left: int, rate: float) -> None:
        """Have the kernel wake us once a millisecond, or for a buffer's worth if that is longer.

        Never for the last buffer, nor one before it, since what never comes would wake nobody.
        """
        most = min(1 << int(rate * 1e-3).bit_length(), _GATHERED)
        least = max(1, min(max(most, CHUNK), left - 2 * CHUNK))
        if least != self._least:
            self._wake_at(least)

    def _wake_at(self, least: int) -> None:
        """Have the kernel wake us for so many bytes, not for each packet."""
        self._least = least
        if sys.platform == "linux":
            with suppress(OSError):  # it is but a wish
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)

    def _fill(self, room: memoryview) -> int:
        filled, size, take = 0, len(room), self._take
        while filled < size:
            try:
                got = take(room[filled:] if filled else room)
            except OSError as error:
                if isinstance(error, TimeoutError) and self._least > 1:
                    self._wake_at(1)  # fewer bytes may well have come in time
                    continue
                raise OddAnswerError(f"the answer broke off: {error}") from None
            if not got:
                break
            filled += got
        return filled

    def _receive(self, room: memoryview) -> int:
        try:
            return self._socket.recv_into(room)
        except OSError as error:
            raise OddAnswerError(f"the answer broke off: {error}") from None
