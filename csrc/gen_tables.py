"""Derive every constant in crc_tables.h from the three generator polynomials.

``gen_tables.py`` prints the file, ``gen_tables.py --write`` replaces it and
``gen_tables.py --check`` fails unless the committed file is equal byte for byte.

Notation is that of crc.c.  A polynomial over GF(2) is a Python int, bit i being the
coefficient of x^i.  A *register* holds a polynomial of degree below 64 the other way
round, bit i being the coefficient of x^(63-i).  Every model has a generator G of degree
64: that of a 32-bit CRC is multiplied by x^32, which puts its CRC into the low half of
the register.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

# Name, enumerator, width, generator without its leading term, as the catalogue writes it.
MODELS = (
    ("crc64nvme", "CRC64NVME", 64, 0xAD93D23594C93659),
    ("crc32", "CRC32", 32, 0x04C11DB7),
    ("crc32c", "CRC32C", 32, 0x1EDC6F41),
)
DIRECT = 32  # blocks of 16 bytes; seven vectors of 64 bytes and one in front of them
ADVANCE = 73  # bytes a state is moved by: past one vector of 64 bytes, and 8 more
FUSED = "crc32c"  # the CRC that x86 has an instruction for
FUSIONS = (255, 31, 7)  # steps of folding beside streams of 32 bytes, see fold_template.h
FOLDS = (128, 256, 512, 1024, 2048, 4096)  # bits: one, four and eight vectors of each length
TARGET = Path(__file__).with_name("crc_tables.h")


def reflect(polynomial: int, width: int = 64) -> int:
    """Turn a polynomial into a register, or back."""
    return int(f"{polynomial:0{width}b}"[::-1], 2)


def clmul(a: int, b: int) -> int:
    """Multiply two polynomials."""
    product = 0
    for i in range(b.bit_length()):
        product ^= (a << i) * (b >> i & 1)
    return product


class Model:
    """Arithmetic modulo the generator G of one CRC."""

    def __init__(self, width: int, poly: int) -> None:
        self.generator = (1 << width | poly) << (64 - width)

    def reduce(self, polynomial: int) -> int:
        """Remainder of a polynomial."""
        for i in range(polynomial.bit_length() - 1, 63, -1):
            polynomial ^= (self.generator << (i - 64)) * (polynomial >> i & 1)
        return polynomial

    def power(self, exponent: int) -> int:
        """x^exponent mod G, as a register."""
        result = 1
        for bit in f"{exponent:b}":
            result = self.reduce(clmul(result, result) << int(bit))
        return reflect(result)

    def modulus(self) -> int:
        """G read from its highest term down: bit 0 is x^64, bit 64 would be 1."""
        return reflect(self.generator, 65)

    def inverse(self) -> int:
        """M with M * modulus = 1 in the lowest 64 bits."""
        result, product = 0, 0
        for i in range(64):
            if product >> i & 1 != (i == 0):
                result |= 1 << i
                product ^= self.modulus() << i
        return result


def rows(values: list[int], per_line: int = 4) -> Iterator[str]:
    """Write an array of numbers."""
    for i in range(0, len(values), per_line):
        yield " ".join(f"{value:#x}," for value in values[i : i + per_line])


def pair(model: Model, first: int, second: int) -> str:
    """Multipliers of the low and high half of 16 bytes; one x short, see crc.c."""
    low, high = model.power(first - 1), model.power(second - 1)
    return f"{{{low:#018x}, {high:#018x}}}, /* x^{first - 1}, x^{second - 1} mod G */"


def fusion(model: Model, steps: int) -> Iterator[str]:
    """Write a struct crc_fusion."""
    stream = 32 * steps
    yield f"{{ .steps = {steps}, .stitch = {{ /* [n]: x^(8 * {stream} * (3 - n) + 63) mod G */"
    yield from rows([model.power(8 * stream * (3 - n) + 63) for n in range(4)])
    yield "}, .gap = {"
    for vector in (16, 32, 64):
        bits = 8 * (4 * vector + 4 * stream)
        yield pair(model, bits + 64, bits)
    yield "}},"


def initializer(name: str, enumerator: str, width: int, poly: int) -> Iterator[str]:
    """Write the struct crc_model of one CRC."""
    model = Model(width, poly)
    low64 = (1 << 64) - 1
    inverse, modulus = model.inverse(), model.modulus()
    yield f"[{enumerator}] = {{"
    yield f'.name = "{name}",'
    yield f".mask = {(1 << width) - 1:#x},"
    yield f".width = {width},"
    yield ".direct = {"
    for block in reversed(range(DIRECT)):
        yield pair(model, 128 * block + 128, 128 * block + 64)
    yield "},"
    yield "/* quotient of a low half: M * x^127 mod G, then M; M * G = 1 in the low 64 bits */"
    step = clmul(model.power(127), inverse) & low64
    yield f".quotient = {{{step:#018x}, {inverse:#018x}}},"
    yield "/* G from x^64 down to x^1, then whether it has the term x^0 */"
    yield f".modulus = {{{modulus & low64:#018x}, {-(modulus >> 64) & low64:#018x}}},"
    yield ".advance = { /* [n]: x^(8 * n - 1) mod G; [0] is never used */"
    yield from rows([0] + [model.power(8 * n - 1) for n in range(1, ADVANCE)])
    yield "},"
    yield ".fold = {"
    for bits in FOLDS:
        yield pair(model, bits + 64, bits)
    yield "},"
    if name == FUSED:
        yield ".fusion = {"
        for steps in FUSIONS:
            yield from fusion(model, steps)
        yield "},"
    yield ".power = {"
    for k in range(16):
        yield f"{{ /* [n]: x^(8 * n * 16^{k} - 1) mod G; [0] is never used */"
        yield from rows([0] + [model.power(8 * n * 16**k - 1) for n in range(1, 16)])
        yield "},"
    yield "},"
    yield ".table = {"
    for k in range(8):
        yield f"{{ /* [b]: b advanced by {k + 1} bytes, b * x^{8 * (k + 1)} mod G */"
        shift = 56 + 8 * (k + 1)
        yield from rows([reflect(model.reduce(reflect(b, 8) << shift)) for b in range(256)])
        yield "},"
    yield "},"
    yield "},"


def text() -> str:
    """Write the whole file."""
    lines = ["/* Generated by gen_tables.py from the generator polynomials; do not edit. */"]
    lines.append("/* clang-format off */")
    for macro, value in (
        ("CRC_DIRECT", DIRECT),
        ("CRC_ADVANCE", ADVANCE),
        ("CRC_FUSIONS", len(FUSIONS)),
    ):
        lines.append(f'_Static_assert({macro} == {value}, "gen_tables.py counts otherwise");')
    lines.append("const struct crc_model crc_models[CRC_MODELS] = {")
    for model in MODELS:
        lines.extend(initializer(*model))
    lines.append("};")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> str | None:
    """Do what the arguments say; return what is wrong, if anything is."""
    if arguments == ["--check"]:
        same = TARGET.read_bytes() == text().encode()
        return None if same else f"{TARGET} differs from what gen_tables.py derives"
    if arguments == ["--write"]:
        TARGET.write_text(text(), newline="\n")
    else:
        sys.stdout.write(text())
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
