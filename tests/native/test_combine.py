"""Combining is concatenating, for any length and however the parts are grouped."""

import functools
import hashlib
import inspect
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact import _native
from intact._native import _combine as combine
from intact._native import _extend as extend
from tests.reference import MODELS, crc

COMBINE: dict[str, Callable[..., int]] = {
    "crc64nvme": _native.crc64nvme_combine,
    "crc32": _native.crc32_combine,
    "crc32c": _native.crc32c_combine,
}
COMBINE_MANY: dict[str, Callable[..., int]] = {
    "crc64nvme": _native.crc64nvme_combine_many,
    "crc32": _native.crc32_combine_many,
    "crc32c": _native.crc32c_combine_many,
}
TERABYTES_5_5 = 5_500_000_000_000

models = pytest.mark.parametrize("model", MODELS)
sizes = st.integers(0, 2**64 - 1)
halves = st.integers(0, 2**63 - 1)  # two of them make a size
values = st.integers(0, 2**32 - 1)  # valid for every model


def zeros(model: str, size: int) -> int:
    """CRC of `size` zero bytes, from that of one by doubling."""
    total, power, length = 0, crc(model, b"\0"), 1
    while size:
        if size & 1:
            total = COMBINE[model](total, power, length)
        power = COMBINE[model](power, power, length)
        length, size = 2 * length % 2**64, size >> 1
    return total


@models
@given(a=st.binary(max_size=300), b=st.binary(max_size=300))
def test_the_combination_is_the_crc_of_the_concatenation(model: str, a: bytes, b: bytes) -> None:
    combined = COMBINE[model](crc(model, a), crc(model, b), len(b))
    assert combined == crc(model, a + b)


@models
@given(crcs=st.tuples(values, values), size=sizes)
def test_every_kernel_combines_as_the_portable_one(
    kernel: str, model: str, crcs: tuple[int, int], size: int
) -> None:
    combined = combine(model, *crcs, size, kernel=kernel)
    assert combined == combine(model, *crcs, size, kernel="portable")
    assert combined == COMBINE[model](*crcs, size)


@models
@given(parts=st.lists(st.binary(max_size=50), max_size=9))
def test_many_parts_combine_as_one_after_the_other(model: str, parts: list[bytes]) -> None:
    described = [(crc(model, part), len(part)) for part in parts]
    assert COMBINE_MANY[model](described) == crc(model, b"".join(parts))
    assert COMBINE_MANY[model](iter(described)) == crc(model, b"".join(parts))


@models
@given(value=values, size=sizes)
def test_nothing_on_the_right_changes_nothing(model: str, value: int, size: int) -> None:
    assert COMBINE[model](value, 0, 0) == value
    assert COMBINE[model](0, value, size) == value


@models
@given(crcs=st.tuples(values, values, values), lengths=st.tuples(halves, halves))
def test_parts_may_be_grouped_either_way(
    model: str, crcs: tuple[int, int, int], lengths: tuple[int, int]
) -> None:
    join, (a, b, c), (len_b, len_c) = COMBINE[model], crcs, lengths
    left = join(join(a, b, len_b), c, len_c)
    assert left == join(a, join(b, c, len_c), len_b + len_c)


@models
def test_a_thousand_parts_make_the_whole(model: str) -> None:
    data = hashlib.shake_128(b"combine").digest(200_000)
    sizes = [(i * 7919) % 397 for i in range(1000)]
    edges = list(itertools.accumulate(sizes, initial=0))
    parts = [data[start:end] for start, end in itertools.pairwise(edges)]
    total = functools.reduce(
        lambda crc1, part: COMBINE[model](crc1, extend(model, part), len(part)), parts, 0
    )
    assert total == extend(model, data[: edges[-1]])


@models
def test_zeros_by_doubling_equal_zeros_that_were_read(model: str) -> None:
    for size in (0, 1, 4096, 26_214_400, 26_214_401):
        assert zeros(model, size) == extend(model, bytes(size))


