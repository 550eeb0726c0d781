"""A real S3 server on this machine: LocalStack, installed once, run as a guarded process.

LocalStack pins an old boto3, so it lives in a virtual environment of its own under the user's cache
directory, made from the pinned and hashed ``localstack-requirements.txt`` beside this file.

A server outlives nothing: it holds the reading end of a pipe from the process that started it and
kills its own process group when that pipe closes, however its owner ended.  It runs in a session
of its own, so a Ctrl-C in the terminal reaches only the owner.  It is ended with SIGKILL:
everything it holds is thrown away with it, and its orderly shutdown takes five seconds.
"""

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

from intact.errors import StoreError
from intact.rehearsal.environment import make_environment

_REQUIREMENTS: Final = Path(__file__).with_name("localstack-requirements.txt")
_START_SECONDS: Final = 60.0  # 1.5 s on an idle 2-core machine
_PORTS: Final = range(20_000, 32_768)  # below those of outgoing connections: 32768, macOS 49152
_PORTS_TRIED: Final = 5
_TAIL_LINES: Final = 12
_LOOPBACK: Final = "127.0.0.1"

_INHERITED: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE")

_SETTINGS: Final = {
    "DISABLE_EVENTS": "1",  # no usage reports
    "DNS_ADDRESS": "0",  # no DNS server
    "EAGER_SERVICE_LOADING": "1",
    "GATEWAY_SERVER": "hypercorn",  # the default server binds 0.0.0.0, whatever it is told
    "LOG_LEVEL_OVERRIDES": "localstack.request=WARNING",  # no line per request
    "OVERRIDE_IN_DOCKER": "0",  # its paths are below FILESYSTEM_ROOT, in a container too
    "SERVICES": "s3",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
}

# Runs in LocalStack's own interpreter; arguments: process id of the owner, directory to remove.
# The process id is looked at too because a fork of the owner may hold the pipe open.  At its start
# LocalStack looks up a name in its maker's domain, which nothing here needs and nobody should see;
# and it asks for the current event loop, which Python 3.14 no longer makes up.  Its S3 keeps bodies
# in one folder of /tmp, where two servers would remove each other's buckets.
_GUARDED: Final = """
import asyncio, os, runpy, select, shutil, signal, socket, sys, threading

def resolve_nothing(name):
    raise OSError(f"{name} is not looked up")

def die_with_owner():
    while os.getppid() == int(sys.argv[1]):
        if select.select([0], [], [], 1.0)[0]:
            break
    if sys.argv[2]:
        shutil.rmtree(sys.argv[2], ignore_errors=True)
    os.killpg(0, signal.SIGKILL)

socket.gethostbyname = resolve_nothing
threading.Thread(target=die_with_owner, daemon=True).start()
asyncio.set_event_loop(asyncio.new_event_loop())
from localstack.services.s3 import provider
provider.DEFAULT_S3_TMP_DIR = os.path.join(os.environ["FILESYSTEM_ROOT"], "bodies")
runpy.run_module("localstack.runtime.main", run_name="__main__", alter_sys=True)
"""


# Building this index takes 4 s, and LocalStack would do it at every start.  It looks for a finished
# one in usr/lib/localstack below its root, which every server's root links to.
_INDEX_SERVICES: Final = """
import os, pathlib, sys

root = pathlib.Path(sys.prefix, "root")
os.environ |= {"FILESYSTEM_ROOT": str(root), "HOME": str(root), "OVERRIDE_IN_DOCKER": "0"}
index = root / "usr/lib/localstack"
index.mkdir(parents=True)

from localstack.aws import spec

spec.main()
sys.exit(0 if any(index.iterdir()) else "no index of services was written")
"""


def provision(*, progress: Callable[[str], None], cache: Path | None = None) -> Path:
    """Install the local S3 server unless it is installed, and return its Python interpreter.

    Takes about a minute the first time and 197 MB in ``cache``, by default the user's cache
    directory; later calls return at once.  ``progress`` receives one line per step.  Two processes
    may call this at the same time: one installs, the other waits.

    Raises:
        StoreError: The platform is Windows, or the installation failed; the message ends with the
            last lines that pip printed.
    """
    return make_environment(_REQUIREMENTS, progress=progress, cache=cache, finish=_INDEX_SERVICES)


