"""Whatever a server says: the answer is botocore's or an honest error, and never another's."""

from __future__ import annotations

import asyncio
import io
import random
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.http.answer import MAX_HEAD
from intact.audit import Absent
from intact.errors import StoreError
from intact.s3 import ObjectFacts
from tests.adapters.http.worlds import lean, on_loop, on_loop_head, outcome, ref
from tests.scripted_server import BASE, CLOSE, Words, got, plain, scripted

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from intact.adapters.http.heads import Heads
    from intact.adapters.http.route import Route
    from tests.scripted_server import ScriptedServer

LENGTH = b"Content-Length: 7\r\n"
FORGED = plain(666)
ETAG = "5d41402abc4b2a76b9719d911017c592"
CRC = b"x-amz-checksum-crc64nvme: 7a5hQ478J4A=\r\nx-amz-checksum-type: FULL_OBJECT\r\n"

PLAIN: dict[str, Words] = {
    "plain": [plain(7)],
    "checksum": [plain(7, more=CRC)],
    "encrypted": [plain(7, more=b"x-amz-server-side-encryption: aws:kms\r\n")],
    "archived": [plain(7, more=b"x-amz-storage-class: GLACIER\r\nX-Amz-Archive-Status: A\r\n")],
    "versioned": [plain(7, more=b"x-amz-version-id: null\r\n")],
    "split": [plain(7)[:20], 0.02, plain(7)[20:60], 0.02, plain(7)[60:]],
    "bytewise": [bytes([byte]) for byte in plain(7)],
    "closing": [plain(7, more=b"Connection: close\r\n"), CLOSE],
    "absent": [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
    "absent chunked": [b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"],
    "repeated vary": [plain(7, more=b"Vary: a\r\nVary: b\r\n")],
    "repeated request id": [plain(7, more=b"X-Amz-Request-Id: a\r\nx-amz-request-id: b\r\n")],
    "repeated id": [plain(7, more=b"X-Amz-Id-2: a\r\nx-amz-id-2: a\r\n")],
    "empty value": [plain(7, more=b"X-Empty:\r\n")],
    "no reason": [plain(7).replace(b"200 OK", b"200")],
}
ODD: dict[str, Words] = {
    "nothing": [CLOSE],
    "half a head": [plain(7)[:50], CLOSE],
    "garbage": [b"\x16\x03\x01\x02\0" * 40 + b"\r\n\r\n", CLOSE],
    "old": [plain(7).replace(b"HTTP/1.1", b"HTTP/1.0"), CLOSE],
    "folded": [plain(7, more=b"X-Folded: a\r\n b\r\n"), CLOSE],
    "bare line feeds": [plain(7).replace(b"\r\n", b"\n"), CLOSE],
    "nul": [plain(7, more=b"X-Nul: a\0b\r\n"), CLOSE],
    "no colon": [plain(7, more=b"nonsense\r\n"), CLOSE],
    "space before colon": [plain(7, more=b"X-Space : b\r\n"), CLOSE],
    "two lengths": [plain(7, more=b"Content-Length: 8\r\n"), CLOSE],
    "two etags": [plain(7, more=b'ETag: "0"\r\n'), CLOSE],
    "two checksums": [plain(7, more=CRC + CRC), CLOSE],
    "signed length": [plain(7).replace(b"Length: 7", b"Length: +7"), CLOSE],
    "long length": [plain(7).replace(b"Length: 7", b"Length: " + b"9" * 30), CLOSE],
    "no length": [plain(7).replace(LENGTH, b""), CLOSE],
    "chunked": [plain(7).replace(LENGTH, b"Transfer-Encoding: chunked\r\n"), CLOSE],
    "no etag": [plain(7).replace(b"ETag", b"X-Tag"), CLOSE],
    "no date": [plain(7).replace(b"Last-Modified", b"X-Modified"), CLOSE],
    "no moment": [plain(7).replace(b"Sun, 22 Nov 2026 03:00:00 GMT", b"never"), CLOSE],
    "no moment at all": [
        plain(7).replace(b"Sun, 22 Nov 2026 03:00:00 GMT", b"9" * 30),
        CLOSE,
    ],
    "bad checksum": [plain(7, more=CRC.replace(b"7a5h", b"!!!!")), CLOSE],
    "early hints": [b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", plain(7), CLOSE],
    "continue": [b"HTTP/1.1 100 Continue\r\n\r\n", plain(7), CLOSE],
    "no content": [b"HTTP/1.1 204 No Content\r\n\r\n", CLOSE],
    "part": [plain(7).replace(b"200 OK", b"206 Partial Content"), CLOSE],
    "not modified": [b"HTTP/1.1 304 Not Modified\r\n" + BASE + b"\r\n", CLOSE],
    "moved": [b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", CLOSE],
    "bad request": [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", CLOSE],
    "forbidden": [b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", CLOSE],
    "method": [b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", CLOSE],
    "failed": [b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", CLOSE],
    "slow down": [b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n", CLOSE],
    "status 999": [plain(7).replace(b"200 OK", b"999 Odd"), CLOSE],
    "delete marker": [
        b"HTTP/1.1 404 Not Found\r\nx-amz-delete-marker: true\r\nContent-Length: 0\r\n\r\n",
        CLOSE,
    ],
    "endless head": [b"HTTP/1.1 200 OK\r\n", *[b"X-%d: y\r\n" % n for n in range(MAX_HEAD // 6)]],
    "slow": [1.6, plain(7), CLOSE],
    "slow loris": [plain(7)[:30], 0.8, plain(7)[30:31], 0.8, plain(7)[31:], CLOSE],
}
SCRIPTS = PLAIN | ODD


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with scripted(lambda _method, key, _count: SCRIPTS[key]) as server:
        yield server


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_answer_is_botocores(server: ScriptedServer, name: str) -> None:
    with lean(server.url) as store:
        expected = outcome(lambda: store.boto.head(ref(name)))
        assert outcome(lambda: store.head(ref(name))) == expected
        assert on_loop_head(store, ref(name)) == [expected]


@pytest.mark.parametrize(("asked", "told"), [("one", "two"), ("one", None), ("null", "two")])
def test_an_answer_about_another_version_is_no_evidence(asked: str, told: str | None) -> None:
    more = b"" if told is None else b"x-amz-version-id: %b\r\n" % told.encode()
    refused = f"StoreError: HeadObject {ref('k', asked)}: the answer is about version {told}"
    with scripted(lambda *_: [plain(7, more=more)]) as server, lean(server.url) as store:
        assert outcome(lambda: store.boto.head(ref("k", asked))) == refused
        assert outcome(lambda: store.head(ref("k", asked))) == refused
        found = on_loop_head(store, ref("k"), *[ref("k", asked)] * 2)
        assert found == [store.boto.head(ref("k")), refused, refused]


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_answer_is_asked_for_once(server: ScriptedServer, name: str) -> None:
    with lean(server.url) as store:
        server.seen.clear()
        store.head(ref(name))
        on_loop_head(store, ref(name))
    assert server.seen == [("HEAD", name)] * 2


@pytest.mark.parametrize("name", sorted(ODD.keys() - {"nothing", "slow loris"}))
def test_any_other_is_asked_for_again_by_botocore(server: ScriptedServer, name: str) -> None:
    with lean(server.url) as store:
        for ask in (store.head, lambda each: on_loop_head(store, each)):
            server.seen.clear()
            outcome(lambda ask=ask: ask(ref(name)))  # type: ignore[misc]
            # botocore may ask more besides: where the bucket is, what a refusal means
            assert [seen for seen in server.seen if seen == ("HEAD", name)][:2] == [
                ("HEAD", name)
            ] * 2


def test_a_kept_connection_serves_one_request_after_the_other(server: ScriptedServer) -> None:
    with lean(server.url) as store:
        found = on_loop_head(store, *[ref("plain"), ref("absent")] * 20)
        assert {type(each) for each in found} == {ObjectFacts, Absent}


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_an_answer_with_a_body_is_never_taken_for_the_next(pause: float) -> None:
    """The body is another answer: what an attacker would store in an object."""

    def script(_method: str, key: str, _count: int) -> Words:
        return [plain(int(key)), *([pause] if pause else []), FORGED]

    with scripted(script) as server, lean(server.url) as store:

        async def work(heads: Heads) -> list[Any]:
            found = []
            for size in range(10):
                found.append(await heads.head(ref(str(size))))
                await asyncio.sleep(0.1)  # so that what follows an answer has come
            return found

        assert [facts.size for facts in on_loop(store, work)] == list(range(10))
        threads = [store.head(ref(str(size))) for size in range(10)]
        assert [facts.size for facts in threads] == list(range(10))  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [5, 600_000])
@pytest.mark.parametrize("pause", [None, 0.01])
def test_what_follows_a_body_is_never_taken_for_the_next(
    tls: ssl.SSLContext | None, pause: float | None, size: int
) -> None:
    """Over TLS it may be in the record that ends the body, which no socket knows of any more.

    What comes late is heard on a new connection alone; those that rest are no longer listened to.
    """

    def script(_method: str, key: str, _count: int) -> Words:
        if key == "honest":
            return [0.1, got(b"honest")]
        body, forged = got(bytes(size)), got(b"forged")
        return [body + forged] if pause is None else [body, pause, forged]

    with scripted(script, tls=tls) as server, lean(server.url) as store:
        for key in (*["honest"] * (pause is None), "surplus", "honest"):
            body = b"".join(map(bytes, store.read(ref(key), etag=ETAG)))
            assert body == (b"honest" if key == "honest" else bytes(size))


def test_a_server_that_is_not_trusted_gets_one_request_for_each_connection() -> None:
    links: set[Any] = set()

    def script(_method: str, key: str, _count: int) -> Words:
        surplus: Words = [0.01, got(b"forged")] if key == "surplus" else []
        return [links.add, got(b"body"), *surplus]

    with scripted(script) as server, lean(server.url) as store:
        rests, surplus = (store.read(ref(key), etag=ETAG) for key in ("rests", "surplus"))
        assert bytes(next(rests)) == bytes(next(surplus)) == b"body"
        assert list(rests) == list(surplus) == []
        for _ in range(3):
            assert [bytes(chunk) for chunk in store.read(ref("k"), etag=ETAG)] == [b"body"]
        assert len(links) == len(server.seen) == 5


def test_a_thread_notices_bytes_that_came_late() -> None:
    def script(_method: str, key: str, _count: int) -> Words:
        return [plain(int(key)), 0.02, FORGED]

    with scripted(script) as server, lean(server.url) as store:
        found = [store.head(ref(str(size))) for size in range(5)]
        assert [facts.size for facts in found] == list(range(5))  # type: ignore[union-attr]


def test_a_server_that_is_not_trusted_gets_an_honest_error() -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

    def script(_method: str, key: str, _count: int) -> Words:
        return [plain(7) + FORGED] if key == "plain" else [refusal]

    with scripted(script) as server, lean(server.url) as store:
        assert store.head(ref("plain")) == on_loop_head(store, ref("plain"))[0]
        with pytest.raises(StoreError, match="nobody asked for"):
            store.head(ref("forbidden"))


def test_no_answer_is_ever_anothers() -> None:
    chance = random.Random(7)  # noqa: S311 - a test's

    def script(_method: str, key: str, count: int) -> Words:
        head = plain(int(key))
        if count > 1:
            return [head]
        kinds: list[Words] = [
            [head],
            [head],
            [head],
            [chance.random() / 50, head],
            [head[:9], chance.random() / 50, head[9:]],
            [CLOSE],
            [head[:40], CLOSE],
            [b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"],
            [head, CLOSE],
        ]
        return chance.choice(kinds)

    with scripted(script) as server, lean(server.url) as store:

        async def work(heads: Heads) -> list[Any]:
            asked = (heads.head(ref(str(size))) for size in range(1000, 1600))
            return await asyncio.gather(*asked, return_exceptions=True)

        answers = on_loop(store, work)
    assert len(answers) == 600
    for size, answer in enumerate(answers, 1000):
        assert isinstance(answer, StoreError) or answer.size == size
    assert sum(isinstance(answer, ObjectFacts) for answer in answers) > 550


def test_a_connection_that_closed_while_it_rested_costs_no_answer() -> None:
    def script(_method: str, _key: str, _count: int) -> Words:
        return [plain(7), 0.05, CLOSE]

    with scripted(script) as server, lean(server.url) as store:

        async def work(heads: Heads) -> list[Any]:
            found = []
            for _ in range(5):
                found.append(await heads.head(ref("k")))
                await asyncio.sleep(0.06)
            return found

        assert len(on_loop(store, work)) == 5
        assert len(server.seen) == 5  # none went through botocore


def test_a_storm_of_slow_down_lowers_the_limit() -> None:
    def script(_method: str, key: str, count: int) -> Words:
        slow = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"
        return [slow] if count == 1 and key != "first" else [0.01, plain(7)]

    with scripted(script) as server, lean(server.url) as store:

        async def work(heads: Heads) -> tuple[list[Any], int]:
            before = await heads.head(ref("first")), heads.wanted
            found = await asyncio.gather(*(heads.head(ref(str(n))) for n in range(100)))
            return [before[0], *found], heads.wanted - before[1]

        found, change = on_loop(store, work)
    assert [facts.size for facts in found] == [7] * 101
    assert change < 0


def test_a_bucket_that_moved_is_learned_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(_method: str, _key: str, count: int) -> Words:
        moved = b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n"
        return [moved] if count == 1 else [plain(7)]

    with scripted(script) as server, lean(server.url) as store:
        taught: list[str] = []
        learn = store._teacher.head  # noqa: SLF001 - to count lessons

        def count(bucket: str) -> Route | None:
            taught.append(bucket)
            return learn(bucket)

        monkeypatch.setattr(store._teacher, "head", count)  # noqa: SLF001 - as above
        found = on_loop_head(store, ref("a"), ref("b"), ref("a"))
        assert [facts.size for facts in found] == [7, 7, 7]
        assert taught == ["bucket"] * 3


@pytest.mark.parametrize("key", ["", "\udcff"])
def test_a_key_that_cannot_be_is_botocores_to_refuse(server: ScriptedServer, key: str) -> None:
    with lean(server.url) as store:
        try:
            store.boto.head(ref(key))
        except Exception as error:  # noqa: BLE001 - botocore's own, whatever it is
            with pytest.raises(type(error)):
                store.head(ref(key))
            with pytest.raises(type(error)):
                on_loop(store, lambda heads: heads.head(ref(key)))
        else:
            pytest.fail("botocore takes that key now")


def test_what_follows_a_body_is_no_answer_to_the_next_request(tls: ssl.SSLContext | None) -> None:
    """Over TLS it may have come in one record with the body's end, and wait in this process."""
    body = bytes(40_000)

    def script(method: str, _key: str, _count: int) -> Words:
        return [got(body) + FORGED] if method == "GET" else [0.02, plain(7)]

    with scripted(script, tls=tls) as server, lean(server.url, read_timeout=5) as store:
        store.head(ref("first"))  # after which the line is listened to no longer than it takes
        assert b"".join(map(bytes, store.read(ref("k"), etag=ETAG))) == body
        found = store.head(ref("other"))
        assert isinstance(found, ObjectFacts)
        assert found.size == 7


def test_what_follows_a_body_is_no_answer_to_botocores_next_request(
    tls: ssl.SSLContext | None,
) -> None:
    body = bytes(40_000)
    unseen = bytes(-len(got(body)) % io.DEFAULT_BUFFER_SIZE)  # Python reads so much, and drops it

    def script(method: str, _key: str, _count: int) -> Words:
        return [got(body) + unseen + FORGED] if method == "GET" else [0.02, plain(7)]

    with scripted(script, tls=tls) as server, lean(server.url, read_timeout=5) as store:
        store.boto.head(ref("first"))
        assert b"".join(store.boto.read(ref("k"), etag=ETAG)) == body
        found = store.boto.head(ref("other"))
        assert isinstance(found, ObjectFacts)
        assert found.size == 7


@pytest.mark.parametrize("pause", [None, 0.0, 0.005])
def test_botocore_takes_no_body_for_the_next_answer(
    tls: ssl.SSLContext | None, pause: float | None
) -> None:
    """Some bodies come with their answers, and some behind them."""

    def script(_method: str, key: str, _count: int) -> Words:
        head = plain(int(key))
        return [head + FORGED] if pause is None or key == "0" else [head, pause, FORGED]

    with scripted(script, tls=tls) as server, lean(server.url, read_timeout=5) as store:
        found = [store.boto.head(ref(str(size))) for size in range(10)]
        assert [facts.size for facts in found] == list(range(10))  # type: ignore[union-attr]
