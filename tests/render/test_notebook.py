"""A ledger in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import intact.render
from intact.adapters.flat import FLAT
from intact.audit import Verdict
from intact.errors import FormatError
from intact.render import Audit
from tests.ledgers import GOLDEN, RECORDS
from tests.pages import HOSTILE, ledger

if TYPE_CHECKING:
    from pathlib import Path


def test_an_audit_renders_as_tables_that_no_key_breaks(tmp_path: Path) -> None:
    reader = ledger(tmp_path / "ledger", good=5, hostile=6)
    html = Audit(reader.path)._repr_html_()
    assert "Of 11 objects 6 are wrong" in html
    assert html.count("<tr>") == 1 + len(Verdict) + 1 + 1 + 6
    for key in HOSTILE[:2]:
        assert key not in html
    assert "<img" not in html
    assert "<script" not in html


def test_a_good_audit_lists_nothing(tmp_path: Path) -> None:
    audit = Audit(ledger(tmp_path / "ledger", good=5).path)
    assert audit.findings()._repr_html_() == ""
    assert "All 5 objects are verified." in repr(audit)


def test_its_columns_are_those_of_the_report() -> None:
    audit = Audit(GOLDEN)
    table = audit.to_arrow()
    assert table.schema == FLAT
    assert table.num_rows == audit.counts.manifest_rows == len(list(audit.records()))
    assert len(audit.findings(most=3)) == 3


def test_pandas_has_the_same_rows() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = Audit(GOLDEN).to_pandas()
    assert list(frame["verdict"]) == [record.finding.verdict.value for record in RECORDS]
    assert str(frame["destination_modified"].dt.tz) == "UTC"


def test_a_folder_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        Audit(tmp_path)


def test_the_room_has_no_other_names() -> None:
    assert intact.render.__all__ == ["Audit"]
    with pytest.raises(AttributeError):
        _ = intact.render.Other
