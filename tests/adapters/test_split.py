"""The folder of a split appears whole or not at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from intact.adapters.split import write_parts
from intact.batch.split import split
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("Bucket", "Key", "Size")
ROWS = [b"b,1,1\n", b"b,2,9\n", b"b,3,1\n", b"b,4,1\n"]


def test_rows_in_are_rows_out(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    parts = write_parts(split(ROWS, columns=COLUMNS, most_rows=2, most_size=8), folder)
    files = {path.stem: path.read_bytes() for path in folder.iterdir()}
    assert files == {
        "copy-00001": b"b,1,1\nb,3,1\n",
        "copy-00002": b"b,4,1\n",
        "large-00001": b"b,2,9\n",
    }
    assert sum(part.rows for part in parts.values()) == len(ROWS)
    assert {name: part.digest.hexdigest() for name, part in parts.items()} == {
        name: hashlib.md5(body, usedforsecurity=False).hexdigest() for name, body in files.items()
    }
    assert list(tmp_path.iterdir()) == [folder]


def test_folders_above_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "parts"
    assert set(write_parts(split(ROWS, columns=COLUMNS), folder)) == {"copy-00001"}
    assert [path.name for path in folder.iterdir()] == ["copy-00001.csv"]


@pytest.mark.parametrize(("rows", "error"), [([b"b,1,1\n", b"?\n"], FormatError), ([], UsageError)])
def test_what_cannot_be_split_leaves_nothing(
    rows: list[bytes], error: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(error):
        write_parts(split(rows, columns=COLUMNS), tmp_path / "parts")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists; wanted the name of a new folder"):
        write_parts(split(ROWS, columns=COLUMNS), tmp_path)
