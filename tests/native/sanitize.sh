#!/bin/sh
# Runs tests on an extension built with AddressSanitizer and UndefinedBehaviorSanitizer:
# sanitize.sh [PYTHON [TESTS...]], by default those that reach the extension; `tests` is the whole
# suite, which takes most of an hour.  Needs GCC, what setup.py imports, and the package installed.
set -eu
python=${1:-python3}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- tests/native tests/checksum tests/audit tests/adapters/test_local.py \
    tests/adapters/test_parallel.py tests/adapters/test_runner.py
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

library=$(gcc -print-file-name=libasan.so)
if [ ! -e "$library" ]; then
    echo "skipped: gcc has no AddressSanitizer"
    exit 0
fi
mkdir "$scratch/built"
cp -R "$root/src/intact" "$scratch/built/intact"
rm -f "$scratch"/built/intact/_native.*.so
cd "$root"
CC=gcc CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all' \
    "$python" setup.py --quiet build_ext --build-lib "$scratch/built" --build-temp "$scratch/temp"
# Only this process has the library: a child that the tests start, a server above all, would take
# minutes with it, so it leaves the environment as soon as it is loaded.  And only this process has
# the extension that was built here: it is not on the path that a child may be given, nor among the
# files of the package.  SANITIZER tells the tests that give a child both.
cat >"$scratch/alone.py" <<'END'
import os
import sys
from importlib.util import spec_from_file_location
from pathlib import Path

[extension] = Path(__file__).parent.glob("built/intact/_native.*.so")


class Sanitized:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return spec_from_file_location(name, extension) if name == "intact._native" else None


if __name__ == "__main__":  # a process that is spawned imports the file, too
    import pytest

    sys.meta_path.insert(0, Sanitized)
    from intact import _native

    assert Path(_native.__file__) == extension, _native.__file__
    for name in ("LD_PRELOAD", "PYTHONMALLOC", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
        del os.environ[name]
    sys.exit(pytest.main(sys.argv[1:]))
END
# Beside the library the one of C++, for the exceptions of DuckDB and Arrow: AddressSanitizer looks
# for what throws them once, at the start.  And no example is too slow: profile ci has no deadline.
# A report goes to standard error and ends the process, so pytest must not have it captured.
SANITIZER="$library" LD_PRELOAD="$library $(gcc -print-file-name=libstdc++.so)" \
    PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
    "$python" "$scratch/alone.py" --quiet -p no:cacheprovider --capture sys \
    --hypothesis-profile ci "$@" --ignore tests/native/test_driver.py
