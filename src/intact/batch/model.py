"""Validates requests against a botocore service model: every constraint that it states.

botocore itself checks types, required members and minima; this also checks maxima, enums,
patterns, unions and members that do not exist, and reports all problems at once.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOURCE = "botocore service model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a request would be refused, or do harm.

    Attributes:
        rule: Name of the rule that it breaks.
        where: Path of the member, such as ``Operation.S3PutObjectCopy.TargetResource``.
        got: What stands there.
        wanted: What should.
        source: Who says so.
        warning: True where S3's documents are silent or disagree, so the request may pass.
    """

    rule: str
    where: str
    got: str
    wanted: str
    source: str
    warning: bool = False

    def __str__(self) -> str:
        """One line: where, got, wanted, rule and source."""
        return f"{self.where}: got {self.got}; wanted {self.wanted} [{self.rule}: {self.source}]"


@dataclass(frozen=True, slots=True)
class Model:
    """The shapes of a service, as botocore's JSON models hold them.

    Attributes:
        shapes: Shape by name.
    """

    shapes: Mapping[str, Any]

    def problems(self, request: Mapping[str, Any], *, shape: str) -> Iterator[Problem]:
        """Yield everything that the model forbids in a request.

        Args:
            request: Members as boto3 takes them; timestamps may be ISO 8601 text.
            shape: Name of the input shape, such as ``CreateJobRequest``.
        """
        yield from self._check(request, self.shapes[shape], where="")

    def _check(self, value: Any, shape: Mapping[str, Any], *, where: str) -> Iterator[Problem]:  # noqa: ANN401 - a request's members are of any type
        kind = shape["type"]
        if not _is_a(value, kind):
            yield _problem("type", where, f"{type(value).__name__} {value!r}", kind)
        elif kind == "structure":
            yield from self._structure(value, shape, where=where)
        elif kind == "list":
            yield from _size(len(value), shape, where=where, unit="items")
            for index, item in enumerate(value):
                member = self.shapes[shape["member"]["shape"]]
                yield from self._check(item, member, where=f"{where}[{index}]")
        elif kind == "map":
            yield from _size(len(value), shape, where=where, unit="entries")
            for key, item in value.items():
                path = f"{where}[{key!r}]"
                yield from self._check(key, self.shapes[shape["key"]["shape"]], where=path)
                yield from self._check(item, self.shapes[shape["value"]["shape"]], where=path)
        elif kind == "string":
            yield from _text(value, shape, where=where)
        elif kind in {"integer", "long"}:
            yield from _size(value, shape, where=where, unit="")

    def _structure(
        self, value: Mapping[str, Any], shape: Mapping[str, Any], *, where: str
    ) -> Iterator[Problem]:
        members = shape["members"]
        dot = f"{where}." if where else ""
        for name in shape.get("required", []):
            if name not in value:
                yield _problem("required", dot + name, "nothing", "a value")
        if shape.get("union") and len(value) != 1:
            yield _problem("union", where, ", ".join(value) or "nothing", "exactly one member")
        for name, item in value.items():
            if name in members:
                member = self.shapes[members[name]["shape"]]
                yield from self._check(item, member, where=dot + name)
            else:
                yield _problem(
                    "unknown member", dot + name, repr(item), f"one of {sorted(members)}"
                )


_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list, tuple),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "timestamp": (datetime, str),
}


def _is_a(value: object, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    if isinstance(value, str) and kind == "timestamp":
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
    return isinstance(value, _TYPES[kind])


def _problem(rule: str, where: str, got: str, wanted: str) -> Problem:
    return Problem(rule=rule, where=where or "request", got=got, wanted=wanted, source=SOURCE)


def _size(size: int, shape: Mapping[str, Any], *, where: str, unit: str) -> Iterator[Problem]:
    for bound, words, broken in (
        ("min", "at least", size < shape.get("min", size)),
        ("max", "at most", size > shape.get("max", size)),
    ):
        if broken:
            yield _problem(bound, where, f"{size} {unit}".strip(), f"{words} {shape[bound]}")


def _text(value: str, shape: Mapping[str, Any], *, where: str) -> Iterator[Problem]:
    yield from _size(len(value), shape, where=where, unit="characters")
    if "enum" in shape and value not in shape["enum"]:
        yield _problem("enum", where, repr(value), f"one of {', '.join(shape['enum'])}")
    if "pattern" in shape and not _python_pattern(shape["pattern"]).fullmatch(value):
        yield _problem("pattern", where, repr(value), f"text that matches {shape['pattern']}")


_PROPERTIES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": " \N{NO-BREAK SPACE}\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
"""Unicode properties that the models' patterns use, always beside ``_`` in one character class."""


@functools.cache
def _python_pattern(pattern: str) -> re.Pattern[str]:
    r"""Compile a model's pattern; its own ``\d`` is 0 to 9, and a dot is any character."""
    digits = re.UNICODE if r"\p{" in pattern else re.ASCII
    for name, characters in _PROPERTIES.items():
        pattern = pattern.replace(name, characters)
    return re.compile(pattern, re.DOTALL | digits)
