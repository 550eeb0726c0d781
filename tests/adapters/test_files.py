"""Files appear whole or not at all."""

from pathlib import Path

import pytest

from intact.adapters.files import whole_file


class BreakError(Exception):
    """Raised halfway."""


def test_a_file_written_to_its_end_appears(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as file:
        file.write(b"all")
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"all"


def test_a_file_that_breaks_off_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write_half() -> None:
        with whole_file(path) as file:
            file.write(b"half")
            raise BreakError

    with pytest.raises(BreakError):
        write_half()
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [b"old"]
