"""An ``ObjectStore`` in memory, with scripted answers and faults."""

from collections.abc import Iterator, Mapping

from intact.audit import Absent
from intact.errors import StoreError
from intact.s3 import ObjectFacts, ObjectRef

CHUNK = 3


class FakeStore:
    """Answers by key; an exception among the answers is raised.

    Attributes:
        asked: Every call with its key, in order.
    """

    def __init__(
        self,
        answers: Mapping[str, ObjectFacts | Absent | StoreError],
        bodies: Mapping[str, bytes | StoreError] | None = None,
    ) -> None:
        self._answers = answers
        self._bodies = bodies or {}
        self.asked: list[tuple[str, str]] = []

    def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        self.asked.append(("head", ref.key))
        answer = self._answers[ref.key]
        if isinstance(answer, StoreError):
            raise answer
        return answer

    def read(self, ref: ObjectRef, *, etag: str) -> Iterator[bytes]:
        self.asked.append(("read", ref.key))
        answer, body = self._answers[ref.key], self._bodies[ref.key]
        if isinstance(body, StoreError):
            raise body
        assert isinstance(answer, ObjectFacts)
        assert answer.etag == etag
        for start in range(0, len(body), CHUNK):
            yield body[start : start + CHUNK]
