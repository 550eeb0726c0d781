from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from intact.adapters.journal import Journal
from intact.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_appended_is_read_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert list(journal.records()) == []
    for number in range(3):
        journal.append({"n": number})
    assert list(Journal(journal.path).records()) == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize("first", [b"", b'{"n": 0}\n'], ids=["alone", "after another"])
@pytest.mark.parametrize("length", [1, 5, 9000])
def test_a_line_that_a_kill_cut_short_never_happened(
    tmp_path: Path, first: bytes, length: int
) -> None:
    journal = Journal(tmp_path / "j")
    journal.path.write_bytes(first + b"{" + b"x" * (length - 1))
    before = [{"n": 0}] if first else []
    assert list(journal.records()) == before
    journal.append({"n": 1})
    assert list(journal.records()) == [*before, {"n": 1}]


@pytest.mark.parametrize("line", [b"{\n", b"[]\n", b"\xff\n"])
def test_a_whole_line_that_is_no_object_is_damage(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "j").write_bytes(b"{}\n" + line)
    with pytest.raises(FormatError, match="line 2"):
        list(Journal(tmp_path / "j").records())


def test_threads_append_whole_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.append({"n": number}), range(40)))
    assert sorted(record["n"] for record in journal.records()) == list(range(40))
