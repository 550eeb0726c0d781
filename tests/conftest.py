"""Fixtures that more than one directory of tests uses."""

import pytest

from intact import _native


@pytest.fixture(scope="session", params=[name for name, _ in _native.kernels()])
def kernel(request: pytest.FixtureRequest) -> str:
    """Each kernel by name; one that this machine cannot run is a skip that names it."""
    name = str(request.param)
    if not dict(_native.kernels())[name]:
        pytest.skip(f"this machine cannot run kernel {name}")
    return name
