from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch.generator import ManifestFilter
from intact.batch.selection import (
    Candidate,
    Details,
    Encryption,
    EncryptionKind,
    Match,
    select,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
OBJECT = Candidate(key="a/b.csv", size=100, created=NOW, storage_class="GLACIER_IR")
KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
PLAIN = Encryption(kind=EncryptionKind.SSES3)


def verdict(members: dict[str, Any], found: Candidate = OBJECT) -> Match:
    return select(ManifestFilter.from_members(members), found)


def detailed(
    encryption: Encryption = PLAIN, *, status: str = "NONE", eligible: bool = False
) -> Candidate:
    details = Details(encryption=encryption, replication_status=status, eligible=eligible)
    return Candidate(key="a/b.csv", size=100, created=NOW, details=details)


GOOD: dict[str, Any] = {
    "CreatedAfter": NOW - SECOND,
    "CreatedBefore": NOW + SECOND,
    "ObjectSizeGreaterThanBytes": 99,
    "ObjectSizeLessThanBytes": 101,
    "MatchAnyStorageClass": ["STANDARD", "GLACIER_IR"],
    "KeyNameConstraint": {
        "MatchAnyPrefix": ["z", "a/"],
        "MatchAnySuffix": [".csv"],
        "MatchAnySubstring": ["z", "/b"],
    },
}
BAD: dict[str, Any] = {
    "CreatedAfter": NOW,
    "CreatedBefore": NOW,
    "ObjectSizeGreaterThanBytes": 100,
    "ObjectSizeLessThanBytes": 100,
    "MatchAnyStorageClass": ["STANDARD"],
    "KeyNameConstraint": {"MatchAnyPrefix": ["b"]},
}


@given(st.sets(st.sampled_from(sorted(GOOD))), st.sets(st.sampled_from(sorted(BAD))))
def test_an_object_is_selected_exactly_when_every_member_holds(
    good: set[str], bad: set[str]
) -> None:
    members = {name: GOOD[name] for name in good} | {name: BAD[name] for name in bad}
    assert verdict(members) is (Match.LEFT_OUT if bad else Match.SELECTED)


@pytest.mark.parametrize("name", ["MatchAnyPrefix", "MatchAnySuffix", "MatchAnySubstring"])
def test_each_constraint_of_the_name_must_hold(name: str) -> None:
    constraint = GOOD["KeyNameConstraint"]
    assert verdict({"KeyNameConstraint": {name: constraint[name]}}) is Match.SELECTED
    assert verdict({"KeyNameConstraint": constraint}) is Match.SELECTED
    assert verdict({"KeyNameConstraint": constraint | {name: ["x"]}}) is Match.LEFT_OUT


UNLISTED: dict[str, Any] = {
    "EligibleForReplication": True,
    "ObjectReplicationStatuses": ["NONE"],
    "MatchAnyObjectEncryption": [{"SSES3": {}}],
}


@pytest.mark.parametrize("name", UNLISTED)
def test_details_are_asked_for_once_and_only_of_what_the_listing_lets_through(name: str) -> None:
    members = {name: UNLISTED[name]}
    assert verdict(members) is Match.ASK
    assert verdict(members | {"ObjectSizeLessThanBytes": 1}) is Match.LEFT_OUT
    assert verdict(members, detailed(eligible=True)) is Match.SELECTED


def test_eligibility_is_what_the_rules_say() -> None:
    assert verdict({"EligibleForReplication": True}, detailed()) is Match.LEFT_OUT
    assert verdict({"EligibleForReplication": True}, detailed(eligible=True)) is Match.SELECTED


@pytest.mark.parametrize(
    ("status", "named"),
    [
        ("COMPLETE", "COMPLETED"),
        ("COMPLETED", "COMPLETED"),
        ("FAILED", "FAILED"),
        ("REPLICA", "REPLICA"),
        ("NONE", "NONE"),
        ("PENDING", None),
    ],
)
def test_a_replication_status_is_what_head_object_says(status: str, named: str | None) -> None:
    names = ["COMPLETED", "FAILED", "REPLICA", "NONE"]
    found = detailed(status=status)
    selected = [
        name
        for name in names
        if verdict({"ObjectReplicationStatuses": [name]}, found) is Match.SELECTED
    ]
    assert selected == ([] if named is None else [named])


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ({}, ["NOTSSE"]),
        ({"ServerSideEncryption": "AES256"}, ["SSES3"]),
        ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}, ["SSEKMS"]),
        ({"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": KEY}, ["DSSEKMS"]),
        ({"SSECustomerAlgorithm": "AES256"}, ["SSEC"]),
        ({"ServerSideEncryption": "aws:fsx"}, []),
    ],
)
def test_an_object_is_encrypted_in_one_way(head: dict[str, str], names: list[str]) -> None:
    found = detailed(Encryption.from_head(head))
    kinds = ["SSES3", "SSEKMS", "DSSEKMS", "SSEC", "NOTSSE"]
    wanted: dict[str, Any] = {name: {"MatchAnyObjectEncryption": [{name: {}}]} for name in kinds}
    assert [name for name in kinds if verdict(wanted[name], found) is Match.SELECTED] == names


@pytest.mark.parametrize(
    ("wanted", "selected"),
    [
        ({"KmsKeyArn": KEY}, True),
        ({"KmsKeyArn": f"{KEY[:-1]}6"}, False),
        ({"BucketKeyEnabled": True}, True),
        ({"BucketKeyEnabled": False}, False),
        ({"KmsKeyArn": KEY, "BucketKeyEnabled": False}, False),
    ],
)
def test_a_key_of_kms_is_the_one_that_is_named(wanted: dict[str, Any], selected: bool) -> None:  # noqa: FBT001 - a parameter of the test
    head = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY, "BucketKeyEnabled": True}
    found = detailed(Encryption.from_head(head))
    members = {"MatchAnyObjectEncryption": [{"SSEKMS": wanted}]}
    assert (verdict(members, found) is Match.SELECTED) == selected


@pytest.mark.parametrize(("key", "selected"), [(KEY, True), ("another", False)])
def test_so_it_is_under_two_layers(key: str, selected: bool) -> None:  # noqa: FBT001 - as above
    head = {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": KEY}
    members = {"MatchAnyObjectEncryption": [{"SSES3": {}}, {"DSSEKMS": {"KmsKeyArn": key}}]}
    found = detailed(Encryption.from_head(head))
    assert (verdict(members, found) is Match.SELECTED) == selected
