"""What a rehearsed job can do: one row per operation, each as far as a plain S3 store can.

Everything else is refused by name when the job is created; nothing is accepted and ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from intact.batch.manifest import ManifestFormat
from intact.rehearsal import (
    checksums,
    copying,
    encrypting,
    generating,
    invoking,
    replicating,
)
from intact.rehearsal.copying import NO_EVENT_HOLDS
from intact.rehearsal.tasks import SUCCESSFUL, address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from types_boto3_s3 import S3Client

    from intact.batch.manifest import ManifestRow
    from intact.rehearsal.invoking import Function
    from intact.rehearsal.tasks import Action, Context
    from intact.s3 import ObjectRef

    Members = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation.

    Attributes:
        refused: Names the members that a rehearsal cannot honour.
        action: Makes the task for one row.
        one_bucket: Whether all objects of a job must be in one bucket.
        destination: Where a task writes content; None for one that writes none, or to several.
        impossible: Says, given the request, what the store cannot do.
    """

    refused: Callable[[Members], Iterator[str]]
    action: Callable[[Context, Members], Action]
    one_bucket: bool = False
    destination: Callable[[Members, ObjectRef], ObjectRef] | None = None
    impossible: Callable[[S3Client, Members], Iterator[str]] = lambda _, __: iter(())


def unsupported(
    request: Mapping[str, Any], *, functions: Mapping[str, Function] | None = None
) -> Iterator[str]:
    """Name every member of a valid CreateJob request that a rehearsal cannot honour.

    Args:
        request: The request.
        functions: Local stand-ins of Lambda functions, by ARN.
    """
    name, members = operation_of(request)
    if name not in OPERATIONS:
        yield f"Operation.{name}"
        return
    yield from (f"Operation.{name}.{what}" for what in OPERATIONS[name].refused(members))
    if name == "LambdaInvoke":
        found = invoking.refused(members, functions or {})
        yield from (f"Operation.{name}.{what}" for what in found)
    if "ManifestGenerator" in request:
        yield from generating.refused(request["ManifestGenerator"]["S3JobManifestGenerator"])
    else:
        given = request["Manifest"]["Spec"]["Format"]
        if given not in {ManifestFormat.CSV.value, ManifestFormat.INVENTORY.value}:
            yield f"Manifest.Spec.Format {given}"
    if request["Report"].get("Prefix", "").endswith("/"):
        yield "Report.Prefix with a slash at its end: S3 does not document the result"


def impossible(s3: S3Client, request: Mapping[str, Any]) -> Iterator[str]:
    """Say what the store cannot do of a request of which nothing is ``unsupported``."""
    name, _ = operation_of(request)
    found = OPERATIONS[name].impossible(s3, request)
    yield from (f"Operation.{name}: {what}" for what in found)


