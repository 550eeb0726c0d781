"""How text is spelt in SQL."""

from __future__ import annotations


def quoted(text: str) -> str:
    """Write text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
