"""What S3 has stored: the checksums of one object, or of everything under a prefix; no bytes."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from intact.adapters.listing import list_objects
from intact.errors import AccessError, FormatError, StoreError
from intact.s3 import ObjectFacts, ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from types_boto3_s3 import S3Client

    from intact.adapters.ports import ObjectStore
    from intact.audit import Absent

    Item = TypeVar("Item")
    Result = TypeVar("Result")

Unread = StoreError | FormatError
"""Why one object's head says nothing."""


def heads(
    store: ObjectStore, client: S3Client, place: ObjectRef, *, below: bool, workers: int
) -> Iterator[tuple[ObjectRef, ObjectFacts | Absent | Unread]]:
    """Yield what HeadObject says of each object that an address means, in S3's order.

    An address that is the whole key of an object means that object; any other means all objects
    whose keys begin with it.

    Args:
        store: Who is asked for each object.
        client: Who lists.
        place: Bucket, and key or prefix.
        below: Take the address for a prefix in any case.
        workers: Requests under way at a time.

    Raises:
        StoreError: The bucket could not be listed.
        AccessError: The credentials are of no use.
    """
    if place.key and not place.key.endswith("/") and not below:
        facts = head(store, place)
        if isinstance(facts, ObjectFacts):
            yield place, facts
            return
    refs = (found.source for found in list_objects(client, place.bucket, prefix=place.key))
    yield from in_order(lambda ref: head(store, ref), refs, workers=workers)


def in_order(
    ask: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    stop: Callable[[], object] = lambda: None,
) -> Iterator[tuple[Item, Result]]:
    """Ask about each item on several threads; answers in the order of the items.

    ``stop`` is called at the end, which may come early, before the threads are waited for.
    """
    waiting: deque[tuple[Item, Any]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="intact-ask")
    try:
        for item in items:
            waiting.append((item, pool.submit(ask, item)))
            if len(waiting) > 2 * workers:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        stop()
        pool.shutdown(wait=True, cancel_futures=True)


def head(store: ObjectStore, ref: ObjectRef) -> ObjectFacts | Absent | Unread:
    """HeadObject, with an error that speaks of this one object as an answer.

    Raises:
        AccessError: The credentials are of no use for any object.
    """
    try:
        return store.head(ref)
    except AccessError:
        raise
    except (StoreError, FormatError) as error:
        return error
