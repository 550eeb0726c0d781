"""What a function that audits beside the data says of one copy: evidence, as compact JSON.

The text stands in the report of a LambdaInvoke job, one object to a row::

    {"intact":1,"copy":"5f0c...","asked":"2026-11-22T03:00:00+00:00","evidence":{...}}

It is no verdict: ``decide`` judges the evidence again.  ``copy`` is a digest of the names that were
looked at, so an answer on another pair of objects binds to nothing; ``asked`` is when, by the
function's clock.  The slots are spelt as ``intact.audit.lines`` spells them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from intact.audit.evidence import Absent, BytesRead, Evidence, Unreadable, Withheld
from intact.audit.lines import slot_line
from intact.checksum import Algorithm, Checksum
from intact.checksum.encoding import decode
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectFacts, PartList

if TYPE_CHECKING:
    from collections.abc import Callable

    from intact.audit.record import Copy

MARK, VERSION = "intact", 1
MOST_PARTS = 16
"""Parts that an answer lists; a whole list can be 10,000 long, and a row of a report is short."""
LONGEST = 300
"""Characters of a sentence on what was not read."""
Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Evidence on one copy, and on which one, and from when.

    Attributes:
        copy: ``copy_digest`` of the copy that was looked at.
        asked: When the first question was asked, by the clock of whoever asked.
        evidence: What was found; only slots that S3's answers and objects' bytes fill.
    """

    copy: str
    asked: datetime
    evidence: Evidence

    def encode(self) -> str:
        """Write the text, ASCII; long lists of parts are withheld, and say so."""
        told = _shortened(self.evidence)
        slots = {name: slot_line(getattr(told, name)) for name in _DECODERS}
        line = {
            MARK: VERSION,
            "copy": self.copy,
            "asked": self.asked.isoformat(timespec="seconds"),
            "evidence": {name: slot for name, slot in slots.items() if slot is not None},
        }
        return json.dumps(line, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text.

        Raises:
            FormatError: It is no such answer, of this version, with every value in its place.
        """
        try:
            line = json.loads(text)
            if line[MARK] != VERSION or line[MARK] is True:
                raise FormatError(f"{MARK} is {line[MARK]!r}; wanted {VERSION}")
            if unknown := line["evidence"].keys() - _DECODERS.keys():
                raise FormatError(f"evidence has {sorted(unknown)}; wanted slots that are known")
            return cls(
                copy=_text(line, "copy"),
                asked=_moment(line, "asked"),
                evidence=Evidence(
                    **{name: _slot(name, slot) for name, slot in line["evidence"].items()}
                ),
            )
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise FormatError(f"no answer of a function ({error!r}): {text[:200]!r}") from None


def copy_digest(copy: Copy) -> str:
    """SHA-256, in hex, of the names of both objects and of the version that was to be copied.

    Raises:
        UsageError: The copy has no names, as a malformed row.
    """
    if copy.source is None or copy.destination is None:
        raise UsageError(f"row {copy.row} names no objects; wanted both")
    return hashlib.sha256(f"{copy.source} {copy.destination}".encode()).hexdigest()


def _shortened(told: Evidence) -> Evidence:
    return replace(
        told,
        source=_brief(told.source),
        destination=_brief(told.destination),
        source_versions=_brief(told.source_versions),
        source_parts=_few(told.source_parts),
        destination_parts=_few(told.destination_parts),
        source_bytes=_brief(told.source_bytes),
        destination_bytes=_brief(told.destination_bytes),
    )


def _brief(slot: Any) -> Any:  # noqa: ANN401 - a field of Evidence stays what it is
    if isinstance(slot, Unreadable):
        return Unreadable(problem=slot.problem[:LONGEST])
    return slot


def _few(slot: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(slot, PartList) and len(slot.sizes) > MOST_PARTS:
        return Withheld(terms=f"{len(slot.sizes)} parts; an answer lists {MOST_PARTS}")
    return _brief(slot)


def _slot(name: str, line: Any) -> Any:  # noqa: ANN401 - any field of Evidence
    for word, build in _WORDS.items():
        if word in line:
            return build(_text(line, word))
    return _DECODERS[name](line)


_WORDS: dict[str, Callable[[str], object]] = {
    "absent": lambda detail: Absent(detail=detail),
    "unreadable": lambda problem: Unreadable(problem=problem),
    "withheld": lambda terms: Withheld(terms=terms),
}


def _facts(line: Line) -> ObjectFacts:
    return ObjectFacts(
        size=_size(line["size"]),
        etag=_text(line, "etag"),
        last_modified=_moment(line, "last_modified"),
        version_id=_text(line, "version") if "version" in line else None,
        checksums=_checksums(line["checksums"]),
        encryption=_text(line, "encryption") if "encryption" in line else None,
        storage_class=_text(line, "storage_class") if "storage_class" in line else None,
        archived="archived" in line,
    )


def _versions(lines: list[Line]) -> tuple[ObjectFacts, ...]:
    if not isinstance(lines, list):
        raise FormatError(f"versions are {lines!r}; wanted a list")
    return tuple(map(_facts, lines))


def _parts(line: Line) -> PartList:
    sizes = tuple(map(_size, line["sizes"]))
    if "algorithm" not in line:
        return PartList(sizes=sizes)
    algorithm = Algorithm.parse(line["algorithm"])
    digests = tuple(decode(digest, algorithm=algorithm) for digest in line["digests"])
    if len(digests) != len(sizes):
        raise FormatError(f"{len(digests)} digests of {len(sizes)} parts")
    return PartList(sizes=sizes, algorithm=algorithm, digests=digests)


def _bytes(line: Line) -> BytesRead:
    return BytesRead(
        size=_size(line["size"]),
        checksums=_checksums(line["checksums"]),
        by_source_parts=_checksums(line.get("by_source_parts", [])),
        by_destination_parts=_checksums(line.get("by_destination_parts", [])),
    )


_DECODERS: dict[str, Callable[[Any], object]] = {
    "source": _facts,
    "destination": _facts,
    "source_versions": _versions,
    "source_parts": _parts,
    "destination_parts": _parts,
    "source_bytes": _bytes,
    "destination_bytes": _bytes,
}
"""Slots that an answer can fill.  It knows no job, so it asks for no versions of the copy."""


def _checksums(rows: list[tuple[str, str | None, str]]) -> frozenset[Checksum]:
    return frozenset(
        Checksum.parse(digest, algorithm=Algorithm.parse(name), type_name=kind)
        for name, kind, digest in rows
    )


def _text(line: Line, name: str) -> str:
    if not isinstance(line[name], str):
        raise FormatError(f"{name} is {line[name]!r}; wanted text")
    return str(line[name])


def _size(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise FormatError(f"a size is {value!r}; wanted bytes")
    return value


def _moment(line: Line, name: str) -> datetime:
    moment = datetime.fromisoformat(_text(line, name))
    if moment.tzinfo is None:
        raise FormatError(f"{name} is {line[name]!r}; wanted a time with its zone")
    return moment
