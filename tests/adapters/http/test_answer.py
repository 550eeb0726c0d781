"""A head of a known form says what the reader of any head would have said of it."""

from __future__ import annotations

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.http.answer import HeadReader, OddAnswerError, facts_of, parse_answer
from intact.audit import Absent
from intact.s3 import ObjectFacts
from tests.scripted_server import plain

_MODEL = ServiceModel(Loader().load_service_model("s3", "service-2"), "s3")
_OUTPUT = _MODEL.operation_model("HeadObject").output_shape
_VALUES = st.sampled_from(
    [
        *("", "0", "7", "07", "+7", "9" * 30, '"etag"', "7a5hQ478J4A=", "!!!!", "keep-alive"),
        *("Sun, 22 Nov 2026 03:00:00 GMT", "Sun, 22 Nov 2026 25:00:00 GMT"),
        *("Sun, 22 Nof 2026 03:00:00 GMT", "2026-11-22T03:00:00Z", "FULL_OBJECT", "COMPOSITE"),
        *("close", "true", "GLACIER", "AES256", " x", "x ", "a b", "a\tb", "caf\u00e9", "a\0b"),
    ]
) | st.text(st.characters(max_codepoint=255), max_size=8)
_NAMES = [
    *("Date", "Last-Modified", "ETag", "x-amz-checksum-crc64nvme", "x-amz-checksum-type"),
    *("x-amz-version-id", "x-amz-storage-class", "x-amz-server-side-encryption", "Content-Length"),
    *("Connection", "x-amz-meta-a", "x-amz-mp-parts-count", "x-amz-delete-marker", "Server"),
    *("Transfer-Encoding", "content-type"),
]


def reader() -> HeadReader:
    return HeadReader(_OUTPUT)  # type: ignore[arg-type]  # HeadObject has one


def outcome(head: bytes, through: HeadReader) -> object:
    try:
        return through.facts(head)
    except OddAnswerError as error:
        return error.status


def without_forms(head: bytes) -> object:
    try:
        answer = parse_answer(head)
        return facts_of(answer, reader()), answer.keeps
    except OddAnswerError as error:
        return error.status


@st.composite
def heads(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A plain head, and another with the same names."""
    values = {
        "Last-Modified": "Sun, 22 Nov 2026 03:00:00 GMT",
        "ETag": '"5d41402abc4b2a76b9719d911017c592"',
        "Content-Length": "7",
    } | draw(st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=5))
    changed = draw(st.dictionaries(st.sampled_from(sorted(values)), _VALUES, max_size=2))
    names = draw(st.permutations(sorted(values)))
    first, second = (
        "HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {told[name]}\r\n" for name in names) + "\r\n"
        for told in (values, values | changed)
    )
    return first.encode("latin-1"), second.encode("latin-1")


@given(heads())
def test_a_form_says_what_the_general_reader_says(pair: tuple[bytes, bytes]) -> None:
    ours = reader()
    for head in (*pair, *pair):
        assert outcome(head, ours) == without_forms(head)


def test_forms_are_few_and_the_latest_is_tried_first() -> None:
    ours = reader()
    told = [plain(7, more=b"X-%d: a\r\n" % number) for number in range(100)]
    for head in (*told, *told):
        facts, keeps = ours.facts(head)
        assert (facts, keeps) == (facts_of(parse_answer(head), ours), True)
    assert len(ours._forms) == 8  # noqa: SLF001 - what bounds the time of a head
    ours.facts(told[60])
    assert ours._forms[0].facts(told[60].decode()) is not None  # noqa: SLF001 - as above


@pytest.mark.parametrize("change", [b"\r\nX: y\r\n", b"\r\n\r\n"])
def test_what_follows_a_head_of_a_known_form_is_no_part_of_it(change: bytes) -> None:
    ours = reader()
    assert isinstance(ours.facts(plain(7))[0], ObjectFacts)
    assert outcome(plain(7) + change, ours) is None
    assert ours.facts(b"HTTP/1.1 404 Not Found\r\n\r\n") == (Absent(detail="404"), True)


def test_a_head_about_another_version_is_odd_in_any_form() -> None:
    ours, told = reader(), plain(7, more=b"x-amz-version-id: one\r\n")
    for _ in range(2):
        facts, keeps = ours.facts(told, version_id="one")
        assert isinstance(facts, ObjectFacts)
        assert (facts.version_id, keeps) == ("one", True)
        for head in (told, plain(7)):
            with pytest.raises(OddAnswerError, match="another version"):
                ours.facts(head, version_id="two")
            ours.facts(head)
