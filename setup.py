"""The extension module; every static fact is in pyproject.toml."""

import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup

# The stable ABI of 3.11 serves every Python with a GIL; that of 3.12, every one from 3.12 on,
# interpreters with a GIL of their own included: before it, the reference counts of what all
# interpreters share, such as None, were not safe from them.  Free-threaded builds have none yet.
LIMITED = not sysconfig.get_config_var("Py_GIL_DISABLED")
OLDEST = min(sys.version_info[:2], (3, 12))
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
        "src/intact/_module.h",
        "csrc/gen_tables.py",
        *sorted(map(str, Path("csrc").rglob("*.h"))),
    ],
    include_dirs=["csrc", "src/intact"],
    define_macros=[
        ("CYTHON_USE_MODULE_STATE", "1"),  # one for each interpreter that imports the module
        *([("Py_LIMITED_API", f"0x{OLDEST[0]:02x}{OLDEST[1]:02x}0000")] if LIMITED else []),
    ],
    py_limited_api=LIMITED,
    extra_compile_args=FLAGS,
)

setup(
    ext_modules=[native],
    options={
        "build_ext": {"cython_c_in_temp": True},
        "bdist_wheel": {"py_limited_api": f"cp{OLDEST[0]}{OLDEST[1]}"} if LIMITED else {},
    },
)
