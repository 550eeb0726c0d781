"""A Lambda function for LambdaInvoke jobs: audits copies beside the data, one task at a time.

Name ``intact.adapters.function.handler`` as the function's handler.  Configuration comes from the
job's ``UserArguments`` (schema 2.0), else from the function's environment (which is all that schema
1.0 has): ``TargetResource`` or ``INTACT_TARGET_RESOURCE``, and so on as ``Settings`` says.

A task succeeds wherever evidence was found, and where that shows a difference too: its
``resultString`` is an ``intact.audit.answer.Answer``, which ``intact audit --invoked`` judges.
What another attempt may mend is a temporary failure, which S3 tries again.

Source: Amazon S3 User Guide, "Invoke AWS Lambda function", schemas 1.0 and 2.0.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import unquote_plus

from intact.adapters.boto import BotoStore, s3_client
from intact.adapters.guard import Guard, InTime
from intact.adapters.runner import Runner
from intact.audit import Copy, Unreadable, Withheld
from intact.audit.adopt import first_known, function_policy
from intact.audit.answer import Answer, copy_digest
from intact.batch import S3PutObjectCopy
from intact.batch.operations import MAX_COPY_SIZE
from intact.errors import AccessError, IntactError, UsageError
from intact.s3 import ObjectRef
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from intact.adapters.ports import ObjectStore
    from intact.audit import Evidence

SCHEMAS = ("1.0", "2.0")
Event = dict[str, Any]


class LambdaContext(Protocol):
    """What Lambda tells a handler besides the event."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a function needs to know besides its tasks.

    Attributes:
        target_resource: ARN of the bucket that holds the copies; ``TargetResource``.
        target_key_prefix: What their keys begin with; ``TargetKeyPrefix``.
        largest_read: Largest object in bytes whose bytes are read; ``LargestRead``.  By default
            as large as a copy task can copy.
        target_owner: Account that must own the bucket of the copies; ``TargetOwner``.
        source_owner: Account that must own that of the sources; ``SourceOwner``.
    """

    target_resource: str
    target_key_prefix: str | None = None
    largest_read: int = MAX_COPY_SIZE
    target_owner: str | None = None
    source_owner: str | None = None

    @classmethod
    def parse(cls, arguments: Mapping[str, str], *, environment: Mapping[str, str]) -> Self:
        """Read a job's arguments, and for those that it lacks the environment.

        Raises:
            UsageError: An argument is not known, one has no meaning, or there is no target.
        """
        if unknown := sorted(arguments.keys() - _VARIABLES.keys()):
            raise UsageError(f"UserArguments has {unknown}; wanted {sorted(_VARIABLES)}")
        told = {name: environment.get(variable, "") for name, variable in _VARIABLES.items()}
        told |= arguments
        if not told["TargetResource"]:
            raise UsageError("TargetResource is missing; wanted the ARN of the copies' bucket")
        largest = told["LargestRead"] or str(MAX_COPY_SIZE)
        if not (largest.isascii() and largest.isdecimal()):
            raise UsageError(f"LargestRead is {largest!r}; wanted a number of bytes")
        return cls(
            target_resource=told["TargetResource"],
            target_key_prefix=told["TargetKeyPrefix"] or None,
            largest_read=int(largest),
            target_owner=told["TargetOwner"] or None,
            source_owner=told["SourceOwner"] or None,
        )

    def destination(self, source: ObjectRef) -> ObjectRef:
        """Where the copy of an object is.

        Raises:
            UsageError: ``TargetResource`` is no ARN of S3.
        """
        return S3PutObjectCopy(
            target_resource=self.target_resource, target_key_prefix=self.target_key_prefix
        ).destination(source)


_VARIABLES = {
    "TargetResource": "INTACT_TARGET_RESOURCE",
    "TargetKeyPrefix": "INTACT_TARGET_KEY_PREFIX",
    "LargestRead": "INTACT_LARGEST_READ",
    "TargetOwner": "INTACT_TARGET_OWNER",
    "SourceOwner": "INTACT_SOURCE_OWNER",
}
"""User arguments, and the variables that stand in for them."""


def handler(event: Event, context: LambdaContext | None) -> Event:
    """Answer one invocation of a LambdaInvoke job.

    Args:
        event: As S3 Batch Operations sends it, schema 1.0 or 2.0.
        context: Lambda's, or None where nothing limits the time.
    """
    left = _unlimited if context is None else partial(_seconds_left, context)
    return respond(
        event,
        environment=os.environ,
        open_store=_store,
        left=left,
        now=partial(datetime.now, UTC),
    )


def respond(
    event: Event,
    *,
    environment: Mapping[str, str],
    open_store: Callable[[tuple[tuple[str, str], ...]], ObjectStore],
    left: Callable[[], float],
    now: Callable[[], datetime],
) -> Event:
    """Audit every task of an event, and answer as its schema wants.

    Args:
        event: The event.
        environment: The function's.
        open_store: Makes a store that asks for these owners of these buckets.
        left: Seconds until the invocation is ended.
        now: The present moment.
    """
    results = []
    for task in event["tasks"]:
        try:
            code, text = _audited(event, task, environment, open_store, left, now)
        except AccessError:
            code, text = "TemporaryFailure", "the function's credentials were refused"
        except IntactError as error:
            code, text = "PermanentFailure", f"intact: {error}"
        except Exception as error:  # noqa: BLE001 - Lambda would put the trace into the report
            code, text = "PermanentFailure", f"a fault of intact: {type(error).__name__}"
        results.append({"taskId": task["taskId"], "resultCode": code, "resultString": text})
    return {
        "invocationSchemaVersion": event["invocationSchemaVersion"],
        "treatMissingKeysAs": "TemporaryFailure",
        "invocationId": event["invocationId"],
        "results": results,
    }


def _audited(  # noqa: PLR0913, PLR0917 - what respond was given
    event: Event,
    task: Event,
    environment: Mapping[str, str],
    open_store: Callable[[tuple[tuple[str, str], ...]], ObjectStore],
    left: Callable[[], float],
    now: Callable[[], datetime],
) -> tuple[str, str]:
    """Result code and result string of one task."""
    schema = event["invocationSchemaVersion"]
    if schema not in SCHEMAS:
        raise UsageError(f"invocationSchemaVersion is {schema!r}; wanted 1.0 or 2.0")
    settings = Settings.parse(event["job"].get("userArguments") or {}, environment=environment)
    source = _source(task)
    copy = Copy(row=0, source=source, destination=settings.destination(source))
    owners = _owners(copy, settings)
    asked = now()
    guard = Guard(open_store(owners), left=left)
    terms = InTime(largest=settings.largest_read, left=left)
    runner = Runner(guard, guard, function_policy(copy), workers=1, terms=terms)
    evidence = runner.audit(copy, first_known(copy)).evidence
    if guard.passing is not None:
        return "TemporaryFailure", guard.passing
    if guard.late:
        evidence = _without_late(evidence)
    return "Succeeded", Answer(copy=copy_digest(copy), asked=asked, evidence=evidence).encode()


def _source(task: Event) -> ObjectRef:
    """The object of a task, by either schema.

    Raises:
        UsageError: Its key is no UTF-8, or its bucket has no name here.
    """
    bucket = task["s3Bucket"] if "s3Bucket" in task else bucket_of_arn(task["s3BucketArn"])
    try:
        key = unquote_plus(task["s3Key"], errors="strict")
    except UnicodeError:
        raise UsageError(f"s3Key is {task['s3Key']!r}; wanted the form of UTF-8") from None
    return ObjectRef(bucket=bucket, key=key, version_id=task.get("s3VersionId") or None)


def _owners(copy: Copy, settings: Settings) -> tuple[tuple[str, str], ...]:
    """Which account must own which bucket.

    Raises:
        UsageError: One bucket is to have two owners.
    """
    told = ((copy.source, settings.source_owner), (copy.destination, settings.target_owner))
    pairs = {(ref.bucket, owner) for ref, owner in told if ref is not None and owner is not None}
    if len({bucket for bucket, _ in pairs}) < len(pairs):
        raise UsageError("SourceOwner and TargetOwner of one bucket differ")
    return tuple(sorted(pairs))


def _without_late(evidence: Evidence) -> Evidence:
    """Return the evidence, its bytes withheld where time ran out while they were read."""
    late = Withheld(terms="the function's time ran out while it read")
    ours, theirs = evidence.source_bytes, evidence.destination_bytes
    return replace(
        evidence,
        source_bytes=late if isinstance(ours, Unreadable) else ours,
        destination_bytes=late if isinstance(theirs, Unreadable) else theirs,
    )


@lru_cache(maxsize=8)
def _store(owners: tuple[tuple[str, str], ...]) -> BotoStore:
    """Open the store that every invocation in this container shares."""
    client = s3_client(connections=2)
    expected = dict(owners)

    def name_owner(params: Event, model: Any, **_: object) -> Event:  # noqa: ANN401 - botocore's
        owner = expected.get(params.get("Bucket", ""))
        known = owner is not None and "ExpectedBucketOwner" in model.input_shape.members
        return params | {"ExpectedBucketOwner": owner} if known else params

    hook: Any = name_owner  # the hook's type says that it returns nothing; botocore takes it
    client.meta.events.register("provide-client-params.s3.*", hook)
    return BotoStore(client)


def _unlimited() -> float:
    return float("inf")


def _seconds_left(context: LambdaContext) -> float:
    return context.get_remaining_time_in_millis() / 1000
