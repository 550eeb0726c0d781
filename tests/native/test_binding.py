"""Arguments in, buffers released, errors as zlib and hashlib have them."""

import array
import copy
import ctypes
import gc
import hashlib
import inspect
import io
import mmap
import pickle
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from intact import _native
from intact._native import _Crc as Crc
from tests.reference import MODELS, crc

FUNCTIONS = [_native.crc64nvme, _native.crc32, _native.crc32c]
MANY: list[Callable[[Any], list[int]]] = [
    _native.crc64nvme_many,
    _native.crc32_many,
    _native.crc32c_many,
]
CLASSES = [_native.Crc64Nvme, _native.Crc32, _native.Crc32c]
TAKERS: list[Callable[[Any], object]] = [
    *FUNCTIONS,
    *CLASSES,
    *(constructor().update for constructor in CLASSES),
]
PAIRS = list(zip(MANY, FUNCTIONS, strict=True))

functions = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
constructors = pytest.mark.parametrize("constructor", CLASSES, ids=lambda c: c.__name__)
takers = pytest.mark.parametrize("take", TAKERS, ids=lambda f: f.__qualname__)

TEXT = b"123456789abcdefg"


def mapped() -> mmap.mmap:
    pages = mmap.mmap(-1, len(TEXT))
    pages[:] = TEXT
    return pages


BUFFERS: dict[str, Callable[[], Any]] = {
    "bytes": lambda: TEXT,
    "bytearray": lambda: bytearray(TEXT),
    "memoryview": lambda: memoryview(b"x" + TEXT)[1:],
    "matrix": lambda: memoryview(TEXT).cast("B", (4, 4)),
    "array": lambda: array.array("I", TEXT),
    "mmap": mapped,
    "ctypes": lambda: (ctypes.c_char * len(TEXT)).from_buffer_copy(TEXT),
    "bytes subclass": lambda: type("Sub", (bytes,), {})(TEXT),
}


@pytest.mark.parametrize("buffer", BUFFERS.values(), ids=BUFFERS)
def test_any_contiguous_buffer_is_accepted(buffer: Callable[[], Any]) -> None:
    assert _native.crc32(buffer()) == crc("crc32", TEXT)
    assert _native.Crc32(buffer()).digest() == crc("crc32", TEXT).to_bytes(4)


@pytest.mark.parametrize(("many", "one"), PAIRS, ids=lambda f: f.__name__)
def test_many_buffers_have_the_sums_of_each(
    many: Callable[[Any], list[int]], one: Callable[[Any], int]
) -> None:
    buffers = [make() for make in BUFFERS.values()] + [bytes(100_000), bytearray(100_000), b""]
    expected = [one(buffer) for buffer in buffers]
    for iterable in (buffers, tuple(buffers), iter(buffers)):
        assert many(iterable) == expected
    assert many([]) == []


@pytest.mark.parametrize("many", MANY, ids=lambda f: f.__name__)
def test_one_wrong_buffer_among_many_is_an_error_and_none_is_kept(
    many: Callable[[Any], list[int]],
) -> None:
    buffer = bytearray(TEXT)
    with pytest.raises(TypeError, match="Strings must be encoded before hashing"):
        many([buffer, "text"])
    with pytest.raises(TypeError, match="bytes-like"):
        many([buffer, 1])
    with pytest.raises(BufferError):
        many([buffer, memoryview(TEXT)[::2]])
    with pytest.raises(TypeError, match="not iterable"):
        many(1)
    buffer.append(0)


@takers
def test_text_must_be_encoded(take: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="Strings must be encoded before hashing"):
        take("text")


@takers
@pytest.mark.parametrize("thing", [None, 1, 1.5, [1], object()])
def test_what_is_no_buffer_is_refused(take: Callable[[Any], Any], thing: object) -> None:
    with pytest.raises(TypeError, match="bytes-like"):
        take(thing)


@takers
def test_buffers_with_gaps_are_refused(take: Callable[[Any], Any]) -> None:
    with pytest.raises(BufferError):
        take(memoryview(b"abcdef")[::2])


@functions
def test_values_outside_the_width_are_refused(function: Callable[..., int]) -> None:
    above = 2 ** MODELS[function.__name__][0]
    for value in (-1, above, 2**64, 2**200):
        with pytest.raises(OverflowError):
            function(b"", value)
    assert function(b"", above - 1) == above - 1


