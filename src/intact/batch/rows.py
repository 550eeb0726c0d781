"""A row that could not be read: kept and counted, never skipped."""

import csv
from dataclasses import dataclass

from intact.errors import FormatError


@dataclass(frozen=True, slots=True, kw_only=True)
class MalformedRow:
    """A row of a manifest or report that breaks its format.

    Attributes:
        line: Number of the row's first line in its file, from 1.
        text: The row as it stands in the file; bytes that are no UTF-8 are surrogate-escaped.
        problem: What is wrong: got, wanted.
    """

    line: int
    text: str
    problem: str


def require_utf8(text: str) -> None:
    """Refuse a row whose bytes were no UTF-8.

    Raises:
        FormatError: The text holds surrogate escapes.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FormatError("the row holds bytes that are no UTF-8; wanted UTF-8") from None


def split_row(text: str) -> list[str]:
    """Split a row of one line into its cells, by the rules of CSV where it has quotes.

    Raises:
        FormatError: A quote is not closed, or text follows one that is.
    """
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise FormatError(f"the row is no CSV: {error}") from None
