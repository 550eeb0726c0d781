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
from intact.s3.objects import MEMBERS, parsed
from intact.s3.objects import facts as made

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
_VALUE = "([!-~](?:[ -~]*[!-~])?)"
_FORMS: Mapping[str, str] = {
    "ContentLength": f"({_SIZE.pattern.decode()})",
    "LastModified": "([A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4}) "
    "([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT",
}
"""Values that ``_Form`` looks at more closely than at others."""
_KIND = (
    *("ChecksumType", "ServerSideEncryption", "SSECustomerAlgorithm"),
    *("StorageClass", "ArchiveStatus", "Restore"),
)
"""Members with few values in a bucket."""
_TOLD = frozenset({"ETag", "VersionId", *_FORMS, *_KIND, *MEMBERS})
"""What ``ObjectFacts.from_head`` looks at."""
_ANY_OBJECT: dict[str, Any] = {
    "ContentLength": 0,
    "ETag": "",
    "LastModified": datetime(1970, 1, 1, tzinfo=UTC),
}
_KINDS_KEPT = 64
_FORMS_KEPT, _LESSONS = 8, 64
"""Forms of heads that are tried, and how often one is learned; learning takes as long as reading a
hundred heads."""
_MAY_REPEAT = frozenset(
    {b"vary", b"set-cookie", b"via", b"server", b"link", b"date", b"allow"}
    | {b"x-amz-request-id", b"x-amz-id-2"}  # VersityGW says each twice
)
"""Headers that say nothing of an object."""
_METADATA = b"x-amz-meta-"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4})")
_CLOCK = re.compile(r" (\d\d):(\d\d):(\d\d) GMT")


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


def facts_of(
    answer: Answer, reader: HeadReader, *, version_id: str | None = None
) -> ObjectFacts | Absent:
    """What a plain answer to HeadObject of that version says.

    Raises:
        OddAnswerError: The answer is not plain, or about another version.
    """
    if answer.status == OK:
        try:
            facts = ObjectFacts.from_head(reader.response(answer))
        except FormatError as error:
            raise OddAnswerError(str(error), status=OK) from None
        if not facts.may_be(version_id):
            raise OddAnswerError("the answer is about another version", status=OK)
        return facts
    if answer.status == NOT_FOUND and b"x-amz-delete-marker" not in answer.headers:
        return Absent(detail="404")
    raise OddAnswerError("the answer is not plain", status=answer.status)


Reader = tuple[str, "Callable[[str], Any]"]


_Kind = tuple[str | None, str | None, str | None, bool]
"""``ChecksumType``, and what facts call encryption, storage class and archived."""


class _Form:
    """Heads that say the same of different objects: the same names, in the same order.

    One regular expression reads such a head in an eighth of the time of ``parse_answer`` and
    ``HeadReader.response``, and only heads of which those two would have said the same.
    """

    def __init__(self, head: str, readers: Mapping[bytes, Reader]) -> None:
        """Take a head of a plain 200 that keeps its connection."""
        status, *lines = head.split("\r\n")[:-2]
        pattern = [re.escape(status)]
        self._checked: list[tuple[int, Callable[[str], Any]]] = []
        group: dict[str, int] = {}
        groups = 0
        for name in (line.partition(":")[0] for line in lines):
            known = name.lower().encode("ascii")
            member, read = readers.get(known, ("", str))
            value = "[kK]eep-[aA]live" if known == b"connection" else "[ -~]*"
            if member in _TOLD or read is not str:
                value = _FORMS.get(member, _VALUE)
                group[member] = groups + 1
                groups += value.count("(") - value.count("(?")
                if member not in _FORMS and read is not str:
                    self._checked.append((group[member], read))
            pattern.append(f"{re.escape(name)}: {value}")
        self._match = re.compile("\r\n".join([*pattern, "\r\n()()"])).fullmatch
        moment = group["LastModified"]
        self._always = (group["ContentLength"], group["ETag"], *range(moment, moment + 4))
        self._version = group.get("VersionId", 0)
        self._checksums = [(MEMBERS[name], group[name]) for name in MEMBERS if name in group]
        self._names = [name for name in _KIND if name in group]
        self._kind = (*(group[name] for name in self._names), groups + 1, groups + 2)
        self._kinds: dict[tuple[str, ...], _Kind] = {}

    def facts(self, head: str) -> ObjectFacts | None:
        """Return what a head says; None where it is of another form.

        Raises:
            ValueError: A member is malformed.
            FormatError: A checksum is.
        """
        found = self._match(head)
        if found is None:
            return None
        size, etag, date, hour, minute, second = found.group(*self._always)
        day = _day(date)
        if day is None:
            return None
        for group, read in self._checked:
            read(found[group])
        told = found.group(*self._kind)
        type_name, encryption, storage_class, archived = self._kinds.get(told) or self._learn(told)
        year, month, day_of_month = day
        return made(
            int(size),
            etag.strip('"'),
            datetime(year, month, day_of_month, int(hour), int(minute), int(second), 0, UTC),
            found[self._version] if self._version else None,
            parsed(type_name, *[(name, found[place]) for name, place in self._checksums]),
            encryption,
            storage_class,
            archived,
        )

    def _learn(self, told: tuple[str, ...]) -> _Kind:
        """What few values tell of many objects, read as those of an object."""
        members = dict(zip(self._names, told, strict=False))
        facts = ObjectFacts.from_head(_ANY_OBJECT | members)
        if len(self._kinds) == _KINDS_KEPT:
            self._kinds.clear()
        self._kinds[told] = kind = (
            members.get("ChecksumType"),
            facts.encryption,
            facts.storage_class,
            facts.archived,
        )
        return kind


