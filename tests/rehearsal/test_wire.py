from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from intact.rehearsal.wire import ApiError, Call, Codec, s3control

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICE = ServiceModel(s3control(), "s3control")
CODEC = Codec(s3control())
NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"

# XML 1.0 has no control characters, and a raw carriage return in it reads as a line feed.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
scalars: dict[str, st.SearchStrategy[Any]] = {
    "string": texts,
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "timestamp": st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants it naive
}


def values(shape: Shape, *, filled: bool = False) -> st.SearchStrategy[Any]:
    """Everything that a shape can hold; lists and texts outside the body are never empty."""
    if isinstance(shape, StructureShape):
        return members(shape, shape.members)
    if isinstance(shape, ListShape):
        filled = filled or bool(shape.serialization.get("flattened"))
        return st.lists(values(shape.member), min_size=int(filled), max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(values(shape.key), values(shape.value), max_size=3)
    if shape.metadata.get("enum"):
        return st.sampled_from(shape.metadata["enum"])
    return (
        texts.filter(bool) if filled and shape.type_name == "string" else scalars[shape.type_name]
    )


def member(shape: Shape) -> st.SearchStrategy[Any]:
    if shape.serialization.get("hostLabel"):
        return st.text("0123456789", min_size=12, max_size=12)
    return values(shape, filled="location" in shape.serialization)


def members(shape: StructureShape, names: Iterable[str]) -> st.SearchStrategy[dict[str, Any]]:
    choices = {name: member(shape.members[name]) for name in names}
    if shape.metadata.get("union"):
        return st.one_of(
            [st.fixed_dictionaries({name: choices[name]}) for name in choices] or [st.just({})]
        )
    must = {name: choices.pop(name) for name in [*choices] if name in shape.required_members}
    return st.fixed_dictionaries(must, optional=choices)


INPUTS = {
    name: shape
    for name in SERVICE.operation_names
    if (shape := SERVICE.operation_model(name).input_shape)
}
OUTPUTS = {
    name: shape
    for name in SERVICE.operation_names
    if (shape := SERVICE.operation_model(name).output_shape)
}
calls = st.sampled_from(sorted(INPUTS)).flatmap(
    lambda name: st.builds(Call, operation=st.just(name), params=values(INPUTS[name]))
)


def sent_by_botocore(call: Call) -> dict[str, Any]:
    operation = SERVICE.operation_model(call.operation)
    request = create_serializer("rest-xml", include_validation=False).serialize_to_request(
        call.params, operation
    )
    request.pop("host_prefix", None)
    prepare_request_dict(request, "http://endpoint")
    return {
        "method": request["method"],
        "target": request["url"].removeprefix("http://endpoint"),
        "headers": {name.lower(): value for name, value in request["headers"].items()},
        "body": request["body"],
    }


def parse(body: bytes, *, method: str = "POST", target: str = "/v20180820/jobs") -> Call:
    return CODEC.parse(method, target, headers={"x-amz-account-id": "111122223333"}, body=body)


def refusal(body: bytes) -> ApiError:
    with pytest.raises(ApiError) as refused:
        parse(body)
    return refused.value


@given(calls)
def test_every_request_that_botocore_sends_is_read_as_its_caller_meant_it(call: Call) -> None:
    assert CODEC.parse(**sent_by_botocore(call)) == call


@given(values(INPUTS["CreateJob"]))
def test_every_create_job_request_is_read_as_its_caller_meant_it(params: dict[str, Any]) -> None:
    call = Call(operation="CreateJob", params=params)
    assert CODEC.parse(**sent_by_botocore(call)) == call


@given(st.data())
def test_every_response_is_read_by_botocore_as_it_was_meant(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(OUTPUTS)))
    shape = OUTPUTS[name]
    inside = [name for name, at in shape.members.items() if "location" not in at.serialization]
    response = data.draw(members(shape, inside))
    if payload := shape.serialization.get("payload"):
        response = {payload: data.draw(values(shape.members[payload]))}
    answer = {"status_code": 200, "headers": {}, "body": CODEC.write(name, response)}
    parsed = create_parser("rest-xml").parse(answer, shape)
    del parsed["ResponseMetadata"]
    assert parsed == response


