"""The verbs that an audit needs of the world: an object store, and someone to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from intact.audit import Absent
    from intact.s3 import ObjectFacts, ObjectRef, PartList


class ObjectStore(Protocol):
    """Answers or raises.

    ``StoreError`` speaks of one object, and the runner records it as evidence;
    ``AccessError`` speaks of all objects, and ends the audit.
    """

    def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        """Size, identity and stored checksums of an object: of the version that ``ref`` names.

        An answer about another version is a ``StoreError``: see ``ObjectFacts.may_be``.
        """

    def parts(self, ref: ObjectRef, facts: ObjectFacts) -> PartList | Absent:
        """Where the parts of that version end; Absent where the server does not tell."""

    def versions(self, ref: ObjectRef) -> Iterator[tuple[str, datetime]]:
        """Id and time of each version of a key, newest first, delete markers left out."""

    def read(self, ref: ObjectRef, *, etag: str) -> Iterator[bytes | memoryview]:
        """The bytes of an object in order, as long as its ETag is still that one.

        A chunk is valid until the next one is taken: a store may use one buffer for all.
        """


class Progress(Protocol):
    """Hears what a long run is doing."""

    def phase(self, name: str, *, total: int | None = None) -> None:
        """Begin a phase of ``total`` steps, or of an unknown number."""

    def advance(self) -> None:
        """Finish a step."""