class LocalStack:
    """A running local S3 server.  A context manager that stops it; see ``start``.

    It checks no signatures: any credentials do.

    Attributes:
        endpoint_url: ``http://127.0.0.1:PORT``; nothing listens on any other address.
        pid: Process id of the server, which leads its own process group.
    """

    def __init__(self, endpoint_url: str, pid: int, resources: ExitStack) -> None:
        self.endpoint_url = endpoint_url
        self.pid = pid
        self._resources = resources

    @classmethod
    def start(
        cls,
        *,
        progress: Callable[[str], None] = lambda _: None,
        cache: Path | None = None,
        state: Path | None = None,
        ports: Iterable[int] | None = None,
    ) -> Self:
        """Provision if needed, start a server and wait until it answers.

        Args:
            progress: Receives one line per step.
            cache: Where the environment is; by default the user's cache directory.
            state: Directory for its files and ``server.log``, which stays; by default a temporary
                one, which goes when the server does.
            ports: Candidates, tried in order; by default free ones.

        Raises:
            StoreError: It could not be installed, died, or did not answer within a minute; the
                message ends with the last lines that it printed.
        """
        python = provision(progress=progress, cache=cache)
        progress("starting the server")
        for port in islice(_free_ports() if ports is None else ports, _PORTS_TRIED):
            with ExitStack() as resources:
                process = _launch(python, port, state, resources)
                if process is not None:
                    endpoint_url = f"http://{_LOOPBACK}:{port}"
                    progress(f"serving on {endpoint_url}")
                    return cls(endpoint_url, process.pid, resources.pop_all())
        raise StoreError("local S3 server: every port that was tried is taken")

    def stop(self) -> None:
        """End the server and everything it started, and remove its temporary files.  Idempotent."""
        self._resources.close()

    def __enter__(self) -> Self:
        """Itself, to be stopped at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


def _free_ports() -> Iterator[int]:
    """Ports that nobody answered on a moment ago, and that no outgoing connection is given."""
    while True:
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        with socket.socket() as probe:
            taken = probe.connect_ex((_LOOPBACK, port)) == 0
        if not taken:
            yield port


def _launch(
    python: Path, port: int, state: Path | None, resources: ExitStack
) -> subprocess.Popen[bytes] | None:
    """The server once it is healthy, or None if another process has the port."""
    if state is None:
        scratch = TemporaryDirectory(prefix="intact-s3-", ignore_cleanup_errors=True)
        root = Path(resources.enter_context(scratch))
    else:
        root = state.resolve()
        root.mkdir(parents=True, exist_ok=True)
    if not (root / "usr").exists():
        (root / "usr").symlink_to(python.parents[1] / "root" / "usr")
    owner, removed = str(os.getpid()), "" if state else str(root)
    with (root / "server.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter and constants
            (python, "-I", "-c", _GUARDED, owner, removed),
            cwd=root,
            env=_environment(root, port),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    resources.callback(_kill, process)
    return process if _is_ours_and_healthy(process, port, root / "server.log") else None


def _environment(root: Path, port: int) -> dict[str, str]:
    """Nothing of the user's but the locale and PATH; above all no ``AWS_*``."""
    return {
        **{key: os.environ[key] for key in _INHERITED if key in os.environ},
        **_SETTINGS,
        "FILESYSTEM_ROOT": str(root),
        "GATEWAY_LISTEN": f"{_LOOPBACK}:{port}",
        "HOME": str(root),
        "LOCALSTACK_VOLUME_DIR": str(root / "volume"),
        "TEMP": str(root),  # it empties localstack/ in here when it starts
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    with process:  # closes the pipe and waits
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _is_ours_and_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    """Wait until the server answers; False if it could not have the port.

    Its HTTP server says so when it has bound the port, and nothing when it cannot; LocalStack says
    "Ready." as soon as anyone answers there.

    Raises:
        StoreError: The process ended, or time is up.
    """
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        printed = log.read_text(errors="replace")
        if f"Running on https://{_LOOPBACK}:{port} " in printed:
            if _is_healthy(port):
                return True
        elif "\nReady.\n" in printed or "gave up waiting for gateway" in printed:
            return False
        time.sleep(0.05)
    ended = "ended" if process.returncode is not None else "did not answer in time"
    tail = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    raise StoreError("\n  ".join((f"local S3 server: {ended}; it printed last:", *tail)))


def _is_healthy(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection(_LOOPBACK, port, timeout=5)) as connection:
            connection.request("GET", "/_localstack/health")
            services = json.load(connection.getresponse())["services"]
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return bool(services["s3"] == "running")
