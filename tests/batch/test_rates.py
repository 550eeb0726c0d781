from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import intact.batch
from intact.adapters.http.pace import MOST
from intact.batch.rates import Rates
from intact.errors import FormatError

ROOT = Path(__file__).parents[2]
STANDARD = (Path(intact.batch.__file__).parent / "rates.json").read_bytes()
RATES = Rates.parse(STANDARD)


def test_the_benchmarks_that_figures_come_from_are_there() -> None:
    sources = " ".join(figure["source"] for figure in json.loads(STANDARD).values())
    scripts = set(re.findall(r"benchmarks/\w+\.py", sources))
    assert scripts == {"benchmarks/bench_offline.py", "benchmarks/bench_online.py"}
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def test_the_lean_client_has_as_many_requests_under_way_as_it_says() -> None:
    assert RATES.lean_concurrency == MOST


def test_own_figures_take_the_place_of_ours() -> None:
    own = json.dumps({"network_bytes": {"value": 1e9, "source": "iperf, last night"}})
    found = Rates.parse(STANDARD, own)
    assert (RATES.network_bytes, found.network_bytes) == (None, 1e9)
    assert found.boto3_seconds == RATES.boto3_seconds


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"speed": {"value": 1, "source": "me"}}, "speed"),
        ({"job_tasks": {"value": 0, "source": "me"}}, "wanted a number above 0"),
        ({"job_tasks": {"value": True, "source": "me"}}, "wanted a number above 0"),
        ({"job_tasks": {"value": "9", "source": "me"}}, "wanted a number above 0"),
        ({"job_tasks": {"value": 1, "source": " "}}, "no source"),
        ({"job_tasks": {"value": 1}}, "source"),
        ({"job_tasks": 1}, "wanted a value and its source"),
        ([], "wanted a value and its source"),
    ],
    ids=str,
)
def test_a_figure_that_is_none_is_refused(own: Any, said: str) -> None:  # noqa: ANN401 - JSON
    with pytest.raises(FormatError, match=said):
        Rates.parse(STANDARD, json.dumps(own))
