"""How long a body is waited for, whatever the kernel gathers meanwhile."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from intact.adapters.http.line import CHUNK
from tests.adapters.http.worlds import lean, ref
from tests.scripted_server import CLOSE, Words, got, scripted

if TYPE_CHECKING:
    import ssl

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


def test_a_body_that_stalls_is_botocores_to_continue(tls: ssl.SSLContext | None) -> None:
    def script(_method: str, _key: str, count: int) -> Words:
        return [got(BODY)] if count > 1 else [got(BODY)[: 8 << 20], 6.0, CLOSE]

    with scripted(script, tls=tls) as server, lean(server.url, read_timeout=1) as store:
        begun = time.monotonic()
        assert b"".join(map(bytes, store.read(ref("k"), etag=ETAG))) == BODY
        assert time.monotonic() - begun < 5
        assert server.seen == [("GET", "k")] * 2
