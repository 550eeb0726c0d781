"""How Arrow's memory is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from intact.adapters.arrow import keeping_pages

if TYPE_CHECKING:
    import pytest


def test_the_allocator_is_the_old_one_afterwards() -> None:
    before = pa.default_memory_pool().backend_name
    with keeping_pages():
        kept = pa.default_memory_pool().backend_name
    assert kept == ("jemalloc" if "jemalloc" in pa.supported_memory_backends() else before)
    assert pa.default_memory_pool().backend_name == before


def test_without_the_allocator_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pa, "supported_memory_backends", lambda: ["system"])
    before = pa.default_memory_pool().backend_name
    with keeping_pages():
        assert pa.default_memory_pool().backend_name == before
