"""CSV, JSON Lines, Markdown and JUnit XML of a ledger."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.flat import FLAT, flat_rows
from intact.adapters.ledger import LedgerReader
from intact.adapters.overview import overview
from intact.audit import Verdict
from intact.audit.summary import UNPROVEN, WRONG
from intact.render.junit import junit
from intact.render.lines import csv_lines, inert
from intact.render.markdown import LISTED, code, markdown
from tests.ledgers import GOLDEN
from tests.pages import ledger

if TYPE_CHECKING:
    from pathlib import Path

    from intact.adapters.ledger import LedgerReader as Reader


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return ledger(tmp_path_factory.mktemp("ledger") / "hostile", good=30, bad=40, hostile=12)


def unverified(reader: Reader) -> list[dict[str, object]]:
    return list(flat_rows(reader, besides=Verdict.VERIFIED))


def test_csv_gives_every_value_back(hostile: Reader) -> None:
    rows = list(flat_rows(hostile))
    text = "".join(csv_lines(FLAT.names, rows))
    back = list(csv.DictReader(text.splitlines(keepends=True)))
    assert len(back) == len(rows)
    for found, row in zip(back, rows, strict=True):
        assert found["destination_key"].removeprefix("'") == (row["destination_key"] or "")
        assert found["row"] == str(row["row"])
        assert found["destination_size"] == (
            "" if (n := row["destination_size"]) is None else str(n)
        )


@given(st.text() | st.sampled_from("=+-@'\t\r\n\uff1d\uff0b\uff0d\uff20").map("{}1+1".format))
def test_no_cell_is_a_formula_and_none_is_lost(text: str) -> None:
    cell = inert(text)
    assert not cell.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))
    assert cell.removeprefix("'") == text


def test_markdown_is_short_and_no_key_breaks_out(hostile: Reader) -> None:
    text = "".join(markdown(overview(hostile), unverified(hostile)))
    assert text.startswith("## ❌ Of 82 objects")
    outside = re.sub(r"(`+).*?\1", "", text)
    assert "<" not in outside
    assert "@" not in outside
    assert "HYPERLINK" not in outside
    assert len(re.findall(r"^- \*\*", text, re.MULTILINE)) == LISTED
    assert f"- and {52 - LISTED} more" not in text
    assert f"and {52 - LISTED} objects more" in text
    for row in re.findall(r"^\|.*$", text, re.MULTILINE):
        assert row.endswith("|")


def test_markdown_of_a_good_audit_says_so(tmp_path: Path) -> None:
    reader = ledger(tmp_path / "good", good=3)
    text = "".join(markdown(overview(reader), []))
    assert text.startswith("## ✅ All 3 objects are verified.")
    assert "Why" not in text


@given(st.text())
def test_a_code_span_holds_anything(text: str) -> None:
    span = code(text)
    assert span.isascii()
    assert span.isprintable()
    fence = re.match("`+", span)
    assert fence is not None
    assert fence[0] not in span[len(fence[0]) : -len(fence[0])]


def test_junit_has_a_case_for_each_object_that_is_not_verified(hostile: Reader) -> None:
    rows = unverified(hostile)
    root = ET.fromstring("".join(junit(overview(hostile), rows)))  # noqa: S314 - our own text
    [suite] = root
    cases = list(suite)
    assert len(cases) == len(rows) + 2 == int(suite.attrib["tests"])
    wrong = [row for row in rows if Verdict(str(row["verdict"])) in WRONG]
    failures = [case for case in cases if case.find("failure") is not None]
    errors = [case for case in cases if case.find("error") is not None]
    assert len(failures) == len(wrong) == int(suite.attrib["failures"])
    unproven = [row for row in rows if Verdict(str(row["verdict"])) in UNPROVEN]
    assert len(errors) == len(unproven) == int(suite.attrib["errors"])


def test_junit_fails_for_what_it_leaves_out(hostile: Reader) -> None:
    rows = unverified(hostile)
    root = ET.fromstring("".join(junit(overview(hostile), rows, most=10)))  # noqa: S314 - as above
    assert root[0].attrib["tests"] == "13"
    assert root[0][-1].attrib["name"] == f"{len(rows) - 10} more objects"
    assert root[0][-1].find("failure") is not None


def test_junit_of_a_good_audit_passes(tmp_path: Path) -> None:
    text = "".join(junit(overview(ledger(tmp_path / "good", good=3)), []))
    assert 'tests="2" failures="0" errors="0"' in text
    assert 'name="3 objects are verified"/>' in text


def test_the_stored_ledger_is_named_everywhere() -> None:
    reader = LedgerReader(GOLDEN)
    for pieces in (markdown(overview(reader), []), junit(overview(reader), [])):
        assert reader.header.subject in "".join(pieces)
