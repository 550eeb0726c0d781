"""A ledger in a notebook: tables to look at, and columns for Arrow and pandas."""

from __future__ import annotations

from html import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intact.adapters.flat import FLAT, flat_rows, flat_table
from intact.adapters.ledger import LedgerReader
from intact.audit import Verdict
from intact.render.markdown import address
from intact.render.page import said, visible
from intact.render.words import headline

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa

    from intact.audit import Counts, Record, Summary

SHOWN = 20
"""Findings that a cell shows."""


class Audit:
    """A finished audit, by the folder of its ledger; renders as a table.

    Attributes:
        ledger: The reader of the ledger: header, seal, records.
        summary: What all findings add up to.
    """

    def __init__(self, ledger: str | os.PathLike[str]) -> None:
        """Open a ledger.

        Raises:
            FormatError: The folder holds no finished ledger.
        """
        self.ledger = LedgerReader(Path(ledger))
        self.summary: Summary = self.ledger.summary()

    @property
    def counts(self) -> Counts:
        """What the inputs held."""
        return self.ledger.counts

    def records(self) -> Iterator[Record]:
        """Yield every record with all its evidence, in the order of the manifest."""
        yield from self.ledger.records()

    def findings(self, most: int = SHOWN) -> Findings:
        """Return the first findings that are not verified, as a list that renders as a table."""
        return Findings(islice(flat_rows(self.ledger, besides=Verdict.VERIFIED), most))

    def to_arrow(self) -> pa.Table:
        """Return every row as a flat Arrow table; it must fit into memory.

        The columns are those of ``intact report --parquet``.
        """
        return flat_table(self.ledger)

    def to_pandas(self) -> pd.DataFrame:
        """Return the same as a pandas data frame."""
        return self.to_arrow().to_pandas()

    def __repr__(self) -> str:
        """Name the folder and the outcome."""
        return f"<Audit {str(self.ledger.path)!r}: {headline(self.summary, self.counts)}>"

    def _repr_html_(self) -> str:
        told = escape(headline(self.summary, self.counts))
        listed = self.findings()._repr_html_()
        return f"<p><b>{told}</b></p>{self.summary._repr_html_()}{listed}"


class Findings(list[dict[str, Any]]):
    """Flat rows, by column; renders as a table."""

    columns = tuple(FLAT.names)

    def _repr_html_(self) -> str:
        if not self:
            return ""
        body = "".join(f"<tr>{''.join(map(_cell, _shown(row)))}</tr>" for row in self)
        heads = ("row", "verdict", "object", "reason")
        head = "".join(f'<th scope="col">{name}</th>' for name in heads)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(row: dict[str, Any]) -> tuple[str, ...]:
    detail = said(row)
    reason = row["explanation"] + (f" ({detail})" if detail else "")
    return f"{row['row']:,}", row["verdict"], address(row), reason


def _cell(text: str) -> str:
    return f'<td style="text-align:left">{visible(text)}</td>'
