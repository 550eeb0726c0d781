"""A second real S3 server, of another make: VersityGW, built where a Go toolchain is at hand.

Only tests use it: what holds on both servers is S3, and not a habit of one of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE: Final = "github.com/versity/versitygw/cmd/versitygw"
VERSION: Final = "v1.8.0"
START_SECONDS: Final = 20.0

# Ends its whole process group when its standard input does, that is, when the tests do.
GUARD: Final = """
import os, select, signal, subprocess, sys

server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
while server.poll() is None and not select.select([0], [], [], 0.5)[0]:
    pass
os.killpg(0, signal.SIGKILL)
"""


class UnavailableError(Exception):
    """The server cannot be had on this machine; the message says why."""


def build_versitygw() -> Path:
    """Path of the executable, built once per version in the user's cache directory.

    A build takes one to three minutes on two cores; what Go downloads for it goes afterwards.

    Raises:
        UnavailableError: There is no Go toolchain, or it could not build.
    """
    home = platformdirs.user_cache_path("intact")
    executable = home / f"versitygw-{VERSION}"
    if executable.exists():
        return executable
    go = shutil.which("go")
    if go is None:
        raise UnavailableError("versitygw: there is no Go toolchain to build it with")
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home, prefix="go-") as scratch:
        places = {name: f"{scratch}/{name}" for name in ("GOBIN", "GOPATH", "GOMODCACHE")}
        built = subprocess.run(  # noqa: S603 - constants
            (go, "install", f"{MODULE}@{VERSION}"),
            env=os.environ | places | {"GOFLAGS": "-modcacherw", "GOCACHE": f"{scratch}/GOCACHE"},
            capture_output=True,
            text=True,
            check=False,
        )
        if built.returncode:
            raise UnavailableError(f"versitygw: not built: {built.stderr[-500:].strip()}")
        os.replace(f"{places['GOBIN']}/versitygw", executable)  # noqa: PTH105 - atomic
    return executable


@contextmanager
def versitygw(executable: Path, state: Path) -> Iterator[str]:
    """Endpoint URL of a server whose credentials are ``test`` and ``test``.

    It keeps metadata in files of their own: not every temporary directory has user attributes.
    """
    for name in ("objects", "versions", "metadata"):
        (state / name).mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    common = ("--port", f"127.0.0.1:{port}", "--access=test", "--secret=test", "--quiet")
    places = (f"--versioning-dir={state / 'versions'}", f"--sidecar={state / 'metadata'}")
    server = (executable, *common, "posix", *places, state / "objects")
    with (
        (state / "server.log").open("wb") as log,
        subprocess.Popen(  # noqa: S603 - our own interpreter and constants
            (sys.executable, "-I", "-c", GUARD, *server),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_for(port, process, state / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"versitygw did not start: {log.read_text(errors='replace')[-2000:]}")
