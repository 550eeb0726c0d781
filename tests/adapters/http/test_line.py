"""How long a body is waited for, whatever the kernel gathers meanwhile, and when it is whole."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import time
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.http.line import CHUNK, Line
from intact.adapters.http.route import Origin, tls_context
from intact.errors import StoreError
from tests.adapters.http.worlds import lean, ref
from tests.scripted_server import CLOSE, Words, got, scripted

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = bytes(range(256)) * 65536 + b"ends!"
"""16 MiB, more than the kernel ever gathers, and no whole number of buffers."""
ETAG = "5d41402abc4b2a76b9719d911017c592"


LATE = (1, 16384, CHUNK - 1, CHUNK, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK, 9 * CHUNK)


@pytest.mark.parametrize("late", LATE)
def test_the_end_of_a_body_is_not_waited_for_longer_than_it_takes(
    tls: ssl.SSLContext | None, late: int
) -> None:
    def script(_method: str, _key: str, _count: int) -> Words:
        whole = got(BODY)
        return [whole[:-late], 0.1, whole[-late:]]

    with scripted(script, tls=tls) as server, lean(server.url, read_timeout=20) as store:
        for _ in range(2):
            begun = time.monotonic()
            assert b"".join(map(bytes, store.read(ref("k"), etag=ETAG))) == BODY
            assert time.monotonic() - begun < 10
        assert len(server.seen) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="others know no such wish")
def test_over_tls_the_kernel_makes_room_for_what_it_gathers(
    certificates: tuple[Path, ssl.SSLContext],
) -> None:
    """By itself it grants more only after a while, and never enough."""
    path, context = certificates
    most = int(Path("/proc/sys/net/ipv4/tcp_rmem").read_text().split()[2]) // 2
    with scripted(lambda *_: [got(b"body")], tls=context) as server:
        origin = Origin("127.0.0.1", server.server_address[1], tls=True)
        line = Line(origin, tls=tls_context(str(path)), timeouts=(5, 5))
        room = line._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)  # noqa: SLF001 - nobody else knows
        line.close()
    assert room >= min(4 << 20, most)


def test_what_tls_has_to_say_itself_is_no_answer(
    certificates: tuple[Path, ssl.SSLContext],
) -> None:
    """Session tickets come unasked, and the connection serves as well as before."""
    path, context = certificates
    with scripted(lambda *_: [0.1, got(b"body")], tls=context) as server:
        origin = Origin("127.0.0.1", server.server_address[1], tls=True)
        line = Line(origin, tls=tls_context(str(path)), timeouts=(5, 5))
        time.sleep(0.2)  # so that the tickets have come
        assert not line.says_more()
        answer, begun = line.ask(b"GET /bucket/key HTTP/1.1\r\n\r\n")
        assert answer.status == 200
        assert b"".join(line.body(4, begun)) == b"body"
        line.close()


def test_a_body_that_drips_is_waited_for(tls: ssl.SSLContext | None) -> None:
    """Each pause is shorter than the time-out, but a buffer takes longer."""

    def script(_method: str, _key: str, _count: int) -> Words:
        whole = got(BODY)
        cuts = (0, *range(8 << 20, (8 << 20) + 9 * 50_000, 50_000), len(whole))
        words: list[bytes | float] = []
        for begin, end in pairwise(cuts):
            words += [whole[begin:end], 0.3]
        return words

    with scripted(script, tls=tls) as server, lean(server.url, read_timeout=1) as store:
        assert b"".join(map(bytes, store.read(ref("k"), etag=ETAG))) == BODY
        assert server.seen == [("GET", "k")]


def _says_farewell(link: Any) -> None:  # noqa: ANN401 - a socket, or one of ssl
    """End as TLS wants it, with an alert; without TLS there is nothing to say."""
    if isinstance(link, ssl.SSLSocket):
        with suppress(OSError):  # the client need not wait for it
            link.unwrap()


def _resets(link: Any) -> None:  # noqa: ANN401 - as above
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("how", [lambda _link: None, _says_farewell, _resets])
@pytest.mark.parametrize("missing", [1, 5, 16384, CHUNK, len(BODY)])
def test_a_body_that_breaks_off_is_never_whole(
    tls: ssl.SSLContext | None, missing: int, how: Callable[[Any], object]
) -> None:
    """However it ends, and whether botocore then gets the rest or nobody does."""

    def script(_method: str, key: str, count: int) -> Words:
        if key == "heals" and count > 1:
            return [got(BODY)]
        return [got(BODY)[:-missing], how, CLOSE]

    with scripted(script, tls=tls) as server, lean(server.url) as store:
        assert b"".join(map(bytes, store.read(ref("heals"), etag=ETAG))) == BODY
        sizes: list[int] = []
        with pytest.raises(StoreError):
            sizes.extend(map(len, store.read(ref("never"), etag=ETAG)))
        assert sum(sizes) <= len(BODY) - missing


def test_a_body_that_stalls_is_botocores_to_continue(tls: ssl.SSLContext | None) -> None:
    def script(_method: str, _key: str, count: int) -> Words:
        return [got(BODY)] if count > 1 else [got(BODY)[: 8 << 20], 6.0, CLOSE]

    with scripted(script, tls=tls) as server, lean(server.url, read_timeout=1) as store:
        begun = time.monotonic()
        assert b"".join(map(bytes, store.read(ref("k"), etag=ETAG))) == BODY
        assert time.monotonic() - begun < 5
        assert server.seen == [("GET", "k")] * 2