def test_an_operation_without_answer_has_no_body() -> None:
    assert CODEC.write("DeleteAccessPoint", {}) == b""


@given(texts, texts)
def test_every_error_is_read_by_botocore_as_it_was_meant(message: str, request_id: str) -> None:
    error = ApiError(HTTPStatus.BAD_REQUEST, "JobStatusException", message)
    answer = {"status_code": 400, "headers": {}, "body": error.write(request_id)}
    parsed = create_parser("rest-xml").parse(answer, OUTPUTS["UpdateJobStatus"])
    assert parsed["Error"]["Code"] == "JobStatusException"
    assert (parsed["Error"].get("Message") or "") == message


def test_a_carriage_return_survives_and_what_xml_cannot_say_is_replaced() -> None:
    body = CODEC.write("UpdateJobStatus", {"StatusUpdateReason": "a\r\nb\x00c\ud800"})
    assert b"a&#13;\nb\xef\xbf\xbdc\xef\xbf\xbd" in body


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<CreateJobRequest><Description>&b;</Description></CreateJobRequest>"""
EXTERNAL = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<CreateJobRequest><Description>&a;</Description></CreateJobRequest>"""


@pytest.mark.parametrize(
    "body", [BOMB, EXTERNAL, b"<!DOCTYPE CreateJobRequest><CreateJobRequest/>"]
)
def test_a_document_type_is_refused(body: bytes) -> None:
    assert "document type" in str(refusal(body))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_a_document_type_cannot_hide_in_another_encoding(encoding: str) -> None:
    assert "document type" in str(refusal(BOMB.decode().encode(encoding)))


def test_a_declared_encoding_is_not_believed() -> None:
    body = '<?xml version="1.0" encoding="iso-8859-1"?><CreateJobRequest><Description>é'
    parsed = parse(f"{body}</Description></CreateJobRequest>".encode())
    assert parsed.params["Description"] == "é"


@pytest.mark.parametrize(
    "inside",
    [
        "<Priority>",
        "<Priority>high</Priority>",
        "<Priority>1<a/></Priority>",
        "<Priority>1</Priority><Priority>2</Priority>",
        "<ConfirmationRequired>yes</ConfirmationRequired>",
        "</CreateJobRequest><CreateJobRequest>",
    ],
)
def test_what_breaks_the_wire_format_is_malformed(inside: str) -> None:
    assert refusal(f"<CreateJobRequest>{inside}</CreateJobRequest>".encode()).code == "MalformedXML"


def test_the_root_element_is_the_operations_own() -> None:
    assert "wanted 'CreateJobRequest'" in str(refusal(b"<DeleteJobRequest/>"))


@pytest.mark.parametrize("name", ["Colour", "AccountId"])
def test_a_member_that_the_body_does_not_have_is_refused_by_name(name: str) -> None:
    error = refusal(f"<CreateJobRequest><{name}>1</{name}></CreateJobRequest>".encode())
    assert error.status == HTTPStatus.NOT_IMPLEMENTED
    assert repr(name) in str(error)


def test_a_map_entry_needs_key_and_value() -> None:
    path = ("Operation", "S3PutObjectCopy", "NewObjectMetadata", "UserMetadata", "entry")
    inside = "".join(f"<{name}>" for name in path) + "<key>k</key>"
    closed = "".join(f"</{name}>" for name in reversed(path))
    body = f"<CreateJobRequest>{inside}{closed}</CreateJobRequest>"
    assert "lacks 'value'" in str(refusal(body.encode()))


def test_a_namespace_changes_nothing() -> None:
    body = f'<CreateJobRequest xmlns="{NAMESPACE}"><Priority>7</Priority></CreateJobRequest>'
    assert parse(body.encode()).params == {"AccountId": "111122223333", "Priority": 7}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("PATCH", "/v20180820/jobs"),
        ("GET", "/v20180820/jobs/a/b"),
        ("GET", "//v20180820/jobs"),
    ],
)
def test_a_path_of_no_operation_is_not_implemented(method: str, target: str) -> None:
    with pytest.raises(ApiError, match="does not execute") as refused:
        parse(b"", method=method, target=target)
    assert refused.value.status == HTTPStatus.NOT_IMPLEMENTED
