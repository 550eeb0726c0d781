"""What the rules of ``intact.audit`` can tell apart, in SQL: rows of one sort have one finding.

A sort is a number, whose digits are what evidence there is, of what kind, and which of its values
are equal.  A row with several answers of one input is a sort of its own, a negative number.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from intact.adapters.offline.inputs import Of
from intact.adapters.offline.reports import KINDS
from intact.adapters.offline.words import quoted
from intact.checksum import Algorithm, new
from intact.checksum.encoding import encode
from intact.s3.objects import SSE_S3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from intact.audit import Window

_MD5_FORM = "'[0-9a-f]{32}(-[1-9][0-9]{0,4})?'"
_NOTHING = " ".join(
    f"WHEN {kind} THEN '{encode(new(algorithm).digest())}'"
    for kind, (algorithm, _) in enumerate(KINDS, 1)
)
_MD5 = ", ".join(
    str(kind) for kind, (algorithm, _) in enumerate(KINDS, 1) if algorithm is Algorithm.MD5
)
_EMPTY = new(Algorithm.MD5).digest().hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one report computed of one side.

    Attributes:
        alias: Its name in the join.
        of: The side.
    """

    alias: str
    of: Of


@dataclass(frozen=True, slots=True, kw_only=True)
class Digit:
    """One thing that a rule looks at.

    Attributes:
        base: How many answers there are; null is 0.
        sql: Which of them it is, from 1, or null.
    """

    base: int
    sql: str


def sort_of(
    claims: Sequence[Claim], listed: Sequence[str], *, window: Window | None, has_report: bool
) -> str:
    """SQL of a row's sort.

    Args:
        claims: Reports of Compute checksum jobs that are joined.
        listed: Names of the inventories in the join: ``s``, ``d`` or both.
        window: When the job wrote; None where no job is known.
        has_report: Whether the copy job's report is joined, as ``t``.
    """
    digits = [_yes("m.shared"), _yes("m.replaced")]
    if has_report:
        digits += [
            Digit(base=3, sql="CASE WHEN t.words > 1 THEN 2 ELSE t.words END"),
            _yes("t.status = 'succeeded'"),
        ]
    for alias in listed:
        digits += _object_digits(alias)
    if len(listed) == len(Of):
        digits += map(
            _yes,
            (
                "s.size = d.size",
                "s.version = d.version",
                "s.last_modified < d.last_modified",
                "split_part(s.etag, '-', 1) = split_part(d.etag, '-', 1)",
            ),
        )
    if window is not None:
        begin, end = window.begin - window.skew, window.end + window.skew
        moments = [f"{quoted(moment.isoformat())}::TIMESTAMPTZ" for moment in (begin, end)]
        digits += [_yes(f"{side}.last_modified BETWEEN {' AND '.join(moments)}") for side in listed]
        if "s" in listed:
            digits.append(_yes(f"s.last_modified < {moments[0]}"))
    for claim in claims:
        digits += _claim_digits(claim, listed)
    pairs = combinations([claim.alias for claim in claims], 2)
    digits += [_yes(f"{one}.digest = {other}.digest") for one, other in pairs]
    number = _number(digits)
    if not claims:
        return number
    several = " OR ".join(f"{claim.alias}.n > 1" for claim in claims)
    own = "(-m.line)::VARCHAR" if number.startswith("concat") else "-m.line"
    return f"CASE WHEN {several} THEN {own} ELSE {number} END"


def _yes(condition: str) -> Digit:
    """Yes, no, or null."""
    return Digit(base=3, sql=f"2 - ({condition})::BIGINT")


def _number(digits: Sequence[Digit]) -> str:
    """One number of all digits, or a text of as many as that takes of 62 bits."""
    words: list[str] = []
    terms: list[str] = []
    scale = 1
    for digit in digits:
        if scale * digit.base >= 1 << 62:
            words.append(" + ".join(terms))
            terms, scale = [], 1
        terms.append(f"coalesce({digit.sql}, 0)::BIGINT * {scale}")
        scale *= digit.base
    words.append(" + ".join(terms))
    return words[0] if len(words) == 1 else f"concat_ws('|', {', '.join(words)})"


def _object_digits(alias: str) -> Iterator[Digit]:
    yield Digit(base=3, sql=f"CASE WHEN {alias}.n > 1 THEN 2 ELSE {alias}.n END")
    for condition in (
        "{}.marker",
        "{}.version IS NULL",
        "{}.version = 'null'",
        f"regexp_full_match({{}}.etag, {_MD5_FORM})",
        "contains({}.etag, '-')",
        f"{{}}.encryption = {quoted(SSE_S3)}",
        "{}.storage_class = 'EXPRESS_ONEZONE'",
        "{}.archived",
        "{}.size = 0",
        f"split_part({{}}.etag, '-', 1) = '{_EMPTY}'",
    ):
        yield _yes(condition.replace("{}", alias))


def _claim_digits(claim: Claim, listed: Sequence[str]) -> Iterator[Digit]:
    alias, own = claim.alias, claim.of.value[0]
    yield Digit(base=len(KINDS) + 1, sql=f"{alias}.kind")
    yield _yes(f"{alias}.naming IS NULL")
    yield _yes(f"{alias}.naming = 'null'")
    if own in listed:
        yield _yes(f"{alias}.etag = {own}.etag")
        yield _yes(f"{alias}.naming = {own}.version")
    if listed:
        yield _yes(f"{alias}.digest = CASE {alias}.kind {_NOTHING} END")
    for side in listed:
        hexed = f"lower(hex(from_base64({alias}.digest)))"
        equal = f"{hexed} = split_part({side}.etag, '-', 1)"
        yield _yes(f"CASE WHEN {alias}.kind IN ({_MD5}) THEN {equal} END")
