"""What keeps a function within its time, and tells what another attempt may mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from intact.adapters.terms import ReadTerms
from intact.audit import Withheld
from intact.errors import AccessError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from intact.adapters.ports import ObjectStore
    from intact.audit import Absent
    from intact.s3 import ObjectFacts, ObjectRef, PartList

FASTEST = 100 << 20
"""Bytes per second that no function reads: Lambda's network gives about 75 MiB/s for long."""
MARGIN = 5.0
"""Seconds that are left to answer when reading stops."""
_THROTTLED, _SERVER = 429, 500
_PASSING = frozenset(
    {
        "InternalError",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
    }
)


class InTime(ReadTerms):
    """Reads whatever is not too large, for the terms or for the time that is left."""

    def __init__(self, *, largest: int, left: Callable[[], float]) -> None:
        """Set the terms.

        Args:
            largest: Largest object in bytes that is read.
            left: Seconds until the invocation is ended.
        """
        super().__init__()
        self._largest, self._seconds = largest, left

    def refuse(self, destination: ObjectRef, *, size: int) -> Withheld | None:
        """Say why an object's bytes are not read; None where they are."""
        if size > self._largest:
            return Withheld(terms=f"{size} bytes; the function reads {self._largest}")
        if size / FASTEST > self._seconds() - MARGIN:
            return Withheld(terms=f"{size} bytes; the function has no time to read them")
        return super().refuse(destination, size=size)


class Guard:
    """An object store that stops reading in time, and remembers what was only a passing failure.

    Attributes:
        passing: What failed and may succeed next time; None where nothing did.
        late: Whether time ran out during a read.
    """

    def __init__(self, store: ObjectStore, *, left: Callable[[], float]) -> None:
        """Guard a store.

        Args:
            store: The store.
            left: Seconds until the invocation is ended.
        """
        self._store, self._left = store, left
        self.passing: str | None = None
        self.late = False

    def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        """As the store."""
        try:
            return self._store.head(ref)
        except StoreError as error:
            self._remember(error)
            raise

    def parts(self, ref: ObjectRef, facts: ObjectFacts) -> PartList | Absent:
        """As the store."""
        try:
            return self._store.parts(ref, facts)
        except StoreError as error:
            self._remember(error)
            raise

    def versions(self, ref: ObjectRef) -> Iterator[tuple[str, datetime]]:
        """As the store."""
        try:
            yield from self._store.versions(ref)
        except StoreError as error:
            self._remember(error)
            raise

    def read(self, ref: ObjectRef, *, etag: str) -> Iterator[bytes | memoryview]:
        """As the store, until time runs out.

        Raises:
            StoreError: There is no time left to read on.
        """
        try:
            for chunk in self._store.read(ref, etag=etag):
                if self._left() < MARGIN:
                    self.late = True
                    raise StoreError(f"{ref}: the function's time ran out")  # noqa: TRY301 - as any
                yield chunk
        except StoreError as error:
            self._remember(error)
            raise

    def _remember(self, error: StoreError) -> None:
        if not isinstance(error, AccessError):
            self.passing = self.passing or _passing(error.__cause__)


def _passing(cause: BaseException | None) -> str | None:
    """A word on a failure that another attempt may not meet; None for any other."""
    if isinstance(cause, (BotoConnectionError, HTTPClientError, IncompleteReadError)):
        return type(cause).__name__
    if not isinstance(cause, ClientError):
        return None
    code = str(cause.response.get("Error", {}).get("Code", ""))
    status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code if code in _PASSING or status == _THROTTLED or status >= _SERVER else None