def operation_of(request: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Name and members of a request's one operation."""
    ((name, members),) = request["Operation"].items()
    return name, members


def _only(*names: str) -> Callable[[Members], Iterator[str]]:
    """Refuse every member but these; a dot leads into a structure that has no other."""

    def refused(members: Members) -> Iterator[str]:
        return (name for name in _paths(members, names) if name not in names)

    return refused


def _paths(members: Members, names: tuple[str, ...], prefix: str = "") -> Iterator[str]:
    for name, value in members.items():
        path = f"{prefix}{name}"
        if any(known.startswith(f"{path}.") for known in names):
            yield from _paths(value, names, f"{path}.")
        else:
            yield path


def _call(
    method: str, parameters: Callable[[Members], dict[str, Any]]
) -> Callable[[Context, Members], Action]:
    """Make the action that is one call of the S3 client, the same for every row but its object."""

    def action(context: Context, members: Members) -> Action:
        call, fixed = getattr(context.s3, method), parameters(members)

        def act(row: ManifestRow) -> str:
            call(**address(row.source), **fixed)
            return SUCCESSFUL

        return act

    return action


_GRANTEES = {
    "id": ("CanonicalUser", "ID"),
    "emailAddress": ("AmazonCustomerByEmail", "EmailAddress"),
    "uri": ("Group", "URI"),
}
_POLICY = "AccessControlPolicy"


def _acl(members: Members) -> dict[str, Any]:
    policy = members.get(_POLICY, {})
    canned = policy.get("CannedAccessControlList")
    parameters: dict[str, Any] = {} if canned is None else {"ACL": canned}
    if "AccessControlList" not in policy:
        return parameters
    found = policy["AccessControlList"]
    grants = []
    for grant in found.get("Grants", ()):
        kind, member = _GRANTEES[grant["Grantee"]["TypeIdentifier"]]
        grantee = {"Type": kind, member: grant["Grantee"]["Identifier"]}
        grants.append({"Grantee": grantee, "Permission": grant["Permission"]})
    return parameters | {_POLICY: {"Owner": found["Owner"], "Grants": grants}}


def _retention(members: Members) -> dict[str, Any]:
    bypass = {"BypassGovernanceRetention": True} if members.get("BypassGovernanceRetention") else {}
    return {"Retention": members["Retention"], **bypass}


def _retention_refused(members: Members) -> Iterator[str]:
    known = _only("BypassGovernanceRetention", "Retention.RetainUntilDate", "Retention.Mode")
    for name in known(members):
        held = name.startswith("Retention.EventHold")
        yield f"{name}: {NO_EVENT_HOLDS}" if held else name


def _restore(members: Members) -> dict[str, Any]:
    days = {"Days": members["ExpirationInDays"]} if "ExpirationInDays" in members else {}
    tier = members.get("GlacierJobTier", "BULK").capitalize()
    return {"RestoreRequest": {**days, "GlacierJobParameters": {"Tier": tier}}}


OPERATIONS: Mapping[str, Operation] = {
    "LambdaInvoke": Operation(
        refused=_only("FunctionArn", "InvocationSchemaVersion", "UserArguments"),
        action=invoking.invoke,
    ),
    "S3ComputeObjectChecksum": Operation(refused=checksums.refused, action=checksums.compute),
    "S3DeleteObjectTagging": Operation(
        refused=_only(), action=_call("delete_object_tagging", lambda _: {})
    ),
    "S3InitiateRestoreObject": Operation(
        refused=_only("ExpirationInDays", "GlacierJobTier"),
        action=_call("restore_object", _restore),
    ),
    "S3PutObjectAcl": Operation(
        refused=_only(f"{_POLICY}.AccessControlList", f"{_POLICY}.CannedAccessControlList"),
        action=_call("put_object_acl", _acl),
    ),
    "S3PutObjectCopy": Operation(
        refused=copying.refused,
        action=copying.copy,
        one_bucket=True,
        destination=copying.destination,
    ),
    "S3PutObjectLegalHold": Operation(
        refused=_only("LegalHold.Status"),
        action=_call("put_object_legal_hold", lambda members: {"LegalHold": members["LegalHold"]}),
        one_bucket=True,
    ),
    "S3PutObjectRetention": Operation(
        refused=_retention_refused,
        action=_call("put_object_retention", _retention),
        one_bucket=True,
    ),
    "S3PutObjectTagging": Operation(
        refused=_only("TagSet"),
        action=_call(
            "put_object_tagging", lambda members: {"Tagging": {"TagSet": members.get("TagSet", [])}}
        ),
    ),
    "S3ReplicateObject": Operation(
        refused=_only(), action=replicating.replicate, impossible=replicating.impossible
    ),
    "S3UpdateObjectEncryption": Operation(
        refused=_only(
            "ObjectEncryption.SSEKMS.BucketKeyEnabled", "ObjectEncryption.SSEKMS.KMSKeyArn"
        ),
        action=encrypting.update,
    ),
}
"""Every operation that is executed: all of today's; a newer one is answered with 501."""
