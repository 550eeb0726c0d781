"""The collector of cycles rests while there are none."""

import gc

from intact.adapters.collector import RARELY, collect_rarely


def test_the_collector_looks_seldom_from_then_on() -> None:
    before = gc.get_threshold()
    try:
        collect_rarely()
        assert gc.get_threshold() == (RARELY, *before[1:])
    finally:
        gc.set_threshold(*before)
