"""LambdaInvoke without Lambda: each function's ARN stands for a Python function or a local URL.

Source of the contract: Amazon S3 User Guide, "Invoke AWS Lambda function", schemas 1.0 and 2.0.
Every task is an invocation of its own, as S3 does; how S3 spells task ids is undocumented.  Events
and answers pass through JSON, whichever stands in.  A key is spelled as the manifest does, and what
no URL holds is percent-encoded: ``unquote_plus`` decodes every event's key.
"""

from __future__ import annotations

import http.client
import importlib
import json
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

from intact.errors import UsageError
from intact.rehearsal.tasks import TaskFailure
from intact.s3.names import bucket_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from intact.batch.manifest import ManifestRow
    from intact.rehearsal.tasks import Action, Context

    Function = Callable[[Mapping[str, Any]], Any]

TIMEOUT_SECONDS = 900
"""Longest run of a Lambda function."""
SCHEMAS = ("1.0", "2.0")
OK = 200
_URL = "/%+!$&'()*,;=:@~"
"""Characters that a key in an event keeps, besides letters, digits, ``_``, ``.`` and ``-``."""


def load_functions(targets: Mapping[str, str]) -> dict[str, Function]:
    """Find the stand-in of each function ARN: ``module:function`` or ``http://127.0.0.1:...``.

    A Python function is called as Lambda calls a handler, with the event and no context.  A URL
    answers as Lambda's own Invoke does, ``X-Amz-Function-Error`` included; so does the emulator in
    Lambda's container images.

    Raises:
        UsageError: A target is neither, or the module has no such function.
    """
    return {arn: _load(target) for arn, target in targets.items()}


def _load(target: str) -> Function:
    if target.startswith("http://"):
        url = urlsplit(target)
        if not _is_loopback(url.hostname or ""):
            raise UsageError(f"function is {target!r}; wanted a URL on this machine")
        return partial(_post, url.netloc, urlunsplit(("", "", url.path or "/", url.query, "")))
    module, colon, name = target.partition(":")
    try:
        handler = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        problem = error if colon else "no colon"
        raise UsageError(f"function is {target!r}; wanted module:function ({problem})") from None
    return lambda event: json.loads(json.dumps(handler(json.loads(json.dumps(event)), None)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _post(netloc: str, path: str, event: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    connection = http.client.HTTPConnection(netloc, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", path, body=json.dumps(event).encode(), headers=headers)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != OK or response.getheader("X-Amz-Function-Error"):
        raise OSError(f"status {response.status}: {body[:200].decode(errors='replace')}")
    return json.loads(body)


def refused(members: Mapping[str, Any], functions: Mapping[str, Function]) -> Iterator[str]:
    """Name what cannot be invoked."""
    if (arn := members.get("FunctionArn", "")) not in functions:
        yield f"FunctionArn {arn!r}: no local function was given for it"
    if (schema := members.get("InvocationSchemaVersion", SCHEMAS[0])) not in SCHEMAS:
        yield f"InvocationSchemaVersion {schema}"
    elif schema == SCHEMAS[0] and "UserArguments" in members:
        yield "UserArguments with InvocationSchemaVersion 1.0"


def invoke(context: Context, members: Mapping[str, Any]) -> Action:
    """Make the task that invokes the function for one object."""
    function = context.functions[members["FunctionArn"]]

    def act(row: ManifestRow) -> str:
        task = event(members, row=row, job_id=context.job_id)
        try:
            answer = function(task)
        except Exception as error:
            said = {"errorMessage": str(error), "errorType": type(error).__name__}
            raise _failed(said) from error
        if isinstance(answer, dict) and "errorMessage" in answer and "results" not in answer:
            raise _failed(answer)
        return result(answer, task_id=task["tasks"][0]["taskId"])

    return act


def event(members: Mapping[str, Any], *, row: ManifestRow, job_id: str) -> dict[str, Any]:
    """What the function is invoked with."""
    schema = members.get("InvocationSchemaVersion", SCHEMAS[0])
    job: dict[str, Any] = {"id": job_id}
    task: dict[str, Any] = {
        "taskId": f"{job_id}-{row.line}",
        "s3Key": quote(row.raw_key, safe=_URL),
        "s3VersionId": row.source.version_id,
    }
    if schema == SCHEMAS[0]:
        task["s3BucketArn"] = bucket_arn(row.source.bucket)
    else:
        task["s3Bucket"] = row.source.bucket
        job["userArguments"] = members.get("UserArguments", {})
    return {
        "invocationSchemaVersion": schema,
        "invocationId": str(uuid4()),
        "job": job,
        "tasks": [task],
    }


def result(answer: Any, *, task_id: str) -> str:  # noqa: ANN401 - whatever the function returned
    """``resultString`` of a task that the function's answer says succeeded.

    Raises:
        TaskFailure: The answer says otherwise, or nothing that the contract knows.
    """
    try:
        code, text = answer.get("treatMissingKeysAs", "TemporaryFailure"), "No result for the task"
        for item in answer.get("results", ()):
            if item["taskId"] == task_id:
                code, text = item["resultCode"], str(item.get("resultString", ""))
    except (AttributeError, KeyError, TypeError) as error:
        text = f"Lambda returned an answer that is no result: {error!r}"
        raise TaskFailure(OK, "PermanentFailure", text) from None
    match code:
        case "Succeeded":
            return text
        case "TemporaryFailure" | "PermanentFailure":
            raise TaskFailure(OK, code, text, temporary=code == "TemporaryFailure")
        case _:
            raise TaskFailure(OK, "PermanentFailure", f"resultCode is {code!r}")


def _failed(said: Mapping[str, Any]) -> TaskFailure:
    text = f"Lambda returned function error: {json.dumps(said)}"
    return TaskFailure(OK, "PermanentFailure", text)
