"""Rules of the job itself: its one operation, report, tags, role and confirmation."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from intact.batch.rules.base import API, GUIDE, Breach, Rule, Submission

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def _one_operation(job: Submission) -> Iterator[Breach]:
    given = list(job.request["Operation"])
    if len(given) != 1:
        yield "Operation", ", ".join(given) or "nothing", "exactly one operation"


def _complete_report(job: Submission) -> Iterator[Breach]:
    report = job.request["Report"]
    for name in ("Bucket", "Format", "ReportScope"):
        if report["Enabled"] and name not in report:
            yield f"Report.{name}", "nothing", "a value, since the report is enabled"


def _report_on_every_task(job: Submission) -> Iterator[Breach]:
    report = job.request["Report"]
    if not report["Enabled"]:
        yield "Report.Enabled", "False", "True: nothing else names the tasks that failed"
    elif report.get("ReportScope") == "FailedTasksOnly":
        yield "Report.ReportScope", "FailedTasksOnly", "AllTasks: a missing row proves nothing"


def _few_tags(job: Submission) -> Iterator[Breach]:
    count, most = len(job.request.get("Tags", [])), 50
    if count > most:
        yield "Tags", f"{count} tags", f"at most {most}"


_OBJECT_TAGS = (("S3PutObjectCopy", "NewObjectTagging"), ("S3PutObjectTagging", "TagSet"))


def _few_object_tags(job: Submission) -> Iterator[Breach]:
    most = 10
    for operation, member in _OBJECT_TAGS:
        count = len((job.operation(operation) or {}).get(member, []))
        if count > most:
            yield f"Operation.{operation}.{member}", f"{count} tags", f"at most {most}"


def _unique_tag_keys(job: Submission) -> Iterator[Breach]:
    lists = {"Tags": job.request.get("Tags", [])} | {
        f"Operation.{operation}.{member}": (job.operation(operation) or {}).get(member, [])
        for operation, member in _OBJECT_TAGS
    }
    for where, tags in lists.items():
        keys = [tag["Key"] for tag in tags]
        for key in dict.fromkeys(keys):
            if keys.count(key) > 1:
                yield where, f"key {key!r} {keys.count(key)} times", "every key once"


def _role_of_the_account(job: Submission) -> Iterator[Breach]:
    account = job.request["AccountId"]
    role = job.request["RoleArn"]
    if role.split(":")[4:5] != [account]:
        yield "RoleArn", repr(role), f"a role of account {account}, which creates the job"


def _account_of_the_caller(job: Submission) -> Iterator[Breach]:
    account, caller = job.request["AccountId"], job.facts.caller_account
    if caller is not None and caller != account:
        yield "AccountId", repr(account), f"{caller}, whose credentials submit the job"


def _explicit_confirmation(job: Submission) -> Iterator[Breach]:
    if "ConfirmationRequired" not in job.request:
        yield "ConfirmationRequired", "nothing", "True or False: clients differ in the default"


def _zoned_timestamps(job: Submission) -> Iterator[Breach]:
    for where, value in _timestamps(job.request):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment.tzinfo is None:
            yield where, moment.isoformat(), "a timestamp with its time zone"


_TIMESTAMPS = frozenset(
    {
        "CreatedAfter",
        "CreatedBefore",
        "HttpExpiresDate",
        "ModifiedSinceConstraint",
        "ObjectLockRetainUntilDate",
        "RetainUntilDate",
        "UnModifiedSinceConstraint",
    }
)


def _timestamps(
    members: Mapping[str, object], where: str = ""
) -> Iterator[tuple[str, datetime | str]]:
    for name, value in members.items():
        if name in _TIMESTAMPS and isinstance(value, (datetime, str)):
            yield where + name, value
        elif isinstance(value, dict) and name != "UserMetadata":
            yield from _timestamps(value, f"{where}{name}.")


RULES = (
    Rule("one operation", API + "JobOperation", _one_operation),
    Rule("complete report", API + "JobReport", _complete_report),
    Rule(
        "report on every task",
        "advice: only a row in the report says what became of a task",
        _report_on_every_task,
        warning=True,
    ),
    Rule("few tags", GUIDE + "batch-ops-job-tags", _few_tags),
    Rule("few object tags", GUIDE + "object-tagging", _few_object_tags),
    Rule("unique tag keys", GUIDE + "object-tagging", _unique_tag_keys),
    Rule("role of the account", GUIDE + "batch-ops-iam-role-policies", _role_of_the_account),
    Rule("account of the caller", API + "CreateJob", _account_of_the_caller),
    Rule(
        "explicit confirmation",
        GUIDE + "batch-ops-job-status; the default is not documented",
        _explicit_confirmation,
        warning=True,
    ),
    Rule(
        "zoned timestamps",
        "botocore reads a timestamp without zone as UTC or as local time, by its type",
        _zoned_timestamps,
        warning=True,
    ),
)
