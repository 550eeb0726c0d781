"""driver.c, which needs no Python: on this machine, with sanitizers, and on emulated others.

INTACT_FUZZ_SECONDS says for how long each kernel, and libFuzzer, try random messages.
"""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from tests.native.compiling import ROOT, SECONDS, SOURCES, build, builds, outcomes, run, tool

EMULATED = Path(__file__).with_name("emulated")
SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
CLANG = ["clang", *(f"clang-{version}" for version in range(22, 13, -1))]

Machine = tuple[str, Path]

pytestmark = pytest.mark.skipif(
    not (ROOT / "csrc" / "crc.c").exists(), reason="the C sources are not here"
)


@pytest.fixture(scope="module")
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """What emulates a machine, and the driver built for it."""
    name = str(request.param)
    compiler = tool(f"{name}-linux-gnu-gcc")
    emulator = tool(f"qemu-{name}-static", f"qemu-{name}")
    return emulator, build(tmp_path_factory.mktemp(name), compiler, "-static")


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


def test_every_kernel_is_right_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler, wine = tool("x86_64-w64-mingw32-gcc"), tool("wine", "wine64")
    monkeypatch.setenv("WINEPREFIX", str(tmp_path / "prefix"))
    monkeypatch.setenv("WINEDEBUG", "-all")
    said = outcomes(run(wine, build(tmp_path, compiler).with_suffix(".exe"), SECONDS))
    assert said["portable"] == "right"
    assert set(said.values()) <= {"right", "cannot run here"}


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
