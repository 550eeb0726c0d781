"""A ledger's columns in Arrow's terms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from intact.audit import Absent, Unreadable, Withheld
from intact.audit.schema import BINARY, BOOL, COLUMNS, INT32, INT64, MOMENT, REQUIRED, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intact.audit.schema import Type

SCALARS: Mapping[str, pa.DataType] = {
    TEXT: pa.string(),
    BINARY: pa.binary(),
    BOOL: pa.bool_(),
    INT32: pa.int32(),
    INT64: pa.int64(),
    MOMENT: pa.timestamp("us", tz="UTC"),
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WORDS: Mapping[str, tuple[type, str]] = {
    "absent": (Absent, "detail"),
    "unreadable": (Unreadable, "problem"),
    "withheld": (Withheld, "terms"),
}
"""Members of an answer that say why there is no better one: their type and attribute."""


def arrow_type(kind: Type) -> pa.DataType:
    """Translate a type of ``intact.audit.schema``."""
    if isinstance(kind, str):
        return SCALARS[kind]
    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    return pa.struct([pa.field(name, arrow_type(member)) for name, member in kind.items()])


SCHEMA = pa.schema(
    [
        pa.field(name, arrow_type(kind), nullable=name not in REQUIRED)
        for name, kind in COLUMNS.items()
    ]
)
_JUDGED = ("verdict", "reason", "level")
KNOWN = pa.schema([field for field in SCHEMA if field.name not in _JUDGED])
"""``SCHEMA`` without the columns of the finding."""
