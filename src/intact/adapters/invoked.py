"""Answers of a function that audits beside the data, joined to the rows of a manifest out of core.

A row of a LambdaInvoke job's report speaks of an object by bucket, key and version; its answer says
by a digest which copy was looked at.  Only rows where both fit the audited job are joined.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from intact.adapters.evidence import OBJECT
from intact.audit import Copy, Unreadable
from intact.audit.adopt import asked_after
from intact.audit.answer import Answer, copy_digest
from intact.batch import MalformedRow, TaskStatus
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef, decode_key, encode_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from intact.adapters.spool import Spool
    from intact.audit import Window
    from intact.batch import TaskResult

TABLE = {
    "place": "VARCHAR",
    "row": "BIGINT",
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "answer": "VARCHAR",
}
_STRAY = "FROM invoked ANTI JOIN manifest USING (bucket, key, version)"


class Invocations:
    """Loads such answers into the table ``invoked`` of a spool.

    Attributes:
        answers: Rows that hold an answer on a copy of the audited job.
        failed: Rows of tasks that failed.
        malformed: Rows that hold no answer, or could not be read.
        unbound: Rows whose answer is on another copy, or from before the copy job's end.
    """

    def __init__(self, spool: Spool) -> None:
        """Make the table."""
        self._spool = spool
        self.answers = self.failed = self.malformed = self.unbound = 0
        spool.create({"invoked": TABLE})

    def load(
        self,
        results: Iterable[TaskResult | MalformedRow],
        *,
        place: str,
        destination: Callable[[ObjectRef], ObjectRef],
        window: Window,
        begun: datetime | None,
    ) -> None:
        """Take in the report of a LambdaInvoke job.

        Args:
            results: Its rows.
            place: What to call it.
            destination: Where the audited job copies an object to.
            window: When the audited job wrote.
            begun: When the LambdaInvoke job was created; None where that is not known.

        Raises:
            UsageError: That was before the audited job had ended.
        """
        if begun is not None and begun < window.end:
            raise UsageError(
                f"{place}: the job that invoked the function was created at {begun}, before the "
                f"copy job ended at {window.end}; wanted one created afterwards"
            )
        with (
            self._spool.appending("invoked") as append,
            self._spool.appending("leftovers") as leave,
        ):
            for line, result in enumerate(results, 1):
                try:
                    answer = _answer(result)
                except FormatError as error:
                    self.malformed += 1
                    leave(("unreadable answer of a function", place, line, "", ascii(str(error))))
                    continue
                if answer is None or isinstance(result, MalformedRow):
                    self.failed += 1
                    continue
                source = _bound(result, answer, destination)
                if source is None or not asked_after(answer, window, begun=begun):
                    self.unbound += 1
                    why = "before the copy job's end" if source else "on another copy"
                    leave((f"answer of a function {why}", place, line, "", ascii(result.raw_key)))
                    continue
                self.answers += 1
                same = replace(answer, asked=window.end)  # when is settled, and tells no two apart
                append((place, line, *join_key(source), json.dumps(same.encode())))

    @property
    def stray(self) -> int:
        """Answers on objects that are in no row of the manifest."""
        return self._spool.number(f"SELECT count(*) {_STRAY}")

    def join(self) -> None:
        """Make the table ``answered``, once all is loaded: one answer, or how many, by object."""
        self._spool.execute(
            f"INSERT INTO leftovers SELECT 'answer of a function that fits no row', place, row, "
            f"{OBJECT}, '' {_STRAY}"
        )
        self._spool.execute(
            "CREATE TABLE answered AS SELECT bucket, key, version, "
            "count(DISTINCT answer) AS answers, any_value(answer) AS answer "
            "FROM invoked GROUP BY ALL"
        )


def answer_of_cells(answers: int | None, text: str | None) -> Answer | Unreadable | None:
    """Read what the table ``answered`` holds on one row of the manifest; None for nothing."""
    if not answers or text is None:
        return None
    if answers > 1:
        return Unreadable(problem=f"{answers} answers of functions on this copy differ")
    return Answer.parse(json.loads(text))


def join_key(source: ObjectRef) -> tuple[str, str, str]:
    """Bucket, key and version in the one spelling that is joined on: ASCII without line ends."""
    return encode_key(source.bucket), encode_key(source.key), encode_key(source.version_id or "")


def _answer(result: TaskResult | MalformedRow) -> Answer | None:
    """What a row's task answered; None for a task that failed.

    Raises:
        FormatError: The row is malformed, or its message is no answer.
    """
    if isinstance(result, MalformedRow):
        raise FormatError(result.problem)
    return Answer.parse(result.message) if result.status is TaskStatus.SUCCEEDED else None


def _bound(
    result: TaskResult, answer: Answer, destination: Callable[[ObjectRef], ObjectRef]
) -> ObjectRef | None:
    """The object that both the row and its answer speak of; None where they disagree.

    A report spells keys as its job's manifest does; of two readings of a plus the digest tells
    which one the function looked at.
    """
    for plus_is_space in (False, True):
        try:
            key = decode_key(result.raw_key, plus_is_space=plus_is_space)
        except FormatError:
            return None
        source = ObjectRef(bucket=result.bucket, key=key, version_id=result.version_id)
        copy = Copy(row=0, source=source, destination=destination(source))
        if copy_digest(copy) == answer.copy:
            return source
    return None
