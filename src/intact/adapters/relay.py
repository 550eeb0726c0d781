"""A generator that blocks, taken from by an event loop that must not."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

T = TypeVar("T")


class _End:
    """What no generator yields."""


async def relayed(items: Generator[T]) -> AsyncGenerator[T]:
    """Yield what a generator yields; all of it runs on one thread, its end too.

    A consumer that stops early, or is cancelled, waits for the step under way.
    """
    loop, end = asyncio.get_running_loop(), _End()
    with ThreadPoolExecutor(1, thread_name_prefix="intact-relay") as thread:
        try:
            while True:
                item = await loop.run_in_executor(thread, next, items, end)
                if isinstance(item, _End):
                    return
                yield item
        finally:
            await loop.run_in_executor(thread, items.close)
