"""The limit finds what a server takes, and stays under its throttle."""

from __future__ import annotations

import pytest

from intact.adapters.http.pace import Pace


class Server:
    """Answers ``places`` requests at a time, each in ``seconds``; throttles beyond ``most``."""

    def __init__(self, *, seconds: float, places: int, most: int | None = None) -> None:
        self.now = 0.0
        self.seconds, self.places, self.most = seconds, places, most
        self.throttled = 0
        self.limits: list[int] = []
        self.pace = Pace(clock=lambda: self.now)

    def serve(self, turns: int) -> Server:
        """Let time pass in which as many requests as allowed are answered, turn by turn."""
        for _ in range(turns):
            limit = self.pace.limit
            self.limits.append(limit)
            self.now += self.seconds * max(1.0, limit / self.places)
            taken = limit if self.most is None else min(limit, self.most)
            for _ in range(taken):
                self.pace.answered()
            for _ in range(limit - taken):
                self.throttled += 1
                self.pace.throttled()
        return self


def test_latency_is_answered_by_concurrency() -> None:
    server = Server(seconds=0.02, places=10_000).serve(2000)
    assert max(server.limits) == 1024


@pytest.mark.parametrize("places", [1, 20, 100])
def test_a_server_that_gains_nothing_is_not_crowded(places: int) -> None:
    server = Server(seconds=0.01, places=places).serve(3000)
    settled = sorted(server.limits[1000:])
    assert settled[len(settled) // 2] <= max(32, 2 * places)


def test_the_throttle_is_found_and_then_seldom_touched() -> None:
    server = Server(seconds=0.02, places=10_000, most=200).serve(500)
    first = server.throttled
    assert first > 0
    server.throttled = 0
    server.limits.clear()
    server.serve(2000)
    assert min(server.limits) > 60
    assert server.throttled < sum(server.limits) / 1000  # one in a thousand, and fewer


def test_one_epoch_of_throttled_answers_is_one_message() -> None:
    pace = Pace(clock=lambda: 0.0, first=90)
    for _ in range(50):
        pace.throttled()
    assert pace.limit == 60


def test_the_limit_never_falls_to_nothing() -> None:
    server = Server(seconds=0.01, places=10, most=0).serve(500)
    assert server.pace.limit >= 1
