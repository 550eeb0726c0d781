"""Which client asks S3 about the copies: plain boto3 on threads, or the lean one on event loops."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from intact.adapters.http import LeanStore
from intact.adapters.online import OnlineRunner, ProcessRunner
from intact.adapters.runner import Runner
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from intact.adapters.boto import BotoStore
    from intact.adapters.terms import ReadTerms
    from intact.audit import Copy, Evidence, Policy, Record

    Ask = Callable[[Iterable[tuple[Copy, Evidence]]], Generator[Record]]


class Client(Enum):
    """Who asks; both lead to the same records."""

    BOTO3 = "boto3"
    """boto3 alone, on threads."""
    LEAN = "lean"
    """Plain answers on an event loop at a fraction of the cost; whatever is odd, through boto3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How an audit asks S3 about its copies.

    Attributes:
        client: Who asks.
        processes: How many; more than one with the lean client only.
        make: Makes the store of such a process; it has to be picklable.
    """

    client: Client = Client.BOTO3
    processes: int = 1
    make: Callable[[], LeanStore] | None = None

    def __post_init__(self) -> None:
        """Refuse what goes without saying anything else.

        Raises:
            UsageError: The processes do not go with the client, or have no stores.
        """
        if self.processes < 1:
            raise UsageError(f"processes is {self.processes}; wanted at least 1")
        if self.processes > 1 and self.client is not Client.LEAN:
            raise UsageError(f"{self.processes} processes; wanted the lean client for more than 1")
        if self.processes > 1 and self.make is None:
            raise UsageError("several processes need to know how to make their stores")

    def about(
        self,
        source: BotoStore,
        destination: BotoStore,
        *,
        policy: Policy,
        workers: int,
        terms: ReadTerms,
    ) -> Ask:
        """Return what audits copies, one record for each, in order.

        Args:
            source: Store that holds the sources.
            destination: Store that holds the copies.
            policy: The terms of the verdicts.
            workers: Threads of each process; with boto3 alone, requests under way.
            terms: Which objects' bytes may be read.

        Raises:
            UsageError: Several processes cannot share these terms.
        """
        if self.client is Client.BOTO3:
            return Runner(source, destination, policy, workers, terms).run
        if self.processes > 1 and self.make is not None:
            return ProcessRunner(self.make, policy, self.processes, workers, terms=terms).run

        def lean(copies: Iterable[tuple[Copy, Evidence]]) -> Generator[Record]:
            with ExitStack() as stack:
                ours = stack.enter_context(closing(LeanStore(destination.client)))
                theirs = ours
                if source is not destination:
                    theirs = stack.enter_context(closing(LeanStore(source.client)))
                yield from OnlineRunner(theirs, ours, policy, workers, terms=terms).run(copies)

        return lean
