"""What an auditor settles before it looks at the first copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from intact.adapters.auditor import as_written
from intact.adapters.boto import BotoStore, s3_client
from intact.audit import Subject
from intact.batch import S3PutObjectCopy
from intact.errors import StoreError
from intact.s3 import ObjectRef
from tests.scripted_server import scripted

if TYPE_CHECKING:
    from tests.scripted_server import Words

SUBJECT = Subject(
    name="job",
    operation=S3PutObjectCopy(target_resource="arn:aws:s3:::copies", target_key_prefix="2026/"),
    manifest=ObjectRef(bucket="lists", key="m.csv"),
    manifest_etag=None,
    fields=("Bucket", "Key"),
    report=None,
    reports_all_tasks=False,
    window=None,
)
REFUSAL = b"<Error><Code>%b</Code><Message>no</Message></Error>"


def refusing(code: bytes, status: bytes) -> Words:
    body = REFUSAL % code
    return [b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)]


@pytest.mark.parametrize(
    ("code", "status", "goes_on"),
    [(b"AccessDenied", b"403 Forbidden", True), (b"NoSuchBucket", b"404 Not Found", False)],
)
def test_a_prefix_is_taken_as_it_stands_where_nobody_may_look(
    code: bytes, status: bytes, *, goes_on: bool
) -> None:
    with scripted(lambda *_: refusing(code, status)) as server:
        store = BotoStore(s3_client(endpoint_url=server.url, region="eu-west-1"))
        if goes_on:
            assert as_written(SUBJECT, store) is SUBJECT
        else:
            with pytest.raises(StoreError, match=code.decode()):
                as_written(SUBJECT, store)
