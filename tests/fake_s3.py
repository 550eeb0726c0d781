"""An ``ObjectStore`` in memory, with scripted answers and faults."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from intact.audit import Absent
from intact.errors import StoreError
from intact.s3 import ObjectFacts, ObjectRef, PartList

CHUNK = 3
T = TypeVar("T")
Body = bytes | StoreError
Parts = PartList | Absent | StoreError


class FakeStore:
    """Answers by key, and by version where a key has a history; raises what is an exception.

    Attributes:
        asked: Every call with its key, in order.
    """

    def __init__(
        self,
        answers: Mapping[str, ObjectFacts | Absent | StoreError],
        bodies: Mapping[str, Body] | None = None,
        *,
        parts: Mapping[str, Parts] | None = None,
        history: Mapping[str, Sequence[tuple[ObjectFacts, Body, Parts]] | StoreError] | None = None,
    ) -> None:
        self._answers = answers
        self._bodies = bodies or {}
        self._parts = parts or {}
        self._history = history or {}
        self.asked: list[tuple[str, str]] = []

    def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        self.asked.append(("head", ref.key))
        if version := self._version(ref):
            return version[0]
        answer = self._answers[ref.key]
        if isinstance(answer, StoreError):
            raise answer
        return answer

    def parts(self, ref: ObjectRef, facts: ObjectFacts) -> PartList | Absent:
        self.asked.append(("parts", ref.key))
        version = self._version(ref)
        assert facts == (version[0] if version else self._answers[ref.key])
        parts = version[2] if version else self._parts.get(ref.key, Absent(detail="no parts"))
        if isinstance(parts, StoreError):
            raise parts
        return parts

    def versions(self, ref: ObjectRef) -> Iterator[tuple[str, datetime]]:
        self.asked.append(("versions", ref.key))
        for facts, _, _ in _told(self._history.get(ref.key, ())):
            assert facts.version_id is not None
            yield facts.version_id, facts.last_modified

    def read(self, ref: ObjectRef, *, etag: str) -> Iterator[bytes]:
        self.asked.append(("read", ref.key))
        version = self._version(ref)
        answer = version[0] if version else self._answers[ref.key]
        body = _told(version[1] if version else self._bodies[ref.key])
        assert isinstance(answer, ObjectFacts)
        assert answer.etag == etag
        for start in range(0, len(body), CHUNK):
            yield body[start : start + CHUNK]

    def _version(self, ref: ObjectRef) -> tuple[ObjectFacts, Body, Parts] | None:
        history = self._history.get(ref.key, ())
        if ref.version_id is None or isinstance(history, StoreError):
            return None
        return next((v for v in history if v[0].version_id == ref.version_id), None)


def _told(answer: T | StoreError) -> T:
    if isinstance(answer, StoreError):
        raise answer
    return answer
