"""driver.c, which needs no Python: on this machine, with sanitizers, and on emulated others.

INTACT_FUZZ_SECONDS says for how long each kernel, and libFuzzer, try random messages.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
SOURCES = [Path(__file__).with_name("driver.c"), *sorted((ROOT / "csrc").rglob("*.c"))]
EMULATED = Path(__file__).with_name("emulated")
SECONDS = os.environ.get("INTACT_FUZZ_SECONDS", "0")  # 0 is a few hundred messages
FLAGS = ["-O2", "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}"]
SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
CLANG = ["clang", *(f"clang-{version}" for version in range(22, 13, -1))]

Machine = tuple[str, Path]

pytestmark = pytest.mark.skipif(
    not (ROOT / "csrc" / "crc.c").exists(), reason="the C sources are not here"
)


def tool(*names: str) -> str:
    """The first of the programs that is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.skip(f"{names[0]} is not installed")


def run(*command: str | Path) -> str:
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(  # noqa: S603 - compilers, emulators and what they made
        command, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(
    directory: Path, compiler: str, *flags: str, sources: Iterable[Path] = tuple(SOURCES)
) -> Path:
    binary = directory / "driver"
    run(compiler, *FLAGS, *flags, *sources, "-o", binary)
    return binary


@pytest.fixture(scope="module")
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """What emulates a machine, and the driver built for it."""
    name = str(request.param)
    compiler = tool(f"{name}-linux-gnu-gcc")
    emulator = tool(f"qemu-{name}-static", f"qemu-{name}")
    return emulator, build(tmp_path_factory.mktemp(name), compiler, "-static")


def builds(directory: Path, source: str, compiler: str, *flags: str) -> bool:
    """Whether the compiler has what the flags ask for."""
    (directory / "probe.c").write_text(source)
    command = [compiler, *flags, str(directory / "probe.c"), "-o", str(directory / "probe")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def outcomes(output: str) -> dict[str, str]:
    """What the driver says about each kernel, by its name."""
    return dict(line.split(": ") for line in output.splitlines())


def test_every_kernel_of_this_machine_is_right(tmp_path: Path) -> None:
    said = outcomes(run(build(tmp_path, tool("cc", "gcc", "clang")), SECONDS))
    assert said["portable"] == "right"
    assert set(said.values()) <= {"right", "cannot run here"}


def test_no_sanitizer_finds_anything(tmp_path: Path) -> None:
    compiler = tool("cc", "gcc", "clang")
    if not builds(tmp_path, "int main(void) { return 0; }", compiler, *SANITIZE):
        pytest.skip(f"{compiler} has no sanitizers")
    assert "portable: right" in run(build(tmp_path, compiler, *SANITIZE), SECONDS)


def test_kernels_are_right_whose_instructions_plain_c_stands_in_for(tmp_path: Path) -> None:
    compiler = tool("cc", "gcc", "clang")
    probe = "#include <simde/x86/clmul.h>\nint main(void) { return 0; }"
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        pytest.skip("the kernels of x86-64 are compiled there")
    if not builds(tmp_path, probe, compiler):
        pytest.skip("SIMDe (libsimde-dev) is not installed")
    sources = [EMULATED / "cpu.c", *(file for file in SOURCES if file.name != "cpu.c")]
    binary = build(tmp_path, compiler, f"-I{EMULATED}", sources=sources)
    vectors = ["x86-vpclmul512-intel", "x86-vpclmul512", "x86-vpclmul256", "x86-pclmul-avx"]
    kernels = [*vectors, "x86-pclmul", "portable"]
    assert outcomes(run(binary, SECONDS)) == dict.fromkeys(kernels, "right")


@pytest.mark.parametrize(
    ("machine", "cpu", "expected"),
    [
        (
            "aarch64",
            "max",
            {"arm-pmull-eor3": "right", "arm-pmull": "right", "portable": "right"},
        ),
        (
            "aarch64",
            "cortex-a72",  # has PMULL but not SHA3: EOR3 would be an illegal instruction
            {"arm-pmull-eor3": "cannot run here", "arm-pmull": "right", "portable": "right"},
        ),
        ("s390x", "max", {"portable": "right"}),  # big-endian
    ],
    indirect=["machine"],
    ids=["aarch64", "aarch64-without-sha3", "s390x"],
)
def test_kernels_of_other_machines_are_right(
    machine: Machine, cpu: str, expected: dict[str, str]
) -> None:
    emulator, binary = machine
    assert outcomes(run(emulator, "-cpu", cpu, binary, SECONDS)) == expected


def test_fuzzing_finds_no_difference(tmp_path: Path) -> None:
    clang = tool(*CLANG)
    fuzzer = "-fsanitize=fuzzer,address,undefined"
    target = "int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p && n && 0; }"
    if not builds(tmp_path, target, clang, fuzzer):
        pytest.skip(f"{clang} has no libFuzzer")
    flags = [fuzzer, "-fno-sanitize-recover=all", "-DFUZZ", "-Wno-unused-function"]
    binary = build(tmp_path, clang, *flags)
    bound = f"-max_total_time={SECONDS}" if int(SECONDS) else "-runs=5000"
    run(binary, bound, "-max_len=20000", f"-artifact_prefix={tmp_path}/")
