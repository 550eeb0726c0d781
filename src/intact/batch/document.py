"""A job as JSON or YAML: a CreateJob request, a DescribeJob response, or a filled skeleton.

The skeleton is that of ``aws s3control create-job --generate-cli-skeleton``: every member with a
placeholder, all operations at once.  What still holds placeholders was not meant.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from intact.batch.spec import described_request
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.batch.model import Model

EPOCHS = ("1970-01-01T00:00:00", "1970-01-01 00:00:00")
"""What a skeleton has for a timestamp: in JSON, and in YAML."""
_PLACEHOLDERS: Mapping[str, tuple[object, ...]] = {
    "string": ("",),
    "timestamp": ("", *EPOCHS),
    "integer": (0,),
    "long": (0,),
    "boolean": (True,),
}
"""What the AWS CLI writes where the user is to fill in; for an enum also its first value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a document asks for.

    Attributes:
        request: The CreateJob request.
        left_out: Paths of members that still held the skeleton's placeholders, which say nothing.
        doubtful: Paths of members that stay, with a value that the skeleton has there too: its
            author may have meant it, or overlooked it.
    """

    request: dict[str, Any]
    left_out: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()


def read_document(text: str | bytes, *, model: Model) -> Document:
    """Read a job from JSON or, where it begins like none, from YAML.

    YAML is what ``aws --cli-input-yaml`` takes; timestamps stay text, as they do in JSON.

    Raises:
        FormatError: Neither, or no object.
    """
    plain = text.encode() if isinstance(text, str) else text
    found = _from_json(plain) if plain.lstrip()[:1] in {b"{", b"["} else _from_yaml(plain)
    if not isinstance(found, dict):
        raise FormatError(f"job document: got {type(found).__name__}; wanted an object")
    if "Job" in found:
        return Document(request=described_request(found))
    if not _is_skeleton(found):
        return Document(request=found)
    skeleton = _Skeleton(model)
    request = skeleton.filled(found, model.shapes["CreateJobRequest"])
    return Document(
        request=request, left_out=tuple(skeleton.left_out), doubtful=tuple(skeleton.doubtful)
    )


def _from_json(text: bytes) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FormatError(f"job document: {error}; wanted JSON") from None


def _from_yaml(text: bytes) -> object:
    import yaml  # noqa: PLC0415 - 20 ms that only YAML pays

    class Loader(yaml.SafeLoader):
        """Neither makes timestamps of text, nor lets a document contain itself."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("it has an alias")
            node: yaml.Node | None = super().compose_node(parent, index)
            return node

    Loader.yaml_implicit_resolvers = {
        first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError) as error:
        problem = " ".join(str(error).split())
        raise FormatError(
            f"job document: {problem}; wanted JSON, or YAML without aliases"
        ) from None


def _is_skeleton(request: Mapping[str, Any]) -> bool:
    """Whether several operations stand there, or the token has yet to be filled in."""
    operation = request.get("Operation")
    several = isinstance(operation, dict) and len(operation) > 1
    return several or request.get("ClientRequestToken") == ""


class _Skeleton:
    """Tells what a user filled in from what the skeleton had."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.left_out: list[str] = []
        self.doubtful: list[str] = []

    def filled(
        self, value: Mapping[str, Any], shape: Mapping[str, Any], where: str = ""
    ) -> dict[str, Any]:
        """The members of a structure that say something; an only operation always does."""
        kept: dict[str, Any] = {}
        for name, member in value.items():
            inner = self._shape(shape["members"].get(name, {}))
            path = f"{where}{name}"
            required = name in shape.get("required", ())
            only = where == "Operation." and len(value) == 1
            structure = isinstance(member, dict) and inner.get("type") == "structure"
            untouched = _untouched(member, inner, self._model) and not (required or only)
            if member in ("", *EPOCHS) or (untouched and isinstance(member, (dict, list))):
                self.left_out.append(path)
                continue
            kept[name] = self.filled(member, inner, f"{path}.") if structure else member
            if untouched:
                self.doubtful.append(path)
        return kept

    def _shape(self, member: Mapping[str, Any]) -> Mapping[str, Any]:
        shape: Mapping[str, Any] = self._model.shapes.get(member.get("shape", ""), {})
        return shape


def _untouched(value: object, shape: Mapping[str, Any], model: Model) -> bool:
    """Whether a value is nothing but placeholders; ``{}`` is one too."""
    kind = shape.get("type", "")
    if kind == "structure" and isinstance(value, dict):
        members = shape["members"]
        return all(
            name in members and _untouched(member, model.shapes[members[name]["shape"]], model)
            for name, member in value.items()
        )
    if kind == "list" and isinstance(value, list):
        item = model.shapes[shape["member"]["shape"]]
        return all(_untouched(member, item, model) for member in value)
    if kind == "map" and isinstance(value, dict):
        return value in ({}, {"KeyName": ""})
    first = shape.get("enum", [None])[:1]
    return value in (*_PLACEHOLDERS.get(kind, ()), *first)
