"""How long a body is waited for, whatever the kernel gathers meanwhile."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from intact.adapters.http.line import CHUNK
from intact.s3 import ObjectFacts
from tests.adapters.http.worlds import lean, ref
from tests.scripted_server import CLOSE, Words, got, plain, scripted

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

BODY = bytes(range(256)) * 65536 + b"ends!"
"""16 MiB, more than the kernel ever gathers, and no whole number of buffers."""
ETAG = "5d41402abc4b2a76b9719d911017c592"


@pytest.fixture(params=["plain", "tls"])
def tls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext | None:
    """Whether the server is asked over TLS."""
    if request.param == "plain":
        return None
    certificates: tuple[Path, ssl.SSLContext] = request.getfixturevalue("certificates")
    path, context = certificates
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    return context


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


def test_what_follows_a_body_is_no_answer_to_the_next_request(tls: ssl.SSLContext | None) -> None:
    """Over TLS it may have come in one record with the body's end, and wait in this process."""
    body = bytes(40_000)

    def script(method: str, _key: str, _count: int) -> Words:
        return [got(body) + plain(666)] if method == "GET" else [0.02, plain(7)]

    with scripted(script, tls=tls) as server, lean(server.url, read_timeout=5) as store:
        store.head(ref("first"))  # after which the line is listened to no longer than it takes
        assert b"".join(map(bytes, store.read(ref("k"), etag=ETAG))) == body
        found = store.head(ref("other"))
        assert isinstance(found, ObjectFacts)
        assert found.size == 7
