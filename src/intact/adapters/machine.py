"""What a measurement depends on: the CPU, the system, the interpreter, the compiler."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from intact import _native

if TYPE_CHECKING:
    from collections.abc import Mapping

_CPUINFO = Path("/proc/cpuinfo")
_SYSCTL = Path("/usr/sbin/sysctl")
_COMPILER = re.compile(rb"GCC: \([^)\0]*\) [\d.]+|clang version [\d.]+")
_NAMES = ("model name", "cpu model", "cpu", "uarch", "machdep.cpu.brand_string")
_FEATURES = (
    "flags",
    "Features",
    "features",
    "isa",
    "machdep.cpu.features",
    "machdep.cpu.leaf7_features",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """This computer, as far as it tells.

    Attributes:
        cpu: Its name for itself; on Arm often only numbers of implementer and part.
        cores: Logical processors that this process may use.
        features: Instruction sets, in the system's own words and order.
        compiler: What built the extension module, where the binary says so.
    """

    cpu: str
    cores: int
    features: tuple[str, ...]
    architecture: str
    system: str
    python: str
    compiler: str | None


def this_machine() -> Machine:
    """Ask /proc/cpuinfo, sysctl or the platform module, whichever there is."""
    cpu, features = cpu_of(_facts())
    return Machine(
        cpu=cpu or printable(platform.processor()) or "unknown",
        cores=_cores(),
        features=features,
        architecture=platform.machine(),
        system=platform.platform(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        compiler=compiler_of(Path(_native.__file__).read_bytes()),
    )


def facts_of(text: str) -> Mapping[str, str]:
    """``name : value`` lines of /proc/cpuinfo or sysctl; the first of a name counts."""
    facts: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), printable(value.strip()))
    return facts


def cpu_of(facts: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Name and features of the CPU; an empty name where the facts hold none."""
    name = next((facts[key] for key in _NAMES if facts.get(key)), "")
    if not name and "CPU part" in facts:
        name = f"implementer {facts.get('CPU implementer', '?')}, part {facts['CPU part']}"
    features = " ".join(facts[key] for key in _FEATURES if key in facts).split()
    prefix = "hw.optional."
    features += [
        key.removeprefix(prefix)
        for key, value in facts.items()
        if key.startswith(prefix) and value == "1"
    ]
    return name, tuple(dict.fromkeys(features))


def compiler_of(binary: bytes) -> str | None:
    """What a compiler wrote of itself into a binary."""
    found = _COMPILER.search(binary)
    return found.group().decode("ascii", "replace") if found else None


def printable(text: str) -> str:
    """The text without characters that a terminal could obey."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _facts() -> Mapping[str, str]:
    if _CPUINFO.exists():
        return facts_of(_CPUINFO.read_text(errors="replace"))
    if _SYSCTL.exists():
        answer = subprocess.run(  # noqa: S603 - the system's own, by its full path
            [_SYSCTL, "machdep.cpu", "hw.optional"], capture_output=True, text=True, check=False
        )
        return facts_of(answer.stdout)
    return {}


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
