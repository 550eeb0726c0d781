"""How many requests may be under way: finds what the server takes, and stays under its throttle.

Concurrency doubles while the rate of answers follows, and goes back to where more did not help.  A
throttled answer (503) takes a third off, once per epoch, and marks a ceiling: from then on
concurrency grows by one step per epoch, to nine tenths of the ceiling, which itself rises slowly,
since what a server takes changes (Amazon S3 User Guide, "Best practices design patterns").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 1024
"""What 20 ms of latency need for 50,000 answers per second."""
_FIRST = 16
_EPOCH_SECONDS = 0.1
_EPOCH_TURNS = 4
"""An epoch is this long and this many answers per place, so that a rate means something."""
_WORTH = 1.08
"""Twice as many places must answer this much faster to be kept."""
_REST_EPOCHS = 50
"""Epochs until growth is tried again, and a ceiling raised."""


class Pace:
    """A limit that follows what comes back.

    Attributes:
        limit: Requests that may be under way.
    """

    __slots__ = (
        "_answers",
        "_begin",
        "_best",
        "_ceiling",
        "_climbing",
        "_clock",
        "_due",
        "_most",
        "_rest",
        "_throttled",
        "_tried_from",
        "limit",
    )

    def __init__(
        self, *, clock: Callable[[], float], first: int = _FIRST, most: int = MOST
    ) -> None:
        """Begin with ``first`` requests; ``clock`` gives seconds."""
        self.limit = min(first, most)
        self._most = most
        self._clock = clock
        self._ceiling = float("inf")
        self._climbing = True
        self._best = 0.0
        self._tried_from = self.limit
        self._rest = 0
        self._throttled = False
        self._start()

    def answered(self) -> None:
        """Count an answer."""
        self._answers += 1
        if self._answers >= self._due and self._clock() - self._begin >= _EPOCH_SECONDS:
            self._judge()

    def throttled(self) -> None:
        """Hear that the server wants fewer requests."""
        if self._throttled:
            return  # the answers of one epoch are one message
        self._ceiling = self.limit
        self.limit = max(1, self.limit * 2 // 3)
        self._climbing = False
        self._rest = 0
        self._start()
        self._throttled = True

    def _start(self) -> None:
        self._answers = 0
        self._due = max(64, _EPOCH_TURNS * self.limit)
        self._begin = self._clock()
        self._throttled = False

    def _judge(self) -> None:
        rate = self._answers / (self._clock() - self._begin)
        top = max(1, int(min(self._most, self._ceiling * 0.9)))
        if self._climbing:
            self._climb(rate, top)
        elif self._ceiling < float("inf") and self.limit < top:
            self.limit = min(top, self.limit + max(1, self.limit // 32))
        else:
            self._rest += 1
            if self._rest >= _REST_EPOCHS:
                self._rest = 0
                self._ceiling *= 1.1
                self._climbing = self._ceiling == float("inf")
                self._best, self._tried_from = rate, self.limit
                self.limit = min(top, self.limit * 2) if self._climbing else self.limit
        self._start()

    def _climb(self, rate: float, top: int) -> None:
        if rate > self._best * _WORTH and self.limit < top:
            self._best, self._tried_from = rate, self.limit
            self.limit = min(top, self.limit * 2)
        else:
            self._climbing = False
            if rate <= self._best * _WORTH:
                self.limit = self._tried_from