@models
def test_lengths_of_terabytes_compose(model: str) -> None:
    third = TERABYTES_5_5 // 3
    parts = [third, third, TERABYTES_5_5 - 2 * third]
    total = functools.reduce(
        lambda crc1, size: COMBINE[model](crc1, zeros(model, size), size), parts, 0
    )
    assert total == zeros(model, TERABYTES_5_5)


@models
@pytest.mark.parametrize("digit", range(16))
def test_every_digit_of_the_length_counts(model: str, digit: int) -> None:
    size = 16**digit
    for count in range(1, 16):
        steps = functools.reduce(lambda value, _: COMBINE[model](value, 0, size), range(count), 1)
        assert COMBINE[model](1, 0, count * size) == steps


@models
def test_arguments_outside_their_range_are_refused(model: str) -> None:
    join, above = COMBINE[model], 2 ** MODELS[model][0]
    for crc1, crc2, len2 in ((above, 0, 0), (0, above, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 2**64)):
        with pytest.raises(OverflowError):
            join(crc1, crc2, len2)
    with pytest.raises(ValueError, match="length is -1"):
        join(0, 0, -1)
    with pytest.raises(TypeError, match="float"):
        join(0, 0, 1.0)
    assert join(above - 1, above - 1, 2**64 - 1) < above


@models
def test_parts_outside_their_range_are_refused(model: str) -> None:
    join, above = COMBINE_MANY[model], 2 ** MODELS[model][0]
    for part in ((above, 0), (-1, 0), (0, 2**64)):
        with pytest.raises(OverflowError):
            join([(1, 1), part])
    with pytest.raises(ValueError, match="length is -1"):
        join([(0, -1)])
    with pytest.raises(ValueError, match="unpack"):
        join([(1, 2, 3)])
    with pytest.raises(TypeError):
        join(None)


@models
def test_arguments_may_be_named(model: str) -> None:
    join = COMBINE[model]
    assert join(crc1=3, crc2=5, len2=0) == 6
    assert join(3, len2=0, crc2=5) == 6
    assert str(inspect.signature(join)) == "(crc1, crc2, len2)"


@models
@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((), {}),
        ((1, 2), {}),
        ((1, 2, 3, 4), {}),
        ((1, 2, 3), {"len2": 3}),
        ((1, 2), {"size": 3}),
        ((1,), {"crc1": 1, "crc2": 2}),
    ],
    ids=repr,
)
def test_what_is_not_the_three_arguments_is_refused(
    model: str, args: tuple[int, ...], kwargs: dict[str, int]
) -> None:
    with pytest.raises(TypeError):
        COMBINE[model](*args, **kwargs)


@models
def test_integers_of_any_kind_are_taken(model: str) -> None:
    class Five:
        def __index__(self) -> int:
            return 5

    join = COMBINE[model]
    assert join(True, Five(), False) == 1 ^ 5  # noqa: FBT003 - the kind of integer is the point


OBJECTS = {"crc64nvme": _native.Crc64Nvme, "crc32": _native.Crc32, "crc32c": _native.Crc32c}


@models
@given(a=st.binary(max_size=300), b=st.binary(max_size=300), c=st.binary(max_size=9))
def test_an_appended_crc_stands_for_its_bytes(model: str, a: bytes, b: bytes, c: bytes) -> None:
    digest = OBJECTS[model](a)
    digest.append_crc(crc(model, b), len(b))
    digest.update(c)
    assert digest.digest() == OBJECTS[model](a + b + c).digest()


@models
def test_a_crc_that_does_not_fit_is_not_appended(model: str) -> None:
    digest, above = OBJECTS[model](b"a"), 2 ** MODELS[model][0]
    for crc_, size in ((above, 1), (-1, 1), (0, 2**64)):
        with pytest.raises(OverflowError):
            digest.append_crc(crc_, size)
    with pytest.raises(ValueError, match="length is -1"):
        digest.append_crc(0, -1)
    assert digest.digest() == OBJECTS[model](b"a").digest()