class HeadReader:
    """Turns headers into the members that boto3 would return for them.

    The table is botocore's own service model, so members newer than this code are read too.
    Threads may share it.
    """

    def __init__(self, output: StructureShape) -> None:
        """Take the output shape of HeadObject."""
        self._forms: tuple[_Form, ...] = ()
        self._lessons = 0
        self._readers: dict[bytes, Reader] = {}
        for member, shape in output.members.items():
            place: Mapping[str, str] = shape.serialization
            if place.get("location") == "header" and member != "Expires":
                read = _READERS.get(shape.type_name, str)
                self._readers[place["name"].lower().encode()] = (member, read)

    def facts(
        self, head: bytes, *, version_id: str | None = None
    ) -> tuple[ObjectFacts | Absent, bool]:
        """What a plain answer to HeadObject says, and whether the server keeps the connection open.

        Raises:
            OddAnswerError: The answer is not plain, or about another version.
        """
        text = head.decode("latin-1")
        try:
            for place, form in enumerate(self._forms):
                facts = form.facts(text)
                if facts is not None:
                    if place:
                        self._forms = (form, *(other for other in self._forms if other is not form))
                    if version_id is None or facts.may_be(version_id):
                        return facts, True
                    break
        except (FormatError, ValueError, RuntimeError):
            pass  # what is wrong is said below
        answer = parse_answer(head)
        found = facts_of(answer, self, version_id=version_id)
        if answer.status == OK and answer.keeps and self._lessons < _LESSONS:
            self._lessons += 1
            self._forms = (_Form(text, self._readers), *self._forms[: _FORMS_KEPT - 1])
        return found, answer.keeps

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
        except (ValueError, RuntimeError) as error:  # the latter is botocore's, of moments
            raise OddAnswerError(str(error), status=answer.status) from None
        if "ETag" not in members or "LastModified" not in members or "DeleteMarker" in members:
            raise OddAnswerError("the answer is none about an object", status=answer.status)
        members["Metadata"] = metadata
        return members


def _timestamp(text: str) -> datetime:
    """HTTP's own form of dates by hand; any other as botocore reads it."""
    day, clock = _day(text[:16]), _CLOCK.fullmatch(text, 16)
    if day is None or clock is None:
        moment: datetime = parse_timestamp(text)
        return moment
    hour, minute, second = clock.groups()
    return datetime(*day, int(hour), int(minute), int(second), tzinfo=UTC)


@lru_cache(maxsize=1 << 12)
def _day(text: str) -> tuple[int, int, int] | None:
    found = _DATE.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    return int(found[3]), _MONTHS.index(found[2]) + 1, int(found[1])


_READERS: dict[str, Callable[[str], Any]] = {
    "timestamp": _timestamp,
    "long": int,
    "integer": int,
    "boolean": "true".__eq__,
}
