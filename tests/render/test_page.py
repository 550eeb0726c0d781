"""The page as text: what it says, and what no key can make of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.ledger import LedgerReader
from intact.adapters.overview import overview
from intact.audit import Counts, Verdict
from intact.render.page import allotted, html_page, visible
from intact.render.words import headline, runs, share_name, size_name
from tests.ledgers import GOLDEN, RECORDS
from tests.pages import HOSTILE, JOB, ledger, page

if TYPE_CHECKING:
    from pathlib import Path


class Parsed(HTMLParser):
    """Elements, attributes, text, and the bodies of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the base's signature
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.raw:
            self.raw[self._inside].append(data)
        else:
            self.text += data


def payload(parsed: Parsed) -> Any:  # noqa: ANN401 - JSON
    return json.loads(parsed.raw["script"][0])


def test_the_page_says_what_the_ledger_says() -> None:
    reader = LedgerReader(GOLDEN)
    parsed = Parsed(page(reader))
    assert headline(reader.summary(), reader.counts) in parsed.text
    for wanted in (reader.header.subject, reader.seal.root, reader.seal.header, str(GOLDEN)):
        assert wanted in parsed.text
    listed = [r for r in RECORDS if r.finding.verdict is not Verdict.VERIFIED]
    assert [row[0] for row in payload(parsed)["rows"]] == [r.copy.row for r in listed]
    for record in listed:
        assert record.finding.reason.sentence in parsed.text


def test_the_same_ledger_gives_the_same_page() -> None:
    assert page(LedgerReader(GOLDEN)) == page(LedgerReader(GOLDEN))


def test_the_policy_allows_the_pages_own_script_and_styles_only() -> None:
    text = page(LedgerReader(GOLDEN))
    parsed = Parsed(text)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    said = policy[1].replace("&#39;", "'")
    assert said.startswith("default-src 'none'; ")
    for body, directive in (
        (parsed.raw["script"][1], "script-src"),
        (parsed.raw["style"][0], "style-src"),
    ):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in said
    assert "unsafe" not in said
    assert not {name for name in parsed.attributes if name.startswith("on")} | (
        parsed.attributes & {"style", "src"}
    )


def test_hostile_keys_stay_text(tmp_path: Path) -> None:
    hostile = Parsed(page(ledger(tmp_path / "hostile", good=5, hostile=6)))
    tame = Parsed(page(ledger(tmp_path / "tame", good=5, bad=6)))
    assert set(hostile.names) <= set(tame.names) | {"span"}
    assert hostile.names.count("script") == 2
    assert {row[3] for row in payload(hostile)["rows"]} == set(HOSTILE)
    assert hostile.raw["script"][0].isascii()
    assert not re.search("[<>&]", hostile.raw["script"][0])


@pytest.mark.parametrize("text", [" ", "  a b ", "a ", " \n ", "a b"])
def test_a_space_at_either_end_is_seen(text: str) -> None:
    plain = [piece for piece, _ in runs(text) if piece]
    assert plain == [text.strip()] if text.strip() else plain == []


@given(st.text())
def test_what_deceives_the_eye_is_named_and_nothing_else_changes(text: str) -> None:
    pieces = list(runs(text))
    back = "".join(plain or chr(int(name.replace("U+", "0x"), 0)) for plain, name in pieces)
    assert back == text
    shown = "".join(plain for plain, _ in pieces)
    assert shown.isprintable()
    if pieces:
        assert not pieces[0][0].startswith(" ")
        assert not pieces[-1][0].endswith(" ")
    assert Parsed(str(visible(text))).names in ([], ["span"] * sum(1 for _, name in pieces if name))


@given(st.dictionaries(st.sampled_from(Verdict), st.integers(0, 50)), st.integers(0, 120))
def test_the_gravest_are_listed_first(found: dict[Verdict, int], most: int) -> None:
    full = dict.fromkeys(Verdict, 0) | found
    wanted = allotted(full, most=most)
    bad = [verdict for verdict in Verdict if verdict is not Verdict.VERIFIED]
    assert wanted.total() == min(most, sum(full[verdict] for verdict in bad))
    cut = [verdict for verdict in bad if wanted[verdict] < full[verdict]]
    assert all(wanted[verdict] == 0 for verdict in cut[1:])


def test_what_is_too_much_is_counted_and_left_to_files(tmp_path: Path) -> None:
    reader = ledger(tmp_path / "ledger", bad=200)
    found = reader.summary().verdicts
    parsed = Parsed(page(reader, most=found[Verdict.MISMATCHED] + 3))
    verdicts = [row[1] for row in payload(parsed)["rows"]]
    assert verdicts.count(1) == found[Verdict.MISMATCHED]
    assert verdicts.count(2) == 3
    left = 200 - len(verdicts)
    assert f"{left} more are left to intact report LEDGER --csv" in " ".join(parsed.text.split())


def test_counts_that_do_not_add_up_are_the_first_thing_said() -> None:
    reader = LedgerReader(GOLDEN)
    counts = Counts(manifest_rows=10, report_rows=7, stray_report_rows=2)
    added = overview(reader)
    added = replace(added, seal=replace(added.seal, counts=counts))
    text = " ".join(Parsed("".join(html_page(added, [], version="0"))).text.split())
    assert "The audit does not add up: 9 verdicts for 10 rows of the manifest" in text
    assert "10 rows of the manifest ≠ 9 verdicts" in text
    assert "2 report rows match no row of the manifest" in text


@pytest.mark.parametrize(
    ("size", "name"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (999_499, "999 KB"),
        (999_500, "1 MB"),
        (1_234_567_890, "1.23 GB"),
        (2**80, "1.21e+06 EB"),
    ],
)
def test_sizes_have_three_digits(size: int, name: str) -> None:
    assert size_name(size) == name


@given(st.integers(1, 10**12), st.data())
def test_nothing_and_everything_are_what_they_say(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    name = share_name(part, whole)
    assert (name == "0 %") == (part == 0)
    assert (name == "100 %") == (part == whole)


def test_what_else_was_looked_at_is_named(tmp_path: Path) -> None:
    header = replace(JOB, inputs=("computed: a job", "expected: <list>.sha256"))
    text = Parsed(page(ledger(tmp_path / "ledger", good=3, header=header))).text
    assert "computed: a job, expected: <list>.sha256" in text
