"""The committed constants are those that the generator derives."""

import runpy
import shutil
from pathlib import Path

CSRC = Path(__file__).parents[2] / "csrc"


def check(generator: Path) -> str | None:
    complaint: str | None = runpy.run_path(str(generator))["main"](["--check"])
    return complaint


def test_the_committed_tables_are_the_derived_ones() -> None:
    assert check(CSRC / "gen_tables.py") is None


def test_one_changed_digit_is_found(tmp_path: Path) -> None:
    shutil.copy(CSRC / "gen_tables.py", tmp_path)
    text = (CSRC / "crc_tables.h").read_text()
    (tmp_path / "crc_tables.h").write_text(text.replace("0x1,", "0x3,", 1))
    assert "differs" in str(check(tmp_path / "gen_tables.py"))
