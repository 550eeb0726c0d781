"""Lean stores before a scripted server, and the three ways to ask one for a head."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from intact.adapters.http import LeanStore
from intact.adapters.http.heads import Heads
from intact.errors import IntactError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator


Outcome = "ObjectFacts | Absent | str"


@contextmanager
def lean(
    url: str,
    *,
    session: boto3.Session | None = None,
    verify: str | bool | None = None,
    **config: Any,  # noqa: ANN401 - botocore's own
) -> Iterator[LeanStore]:
    """A store whose botocore tries once, with a second's patience."""
    settings: dict[str, Any] = {
        "proxies": {},
        "s3": {"addressing_style": "path"},
        "retries": {"total_max_attempts": 1},
        "read_timeout": 1,
        "connect_timeout": 2,
    }
    client = (session or boto3.Session()).client(
        "s3", endpoint_url=url, verify=verify, config=Config(**{**settings, **config})
    )
    store = LeanStore(client)
    yield store
    store.close()
    client.close()


def outcome(ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever was asked for
    """The answer, or class and text of the error."""
    try:
        return ask()
    except IntactError as error:
        return f"{type(error).__name__}: {error}"


def ref(key: str, version_id: str | None = None) -> ObjectRef:
    return ObjectRef(bucket="bucket", key=key, version_id=version_id)


def on_loop(store: LeanStore, work: Callable[[Heads], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401 - work's own
    """Run some work with a store's heads on an event loop."""

    async def main() -> Any:  # noqa: ANN401 - as above
        with ThreadPoolExecutor(8) as threads:
            heads = Heads(store, loop=asyncio.get_running_loop(), threads=threads, most=64)
            try:
                return await work(heads)
            finally:
                heads.close()

    return asyncio.run(main())


def on_loop_head(store: LeanStore, *refs: ObjectRef) -> list[Any]:
    """Ask for one head after the other on one event loop."""

    async def work(heads: Heads) -> list[Any]:
        found: list[Any] = []
        for each in refs:
            try:
                found.append(await heads.head(each))
            except IntactError as error:
                found.append(f"{type(error).__name__}: {error}")
        return found

    answers: list[Any] = on_loop(store, work)
    return answers
