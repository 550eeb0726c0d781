"""The REST-XML wire format of S3 Control, from the server's side, read off botocore's own model.

``Codec.parse`` undoes botocore's serializer for every operation of the model and
``Codec.write`` is undone by botocore's parser; the tests hold both to it.  XML that declares a
document type is refused unread, so that no entity is ever defined or expanded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from botocore.loaders import create_loader
from botocore.model import ListShape, MapShape, ServiceModel, StructureShape

from intact.errors import IntactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import Shape

BAD_REQUEST = HTTPStatus.BAD_REQUEST
NOT_IMPLEMENTED = HTTPStatus.NOT_IMPLEMENTED

_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot express, section 2.2."""


class ApiError(IntactError):
    """An answer other than success.

    Attributes:
        status: HTTP status.
        code: Error code, which is what boto3 names its exceptions after.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @classmethod
    def unsupported(cls, what: str) -> ApiError:
        """501: the rehearsal does not do this, and will not pretend."""
        return cls(NOT_IMPLEMENTED, "NotImplemented", f"the rehearsal does not execute {what}")

    @classmethod
    def malformed(cls, problem: object) -> ApiError:
        """400: the bytes are not what the wire format promises."""
        return cls(BAD_REQUEST, "MalformedXML", str(problem))

    def write(self, request_id: str) -> bytes:
        """Write the XML document that botocore reads this error from."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse><Error>'
            f"<Code>{self.code}</Code><Message>{_escape(str(self))}</Message></Error>"
            f"<RequestId>{_escape(request_id)}</RequestId></ErrorResponse>"
        ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the API.

    Attributes:
        operation: Name of the operation.
        params: Members of its input, as boto3's caller passed them.
    """

    operation: str
    params: dict[str, Any]


@cache
def s3control() -> Mapping[str, Any]:
    """Model of S3 Control that comes with the installed botocore, as its JSON says it."""
    model: Mapping[str, Any] = create_loader().load_service_model("s3control", "service-2")
    return model


class Codec:
    """Reads requests and writes responses of a REST-XML service."""

    def __init__(self, model: Mapping[str, Any]) -> None:
        self._service = ServiceModel(model, "s3control")
        operations = [self._service.operation_model(name) for name in self._service.operation_names]
        routes = [(_route(operation.http["requestUri"]), operation) for operation in operations]
        # A literal segment says more than a greedy label that would swallow it.
        self._routes = sorted(routes, key=lambda route: len(route[0].pattern), reverse=True)

    def parse(self, method: str, target: str, *, headers: Mapping[str, str], body: bytes) -> Call:
        """Read a request.

        Args:
            method: HTTP method.
            target: Path and query.
            headers: By lower-case name.
            body: The whole body.

        Raises:
            ApiError: No operation answers to the path, or a value breaks the wire format.
        """
        url = urlsplit(target)
        for pattern, operation in self._routes:
            if operation.http["method"] == method and (match := pattern.fullmatch(url.path)):
                break
        else:
            raise ApiError.unsupported(f"{method} {url.path}")
        shape = operation.input_shape
        if shape is None:
            return Call(operation=operation.name, params={})
        params = dict(
            _outside_body(shape, labels=match.groupdict(), query=url.query, headers=headers)
        )
        return Call(operation=operation.name, params=params | _in_body(shape, body))

    def write(self, operation: str, response: Mapping[str, Any]) -> bytes:
        """Write the body of a response; empty where the operation's output has no members.

        Members that the model keeps in headers are not the body's and are left out.
        """
        shape = self._service.operation_model(operation).output_shape
        if shape is None or not shape.members:
            return b""
        if payload := shape.serialization.get("payload"):
            document = _write_member(response[payload], shape.members[payload], member=payload)
        else:
            document = _write(response, shape, name=shape.name)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'.encode()


def _route(template: str) -> re.Pattern[str]:
    """Turn a template such as ``/v20180820/jobs/{id}`` into a pattern with one group per label."""
    parts = re.split(r"\{(\w+)(\+?)\}", template)
    pattern = re.escape(parts[0])
    for label, greedy, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        pattern += f"(?P<{label}>{'.+' if greedy else '[^/]+'}){re.escape(literal)}"
    return re.compile(pattern, re.DOTALL)


def _outside_body(
    shape: StructureShape, *, labels: Mapping[str, str], query: str, headers: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    asked = parse_qs(query, keep_blank_values=True)
    for member, member_shape in shape.members.items():
        name = member_shape.serialization.get("name", member)
        match member_shape.serialization.get("location"):
            case "uri":
                yield member, _scalar(unquote(labels[name]), member_shape)
            case "querystring" if name in asked and isinstance(member_shape, ListShape):
                yield member, [_scalar(text, member_shape.member) for text in asked[name]]
            case "querystring" if name in asked:
                yield member, _scalar(asked[name][-1], member_shape)
            case "header" if name.lower() in headers:
                yield member, _scalar(headers[name.lower()], member_shape)
            case _:
                pass


def _in_body(shape: StructureShape, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    root = _parse_xml(body)
    payload = shape.serialization.get("payload")
    expected: Any = shape.members[payload] if payload else shape
    name = expected.serialization.get("name", payload or shape.name)
    if _tag(root) != name:
        raise ApiError.malformed(f"root element is {_tag(root)!r}; wanted {name!r}")
    value: dict[str, Any] = _read(root, expected)
    return {payload: value} if payload else value


def _parse_xml(body: bytes) -> ET.Element:
    # Without NUL no encoding but one that contains ASCII is left (expat detects UTF-16 whatever it
    # is told), and in those XML 1.0 spells a document type so and in no other case.
    if b"\0" in body or b"<!DOCTYPE" in body:
        raise ApiError.malformed("the document has a document type or NUL; wanted neither")
    try:
        return ET.fromstring(body, parser=ET.XMLParser(encoding="utf-8"))  # noqa: S314 - no document type, so no entities
    except ET.ParseError as error:
        raise ApiError.malformed(f"the body is no XML: {error}") from None


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _read(node: ET.Element, shape: Shape) -> Any:  # noqa: ANN401 - a request's members are of any type
    if isinstance(shape, StructureShape):
        members = {
            member_shape.serialization.get("name", member): (member, member_shape)
            for member, member_shape in shape.members.items()
            if "location" not in member_shape.serialization
        }
        value: dict[str, Any] = {}
        for child in node:
            if _tag(child) not in members:
                raise ApiError.unsupported(f"member {_tag(child)!r} of {shape.name}")
            member, member_shape = members[_tag(child)]
            if member in value:
                raise ApiError.malformed(f"{shape.name} has {member!r} twice; wanted it once")
            value[member] = _read(child, member_shape)
        return value
    if isinstance(shape, ListShape):
        return [_read(child, shape.member) for child in node]
    if isinstance(shape, MapShape):
        return dict(_entry(child, shape) for child in node)
    if len(node):
        raise ApiError.malformed(f"{_tag(node)} has elements inside; wanted text")
    return _scalar(node.text or "", shape)


def _entry(node: ET.Element, shape: MapShape) -> tuple[str, Any]:
    cells = {_tag(child): child for child in node}
    try:
        return _read(cells["key"], shape.key), _read(cells["value"], shape.value)
    except KeyError as missing:
        raise ApiError.malformed(f"an entry of {shape.name} lacks {missing}") from None


def _scalar(text: str, shape: Shape) -> Any:  # noqa: ANN401 - a request's members are of any type
    try:
        match shape.type_name:
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "integer" | "long":
                return int(text)
            case "double" | "float":
                return float(text)
            case "timestamp":
                moment = datetime.fromisoformat(text)
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            case _:
                return text
    except (KeyError, ValueError):
        raise ApiError.malformed(f"{shape.name} is {text!r}; wanted a {shape.type_name}") from None


def _write(value: Any, shape: Shape, *, name: str) -> str:  # noqa: ANN401 - a response's members are of any type
    if isinstance(shape, StructureShape):
        inside = "".join(
            _write_member(item, shape.members[member], member=member)
            for member, item in value.items()
            if "location" not in shape.members[member].serialization
        )
    elif isinstance(shape, ListShape):
        item_name = shape.member.serialization.get("name", "member")
        inside = "".join(_write(item, shape.member, name=item_name) for item in value)
        if shape.serialization.get("flattened"):
            return inside
    elif isinstance(shape, MapShape):
        inside = "".join(
            f"<entry>{_write(key, shape.key, name='key')}{_write(item, shape.value, name='value')}"
            "</entry>"
            for key, item in value.items()
        )
    else:
        inside = _escape(_text(value))
    return f"<{name}>{inside}</{name}>"


def _write_member(value: Any, shape: Shape, *, member: str) -> str:  # noqa: ANN401 - as above
    return _write(value, shape, name=shape.serialization.get("name", member))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return str(value)


def _escape(text: str) -> str:
    """Escape text for an element; a carriage return would otherwise be read as a line feed."""
    return escape(_ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text), {"\r": "&#13;"})
