#!/bin/sh
# Runs tests on an extension built with AddressSanitizer and UndefinedBehaviorSanitizer:
# sanitize.sh [PYTHON [TESTS...]], by default those that reach the extension; `tests` is the whole
# suite, which takes most of an hour.  Needs GCC and what setup.py imports.
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
cp -R "$root/src/intact" "$scratch/intact"
rm -f "$scratch"/intact/_native.*.so
cd "$root"
CC=gcc CFLAGS='-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all' \
    "$python" setup.py --quiet build_ext --build-lib "$scratch" --build-temp "$scratch/temp"
# Only this process has the library: a child that the tests start, a server above all, would take
# minutes with it, so it leaves the environment as soon as it is loaded.  SANITIZER tells the tests
# whose children import the extension that was built here.
cat >"$scratch/alone.py" <<'END'
import os
import sys

import pytest

import intact._native as native

assert native.__file__.startswith(os.environ["SANITIZED"]), native.__file__
for name in ("LD_PRELOAD", "PYTHONMALLOC", "ASAN_OPTIONS", "PYTHONPATH"):
    del os.environ[name]
sys.exit(pytest.main(sys.argv[1:]))
END
export SANITIZED="$scratch" SANITIZER="$library"
# Beside it the library of C++, for the exceptions of DuckDB and Arrow: AddressSanitizer looks for
# what throws them once, at the start.
PYTHONPATH="$scratch" LD_PRELOAD="$library $(gcc -print-file-name=libstdc++.so)" \
    PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0 "$python" "$scratch/alone.py" --quiet \
    -p no:cacheprovider "$@" --ignore tests/native/test_driver.py
