"""A ledger's columns in Arrow's terms."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from intact.audit import Absent, Unreadable, Withheld
from intact.audit.schema import BINARY, BOOL, COLUMNS, INT32, INT64, MOMENT, REQUIRED, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
_KEPT_MS = 10_000


@contextmanager
def keeping_pages() -> Iterator[None]:
    """Have Arrow hold on to freed memory for seconds, as long as tables of one size follow.

    Its default allocator returns pages within milliseconds, and the system zeroes them when they
    are wanted again, which takes a tenth of an offline audit.
    """
    if "jemalloc" not in pa.supported_memory_backends():  # Windows
        yield
        return
    before = pa.default_memory_pool()
    pa.jemalloc_set_decay_ms(_KEPT_MS)
    pa.set_memory_pool(pa.jemalloc_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)
