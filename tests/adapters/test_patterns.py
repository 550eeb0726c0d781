"""DuckDB reads the file that is named, not those that its name describes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import duckdb
import pytest

from intact.adapters.patterns import exactly

if TYPE_CHECKING:
    from pathlib import Path

DECOYS = {"a[1]": "a1", "[ab]": "a", "x[": "x", "[": "y", "a]": "a", "k{1,2}": "k1", "[!a]": "b"}
if os.name != "nt":  # whose file names have no such characters
    DECOYS |= {"b*": "bb", "**": "b", "c?": "cc", "back\\slash": "backslash", "q?*[1]": "qq11"}


@pytest.mark.parametrize("name", DECOYS)
@pytest.mark.parametrize("place", ["folder", "file"])
def test_a_file_is_read_by_its_name_whatever_is_in_it(
    name: str, place: str, tmp_path: Path
) -> None:
    def path(of: str) -> Path:
        found = tmp_path / of / "part.csv" if place == "folder" else tmp_path / f"{of}.csv"
        found.parent.mkdir(exist_ok=True)
        return found

    path(DECOYS[name]).write_text("decoy\n")
    path(name).write_text("wanted\n")
    query = "SELECT * FROM read_csv(?, columns = {'row': 'VARCHAR'}, header = false)"
    with duckdb.connect() as connection:
        found = connection.execute(query, [[exactly(path(name))]]).fetchall()
        assert found == [("wanted",)]
        path(name).unlink()
        with pytest.raises(duckdb.IOException, match="No files found"):
            connection.execute(query, [[exactly(path(name))]])
