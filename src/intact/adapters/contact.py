"""A server that was never reached is given up at once; one that was is tried again as AWS advises.

botocore's retries are for servers that are busy.  Where nobody listens, or the name means nothing,
ten of them take a minute to say what the first one knew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import EndpointConnectionError
from urllib3 import BaseHTTPResponse

if TYPE_CHECKING:
    from botocore.client import BaseClient

TRIES = 2
"""The second comes within a second, and forgives a name server a hiccup."""


class FirstContact:
    """Knows whether the server of one client ever answered."""

    def __init__(self) -> None:
        """Nobody has answered yet."""
        self._answered = False

    def listen(self, client: BaseClient) -> None:
        """Have a client's failures judged here before botocore does; throttling stays its own."""
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"needs-retry.{service}", self.judge)

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
