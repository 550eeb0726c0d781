from intact import _native
from intact.checksum import kernels


def test_the_fastest_usable_kernel_is_in_use() -> None:
    assert kernels().in_use == kernels().usable[0]


def test_the_usable_kernels_are_those_that_the_cpu_can_run() -> None:
    assert kernels().usable == tuple(name for name, usable in _native.kernels() if usable)


def test_there_is_always_the_portable_kernel() -> None:
    assert kernels().usable[-1] == "portable"
