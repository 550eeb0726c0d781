#!/bin/sh
# Runs the tests that reach the extension on one built with AddressSanitizer and
# UndefinedBehaviorSanitizer: sanitize.sh [PYTHON].  Needs GCC and what setup.py imports.
set -eu
python=${1:-python3}
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
export PYTHONPATH="$scratch" LD_PRELOAD="$library" PYTHONMALLOC=malloc ASAN_OPTIONS=detect_leaks=0
"$python" -c "
import intact._native as native
assert native.__file__.startswith('$scratch'), native.__file__"
"$python" -m pytest --quiet -p no:cacheprovider tests/native tests/checksum tests/audit \
    tests/adapters/test_local.py tests/adapters/test_parallel.py tests/adapters/test_runner.py \
    --ignore tests/native/test_driver.py
