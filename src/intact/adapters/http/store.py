"""The object store that takes the lean path where it can, and botocore's where it must."""

from __future__ import annotations

import re
from collections import defaultdict
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError

from intact.adapters.boto import BotoStore, s3_client
from intact.adapters.http.answer import OK, HeadReader, OddAnswerError, body_size, facts_of
from intact.adapters.http.connection import LostError, SpokeOutOfTurnError
from intact.adapters.http.line import Line
from intact.adapters.http.route import Route, Teacher, tls_context
from intact.errors import StoreError, UsageError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from datetime import datetime

    import boto3
    from types_boto3_s3 import S3Client

    from intact.adapters.http.answer import Answer
    from intact.adapters.http.route import Origin
    from intact.audit import Absent
    from intact.s3 import ObjectFacts, ObjectRef, PartList

_ETAG = re.compile(r"[\x21\x23-\x7e]+")
_MOVED = frozenset({301, 302, 307, 308, 400})
"""Answers of a bucket that is elsewhere; botocore follows them, and knows where from then on."""
_LESSONS = 3
"""How often a bucket's route is learned anew."""


def lean_store(
    session: boto3.Session | None = None,
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    connections: int = 16,
) -> LeanStore:
    """Make a lean store with a client of its own; the arguments are those of ``s3_client``."""
    return LeanStore(
        s3_client(session, endpoint_url=endpoint_url, region=region, connections=connections)
    )


