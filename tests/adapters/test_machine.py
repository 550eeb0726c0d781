"""What CPUs say of themselves, on several systems."""

from __future__ import annotations

import pytest

from intact.adapters.machine import compiler_of, cpu_of, facts_of, this_machine

X86 = "processor\t: 0\nmodel name\t: A CPU @ 2.6GHz\nflags\t\t: sse4_2 pclmulqdq\nprocessor\t: 1\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd pmull\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"
POWER = "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n"
RISCV = "processor\t: 0\nisa\t\t: rv64imac_zbc\nuarch\t\t: vendor,core\n"
APPLE = "machdep.cpu.brand_string: Apple M2\nhw.optional.floatingpoint: 1\nhw.optional.arm.SME: 0\n"


@pytest.mark.parametrize(
    ("text", "name", "features"),
    [
        (X86, "A CPU @ 2.6GHz", ("sse4_2", "pclmulqdq")),
        (ARM, "implementer 0x41, part 0xd40", ("fp", "asimd", "pmull")),
        (POWER, "POWER9, altivec supported", ()),
        (RISCV, "vendor,core", ("rv64imac_zbc",)),
        (APPLE, "Apple M2", ("floatingpoint",)),
        ("", "", ()),
    ],
    ids=["x86", "arm", "power", "riscv", "apple", "nothing"],
)
def test_name_and_features_are_found(text: str, name: str, features: tuple[str, ...]) -> None:
    assert cpu_of(facts_of(text)) == (name, features)


def test_a_name_cannot_command_the_terminal() -> None:
    assert cpu_of(facts_of("model name: a\x1b[2Jb"))[0] == "a?[2Jb"


@pytest.mark.parametrize(
    ("binary", "compiler"),
    [
        (b"\0GCC: (Debian 12.2.0-14) 12.2.0\0", "GCC: (Debian 12.2.0-14) 12.2.0"),
        (b"\0Debian clang version 19.1.7 (3)\0", "clang version 19.1.7"),
        (b"\0nothing\0", None),
    ],
)
def test_the_compiler_is_what_the_binary_says(binary: bytes, compiler: str | None) -> None:
    assert compiler_of(binary) == compiler


def test_this_machine_has_a_name_and_a_core() -> None:
    machine = this_machine()
    assert machine.cpu
    assert machine.cores > 0
