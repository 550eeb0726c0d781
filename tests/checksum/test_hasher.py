import array
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.checksum import Algorithm, new
from intact.checksum.encoding import encode
from intact.errors import UsageError
from tests.strategies import algorithms

FOLDER = Path(__file__).parents[1] / "vectors"
VECTORS = [
    *json.loads((FOLDER / "published.json").read_bytes()),
    *json.loads((FOLDER / "s3_facts.json").read_bytes())["digests"],
]
CYCLES = {"00..ff": bytes(range(256)), "ff..00": bytes(range(255, -1, -1))}
every_algorithm = pytest.mark.parametrize("algorithm", Algorithm)


def data_of(described: dict[str, Any]) -> bytes:
    match described:
        case {"text": text}:
            return str(text).encode()
        case {"hex": digits}:
            return bytes.fromhex(digits)
        case {"fill": byte, "size": size}:
            return bytes.fromhex(byte) * int(size)
        case {"cycle": name, "size": size}:
            return (CYCLES[name] * (int(size) // 256 + 1))[: int(size)]
        case _:
            raise AssertionError(described)


@pytest.mark.parametrize(
    "vector", VECTORS, ids=lambda v: f"{v['algorithm']}-{v['input']}-{v['source']}"
)
def test_values_that_others_published(vector: dict[str, Any]) -> None:
    assert encode(new(vector["algorithm"], data_of(vector["input"])).digest()) == vector["base64"]


def test_every_algorithm_has_a_published_value() -> None:
    assert {vector["algorithm"] for vector in VECTORS} == {
        algorithm.value for algorithm in Algorithm
    }


@every_algorithm
def test_the_name_is_lower_case_and_makes_another_of_the_kind(algorithm: Algorithm) -> None:
    hasher = new(algorithm)
    assert hasher.name == algorithm.value.lower()
    assert new(hasher.name, b"x").digest() == new(algorithm, b"x").digest()


@pytest.mark.parametrize("name", ["", "crc", "blake3", "sha3_256", "xxh3"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="checksum algorithm is"):
        new(name)


@every_algorithm
def test_digests_have_their_full_width(algorithm: Algorithm) -> None:
    hasher = new(algorithm)
    assert hasher.digest_size == len(hasher.digest()) == algorithm.digest_size
    assert hasher.hexdigest() == hasher.digest().hex()


@every_algorithm
def test_a_block_is_not_empty(algorithm: Algorithm) -> None:
    assert new(algorithm).block_size > 0


@given(algorithm=algorithms, pieces=st.lists(st.binary(max_size=300), max_size=5))
def test_updates_are_one_stream(algorithm: Algorithm, pieces: list[bytes]) -> None:
    hasher = new(algorithm)
    for piece in pieces:
        hasher.update(piece)
    assert hasher.digest() == hasher.digest() == new(algorithm, b"".join(pieces)).digest()


@every_algorithm
def test_a_copy_goes_its_own_way(algorithm: Algorithm) -> None:
    original = new(algorithm, b"ab")
    copy = original.copy()
    copy.update(b"c")
    assert (original.digest(), copy.digest()) == (
        new(algorithm, b"ab").digest(),
        new(algorithm, b"abc").digest(),
    )
    assert (copy.name, copy.digest_size, copy.block_size) == (
        original.name,
        original.digest_size,
        original.block_size,
    )


@every_algorithm
@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: array.array("B", data)])
def test_any_buffer_will_do(algorithm: Algorithm, kind: Any) -> None:  # noqa: ANN401 - a constructor of a buffer
    assert new(algorithm, kind(b"abcd")).digest() == new(algorithm, b"abcd").digest()


@every_algorithm
@pytest.mark.parametrize("data", ["text", None, 7])
def test_what_is_no_buffer_is_refused(algorithm: Algorithm, data: Any) -> None:  # noqa: ANN401 - of the wrong type
    with pytest.raises(TypeError):
        new(algorithm, data)


@every_algorithm
def test_a_buffer_with_gaps_is_refused(algorithm: Algorithm) -> None:
    with pytest.raises(BufferError):
        new(algorithm, memoryview(b"abcd")[::2])
