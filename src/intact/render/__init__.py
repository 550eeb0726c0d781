"""Pages and tables from a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intact.render.notebook import Audit

__all__ = ["Audit"]


def __getattr__(name: str) -> object:
    """Import ``Audit`` when it is first asked for, since pyarrow is heavy."""
    if name != "Audit":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from intact.render.notebook import Audit  # noqa: PLC0415 - see above

    return Audit


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
