"""Structures of a request as frozen dataclasses: declared once, read and written alike.

A field stands for the member that is its name in Pascal case, or for what ``MEMBERS`` says; its
type says how the value is read and written.  None is a member that is absent.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal, Self, Union

from intact.checksum import Algorithm
from intact.errors import UsageError


@dataclass(frozen=True, slots=True)
class Codec:
    """How values of one type are read from a request, with the place for messages, and written."""

    read: Callable[[Any, str], Any]
    write: Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A structure of the service model.

    Attributes:
        extra: Members that the type does not name, as boto3 takes them: what a newer botocore
            knows needs no newer release of this package.  Sent as they are.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {}
    """Members that are not the Pascal case of their field; a dot goes into a structure."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def members(self) -> dict[str, Any]:
        """Return the structure as boto3 takes it."""
        found: dict[str, Any] = {}
        for name, member in _plan(type(self)).items():  # type: ignore[arg-type] # to mypy no dataclass is hashable
            if (value := getattr(self, name)) is not None:
                inner = found
                for step in member.path[:-1]:
                    inner = inner.setdefault(step, {})
                inner[member.path[-1]] = member.codec.write(value)
        return _merged(found, self.extra)

    @classmethod
    def from_members(cls, members: Mapping[str, Any], *, where: str | None = None) -> Self:
        """Read the structure as boto3 takes or returns it.

        Args:
            members: The members; those that the type does not name become ``extra``.
            where: Path of the structure for messages; None takes the type's name.

        Raises:
            UsageError: A member is missing without which the type means nothing, or a value is
                none that the type can hold.
        """
        place = cls.__name__ if where is None else where
        rest = dict(_a(Mapping, members, place))
        values: dict[str, Any] = {}
        for name, member in _plan(cls).items():  # type: ignore[arg-type] # as above
            at = ".".join([place, *member.path] if place else member.path)
            value = _take(rest, member.path, at)
            if value is None and member.required:
                raise UsageError(f"{at}: got nothing; wanted a value")
            values[name] = None if value is None else member.codec.read(value, at)
        return cls(**values, extra=rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Structure):
    """A structure that stands in its parent under its own type's name, as operations do."""

    def request(self) -> dict[str, Any]:
        """Return the parent: one member, named as the type is."""
        return {type(self).__name__: self.members()}

    @classmethod
    def parse(cls, parent: Mapping[str, Any]) -> Self:
        """Read the parent.

        Raises:
            UsageError: It holds something else, or a value that the type cannot hold.
        """
        if set(parent) != {cls.__name__}:
            found = ", ".join(parent) or "nothing"
            raise UsageError(f"request has {found}; wanted {cls.__name__}")
        return cls.from_members(parent[cls.__name__])


@dataclass(frozen=True, slots=True)
class _Member:
    path: tuple[str, ...]
    codec: Codec
    required: bool


@functools.cache
def _plan(kind: type[Structure]) -> dict[str, _Member]:
    """Every field of a type but ``extra``: where its member stands and how it is read."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {
        item.name: _Member(
            path=tuple(kind.MEMBERS.get(item.name, _pascal(item.name)).split(".")),
            codec=codec_of(hints[item.name]),
            required=item.default is MISSING and item.default_factory is MISSING,
        )
        for item in fields(kind)
        if item.name != "extra"
    }


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _take(members: dict[str, Any], path: tuple[str, ...], where: str) -> Any:  # noqa: ANN401 - any member
    """Remove and return the member at a path; a structure that it leaves empty goes too."""
    name, *inner = path
    if not inner or name not in members:
        return members.pop(name, None)
    rest = members[name] = dict(_a(Mapping, members[name], where))
    value = _take(rest, tuple(inner), where)
    if not rest:
        del members[name]
    return value


def _merged(members: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in extra.items():
        nested = isinstance(value, Mapping) and isinstance(members.get(name), dict)
        members[name] = _merged(members[name], value) if nested else value
    return members


def codec_of(hint: Any) -> Codec:  # noqa: ANN401 - annotations have no common type
    """How values of an annotated type are read and written."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        [codec] = hint.__metadata__
        return typing.cast("Codec", codec)
    if origin in {Union, types.UnionType}:
        [hint] = [argument for argument in arguments if argument is not types.NoneType]
        return codec_of(hint)
    if origin is tuple:
        return _list_of(codec_of(arguments[0]))
    if origin is Mapping:
        return Codec(lambda value, where: dict(_a(Mapping, value, where)), dict)
    if origin is Literal:
        return _plain(str)
    if issubclass(hint, Structure):
        return Codec(lambda value, where: hint.from_members(value, where=where), hint.members)
    if issubclass(hint, Enum):
        return Codec(lambda value, where: _checked(hint, value, where), lambda value: value.value)
    return _plain(hint)


def _list_of(item: Codec) -> Codec:
    def read(values: Any, where: str) -> tuple[Any, ...]:  # noqa: ANN401 - any member
        numbered = enumerate(_a((list, tuple), values, where))
        return tuple(item.read(value, f"{where}[{index}]") for index, value in numbered)

    return Codec(read, lambda values: [item.write(value) for value in values])


def _plain(kind: type) -> Codec:
    return Codec(lambda value, where: _a(kind, value, where), lambda value: value)


def _a(kind: type | tuple[type, ...], value: Any, where: str) -> Any:  # noqa: ANN401 - any member
    """The value, if it is of a type; true and false are no numbers."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        wanted = " or ".join(one.__name__ for one in kinds)
        raise UsageError(f"{where}: got {value!r}; wanted a value of type {wanted}")
    return value


def _checked(read: Callable[[Any], Any], value: Any, where: str) -> Any:  # noqa: ANN401 - any member
    try:
        return read(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{where}: {error}") from None


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _tags(value: Any, where: str) -> dict[str, str]:  # noqa: ANN401 - any member
    tags: dict[str, str] = {}
    for index, tag in enumerate(_a((list, tuple), value, where)):
        place = f"{where}[{index}]"
        if set(_a(Mapping, tag, place)) != {"Key", "Value"} or tag["Key"] in tags:
            raise UsageError(f"{place}: got {tag!r}; wanted a Key of its own, and a Value")
        tags[tag["Key"]] = tag["Value"]
    return tags


Moment = Annotated[
    datetime,
    Codec(lambda value, where: _checked(_moment, value, where), lambda value: value),
]
"""A timestamp as boto3 or, in ISO 8601, the JSON of the AWS CLI gives it."""
Tags = Annotated[
    Mapping[str, str],
    Codec(_tags, lambda tags: [{"Key": key, "Value": value} for key, value in tags.items()]),
]
"""Tags by key, for which S3 has a list; their order stays."""
ChecksumName = Annotated[
    Algorithm,
    Codec(lambda value, where: _checked(Algorithm.parse, value, where), lambda name: name.value),
]
"""A checksum algorithm by S3's name."""
ETag = Annotated[
    str,
    Codec(lambda value, where: _a(str, value, where).strip('"'), lambda value: value.strip('"')),
]
"""An ETag without the quotes that HeadObject puts around it."""