class LeanStore:
    """An ``ObjectStore`` whose answers are those of ``BotoStore``, sooner; threads may share it.

    Attributes:
        boto: The store that has the last word.
        reader: Reads headers as boto3 does.
        timeouts: Seconds to connect in, and to wait for an answer.
    """

    def __init__(self, client: S3Client) -> None:
        """Use a client made by ``s3_client``."""
        self.boto = BotoStore(client)
        shape = client.meta.service_model.operation_model("HeadObject").output_shape
        self.reader = HeadReader(shape)  # type: ignore[arg-type]  # HeadObject has one
        self._teacher = Teacher(self.boto, client)
        self.timeouts = self._teacher.timeouts()
        self._tls: ssl.SSLContext | None = None
        self._routes: dict[tuple[str, str], Route | None] = {}
        self._lessons: dict[str, int] = defaultdict(int)
        self._distrusted: set[Origin] = set()
        self._lines: dict[Origin, list[Line]] = defaultdict(list)
        self._lock = Lock()

    def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        """As ``BotoStore.head``."""
        route = self.route(ref.bucket, "HEAD")
        if route is None:
            return self.boto.head(ref)
        if route.origin in self._distrusted:
            return self._head_alone(route, ref)
        try:
            answer, begun, line = self._ask(route, route.request(ref))
        except (OddAnswerError, UsageError, BotoCoreError):
            return self.boto.head(ref)
        if begun or line.says_more():
            line.close()
            self.distrust(route.origin)
            return self._head_alone(route, ref)
        try:
            facts = facts_of(answer, self.reader, version_id=ref.version_id)
        except OddAnswerError as error:
            line.close()
            facts = self.boto.head(ref)
            self.moved(ref.bucket, route, error.status)
            return facts
        self._rest(route.origin, line, keep=answer.keeps)
        return facts

    def _head_alone(self, route: Route, ref: ObjectRef) -> ObjectFacts | Absent:
        """Ask on a connection of its own, which nothing else was said on.

        botocore keeps connections, so here it could take one object's bytes for another's head.

        Raises:
            StoreError: The answer is not plain.
        """
        line: Line | None = None
        try:
            line = Line(route.origin, tls=self.tls(route.origin), timeouts=self.timeouts)
            answer, _ = line.ask(route.request(ref))
            return facts_of(answer, self.reader, version_id=ref.version_id)
        except (OddAnswerError, UsageError, BotoCoreError) as error:
            unasked = "the server sends bytes that nobody asked for, and now this"
            raise StoreError(f"HeadObject {ref}: {unasked}: {error}") from None
        finally:
            if line is not None:
                line.close()

    def parts(self, ref: ObjectRef, facts: ObjectFacts) -> PartList | Absent:
        """As ``BotoStore.parts``, and through it."""
        return self.boto.parts(ref, facts)

    def versions(self, ref: ObjectRef) -> Iterator[tuple[str, datetime]]:
        """As ``BotoStore.versions``, and through it."""
        return self.boto.versions(ref)

    def read(self, ref: ObjectRef, *, etag: str) -> Iterator[bytes | memoryview]:
        """As ``BotoStore.read``, but each chunk is overwritten when the next one is taken."""
        got = 0
        route = self.route(ref.bucket, "GET") if _ETAG.fullmatch(etag) else None
        if route is not None:
            try:
                for chunk in self._stream(route, ref, etag):
                    got += len(chunk)
                    yield chunk
            except (OddAnswerError, UsageError, BotoCoreError):
                pass  # for the same version once more, the bytes that were used already skipped
            else:
                return
        for rest in self.boto.read(ref, etag=etag):
            yield rest[got:] if got else rest
            got -= min(got, len(rest))

    def close(self) -> None:
        """Close the connections that rest."""
        for origin in tuple(self._lines):
            while line := self._resting(origin):
                line.close()

    def route(self, bucket: str, method: str) -> Route | None:
        """How to ask for a bucket's objects; None where botocore has to.  May block."""
        name = (bucket, method)
        if name not in self._routes:
            with self._lock:
                if name not in self._routes:
                    teach = self._teacher.head if method == "HEAD" else self._teacher.get
                    self._routes[name] = teach(bucket)
        return self._routes[name]

    def moved(self, bucket: str, route: Route, status: int | None) -> bool:
        """Hear that botocore answered where ``route`` did not; whether to learn it anew."""
        if status not in _MOVED or self._lessons[bucket] >= _LESSONS:
            return False
        with self._lock:
            if route in (self._routes.get((bucket, method)) for method in ("HEAD", "GET")):
                self._lessons[bucket] += 1
                for method in ("HEAD", "GET"):
                    self._routes.pop((bucket, method), None)
        return True

    def trusts(self, origin: Origin) -> bool:
        """Whether the server never sent what nobody asked for."""
        return origin not in self._distrusted

    def distrust(self, origin: Origin) -> None:
        """Hear that a server sent what nobody asked for: it gets one request per connection."""
        self._distrusted.add(origin)
        while line := self._resting(origin):
            line.close()

    def tls(self, origin: Origin) -> ssl.SSLContext | None:
        """Whom to trust when connecting; None where the connection is not encrypted."""
        if not origin.tls:
            return None
        if self._tls is None:
            verify = self._teacher.verify()
            self._tls = tls_context(True if verify is None else verify)
        return self._tls

    def _stream(self, route: Route, ref: ObjectRef, etag: str) -> Iterator[memoryview]:
        answer, begun, line = self._ask(route, route.request(ref, etag=etag))
        whole = False
        try:
            _require(answer, ref, etag)
            yield from line.body(body_size(answer), begun)
            if line.says_more():
                self.distrust(route.origin)
            whole = answer.keeps
        except SpokeOutOfTurnError:
            self.distrust(route.origin)
            raise
        finally:
            self._rest(route.origin, line, keep=whole)

    def _ask(self, route: Route, request: bytes) -> tuple[Answer, memoryview, Line]:
        while line := self._resting(route.origin):
            if not line.usable():
                if line.says_more():
                    self.distrust(route.origin)
                line.close()
                continue
            try:
                return *line.ask(request), line
            except LostError:
                line.close()
                break
            except OddAnswerError:
                line.close()
                raise
        line = Line(route.origin, tls=self.tls(route.origin), timeouts=self.timeouts)
        try:
            return *line.ask(request), line
        except OddAnswerError:
            line.close()
            raise

    def _resting(self, origin: Origin) -> Line | None:
        """Return a connection that no other thread takes; None where there is none."""
        try:
            return self._lines[origin].pop()
        except IndexError:
            return None

    def _rest(self, origin: Origin, line: Line, *, keep: bool) -> None:
        if keep and origin not in self._distrusted:
            line.rest()
            self._lines[origin].append(line)
        else:
            line.close()


def _require(answer: Answer, ref: ObjectRef, etag: str) -> None:
    """Whether these are the bytes that were asked for, all of them.

    Raises:
        OddAnswerError: Not beyond doubt.
    """
    if answer.status != OK:
        raise OddAnswerError("the answer is not plain", status=answer.status)
    if answer.headers.get(b"etag") != f'"{etag}"'.encode():
        raise OddAnswerError("the answer is not that version's", status=OK)
    version = answer.headers.get(b"x-amz-version-id")
    if ref.version_id is not None and version not in {None, ref.version_id.encode()}:
        raise OddAnswerError("the answer is not that version's", status=OK)
