"""Which objects' bytes an audit may read: a sample of them, and no more than a budget."""

from __future__ import annotations

import hashlib
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from intact.audit import Withheld
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from intact.s3 import ObjectRef

_HASHED = 8
_KEY = 64
"""Longest key of BLAKE2b in bytes."""


class ReadTerms:
    """Terms of reading, shared by all threads of an audit.

    Whether an object is in the sample depends on its destination and the audit's subject alone,
    so an audit that is run again reads the same ones.  The budget is one run's: what is asked for
    first is read first, and an object counts with its whole size before it is read.

    Attributes:
        budget: Bytes that may be read altogether; None for any number.
    """

    def __init__(
        self, *, fraction: float = 1.0, subject: str = "", budget: int | None = None
    ) -> None:
        """Set the terms.

        Args:
            fraction: Of the objects, how many to read: above 0, at most 1.
            subject: What is audited; another one draws another sample.
            budget: Bytes that may be read altogether; None for any number.

        Raises:
            UsageError: The fraction or the budget is none.
        """
        if not 0 < fraction <= 1:
            raise UsageError(f"sample is {fraction:g}; wanted above 0, at most 1")
        if budget is not None and budget < 0:
            raise UsageError(f"byte budget is {budget}; wanted 0 or more")
        self._fraction, self.budget, self._subject = fraction, budget, subject
        self._left = budget
        self._key = hashlib.blake2b(subject.encode(), digest_size=_KEY).digest()
        self._lock = Lock()

    def __reduce__(self) -> tuple[Callable[[], ReadTerms], tuple[()]]:
        """Go to another process, as long as there is nothing to share with it.

        Raises:
            UsageError: There is a budget.
        """
        if self.budget is not None:
            raise UsageError("a byte budget is for one process")
        return partial(ReadTerms, fraction=self._fraction, subject=self._subject), ()

    def samples(self, destination: ObjectRef) -> bool:
        """Whether a copy is in the sample."""
        name = str(destination).encode()
        digest = hashlib.blake2b(name, digest_size=_HASHED, key=self._key).digest()
        return int.from_bytes(digest, "big") < self._fraction * (1 << 8 * _HASHED)

    def refuse(self, destination: ObjectRef, *, size: int) -> Withheld | None:
        """Say why an object's bytes may not be read; None where they may, and are now paid for.

        Args:
            destination: Where the copy is, whichever of the two sides is to be read.
            size: Bytes that would be read.
        """
        if not self.samples(destination):
            return Withheld(terms=f"outside the sample of {self._fraction:g}")
        with self._lock:
            if self._left is None:
                return None
            if size > self._left:
                return Withheld(terms=f"the budget of {self.budget} bytes is spent")
            self._left -= size
        return None
