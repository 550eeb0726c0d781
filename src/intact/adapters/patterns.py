"""How DuckDB is told of files, which it takes for patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SPECIAL = re.compile(r"[*?\[]")


def exactly(path: Path) -> str:
    """Return the pattern that this file alone fits, whatever is in its name."""
    return _SPECIAL.sub(lambda found: f"[{found[0]}]", str(path))
