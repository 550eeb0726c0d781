"""Where copies are looked for is settled before the first of them is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from intact.adapters.boto import BotoStore, s3_client
from intact.adapters.layout import as_written
from intact.audit import Subject, Window
from intact.batch import S3PutObjectCopy
from intact.batch.manifest import ManifestFormat
from intact.errors import StoreError
from intact.s3 import ObjectRef
from tests.scripted_server import plain, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def unread() -> Iterator[bytes]:
    raise StoreError("nobody reads it")


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
            assert as_written(SUBJECT, store, unread) is SUBJECT
        else:
            with pytest.raises(StoreError, match=code.decode()):
                as_written(SUBJECT, store, unread)


LISTING = (
    b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>2026//left</Key>"
    b'<Size>1</Size><ETag>"e"</ETag></Contents></ListBucketResult>'
)
BEGIN = datetime(2026, 11, 22, 3, tzinfo=UTC)


def asked(subject: Subject, there: set[str], text: bytes = b"b,k\nb,%2Fk\nb,l\n") -> str | None:
    """The prefix that is settled on where so much is there, and something below two slashes."""

    def script(method: str, key: str, _count: int) -> Words:
        if method == "GET":
            return [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LISTING) + LISTING]
        return [plain(3)] if key in there else [b"HTTP/1.1 404 Not Found\r\n\r\n", None]

    with scripted(script) as server:
        store = BotoStore(s3_client(endpoint_url=server.url, region="eu-west-1"))
        return as_written(subject, store, lambda: iter([text])).operation.target_key_prefix


@pytest.mark.parametrize(
    ("there", "prefix"),
    [
        ({"2026/k", "2026//k", "2026/l"}, "2026"),  # the second is the copy of /k
        ({"2026//k", "2026///k", "2026//l"}, "2026/"),
        ({"2026//k", "2026/k", "2026//l"}, "2026/"),
        (set(), "2026/"),
    ],
)
def test_where_copies_are_is_settled_by_copies(there: set[str], prefix: str) -> None:
    assert asked(SUBJECT, there) == prefix


def test_what_another_job_left_settles_nothing() -> None:
    late = Window(begin=BEGIN + timedelta(hours=1), end=BEGIN + timedelta(hours=2))
    there = {"2026/k", "2026/l"}
    assert asked(replace(SUBJECT, window=late), there) == "2026/"
    assert asked(replace(SUBJECT, window=replace(late, begin=BEGIN)), there) == "2026"


def test_lists_that_nobody_can_read_settle_nothing() -> None:
    assert asked(SUBJECT, {"2026/k"}, b"?\n") == "2026/"
    inventory = replace(SUBJECT, format=ManifestFormat.INVENTORY)
    assert asked(inventory, {"2026/k"}) == "2026/"
