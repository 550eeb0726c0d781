from __future__ import annotations

from typing import Any

import pytest

from intact.batch.replication import ReplicationRule, replicas
from intact.batch.selection import Encryption, EncryptionKind
from intact.errors import UsageError

PLAIN = Encryption(kind=EncryptionKind.SSES3)


def rule(bucket: str = "dst", **members: Any) -> dict[str, Any]:  # noqa: ANN401 - of a rule
    fixed = {"Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"}}
    return fixed | members


def targets(
    *rules: dict[str, Any],
    key: str = "a/b",
    tags: dict[str, str] | None = None,
    encryption: Encryption = PLAIN,
) -> list[tuple[str, int]]:
    parsed = ReplicationRule.parse_all({"Role": "r", "Rules": [*rules]})
    found = replicas(parsed, key, tags=tags or {}, encryption=encryption)
    return [(one.bucket, one.priority) for one in found]


@pytest.mark.parametrize(
    ("members", "covered"),
    [
        ({}, True),
        ({"Prefix": "a/"}, True),
        ({"Prefix": "b"}, False),
        ({"Filter": {}}, True),
        ({"Filter": {"Prefix": "a/b"}}, True),
        ({"Filter": {"Prefix": "a/c"}}, False),
        ({"Filter": {"Tag": {"Key": "k", "Value": "v"}}}, True),
        ({"Filter": {"Tag": {"Key": "k", "Value": "w"}}}, False),
        ({"Filter": {"And": {"Prefix": "a", "Tags": [{"Key": "k", "Value": "v"}]}}}, True),
        ({"Filter": {"And": {"Prefix": "b", "Tags": [{"Key": "k", "Value": "v"}]}}}, False),
        ({"Filter": {"And": {"Tags": [{"Key": "k", "Value": "v"}, {"Key": "l", "Value": ""}]}}},
         False),
        ({"Status": "Disabled"}, False),
    ],
)  # fmt: skip
def test_a_rule_covers_what_its_filter_says(members: dict[str, Any], covered: bool) -> None:  # noqa: FBT001 - a parameter of the test
    found = targets(rule(**members), tags={"k": "v", "other": ""})
    assert found == ([("dst", 0)] if covered else [])


@pytest.mark.parametrize(
    ("status", "kind", "covered"),
    [
        ("Enabled", EncryptionKind.SSEKMS, True),
        ("Disabled", EncryptionKind.SSEKMS, False),
        ("Disabled", EncryptionKind.DSSEKMS, False),
        ("Disabled", EncryptionKind.SSES3, True),
    ],
)
def test_objects_under_kms_want_a_rule_that_says_so(
    status: str, kind: EncryptionKind, covered: bool  # noqa: FBT001 - as above
) -> None:  # fmt: skip
    criteria = {"SseKmsEncryptedObjects": {"Status": status}}
    found = targets(rule(SourceSelectionCriteria=criteria), encryption=Encryption(kind=kind))
    assert bool(found) == covered


def test_each_destination_has_one_rule_the_one_of_the_highest_priority() -> None:
    rules = (
        rule("one", Priority=2),
        rule("one", Priority=3),
        rule("one", Priority=1),
        rule("two", Priority=1),
        rule("three", Priority=9, Prefix="elsewhere"),
    )
    assert targets(*rules) == [("one", 3), ("two", 1)]


def test_a_rule_says_what_the_replicas_are() -> None:
    target = {
        "Bucket": "arn:aws:s3:::dst",
        "StorageClass": "GLACIER_IR",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": "key"},
    }
    (parsed,) = ReplicationRule.parse_all({"Rules": [rule(Destination=target)]})
    assert (parsed.storage_class, parsed.key) == ("GLACIER_IR", "key")
    (parsed,) = ReplicationRule.parse_all({"Rules": [rule()]})
    assert (parsed.storage_class, parsed.key) == (None, None)


def test_a_destination_that_is_no_bucket_is_an_error() -> None:
    with pytest.raises(UsageError, match="ARN is"):
        ReplicationRule.parse_all({"Rules": [rule(Destination={"Bucket": "dst"})]})
