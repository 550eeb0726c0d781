"""The extension module; every static fact is in pyproject.toml."""

import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup

# One wheel for every Python from 3.11 on.  Free-threaded builds have no stable ABI yet.
LIMITED = not sysconfig.get_config_var("Py_GIL_DISABLED")
FLAGS = (
    ["/O2", "/std:c11"]
    if sys.platform == "win32"
    else ["-O2", "-std=c11", "-fvisibility=hidden", "-Wall", "-Wextra"]
)
if os.environ.get("INTACT_WERROR"):  # for those who change the code, not those who install it
    FLAGS.append("/WX" if sys.platform == "win32" else "-Werror")

native = Extension(
    "intact._native",
    sources=["src/intact/_native.pyx", *sorted(map(str, Path("csrc").rglob("*.c")))],
    depends=[
        "src/intact/_csrc.pxd",
        "csrc/gen_tables.py",
        *sorted(map(str, Path("csrc").rglob("*.h"))),
    ],
    include_dirs=["csrc"],
    define_macros=[("Py_LIMITED_API", "0x030B0000")] if LIMITED else [],
    py_limited_api=LIMITED,
    extra_compile_args=FLAGS,
)

setup(
    ext_modules=[native],
    options={
        "build_ext": {"cython_c_in_temp": True},
        "bdist_wheel": {"py_limited_api": "cp311"} if LIMITED else {},
    },
)