@functions
def test_values_are_integers_as_for_zlib(function: Callable[..., int]) -> None:
    class Seven:
        def __index__(self) -> int:
            return 7

    for value, number in ((True, 1), (Seven(), 7)):
        assert function(b"", value) == number
    for wrong in (1.0, "1", None):
        with pytest.raises(TypeError):
            function(b"", wrong)


@functions
def test_functions_take_one_or_two_positional_arguments(function: Callable[..., int]) -> None:
    assert str(inspect.signature(function)) == "(data, value=0, /)"
    for args, kwargs in (((), {}), ((b"", 0, 0), {}), ((), {"data": b""}), ((b"",), {"value": 0})):
        with pytest.raises(TypeError):
            function(*args, **kwargs)


@constructors
def test_constructors_take_what_those_of_hashlib_take(constructor: type[_native.Crc32]) -> None:
    expected = constructor(TEXT).digest()
    assert constructor(data=TEXT, usedforsecurity=False).digest() == expected
    assert str(inspect.signature(constructor)) == "(data=b'', *, usedforsecurity=True)"
    with pytest.raises(TypeError):
        constructor(TEXT, TEXT)  # type: ignore[call-arg, arg-type]
    with pytest.raises(TypeError):
        constructor(string=TEXT)  # type: ignore[call-arg]


@constructors
def test_digests_keep_their_leading_zeros(constructor: type[_native.Crc32]) -> None:
    empty = constructor()
    assert empty.digest() == bytes(empty.digest_size)
    assert empty.hexdigest() == "00" * empty.digest_size
    widths = {len(constructor(i.to_bytes(2)).hexdigest()) for i in range(1000)}
    assert widths == {2 * empty.digest_size}


@constructors
def test_a_copy_goes_its_own_way(constructor: type[_native.Crc32]) -> None:
    one = constructor(b"1234")
    two = one.copy()
    assert type(two) is constructor
    two.update(b"56789")
    assert one.digest() == constructor(b"1234").digest()
    assert two.digest() == constructor(b"123456789").digest()


@constructors
def test_objects_are_closed_as_those_of_hashlib_are(constructor: type[_native.Crc32]) -> None:
    thing = constructor()
    for attribute in ("name", "digest_size", "block_size", "anything"):
        with pytest.raises(AttributeError):
            setattr(thing, attribute, 1)
    with pytest.raises(TypeError):
        pickle.dumps(thing)
    with pytest.raises(TypeError):
        copy.copy(thing)
    with pytest.raises(TypeError, match="base type"):
        type("Derived", (constructor,), {})


def test_only_the_three_classes_have_instances() -> None:
    with pytest.raises(TypeError, match="cannot create '_Crc' instances"):
        Crc()
    with pytest.raises(TypeError, match="cannot create 'Derived' instances"):
        type("Derived", (Crc,), {})()


@constructors
def test_file_digest_accepts_the_classes(constructor: type[_native.Crc32]) -> None:
    digest = hashlib.file_digest(io.BytesIO(TEXT), constructor)
    assert digest.hexdigest() == constructor(TEXT).hexdigest()


@takers
def test_no_call_keeps_its_buffer(take: Callable[..., Any]) -> None:
    buffer = bytearray(TEXT)
    result = take(buffer)
    buffer.append(0)  # BufferError while anyone holds the buffer
    references = sys.getrefcount(buffer)
    for _ in range(100):
        take(buffer)
    assert sys.getrefcount(buffer) == references
    assert result is None or result


@functions
def test_a_refused_value_leaves_the_buffer_alone(function: Callable[..., int]) -> None:
    buffer = bytearray(TEXT)
    with pytest.raises(OverflowError):
        function(buffer, -1)
    buffer.append(0)


def test_calls_leave_no_memory_behind() -> None:
    def calls() -> None:
        for size in (0, 10, 40_000):
            data = bytearray(size)
            for take in TAKERS:
                take(data)
            for constructor in CLASSES:
                constructor(data).copy().hexdigest()
            with pytest.raises(OverflowError):
                _native.crc32(data, -1)
            with pytest.raises(TypeError):
                _native.crc32("text")  # type: ignore[arg-type]
            _native.crc64nvme_combine(2**64 - 1, 2**63, 2**63)
            _native.crc64nvme_combine(crc1=1, crc2=2, len2=3)
            _native.crc64nvme_combine_many([(2**64 - 1, 2**63), (2**63, 2**62)])
            for many in MANY:
                many([data, bytes(data)])

    calls()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(10):
            calls()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            calls()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 5_000
    finally:
        tracemalloc.stop()
