"""When a failure ends a call: sooner than botocore has it, or later.

A server that was never reached is given up at once: botocore's retries are for servers that are
busy, and where nobody listens, or the name means nothing, ten of them take a minute to say what the
first one knew.

A server that answers is tried as often for one call as for any other.  botocore has all calls of a
client share a budget of retries besides, which a storm of 503 spends within a second; from then on
each throttled call fails at its first try, and an audit would leave thousands of copies unchecked.
"""

from __future__ import annotations

from random import random
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ConnectionError,  # noqa: A004 - botocore's, of which its timeouts are
    EndpointConnectionError,
    HTTPClientError,
)
from urllib3 import BaseHTTPResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient

TRIES = 2
"""The second comes within a second, and forgives a name server a hiccup."""
ATTEMPTS = 10
"""Of one call, whoever wants the next one."""
_LONGEST = 20.0
"""Seconds between two of them at most, as botocore has it."""


class FirstContact:
    """Judges the failures of one client's calls, and knows whether its server ever answered."""

    def __init__(self, *, chance: Callable[[], float] = random) -> None:
        """Nobody has answered yet.

        Args:
            chance: From 0 to 1: how much of the longest wait is waited.
        """
        self._answered = False
        self._chance = chance

    def listen(self, client: BaseClient) -> None:
        """Have a client's failures judged here before botocore does, and behind it."""
        event = f"needs-retry.{client.meta.service_model.service_id.hyphenize()}"
        client.meta.events.register_first(event, self.judge)
        insist: Any = self.insist  # the hook's type says that it returns nothing; botocore waits
        client.meta.events.register_last(event, insist)

    def judge(
        self,
        *,
        response: tuple[Any, Any] | None,
        caught_exception: Exception | None,
        attempts: int,
        **_: object,
    ) -> None:
        """Let a failure to connect end the call, until there was an answer from a connection.

        Raises:
            EndpointConnectionError: The one that was caught.
        """
        if response is not None and isinstance(response[0].raw, BaseHTTPResponse):
            self._answered = True
        if self._answered or attempts < TRIES:
            return
        if isinstance(caught_exception, EndpointConnectionError):
            raise caught_exception

    def insist(
        self,
        *,
        response: tuple[Any, Any] | None,
        caught_exception: Exception | None,
        attempts: int,
        **_: object,
    ) -> float | None:
        """Return after how many seconds to try again; None where that is botocore's to say.

        It counts only where botocore gives the call up, and it did so for want of budget.
        """
        if attempts >= ATTEMPTS:
            return None
        spent = isinstance(caught_exception, ConnectionError | HTTPClientError)
        if response is not None:
            spent = "RetryQuotaReached" in response[1].get("ResponseMetadata", {})
        return self._chance() * min(2.0**attempts, _LONGEST) if spent else None
