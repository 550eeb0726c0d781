"""What shall go wrong in a rehearsal: a plan that does the same at every run.

Inline, comma-separated, each part optional::

    throttle=7        every 7th task gets 503 SlowDown at every try; throttle=7:1 at its first only
    fail=10:NoSuchKey every 10th task fails with that code; fail=10 means AccessDenied
    corrupt=3+17      a byte of the 3rd and the 17th copy is flipped after a copy that succeeded
    die=100           the process exits at once, with status 70, when the 100th task has ended
    delay=0.05        every task first waits that many seconds

As JSON the same: ``{"throttle": {"every": 7, "times": 1}, "fail": {"every": 10, "code":
"NoSuchKey"}, "corrupt": [3, 17], "die": 100, "delay": 0.05}``.

Tasks are counted from 1 in the order of the job's manifest, in each job anew, whichever finishes
first.  So a job that died and goes on does not die again, and no try is struck by chance.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from intact.checksum import Algorithm, new
from intact.checksum.encoding import encode
from intact.errors import UsageError
from intact.rehearsal.tasks import TaskFailure, address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_s3 import S3Client

    from intact.s3 import ObjectRef

DEATH = 70
"""Exit status of a process that its own plan ended."""
_STATUS = {"AccessDenied": 403, "InternalError": 500, "NoSuchKey": 404, "SlowDown": 503}
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The plan; the default is that nothing goes wrong.

    Attributes:
        throttle_every: Every such task is throttled; 0 for none.
        throttle_times: At so many of its tries; None for all.
        fail_every: Every such task fails; 0 for none.
        fail_code: With this error code.
        corrupt: Numbers of the copies that are damaged.
        die: Number of the task after which the process ends; 0 for none.
        delay: Seconds that every task waits.
    """

    throttle_every: int = 0
    throttle_times: int | None = None
    fail_every: int = 0
    fail_code: str = "AccessDenied"
    corrupt: frozenset[int] = frozenset()
    die: int = 0
    delay: float = 0.0

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
        first, _, second = value.partition(":")
        if name in plan:
            raise ValueError(f"{name} stands twice")
        match name:
            case "throttle":
                plan[name] = {"every": int(first)} | ({"times": int(second)} if second else {})
            case "fail":
                plan[name] = {"every": int(first)} | ({"code": second} if second else {})
            case "corrupt":
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
        if name in {"throttle", "fail"}:
            fields |= {f"{name}_{member}": number for member, number in value.items()}
        else:
            fields[name] = frozenset(value) if name == "corrupt" else value
    for name, value in fields.items():
        wanted: tuple[type, ...] = {"delay": (int, float), "fail_code": (str,)}.get(name, (int,))
        for item in value if name == "corrupt" else (value,):
            if isinstance(item, bool) or not isinstance(item, wanted):
                raise TypeError(f"{name} is {item!r}")
            if isinstance(item, int | float) and item <= 0:
                raise ValueError(f"{name} is {item}; wanted more than 0")
    return fields


def wait(seconds: float) -> None:
    """Wait, in the thread of one task."""
    time.sleep(seconds)


def corrupt(s3: S3Client, ref: ObjectRef) -> None:
    """Flip the lowest bit of an object's middle byte; an empty object gets a byte.

    The store checksums the damaged bytes as it would any upload: nothing but a comparison with
    the source can tell.  The algorithm stays, and so do type, metadata and class.
    """
    head: Any = s3.head_object(**address(ref), ChecksumMode="ENABLED")
    response = s3.get_object(**address(ref))
    with response["Body"] as body:
        content = bytearray(body.read() or b"\0")
    content[len(content) // 2] ^= 1
    kept = {
        name: head[name] for name in ("ContentType", "Metadata", "StorageClass") if name in head
    }
    s3.put_object(**address(ref), Body=bytes(content), **kept, **_checksum(head, bytes(content)))


def _checksum(head: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    for algorithm in Algorithm:
        if algorithm.member in head:
            return {algorithm.member: encode(new(algorithm, content).digest())}
    return {}
