"""Numbers, names and sentences, as people are shown them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from intact.audit import Level, Verdict
from intact.audit.summary import UNPROVEN, WRONG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intact.audit import Counts, Summary

VERDICTS = {
    Verdict.VERIFIED: "A checksum over the whole object is equal on both sides.",
    Verdict.MISMATCHED: "Comparable evidence differs. The copy is wrong.",
    Verdict.MISSING: "The destination does not exist.",
    Verdict.NOT_COPIED: "The job itself reports failure, or no result, for this object.",
    Verdict.UNVERIFIABLE: "Everything allowed was read; nothing in it is comparable and bound to "
    "this copy.",
    Verdict.UNCHECKED: "Evidence could not be read. Says nothing about the copy.",
}
LEVELS = {
    Level.READ: "The copy's bytes were read and hashed here.",
    Level.COMPUTED: "S3 read both objects at rest and computed equal checksums.",
    Level.INDEPENDENT: "Equal, and one value cannot have been carried over from the other.",
    Level.RECORDED: "Equal checksums are stored; the copy may have carried its value over.",
    Level.ETAG: "Equal sizes and equal MD5 ETags. Never enough to verify.",
}
_NOT_ASCII = re.compile("[^ -~]")
_UNITS = ("KB", "MB", "GB", "TB", "PB", "EB")
_THOUSAND = 1000
_HIDDEN = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that show nothing though their categories are those of letters and symbols."""


def headline(summary: Summary, counts: Counts) -> str:
    """One sentence that says how the audit ended."""
    if imbalances := summary.imbalances(counts):
        return f"The audit does not add up: {'; '.join(imbalances)}."
    wrong = sum(summary.verdicts[verdict] for verdict in WRONG)
    unproven = sum(summary.verdicts[verdict] for verdict in UNPROVEN)
    if wrong or unproven:
        told = f"{plural(wrong, 'is', 'are')} wrong and {plural(unproven, 'is', 'are')} not proven"
        return f"Of {plural(summary.rows, 'object')} {told}."
    if summary.rows == 1:
        return "The one object is verified."
    return f"All {summary.rows:,} objects are verified."


def tone(verdict: Verdict) -> str:
    """``good``, ``wrong`` or ``unproven``: the three that a reader must tell apart."""
    return "wrong" if verdict in WRONG else "unproven" if verdict in UNPROVEN else "good"


def size_name(size: int) -> str:
    """Bytes in decimal units, as S3 bills them and disks are sold: ``1.23 GB``."""
    if size < _THOUSAND:
        return f"{size} B"
    amount, unit = float(size), -1
    while amount >= _THOUSAND - 0.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / _THOUSAND, unit + 1
    return f"{amount:.3g} {_UNITS[unit]}"


def share_name(part: int, whole: int) -> str:
    """A share in percent that says 0 % of nothing only and 100 % of everything only."""
    if not part or part == whole:
        return "100 %" if part else "0 %"
    percent = min(max(100 * part / whole, 0.01), 99.99)
    return f"{percent:.2f} %" if percent < 1 or percent > 99 else f"{percent:.1f} %"  # noqa: PLR2004 - two digits near the ends


def plural(count: int, one: str, more: str = "") -> str:
    """A number and the word for so many, which ends in s unless it is given."""
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"


def ascii_text(text: str) -> str:
    """Text in printable ASCII; what is none is written as Python escapes it."""
    return _NOT_ASCII.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield (visible text, ``""``) and (``""``, name of a character that would deceive the eye).

    Named are controls, marks that turn the direction of writing, every kind of space but the
    plain one, that one too at either end, and whatever else prints nothing.
    """
    plain, left = "", len(text) - len(text.lstrip(" "))
    right = max(left, len(text.rstrip(" ")))
    for place, character in enumerate(text):
        if left <= place < right and not _deceives(character):
            plain += character
            continue
        if plain:
            yield plain, ""
        plain = ""
        yield "", f"U+{ord(character):04X}"
    if plain:
        yield plain, ""


def _deceives(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category[0] == "C"
        or (category[0] == "Z" and character != " ")
        or character in _HIDDEN
        or "\ufe00" <= character <= "\ufe0f"
    )
