"""Python's collector of cycles, for a process that does nothing but audit."""

import gc

RARELY = 20_000
"""Objects that have to be new before it looks; what waits for the ledger is mostly less."""


def collect_rarely() -> None:
    """Have this process look for cycles seldom: an audit makes none, and looking takes a tenth."""
    _, *older = gc.get_threshold()
    gc.set_threshold(RARELY, *older)
