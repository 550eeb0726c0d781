"""Several interpreters in one process, one after the other and at the same time.

Each test is a process of its own, since an interpreter that goes wrong takes its process along.
"""

import os
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

import pytest

from intact import _native

SANITIZER = os.environ.get("SANITIZER")  # by sanitize.sh: what a child must load first
HOME = Path(_native.__file__).parents[1]  # of this extension, wherever the package is
KINDS = ["shared", "own"]  # one GIL for all, or a GIL for each
PRELUDE = f"""
import sys, threading
try:
    import _interpreters as interpreters
except ImportError:  # before Python 3.13
    import _xxsubinterpreters as interpreters

def create(kind):
    if sys.version_info >= (3, 13):
        return interpreters.create({{"shared": "legacy", "own": "isolated"}}[kind])
    return interpreters.create(isolated=kind == "own")

sys.path[:] = {[str(HOME), *sys.path]!r}
PATH = f"import sys; sys.path[:] = {{sys.path!r}}\\n"

def run(interpreter, code):
    failure = interpreters.run_string(interpreter, PATH + code)
    assert failure is None, failure

def once(kind, code):
    interpreter = create(kind)
    run(interpreter, code)
    interpreters.destroy(interpreter)
"""
SUMS = """
import intact._native as native
assert native.crc64nvme(b"123456789") == 0xAE8B14860A799888
assert native.crc64nvme_combine(native.crc64nvme(b"1234"), native.crc64nvme(b"56789"), 5) \
    == native.crc64nvme_many([bytearray(b"123456789")])[0]
one = native.Crc32(b"1234")
two = one.copy()
two.update(b"56789" + bytes(100_000))
assert two.hexdigest() == native.Crc32(b"123456789" + bytes(100_000)).hexdigest()
for wrong in ("text", 1, memoryview(b"123")[::2]):
    try:
        native.crc32(wrong)
    except (TypeError, BufferError):
        continue
    raise AssertionError(wrong)
"""
WAYS_IN = "import importlib.machinery, importlib.util, collections.abc\n"
"""What the module and the loader import, so that only the module itself is left to count."""
LOAD = """
loader = importlib.machinery.ExtensionFileLoader("intact._native", {path!r})
spec = importlib.util.spec_from_loader(loader.name, loader)
native = importlib.util.module_from_spec(spec)
loader.exec_module(native)
native.Crc32(b"x").copy().digest()
try:
    native.crc32("text")
except TypeError:
    pass
"""
GROWTH = """
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

import resource
for code in {codes!r}:
    for _ in range(30):  # until the allocator has what it wants
        once("shared", code)
    before = resident()
    for _ in range(60):
        once("shared", code)
    print((resident() - before) / 60)
"""

kinds = pytest.mark.parametrize("kind", KINDS)


def out(code: str) -> str:
    """What a process prints that runs the code."""
    environment = os.environ | (
        {"LD_PRELOAD": SANITIZER, "ASAN_OPTIONS": "detect_leaks=0"} if SANITIZER else {}
    )
    command = [sys.executable, "-c", PRELUDE + code]
    done = subprocess.run(  # noqa: S603 - our own code
        command, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def require(kind: str) -> None:
    if kind == "own" and sys.version_info < (3, 12):
        pytest.skip("before Python 3.12 all interpreters share one GIL")
    if kind == "own" and "cp311-abi3" in (distribution("intact").read_text("WHEEL") or ""):
        pytest.skip("built by Python 3.11, whose stable ABI has no GIL but the shared one")


@kinds
def test_every_interpreter_sums_as_the_first_does(kind: str) -> None:
    require(kind)
    out(f"once({kind!r}, {SUMS!r})\nexec({SUMS!r})\nonce({kind!r}, {SUMS!r})\nexec({SUMS!r})")


@kinds
def test_interpreters_come_and_go_in_any_order(kind: str) -> None:
    require(kind)
    out(f"""
code, alive = {SUMS!r}, []
for turn in range(40):
    alive.append(create({kind!r}))
    run(alive[-1], code)
    if turn % 3 == 2:
        interpreters.destroy(alive.pop(turn % len(alive)))
    run(alive[turn % len(alive)], code)
exec(code)
""")


@kinds
def test_threads_end_before_their_interpreter_does(kind: str) -> None:
    require(kind)
    code = """
import intact
body = bytes(16 << 20)
digest = intact.buffer_digest(body, "CRC64NVME", threads=4)
assert digest.digest() == intact.new("CRC64NVME", body).digest()
"""
    out(f"for _ in range(10):\n    once({kind!r}, {code!r})")


@kinds
def test_interpreters_sum_at_the_same_time(kind: str) -> None:
    require(kind)
    out(f"""
start, done, code = threading.Barrier(8), [], {20 * SUMS!r}
def work():
    start.wait()
    for _ in range(5):
        once({kind!r}, code)
    done.append(True)
workers = [threading.Thread(target=work) for _ in range(8)]
for worker in workers: worker.start()
for worker in workers: worker.join()
assert done == [True] * 8
""")


def test_a_module_imported_again_has_the_same_functions_and_classes() -> None:
    out(f"""
import gc, importlib
import intact._native as first
kept = first.crc32, first.Crc32, first.crc32_many
for _ in range(3):
    del sys.modules["intact._native"]
    import intact._native as again
    assert (again.crc32, again.Crc32, again.crc32_many) == kept
    assert again is not first and again.__spec__.name == "intact._native"
    first = importlib.reload(again)
    gc.collect()
    exec({SUMS!r})
del first, again, native, sys.modules["intact._native"]
gc.collect()
one, constructor, many = kept
try:
    one("text")
except TypeError:
    print(many([b"x"]), one(b"x"), constructor(b"x").copy().hexdigest())
""")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc/self/statm here")
@pytest.mark.skipif(bool(SANITIZER), reason="AddressSanitizer hoards what is freed")
@pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="a free-threaded interpreter leaves megabytes behind whatever it imported",
)
def test_interpreters_that_imported_the_module_leave_none_of_it_behind() -> None:
    load = WAYS_IN + LOAD.format(path=_native.__file__)
    without, with_module = map(float, out(GROWTH.format(codes=[WAYS_IN, load])).split())
    assert with_module - without < 6_000  # a module that stays takes 13 KB
