"""The head of an HTTP answer, read strictly: what leaves room for doubt is no answer.

A doubtful answer costs one more request through botocore; a mistaken one could cost a verdict.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.utils import parse_timestamp

from intact.audit import Absent
from intact.errors import FormatError
from intact.s3 import ObjectFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.model import StructureShape

MAX_HEAD = 16 << 10
"""Longest head in bytes; S3 limits metadata to 2 KiB and all headers of a request to 8 KiB."""

OK, NOT_FOUND = 200, 404

_TEXT = bytes({*b"\t", *range(0x20, 0x100)} - {0x7F})
_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2})(?: .*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""See RFC 9112, sections 4 and 5, and RFC 9110, section 5.6.2."""
_EOL = b"\r\n"
_SIZE = re.compile(rb"0|[1-9][0-9]{0,17}")
_MAY_REPEAT = frozenset({b"vary", b"set-cookie", b"via", b"server", b"link", b"date", b"allow"})
_METADATA = b"x-amz-meta-"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")


class OddAnswerError(Exception):
    """The answer is not plain, so botocore is to ask again.

    Attributes:
        status: The HTTP status, where there was one.
    """

    def __init__(self, problem: str, *, status: int | None = None) -> None:
        super().__init__(problem)
        self.status = status


class Answer(NamedTuple):
    """A head that parsed.

    Attributes:
        status: HTTP status.
        headers: Values by lower-case name.
        keeps: Whether the server keeps the connection open.
    """

    status: int
    headers: dict[bytes, bytes]
    keeps: bool


def parse_answer(head: bytes) -> Answer:
    """Read a head, the empty line included.

    Raises:
        OddAnswerError: It breaks HTTP/1.1's grammar, or says a thing twice.
    """
    lines = head.split(_EOL)
    if lines[-2:] != [b"", b""] or head.translate(None, _TEXT) != _EOL * (len(lines) - 1):
        raise OddAnswerError("the head of the answer is malformed")
    status = _STATUS.fullmatch(lines[0])
    if status is None:
        raise OddAnswerError("the head of the answer is malformed")
    headers: dict[bytes, bytes] = {}
    for line in lines[1:-2]:
        name, colon, value = line.partition(b":")
        headers[_known(name)] = value.strip(b" \t")
        if not colon:
            raise OddAnswerError("the head of the answer is malformed")
    if len(headers) != len(lines) - 3:
        _refuse_repeats(lines[1:-2])
    keeps = b"connection" not in headers or headers[b"connection"].lower() == b"keep-alive"
    return Answer(int(status[1]), headers, keeps)


def body_size(answer: Answer) -> int:
    """Content-Length of a 200.

    Raises:
        OddAnswerError: It is missing or malformed, or another framing is announced.
    """
    size = answer.headers.get(b"content-length", b"")
    if b"transfer-encoding" in answer.headers or not _SIZE.fullmatch(size):
        raise OddAnswerError("the answer does not say how long it is", status=answer.status)
    return int(size)


@lru_cache(maxsize=1 << 10)
def _known(name: bytes) -> bytes:
    if not _NAME.fullmatch(name):
        raise OddAnswerError("the head of the answer is malformed")
    return name.lower()


def _refuse_repeats(lines: list[bytes]) -> None:
    names = [line.partition(b":")[0].lower() for line in lines]
    for name in names:
        if name not in _MAY_REPEAT and names.count(name) > 1:
            raise OddAnswerError("the answer names a header twice")


def facts_of(answer: Answer, reader: HeadReader) -> ObjectFacts | Absent:
    """What a plain answer to HeadObject says.

    Raises:
        OddAnswerError: The answer is not plain.
    """
    if answer.status == OK:
        try:
            return ObjectFacts.from_head(reader.response(answer))
        except FormatError as error:
            raise OddAnswerError(str(error), status=OK) from None
    if answer.status == NOT_FOUND and b"x-amz-delete-marker" not in answer.headers:
        return Absent(detail="404")
    raise OddAnswerError("the answer is not plain", status=answer.status)


Reader = tuple[str, "Callable[[str], Any]"]


class HeadReader:
    """Turns headers into the members that boto3 would return for them.

    The table is botocore's own service model, so members newer than this code are read too.
    """

    def __init__(self, output: StructureShape) -> None:
        """Take the output shape of HeadObject."""
        self._readers: dict[bytes, Reader] = {}
        for member, shape in output.members.items():
            place: Mapping[str, str] = shape.serialization
            if place.get("location") == "header" and member != "Expires":
                read = _READERS.get(shape.type_name, str)
                self._readers[place["name"].lower().encode()] = (member, read)

    def response(self, answer: Answer) -> dict[str, Any]:
        """Return the members of a plain 200.

        Raises:
            OddAnswerError: A member that every object has is missing, or one is malformed.
        """
        body_size(answer)
        readers = self._readers
        members: dict[str, Any] = {}
        metadata: dict[str, str] = {}
        try:
            for name, value in answer.headers.items():
                reader = readers.get(name)
                if reader is not None:
                    members[reader[0]] = reader[1](value.decode("latin-1"))
                elif name.startswith(_METADATA):
                    metadata[name[len(_METADATA) :].decode("ascii")] = value.decode("latin-1")
        except ValueError as error:
            raise OddAnswerError(str(error), status=answer.status) from None
        if "ETag" not in members or "LastModified" not in members or "DeleteMarker" in members:
            raise OddAnswerError("the answer is none about an object", status=answer.status)
        members["Metadata"] = metadata
        return members


@lru_cache(maxsize=1 << 12)
def _timestamp(text: str) -> datetime:
    """HTTP's own form of dates by hand; any other as botocore reads it."""
    match = _DATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        moment: datetime = parse_timestamp(text)
        return moment
    day, month, year, *clock = match.groups()
    hour, minute, second = map(int, clock)
    number = _MONTHS.index(month) + 1
    return datetime(int(year), number, int(day), hour, minute, second, tzinfo=UTC)


_READERS: dict[str, Callable[[str], Any]] = {
    "timestamp": _timestamp,
    "long": int,
    "integer": int,
    "boolean": "true".__eq__,
}
