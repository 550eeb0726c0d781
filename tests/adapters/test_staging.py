"""What was joined once is not joined again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intact.adapters import staging
from intact.adapters.staging import Staged, stage
from intact.audit import Counts, Evidence
from intact.errors import FormatError
from tests.ledgers import HEADER, many

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = Counts(manifest_rows=25, report_rows=3)
ROWS = [(record.copy, record.evidence) for record in many(25)]


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Staged:
    monkeypatch.setattr(staging, "_GROUP", 10)
    stage(tmp_path / "joined", ROWS, header=HEADER, counts=COUNTS)
    return Staged(tmp_path / "joined")


def test_everything_is_kept(staged: Staged) -> None:
    assert list(staged.rows()) == ROWS
    assert (staged.header, staged.counts) == (HEADER, COUNTS)


@pytest.mark.parametrize("after", [0, 1, 9, 10, 11, 24, 25])
def test_rows_go_on_behind_any_row(staged: Staged, after: int) -> None:
    assert list(staged.rows(after=after)) == ROWS[after:]


def test_a_manifest_of_nothing_is_staged(tmp_path: Path) -> None:
    found = stage(tmp_path / "joined", [], header=HEADER, counts=Counts(manifest_rows=0))
    assert list(found.rows()) == []


def test_a_join_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def rows() -> object:
        yield ROWS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stage(tmp_path / "joined", rows(), header=HEADER, counts=COUNTS)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"nothing of Parquet"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "joined"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="joined"):
        Staged(path)


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"row": [1]}), tmp_path / "joined")
    with pytest.raises(FormatError, match="joined"):
        Staged(tmp_path / "joined")


def test_evidence_that_was_not_asked_stays_so(tmp_path: Path) -> None:
    bare = [(record.copy, Evidence()) for record in many(2)]
    found = stage(tmp_path / "joined", bare, header=HEADER, counts=COUNTS)
    assert list(found.rows()) == bare
