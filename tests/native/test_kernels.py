"""Every kernel computes every model as the oracle and the rest of the world do."""

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact import _native
from intact._native import _extend as extend
from tests.reference import MODELS, crc

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "published.json").read_bytes())
NOISE = hashlib.shake_128(b"kernels").digest(4096)


def message(described: dict[str, Any]) -> bytes:
    if "text" in described:
        return str(described["text"]).encode()
    if "hex" in described:
        return bytes.fromhex(described["hex"])
    up = bytes(range(256))
    periods = {"00..ff": up, "ff..00": up[::-1]}
    period = (
        periods[described["cycle"]] if "cycle" in described else bytes.fromhex(described["fill"])
    )
    size = int(described["size"])
    return (period * (size // len(period) + 1))[:size]


def label(vector: dict[str, Any]) -> str:
    return "-".join(map(str, (vector["algorithm"], *vector["input"].values(), vector["hex"])))


@pytest.mark.parametrize("vector", VECTORS, ids=label)
def test_values_that_others_published(kernel: str, vector: dict[str, Any]) -> None:
    model = vector["algorithm"].lower()
    expected = int(vector["hex"], 16)
    assert extend(model, message(vector["input"]), kernel=kernel) == expected


@pytest.mark.parametrize("model", MODELS)
def test_the_oracle_agrees_with_what_others_published(model: str) -> None:
    vectors = [v for v in VECTORS if v["algorithm"].lower() == model]
    short = [v for v in vectors if v["input"].get("size", 0) < 5000]
    assert short
    for vector in short:
        assert crc(model, message(vector["input"])) == int(vector["hex"], 16)


@pytest.mark.parametrize("model", MODELS)
def test_every_short_length_equals_the_oracle(kernel: str, model: str) -> None:
    expected = 0
    for size in range(1200):
        assert extend(model, NOISE[:size], kernel=kernel) == expected
        expected = crc(model, NOISE[size : size + 1], expected)


@pytest.mark.parametrize("model", MODELS)
@given(data=st.binary(max_size=1500), value=st.integers(0), offset=st.integers(0, 70))
def test_any_data_after_any_value_at_any_alignment_equals_the_oracle(
    kernel: str, model: str, data: bytes, value: int, offset: int
) -> None:
    value &= (1 << MODELS[model][0]) - 1
    view = memoryview(bytes(offset) + data)[offset:]
    assert extend(model, view, value, kernel=kernel) == crc(model, data, value)


@pytest.mark.parametrize("model", MODELS)
@given(cuts=st.lists(st.integers(0, len(NOISE)), max_size=6))
def test_a_message_may_be_cut_anywhere(kernel: str, model: str, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(NOISE)]
    value = 0
    for start, end in itertools.pairwise(edges):
        value = extend(model, NOISE[start:end], value, kernel=kernel)
    assert value == extend(model, NOISE, kernel="portable")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [65536 + 1, 1 << 20, (9 << 20) + 12345])
def test_large_messages_equal_the_portable_kernel(kernel: str, model: str, size: int) -> None:
    data = hashlib.shake_128(b"large").digest(size)
    expected = extend(model, data, kernel="portable")
    assert extend(model, data, kernel=kernel) == expected


@pytest.mark.parametrize("model", MODELS)
def test_public_functions_and_classes_use_the_selected_kernel_on_their_own_model(
    model: str,
) -> None:
    expected = crc(model, NOISE)
    functions = {
        "crc64nvme": (_native.crc64nvme, _native.Crc64Nvme),
        "crc32": (_native.crc32, _native.Crc32),
        "crc32c": (_native.crc32c, _native.Crc32c),
    }
    function, constructor = functions[model]
    assert function(NOISE) == expected
    assert function(NOISE[1000:], function(NOISE[:1000])) == expected
    assert int.from_bytes(constructor(NOISE).digest()) == expected
    assert constructor().name == model


def test_selected_is_the_first_usable_kernel_and_the_last_needs_nothing() -> None:
    rows = _native.kernels()
    assert _native.selected() == next(name for name, usable in rows if usable)
    assert rows[-1] == ("portable", True)


def test_unknown_models_and_kernels_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no model is named 'crc65'"):
        extend("crc65", b"")
    with pytest.raises(ValueError, match="no kernel is named 'abacus'"):
        extend("crc32", b"", kernel="abacus")


def test_a_kernel_that_cannot_run_here_is_refused_by_name() -> None:
    unusable = [name for name, usable in _native.kernels() if not usable]
    if not unusable:
        pytest.skip("this machine can run every kernel")
    for name in unusable:
        with pytest.raises(ValueError, match=f"cannot run kernel '{name}'"):
            extend("crc32", b"", kernel=name)
