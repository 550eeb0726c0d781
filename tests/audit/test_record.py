"""Copies, as the job understands them."""

import pytest

from intact.audit import Copy
from intact.s3 import ObjectRef


def ref(bucket: str, key: str, version: str | None = None) -> ObjectRef:
    return ObjectRef(bucket=bucket, key=key, version_id=version)


@pytest.mark.parametrize(
    ("source", "destination", "replaces"),
    [
        (ref("b", "k"), ref("b", "k"), True),
        (ref("b", "k", "null"), ref("b", "k"), True),
        (ref("b", "k", "v"), ref("b", "k"), False),
        (ref("b", "k"), ref("b", "p/k"), False),
        (ref("b", "k"), ref("c", "k"), False),
        (None, None, False),
        (ref("b", "k"), None, False),
        (None, ref("b", "k"), False),
    ],
    ids=str,
)
def test_a_copy_onto_itself_replaces_its_source(
    source: ObjectRef | None,
    destination: ObjectRef | None,
    replaces: bool,  # noqa: FBT001 - a column of the table
) -> None:
    copy = Copy(row=1, source=source, destination=destination)
    assert copy.replaces_source is replaces
    assert not copy.text
