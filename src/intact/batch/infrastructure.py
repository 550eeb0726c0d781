"""Policies as what tools create them from: Terraform's and CloudFormation's JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intact.batch.iam import Policy


def terraform(policy: Policy, *, name: str, trust: Policy | None = None) -> dict[str, Any]:
    """Return a ``.tf.json`` document: a role with its policy, or a policy alone."""
    text = json.dumps(policy)
    label = name.replace("-", "_")
    if trust is None:
        return {"resource": {"aws_iam_policy": {label: {"name": name, "policy": text}}}}
    role = {"name": name, "assume_role_policy": json.dumps(trust)}
    attached = {"name": name, "role": f"${{aws_iam_role.{label}.id}}", "policy": text}
    return {"resource": {"aws_iam_role": {label: role}, "aws_iam_role_policy": {label: attached}}}


def cloudformation(policy: Policy, *, name: str, trust: Policy | None = None) -> dict[str, Any]:
    """Return a template: a role with its policy, or a managed policy alone."""
    properties: dict[str, Any] = {"ManagedPolicyName": name, "PolicyDocument": policy}
    kind = "AWS::IAM::ManagedPolicy"
    if trust is not None:
        inline = {"PolicyName": name, "PolicyDocument": policy}
        properties = {"RoleName": name, "AssumeRolePolicyDocument": trust, "Policies": [inline]}
        kind = "AWS::IAM::Role"
    logical = "".join(word.capitalize() for word in name.split("-"))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {logical: {"Type": kind, "Properties": properties}},
    }
