"""What shall go wrong in a rehearsal: a plan that does the same at every run.

Inline, comma-separated, each part optional::

    throttle=7        every 7th task gets 503 SlowDown at every try; throttle=7:1 at its first only
    fail=10:NoSuchKey every 10th task fails with that code; fail=10 means AccessDenied
    die=100           the process exits at once, with status 70, when the 100th task has ended
    delay=0.05        every task first waits that many seconds
    report=missing    the job ends without its report, as S3 ends one whose role may not write it;
                      report=late:5 means so many seconds late, and never if the process ends first;
                      report=torn that the last row of each file is cut off, and the MD5 is not

and these for tasks by number, as in ``corrupt=3+17``::

    corrupt           a byte of the copy is flipped
    truncate          the copy lacks its last byte
    lose              the copy is deleted
    overwrite         the copy gets other content when the job has ended, before anybody knows
    skip              nothing is done, and reported as success
    deny              all is done, and reported as failure
    duplicate         it is done twice: where the bucket has versions, there are two of one copy
    algorithm         ChecksumAlgorithm of the request is ignored
    omit              the report has no row for it
    stray             the report's row names an object that the manifest does not

As JSON the same: ``{"throttle": {"every": 7, "times": 1}, "fail": {"every": 10, "code":
"NoSuchKey"}, "corrupt": [3, 17], "die": 100, "report": {"how": "late", "seconds": 5}}``.

Tasks are counted from 1 in the order of the job's manifest, in each job anew, whichever finishes
first.  So a job that died and goes on does not die again, and no try is struck by chance.
Damage to copies is for S3PutObjectCopy; on a bucket with versions the damaged one takes the
place of the good one.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from intact.errors import UsageError
from intact.rehearsal.tasks import TaskFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ReportFault = Literal["missing", "late", "torn"]

DEATH = 70
"""Exit status of a process that its own plan ended."""
_STATUS = {"AccessDenied": 403, "InternalError": 500, "NoSuchKey": 404, "SlowDown": 503}
_BAD_REQUEST = 400
_BY_NUMBER = {
    "algorithm", "corrupt", "deny", "duplicate", "lose", "omit", "overwrite", "skip", "stray",
    "truncate",
}  # fmt: skip
_KINDS: Mapping[str, tuple[type, ...]] = {
    "delay": (int, float),
    "fail_code": (str,),
    "report_how": (str,),
    "report_seconds": (int, float),
}
"""Types of the attributes that are no whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The plan; the default is that nothing goes wrong.

    Attributes:
        throttle_every: Every such task is throttled; 0 for none.
        throttle_times: At so many of its tries; None for all.
        fail_every: Every such task fails; 0 for none.
        fail_code: With this error code.
        die: Number of the task after which the process ends; 0 for none.
        delay: Seconds that every task waits.
        report_how: What is wrong with the report; None for nothing.
        report_seconds: How late it is.
        algorithm: Numbers of the tasks that ignore ChecksumAlgorithm.
        corrupt: Numbers of the copies that are damaged.
        deny: Numbers of the tasks that are done and reported as failed.
        duplicate: Numbers of the tasks that are done twice.
        lose: Numbers of the copies that are deleted.
        omit: Numbers of the tasks that the report does not name.
        overwrite: Numbers of the copies that are overwritten after the job's end.
        skip: Numbers of the tasks that are not done and reported as succeeded.
        stray: Numbers of the tasks whose row names another object.
        truncate: Numbers of the copies that are cut short.
    """

    throttle_every: int = 0
    throttle_times: int | None = None
    fail_every: int = 0
    fail_code: str = "AccessDenied"
    die: int = 0
    delay: float = 0.0
    report_how: ReportFault | None = None
    report_seconds: float = 0.0
    algorithm: frozenset[int] = frozenset()
    corrupt: frozenset[int] = frozenset()
    deny: frozenset[int] = frozenset()
    duplicate: frozenset[int] = frozenset()
    lose: frozenset[int] = frozenset()
    omit: frozenset[int] = frozenset()
    overwrite: frozenset[int] = frozenset()
    skip: frozenset[int] = frozenset()
    stray: frozenset[int] = frozenset()
    truncate: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a plan, JSON or inline.

        Raises:
            UsageError: It is neither, or names what no plan has.
        """
        try:
            plan = json.loads(text) if text.lstrip().startswith("{") else _inline(text)
            return cls(**_fields(plan))
        except (AttributeError, TypeError, ValueError) as error:
            raise UsageError(f"fault plan {text!r}: {error}") from None

    def before(self, number: int, *, attempt: int, sleep: Callable[[float], Any]) -> None:
        """Do what shall happen before a try of a task.

        Raises:
            TaskFailure: The try fails.
        """
        if self.delay:
            sleep(self.delay)
        struck = self.throttle_times is None or attempt <= self.throttle_times
        if struck and _each(number, self.throttle_every):
            text = "Please reduce your request rate."
            raise TaskFailure(_STATUS["SlowDown"], "SlowDown", text, temporary=True)
        if _each(number, self.fail_every):
            status = _STATUS.get(self.fail_code, _BAD_REQUEST)
            raise TaskFailure(status, self.fail_code, "by the fault plan")


def _each(number: int, every: int) -> bool:
    return every > 0 and number % every == 0


def _inline(text: str) -> dict[str, Any]:
    plan: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        _require_known(name)
        first, _, second = value.partition(":")
        if name in plan:
            raise ValueError(f"{name} stands twice")
        match name:
            case "throttle":
                plan[name] = {"every": int(first)} | ({"times": int(second)} if second else {})
            case "fail":
                plan[name] = {"every": int(first)} | ({"code": second} if second else {})
            case "report":
                plan[name] = {"how": first} | ({"seconds": float(second)} if second else {})
            case _ if name in _BY_NUMBER:
                plan[name] = [int(number) for number in value.split("+")]
            case "delay":
                plan[name] = float(value)
            case _:
                plan[name] = int(value)
    return plan


def _fields(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of a plan; a name or a number that means nothing is an error, not ignored."""
    fields: dict[str, Any] = {}
    for name, value in plan.items():
        _require_known(name)
        if name in {"throttle", "fail", "report"}:
            fields |= {f"{name}_{member}": number for member, number in value.items()}
        else:
            fields[name] = frozenset(value) if name in _BY_NUMBER else value
    for name, value in fields.items():
        for item in value if name in _BY_NUMBER else (value,):
            if isinstance(item, bool) or not isinstance(item, _KINDS.get(name, (int,))):
                raise TypeError(f"{name} is {item!r}")
            if isinstance(item, int | float) and item <= 0:
                raise ValueError(f"{name} is {item}; wanted more than 0")
    how = fields.get("report_how")
    if how not in {None, *get_args(ReportFault)}:
        raise ValueError(f"report is {how!r}; wanted one of {', '.join(get_args(ReportFault))}")
    if ("report_seconds" in fields) != (how == "late"):
        raise ValueError("report=late wants seconds, and nothing else does")
    return fields


def _require_known(name: str) -> None:
    known = {"throttle", "fail", "die", "delay", "report", *_BY_NUMBER}
    if name not in known:
        raise ValueError(f"no fault is called {name!r}; wanted one of {', '.join(sorted(known))}")


def wait(seconds: float) -> None:
    """Wait, in the thread of one task."""
    time.sleep(seconds)
